"""kill -9 at random moments of writing: afterwards no passage may be lost, doubled or half-published.

A round starts a process that takes generated documents in, replaces or removes some, or rebuilds the indexes, and kills
it at a random moment. A fresh process then reads the data folder as a reader would and compares everything (catalog,
both indexes, Chroma, search) with what may be there: for each file its old or its new version, never a mix. It does the
interrupted operation once more, to its end, and checks that nothing is left over.

Processes are forked from a server that has imported the slow libraries already, so that a round takes about a second.
"""

from __future__ import annotations

import multiprocessing
import random
import secrets
import shutil
import sqlite3
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache, partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import numpy as np
import typer

from ingest.pipeline import Options, SourceFile, parse, take_in
from kb.catalog import Catalog
from kb.chinese import numeral
from kb.embedder import MODEL_FOLDER, Embedder, StaticEmbedder, builtin_embedder
from kb.errors import ShegongError
from kb.keyword_index import KeywordIndex
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker, Document, Passage
from kb.vector_index import ChromaVectorIndex
from kb.writer import embedding_text

Kind = Literal["ingest", "replace", "remove", "reindex"]
KINDS: tuple[Kind, ...] = ("ingest", "replace", "remove", "reindex")
KIND_NAMES: Mapping[str, str] = {"ingest": "收录", "replace": "替换", "remove": "移除", "reindex": "重建索引"}

_ARTICLES = 25  # of a document; 45 documents then pass the 1,000 vectors after which Chroma writes its own index
_MOST_DOCUMENTS = 45
_FILES_AT_ONCE = 7  # published together; fewer than the pipeline parses in worker processes
_ROUNDS_PER_FOLDER = 40  # then an empty folder, so that making the files is interrupted as well
_COMMON = "killcheck"  # a word of every passage
_OPTIONS = Options(kind="training")
_PRELOADED = ["chromadb", "tantivy", "rjieba", "tokenizers", "safetensors.numpy", "ingest.pipeline", "kb.knowledge_base"]
_LONGEST_S = 120.0
_ROUNDING = 1e-3

Versions = Mapping[str, int]  # file name → version


@dataclass(frozen=True)
class Step:
    """One operation: files taken in at these versions, or removed, or neither (reindex)."""

    kind: Kind
    changes: Versions = field(default_factory=dict)

    def after(self, before: Versions) -> dict[str, int]:
        """What is published once the step is done."""
        if self.kind == "remove":
            return {name: version for name, version in before.items() if name not in self.changes}
        return {**before, **self.changes}

    def stages(self, before: Versions) -> Iterator[dict[str, int]]:
        """What may be published when the step is interrupted: each state that one transaction leaves."""
        yield dict(before)
        if self.kind in ("ingest", "replace"):
            at_stage = dict(before)
            for names in self.batches():
                at_stage.update((name, self.changes[name]) for name in names)
                yield dict(at_stage)
        elif self.kind == "remove":
            yield self.after(before)

    def batches(self) -> list[list[str]]:
        """The names that are published together."""
        names = list(self.changes)
        return [names[at : at + _FILES_AT_ONCE] for at in range(0, len(names), _FILES_AT_ONCE)]


@dataclass
class Report:
    """Kills that hit, by operation and by what was published at that moment, and every problem found."""

    kills: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    too_late: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    folders: int = 0
    seconds: float = 0.0

    def numbers(self) -> dict[str, Any]:
        """The report as it is kept."""
        return {
            "kills": sum(self.kills.values()),
            "kills_by_operation": {kind: self.kills[kind] for kind in KINDS},
            "published_when_killed": dict(self.states),
            "finished_before_the_kill": sum(self.too_late.values()),
            "folders": self.folders,
            "problems": self.problems,
            "seconds": round(self.seconds, 1),
        }


def run(
    rounds: int, *, seed: int | None = None, folder: Path | None = None, progress: Callable[[int, int], None] = lambda done, total: None
) -> Report:
    """Kill `rounds` times and report; stops at the tenth problem. `folder` holds the data, else a temporary folder."""
    chosen = secrets.randbits(32) if seed is None else seed
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as base:
        session = _Session(Path(base), random.Random(chosen))
        started = time.monotonic()
        while sum(session.report.kills.values()) < rounds and len(session.report.problems) < 10:
            session.round()
            progress(sum(session.report.kills.values()), rounds)
        session.report.seconds = time.monotonic() - started
    return session.report


class _Session:
    """Rounds over one data folder after another."""

    def __init__(self, base: Path, dice: random.Random) -> None:
        self._base, self._dice = base, dice
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOADED)
        shutil.copytree(MODEL_FOLDER, base / "model")  # so that training another meanwhile does not look like damage
        self._usual_seconds: dict[tuple[str, str], float] = {}  # from a mark of an operation to its end
        self._newest = self._rounds_here = 0
        self._versions: dict[str, int] = {}
        self.report = Report()
        self._start_folder()

    def round(self) -> None:
        """One operation, killed if it can be hit; then the check."""
        if self._rounds_here >= _ROUNDS_PER_FOLDER:
            self._start_folder()
        self._rounds_here += 1
        step = self._choose()
        for name, version in step.changes.items():
            _write(self._files, name, version)
        killed = self._interrupted(step)
        (self.report.kills if killed else self.report.too_late)[step.kind] += 1
        found = self._checked(step)
        if killed:
            self.report.states[found["state"]] += 1
        for mark, seconds in found["seconds"].items():
            before = self._usual_seconds.get((step.kind, mark), 0.0)
            self._usual_seconds[step.kind, mark] = max(seconds, 0.9 * before)  # repeating what was done is quick
        self.report.problems += [f"{step.kind}: {problem}" for problem in found["problems"]]
        self._versions = step.after(self._versions)

    def _start_folder(self) -> None:
        shutil.rmtree(self._base / str(self.report.folders), ignore_errors=True)
        self.report.folders += 1
        self._data = self._base / str(self.report.folders) / "data"
        self._files = self._base / str(self.report.folders) / "files"
        self._files.mkdir(parents=True)
        self._versions, self._rounds_here = {}, 0

    def _choose(self) -> Step:
        room, present = _MOST_DOCUMENTS - len(self._versions), sorted(self._versions)
        weights = {"ingest": 3 if room > 10 else 1 if room else 0, "replace": 3, "remove": 2, "reindex": 2}
        kind = self._dice.choices(KINDS, [weights[each] if present or each == "ingest" else 0 for each in KINDS])[0]
        if kind == "ingest":
            names = [f"k{self._next()}" for _ in range(self._dice.randint(1, min(room, 14)))]
            return Step(kind, dict.fromkeys(names, 1))
        if kind == "reindex":
            return Step(kind)
        names = self._dice.sample(present, self._dice.randint(1, min(len(present), 10 if kind == "replace" else 4)))
        return Step(kind, {name: self._versions[name] + 1 for name in names})

    def _next(self) -> int:
        self._newest += 1
        return self._newest

    def _interrupted(self, step: Step) -> bool:
        """Start the step and kill it at a random moment; False if it was faster."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_operate, args=(theirs, self._data, self._files, step), daemon=True)
        process.start()
        theirs.close()
        wanted = "publishing" if self._dice.random() < 0.5 and step.kind != "remove" else "began"
        if not self._wait(ours, wanted):
            process.join()
            return False  # for example nothing new to publish
        time.sleep(self._dice.uniform(0, self._usual_seconds.get((step.kind, wanted), 0.4)))
        process.kill()
        process.join()
        return process.exitcode != 0

    def _wait(self, pipe: Connection, wanted: str) -> bool:
        """Read what the process says until `wanted`; False when it ended before. A failure is a problem."""
        while pipe.poll(_LONGEST_S):
            try:
                said = pipe.recv()
            except EOFError:
                return False
            if said == wanted:
                return True
            if said.startswith("failed"):
                self.report.problems.append(said)
        return False

    def _checked(self, step: Step) -> dict[str, Any]:
        ours, theirs = self._context.Pipe()
        arguments = (theirs, self._data, self._files, step, self._versions)
        process = self._context.Process(target=_check, args=arguments, daemon=True)
        process.start()
        theirs.close()
        try:
            found = ours.recv() if ours.poll(_LONGEST_S) else _no_answer("the check did not end")
        except EOFError:
            found = _no_answer("the check died")
        process.kill()
        process.join()
        return dict(found)


# --- the process that is killed ---------------------------------------------------------------------------------


def _operate(pipe: Connection, data: Path, files: Path, step: Step) -> None:
    try:
        _perform(data, files, step, pipe.send)
    except Exception:
        pipe.send(f"failed: {traceback.format_exc()}")
    pipe.send("done")


def _perform(data: Path, files: Path, step: Step, say: Callable[[str], None] = lambda _: None) -> None:
    embedder = _embedder(data)
    say("began")
    knowledge_base = KnowledgeBase(data, embedder)
    if step.kind == "remove":
        knowledge_base.remove(list(step.changes))
    elif step.kind == "reindex":
        say("publishing")
        knowledge_base.reindex()
    for names in step.batches() if step.kind in ("ingest", "replace") else ():
        wanted = [_source(files, name, step.changes[name]) for name in names]
        report = take_in(
            knowledge_base, wanted, _OPTIONS, progress=lambda done, total, _: say("publishing") if done == total else None
        )
        if report.failures:
            raise RuntimeError(f"not taken in: {report.failures}")
    knowledge_base.close()


# --- the process that checks ------------------------------------------------------------------------------------


def _check(pipe: Connection, data: Path, files: Path, step: Step, before: Versions) -> None:
    found = _no_answer()
    try:
        stages = list(step.stages(before))
        state = _matching(data, files, stages)
        found["state"] = _state_name(state, len(stages))
        found["problems"] = _all_problems(data, files, stages[state], clean=False)
        marks: list[tuple[str, float]] = []
        _perform(data, files, step, lambda mark: marks.append((mark, time.monotonic())))
        found["seconds"] = {mark: time.monotonic() - began for mark, began in reversed(marks)}
        found["problems"] += [f"after repeating: {p}" for p in _all_problems(data, files, step.after(before), clean=True)]
    except Exception:
        found["problems"].append(traceback.format_exc())
    pipe.send(found)


def _no_answer(*problems: str) -> dict[str, Any]:
    return {"state": "unknown", "problems": list(problems), "seconds": {}}


def _state_name(state: int, stages: int) -> str:
    return "old" if state == 0 else "new" if state == stages - 1 else "part of the batches"


def _matching(data: Path, files: Path, stages: Sequence[Versions]) -> int:
    """Which of the admissible states the sources show."""
    with _catalog(data) as catalog:
        shown = {source: record.document_id for source, record in catalog.sources().items()}
    for at, stage in enumerate(stages):
        if shown == {name: _expected(files, name, version)[0].id for name, version in stage.items()}:
            return at
    raise AssertionError(f"the sources are a mix of versions: {shown}")


def _all_problems(data: Path, files: Path, versions: Versions, *, clean: bool) -> list[str]:
    """What is wrong with a data folder that should show `versions`; `clean`: no leftovers of a killed writer either."""
    expected = {name: _expected(files, name, version) for name, version in versions.items()}
    problems = [*_database_problems(data)]
    with _catalog(data) as catalog:
        problems += _catalog_problems(catalog, expected, clean)
        problems += _index_problems(catalog, data, clean)
    return [*problems, *_search_problems(data, versions)]


def _database_problems(data: Path) -> Iterator[str]:
    connection = sqlite3.connect(data / "catalog.sqlite3")
    for check in ("integrity_check", "foreign_key_check"):
        rows = [row for row in connection.execute(f"PRAGMA {check}").fetchall() if row != ("ok",)]
        if rows:
            yield f"SQLite {check}: {rows[:3]}"
    connection.close()


def _catalog_problems(
    catalog: Catalog, expected: Mapping[str, tuple[Document, tuple[Passage, ...]]], clean: bool
) -> Iterator[str]:
    """Every source names a published document with exactly its passages, and no other document is published."""
    published = {summary.id: summary.passage_count for summary in catalog.summaries()}
    for name, (document, passages) in expected.items():
        stored = catalog.document(document.id)
        if stored is None or stored.text != document.text or stored.facts != document.facts:
            yield f"{name}: the published document is not the one taken in"
        if catalog.passages_of(document.id) != passages or published.get(document.id) != len(passages):
            yield f"{name}: its passages are not those taken in"
    if {source: kept.document_id for source, kept in catalog.sources().items()} != {
        name: document.id for name, (document, _) in expected.items()
    }:
        yield "the sources do not name the documents taken in"
    if set(published) != {document.id for document, _ in expected.values()}:
        yield "a published document without a source, or a source without its document"
    if clean and catalog.leftovers():
        yield "a leftover of the killed writer is still in the catalog"


def _index_problems(catalog: Catalog, data: Path, clean: bool) -> Iterator[str]:
    """Both indexes and Chroma hold every published key once, with the right vector."""
    keys = [key for key, _ in catalog.published_keys()]
    name = catalog.value("index_folder")
    if not keys and not name:
        return
    keyword = Counter(key for key, _ in KeywordIndex(data / name / "keyword").search({_COMMON: 1.0}, 1_000_000))
    yield from _key_problems("tantivy", keyword, keys, clean)
    vector = ChromaVectorIndex(data / name / "vectors", _embedder(data).dimension)
    yield from _key_problems("vectors.f32", Counter(vector.keys.tolist()), keys, False)  # stale rows stay there
    yield from _vector_problems(catalog, vector, keys, _embedder(data), clean)
    vector.close()
    if clean and len(list(data.glob("index-*"))) != 1:
        yield "a half-built index folder is still there"


def _key_problems(index: str, held: Counter[int], published: Sequence[int], clean: bool) -> Iterator[str]:
    wrong = {key: held[key] for key in published if held[key] != 1}
    if wrong:
        yield f"{index}: published keys held not once but {wrong}"
    if clean and set(held) != set(published):
        yield f"{index}: keys that are not published: {set(held) - set(published)}"


def _vector_problems(
    catalog: Catalog, vector: ChromaVectorIndex, keys: Sequence[int], embedder: Embedder, clean: bool
) -> Iterator[str]:
    titles = {summary.id: summary.title for summary in catalog.summaries()}
    passages = catalog.passages(keys)
    texts = [embedding_text(titles[passages[key].document_id], passages[key]) for key in keys]
    expected = dict(zip(keys, embedder.embed(texts), strict=True))
    kept = vector.vectors_of(range(1, max(keys, default=0) + 1000))
    found = {key: vector.search(each, 1, [partial(np.equal, key)])[0] for key, each in expected.items()}
    wrong = [key for key, hits in found.items() if not hits or abs(hits[0][1] - 1.0) > _ROUNDING]
    if wrong:
        yield f"vectors.f32: the vectors of keys {wrong} are not those of their texts"
    wrong = [key for key, each in expected.items() if key not in kept or abs(float(kept[key] @ each) - 1.0) > _ROUNDING]
    if wrong:
        yield f"Chroma: the vectors of keys {wrong} are missing or not those of their texts"
    if clean and set(kept) != set(keys):
        yield f"Chroma: keys that are not published: {set(kept) - set(keys)}"


def _search_problems(data: Path, versions: Versions) -> Iterator[str]:
    """The word that only one version of a file holds finds that version; no hit is of a version not published."""
    knowledge_base = KnowledgeBase(data, _embedder(data))
    try:
        yield from _wrong_hits(knowledge_base, versions)
    except ShegongError as error:
        yield f"searching fails: {error}"
    finally:
        knowledge_base.close()


def _wrong_hits(knowledge_base: KnowledgeBase, versions: Versions) -> Iterator[str]:
    for name, version in versions.items():
        hits = knowledge_base.search(_word(name, version), Asker()).hits
        own = [hit for hit in hits if hit.document.source == name]
        if not own or own[0] != hits[0] or "keyword" not in own[0].found_by:
            yield f"{name}: searching for its own word does not find it first"
        for hit in hits:
            wanted = versions.get(hit.document.source)
            if wanted is None or _word(hit.document.source, wanted) not in hit.passage.text + hit.document.title:
                yield f"{name}: finds a passage of {hit.document.source} that is not published"


def _embedder(data: Path) -> Embedder:
    return _read_model(data.parent.parent / "model")


@lru_cache(maxsize=1)
def _read_model(folder: Path) -> StaticEmbedder:
    return StaticEmbedder(folder)


def _catalog(data: Path) -> closing[Catalog]:
    data.mkdir(exist_ok=True)  # the kill may have come before anything was made
    return closing(Catalog.in_folder(data))


# --- generated documents ----------------------------------------------------------------------------------------


def _word(name: str, version: int) -> str:
    return f"{name}v{version}"


def _source(files: Path, name: str, version: int) -> SourceFile:
    return SourceFile(files / f"{_word(name, version)}.md", name)


def _write(files: Path, name: str, version: int) -> None:
    dice = random.Random(f"{name}:{version}")
    words = ("低保", "特困人员", "临时救助", "老年人", "儿童", "残疾人", "社区", "探访", "补贴", "申请", "审核", "公示")
    articles = [
        f"第{numeral(number)}条　{_COMMON} {_word(name, version)} {'、'.join(dice.choices(words, k=12))}。"
        for number in range(1, _ARTICLES + dice.randint(-5, 5))
    ]
    text = "\n\n".join([f"# {_COMMON} {_word(name, version)} 办法", *articles])
    _source(files, name, version).path.write_text(text, encoding="utf-8")


@lru_cache(maxsize=256)
def _expected(files: Path, name: str, version: int) -> tuple[Document, tuple[Passage, ...]]:
    parsed = parse(_source(files, name, version), _OPTIONS)
    if parsed.document is None:
        raise RuntimeError(parsed.error)
    return parsed.document, parsed.passages


# --- the command ------------------------------------------------------------------------------------------------


def main(
    rounds: int = typer.Option(200, help="强行终止多少次"),
    seed: int = typer.Option(-1, help="随机种子；不写就每次不同"),
    keep: bool = typer.Option(True, "--keep/--no-keep", help="是否把结果存入 eval/results"),
) -> None:
    """收录、替换、移除、重建索引途中随机强行终止，检查资料有没有丢失、重复或只剩一半。"""
    from eval import results
    from eval.progress import shown

    with shown("强行终止") as step:
        report = run(rounds, seed=None if seed < 0 else seed, progress=step)
    for kind in KINDS:
        typer.echo(f"{KIND_NAMES[kind]}途中终止 {report.kills[kind]} 次")
    typer.echo(f"共 {sum(report.kills.values())} 次，用时 {report.seconds:.0f} 秒，发现问题 {len(report.problems)} 个")
    for problem in report.problems:
        typer.echo(problem, err=True)
    if keep:
        results.keep("kill", report.numbers(), embedder=builtin_embedder())
    if report.problems:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
