"""The keyword index: BM25 over segmented words in tantivy. Derived from the catalog; the only file that knows tantivy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tantivy

from kb.errors import StoreError

FIELD_WEIGHTS: Mapping[str, float] = {"text": 1.0, "headings": 0.6, "title": 0.5}
_WRITER_BYTES = 128_000_000


@dataclass(frozen=True)
class KeywordEntry:
    """The words of one passage by field; `key` is the passage key of the catalog."""

    key: int
    document_id: str
    title: Sequence[str]
    headings: Sequence[str]
    text: Sequence[str]


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("key", stored=True, indexed=True, fast=True)
    builder.add_text_field("document_id", tokenizer_name="raw", index_option="basic")
    for field in FIELD_WEIGHTS:
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    return builder.build()


def _document(entry: KeywordEntry) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned("key", entry.key)
    document.add_text("document_id", entry.document_id)
    for field in FIELD_WEIGHTS:
        document.add_text(field, " ".join(getattr(entry, field)))
    return document


class KeywordIndex:
    """Words of passages → passage keys with BM25 scores."""

    def __init__(self, folder: Path) -> None:
        """Open the index in `folder`, creating it if there is none. Raises StoreError when it can not be opened."""
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._index = tantivy.Index(_schema(), path=str(folder))
        except (ValueError, OSError) as error:
            raise StoreError("关键词索引无法打开，可能已损坏。请运行 shegong reindex 重建（原文不受影响）。") from error
        self._index.config_reader("manual")
        self._writer: tantivy.IndexWriter | None = None

    def __len__(self) -> int:
        """Number of passages."""
        return int(self._index.searcher().num_docs)

    def add(self, entries: Iterable[KeywordEntry]) -> None:
        """Add passages; visible after `commit`."""
        writer = self._open_writer()
        for entry in entries:
            with self._write_errors():
                writer.add_document(_document(entry))

    def remove(self, document_ids: Iterable[str]) -> None:
        """Remove all passages of documents; gone after `commit`."""
        writer = self._open_writer()
        for document_id in document_ids:
            with self._write_errors():
                writer.delete_documents_by_term("document_id", document_id)

    def commit(self) -> None:
        """Write what was added and removed to disk, whole or not at all. Raises StoreError, e.g. on a full disk."""
        writer = self._open_writer()
        with self._write_errors():
            writer.commit()
            self._index.reload()

    def close(self) -> None:
        """Give back the writer's lock."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with self._write_errors():
                writer.wait_merging_threads()

    def reload(self) -> None:
        """See what another process has committed."""
        self._index.reload()

    def search(self, words: Mapping[str, float], limit: int) -> list[tuple[int, float]]:
        """The best `limit` (key, score) for weighted words, best first. The score is a sum of BM25 over the fields."""
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(self._term(field, word), weight * field_weight))
            for word, weight in words.items()
            for field, field_weight in FIELD_WEIGHTS.items()
        ]
        if not clauses:
            return []
        searcher = self._index.searcher()
        found = searcher.search(tantivy.Query.boolean_query(clauses), limit, count=False).hits
        keys = searcher.fast_field_values("key", [address for _, address in found])
        return list(zip(keys, (score for score, _ in found), strict=True))

    def rarity(self, word: str) -> float:
        """The word's inverse document frequency in passage texts, as BM25 takes it (Robertson & Zaragoza 2009, eq. 3.3)."""
        searcher = self._index.searcher()
        frequency = searcher.doc_freq("text", word)
        return math.log(1 + (searcher.num_docs - frequency + 0.5) / (frequency + 0.5))

    @contextmanager
    def _write_errors(self) -> Iterator[None]:
        """A writer that failed once is of no more use (tantivy ends its thread): the next call opens another."""
        try:
            yield
        except (ValueError, OSError) as error:
            self._writer = None
            raise StoreError(
                f"关键词索引写入失败（{error}）。请检查磁盘空间再试一次；仍不行就运行 shegong reindex 重建索引，原文不受影响。"
            ) from error

    def _term(self, field: str, word: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._index.schema, field, word, "freq")

    def _open_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            try:
                self._writer = self._index.writer(_WRITER_BYTES, 1)
                self._writer.garbage_collect_files()  # a killed commit leaves files whose names the next one needs
            except (ValueError, OSError) as error:
                raise StoreError(f"关键词索引无法写入（{error}）。请检查磁盘空间和文件夹权限。") from error
        return self._writer
