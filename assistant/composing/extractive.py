"""The answer without a language model: the sentences that answer, verbatim, best first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from assistant.evidence import resembles
from assistant.references import Reference, references
from assistant.sentences import Sentence, sentences
from kb.knowledge_base import SearchResult
from kb.matching import QuestionKind, coverage, kinds_of
from kb.models import Citation, Hit, Kind, Section, Statement, Status
from kb.query import Query

SECTION_OF: Mapping[Kind, Section] = {
    "policy": "政策依据", "faq": "政策依据", "training": "实务指引", "case": "相关案例",
}  # fmt: skip
MOST: Mapping[Section, int] = {"政策依据": 4, "实务指引": 3, "相关案例": 2}
_NOT_QUOTED = Path(__file__).resolve().parent.parent / "rules" / "not_quoted.txt"
_HITS = 12
_LAWS_PER_SENTENCE = 2
_LONGEST_LAW = 160  # characters of a law's sentence that is repeated next to the plain one
_END_REFERENCE = re.compile(r"（《[^（）]*(?:（[^（）]*）[^（）]*)*）(?=[。；]?$)")
_PER_PASSAGE = 2
_SHARE_OF_BEST = 0.6
_CASE_SHARE = 0.8  # a case only has to resemble the situation
_SAME = re.compile(r"[\W_]+")

class Signs(NamedTuple):
    """What speaks for a sentence, each 0 to 1."""

    hit: float  # score of its passage against the best
    coverage: float  # share of the question that the sentence says, the rest of the passage counting less
    similarity: float  # inner product with the question
    kind: float  # whether it holds what such a question asks for: a period, a place, a condition
    first: float  # whether it opens its passage
    purpose: float  # whether it only states aims: 为了…制定本法, 国家鼓励…
    named: float  # whether the question names its article


# Chosen on the tuning half of the judged questions: `python -m eval tune-answers`.
WEIGHTS = Signs(hit=0.20, coverage=0.40, similarity=0.80, kind=0.14, first=0.02, purpose=-0.03, named=2.0)
_SHORT = 16  # characters below which a sentence seldom tells enough to stand alone
_LEAST_OF_CASE = 22
_POLICY_FIRST = 0.06
_PURPOSE = re.compile(r"^为了?.{4,60}制定本|^国家(鼓励|支持|建立健全|加强|采取措施)|^各级人民政府应当加强|^本(法|办法|条例|规定)(所称|自)")


class Similarity(Protocol):
    """How near texts are to the question, or to another text, shape (len(texts),)."""

    def __call__(self, texts: Sequence[str], to: str | None = None) -> npt.NDArray[np.float32]:
        """The inner products with the question, or with `to`."""


FindArticle = Callable[[Reference], Sequence[Hit]]


@dataclass(frozen=True)
class Quote:
    """A sentence of a hit with the signs that it answers."""

    hit: Hit
    sentence: Sentence
    signs: Signs

    @property
    def score(self) -> float:
        """The weighted sum of the signs."""
        return float(sum(weight * sign for weight, sign in zip(WEIGHTS, self.signs, strict=True)))

    @property
    def section(self) -> Section:
        """The part of the answer where it stands."""
        return SECTION_OF[self.hit.document.kind]


def compose(
    question: str, found: SearchResult, named: Sequence[Hit], similarity: Similarity, article: FindArticle
) -> tuple[tuple[Statement, ...], tuple[Citation, ...]]:
    """Statements in the order they are read, and their citations numbered in that order.

    Sentences of the articles that the question names (`named`) come first. A digest's plain sentence is followed by the
    law's own words on which it stands, where the law is held: the one is understood, the other is what counts.
    """
    chosen = _in_reading_order(_choose(_distinct(rank(question, found, named, similarity))))
    sources = _Sources()
    statements: dict[str, Statement] = {}
    for quote in chosen:
        for statement in _statements(quote, sources, similarity, article):
            statements.setdefault(_SAME.sub("", statement.text), statement)
    return tuple(statements.values()), sources.citations()


def rank(question: str, found: SearchResult, named: Sequence[Hit], similarity: Similarity) -> list[Quote]:
    """Every sentence of the named articles and of the hits, best first."""
    by_name = {hit.passage.id for hit in named}
    hits = [*named, *(hit for hit in _hits(found) if hit.passage.id not in by_name)]
    pairs = [(hit, sentence, at == 0) for hit in hits for at, sentence in enumerate(sentences(hit.passage))]
    pairs = [pair for pair in pairs if pair[0].document.kind != "case" or _tells_of_case(pair[1].text)]
    if not pairs:
        return []
    best = max(hit.score for hit in hits) or 1.0
    near = similarity([sentence.shown for _, sentence, _ in pairs])
    kinds = kinds_of(question)
    quotes = [
        Quote(
            hit,
            sentence,
            _signs(found.query, hit, sentence, hit.score / best, float(close), kinds, first, hit.passage.id in by_name),
        )
        for (hit, sentence, first), close in zip(pairs, near, strict=True)
    ]
    return sorted(quotes, key=lambda quote: -quote.score)


def _hits(found: SearchResult) -> list[Hit]:
    """The best hits that may be quoted, and the training units and cases that resemble the question, each once."""
    sides = (hit for hits in found.by_kind.values() for hit in hits if resembles(found.query, hit, _CASE_SHARE))
    main = (hit for hit in found.hits[:_HITS] if hit.document.kind != "case")
    return list({hit.passage.id: hit for hit in (*main, *sides) if not _not_quoted() & set(hit.passage.headings)}.values())


@lru_cache(maxsize=1)
def _not_quoted() -> frozenset[str]:
    lines = _NOT_QUOTED.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _tells_of_case(text: str) -> bool:
    """A sentence of a case that says enough out of its place, and is not the line that says it is invented."""
    return len(text) >= _LEAST_OF_CASE and not text.startswith("本案例为虚构")


def _signs(
    query: Query,
    hit: Hit,
    sentence: Sentence,
    relevance: float,
    near: float,
    kinds: Iterable[QuestionKind],
    first: bool,
    named: bool,
) -> Signs:
    long_enough = min(1.0, len(sentence.text) / _SHORT)
    said = coverage(query, sentence.shown, f"{hit.document.title} {hit.passage.text}")
    answers = any(kind.wants.search(sentence.text) for kind in kinds)
    purpose = _PURPOSE.match(sentence.text) is not None
    return Signs(relevance, long_enough * said, long_enough * near, float(answers), float(first), float(purpose), float(named))


def _distinct(quotes: Sequence[Quote]) -> list[Quote]:
    """Without sentences that say the same in another copy; the copy whose dates are known stays."""
    kept: dict[str, Quote] = {}
    for quote in quotes:
        key = _SAME.sub("", quote.sentence.text)
        if key not in kept:
            kept[key] = quote
        elif kept[key].hit.status is Status.UNCHECKED and quote.hit.status is Status.IN_FORCE:
            kept[key] = replace(kept[key], hit=quote.hit)
    return list(kept.values())


def _choose(quotes: Sequence[Quote]) -> list[Quote]:
    """The best few of each section, none far worse than the best that is no case, not too many from one passage."""
    chosen: list[Quote] = []
    best = max((quote.score for quote in quotes if quote.section != "相关案例"), default=0.0)
    for quote in quotes:
        same_section = sum(each.section == quote.section for each in chosen)
        same_passage = sum(each.hit.passage.id == quote.hit.passage.id for each in chosen)
        good = quote.score >= _SHARE_OF_BEST * best or (quote.section == "相关案例" and same_section == 0)
        per_passage = MOST[quote.section] if quote.signs.named else _PER_PASSAGE
        if good and same_section < MOST[quote.section] and same_passage < per_passage:
            chosen.append(quote)
    return chosen


def _in_reading_order(chosen: Sequence[Quote]) -> list[Quote]:
    """Sections by their best sentence, passages by theirs, the sentences of a passage as they stand; cases last.

    The policy comes before the practice unless the practice answers clearly better.
    """
    sections = list(dict.fromkeys(quote.section for quote in chosen))
    best = {section: max(quote.score for quote in chosen if quote.section == section) for section in sections}
    sections.sort(key=lambda section: (section == "相关案例", -best[section] - _POLICY_FIRST * (section == "政策依据")))
    passages = list(dict.fromkeys(quote.hit.passage.id for quote in chosen))
    first = chosen[0] if chosen else None
    return sorted(
        chosen,
        key=lambda q: (
            sections.index(q.section), passages.index(q.hit.passage.id), q is not first, q.sentence.start,
        ),
    )  # fmt: skip


def _statements(quote: Quote, sources: _Sources, similarity: Similarity, article: FindArticle) -> Iterator[Statement]:
    """The sentence, without the references it ends in where their articles are quoted next to it, and those quotes."""
    number, text = sources.cite(quote.hit, quote.sentence.text), quote.sentence.shown
    laws = [
        (sources.cite(law, sentence.text), sentence)
        for reference in references(quote.sentence.text)[:_LAWS_PER_SENTENCE]
        if (found := _best_sentence(quote.sentence.text, article(reference), similarity))
        for law, sentence in (found,)
    ]
    shown = _END_REFERENCE.sub("", text) if laws else text
    yield Statement(shown, quote.section, (number, *(at for at, _ in laws)))
    for at, sentence in laws:
        if len(sentence.shown) <= _LONGEST_LAW:
            yield Statement(sentence.shown, quote.section, (at,))


def _best_sentence(text: str, hits: Sequence[Hit], similarity: Similarity) -> tuple[Hit, Sentence] | None:
    """The sentence of an article that is nearest to what a digest says of it."""
    pairs = [(hit, sentence) for hit in hits for sentence in sentences(hit.passage)]
    if not pairs:
        return None
    near = similarity([sentence.shown for _, sentence in pairs], text)
    return pairs[int(np.argmax(near))]


class _Sources:
    """The passages cited so far, numbered in order of first use."""

    def __init__(self) -> None:
        self._quotes: dict[str, tuple[Hit, list[str]]] = {}

    def cite(self, hit: Hit, quote: str) -> int:
        """The number of the passage, which is quoted with `quote`."""
        _, quotes = self._quotes.setdefault(hit.passage.id, (hit, []))
        if quote not in quotes:
            quotes.append(quote)
        return list(self._quotes).index(hit.passage.id) + 1

    def citations(self) -> tuple[Citation, ...]:
        """All sources by number."""
        numbered = enumerate(self._quotes.values(), 1)
        return tuple(Citation(number, hit, tuple(quotes)) for number, (hit, quotes) in numbered)
