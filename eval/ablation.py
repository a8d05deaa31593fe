"""What each part of the ranking brings: fitted anew without it and asked the same unseen questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from eval import metrics
from eval.training.ranking import Example, fit
from kb.embedder import Matrix
from kb.features import FEATURES

PARTS: Mapping[str, tuple[str, ...]] = {
    "关键词": ("keyword", "keyword_rank"),
    "向量": ("vector", "vector_share", "vector_rank"),
    "融合分": ("fused",),
    "同一文件的最好向量": ("document",),
    "覆盖问题用词": ("coverage",),
    "覆盖标题": ("heading",),
    "二字片段": ("bigrams",),
    "问什么答什么": ("wanted",),
    "逐词相近": ("late",),
    "长度": ("length",),
    "效力级别和地区": ("level", "local"),
    "自带资料、实务": ("digest", "practice"),
    "立法目的句": ("purpose",),
    "问题长短": ("asked",),
}
DEPTHS = (1, 5, 10)
FUSED = "只融合，不排序"
ALL = "全部特征"

Score = Callable[[Matrix], npt.NDArray[np.floating[Any]]]
Numbers = dict[str, dict[str, dict[str, float]]]


def without_each(examples: Sequence[Example], parts: Mapping[str, Sequence[str]] = PARTS) -> Numbers:
    """numbers[group of questions][what was ranked][measure] on the test half.

    Measures are the shares with a right passage within each of DEPTHS, the mean reciprocal rank, and `p`, that the
    reciprocal ranks differ from those with all features by chance.
    """
    ways: dict[str, Score] = {FUSED: lambda rows: rows[:, FEATURES.index("fused")]}
    for name, left_out in {ALL: (), **parts}.items():
        ways[name] = _fitted(examples, [at for at, feature in enumerate(FEATURES) if feature not in left_out])
    groups = dict.fromkeys(each.group for each in examples)
    return {group: shares([e for e in examples if e.test and e.group == group], ways, ALL) for group in groups}


def _fitted(examples: Sequence[Example], columns: list[int]) -> Score:
    model = fit([each for each in examples if not each.test], columns)
    return lambda rows: np.asarray(model.predict(rows[:, columns]))


def shares(examples: Sequence[Example], ways: Mapping[str, Score], reference: str) -> dict[str, dict[str, float]]:
    """The measures of each way of ranking; `p` is against the way called `reference`."""
    ranks = {way: np.array([each.rank(score(each.rows)) for each in examples]) for way, score in ways.items()}
    reciprocal = {way: np.where(found > 0, 1 / np.maximum(found, 1), 0.0) for way, found in ranks.items()}
    return {
        way: {
            "questions": len(examples),
            **{f"first_{depth}": _within(found, depth) for depth in DEPTHS},
            "MRR": round(float(reciprocal[way].mean()), 4),
            "p": round(metrics.randomization_p(list(reciprocal[way]), list(reciprocal[reference])), 4),
        }
        for way, found in ranks.items()
    }


def _within(ranks: npt.NDArray[np.int64], depth: int) -> float:
    return round(float(((ranks > 0) & (ranks <= depth)).mean()), 4)
