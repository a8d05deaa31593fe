"""Everyday words and the official terms for them, kept in `corpus/terms/everyday.tsv`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from kb.chinese import TERMS_FOLDER, content_words, search_words, words

EXPANSION_WEIGHT = 0.35


@dataclass(frozen=True)
class Expansion:
    """A question in words: `weights` are those to search, its own with 1 and their counterparts' with less.

    `counterparts` maps each of its own content words to the terms of the lexicon that say the same.
    """

    weights: Mapping[str, float]
    counterparts: Mapping[str, frozenset[str]]


@lru_cache(maxsize=1)
def groups() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(official term, everyday words) of every line of the lexicon."""
    path = TERMS_FOLDER / "everyday.tsv"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = (line.split("\t") for line in lines if line.count("\t") == 1 and not line.startswith("#"))
    return tuple((row[0].strip(), tuple(w.strip() for w in row[1].split("、") if w.strip())) for row in rows)


def expand(question: str) -> Expansion:
    """The question's words, and those of the official terms for what it says in everyday ones (and the other way)."""
    weights = dict.fromkeys(search_words(question), 1.0)
    counterparts: dict[str, frozenset[str]] = dict.fromkeys(content_words(question), frozenset())
    sequence = words(question)
    for at in range(len(sequence)):
        for length in range(1, min(_longest(), len(sequence) - at) + 1):
            span = tuple(sequence[at : at + length])
            terms = _alternatives().get(span, frozenset())
            for word in span if terms else ():
                counterparts[word] = counterparts.get(word, frozenset()) | terms
            for term in terms:
                for word in search_words(term):
                    weights.setdefault(word, EXPANSION_WEIGHT)
    return Expansion(weights, counterparts)


def same_meaning(term: str) -> frozenset[str]:
    """`term` itself with its official or everyday counterparts."""
    return _alternatives().get(tuple(words(term)), frozenset()) | {term}


@lru_cache(maxsize=1)
def _alternatives() -> Mapping[tuple[str, ...], frozenset[str]]:
    """Words of an everyday or official term, as segmented → its official or everyday counterparts."""
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for official, everyday in groups():
        for word in everyday:
            if len(word) > 1:
                found[tuple(words(word))].add(official)
                found[tuple(words(official))].add(word)
    return {key: frozenset(value) for key, value in found.items() if key}


@lru_cache(maxsize=1)
def _longest() -> int:
    return max((len(key) for key in _alternatives()), default=0)
