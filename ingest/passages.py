"""Passages: a document's text cut where a person would cite it. Every character belongs to exactly one passage."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.blocks import Block
from ingest.structure import Mark, outline
from kb.chinese import numeral

LONGEST_ARTICLE = 520
USUAL = 260
LONGEST = 420
SHORTEST = 15
_HEADING_ONLY = 30  # a group of passages is not cut after a heading of up to so many characters
_MOST_PARAGRAPHS = 9999  # a file with more in one article is no law
_ITEM = re.compile(r"^[（(]([一二三四五六七八九十百]+)[）)]")


@dataclass(frozen=True)
class Draft:
    """A passage before it has ids; see kb.models.Passage."""

    text: str
    headings: tuple[str, ...]
    locator: str
    page: int | None
    start: int
    end: int


@dataclass(frozen=True)
class _Piece:
    """Blocks that may become one passage; `outer` is the locator of the section around.

    A `leaf` is the item of a list without more text.
    """

    blocks: tuple[Block, ...]
    headings: tuple[str, ...]
    locator: str
    length: int
    outer: str = ""
    is_article: bool = False
    heading_only: bool = False
    leaf: bool = False


def join_blocks(blocks: Sequence[Block]) -> str:
    """The text of a document: its paragraphs, one a line."""
    return "\n".join(block.text for block in blocks)


def split(blocks: Sequence[Block]) -> tuple[str, tuple[Draft, ...]]:
    """The text and its passages in order; their concatenation equals the text."""
    pieces = _settle_scraps(list(_merge(_attach_headings(_pieces(blocks, outline(blocks))))))
    small = [part for piece in pieces for part in _cut(piece)]
    return join_blocks(blocks), tuple(_drafts(small))


def _pieces(blocks: Sequence[Block], marks: Sequence[Mark]) -> Iterator[_Piece]:
    """One piece per heading line, article or paragraph."""
    path: list[Mark] = []
    article: list[Block] = []
    for block, mark in zip(blocks, marks, strict=True):
        in_article = bool(path) and path[-1].is_article
        if mark.level == 0 and in_article:
            article.append(block)
            continue
        if article:
            yield _piece(article, path, is_article=True)
            article = []
        if mark.level:
            path = [m for m in path if m.level < mark.level] + [mark]
        if mark.is_article:
            article = [block]
        else:
            alone = bool(mark.level) and len(block.text) <= len(mark.heading) + 2
            yield replace(_piece([block], path), heading_only=alone)
    if article:
        yield _piece(article, path, is_article=True)


def _piece(blocks: list[Block], path: list[Mark], *, is_article: bool = False) -> _Piece:
    length = sum(len(block.text) + 1 for block in blocks)
    return _Piece(tuple(blocks), tuple(m.heading for m in path), _locator(path), length, _locator(path[:-1]), is_article)


def _locator(path: Sequence[Mark]) -> str:
    """第二章第九条; 一、（二）; or the marked headings joined by ·."""
    legal = [m.label for m in path if m.label and (m.is_article or m.label.endswith(("章", "节")))]
    if any(m.is_article for m in path):
        return "".join(legal)
    numbered = "".join(m.label for m in path if m.label)
    named = "·".join(m.heading[:20] for m in path if not m.label and m.level > 1)
    return "·".join(part for part in (named, numbered.rstrip("、.")) if part)


def _attach_headings(pieces: Iterator[_Piece]) -> Iterator[_Piece]:
    """A heading line goes with what follows inside its section; one that nothing follows is an item of a list."""
    waiting: list[_Piece] = []
    for piece in pieces:
        if waiting and not _inside(piece, waiting[-1]):
            yield replace(_joined(waiting), leaf=True)
            waiting = []
        waiting.append(piece)
        if not piece.heading_only:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield replace(_joined(waiting), leaf=True)


def _inside(piece: _Piece, section: _Piece) -> bool:
    return piece.headings[: len(section.headings)] == section.headings


def _joined(pieces: Sequence[_Piece]) -> _Piece:
    """The pieces as one, cited as the last."""
    if len(pieces) == 1:
        return pieces[0]
    blocks = tuple(block for piece in pieces for block in piece.blocks)
    return replace(pieces[-1], blocks=blocks, length=sum(piece.length for piece in pieces))


def _merge(pieces: Iterator[_Piece]) -> Iterator[_Piece]:
    """Join short neighbours of one section, and the items of a list, up to the usual length; articles stay single."""
    current: _Piece | None = None
    for piece in pieces:
        if current is None:
            current = piece
        elif current.length + piece.length > USUAL or current.is_article or piece.is_article:
            yield current
            current = piece
        elif current.headings == piece.headings:
            current = _joined((current, piece))
        elif piece.leaf and piece.headings[:-1] == (current.headings[:-1] if current.leaf else current.headings):
            current = _listed(current, piece)
        else:
            yield current
            current = piece
    if current is not None:
        yield current


def _listed(items: _Piece, item: _Piece) -> _Piece:
    """Items of a list, with the words that lead to them, as one piece cited as the section that holds it."""
    return replace(_joined((items, item)), headings=item.headings[:-1], locator=item.outer, leaf=False)


def _settle_scraps(pieces: Sequence[_Piece]) -> Iterator[_Piece]:
    """A line too short to be found goes with its own section before it, else with what follows (the title of a law)."""
    waiting: list[_Piece] = []
    last: _Piece | None = None
    for piece in pieces:
        if piece.is_article or piece.length > SHORTEST:
            yield from (last,) if last else ()
            last, waiting = _joined((*waiting, piece)), []
        elif last and not waiting and not last.is_article and _inside(piece, last):
            last = replace(last, blocks=last.blocks + piece.blocks, length=last.length + piece.length)
        else:
            waiting.append(piece)
    if waiting:
        rest = _joined(waiting)
        last = replace(last, blocks=last.blocks + rest.blocks, length=last.length + rest.length) if last else rest
    yield from (last,) if last else ()


def _cut(piece: _Piece) -> Iterator[_Piece]:
    """Cut a long piece between paragraphs, a long paragraph between sentences."""
    limit = LONGEST_ARTICLE if piece.is_article else LONGEST
    if piece.length <= limit:
        yield piece
        return
    for blocks, locator in _grouped(piece, limit):
        yield replace(piece, blocks=tuple(blocks), locator=locator)


def _grouped(piece: _Piece, limit: int) -> Iterator[tuple[list[Block], str]]:
    group: list[Block] = []
    labels = _paragraph_labels(piece)
    first = 0
    for at, block in enumerate(piece.blocks):
        size = sum(len(b.text) for b in group)
        if size > _HEADING_ONLY and size + len(block.text) > USUAL:
            yield group, _sub_locator(piece, labels[first], len(labels))
            group = []
        if not group:
            first = at
        group.append(block)
    if group:
        yield group, _sub_locator(piece, labels[first], len(labels))


def _paragraph_labels(piece: _Piece) -> list[str]:
    """第二款 for each block of an article; an item （三） belongs to the paragraph before it."""
    labels, paragraph, started = [], 0, False
    for block in piece.blocks:
        item = _ITEM.match(block.text)
        started = started or (block.text.startswith("第") and piece.is_article)
        if not started:
            labels.append("")
            continue
        if item is None:
            paragraph += 1
        name = f"第{numeral(max(paragraph, 1))}款" if paragraph <= _MOST_PARAGRAPHS else ""
        labels.append(f"{name}第（{item.group(1)}）项" if item and name else name)
    return labels


def _sub_locator(piece: _Piece, label: str, count: int) -> str:
    return f"{piece.locator}{label}" if piece.is_article and count > 1 else piece.locator


def _drafts(pieces: Sequence[_Piece]) -> Iterator[Draft]:
    """Give every piece its offsets; over-long paragraphs are cut at sentence ends here."""
    start = 0
    for number, piece in enumerate(pieces):
        text = join_blocks(piece.blocks) + ("\n" if number + 1 < len(pieces) else "")
        at = 0
        for part in _sentences(text):
            page = _page_at(piece.blocks, at)
            end = start + len(part)
            yield Draft(part, piece.headings, piece.locator, page, start, end)
            start, at = end, at + len(part)


def _sentences(text: str) -> Iterator[str]:
    """`text` whole, or in parts of whole sentences when it is far too long; a sentence of any length is cut at last."""
    if len(text) <= 2 * LONGEST:
        yield text
        return
    at = 0
    while at < len(text):
        window = text[at : at + LONGEST]
        ends = [m.end() for m in re.finditer(r"[。！？；\n][”’」』）)]*", window)]
        cut = len(window) if at + LONGEST >= len(text) or not ends else ends[-1]
        yield text[at : at + cut]
        at += cut


def _page_at(blocks: Sequence[Block], offset: int) -> int | None:
    for block in blocks:
        if offset <= len(block.text):
            return block.page
        offset -= len(block.text) + 1
    return blocks[-1].page
