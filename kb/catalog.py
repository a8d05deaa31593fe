"""The catalog: documents and passages in SQLite, the only source of truth.

A document is staged (written, not yet visible), published, or retired (replaced or removed, to be purged from the
indexes). `publish` is the one moment at which a change becomes visible: one transaction, complete or absent. The text
of a document is kept once, in its passages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from kb.errors import StoreBusy, StoreError
from kb.models import Document, Facts, Kind, Passage

_metadata = sa.MetaData()
_documents = sa.Table(
    "documents",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False, index=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("page_starts", sa.Text, nullable=False),
    sa.Column("passage_count", sa.Integer, nullable=False),
)
_passages = sa.Table(
    "passages",
    _metadata,
    sa.Column("key", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("document_id", sa.String, sa.ForeignKey("documents.id"), nullable=False, index=True),
    sa.Column("id", sa.String, nullable=False, index=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("headings", sa.Text, nullable=False),
    sa.Column("locator", sa.String, nullable=False),
    sa.Column("page", sa.Integer),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("end", sa.Integer, nullable=False),
    sqlite_autoincrement=True,  # a key is never used again: a stale index entry can not point at another passage
)
_sources = sa.Table(
    "sources",
    _metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("file_hash", sa.String, nullable=False),
    sa.Column("document_id", sa.String, nullable=False, index=True),
)
_meta = sa.Table(
    "meta", _metadata, sa.Column("name", sa.String, primary_key=True), sa.Column("value", sa.Text, nullable=False)
)

STAGED, PUBLISHED, RETIRED = "staged", "published", "retired"
_WAIT_SECONDS = 30.0  # for another connection that writes


@dataclass(frozen=True)
class DocumentSummary:
    """A document without its text, for lists and filters."""

    id: str
    kind: Kind
    facts: Facts
    source: str
    passage_count: int
    page_starts: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """Title as cited."""
        return self.bare().title

    def bare(self) -> Document:
        """The document without its text, as a Hit carries it."""
        return Document(self.id, self.kind, self.facts, "", self.source, self.page_starts)


@dataclass(frozen=True)
class SourceRecord:
    """A file that was taken in: its content hash and the document it gave."""

    source: str
    file_hash: str
    document_id: str


class Catalog:
    """Documents, passages, sources and named values. One process writes at a time; any number read."""

    def __init__(self, url: str) -> None:
        """Open or create the database at the SQLAlchemy `url`. Raises StoreError if it can not be used."""
        self._engine = sa.create_engine(url, connect_args={"timeout": _WAIT_SECONDS} if url.startswith("sqlite") else {})
        if url.startswith("sqlite"):
            sa.event.listen(self._engine, "connect", _set_pragmas)
        with _store_errors():
            _metadata.create_all(self._engine)

    @classmethod
    def in_folder(cls, folder: Path) -> Catalog:
        """The SQLite catalog of a data folder."""
        return cls(f"sqlite:///{folder / 'catalog.sqlite3'}")

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    # --- named values -------------------------------------------------------------------------------------------

    def value(self, name: str, default: str = "") -> str:
        """The value kept under `name`."""
        with self.reading() as connection:
            found = connection.execute(sa.select(_meta.c.value).where(_meta.c.name == name)).scalar()
        return default if found is None else str(found)

    def set_values(self, values: Mapping[str, str]) -> None:
        """Keep several named values at once and start a new generation, which open readers notice."""
        with self.writing() as connection:
            for name, value in values.items():
                set_value(connection, name, value)
            _next_generation(connection)

    def generation(self) -> int:
        """Grows with every visible change; a reader that saw an older one reloads."""
        return int(self.value("generation", "0"))

    # --- writing ------------------------------------------------------------------------------------------------

    def stage(self, entries: Sequence[tuple[Document, Sequence[Passage]]]) -> dict[str, list[int]]:
        """Write documents with their passages, not yet visible. Returns the keys of the passages by document id."""
        with self.writing() as connection:
            connection.execute(sa.insert(_documents), [_document_row(d, len(p)) for d, p in entries])
            rows = [_passage_row(passage) for _, passages in entries for passage in passages]
            connection.execute(sa.insert(_passages), rows)
            ids = [document.id for document, _ in entries]
            return {document_id: self._keys(connection, document_id) for document_id in ids}

    def publish(
        self, staged: Sequence[str], sources: Sequence[SourceRecord], dropped_sources: Sequence[str] = ()
    ) -> None:
        """Make the staged documents visible, point the sources at their documents, retire what no source names."""
        with self.writing() as connection:
            for chunk in _chunks(staged):
                connection.execute(
                    sa.update(_documents).where(_documents.c.id.in_(chunk)).values(state=PUBLISHED)
                )
            names = [record.source for record in sources] + list(dropped_sources)
            for chunk in _chunks(names):
                connection.execute(sa.delete(_sources).where(_sources.c.source.in_(chunk)))
            if sources:
                connection.execute(sa.insert(_sources), [asdict(record) for record in sources])
            _retire_orphans(connection)
            _next_generation(connection)

    def leftovers(self) -> dict[str, list[int]]:
        """Keys of the passages, by document id, of what is not published: staged by a killed writer, or retired."""
        with self.reading() as connection:
            query = sa.select(_documents.c.id).where(_documents.c.state != PUBLISHED)
            return {row: self._keys(connection, row) for row in connection.execute(query).scalars()}

    def purge(self, document_ids: Iterable[str]) -> None:
        """Delete documents that the indexes no longer hold."""
        with self.writing() as connection:
            for chunk in _chunks(list(document_ids)):
                connection.execute(sa.delete(_passages).where(_passages.c.document_id.in_(chunk)))
                connection.execute(sa.delete(_documents).where(_documents.c.id.in_(chunk)))

    # --- reading ------------------------------------------------------------------------------------------------

    def sources(self) -> dict[str, SourceRecord]:
        """Every file taken in, by source."""
        with self.reading() as connection:
            return {row.source: SourceRecord(*row) for row in connection.execute(sa.select(_sources))}

    def summaries(self) -> list[DocumentSummary]:
        """All published documents without their text, in order of taking in."""
        query = sa.select(_documents).where(_documents.c.state == PUBLISHED).order_by(sa.text("rowid"))
        with self.reading() as connection:
            return [_summary(row) for row in connection.execute(query)]

    def document(self, document_id: str) -> Document | None:
        """A published document with its text, or None."""
        query = sa.select(_documents).where(_documents.c.id == document_id, _documents.c.state == PUBLISHED)
        with self.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        text = "".join(passage.text for passage in self.passages_of(document_id))
        summary = _summary(row)
        return Document(summary.id, summary.kind, summary.facts, text, summary.source, summary.page_starts)

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """The passages of a document in reading order."""
        query = sa.select(_passages).where(_passages.c.document_id == document_id).order_by(_passages.c.start)
        with self.reading() as connection:
            return tuple(_passage(row) for row in connection.execute(query))

    def passages_located(self, document_id: str, label: str) -> tuple[Passage, ...]:
        """The passages of a document whose locator names `label` (第九条), in reading order."""
        query = (
            sa.select(_passages)
            .where(_passages.c.document_id == document_id, _passages.c.locator.contains(label, autoescape=True))
            .order_by(_passages.c.start)
        )
        with self.reading() as connection:
            return tuple(_passage(row) for row in connection.execute(query))

    def passages(self, keys: Sequence[int]) -> dict[int, Passage]:
        """The passages of `keys`, by key; a key that is gone is left out."""
        found: dict[int, Passage] = {}
        with self.reading() as connection:
            for chunk in _chunks(keys):
                query = sa.select(_passages).where(_passages.c.key.in_(chunk))
                found.update((row.key, _passage(row)) for row in connection.execute(query))
        return found

    def keys_of(self, document_id: str) -> list[int]:
        """The keys of a document's passages in reading order."""
        with self.reading() as connection:
            return self._keys(connection, document_id)

    def published_keys(self) -> list[tuple[int, str]]:
        """(passage key, document id) of all published passages."""
        query = (
            sa.select(_passages.c.key, _passages.c.document_id)
            .join(_documents, _documents.c.id == _passages.c.document_id)
            .where(_documents.c.state == PUBLISHED)
        )
        with self.reading() as connection:
            return [(key, document_id) for key, document_id in connection.execute(query).all()]

    # --- connections --------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for reading. Raises StoreBusy, StoreError."""
        with _store_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection whose changes are made together when the block ends, or not at all. Raises StoreBusy, StoreError."""
        with _store_errors(), self._engine.begin() as connection:
            yield connection

    # --- inside -------------------------------------------------------------------------------------------------

    @staticmethod
    def _keys(connection: sa.Connection, document_id: str) -> list[int]:
        query = sa.select(_passages.c.key).where(_passages.c.document_id == document_id).order_by(_passages.c.start)
        return list(connection.execute(query).scalars())


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if "locked" in str(error.orig):
            raise StoreBusy("知识库正被另一个程序写入。请等它完成后再试。") from error
        if "full" in str(error.orig):
            raise StoreError("磁盘已满，本次改动没有写入，原有资料不受影响。请腾出空间后再试一次。") from error
        raise StoreError(f"知识库的数据文件无法使用（{error.orig}）。请检查数据文件夹的权限和磁盘空间。") from error
    except IntegrityError:
        raise  # a bug of ours, not a damaged file
    except DatabaseError as error:
        raise StoreError(f"知识库的数据文件已损坏（{error.orig}）。请用备份恢复，或换一个数据文件夹重新收录。") from error


def _chunks(values: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    for at in range(0, len(values), size):
        yield values[at : at + size]


def set_value(connection: sa.Connection, name: str, value: str) -> None:
    """Keep a named value as part of a larger change; unlike `Catalog.set_values` it starts no new generation."""
    connection.execute(sa.delete(_meta).where(_meta.c.name == name))
    connection.execute(sa.insert(_meta).values(name=name, value=value))


def _next_generation(connection: sa.Connection) -> None:
    now = connection.execute(sa.select(_meta.c.value).where(_meta.c.name == "generation")).scalar()
    set_value(connection, "generation", str(int(now or 0) + 1))


def _retire_orphans(connection: sa.Connection) -> None:
    named = sa.select(_sources.c.document_id)
    orphans = _documents.c.state == PUBLISHED, _documents.c.id.not_in(named)
    connection.execute(sa.update(_documents).where(*orphans).values(state=RETIRED))


def _document_row(document: Document, passage_count: int) -> dict[str, Any]:
    return {
        "id": document.id,
        "state": STAGED,
        "kind": document.kind,
        "facts": facts_to_json(document.facts),
        "source": document.source,
        "page_starts": json.dumps(document.page_starts),
        "passage_count": passage_count,
    }


def _passage_row(passage: Passage) -> dict[str, Any]:
    return {
        "document_id": passage.document_id,
        "id": passage.id,
        "text": passage.text,
        "headings": json.dumps(passage.headings, ensure_ascii=False),
        "locator": passage.locator,
        "page": passage.page,
        "start": passage.start,
        "end": passage.end,
    }


def _summary(row: Any) -> DocumentSummary:
    pages = tuple(json.loads(row.page_starts))
    return DocumentSummary(row.id, row.kind, facts_from_json(row.facts), row.source, row.passage_count, pages)


def _passage(row: Any) -> Passage:
    headings = tuple(json.loads(row.headings))
    return Passage(row.id, row.document_id, row.text, headings, row.locator, row.page, row.start, row.end)


def facts_to_json(facts: Facts) -> str:
    """Facts as JSON with sorted keys (the same facts give the same text, which document ids rest on)."""
    return json.dumps(asdict(facts), ensure_ascii=False, sort_keys=True, default=date.isoformat)


_DATES = tuple(f.name for f in fields(Facts) if "date" in str(f.type))
_TUPLES = tuple(f.name for f in fields(Facts) if "tuple" in str(f.type))


def facts_from_json(text: str) -> Facts:
    """The inverse of `facts_to_json`."""
    values = json.loads(text)
    for name in _DATES:
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    for name in _TUPLES:
        values[name] = tuple(values[name])
    return Facts(**values)
