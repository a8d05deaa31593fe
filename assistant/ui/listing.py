"""A page of the library's list, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kb.catalog import DocumentSummary
from kb.models import Status


@dataclass(frozen=True)
class Row:
    """A document with its status and the day from which it holds."""

    summary: DocumentSummary
    status: Status
    since: date | None


@dataclass(frozen=True)
class Listing:
    """`rows` of the `found` that fit, of `total` documents; the first of them is number `first`, counted from 0."""

    rows: tuple[Row, ...]
    found: int
    total: int
    first: int
    page: int
    last_page: int
