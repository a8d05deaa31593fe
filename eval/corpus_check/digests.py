"""The files of the starter corpus: front matter, headings, sentences and the places each sentence cites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.readers.markdown import split_front_matter
from kb.chinese import numeral, parse_numeral

NUMERALS = "零〇一二两三四五六七八九十百千万"


@dataclass(frozen=True)
class Problem:
    """Something to repair at `file`:`line`; `start` begins the sentence. A warning may be left as it is."""

    file: str
    line: int
    start: str
    reason: str
    warning: bool = False


@dataclass(frozen=True)
class Locator:
    """Where in a text: ranked parts, outer first: (0, 第九条) (1, 第二款) (2, （三）), or (0, 二) (1, （三）) (2, 1)."""

    parts: tuple[tuple[int, str], ...]

    @property
    def is_article(self) -> bool:
        """Whether it names a 条, not a section numbered 一、（一）."""
        return self.parts[0][1].startswith("第")

    @property
    def label(self) -> str:
        """As a person writes it: 第九条第二款, 二、（三）."""
        names = [name for _, name in self.parts]
        if self.is_article:
            return "".join(f"第{name}项" if name.startswith("（") else name for name in names)
        return "、".join(names[:2]) + "".join(names[2:])


@dataclass(frozen=True)
class Reference:
    """A cited text and the places in it; `unclear` is what could not be understood in the bracket."""

    title: str
    locators: tuple[Locator, ...]
    unclear: str = ""


@dataclass(frozen=True)
class Sentence:
    """A sentence of a digest without its reference brackets, and what they cite."""

    line: int
    text: str
    references: tuple[Reference, ...]
    heading: str = ""

    @property
    def start(self) -> str:
        """The first words, to find it again."""
        return self.text[:24] + ("…" if len(self.text) > 24 else "")


@dataclass(frozen=True)
class Digest:
    """A file of the starter corpus, split into headings and sentences; `name` is its path below the corpus folder."""

    name: str
    facts: Mapping[str, str]
    lines: tuple[str, ...]
    headings: tuple[tuple[int, str], ...]
    sentences: tuple[Sentence, ...]

    @property
    def folder(self) -> str:
        """policy, training or cases."""
        return self.name.split("/")[0]

    def listed(self, key: str) -> tuple[str, ...]:
        """The items of a list in the front matter."""
        return tuple(line.strip() for line in self.facts.get(key, "").split("\n") if line.strip())


_SENTENCE_END = re.compile(r"[。！？]+[”’」』]*(?![”’」』，、；：）])")
_QUESTION_IN_QUOTES = re.compile(r"[！？][”’」』]+$")
_LIST_MARK = re.compile(r"^\s*(?:[-*+]\s+|\d{1,2}[.．、](?!\d)\s*|[（(]\d{1,2}[）)]\s*|[①-⑳]\s*)")


def read_digest(path: Path, corpus: Path) -> Digest:
    """Read one Markdown file of the corpus."""
    text = path.read_text(encoding="utf-8")
    facts, body = split_front_matter(text)
    first = text.count("\n") - body.count("\n") + 1
    numbered = [(first + at, line.strip()) for at, line in enumerate(body.split("\n"))]
    headings = tuple((at, line) for at, line in numbered if line.startswith("#"))
    name = path.relative_to(corpus).as_posix()
    return Digest(name, facts, tuple(text.split("\n")), headings, tuple(_body(numbered)))


def _body(numbered: Iterable[tuple[int, str]]) -> Iterator[Sentence]:
    heading = ""
    for number, line in numbered:
        if line.startswith("#"):
            heading = line.lstrip("# ")
        else:
            yield from _sentences(number, line, heading)


def _sentences(line: int, text: str, heading: str) -> Iterator[Sentence]:
    for part in _split(_LIST_MARK.sub("", text)):
        brackets = [(start, end) for start, end in _brackets(part) if "《" in part[start:end]]
        references = tuple(r for start, end in brackets for r in _references(part[start + 1 : end - 1]))
        for start, end in reversed(brackets):
            part = part[:start] + part[end:]
        if part.strip() or references:
            yield Sentence(line, part.strip(), references, heading)


def _split(text: str) -> Iterator[str]:
    """Sentences; a question in quotes does not end the sentence around it."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if match.end() == len(text) or not _QUESTION_IN_QUOTES.search(match.group()):
            yield text[start : match.end()]
            start = match.end()
    yield text[start:]


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every outermost （…）."""
    depth, start = 0, 0
    for at, character in enumerate(text):
        if character == "（":
            start = at if depth == 0 else start
            depth += 1
        elif character == "）" and depth:
            depth -= 1
            if depth == 0:
                yield start, at + 1


def _references(content: str) -> Iterator[Reference]:
    """The references of one bracket: 《A》第九条、第十条；《B》三、（二）."""
    starts = [start for start, _ in quoted_titles(content)]
    if starts and content[: starts[0]].strip():
        yield Reference("", (), content)
        return
    for (start, end), following in zip(quoted_titles(content), [*starts[1:], len(content)], strict=True):
        locators, unclear = _locators(content[end:following].strip("；;、，, "))
        yield Reference(content[start + 1 : end - 1], locators, unclear)


def quoted_titles(text: str) -> list[tuple[int, int]]:
    """Start and end of every outermost 《…》; titles may hold 〈…〉 or 《…》."""
    found, depth, start = [], 0, 0
    for at, character in enumerate(text):
        if character == "《":
            start = at if depth == 0 else start
            depth += 1
        elif character == "》" and depth:
            depth -= 1
            if depth == 0:
                found.append((start, at + 1))
    return found


_TOKEN = re.compile(
    rf"第(?P<article>[{NUMERALS}\d]+)条(?:之(?P<inserted>[{NUMERALS}\d]+))?|第(?P<paragraph>[{NUMERALS}\d]+)款"
    rf"|第?[（(](?P<item>[{NUMERALS}\d]+)[）)]项?|第(?P<named>[{NUMERALS}\d]+)项|(?P<section>[{NUMERALS}]+)|(?P<number>\d{{1,2}})[.．]?"
    r"|(?P<separator>[、，,；;和及\s]+)"
)


def _locators(text: str) -> tuple[tuple[Locator, ...], str]:
    """The places named after a title, and the rest from the first thing that is none of the known forms."""
    found: list[tuple[tuple[int, str], ...]] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return tuple(map(Locator, found)), text[at:]
        at = token.end()
        if token.lastgroup != "separator":
            _extend(found, *_part(token, bool(found) and found[-1][0][1].startswith("第")))
    return tuple(map(Locator, found)), ""


def _part(token: re.Match[str], in_article: bool) -> tuple[int, str]:
    """Rank and normal form of one token."""
    groups = {name: plain_numeral(value) for name, value in token.groupdict().items() if value and name != "separator"}
    if "article" in groups:
        return 0, f"第{groups['article']}条" + (f"之{groups['inserted']}" if "inserted" in groups else "")
    if "paragraph" in groups:
        return 1, f"第{groups['paragraph']}款"
    if "item" in groups or "named" in groups:
        return 2 if in_article else 1, f"（{groups.get('item') or groups.get('named')}）"
    return (0, groups["section"]) if "section" in groups else (2, str(token.group("number")))


def plain_numeral(number: str) -> str:
    """A numeral as laws write it."""
    value = parse_numeral(number)
    return numeral(value) if value else number


def _extend(found: list[tuple[tuple[int, str], ...]], rank: int, name: str) -> None:
    """Add a part to the last locator if it is finer than all its parts; else begin a new one beside it."""
    last = found[-1] if found else ()
    if rank and last and last[-1][0] < rank:
        found[-1] = (*last, (rank, name))
    else:
        found.append((*(part for part in last if part[0] < rank), (rank, name)))
