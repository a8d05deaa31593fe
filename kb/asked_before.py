"""What the site's own questions say about a search: which passages they point at, and where those stand in the ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kb.fusion import Fused, in_front

WAY = "question"  # the name in `found_by`, with the similarity of the question asked before
_IN_FRONT = 3  # passages of adopted questions that come before all others; an article may be cut into many
_BEHIND = 10  # what nobody has reviewed may not push out what the texts say by themselves


@dataclass(frozen=True)
class AskedBefore:
    """Passage keys with the similarity of the question that points at them, most alike first."""

    adopted: Mapping[int, float] = field(default_factory=dict)
    waiting: Mapping[int, float] = field(default_factory=dict)

    @property
    def judged(self) -> dict[int, float]:
        """The adopted ones that come first."""
        return dict(list(self.adopted.items())[:_IN_FRONT])

    def among(self, ranked: Sequence[Fused]) -> list[Fused]:
        """The ranking with the passages of questions still to be reviewed among its candidates, for the trees to judge."""
        if not self.waiting:
            return list(ranked)
        noted = _noted(ranked, self.waiting)
        return in_front([*noted[:_BEHIND], *_picked(self.waiting, noted)], noted[_BEHIND:])

    def first(self, ranked: Sequence[Fused]) -> list[Fused]:
        """The ranking with the passages of adopted questions before all others."""
        if not self.adopted:
            return list(ranked)
        noted = _noted(ranked, self.judged)
        return in_front(_picked(self.judged, noted), noted)


def _noted(ranked: Sequence[Fused], similarities: Mapping[int, float]) -> list[Fused]:
    return [
        replace(each, found_by={**each.found_by, WAY: similarities[each.key]}) if each.key in similarities else each
        for each in ranked
    ]


def _picked(wanted: Mapping[int, float], ranked: Sequence[Fused]) -> list[Fused]:
    """The wanted passages as they are ranked; what the indexes did not find has no score of its own."""
    by_key = {each.key: each for each in ranked if each.key in wanted}
    return [by_key.get(key, Fused(key, 0.0, {WAY: similarity})) for key, similarity in wanted.items()]
