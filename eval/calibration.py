"""Whether the product's confidence means what it says, and what a threshold on it would refuse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from eval.runs import Values

_RIGHT_WITHIN = 5  # hits that the product weighs when it decides
_Z = 1.96


@dataclass(frozen=True)
class Bin:
    """Questions of like confidence: their mean confidence, the share that was right, and its 95 % interval."""

    confidence: float
    right: float
    low: float
    high: float
    questions: int


@dataclass(frozen=True)
class Refused:
    """Shares (0 to 1) of the questions without and with an answer that a threshold refuses."""

    threshold: float
    rightly: float
    wrongly: float


def reliability(values: Values, system: str, *, bins: int = 8) -> list[Bin]:
    """Equally many questions a bin. Right means that a passage that answers stands among the first five hits.

    What was said in the end can not be the judge: of a question that was refused nobody knows it.
    """
    asked = sorted(zip(_numbers(values, "confidence"), _right(values, system), strict=True))
    cuts = [round(len(asked) * number / bins) for number in range(bins + 1)]
    groups = (asked[start:end] for start, end in pairwise(cuts) if end > start)
    return [_bin(group) for group in groups]


def expected_error(found: Sequence[Bin]) -> float:
    """Mean distance of confidence and share right, weighted by questions (expected calibration error)."""
    total = sum(each.questions for each in found)
    return sum(each.questions * abs(each.confidence - each.right) for each in found) / total if total else 0.0


def tradeoff(values: Values) -> list[Refused]:
    """What every threshold that makes a difference would refuse, lowest first; a confidence below it is refused."""
    thresholds = sorted({0.0, *_numbers(values, "confidence"), 1.01})
    return [at(values, threshold) for threshold in thresholds]


def at(values: Values, threshold: float) -> Refused:
    """What one threshold would refuse."""
    asked = list(zip(_numbers(values, "confidence"), _numbers(values, "answerable"), strict=True))
    empty = [confidence < threshold for confidence, answerable in asked if not answerable]
    full = [confidence < threshold for confidence, answerable in asked if answerable]
    return Refused(threshold, _share(empty), _share(full))


def wilson(successes: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, JASA 22, 1927); (0, 1) of nothing."""
    if not total:
        return 0.0, 1.0
    share, square = successes / total, _Z**2 / total
    middle = share + square / 2
    spread = _Z * sqrt(share * (1 - share) / total + square / (4 * total))
    return (middle - spread) / (1 + square), (middle + spread) / (1 + square)


def _bin(group: Sequence[tuple[float, bool]]) -> Bin:
    right = sum(each for _, each in group)
    low, high = wilson(right, len(group))
    return Bin(sum(confidence for confidence, _ in group) / len(group), right / len(group), low, high, len(group))


def _right(values: Values, system: str) -> Iterator[bool]:
    return (any(rank <= _RIGHT_WITHIN for rank in ranks) for ranks in values.ranks[system])


def _numbers(values: Values, fact: str) -> list[float]:
    return [float(value or 0) for value in values.facts[fact]]


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
