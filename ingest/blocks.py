"""What a reader hands on: the paragraphs of a file in reading order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Block:
    """A paragraph, heading, list item or table row.

    `level` is 0 for body text and 1 to 6 for headings that the format itself marks (Markdown #, HTML h1, Word heading
    styles); numbered headings of plain text are found later. `page` counts from 1, None where the format has no pages.
    Before cleaning, a PDF block is one printed line; after cleaning, every block is a whole paragraph without newline.
    """

    text: str
    level: int = 0
    page: int | None = None


@dataclass(frozen=True)
class FileContent:
    """A file as read: `facts` are key–value pairs that the format states outright (front matter, gov.cn head table).

    `lines_broken` tells cleaning that line ends are those of the printed page, not of paragraphs (PDF, hard-wrapped text).
    """

    blocks: tuple[Block, ...]
    format: str
    title: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    lines_broken: bool = False
