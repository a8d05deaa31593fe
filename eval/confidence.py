"""How sure the product is that what it found holds an answer, and from where on it answers: the one place that asks."""

from __future__ import annotations

from assistant.evidence import ENOUGH, weigh
from kb.knowledge_base import SearchResult

THRESHOLD = ENOUGH


def confidence(found: SearchResult) -> float:
    """0 (nothing) to 1 (certain); below THRESHOLD a question that names no law is refused."""
    return weigh(found.query, found.hits).support
