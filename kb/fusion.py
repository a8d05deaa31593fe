"""Joining what the keyword index and the vector index found into one ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

KEYWORD_WEIGHT = 0.5  # chosen on the tuning half of the judged questions: `python -m eval retrieval`


def fuse(
    keyword: Sequence[tuple[int, float]], vector: Sequence[tuple[int, float]], keyword_weight: float = KEYWORD_WEIGHT
) -> list[tuple[int, float, Mapping[str, float]]]:
    """(key, fused score in 0..1, scores by way of finding), best first.

    Each list is scaled to its own best score and the two are added with weights `keyword_weight` and the rest: unlike
    reciprocal ranks this keeps how clearly a list prefers its first (Bruch et al., 2023, convex combination).
    """
    scaled = {"keyword": _scaled(keyword), "vector": _scaled(vector)}
    weights = {"keyword": keyword_weight, "vector": 1.0 - keyword_weight}
    raw = {"keyword": dict(keyword), "vector": dict(vector)}
    keys = dict.fromkeys([key for key, _ in keyword] + [key for key, _ in vector])
    fused = [
        (
            key,
            sum(weights[way] * scaled[way].get(key, 0.0) for way in scaled),
            {way: raw[way][key] for way in raw if key in raw[way]},
        )
        for key in keys
    ]
    return sorted(fused, key=lambda entry: (-entry[1], entry[0]))


def _scaled(found: Sequence[tuple[int, float]]) -> dict[int, float]:
    best = found[0][1] if found else 0.0
    return {key: max(score, 0.0) / best for key, score in found} if best > 0 else {}
