"""Everyday words and the official terms for them, kept in `corpus/terms/everyday.tsv`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from kb.chinese import TERMS_FOLDER, search_words, words

EXPANSION_WEIGHT = 0.35


@lru_cache(maxsize=1)
def groups() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(official term, everyday words) of every line of the lexicon."""
    path = TERMS_FOLDER / "everyday.tsv"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = (line.split("\t") for line in lines if "\t" in line and not line.startswith("#"))
    return tuple((official.strip(), tuple(w.strip() for w in everyday.split("、") if w.strip())) for official, everyday in rows)


@lru_cache(maxsize=1)
def _alternatives() -> Mapping[tuple[str, ...], frozenset[str]]:
    """Words of an everyday or official term, as segmented → the words of its official or everyday counterparts."""
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for official, everyday in groups():
        for word in everyday:
            if len(word) > 1:
                found[tuple(words(word))].add(official)
                found[tuple(words(official))].add(word)
    return {key: frozenset(value) for key, value in found.items() if key}


def expand(question_words: Iterable[str], question: str) -> dict[str, float]:
    """Weighted words to search: the question's own with weight 1, those of its counterparts in the lexicon with less."""
    weighted = dict.fromkeys(question_words, 1.0)
    sequence = words(question)
    table = _alternatives()
    longest = max((len(key) for key in table), default=0)
    for at in range(len(sequence)):
        for length in range(1, longest + 1):
            for term in table.get(tuple(sequence[at : at + length]), ()):
                for word in search_words(term):
                    weighted.setdefault(word, EXPANSION_WEIGHT)
    return weighted
