"""The answer without a language model: the sentences that answer, verbatim, best first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.evidence import ENOUGH, of_hit
from assistant.matching import QuestionKind, coverage, kinds_of
from assistant.sentences import Sentence, sentences
from kb.knowledge_base import SearchResult
from kb.models import Citation, Hit, Kind, Section, Statement, Status

SECTION_OF: Mapping[Kind, Section] = {
    "policy": "政策依据", "faq": "政策依据", "training": "实务指引", "case": "相关案例",
}  # fmt: skip
MOST: Mapping[Section, int] = {"政策依据": 4, "实务指引": 3, "相关案例": 2}
_HITS = 12
_PER_PASSAGE = 2
_SHARE_OF_BEST = 0.6
_CASE_SUPPORT = 0.8 * ENOUGH  # a case only has to resemble the situation
_SAME = re.compile(r"[\W_]+")

# How much each sign counts for a sentence; chosen on the tuning half of the judged facts, `python -m eval answers`.
_HIT, _COVERAGE, _SIMILARITY, _KIND, _FIRST = 0.45, 0.30, 0.25, 0.10, 0.06
_SHORT = 16  # characters below which a sentence seldom tells enough to stand alone

Similarity = Callable[[Sequence[str]], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Quote:
    """A sentence of a hit with how well it answers."""

    hit: Hit
    sentence: Sentence
    score: float

    @property
    def section(self) -> Section:
        """The part of the answer where it stands."""
        return SECTION_OF[self.hit.document.kind]


def compose(question: str, found: SearchResult, similarity: Similarity) -> tuple[tuple[Statement, ...], tuple[Citation, ...]]:
    """Statements in the order they are read, and their citations numbered in that order."""
    chosen = _choose(_distinct(_rank(question, found, similarity)))
    return _numbered(_in_reading_order(chosen))


def _rank(question: str, found: SearchResult, similarity: Similarity) -> list[Quote]:
    hits = _hits(found)
    pairs = [(hit, sentence, at == 0) for hit in hits for at, sentence in enumerate(sentences(hit.passage))]
    if not pairs:
        return []
    best = max(hit.score for hit in hits) or 1.0
    near = similarity([sentence.shown for _, sentence, _ in pairs])
    kinds = kinds_of(question)
    quotes = [
        Quote(hit, sentence, _score(found, hit, sentence, hit.score / best, float(close), kinds, first))
        for (hit, sentence, first), close in zip(pairs, near, strict=True)
    ]
    return sorted(quotes, key=lambda quote: -quote.score)


def _hits(found: SearchResult) -> list[Hit]:
    """The best hits of all kinds, and the training units and cases that resemble the question, each once."""
    sides = (hit for hits in found.by_kind.values() for hit in hits if of_hit(found.query, hit).support >= _CASE_SUPPORT)
    main = (hit for hit in found.hits[:_HITS] if hit.document.kind != "case")
    return list({hit.passage.id: hit for hit in (*main, *sides)}.values())


def _score(
    found: SearchResult,
    hit: Hit,
    sentence: Sentence,
    relevance: float,
    near: float,
    kinds: Iterable[QuestionKind],
    first: bool,
) -> float:
    said = coverage(found.query, sentence.shown, f"{hit.document.title} {hit.passage.text}")
    answers = any(kind.wants.search(sentence.text) for kind in kinds)
    weight = min(1.0, len(sentence.text) / _SHORT)
    return _HIT * relevance + weight * (_COVERAGE * said + _SIMILARITY * near) + _KIND * answers + _FIRST * first


def _distinct(quotes: Sequence[Quote]) -> list[Quote]:
    """Without sentences that say the same in another copy; the copy whose dates are known stays."""
    kept: dict[str, Quote] = {}
    for quote in quotes:
        key = _SAME.sub("", quote.sentence.text)
        if key not in kept:
            kept[key] = quote
        elif kept[key].hit.status is Status.UNCHECKED and quote.hit.status is Status.IN_FORCE:
            kept[key] = Quote(quote.hit, quote.sentence, kept[key].score)
    return list(kept.values())


def _choose(quotes: Sequence[Quote]) -> list[Quote]:
    """The best few of each section, none far worse than the best of all, not too many from one passage."""
    chosen: list[Quote] = []
    best = quotes[0].score if quotes else 0.0
    for quote in quotes:
        same_section = sum(each.section == quote.section for each in chosen)
        same_passage = sum(each.hit.passage.id == quote.hit.passage.id for each in chosen)
        good = quote.score >= _SHARE_OF_BEST * best or (quote.section == "相关案例" and same_section == 0)
        if good and same_section < MOST[quote.section] and same_passage < _PER_PASSAGE:
            chosen.append(quote)
    return chosen


def _in_reading_order(chosen: Sequence[Quote]) -> list[Quote]:
    """Sections by their best sentence, passages by theirs, the sentences of a passage as they stand; cases last."""
    sections = list(dict.fromkeys(quote.section for quote in chosen))
    sections.sort(key=lambda section: section == "相关案例")
    passages = list(dict.fromkeys(quote.hit.passage.id for quote in chosen))
    first = chosen[0] if chosen else None
    return sorted(
        chosen,
        key=lambda q: (
            sections.index(q.section), passages.index(q.hit.passage.id), q is not first, q.sentence.start,
        ),
    )  # fmt: skip


def _numbered(quotes: Sequence[Quote]) -> tuple[tuple[Statement, ...], tuple[Citation, ...]]:
    numbers: dict[str, int] = {}
    texts: dict[str, list[str]] = {}
    hits: dict[str, Hit] = {}
    statements = []
    for quote in quotes:
        key = quote.hit.passage.id
        numbers.setdefault(key, len(numbers) + 1)
        hits[key] = quote.hit
        texts.setdefault(key, []).append(quote.sentence.text)
        statements.append(Statement(quote.sentence.shown, quote.section, (numbers[key],)))
    citations = (Citation(number, hits[key], tuple(texts[key])) for key, number in numbers.items())
    return tuple(statements), tuple(citations)
