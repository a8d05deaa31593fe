"""A passage in sentences that can be quoted: verbatim stretches without numbering lines and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.models import Passage

LONGEST_LIST = 320
_ARTICLE = re.compile(r"^第[零〇一二三四五六七八九十百千两\d]+条(?:之[一二三四五六七八九十]+)?[　 ]*(?:【[^】]{1,30}】)?[　 ]*")
_DIVISION = re.compile(r"^第[零〇一二三四五六七八九十百千两\d]+(?:分编|[编章节])")
_ITEM = re.compile(r"^(?:[（(][一二三四五六七八九十百\d]+[)）]|\d{1,2}[.．、]|[①-⑳]|[-•●])")
_PAIRS = (("“", "”"), ("（", "）"), ("《", "》"), ("「", "」"))
_SENTENCE = re.compile(r"[^。！？!?]+(?:[。！？!?]+[”’」』）)]*|$)")


@dataclass(frozen=True)
class Sentence:
    """`text == passage.text[start:end]`; for an item of a long list `lead` is the words that the list begins with."""

    text: str
    start: int
    end: int
    lead: str = ""

    @property
    def shown(self) -> str:
        """The sentence as an answer shows it."""
        return f"{self.lead}……{self.text}" if self.lead else self.text


@dataclass(frozen=True)
class _Line:
    text: str
    start: int


def sentences(passage: Passage) -> tuple[Sentence, ...]:
    """The sentences of a passage in order; a list stays with the words that introduce it unless it is long.

    The heading sentence that opens a paragraph of a notice is left out where more follows.
    """
    found = tuple(each for group in _groups(_lines(passage)) for each in _of_group(group, passage.text))
    telling = tuple(each for each in found if each.text.rstrip("。；：") not in passage.headings)
    return telling or found


def _lines(passage: Passage) -> Iterator[_Line]:
    """The lines without headings; the number of an article is cut off."""
    at = 0
    for line in passage.text.split("\n"):
        head = _ARTICLE.match(line)
        skip = head.end() if head else 0
        text = line[skip:].rstrip()
        if text.strip() and not _is_heading(line, passage):
            yield _Line(text, at + skip)
        at += len(line) + 1


def _is_heading(line: str, passage: Passage) -> bool:
    text = line.strip()
    return text in passage.headings or (_DIVISION.match(text) is not None and len(text) <= 30)


def _groups(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    """Single lines, or a line that ends with a colon together with the items that follow."""
    group: list[_Line] = []
    for line in lines:
        if group and _ITEM.match(line.text) and group[0].text.endswith(("：", ":")):
            group.append(line)
            continue
        if group:
            yield group
        group = [line]
    if group:
        yield group


def _of_group(group: list[_Line], text: str) -> Iterator[Sentence]:
    start, end = group[0].start, group[-1].start + len(group[-1].text)
    if len(group) == 1:
        yield from _of_line(group[0])
    elif end - start <= LONGEST_LIST:
        yield from _with_intro(group[0], Sentence(text[start:end], start, end))
    else:
        lead = _last_sentence(group[0].text).rstrip("：:")
        yield from (Sentence(line.text, line.start, line.start + len(line.text), lead) for line in group[1:])


def _with_intro(first: _Line, whole: Sentence) -> Iterator[Sentence]:
    """Sentences before the one that introduces the list are their own."""
    cut = len(first.text) - len(_last_sentence(first.text))
    if cut:
        yield from _of_line(_Line(first.text[:cut], first.start))
    yield Sentence(whole.text[cut:], whole.start + cut, whole.end)


def _last_sentence(text: str) -> str:
    spans = list(_spans(text))
    return text[spans[-1][0] :] if spans else text


def _of_line(line: _Line) -> Iterator[Sentence]:
    for start, end in _spans(line.text):
        text = line.text[start:end]
        at = line.start + start + len(text) - len(text.lstrip())
        if text.strip():
            yield Sentence(text.strip(), at, at + len(text.strip()))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each sentence; a sentence end inside quotation marks or brackets does not count."""
    start = 0
    for match in _SENTENCE.finditer(text):
        part = text[start : match.end()]
        if match.end() == len(text) or all(part.count(left) <= part.count(right) for left, right in _PAIRS):
            yield start, match.end()
            start = match.end()
