"""Two systems side by side, question by question: how far apart they are, whether by chance, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eval import metrics
from eval.errors import NothingInCommon
from eval.runs import Run, Values

LOWER_IS_BETTER = frozenset({"refused_wrongly"})


@dataclass(frozen=True)
class Difference:
    """One measure over the questions that both systems have it for.

    `low` to `high` is the 95 % interval of `after - before`; `p` that of the paired randomization test. `better` and `worse`
    count questions.
    """

    measure: str
    questions: int
    before: float
    after: float
    low: float
    high: float
    p: float
    better: int
    worse: int

    @property
    def same(self) -> int:
        """How many questions have the same value."""
        return self.questions - self.better - self.worse


@dataclass(frozen=True)
class Moved:
    """A question that the systems differ on: the ranks of its right texts in each, and what its measures won, added up."""

    question: str
    ranks_before: Sequence[int]
    ranks_after: Sequence[int]
    gain: float
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """Two systems on the questions they share, row by row: `before` and `after` map measures to values."""

    questions: tuple[str, ...]
    before: Mapping[str, Sequence[float | None]]
    after: Mapping[str, Sequence[float | None]]
    ranks_before: Sequence[Sequence[int]]
    ranks_after: Sequence[Sequence[int]]

    def differences(self) -> list[Difference]:
        """Every measure that both systems have."""
        return [self._difference(measure) for measure in self.after if measure in self.before]

    def moved(self) -> list[Moved]:
        """The questions that differ, those with the largest gain first, those with the largest loss last."""
        rows = [self._moved(row) for row in range(len(self.questions))]
        return sorted((each for each in rows if each.changed), key=lambda each: -each.gain)

    def _difference(self, measure: str) -> Difference:
        columns = zip(self.before[measure], self.after[measure], strict=True)
        both = [(before, after) for before, after in columns if before is not None and after is not None]
        before, after = [each for each, _ in both], [each for _, each in both]
        gains = [_sign(measure) * (new - old) for old, new in both]
        low, high = metrics.bootstrap_interval(after, before)
        p = metrics.randomization_p(after, before)
        better, worse = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
        return Difference(measure, len(both), metrics.mean(before), metrics.mean(after), low, high, p, better, worse)

    def _moved(self, row: int) -> Moved:
        gains = {}
        for measure in (name for name in self.after if name in self.before):
            before, after = self.before[measure][row], self.after[measure][row]
            if before is not None and after is not None and before != after:
                gains[measure] = _sign(measure) * (after - before)
        return Moved(self.questions[row], self.ranks_before[row], self.ranks_after[row], sum(gains.values()), tuple(gains))


def pairs(before: Run, after: Run) -> Iterator[tuple[str, Pair]]:
    """Each system that both runs have, on their common questions. Raises NothingInCommon."""
    systems = [system for system in after.values.measures if system in before.values.measures]
    if not systems or not set(before.values.questions) & set(after.values.questions):
        raise NothingInCommon(before.name, after.name)
    for system in systems:
        yield system, pair(before.values, system, after.values, system)


def pair(before: Values, system_before: str, after: Values, system_after: str) -> Pair:
    """Two systems, of one run or of two, on the questions that both were asked."""
    row_of = {question: row for row, question in enumerate(before.questions)}
    rows = [(row_of[question], row) for row, question in enumerate(after.questions) if question in row_of]
    old, new = before.measures[system_before], after.measures[system_after]
    return Pair(
        tuple(after.questions[row] for _, row in rows),
        {measure: [column[row] for row, _ in rows] for measure, column in old.items()},
        {measure: [column[row] for _, row in rows] for measure, column in new.items()},
        [before.ranks[system_before][row] for row, _ in rows],
        [after.ranks[system_after][row] for _, row in rows],
    )


def _sign(measure: str) -> int:
    return -1 if measure in LOWER_IS_BETTER else 1
