"""`python -m eval speed`: what taking in, searching, answering and starting cost on this machine.

The order is that of a day: documents are taken in, then a warm process is asked, then programs start anew.
"""

from __future__ import annotations

import os
import random
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from assistant.answering import Assistant
from eval.errors import SharedMissing
from eval.memory import watched
from eval.metrics import percentile
from eval.started import cold_ask_seconds, page_ready_seconds
from ingest.pipeline import Outcome, find_files, take_in
from kb.embedder import builtin_embedder
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker
from kb.vector_index import ChromaVectorIndex, Keys, Matrix

NAMES: Mapping[str, str] = {
    "files": "文件",
    "failed": "未能收录的文件",
    "documents": "资料",
    "passages": "段落",
    "ingest_s": "收录用时（秒）",
    "ingest_peak_mib": "收录时内存峰值（MiB，含子进程）",
    "disk_catalog_mib": "磁盘：原文库（MiB）",
    "disk_keyword_mib": "磁盘：关键词索引（MiB）",
    "disk_chroma_mib": "磁盘：Chroma（MiB）",
    "disk_vectors_mib": "磁盘：向量副本（MiB）",
    "search_p50_ms": "检索 p50（毫秒）",
    "search_p95_ms": "检索 p95（毫秒）",
    "answer_p50_ms": "摘录式回答 p50（毫秒）",
    "answer_p95_ms": "摘录式回答 p95（毫秒）",
    "vector_recall_all": "向量 recall@10（不筛选）",
    "vector_recall_quarter": "向量 recall@10（筛出四分之一）",
    "vector_recall_hundredth": "向量 recall@10（筛出百分之一）",
    "cold_ask_s": "冷启动提问 shegong ask（秒）",
    "first_page_s": "第一次打开网页（秒，含收录自带资料）",
    "page_s": "再次打开网页（秒）",
    "load_before": "测前系统负载",
}
_SEED = 20261125
_RECALL_QUESTIONS = 100
_COLD_QUESTIONS = 5
_SAME = 1e-5
_FILTERS: Mapping[str, int] = {"all": 1, "quarter": 4, "hundredth": 100}
_MEBIBYTE = 2**20

Progress = Callable[[int, int], None]
Numbers = dict[str, float | int | None]


def measure(corpus: Path, questions: Sequence[str], *, count: int, progress: Progress = lambda done, total: None) -> Numbers:
    """All figures of NAMES for a folder or a tar file of documents, asked `count` sampled questions."""
    sample = random.Random(_SEED).sample(list(questions), min(count, len(questions)))
    numbers: Numbers = {"load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None}
    with _unpacked(corpus) as documents, TemporaryDirectory(prefix="shegong-speed-") as data:
        knowledge_base = KnowledgeBase(Path(data), builtin_embedder())
        try:
            numbers |= taking_in(knowledge_base, documents, progress)
            numbers |= on_disk(Path(data))
            numbers |= asking(knowledge_base, sample)
        finally:
            knowledge_base.close()
        numbers |= vector_recall(Path(data), sample[:_RECALL_QUESTIONS])
        numbers |= starting(Path(data), sample[:_COLD_QUESTIONS])
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in numbers.items()}


@contextmanager
def _unpacked(corpus: Path) -> Iterator[Path]:
    if not corpus.exists():
        raise SharedMissing(corpus)
    if corpus.is_dir():
        yield corpus
        return
    with TemporaryDirectory(prefix="shegong-corpus-") as folder:
        with tarfile.open(corpus) as packed:
            packed.extractall(folder, filter="data")
        yield Path(folder)


def taking_in(knowledge_base: KnowledgeBase, documents: Path, progress: Progress) -> Numbers:
    """Time and memory of taking in everything under `documents`."""
    files = find_files([documents])
    started = time.perf_counter()
    with watched() as peak:
        report = take_in(knowledge_base, files, progress=lambda done, total, name: progress(done, total))
    seconds = time.perf_counter() - started
    summaries = knowledge_base.summaries()
    return {
        "files": len(files),
        "failed": report.count(Outcome.FAILED),
        "documents": len(summaries),
        "passages": sum(summary.passage_count for summary in summaries),
        "ingest_s": seconds,
        "ingest_peak_mib": peak.mebibytes,
    }


def on_disk(data: Path) -> Numbers:
    """Size of each part of a data folder."""
    parts = {"catalog": "catalog.sqlite3*", "keyword": "index-*/keyword/**/*", "chroma": "index-*/vectors/chroma/**/*"}
    parts["vectors"] = "index-*/vectors/*.*"
    return {f"disk_{part}_mib": _size(data, pattern) / _MEBIBYTE for part, pattern in parts.items()}


def _size(folder: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file())


def asking(knowledge_base: KnowledgeBase, questions: Sequence[str]) -> Numbers:
    """Time of a search and of an extractive answer in a warm process."""
    assistant = Assistant(knowledge_base)
    assistant.answer(questions[0], Asker())  # loads what a server has loaded long ago
    searches = [_milliseconds(partial(knowledge_base.search, question, Asker())) for question in questions]
    answers = [_milliseconds(partial(assistant.answer, question, Asker())) for question in questions]
    return {
        "search_p50_ms": percentile(searches, 50),
        "search_p95_ms": percentile(searches, 95),
        "answer_p50_ms": percentile(answers, 50),
        "answer_p95_ms": percentile(answers, 95),
    }


def _milliseconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


def vector_recall(data: Path, questions: Sequence[str]) -> Numbers:
    """Mean recall@10 of the index against exact search over the vectors that Chroma keeps, by filter."""
    embedder = builtin_embedder()
    index = ChromaVectorIndex(next(data.glob("index-*")) / "vectors", embedder.dimension)
    try:
        kept = index.vectors_of([int(key) for key in index.keys])
    finally:
        index.close()
    keys, vectors = np.fromiter(kept, np.int64), np.stack(list(kept.values()))
    queries = [embedder.embed_question(question) for question in questions]
    return {f"vector_recall_{name}": _recall(index, keys, vectors, queries, of) for name, of in _FILTERS.items()}


def _recall(index: ChromaVectorIndex, keys: Keys, vectors: Matrix, queries: Sequence[Matrix], of: int) -> float:
    """Mean share of the ten found that are as near as the exact tenth, among keys of which one in `of` is allowed.

    Nearness decides, not the key: laws repeat each other word for word, so that many passages are equally near.
    """
    drawn = np.random.default_rng(_SEED).integers(of, size=int(keys.max()) + 1)

    def allowed(some: Keys) -> npt.NDArray[np.bool_]:
        return np.asarray(drawn[some] == 0)

    mine, rows = allowed(keys), {int(key): row for row, key in enumerate(keys)}
    shares = []
    for query in queries:
        exact = vectors @ query
        best = np.sort(exact[mine])[::-1][:10]
        found = [key for key, _ in index.search(query, len(best), [allowed])[0] if allowed(np.array([key]))[0]]
        near = sum(exact[rows[key]] >= best[-1] - _SAME for key in found)
        shares.append(near / len(best))
    return float(np.mean(shares))


def starting(data: Path, questions: Sequence[str]) -> Numbers:
    """Time of programs that start anew on a data folder; the first page also takes in the documents that ship."""
    return {
        "cold_ask_s": cold_ask_seconds(data, questions),
        "first_page_s": page_ready_seconds(data),
        "page_s": page_ready_seconds(data),
    }
