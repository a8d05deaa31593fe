"""What speaks for a passage, in numbers: the features that the learned ranking (`kb/ranking.py`) reads.

All are made to mean the same in a small and a large knowledge base: shares and ranks rather than raw BM25 sums.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kb.chinese import content_words, normalize
from kb.embedder import Matrix, StaticEmbedder
from kb.fusion import Fused
from kb.matching import covered, kinds_of
from kb.models import NATIONAL, Document, Passage
from kb.query import Query

Column = npt.NDArray[np.float32]

_LEVELS = ("", "法律", "行政法规", "司法解释", "部门规章", "规范性文件", "标准", "地方性法规")
_LOWEST_RANK = 500
_BIGRAM = 2
_PURPOSE = re.compile(r"为了?.{4,80}(?:制定|制订)本|本(?:法|办法|条例|规定|细则)(?:所称|自.{2,20}施行)")
_DIGEST = ("training", "case")


@dataclass(frozen=True)
class Candidate:
    """A passage that one of the indexes found, with its document."""

    fused: Fused
    passage: Passage
    document: Document

    @property
    def heading(self) -> str:
        """Title and headings, as they stand over the passage."""
        return " ".join((self.document.title, *self.passage.headings))


def features(query: Query, candidates: Sequence[Candidate], words: StaticEmbedder) -> Matrix:
    """One row per candidate, one column per name of FEATURES. `words` gives the vectors of single words."""
    texts = [normalize(each.passage.text) for each in candidates]
    columns = {
        **_found(candidates),
        **_said(query, candidates, texts),
        **_near(query, texts, words),
        **_kept(candidates),
        "asked": np.full(len(candidates), len(query.words), dtype=np.float32),
    }
    return np.column_stack([columns[name] for name in FEATURES]).astype(np.float32)


def _found(candidates: Sequence[Candidate]) -> Mapping[str, Column]:
    """What the two indexes and their fusion say."""
    keyword = _column(each.fused.found_by.get("keyword", 0.0) for each in candidates)
    vector = _column(each.fused.found_by.get("vector", 0.0) for each in candidates)
    best: dict[str, float] = defaultdict(float)
    for each, near in zip(candidates, vector, strict=True):
        best[each.document.id] = max(best[each.document.id], float(near))
    return {
        "fused": _column(each.fused.score for each in candidates),
        "keyword": keyword / max(float(keyword.max(initial=0.0)), 1e-6),
        "keyword_rank": _ranks(keyword),
        "vector": vector,
        "vector_share": vector / max(float(vector.max(initial=0.0)), 1e-6),
        "vector_rank": _ranks(vector),
        "document": _column(best[each.document.id] for each in candidates),
    }


def _said(query: Query, candidates: Sequence[Candidate], texts: Sequence[str]) -> Mapping[str, Column]:
    """How much of the question stands in the passage and over it, and whether it holds what such a question asks for."""
    kinds = kinds_of(query.text)
    bigrams = _bigrams(query.text)
    headings = [each.heading for each in candidates]
    over = {heading: covered(query, normalize(heading)) for heading in set(headings)}
    return {
        "coverage": _column(covered(query, text) for text in texts),
        "heading": _column(over[heading] for heading in headings),
        "bigrams": _column(sum(b in text for b in bigrams) / max(len(bigrams), 1) for text in texts),
        "wanted": _column(any(k.wants.search(each.passage.text) for k in kinds) if kinds else 0.5 for each in candidates),
    }


def _near(query: Query, texts: Sequence[str], words: StaticEmbedder) -> Mapping[str, Column]:
    """Late interaction: for each word of the question its nearest word in the passage (after Khattab and Zaharia, SIGIR
    2020), weighted by the length of the question word's vector, which grows with what the word tells.
    """
    asked, weights = words.word_vectors(query.text)
    ids = words.word_ids(texts)
    known = np.unique(np.concatenate(ids)) if ids else np.zeros(0, dtype=np.int64)
    if not len(asked) or not len(known):
        return {"late": np.zeros(len(texts), dtype=np.float32)}
    similar = words.unit_vectors(known) @ asked.T
    rows = (similar[np.searchsorted(known, each)].max(axis=0) if len(each) else np.zeros(len(asked)) for each in ids)
    return {"late": _column(float(row @ weights / weights.sum()) for row in rows)}


def _kept(candidates: Sequence[Candidate]) -> Mapping[str, Column]:
    """What kind of text it is."""
    documents = [each.document for each in candidates]
    return {
        "length": np.log1p(_column(len(each.passage.text) for each in candidates)),
        "level": _column(_LEVELS.index(d.facts.level) if d.facts.level in _LEVELS else 0 for d in documents),
        "local": _column(d.facts.region != NATIONAL for d in documents),
        "digest": _column(bool(d.facts.sources) for d in documents),
        "practice": _column(_DIGEST.index(d.kind) + 1 if d.kind in _DIGEST else 0 for d in documents),
        "purpose": _column(_PURPOSE.search(each.passage.text) is not None for each in candidates),
    }


def _bigrams(text: str) -> frozenset[str]:
    joined = "".join(content_words(text))
    return frozenset(joined[at : at + _BIGRAM] for at in range(len(joined) - 1))


def _ranks(scores: Column) -> Column:
    """Rank of each score from 0, logarithmic; what an index did not find ranks lowest."""
    ranks = np.empty(len(scores), dtype=np.float32)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return np.log1p(np.where(scores > 0, ranks, _LOWEST_RANK)).astype(np.float32)


def _column(values: object) -> Column:
    return np.fromiter(values, dtype=np.float32)  # type: ignore[call-overload, no-any-return]


FEATURES = (
    "fused", "keyword", "keyword_rank", "vector", "vector_share", "vector_rank", "document",
    "coverage", "heading", "bigrams", "wanted", "late",
    "length", "level", "local", "digest", "practice", "purpose", "asked",
)  # fmt: skip
