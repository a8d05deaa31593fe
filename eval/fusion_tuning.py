"""`python -m eval tune-fusion`: which constants rank best on the tuning halves; the test halves are never looked at.

What counts is the ranking a user gets, so every value is tried on hybrid search, with a model that has not seen the
questions (`eval.heldout`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import kb.keyword_index
import kb.retrieval
import kb.terms
from eval.metrics import Grades, Ranking, ndcg, recall
from kb.fusion import KEYWORD_WEIGHT, fuse
from kb.keyword_index import FIELD_WEIGHTS
from kb.terms import EXPANSION_WEIGHT

MEASURES = ("recall@10", "recall@100", "nDCG@10")
_WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
_EXPANSIONS = (0.0, 0.2, 0.35, 0.5)
_FIELDS = (0.0, 0.1, 0.25, 0.5)

Group = Callable[[], Iterator[tuple[Ranking, Grades]]]


@dataclass(frozen=True)
class Constant:
    """A constant of the product: the module and name under which it is read, what to try, and the value in use."""

    name: str
    module: ModuleType
    attribute: str
    values: Mapping[float, Any]
    current: float


@dataclass(frozen=True)
class Trial:
    """What one value of a constant gave on one group of questions."""

    constant: str
    value: float
    current: bool
    group: str
    questions: int
    numbers: Mapping[str, float]


def _constant(name: str, module: ModuleType, attribute: str, tried: tuple[float, ...], current: float, make: Callable[[float], Any]) -> Constant:
    return Constant(name, module, attribute, {value: make(value) for value in sorted({*tried, current})}, current)


def _field(field: str) -> Constant:
    def make(weight: float) -> Mapping[str, float]:
        return {**FIELD_WEIGHTS, field: weight}

    return _constant(f"FIELD_WEIGHTS.{field}", kb.keyword_index, "FIELD_WEIGHTS", _FIELDS, FIELD_WEIGHTS[field], make)


CONSTANTS = (
    _constant("KEYWORD_WEIGHT", kb.retrieval, "fuse", _WEIGHTS, KEYWORD_WEIGHT, lambda w: partial(fuse, keyword_weight=w)),
    _constant("EXPANSION_WEIGHT", kb.terms, "EXPANSION_WEIGHT", _EXPANSIONS, EXPANSION_WEIGHT, lambda weight: weight),
    _field("title"),
    _field("headings"),
)


def tune(groups: Mapping[str, Group], *, report: Callable[[Trial], None] = lambda trial: None) -> list[Trial]:
    """Try every value of every constant on each group; a group gives the ranking and the grades of its questions."""
    trials = []
    for constant in CONSTANTS:
        for value, setting in constant.values.items():
            with changed(constant.module, constant.attribute, setting):
                for name, group in groups.items():
                    trials.append(_trial(constant, value, name, group))
                    report(trials[-1])
    return trials


def _trial(constant: Constant, value: float, name: str, group: Group) -> Trial:
    values = [(recall(r, g, 10), recall(r, g, 100), ndcg(r, g, 10)) for r, g in group()]
    means = (sum(column) / len(values) for column in zip(*values, strict=True))
    numbers = {measure: round(mean, 4) for measure, mean in zip(MEASURES, means, strict=False)}
    return Trial(constant.name, value, value == constant.current, name, len(values), numbers)


@contextmanager
def changed(module: ModuleType, attribute: str, value: Any) -> Iterator[None]:
    """The product with another constant, for a while."""
    before = getattr(module, attribute)
    setattr(module, attribute, value)
    try:
        yield
    finally:
        setattr(module, attribute, before)
