"""A document's text as a reader sees it: lines that are headings, articles or body, read off the passages' headings."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kb.models import Document, Passage
from kb.validity import canonical_title

Role = Literal["title", "division", "article", "heading", "body"]
_DIVISION = re.compile(r"^第[零〇一二三四五六七八九十百千两\d]+(分编|[编章节])")
_DEPTH = {"编": 1, "分编": 1, "章": 2, "节": 3}
_ARTICLE = re.compile(r"^第[零〇一二三四五六七八九十百千两\d]+条(?:之[一二三四五六七八九十]+)?")
_TITLE_LINES = 3


@dataclass(frozen=True)
class Line:
    """`text == document.text[start:start + len(text)]`.

    `label` is how many characters at the line's beginning name it (第九条, （一）明确办理期限); for a whole-line heading all
    of them. `depth` orders headings, 1 is outermost.
    """

    text: str
    start: int
    role: Role = "body"
    depth: int = 0
    label: int = 0

    @property
    def name(self) -> str:
        """The heading's words."""
        return self.text[: self.label].strip()

    @property
    def end(self) -> int:
        """Offset after the last character."""
        return self.start + len(self.text)


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents: a heading with the articles below it."""

    name: str
    start: int
    depth: int
    articles: tuple[Line, ...] = ()


def lines_of(document: Document, passages: Sequence[Passage]) -> tuple[Line, ...]:
    """All lines that say something, in order."""
    lines = tuple(_lines(document.text, passages))
    title = canonical_title(document.facts.title)
    return tuple(
        replace(line, role="title", depth=0, label=0)
        if at < _TITLE_LINES and canonical_title(line.text) == title
        else line
        for at, line in enumerate(lines)
    )


def _lines(text: str, passages: Sequence[Passage]) -> Iterator[Line]:
    starts = [passage.start for passage in passages]
    at = 0
    for words in text.split("\n"):
        if words.strip():
            passage = passages[bisect_right(starts, at) - 1]
            yield _line(words, at, {heading: depth for depth, heading in enumerate(passage.headings, 1)})
        at += len(words) + 1


def _line(text: str, start: int, depths: dict[str, int]) -> Line:
    words = text.strip()
    lead = len(text) - len(text.lstrip())
    named = max((h for h in depths if h and words.startswith(h)), key=len, default="")
    if not named:
        return Line(text, start)
    division = _DIVISION.match(words)
    if division and named == words:
        return Line(text, start, "division", _DEPTH[division.group(1)], len(text))
    if _ARTICLE.match(named):
        return Line(text, start, "article", 0, lead + len(named))
    whole = len(words) <= len(named) + 1
    return Line(text, start, "heading", depths[named], len(text) if whole else lead + len(named))


def contents(lines: Sequence[Line]) -> tuple[Entry, ...]:
    """The table of contents: headings, each with the articles that follow it; articles before any stand alone."""
    found: list[Entry] = []
    for line in lines:
        if line.role in ("division", "heading"):
            found.append(Entry(line.name.rstrip("。"), line.start, line.depth))
        elif line.role == "article":
            if not found:
                found.append(Entry("", line.start, 0))
            found[-1] = replace(found[-1], articles=(*found[-1].articles, line))
    return tuple(found)
