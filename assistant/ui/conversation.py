"""What the browser keeps of a conversation: turns as JSON, read back with care, since a person can change them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kb.models import NATIONAL, Answer, Document, Status

MOST_TURNS = 20


@dataclass(frozen=True)
class Place:
    """Where a link leads: a document, and stretches of its text to mark."""

    document_id: str
    stretches: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Near:
    """A document close to a question that nothing answers, without its text, and its status on the day asked about."""

    document: Document
    status: Status


@dataclass(frozen=True)
class Reason:
    """A sign of the evidence: its value, and what it adds to the balance (log-odds, negative where it takes away)."""

    name: str
    value: float
    share: float


@dataclass(frozen=True)
class Why:
    """On what it was decided whether the knowledge base answers: where the balance starts, thresholds, strongest signs."""

    bias: float
    answers: float
    touches: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Turn:
    """One question with its answer so far, or with the error that came instead.

    `links` says where titles lead that the answer only names (nearest documents, laws of a danger card), by the name
    shown; `nearest` says what the nearest documents are, by title.
    """

    question: str
    region: str = NATIONAL
    day: date = field(default_factory=date.today)
    answer: Answer | None = None
    error: str = ""
    remarks: tuple[str, ...] = ()
    links: Mapping[str, Place] = field(default_factory=dict)
    nearest: Mapping[str, Near] = field(default_factory=dict)
    why: Why | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing more will come."""
        return bool(self.error) or (self.answer is not None and self.answer.complete)


_TURN = TypeAdapter(Turn)


def to_browser(turns: Iterable[Turn]) -> list[dict[str, Any]]:
    """The last turns as JSON values."""
    return [_TURN.dump_python(turn, mode="json") for turn in list(turns)[-MOST_TURNS:]]


def from_browser(value: object) -> tuple[Turn, ...]:
    """The turns that can be read; what another version wrote or a person changed is left out."""
    rows = value[-MOST_TURNS:] if isinstance(value, list) else []
    return tuple(turn for row in rows if (turn := _read(row)) is not None)


def _read(row: object) -> Turn | None:
    try:
        return _TURN.validate_python(row)
    except ValidationError:
        return None
