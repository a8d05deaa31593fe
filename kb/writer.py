"""The one writer: stages documents in the catalog, adds them to both indexes, then makes them visible."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kb.catalog import Catalog, DocumentSummary, SourceRecord
from kb.chinese import search_words
from kb.embedder import Embedder
from kb.errors import StoreError
from kb.keyword_index import KeywordEntry, KeywordIndex
from kb.models import Document, Passage
from kb.vector_index import ChromaVectorIndex, Matrix


class Writer:
    """Writes to the catalog and both indexes of one index folder; made by `KnowledgeBase.writing`."""

    def __init__(self, catalog: Catalog, embedder: Embedder, folder: Path) -> None:
        """Open the indexes in `folder` for writing."""
        self._catalog, self._embedder = catalog, embedder
        self._pending: list[tuple[int, str]] = []
        self._keyword = KeywordIndex(folder / "keyword")
        self._vector = ChromaVectorIndex(folder / "vectors", embedder.dimension)

    def publish(
        self,
        entries: Sequence[tuple[Document, Sequence[Passage]]],
        sources: Sequence[SourceRecord],
        dropped_sources: Sequence[str] = (),
    ) -> None:
        """Make documents visible, complete or not at all; what the sources held before is retired and purged."""
        staged = self._catalog.stage(entries) if entries else {}
        for document, passages in entries:
            self._index_one(document, passages, staged[document.id])
        if entries:
            self._flush_vectors()
            self._keyword.commit()
        self._catalog.publish(list(staged), sources, dropped_sources)
        self.purge()

    def purge(self) -> None:
        """Erase what is staged by a killed writer, or retired, from both indexes and the catalog."""
        leftovers = self._catalog.leftovers()
        if not leftovers:
            return
        self._keyword.remove(leftovers)
        self._keyword.commit()
        self._vector.remove([key for keys in leftovers.values() for key in keys])
        self._catalog.purge(leftovers)

    def index(self, batch: Sequence[DocumentSummary], kept_vectors: Path | None) -> int:
        """Index the passages of published documents again; returns how many."""
        count = 0
        for summary in batch:
            passages = self._catalog.passages_of(summary.id)
            self._index_one(summary.bare(), passages, self._catalog.keys_of(summary.id))
            count += len(passages)
        self._flush_vectors(kept_vectors)
        return count

    def commit(self) -> None:
        """Write the keyword index to disk."""
        self._keyword.commit()

    def close(self) -> None:
        """Give back locks and connections."""
        try:
            self._keyword.close()
        finally:
            self._vector.close()

    def _index_one(self, document: Document, passages: Sequence[Passage], keys: Sequence[int]) -> None:
        title = search_words(document.title)
        self._keyword.add(
            KeywordEntry(key, document.id, title, search_words(" ".join(p.headings)), search_words(p.text))
            for key, p in zip(keys, passages, strict=True)
        )
        self._pending.extend(
            (key, embedding_text(document.title, passage)) for key, passage in zip(keys, passages, strict=True)
        )

    def _flush_vectors(self, kept_vectors: Path | None = None) -> None:
        keys = [key for key, _ in self._pending]
        if keys:
            self._vector.add(keys, self._vectors(kept_vectors))
        self._pending.clear()

    def _vectors(self, kept_vectors: Path | None) -> Matrix:
        if kept_vectors is None:
            return self._embedder.embed([text for _, text in self._pending])
        kept = ChromaVectorIndex(kept_vectors, self._embedder.dimension)
        try:
            known = kept.vectors_of([key for key, _ in self._pending])
        except StoreError:  # lost or damaged: they are made again
            known = {}
        finally:
            kept.close()
        missing = [(key, text) for key, text in self._pending if key not in known]
        if missing:
            made = self._embedder.embed([text for _, text in missing])
            known.update(zip((key for key, _ in missing), made, strict=True))
        return np.stack([known[key] for key, _ in self._pending])


def embedding_text(title: str, passage: Passage) -> str:
    """What is embedded for a passage: its document's title, its headings and its text."""
    return " ".join((title, *passage.headings[-2:], passage.text))
