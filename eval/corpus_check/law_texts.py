"""The reference texts, cut into articles and sections by themselves.

A mistake in `ingest.structure` must not hide a mistake in a digest, so nothing of it is used here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from eval.corpus_check.digests import NUMERALS, Locator, plain_numeral
from ingest.cleaning import clean
from ingest.metadata import read_facts
from ingest.passages import join_blocks
from ingest.readers import read
from kb.chinese import numeral, parse_numeral
from kb.errors import FileMissing
from kb.models import Document, Status
from kb.validity import Term, canonical_title, terms


@dataclass(frozen=True)
class LawText:
    """A reference text, cut into articles (第九条 → its paragraphs) or sections ((二, （三）) → its paragraphs)."""

    document: Document
    term: Term

    @cached_property
    def articles(self) -> Mapping[str, tuple[str, ...]]:
        """Articles by label, in the numerals of laws."""
        return _articles(self.document.text.split("\n"))

    @cached_property
    def sections(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        """Sections by numbers; an outer section holds its inner ones."""
        return {} if len(self.articles) >= 3 else _sections(self.document.text.split("\n"))

    def find(self, locator: Locator) -> tuple[str, str] | None:
        """The text of the place and of the article or section around it; None if there is no such place."""
        return self._article(locator) if locator.is_article else self._section(locator)

    def like(self, locator: Locator) -> Mapping[str, str]:
        """All articles, or all sections as deep as that of `locator`, by label."""
        if locator.is_article:
            return {label: "\n".join(lines) for label, lines in self.articles.items()}
        depth = len(locator.parts)
        return {"、".join(key): "\n".join(lines) for key, lines in self.sections.items() if len(key) == depth}

    def _article(self, locator: Locator) -> tuple[str, str] | None:
        lines = self.articles.get(locator.parts[0][1], ())
        wanted = dict(locator.parts[1:])
        narrow = _paragraph(lines, wanted[1]) if 1 in wanted else lines
        if 2 in wanted:
            narrow = narrow[:1] + _item(narrow, wanted[2]) if _item(narrow, wanted[2]) else ()
        return ("\n".join(narrow), "\n".join(lines)) if narrow else None

    def _section(self, locator: Locator) -> tuple[str, str] | None:
        key = tuple(name for _, name in locator.parts)
        exact = self.sections.get(key)
        ends = [lines for path, lines in self.sections.items() if path[-len(key) :] == key]
        lines = exact or (ends[0] if len(ends) == 1 else ())
        return ("\n".join(lines), "\n".join(lines)) if lines else None


_ARTICLE = re.compile(rf"^第([{NUMERALS}\d]+)条(?:之([{NUMERALS}]+))?")
_REFERS = re.compile(r"^\s*(?:第[一二三四五六七八九十\d]+[款项]|[、，至和或](?!\s)|的|规定|所列|所称|修改为|改为)")
_DIVISION = re.compile(rf"^第[{NUMERALS}\d]+(?:分?编|章|节)(?:\s|[^的规、，])[^。；，]{{0,40}}$")
ITEM = re.compile(rf"^[（(]([{NUMERALS}]+)[）)]")
_SECTION_MARKS = (
    re.compile(rf"^([{NUMERALS}]+)、"),
    ITEM,
    re.compile(r"^(\d{1,2})[.．、](?!\d)"),
)


def _articles(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Lines that begin with 第X条 and continue the count open an article; a heading or a new count closes the text."""
    found: dict[str, list[str]] = {}
    label, last = "", 0
    for line in lines:
        start = _ARTICLE.match(line)
        number = parse_numeral(start.group(1)) if start else None
        if start and number and _continues(number, last, bool(start.group(2)), line[start.end() :]):
            label = f"第{numeral(number)}条" + (f"之{start.group(2)}" if start.group(2) else "")
            last = number
            label = "" if label in found else label  # a second count: an attached text
        elif _DIVISION.match(line):
            label = ""
            continue
        if label:
            found.setdefault(label, []).append(line)
    return {name: tuple(paragraphs) for name, paragraphs in found.items()}


def _continues(number: int, last: int, inserted: bool, rest: str) -> bool:
    if _REFERS.match(rest):
        return False
    return last == 0 or number == 1 or number in ((last, last + 1) if inserted else range(last + 1, last + 4))


def _paragraph(lines: Sequence[str], name: str) -> tuple[str, ...]:
    """The 款 with its items."""
    wanted, count = parse_numeral(name[1:-1]), 0
    kept = []
    for line in lines:
        count += not ITEM.match(line)
        if max(count, 1) == wanted:
            kept.append(line)
    return tuple(kept)


def _item(lines: Sequence[str], name: str) -> tuple[str, ...]:
    return tuple(line for line in lines if (m := ITEM.match(line)) and f"（{plain_numeral(m.group(1))}）" == name)


def _sections(lines: Sequence[str]) -> dict[tuple[str, ...], tuple[str, ...]]:
    found: dict[tuple[str, ...], list[str]] = {}
    path: dict[int, str] = {}
    for line in lines:
        for rank, mark in enumerate(_SECTION_MARKS):
            if match := mark.match(line):
                name = match.group(1) if rank == 2 else plain_numeral(match.group(1))
                path = {**{r: n for r, n in path.items() if r < rank}, rank: f"（{name}）" if rank == 1 else name}
                break
        names = [path[rank] for rank in sorted(path)]
        for depth in range(1, len(names) + 1):
            found.setdefault(tuple(names[:depth]), []).append(line)
    return {key: tuple(text) for key, text in found.items()}


class Laws:
    """The reference texts, by title."""

    def __init__(self, documents: Sequence[Document], day: date) -> None:
        """Order `documents` by title and see which of them hold on `day`."""
        self.day, self.documents = day, tuple(documents)
        known = terms(documents)
        self._families: dict[str, list[LawText]] = {}
        for document in documents:
            text = LawText(document, known[document.id])
            for title in _names(document.facts.title):
                self._families.setdefault(title_key(title), []).append(text)

    def current(self, title: str) -> tuple[LawText, ...]:
        """The copies of the version in force; undated copies only where no dated one is in force."""
        copies = self._families.get(title_key(title), [])
        held = [text for text in copies if text.term.status(self.day) is Status.IN_FORCE and text.term.since]
        undated = [text for text in copies if text.term.since is None and text.term.until is None]
        return tuple(held or undated)

    def family(self, key: str) -> tuple[LawText, ...]:
        """Every version under a title (as `title_key` writes it), those in force first, then the latest."""
        copies = self._families.get(key, [])
        in_force = Status.IN_FORCE
        return tuple(sorted(copies, key=lambda t: (t.term.status(self.day) is in_force, t.term.since or date.min), reverse=True))

    def why_not(self, title: str) -> str:
        """Why there is nothing to cite under this title."""
        if title_key(title) in self._families:
            return f"《{title}》在参考文本里没有现行有效的版本"
        near = difflib.get_close_matches(title_key(title), self._families, n=1, cutoff=0.5)
        return f"参考文本里没有《{title}》" + (f"，是不是《{near[0]}》？" if near else "")


def title_key(title: str) -> str:
    """The form in which titles are compared."""
    plain = canonical_title(title.replace("(", "（").replace(")", "）"))
    return re.sub(r"中华人民共和国|[〈〉《》“”\s]", "", plain)


def _names(title: str) -> Iterator[str]:
    """The title, and that of the text which a notice makes known."""
    yield title
    if attached := re.search(r"关于印发《?(.+?)》?的通知$", title):
        yield attached.group(1)


def read_laws(folder: Path, day: date) -> Laws:
    """Read all reference texts. Raises FileMissing if the folder is not there."""
    if not folder.is_dir():
        raise FileMissing(f"找不到参考文本文件夹 {folder}。请用 --laws 指明它在哪里。")
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in (".md", ".htm", ".html")]
    return Laws([read_document(path, folder) for path in files if path.stem != "README"], day)


def read_document(path: Path, folder: Path) -> Document:
    """A reference text, named by where it lies under `folder`. Raises FileError."""
    content = clean(read(path))
    name = path.relative_to(folder).as_posix()
    return Document(name, "policy", read_facts(content, file_name=path.name), join_blocks(content.blocks), name)
