"""The knowledge base: open it, take documents in, search it.

Search reads top-down: `search` → `Retriever.hybrid` (both indexes, filtered, fused) → `_ranked` (the best candidates, read
and put in order by the learned ranking) → `_hits` (passages from the catalog). What was asked before and judged goes first.
`similar` compares whole cases (`kb/similar.py`).
Writing is `Writer.publish`: stage in the catalog, add to both indexes, then make visible in one transaction. Whatever a
killed writer left behind is staged or retired in the catalog and is purged by the next one.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from kb.asked_before import AskedBefore
from kb.catalog import Catalog, DocumentSummary, SourceRecord, facts_to_json
from kb.chinese import DICTIONARY_HASH, parse_numeral
from kb.embedder import Embedder, StaticEmbedder, embedder_for
from kb.errors import IndexOutdated, StoreBusy, StoreError
from kb.features import Candidate
from kb.fusion import Fused, in_front, reordered
from kb.keyword_index import KeywordIndex
from kb.models import NATIONAL, Asker, Document, Facts, Hit, Kind, Passage, Status
from kb.places import points_at
from kb.query import Query
from kb.questions import Review, SiteQuestion, SiteQuestions
from kb.ranking import RANKED, builtin_trees, in_order
from kb.reranker import Reranker, reranker_for
from kb.retrieval import Retriever
from kb.settings import Settings
from kb.similar import Likeness, SimilarCases
from kb.validity import Term, terms
from kb.vector_index import ChromaVectorIndex, Mask
from kb.view import SIDE_KINDS, View
from kb.writer import Writer, embedding_text

_LEFT_OUT = 3
_SIDE_HITS = 4
_NAMED = 8  # passages of the texts a question names that come before all others
_ARTICLE_LABEL = re.compile(r"第[零〇一二三四五六七八九十百千两]+条")
_NO_WORD = re.compile(r"[\W_]+")
_LOCK_SECONDS = 5.0
_NEARLY_FULL = 32_000_000  # bytes free below which a failed write is put down to the disk


def document_id(kind: Kind, facts: Facts, text: str) -> str:
    """Id of a document: from what it says, not from where it lay."""
    content = "\x00".join((kind, facts_to_json(facts), text))
    return hashlib.sha256(content.encode()).hexdigest()[:20]


def passage_id(owner: str, start: int, end: int) -> str:
    """Id of a passage: from its document and place."""
    return hashlib.sha256(f"{owner}:{start}:{end}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SearchResult:
    """What was found: `hits` hold for the asker; `left_out` matched as well but are invalid or of another region.

    `by_kind` holds the best training units and cases, which among many laws would not reach `hits`. `asker` is who asked,
    in the region that the question speaks of. `judged` are those of `hits` that a person has judged to answer a question
    very like this one.
    """

    hits: tuple[Hit, ...]
    left_out: tuple[Hit, ...]
    by_kind: Mapping[Kind, tuple[Hit, ...]]
    query: Query
    asker: Asker
    judged: tuple[Hit, ...] = ()


class KnowledgeBase:
    """Documents with search over them, in one data folder. Safe to share between threads."""

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        *,
        reranker: Reranker | None = None,
        rerank_depth: int = 30,
    ) -> None:
        """Open the data folder, creating it if needed. Raises StoreError when it can not be used."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"数据文件夹 {folder} 无法创建（{error.strerror}）。请检查路径、权限和磁盘空间。") from error
        self._folder, self._embedder = folder, embedder
        self._reranker, self._rerank_depth = reranker, rerank_depth
        self._catalog = Catalog.in_folder(folder)
        self._questions = SiteQuestions(self._catalog, embedder)
        self._lock = FileLock(folder / "write.lock")
        self._loading = threading.Lock()
        self._view: View | None = None
        self._similar: tuple[int, SimilarCases] | None = None  # with the generation it was made for

    @classmethod
    def open(cls, settings: Settings) -> KnowledgeBase:
        """The knowledge base of the settings."""
        embedder, reranker = embedder_for(settings), reranker_for(settings)
        return cls(settings.data_folder, embedder, reranker=reranker, rerank_depth=settings.reranking.depth)

    @property
    def embedder(self) -> Embedder:
        """The model that passages and questions are embedded with."""
        return self._embedder

    @property
    def questions(self) -> SiteQuestions:
        """The site's own questions."""
        return self._questions

    def close(self) -> None:
        """Give back the database connections."""
        self._catalog.close()

    # --- searching ----------------------------------------------------------------------------------------------

    def search(self, question: str, asker: Asker, limit: int = 10) -> SearchResult:
        """The passages that fit `question` best and hold for the asker. Raises IndexOutdated when a reindex is due."""
        view, retriever = self._searchable()
        query, asker = retriever.query(question), view.meant(question, asker)
        spoken_of = view.spoken_of(question, asker)
        masks = [*view.masks(asker), *([spoken_of] if spoken_of else [])]
        main, left_out, *others = retriever.hybrid(query, masks)
        asked = self._asked_before(query, view, masks[0])
        main = self._reranked(question, view, self._ranked(query, view, asked.among(main)))
        if spoken_of:
            main = in_front(self._ranked(query, view, others.pop())[:_NAMED], main)
        main = asked.first(main)
        hits = tuple(_distinct(self._hits(view, main[: 2 * limit], asker.day))[:limit])
        found = [tuple(self._hits(view, ranked[:_SIDE_HITS], asker.day)) for ranked in others]
        return SearchResult(
            hits,
            tuple(self._hits(view, left_out[:_LEFT_OUT], asker.day)),
            dict(zip(SIDE_KINDS, found, strict=True)),
            query,
            asker,
            tuple(hit for hit in hits[: len(asked.judged)] if "question" in hit.found_by),
        )

    def similar(self, situation: str, asker: Asker, limit: int = 5) -> tuple[Hit, ...]:
        """The cases most like a described situation, best first: one hit per case, with the passage that says most of it.

        `found_by` holds what the shared words and the likely labels give. Cases that share nothing are left out.
        """
        view = self._current_view()
        cases, shown = self._similar_cases(view), view.cases(asker)
        likeness = cases.likeness(situation)
        total = likeness.total
        best = [int(at) for at in np.argsort(-total, kind="stable") if total[at] > 0 and cases.ids[at] in shown]
        return tuple(self._similar_hit(view, cases, likeness, at, asker.day) for at in best[:limit])

    def candidates(self, question: str, asker: Asker) -> tuple[Query, list[Candidate]]:
        """What the learned ranking reads for a question, in the order of fusion. Raises IndexOutdated."""
        view, retriever = self._searchable()
        query, asker = retriever.query(question), view.meant(question, asker)
        return query, self._candidates(view, retriever.hybrid(query, view.masks(asker)[:1])[0])

    def similarity(self, question: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """How near each text is to the question: inner product of unit vectors, shape (len(texts),)."""
        return self._embedder.embed(texts) @ self._embedder.embed_question(question)

    def _searchable(self) -> tuple[View, Retriever]:
        if self.is_stale():
            raise IndexOutdated(_OUTDATED)
        view = self._current_view()
        if view.retriever is None:
            raise IndexOutdated(_LOST)
        return view, view.retriever

    def _asked_before(self, query: Query, view: View, holds: Mask) -> AskedBefore:
        """The passages that the site's own questions point at for a question like theirs; nothing where it has none."""
        adopted: dict[int, float] = {}
        waiting: dict[int, float] = {}
        for question, similarity in self._questions.near(query.vector):
            chosen = adopted if question.state is Review.ADOPTED else waiting
            for key in self._keys_at(view, question, holds):
                chosen.setdefault(key, similarity)
        return AskedBefore(adopted, {key: near for key, near in waiting.items() if key not in adopted})

    def _keys_at(self, view: View, question: SiteQuestion, holds: Mask) -> list[int]:
        """The keys of the passages at the place of a question that hold for the asker."""
        owners = view.by_title.get(question.title, ())
        keys = np.array([key for owner in owners for key in self._catalog.keys_of(owner)], dtype=np.int64)
        passages = self._catalog.passages(keys[holds(keys)].tolist())
        return [key for key, passage in sorted(passages.items()) if points_at(question.place, passage)]

    def _candidates(self, view: View, ranked: Sequence[Fused], depth: int = RANKED) -> list[Candidate]:
        passages = self._catalog.passages([each.key for each in ranked[:depth]])
        return [
            Candidate(each, passages[each.key], view.summaries[view.owner[each.key]].bare())
            for each in ranked[:depth]
            if each.key in passages
        ]

    def _ranked(self, query: Query, view: View, ranked: list[Fused]) -> list[Fused]:
        """The best candidates as the learned ranking orders them, then the others as they were."""
        if not isinstance(self._embedder, StaticEmbedder):
            return ranked  # the trees know the scores of such models alone
        candidates = self._candidates(view, ranked)
        return [*in_order(query, candidates, builtin_trees(), self._embedder), *ranked[RANKED:]] if candidates else ranked

    def _reranked(self, question: str, view: View, ranked: list[Fused]) -> list[Fused]:
        """The best few candidates as the site's re-ranker orders them, then the others as they were."""
        if self._reranker is None:
            return ranked
        candidates = self._candidates(view, ranked, self._rerank_depth)
        texts = [embedding_text(each.document.title, each.passage) for each in candidates]
        scores = self._reranker.scores(question, texts)
        return [*reordered([each.fused for each in candidates], scores, "reranker"), *ranked[self._rerank_depth :]]

    def _hits(self, view: View, ranked: Sequence[Fused], day: date) -> Iterator[Hit]:
        passages = self._catalog.passages([each.key for each in ranked])
        for each in ranked:
            if each.key in passages:
                document = view.summaries[view.owner[each.key]].bare()
                status = view.terms[document.id].status(day)
                yield Hit(passages[each.key], document, status, each.score, each.found_by)

    def _similar_cases(self, view: View) -> SimilarCases:
        """The cases of this generation, counted when first asked for."""
        with self._loading:
            if self._similar is None or self._similar[0] != view.generation:
                found = (self._catalog.document(each.id) for each in view.summaries if each.kind == "case")
                self._similar = view.generation, SimilarCases(case for case in found if case)
            return self._similar[1]

    def _similar_hit(self, view: View, cases: SimilarCases, likeness: Likeness, at: int, day: date) -> Hit:
        owner = cases.ids[at]
        passages = self._catalog.passages_of(owner)
        said = max(passages, key=lambda passage: likeness.said(passage.text))
        found_by = {"words": float(likeness.words[at]), "labels": float(likeness.labels[at])}
        document = view.summaries[view.by_id[owner]].bare()
        return Hit(said, document, view.terms[owner].status(day), float(likeness.total[at]), found_by)

    # --- reading ------------------------------------------------------------------------------------------------

    def summaries(self) -> list[DocumentSummary]:
        """All documents without their text."""
        return list(self._current_view().summaries)

    def generation(self) -> int:
        """Grows with every visible change of the documents."""
        return self._catalog.generation()

    def newest_passage(self) -> int:
        """The key of the passage taken in last; 0 where there is none. A later one has a greater key."""
        return len(self._current_view().owner) - 1

    def summaries_since(self, passage_key: int) -> list[DocumentSummary]:
        """The documents taken in after a passage, newest first; all of them after 0."""
        view = self._current_view()
        owners = np.unique(view.owner[passage_key + 1 :])
        return [view.summaries[owner] for owner in reversed(owners.tolist()) if owner >= 0]

    def document(self, wanted: str) -> Document | None:
        """A document with its text, or None."""
        return self._catalog.document(wanted)

    def passages(self, owner: str) -> tuple[Passage, ...]:
        """The passages of a document in reading order."""
        return self._catalog.passages_of(owner)

    def article(self, title: str, label: str, asker: Asker) -> tuple[Hit, ...]:
        """The passages of article `label` (第九条, 第一百二十条之一) in the text of that title that holds for the asker.

        Of several texts the one in force latest; none where the title or the article is not held.
        """
        view = self._current_view()
        exact = re.compile(rf"(?:^|[^第]){label}(?!之)|^{label}(?!之)")
        for summary in view.named(title, asker):
            found = [p for p in self._catalog.passages_located(summary.id, label) if exact.search(p.locator)]
            if found:
                status = view.terms[summary.id].status(asker.day)
                return tuple(Hit(passage, summary.bare(), status, 0.0, {}) for passage in found)
        return ()

    def documents_by_title(self) -> Mapping[str, Sequence[str]]:
        """The ids of the documents of every canonical title, with and without the part that a file holds."""
        return self._current_view().by_title

    def titles(self) -> frozenset[str]:
        """The canonical titles of all laws and notices held, in force or not."""
        return self._current_view().titles

    def numbers(self) -> Collection[str]:
        """The document numbers (发文字号) of all texts held."""
        return self._current_view().numbers.keys()

    def last_article(self, title: str, asker: Asker) -> str:
        """The label of the last article of the text of that title that holds for the asker; empty if it has none."""
        view = self._current_view()
        labels = (
            found.group()
            for summary in view.named(title, asker)
            for passage in self._catalog.passages_of(summary.id)
            if (found := _ARTICLE_LABEL.search(passage.locator))
        )
        return max(labels, key=lambda label: parse_numeral(label[1:-1]) or 0, default="")

    def status(self, owner: str, day: date) -> Status:
        """The status of a document on `day`."""
        return self._current_view().terms[owner].status(day)

    def term(self, owner: str) -> Term:
        """From when and until when a document holds."""
        return self._current_view().terms[owner]

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
            folder = self._index_folder()
            self._remove_other_indexes(folder.name)
            writer = Writer(self._catalog, self._embedder, folder)
            try:
                writer.purge()
                yield writer
            finally:
                writer.close()

    def remove(self, sources: Sequence[str]) -> None:
        """Forget these sources; documents that no other source names are erased. Raises StoreBusy, IndexOutdated."""
        with self.writing() as writer:
            writer.publish([], [], sources)

    def reindex(self, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
        """Rebuild both indexes from the catalog, aside, then switch to them at once. Returns the number of passages.

        `progress(done, total)` is called as passages are indexed. Vectors of the same model are taken over, not made
        again.
        """
        with self._locked():
            self._catalog.purge(self._catalog.leftovers())
            old = self._catalog.value("index_folder")
            name = f"index-{secrets.token_hex(4)}"
            try:
                count = self._build(name, old, progress)
                self._questions.embed_again()
            except Exception:
                shutil.rmtree(self._folder / name, ignore_errors=True)
                raise
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
            for batch in _batches(summaries, 4000 if kept else 200):  # a large model takes minutes for thousands
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
        except (StoreError, OSError) as error:
            if isinstance(error, StoreBusy) or shutil.disk_usage(self._folder).free > _NEARLY_FULL:
                raise
            raise StoreError("磁盘已满，改动没有写完，原有资料不受影响。请腾出空间后再试一次。") from error
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

    def _current_view(self) -> View:
        view, generation = self._view, self._catalog.generation()
        if view is not None and view.generation == generation:
            return view
        with self._loading:
            if self._view is None or self._view.generation != generation:
                self._view = self._load_view()
            return self._view

    def _load_view(self) -> View:
        """What is published now; read again when something was published or rebuilt meanwhile."""
        while True:
            generation = self._catalog.generation()
            summaries = tuple(self._catalog.summaries())
            by_id = {summary.id: position for position, summary in enumerate(summaries)}
            keys = self._catalog.published_keys()
            retriever = self._retriever([key for key, _ in keys])
            if self._catalog.generation() == generation:
                held = terms(summary.bare() for summary in summaries)
                return View(generation, summaries, by_id, held, _owners(keys, by_id), retriever)

    def _retriever(self, published: Sequence[int]) -> Retriever | None:
        """A retriever over the indexes in use; None where they do not hold every published passage."""
        folder = self._folder / (self._catalog.value("index_folder") or "index-none")
        if published and not folder.exists():
            return None
        try:
            keyword = KeywordIndex(folder / "keyword")
            vector = ChromaVectorIndex(folder / "vectors", self._embedder.dimension)
        except (StoreError, OSError):
            return None
        complete = len(keyword) >= len(published) and bool(np.isin(published, vector.keys).all())
        return Retriever(keyword, vector, self._embedder) if complete else None


_OUTDATED = "向量模型或词典已更换，索引还是旧的。请先运行 shegong reindex 重建索引（原文和设置都不受影响），再来查询。"

_LOST = "索引缺失或已损坏。请先运行 shegong reindex 重建索引（原文和设置都不受影响），再来查询。"


def _distinct(hits: Iterable[Hit]) -> list[Hit]:
    """One hit of those with the same words, in the place of the best: the copy that is known to be in force, else that."""
    kept: dict[str, Hit] = {}
    for hit in hits:
        words = _NO_WORD.sub("", hit.passage.text)
        first = kept.setdefault(words, hit)
        if first.status is Status.UNCHECKED and hit.status is Status.IN_FORCE:
            kept[words] = replace(hit, score=first.score, found_by=first.found_by)
    return list(kept.values())


def _owners(keys: Sequence[tuple[int, str]], by_id: Mapping[str, int]) -> npt.NDArray[np.int32]:
    owner = np.full(max((key for key, _ in keys), default=0) + 1, -1, dtype=np.int32)
    for key, owner_id in keys:
        owner[key] = by_id.get(owner_id, -1)
    return owner


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
