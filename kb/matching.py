"""How much of a question a text says: the share of its words, weighted by how rare they are, that stand in the text."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kb.chinese import normalize, word_parts
from kb.query import Query, QuestionWord

_RULES = Path(__file__).resolve().parent / "question_kinds.toml"
_PART = 0.5  # a word of which only a part stands in the text


def coverage(query: Query, text: str, context: str = "", context_share: float = 0.6) -> float:
    """Share (0 to 1) of the question's importance that `text` says; what only `context` says counts `context_share`.

    A word counts as said where it, or an official or everyday counterpart of it, stands in the text.
    """
    return covered(query, normalize(text), normalize(context), context_share)


def covered(query: Query, text: str, context: str = "", context_share: float = 0.6) -> float:
    """`coverage` of texts that are normalized already."""
    total = sum(word.importance for word in query.words)
    if not total:
        return 0.0
    return sum(w.importance * max(_share(w, text), context_share * _share(w, context)) for w in query.words) / total


def said(word: QuestionWord, text: str) -> float:
    """Whether `text` says a word: 1, a part of 1 where only parts of it stand there, or 0."""
    return _share(word, normalize(text))


def _share(word: QuestionWord, text: str) -> float:
    if not text:
        return 0.0
    if word.word in text or any(term in text for term in word.counterparts):
        return 1.0
    parts = word_parts(word.word)
    return _PART * sum(part in text for part in parts) / len(parts) if parts else 0.0


@dataclass(frozen=True)
class QuestionKind:
    """What a question asks for: `asks` matches questions, `wants` the sentences that answer them."""

    name: str
    asks: re.Pattern[str]
    wants: re.Pattern[str]


@lru_cache(maxsize=1)
def question_kinds() -> tuple[QuestionKind, ...]:
    """The kept list, most telling first."""
    rows = tomllib.loads(_RULES.read_text(encoding="utf-8"))["kind"]
    return tuple(QuestionKind(row["name"], re.compile(row["asks"]), re.compile(row["wants"])) for row in rows)


def kinds_of(question: str) -> tuple[QuestionKind, ...]:
    """The kinds that a question's words show, most telling first; none if it shows none."""
    return tuple(kind for kind in question_kinds() if kind.asks.search(question))
