"""The knowledge base: open it, take documents in, search it.

Search reads top-down: `search` → `_candidates` (both indexes, fused) → `_hits` (passages from the catalog).
Writing is `publish`: stage in the catalog, add to both indexes, then make visible in one transaction. Whatever a killed
writer left behind is staged or retired in the catalog and is purged by the next one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from kb.catalog import Catalog, DocumentSummary, SourceRecord, facts_to_json
from kb.chinese import DICTIONARY_HASH, search_words
from kb.embedder import Embedder, embedder_for
from kb.errors import IndexOutdated, StoreBusy, StoreError
from kb.fusion import fuse
from kb.keyword_index import KeywordEntry, KeywordIndex
from kb.models import NATIONAL, Asker, Document, Facts, Hit, Kind, Passage, Status
from kb.settings import Settings
from kb.terms import expand
from kb.validity import Term, holds_in, terms
from kb.vector_index import ChromaVectorIndex, Keys, Matrix

CANDIDATES = 200
_LOCK_SECONDS = 5.0


def document_id(kind: Kind, facts: Facts, text: str) -> str:
    """Id of a document: from what it says, not from where it lay."""
    content = "\x00".join((kind, facts_to_json(facts), text))
    return hashlib.sha256(content.encode()).hexdigest()[:20]


def passage_id(owner: str, start: int, end: int) -> str:
    """Id of a passage: from its document and place."""
    return hashlib.sha256(f"{owner}:{start}:{end}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SearchResult:
    """What was found: `hits` hold for the asker; `left_out` matched as well but are invalid or of another region."""

    hits: tuple[Hit, ...]
    left_out: tuple[Hit, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class _View:
    """What a reader sees of one generation."""

    generation: int
    summaries: tuple[DocumentSummary, ...]
    by_id: Mapping[str, int]
    terms: Mapping[str, Term]
    owner: npt.NDArray[np.int32]  # passage key → position in summaries, -1 where not published
    keyword: KeywordIndex
    vector: ChromaVectorIndex


class KnowledgeBase:
    """Documents with search over them, in one data folder. Safe to share between threads."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        """Open the data folder, creating it if needed. Raises StoreError when it can not be used."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"数据文件夹 {folder} 无法创建（{error.strerror}）。请检查路径、权限和磁盘空间。") from error
        self._folder, self._embedder = folder, embedder
        self._catalog = Catalog.in_folder(folder)
        self._lock = FileLock(folder / "write.lock")
        self._loading = threading.Lock()
        self._view: _View | None = None

    @classmethod
    def open(cls, settings: Settings) -> KnowledgeBase:
        """The knowledge base of the settings."""
        return cls(settings.data_folder, embedder_for(settings.embedding.model))

    def close(self) -> None:
        """Give back the database connections."""
        self._catalog.close()

    # --- searching ----------------------------------------------------------------------------------------------

    def search(self, question: str, asker: Asker, limit: int = 10) -> SearchResult:
        """The passages that fit `question` best and hold for the asker. Raises IndexOutdated when a reindex is due."""
        view = self._current_view()
        query_words = expand(search_words(question), question)
        allowed = self._allowed(view, asker)
        ranked = self._candidates(view, question, query_words, allowed)
        left_out = self._candidates(view, question, query_words, self._left_out(view, asker, allowed))
        return SearchResult(
            tuple(self._hits(view, ranked[:limit], asker.day)),
            tuple(self._hits(view, left_out[:3], asker.day)),
            tuple(query_words),
        )

    def _candidates(
        self, view: _View, question: str, query_words: Mapping[str, float], allowed: npt.NDArray[np.bool_]
    ) -> list[tuple[int, float, Mapping[str, float]]]:
        if not allowed.any():
            return []
        mask = self._mask(view, allowed)
        keyword = _filtered_keyword_search(view.keyword, query_words, mask)
        vector = view.vector.search(self._embedder.embed_question(question), CANDIDATES, mask)
        return fuse(keyword, vector)

    def _hits(
        self, view: _View, ranked: Sequence[tuple[int, float, Mapping[str, float]]], day: date
    ) -> Iterator[Hit]:
        passages = self._catalog.passages([key for key, _, _ in ranked])
        for key, score, found_by in ranked:
            if key in passages:
                document = view.summaries[view.owner[key]].bare()
                yield Hit(passages[key], document, view.terms[document.id].status(day), score, found_by)

    @staticmethod
    def _allowed(view: _View, asker: Asker) -> npt.NDArray[np.bool_]:
        def fits(summary: DocumentSummary) -> bool:
            if asker.kinds and summary.kind not in asker.kinds:
                return False
            in_force = view.terms[summary.id].status(asker.day) in (Status.IN_FORCE, Status.UNCHECKED)
            return holds_in(summary.facts.region, asker.region) and (in_force or asker.include_invalid)

        return np.fromiter((fits(s) for s in view.summaries), dtype=bool, count=len(view.summaries))

    @staticmethod
    def _left_out(view: _View, asker: Asker, allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Documents of the asked kinds whose region fits but whose validity does not, or the other way round."""
        kinds = (not asker.kinds or s.kind in asker.kinds for s in view.summaries)
        return np.fromiter(kinds, dtype=bool, count=len(view.summaries)) & ~allowed

    @staticmethod
    def _mask(view: _View, allowed: npt.NDArray[np.bool_]) -> Callable[[Keys], npt.NDArray[np.bool_]]:
        table = np.append(allowed, False)  # owner -1 reads the last entry: not published
        per_key = table[view.owner]

        def mask(keys: Keys) -> npt.NDArray[np.bool_]:
            known = keys < len(per_key)
            return np.where(known, per_key[np.where(known, keys, 0)], False)

        return mask

    # --- reading ------------------------------------------------------------------------------------------------

    def summaries(self) -> list[DocumentSummary]:
        """All documents without their text."""
        return list(self._current_view(check_index=False).summaries)

    def document(self, wanted: str) -> Document | None:
        """A document with its text, or None."""
        return self._catalog.document(wanted)

    def passages(self, owner: str) -> tuple[Passage, ...]:
        """The passages of a document in reading order."""
        return self._catalog.passages_of(owner)

    def status(self, owner: str, day: date) -> Status:
        """The status of a document on `day`."""
        return self._current_view(check_index=False).terms[owner].status(day)

    def term(self, owner: str) -> Term:
        """From when and until when a document holds."""
        return self._current_view(check_index=False).terms[owner]

    def regions(self) -> list[str]:
        """The regions that have documents of their own, 全国 first."""
        found = {summary.facts.region for summary in self.summaries()} - {NATIONAL}
        return [NATIONAL, *sorted(found)]

    def sources(self) -> dict[str, SourceRecord]:
        """Every file taken in, by source."""
        return self._catalog.sources()

    def is_stale(self) -> bool:
        """Whether the indexes were made with another model or dictionary than now in use."""
        made_with = self._catalog.value("index_made_with")
        return bool(made_with) and made_with != self._made_with()

    # --- writing ------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """The one writer. Raises StoreBusy when another process writes, IndexOutdated when a reindex is due."""
        with self._locked():
            if self.is_stale():
                raise IndexOutdated(_OUTDATED)
            writer = Writer(self._catalog, self._embedder, self._index_folder())
            try:
                writer.purge()
                yield writer
            finally:
                writer.close()

    def reindex(self, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
        """Rebuild both indexes from the catalog, aside, then switch to them at once. Returns the number of passages.

        `progress(done, total)` is called as passages are indexed. Vectors of the same model are taken over, not made
        again.
        """
        with self._locked():
            self._catalog.purge(self._catalog.leftovers())
            old = self._catalog.value("index_folder")
            name = f"index-{secrets.token_hex(4)}"
            count = self._build(name, old, progress)
            self._catalog.set_values({"index_folder": name, "index_made_with": self._made_with()})
            self._remove_other_indexes(name)
            return count

    def _build(self, name: str, old: str, progress: Callable[[int, int], None]) -> int:
        writer = Writer(self._catalog, self._embedder, self._folder / name)
        same_model = json.loads(self._catalog.value("index_made_with", "{}")).get("model") == self._embedder.fingerprint
        kept = self._folder / old / "vectors" if old and same_model and (self._folder / old).exists() else None
        try:
            summaries = self._catalog.summaries()
            total, done = sum(summary.passage_count for summary in summaries), 0
            for batch in _batches(summaries, 4000):
                done += writer.index(batch, kept)
                progress(done, total)
            writer.commit()
            return done
        finally:
            writer.close()

    def _remove_other_indexes(self, current: str) -> None:
        for folder in self._folder.glob("index-*"):
            if folder.name != current:
                shutil.rmtree(folder, ignore_errors=True)  # on Windows a reader may still map it: the next time then

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._lock.acquire(timeout=_LOCK_SECONDS)
        except Timeout as error:
            raise StoreBusy("另一个程序正在写入知识库。请等它完成后再试一次。") from error
        except OSError as error:
            raise StoreError(f"数据文件夹不可写（{error.strerror}）。请检查权限和磁盘空间。") from error
        try:
            yield
        finally:
            self._lock.release()

    # --- inside -------------------------------------------------------------------------------------------------

    def _made_with(self) -> str:
        return json.dumps({"model": self._embedder.fingerprint, "dictionary": DICTIONARY_HASH}, sort_keys=True)

    def _index_folder(self) -> Path:
        """The index folder in use; named in the catalog at the first writing."""
        name = self._catalog.value("index_folder")
        if not name:
            name = f"index-{secrets.token_hex(4)}"
            self._catalog.set_values({"index_folder": name, "index_made_with": self._made_with()})
        return self._folder / name

    def _current_view(self, *, check_index: bool = True) -> _View:
        if check_index and self.is_stale():
            raise IndexOutdated(_OUTDATED)
        view, generation = self._view, self._catalog.generation()
        if view is not None and view.generation == generation:
            return view
        with self._loading:
            if self._view is None or self._view.generation != generation:
                self._view = self._load_view(generation)
            return self._view

    def _load_view(self, generation: int) -> _View:
        summaries = tuple(self._catalog.summaries())
        by_id = {summary.id: position for position, summary in enumerate(summaries)}
        keys = self._catalog.published_keys()
        owner = np.full(max((key for key, _ in keys), default=0) + 1, -1, dtype=np.int32)
        for key, owner_id in keys:
            owner[key] = by_id.get(owner_id, -1)
        folder = self._folder / (self._catalog.value("index_folder") or "index-none")
        return _View(
            generation,
            summaries,
            by_id,
            terms(summary.bare() for summary in summaries),
            owner,
            KeywordIndex(folder / "keyword"),
            ChromaVectorIndex(folder / "vectors", self._embedder.dimension),
        )


_OUTDATED = "向量模型或词典已更换，索引还是旧的。请先运行 shegong reindex 重建索引（原文和设置都不受影响），再来查询。"


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
        self._keyword.close()
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


def _filtered_keyword_search(
    index: KeywordIndex, words: Mapping[str, float], mask: Callable[[Keys], npt.NDArray[np.bool_]]
) -> list[tuple[int, float]]:
    """The best allowed passages: fetch more until enough are allowed or there are no more."""
    limit = CANDIDATES
    while True:
        limit *= 3
        found = index.search(words, limit)
        allowed = mask(np.fromiter((key for key, _ in found), dtype=np.int64, count=len(found)))
        kept = [hit for hit, fits in zip(found, allowed, strict=True) if fits]
        if len(kept) >= CANDIDATES or len(found) < limit or limit > 20_000:
            return kept[:CANDIDATES]


def _batches(summaries: Iterable[DocumentSummary], passages: int) -> Iterator[list[DocumentSummary]]:
    """Summaries in groups of about so many passages."""
    batch: list[DocumentSummary] = []
    for summary in summaries:
        batch.append(summary)
        if sum(each.passage_count for each in batch) >= passages:
            yield batch
            batch = []
    if batch:
        yield batch
