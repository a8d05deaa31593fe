"""Joining what the keyword index and the vector index found into one ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

KEYWORD_WEIGHT = 0.3  # chosen on the tuning half of the judged questions: `python -m eval tune-fusion`


@dataclass(frozen=True)
class Fused:
    """A passage key with its fused score (0 to 1) and its own score by way of finding."""

    key: int
    score: float
    found_by: Mapping[str, float]


def fuse(
    keyword: Sequence[tuple[int, float]],
    vector: Sequence[tuple[int, float]],
    *,
    best_keyword: float,
    best_vector: float,
    keyword_weight: float = KEYWORD_WEIGHT,
) -> list[Fused]:
    """What either list holds, best first.

    Each list is scaled by the best score of its way of finding and the two are added with weights `keyword_weight` and
    the rest: unlike reciprocal ranks this keeps how clearly a list prefers its first (Bruch et al., 2023, convex
    combination). Lists fused with the same best scores can be compared.
    """
    raw = {"keyword": dict(keyword), "vector": dict(vector)}
    scaled = {"keyword": _scaled(keyword, best_keyword), "vector": _scaled(vector, best_vector)}
    weights = {"keyword": keyword_weight, "vector": 1.0 - keyword_weight}
    fused = [
        Fused(
            key,
            sum(weights[way] * scaled[way].get(key, 0.0) for way in scaled),
            {way: raw[way][key] for way in raw if key in raw[way]},
        )
        for key in dict.fromkeys([*raw["keyword"], *raw["vector"]])
    ]
    return sorted(fused, key=lambda each: (-each.score, each.key))


def _scaled(found: Sequence[tuple[int, float]], best: float) -> dict[int, float]:
    return {key: max(score, 0.0) / best for key, score in found} if best > 0 else {}


def in_front(chosen: Sequence[Fused], others: Sequence[Fused]) -> list[Fused]:
    """The chosen ones before the others, each once; fused scores are shared out again so that they fall along the list."""
    joined = list({each.key: each for each in (*chosen, *others)}.values())
    scores = sorted((each.score for each in joined), reverse=True)
    return [replace(each, score=score) for each, score in zip(joined, scores, strict=True)]


def reordered(candidates: Sequence[Fused], scores: npt.NDArray[np.float32], way: str) -> list[Fused]:
    """Candidates (best first) in the order of `scores`, which each keeps as `found_by[way]`.

    They share out among them the fused scores they had, the best to the best: such scores have a scale of their own, and
    so the fused ones still fall along the list and compare with those of candidates that were not read again.
    """
    order = sorted(range(len(candidates)), key=lambda at: -scores[at])  # stable: equals stay as they were
    return [
        replace(candidates[at], score=place.score, found_by={**candidates[at].found_by, way: float(scores[at])})
        for at, place in zip(order, candidates, strict=True)
    ]
