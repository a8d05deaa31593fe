"""From a question to ranked candidates: words and vector, both indexes, filtered, fused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kb.embedder import Embedder
from kb.fusion import Fused, fuse
from kb.keyword_index import KeywordIndex
from kb.query import Query, QuestionWord
from kb.terms import expand
from kb.vector_index import ChromaVectorIndex, Mask

CANDIDATES = 200
_MOST_FETCHED = 20_000
_ASIDE = 30

Scored = list[tuple[int, float]]


class Retriever:
    """Ranks passage keys for a question. A mask tells for an array of keys which may be returned."""

    def __init__(self, keyword: KeywordIndex, vector: ChromaVectorIndex, embedder: Embedder) -> None:
        """Search the two indexes of one index folder."""
        self._keyword, self._vector, self._embedder = keyword, vector, embedder

    def query(self, question: str) -> Query:
        """Segment, expand and embed a question."""
        expansion = expand(question)
        words = (QuestionWord(w, self._keyword.rarity(w), terms) for w, terms in expansion.counterparts.items())
        return Query(question, tuple(words), expansion.weights, self._embedder.embed_question(question))

    def hybrid(self, query: Query, masks: Sequence[Mask], limit: int = CANDIDATES) -> list[list[Fused]]:
        """For each mask the candidates of both indexes, fused, best first; scores of all masks can be compared.

        Of all masks but the first only the best few are wanted, and so fewer are fused.
        """
        keyword = self.keyword(query, masks, limit)
        vector = self.vector(query, masks, limit)
        best = {"best_keyword": _best(keyword), "best_vector": _best(vector)}
        depths = [limit, *(min(limit, _ASIDE) for _ in masks[1:])]
        return [fuse(words[:n], near[:n], **best) for words, near, n in zip(keyword, vector, depths, strict=True)]

    def keyword(self, query: Query, masks: Sequence[Mask], limit: int = CANDIDATES) -> list[Scored]:
        """For each mask the best (key, BM25 score); only the first mask is worth fetching further for."""
        fetch = 3 * limit
        while True:
            found = self._keyword.search(query.weights, fetch)
            keys = np.fromiter((key for key, _ in found), dtype=np.int64, count=len(found))
            kept = [[hit for hit, fits in zip(found, mask(keys), strict=True) if fits] for mask in masks]
            if len(kept[0]) >= limit or len(found) < fetch or fetch >= _MOST_FETCHED:
                return [hits[:limit] for hits in kept]
            fetch *= 4

    def vector(self, query: Query, masks: Sequence[Mask], limit: int = CANDIDATES) -> list[Scored]:
        """For each mask the nearest (key, inner product)."""
        return self._vector.search(query.vector, limit, masks)


def _best(lists: Sequence[Scored]) -> float:
    return max((found[0][1] for found in lists if found), default=0.0)
