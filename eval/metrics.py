"""Measures of a ranking against judgments, and whether two systems differ.

A ranking is a sequence of text ids, best first, without repeats; `grades` maps judged ids to grades (0: does not answer).
An unjudged text counts as grade 0. All measures lie between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2

import numpy as np

Ranking = Sequence[str]
Grades = Mapping[str, int]


def recall(ranking: Ranking, grades: Grades, k: int) -> float:
    """|relevant among the first k| / |relevant|; 0 where nothing is relevant."""
    relevant = {name for name, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0


def success(ranking: Ranking, grades: Grades, k: int) -> float:
    """1 if one of the first k is relevant, else 0."""
    return float(any(grades.get(name, 0) > 0 for name in ranking[:k]))


def reciprocal_rank(ranking: Ranking, grades: Grades) -> float:
    """1 / rank of the first relevant text; 0 if there is none. Its mean is MRR (Voorhees, TREC-8, 1999)."""
    return next((1 / rank for rank, name in enumerate(ranking, 1) if grades.get(name, 0) > 0), 0.0)


def ndcg(ranking: Ranking, grades: Grades, k: int) -> float:
    """DCG@k / DCG@k of the ideal order, DCG@k = Σ_{i=1..k} grade_i / log2(i + 1).

    Järvelin and Kekäläinen, ACM TOIS 20(4), 2002, with the grade itself as gain, as trec_eval and LeCaRD's own
    `metrics.py` compute it. 0 where nothing is relevant.
    """
    ideal = _dcg(sorted(grades.values(), reverse=True)[:k])
    return _dcg([grades.get(name, 0) for name in ranking[:k]]) / ideal if ideal else 0.0


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, 1))


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean; 0 of no values."""
    return float(np.mean(values)) if len(values) else 0.0


def randomization_p(ours: Sequence[float], theirs: Sequence[float], *, samples: int = 10_000, seed: int = 0) -> float:
    """Two-sided p that the means of paired values differ by chance.

    Paired randomization test: the sign of every difference is flipped at random; p = (1 + samples at least as extreme)
    / (1 + samples) (Smucker, Allan and Carterette, CIKM 2007). 1 where there is nothing to compare.
    """
    differences = np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float)
    differences = differences[differences != 0]
    if not len(differences):
        return 1.0
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(samples, len(differences)))
    extreme = np.abs(signs @ differences) >= abs(differences.sum()) - 1e-12
    return float((1 + extreme.sum()) / (1 + samples))


def bootstrap_interval(
    ours: Sequence[float], theirs: Sequence[float], *, samples: int = 2_000, seed: int = 0
) -> tuple[float, float]:
    """Lower and upper bound of the 95 % interval of the mean of `ours - theirs`, paired by question.

    Percentile bootstrap over questions (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
    (0, 0) where there is nothing to compare.
    """
    differences = np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float)
    if not len(differences):
        return 0.0, 0.0
    drawn = np.random.default_rng(seed).integers(len(differences), size=(samples, len(differences)))
    low, high = np.percentile(differences[drawn].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of `values` lie (linear interpolation); 0 of no values."""
    return float(np.percentile(values, percent)) if len(values) else 0.0
