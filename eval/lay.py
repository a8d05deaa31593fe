"""Spoken questions of social workers and their clients over the real laws: is the right article found first?

A question names one right passage. Another version or a sister law with the same words is as right, so a hit also counts
when its text is that of the right passage. The built-in model was trained on these questions: the figures show that the
product works end to end, not how it does on questions nobody has seen.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.errors import SharedMissing
from eval.judgments import LayQuestion
from eval.runs import Column, Values
from ingest.pipeline import find_files, take_in
from kb.embedder import Embedder
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker, Hit, Passage, Status
from kb.places import article, bare

RIGHT = "right"


@contextmanager
def laws_taken_in(laws: Path, embedder: Embedder) -> Iterator[KnowledgeBase]:
    """A knowledge base of the files in `laws`, taken in the way a person would; gone afterwards. Raises SharedMissing."""
    if not laws.is_dir():
        raise SharedMissing(laws)
    with TemporaryDirectory(prefix="shegong-eval-") as folder:
        knowledge_base = KnowledgeBase(Path(folder), embedder)
        try:
            take_in(knowledge_base, find_files([laws]))
            yield knowledge_base
        finally:
            knowledge_base.close()


@dataclass(frozen=True)
class Asked:
    """A question that was searched: `ranking` is the ids of the hits, every right one given as RIGHT, once."""

    question: LayQuestion
    ranking: tuple[str, ...]
    in_force: bool
    seconds: float

    @property
    def rank(self) -> int:
        """Rank of the first right hit, 0 if there is none."""
        return self.ranking.index(RIGHT) + 1 if RIGHT in self.ranking else 0


@dataclass(frozen=True)
class LayReport:
    """Shares of the questions whose right article is first, among five, among ten; `missing` have no right passage here.

    `not_in_force` counts questions whose named file does not hold on the day asked; they are part of `questions`.
    """

    questions: int
    missing: int
    not_in_force: int
    first: float
    first_five: float
    first_ten: float
    median_ms: float

    def numbers(self) -> dict[str, float]:
        """As kept and shown."""
        return {name: round(value, 4) for name, value in vars(self).items()}


@dataclass(frozen=True)
class _Right:
    """What counts as found: these passages, or any with the same words; and where the question is asked."""

    passages: frozenset[str]
    words: frozenset[str]
    region: str
    in_force: bool


def report(asked: Sequence[Asked], total: int) -> LayReport:
    """The figures of `total` questions of which `asked` could be asked."""
    ranks = [each.rank for each in asked]
    times = [1000 * each.seconds for each in asked]
    return LayReport(
        len(asked),
        total - len(asked),
        sum(not each.in_force for each in asked),
        _within(ranks, 1),
        _within(ranks, 5),
        _within(ranks, 10),
        statistics.median(times) if times else 0.0,
    )


def values(asked: Sequence[Asked], depth: int = 10) -> Values:
    """The same question by question."""
    ranks = [each.rank for each in asked]
    columns: dict[str, list[float | None]] = {
        "first": [float(rank == 1) for rank in ranks],
        "first_five": [float(1 <= rank <= 5) for rank in ranks],
        "first_ten": [float(1 <= rank <= 10) for rank in ranks],
        "MRR": [1 / rank if rank else 0.0 for rank in ranks],
    }
    found = [[rank] if rank else [] for rank in ranks]
    facts: dict[str, Column] = {"relevant": [1] * len(asked), "search_ms": [1000 * each.seconds for each in asked]}
    return Values([each.question.id for each in asked], {"hybrid": columns}, {"hybrid": found}, depth, facts)


def ask_all(
    knowledge_base: KnowledgeBase, questions: Iterable[LayQuestion], *, depth: int = 10, day: date | None = None
) -> Iterator[Asked]:
    """Search every question whose right passage is there, as somebody of its region would on `day` (today)."""
    day = day or date.today()
    rights = _Finder(knowledge_base, day)
    for question in questions:
        right = rights.of(question)
        if right is not None:
            started = time.perf_counter()
            hits = knowledge_base.search(question.text, Asker(region=right.region, day=day), depth).hits
            yield Asked(question, _ranking(hits, right), right.in_force, time.perf_counter() - started)


def _ranking(hits: Sequence[Hit], right: _Right) -> tuple[str, ...]:
    names = (RIGHT if _is_right(hit.passage, right) else hit.passage.id for hit in hits)
    return tuple(dict.fromkeys(names))


def _within(ranks: Sequence[int], depth: int) -> float:
    return sum(1 <= rank <= depth for rank in ranks) / len(ranks) if ranks else 0.0


def _is_right(passage: Passage, right: _Right) -> bool:
    return passage.id in right.passages or bare(passage.text) in right.words


class _Finder:
    """Finds the right passages of questions by file and article."""

    def __init__(self, knowledge_base: KnowledgeBase, day: date) -> None:
        self._knowledge_base, self._day = knowledge_base, day
        self._owners = {_tail(name): record.document_id for name, record in knowledge_base.sources().items()}
        self._regions = {summary.id: summary.facts.region for summary in knowledge_base.summaries()}
        self._passages: dict[str, Sequence[Passage]] = {}

    def of(self, question: LayQuestion) -> _Right | None:
        """What is right for a question; None where its file or article is not in the knowledge base."""
        owner = self._owners.get(_tail(question.file), "")
        if owner not in self._regions:
            return None
        if owner not in self._passages:
            self._passages[owner] = self._knowledge_base.passages(owner)
        right = [passage for passage in self._passages[owner] if names(passage, question)]
        in_force = self._knowledge_base.status(owner, self._day) in (Status.IN_FORCE, Status.UNCHECKED)
        words = frozenset(bare(passage.text) for passage in right)
        ids = frozenset(passage.id for passage in right)
        return _Right(ids, words, self._regions[owner], in_force) if right else None


def names(passage: Passage, question: LayQuestion) -> bool:
    """Whether a passage is the one a question names, by article or by phrase."""
    if question.article:
        return article(passage.locator) == question.article
    return bare(question.where) in bare(passage.text)


def _tail(source: str) -> str:
    """The last two parts of a path tell files of the collection apart on any machine."""
    return "/".join(source.replace("\\", "/").split("/")[-2:])
