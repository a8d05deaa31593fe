"""The site's own questions: asked before, with the place that answers them, kept in the catalog in tables of their own.

A question points at its place by title and by article or words (`kb/places.py`), not by the id of a passage, so that it
survives a new taking in, an amendment and a rebuilt index. Where no text of that title is held it is dormant; it speaks
again once one is.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import sqlalchemy as sa

from kb.catalog import Catalog, set_value
from kb.embedder import Embedder, Matrix
from kb.errors import QuestionError
from kb.models import Passage
from kb.places import article_named, bare
from kb.validity import canonical_title

# With the built-in model, of 593 judged questions 17 had one of the project's 46,000 spoken questions this near, and all 17
# of those pointed at the right place; between 0.80 and 0.85 it was 18 of 21, between 0.75 and 0.80 41 of 55.
ALIKE = 0.85
LONGEST = 200  # characters of a question
_NEAREST = 5  # questions that may speak for their places at once
_PERSONAL = re.compile(r"\d(?:[\s-]?\d){6,}")  # a telephone, identity or bank number; hotlines are shorter
_VERSION = "questions_version"
_NEW_FROM = "questions_new_from"

_metadata = sa.MetaData()
_questions = sa.Table(
    "questions",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("bare", sa.String, nullable=False, index=True),  # letters and digits of the text, which duplicates share
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("origin", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("vector", sa.LargeBinary, nullable=False),
    sa.Column("vector_model", sa.String, nullable=False),
    sa.UniqueConstraint("bare", "title", "place"),
    sqlite_autoincrement=True,  # a number that somebody noted never comes to mean another question
)
_written_for = sa.Table("questions_written_for", _metadata, sa.Column("passage", sa.String, primary_key=True))


class Origin(StrEnum):
    """Who made a question; the value is the word a reader sees."""

    SITE = "站里"
    GENERATED = "自动生成"


class Review(StrEnum):
    """What a person has decided about a question; the value is the word a reader sees."""

    ADOPTED = "已采用"
    WAITING = "待审"
    REJECTED = "已弃用"


@dataclass(frozen=True)
class Draft:
    """A question to be kept, with the title and the place (article or words) that answer it."""

    text: str
    title: str
    place: str


@dataclass(frozen=True)
class SiteQuestion:
    """A question that is kept. `by` is the person who added it or the model that wrote it, on `day`."""

    id: int
    text: str
    title: str
    place: str
    origin: Origin
    state: Review
    day: date
    by: str


def personal_number(text: str) -> bool:
    """Whether a text holds what may be a telephone, identity or account number: seven digits or more."""
    return _PERSONAL.search(unicodedata.normalize("NFKC", text)) is not None


@dataclass(frozen=True)
class _Memory:
    """The questions that may speak, with their unit vectors, shape (len(questions), dimension)."""

    version: str
    questions: tuple[SiteQuestion, ...]
    vectors: Matrix


class SiteQuestions:
    """The questions of one knowledge base. Safe to share between threads; other processes see each change at once."""

    def __init__(self, catalog: Catalog, embedder: Embedder) -> None:
        """Keep them in `catalog`; a data folder from before there were questions gets their tables here."""
        self._catalog, self._embedder = catalog, embedder
        self._loading = threading.Lock()
        self._memory = _Memory("", (), np.zeros((0, embedder.dimension), dtype=np.float32))
        with catalog.writing() as connection:
            _metadata.create_all(connection)

    # --- asking -------------------------------------------------------------------------------------------------

    def near(self, vector: Matrix) -> list[tuple[SiteQuestion, float]]:
        """The kept questions very like the one asked (a unit vector), with their similarity, most alike first."""
        memory = self._current()
        if not memory.questions:
            return []
        scores = memory.vectors @ vector
        alike = np.flatnonzero(scores >= ALIKE)
        best = alike[np.argsort(-scores[alike], kind="stable")][:_NEAREST]
        return [(memory.questions[at], float(scores[at])) for at in best]

    def _current(self) -> _Memory:
        version = self._catalog.value(_VERSION)
        if version != self._memory.version:
            with self._loading:
                if version != self._memory.version:
                    self._memory = self._load(version)
        return self._memory

    def _load(self, version: str) -> _Memory:
        query = sa.select(_questions).where(_questions.c.state != Review.REJECTED).order_by(_questions.c.id)
        with self._catalog.reading() as connection:
            rows = connection.execute(query).all()
        vectors = np.zeros((len(rows), self._embedder.dimension), dtype=np.float32)
        for at, row in enumerate(rows):
            vectors[at] = self._kept_vector(row)
        return _Memory(version, tuple(_question(row) for row in rows), vectors)

    def _kept_vector(self, row: Any) -> Matrix:
        """The vector of a row; made again where another model made it, as before a rebuild came to its end."""
        if row.vector_model == self._embedder.fingerprint:
            return np.frombuffer(row.vector, dtype=np.float32)
        return self._embedder.embed_question(row.text)

    # --- reading ------------------------------------------------------------------------------------------------

    def all(self, *states: Review) -> list[SiteQuestion]:
        """The questions in these states, all of them where none is named, oldest first."""
        query = sa.select(_questions).order_by(_questions.c.id)
        if states:
            query = query.where(_questions.c.state.in_(states))
        with self._catalog.reading() as connection:
            return [_question(row) for row in connection.execute(query)]

    def held(self, draft: Draft) -> SiteQuestion | None:
        """The question that `add` would take a draft to repeat."""
        with self._catalog.reading() as connection:
            row = connection.execute(_same(_plain(draft), with_place=True)).first()
        return _question(row) if row else None

    def unwritten(self, titled: Iterable[tuple[str, Passage]]) -> list[tuple[str, Passage]]:
        """Those (title, passage) for which no model has written questions yet."""
        with self._catalog.reading() as connection:
            done = set(connection.execute(sa.select(_written_for.c.passage)).scalars())
        return [each for each in titled if _content(*each) not in done]

    # --- writing ------------------------------------------------------------------------------------------------

    def add(self, drafts: Iterable[Draft], by: str) -> list[SiteQuestion]:
        """Adopt what a person asked and judged; returns those that are new. Raises QuestionError, StoreError.

        A question that is held with the same place, whatever its state, is left as it is.
        """
        made = self._embedded(drafts)
        with self._changing() as connection:
            return [
                _insert(connection, draft, vector, Origin.SITE, by)
                for draft, vector in made
                if connection.execute(_same(draft, with_place=True)).first() is None
            ]

    def add_generated(
        self, drafts: Iterable[Draft], by: str, written_for: Iterable[tuple[str, Passage]]
    ) -> list[SiteQuestion]:
        """Keep what the model `by` wrote, to be reviewed, and remember the (title, passage) it was written for.

        Both are written at once, so that a run that is stopped goes on where it was. A question held already, rejected
        ones included, is left out.
        """
        made = self._embedded(drafts)
        with self._changing() as connection:
            for title, passage in written_for:
                _remember(connection, _content(title, passage))
            return [
                _insert(connection, draft, vector, Origin.GENERATED, by)
                for draft, vector in made
                if connection.execute(_same(draft, with_place=False)).first() is None
            ]

    def review(self, ids: Collection[int], state: Review) -> None:
        """Adopt or reject questions. Raises QuestionError, changing nothing, when one is not there."""
        with self._changing() as connection:
            _need(connection, ids)
            connection.execute(sa.update(_questions).where(_questions.c.id.in_(ids)).values(state=state))

    def remove(self, ids: Collection[int]) -> None:
        """Erase questions. Raises QuestionError, changing nothing, when one is not there."""
        with self._changing() as connection:
            _need(connection, ids)
            connection.execute(sa.delete(_questions).where(_questions.c.id.in_(ids)))

    def embed_again(self) -> None:
        """Make the vectors that another model made again with the one in use."""
        others = _questions.c.vector_model != self._embedder.fingerprint
        with self._catalog.reading() as connection:
            rows = connection.execute(sa.select(_questions.c.id, _questions.c.text).where(others)).all()
        made = [(row.id, self._vector(row.text)) for row in rows]
        with self._changing() as connection:
            for identity, vector in made:
                connection.execute(sa.update(_questions).where(_questions.c.id == identity).values(**vector))

    def new_from(self, newest: int) -> int:
        """The passage key above which passages are new: `newest` at the first call, and ever after what it was then."""
        kept = self._catalog.value(_NEW_FROM)
        if not kept:
            with self._catalog.writing() as connection:
                set_value(connection, _NEW_FROM, str(newest))
        return int(kept or newest)

    @contextmanager
    def _changing(self) -> Iterator[sa.Connection]:
        """A connection for one change, which all readers notice."""
        with self._catalog.writing() as connection:
            set_value(connection, _VERSION, secrets.token_hex(8))  # first, so that the lock is held before anything is read
            yield connection

    def _embedded(self, drafts: Iterable[Draft]) -> list[tuple[Draft, dict[str, Any]]]:
        """The drafts as they are kept, with their vectors: made before anything is locked, for a large model is slow."""
        checked = [_checked(draft) for draft in drafts]
        return [(draft, self._vector(draft.text)) for draft in checked]

    def _vector(self, text: str) -> dict[str, Any]:
        """Embedded the way a question is when it is asked: the same words then have similarity 1 with any model."""
        vector = np.asarray(self._embedder.embed_question(text), dtype=np.float32)
        return {"vector": vector.tobytes(), "vector_model": self._embedder.fingerprint}


def _insert(
    connection: sa.Connection, draft: Draft, vector: Mapping[str, Any], origin: Origin, by: str
) -> SiteQuestion:
    state = Review.ADOPTED if origin is Origin.SITE else Review.WAITING
    kept = SiteQuestion(0, draft.text, draft.title, draft.place, origin, state, date.today(), by)
    row = {**vars(kept), "bare": bare(draft.text), **vector}
    del row["id"]  # given by the database
    identity = connection.execute(sa.insert(_questions).values(row).returning(_questions.c.id)).scalar_one()
    return replace(kept, id=identity)


def fault_of(draft: Draft) -> str:
    """Why a draft can not be kept, for the person who wrote it; empty if it can."""
    text = draft.text.strip()
    if not bare(text) or not draft.place.strip():
        return "问题和它的出处（条号或原文片段）都要写。"
    if len(text) > LONGEST:
        return f"“{text[:20]}…”太长，问题最多 {LONGEST} 个字。"
    if personal_number(text):
        return f"“{text[:20]}…”里有像电话、身份证号的数字。请去掉能认出人的内容再试。"
    return ""


def _checked(draft: Draft) -> Draft:
    if fault := fault_of(draft):
        raise QuestionError(fault)
    return _plain(draft)


def _plain(draft: Draft) -> Draft:
    """The draft as it is kept: without needless spaces, with the canonical title, an article as laws write it."""
    text, place = " ".join(draft.text.split()), draft.place.strip()
    return replace(draft, text=text, title=canonical_title(draft.title), place=article_named(place) or place)


def _same(draft: Draft, *, with_place: bool) -> sa.Select[Any]:
    query = sa.select(_questions).where(_questions.c.bare == bare(draft.text))
    if with_place:
        query = query.where(_questions.c.title == draft.title, _questions.c.place == draft.place)
    return query.limit(1)


def _need(connection: sa.Connection, ids: Collection[int]) -> None:
    there = set(connection.execute(sa.select(_questions.c.id).where(_questions.c.id.in_(ids))).scalars())
    if missing := sorted(set(ids) - there):
        numbers = "、".join(map(str, missing))
        raise QuestionError(f"没有编号为 {numbers} 的问题，什么都没有改。请用 shegong questions list 查看编号。")


def _remember(connection: sa.Connection, passage: str) -> None:
    connection.execute(sa.delete(_written_for).where(_written_for.c.passage == passage))
    connection.execute(sa.insert(_written_for).values(passage=passage))


def _content(title: str, passage: Passage) -> str:
    """What a passage says, whatever document it stands in: an amended law is asked about only where it changed."""
    return hashlib.sha256(f"{canonical_title(title)}\x00{bare(passage.text)}".encode()).hexdigest()[:20]


def _question(row: Any) -> SiteQuestion:
    return SiteQuestion(row.id, row.text, row.title, row.place, Origin(row.origin), Review(row.state), row.day, row.by)
