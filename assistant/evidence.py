"""Whether what was found is enough to answer: decided before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kb.matching import coverage
from kb.models import Hit
from kb.retrieval import Query

# Chosen with `python -m eval refusal`, where the share of wrongly refused and wrongly answered questions is printed.
ENOUGH = 0.42
_NEAR = 0.55  # an inner product from which a passage counts as wholly near
_LOOKED_AT = 5


@dataclass(frozen=True)
class Evidence:
    """`coverage` and `similarity` of the best passage (0 to 1 each) and `support`, their weighted sum."""

    coverage: float = 0.0
    similarity: float = 0.0

    @property
    def support(self) -> float:
        """How far the passage supports an answer, 0 to 1."""
        return 0.6 * self.coverage + 0.4 * min(1.0, max(0.0, self.similarity) / _NEAR)

    @property
    def enough(self) -> bool:
        """Whether to answer rather than to say that nothing was found."""
        return self.support >= ENOUGH


def of_hit(query: Query, hit: Hit) -> Evidence:
    """What one passage offers for the question."""
    context = " ".join((hit.document.title, *hit.passage.headings))
    return Evidence(coverage(query, hit.passage.text, context, 0.9), hit.found_by.get("vector", 0.0))


def weigh(query: Query, hits: Sequence[Hit]) -> Evidence:
    """The strongest evidence among the first hits."""
    found = (of_hit(query, hit) for hit in hits[:_LOOKED_AT])
    return max(found, key=lambda evidence: evidence.support, default=Evidence())
