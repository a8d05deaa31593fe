"""A judged collection in the product's own stores: catalog, keyword index and vector index, made by the one `Writer`.

Building takes minutes, so a built index is kept in a cache folder under a name that changes with whatever it was made
with: dictionary, model and the code that writes.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import kb.chinese
import kb.keyword_index
import kb.vector_index
import kb.writer
from eval.judgments import JudgedSet, JudgedText
from ingest import passages as cutting
from ingest.blocks import Block
from kb.catalog import Catalog, SourceRecord
from kb.embedder import Embedder, StaticEmbedder
from kb.features import Candidate
from kb.fusion import Fused
from kb.keyword_index import KeywordIndex
from kb.knowledge_base import document_id
from kb.models import Document, Facts, Kind, Passage
from kb.query import Query
from kb.ranking import RANKED, builtin_trees, in_order
from kb.retrieval import CANDIDATES, Retriever
from kb.similar import SimilarCases
from kb.vector_index import ChromaVectorIndex, Mask
from kb.writer import Writer

CACHE = Path(tempfile.gettempdir()) / "shegong-eval"
_ARTICLE = re.compile(r"第[零〇一二三四五六七八九十百千]+条(?:之[一二三四五六七八九十]+)?$")
_PASSAGES_AT_ONCE = 4000
_CODE = (kb.chinese, kb.writer, kb.keyword_index, kb.vector_index, cutting)

Entry = tuple[Document, tuple[Passage, ...]]


@dataclass(frozen=True)
class BenchIndex:
    """A collection ready to search; `text_of` maps each passage key to the id of the judged text it is part of."""

    retriever: Retriever
    text_of: Mapping[int, str]
    passages: Mapping[int, Passage]
    documents: Mapping[str, Document]
    embedder: Embedder
    cases: SimilarCases

    def ranked(self, query: Query, masks: Sequence[Mask], limit: int = CANDIDATES) -> tuple[list[Fused], list[Fused]]:
        """What the first mask lets through as fused, and as the product shows it: the best put in order."""
        fused = self.retriever.hybrid(query, masks, limit)[0]
        if not isinstance(self.embedder, StaticEmbedder):
            return fused, fused
        return fused, [*in_order(query, self.candidates(fused), builtin_trees(), self.embedder), *fused[RANKED:]]

    def candidates(self, found: Sequence[Fused]) -> list[Candidate]:
        """What the learned ranking reads of the best found."""
        best = [(each, self.passages[each.key]) for each in found[:RANKED]]
        return [Candidate(each, passage, self.documents[passage.document_id]) for each, passage in best]


def open_index(
    judged: JudgedSet, embedder: Embedder, cache: Path = CACHE, *, report: Callable[[int, int], None] = lambda done, total: None
) -> BenchIndex:
    """The index of a set, from the cache or newly built. `report(done, total)` counts texts while building."""
    folder = cache / f"{judged.name}-{_made_with(judged, embedder)}"
    if not folder.exists():
        aside = cache / f"building-{secrets.token_hex(4)}"
        try:
            _build(judged, embedder, aside, report)
            aside.rename(folder)  # complete or absent
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return _load(folder, embedder)


def _made_with(judged: JudgedSet, embedder: Embedder) -> str:
    digest = hashlib.sha256(f"{kb.chinese.DICTIONARY_HASH}:{embedder.fingerprint}".encode())
    for text in judged.texts:
        digest.update(f"{text.id}\x00{text.title}\x00{text.text}\x00".encode())
    files = [Path(str(module.__file__)) for module in _CODE] + [kb.chinese.TERMS_FOLDER / "stopwords.txt"]
    for file in files:
        digest.update(file.read_bytes() if file.exists() else b"")
    return digest.hexdigest()[:16]


def _build(judged: JudgedSet, embedder: Embedder, folder: Path, report: Callable[[int, int], None]) -> None:
    folder.mkdir(parents=True)
    catalog = Catalog.in_folder(folder)
    writer = Writer(catalog, embedder, folder / "index")
    done = 0
    try:
        for batch in _batches(ENTRIES[judged.name](judged.texts)):
            writer.publish(batch, [SourceRecord(document.source, "", document.id) for document, _ in batch])
            done += len({_text_id(passage) for _, passages in batch for passage in passages})
            report(done, len(judged.texts))
    finally:
        writer.close()
        catalog.close()


def _load(folder: Path, embedder: Embedder) -> BenchIndex:
    catalog = Catalog.in_folder(folder)
    passages = catalog.passages([key for key, _ in catalog.published_keys()])
    documents = {summary.id: summary.bare() for summary in catalog.summaries()}
    whole = (catalog.document(owner) for owner, document in documents.items() if document.kind == "case")
    cases = SimilarCases(case for case in whole if case)
    catalog.close()
    index = folder / "index"
    vector = ChromaVectorIndex(index / "vectors", embedder.dimension)
    retriever = Retriever(KeywordIndex(index / "keyword"), vector, embedder)
    text_of = {key: _text_id(each) for key, each in passages.items()}
    return BenchIndex(retriever, text_of, passages, documents, embedder, cases)


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for entry in entries:
        batch.append(entry)
        if sum(len(passages) for _, passages in batch) >= _PASSAGES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


# --- from judged texts to documents -----------------------------------------------------------------------------


def _laws(texts: Sequence[JudgedText]) -> Iterator[Entry]:
    """One document per law, one passage per article, laid out as the product's own reading of a law."""
    laws: dict[str, list[JudgedText]] = defaultdict(list)
    for text in texts:
        laws[_ARTICLE.sub("", text.title)].append(text)
    for title, articles in laws.items():
        parts = [(text.id, _label(text), f"{_label(text)}　{text.text}\n".lstrip("　")) for text in articles]
        yield _entry("policy", title, title, parts)


def _label(text: JudgedText) -> str:
    found = _ARTICLE.search(text.title)
    return found.group() if found else ""


def _cases(texts: Sequence[JudgedText]) -> Iterator[Entry]:
    """One document per judgment, cut into passages as the product cuts them."""
    for text in texts:
        blocks = [Block(line.strip()) for line in text.text.splitlines() if line.strip()]
        _, drafts = cutting.split(blocks)
        yield _entry("case", text.title, text.id, [(text.id, "", draft.text) for draft in drafts])


def _entry(kind: Kind, title: str, source: str, parts: Sequence[tuple[str, str, str]]) -> Entry:
    """A document of (judged id, article label, text) parts; the id of a passage begins with the judged id."""
    facts = Facts(title=title)
    document = Document("", kind, facts, "".join(text for _, _, text in parts), source)
    owner = document_id(kind, facts, source + document.text)
    passages, start = [], 0
    for number, (name, label, text) in enumerate(parts):
        end = start + len(text)
        headings = (label,) if label else ()
        passages.append(Passage(f"{name}:{number}", owner, text, headings, label, None, start, end))
        start = end
    return replace(document, id=owner), tuple(passages)


def _text_id(passage: Passage) -> str:
    return passage.id.rpartition(":")[0]


ENTRIES: Mapping[str, Callable[[Sequence[JudgedText]], Iterator[Entry]]] = {"stard": _laws, "lecard": _cases}
