"""Taking files in: find → read → clean → facts → passages → publish, batch by batch.

Every batch is complete or absent, so a run that is stopped at any moment leaves whole documents behind and goes on where
it was when started again: what has been taken in is recognized by the hash of its bytes.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from enum import StrEnum
from multiprocessing.connection import wait as wait_for
from pathlib import Path

from ingest.blocks import Block
from ingest.cleaning import clean
from ingest.metadata import read_facts
from ingest.passages import split
from ingest.readers import read
from kb.catalog import SourceRecord
from kb.errors import DamagedFile, FileError, FileMissing
from kb.knowledge_base import KnowledgeBase, document_id, passage_id
from kb.models import KIND_NAMES, Document, Kind, Passage
from kb.writer import Writer

VERSION = "2"  # of reading, cleaning and cutting: a new one takes unchanged files in again
_BATCH_PASSAGES = 3000
_BATCH_FILES = 200
_PARALLEL_FROM = 8
_FILES_IN_FLIGHT = 64


class Outcome(StrEnum):
    """What became of one file; the value is the word a reader sees."""

    ADDED = "新增"
    REPLACED = "更新"
    UNCHANGED = "未变"
    SAME = "内容相同"
    FAILED = "失败"


@dataclass(frozen=True)
class Options:
    """What the person says about the files; empty where the text shall speak for itself."""

    kind: Kind | None = None
    region: str = ""
    max_bytes: int = 200_000_000


@dataclass(frozen=True)
class SourceFile:
    """A file to take in and the name under which it is remembered."""

    path: Path
    source: str


@dataclass(frozen=True)
class FileReport:
    """One line of the closing table; `reason` is a Chinese sentence for a failure or a hint."""

    source: str
    outcome: Outcome
    title: str = ""
    passage_count: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """What became of every file, in the order of the files."""

    files: tuple[FileReport, ...]

    def count(self, outcome: Outcome) -> int:
        """How many files ended so."""
        return sum(1 for file in self.files if file.outcome is outcome)

    @property
    def failures(self) -> tuple[FileReport, ...]:
        """The files that were not taken in."""
        return tuple(file for file in self.files if file.outcome is Outcome.FAILED)


@dataclass(frozen=True)
class Parsed:
    """A file as it will be published, or why it can not be."""

    file: SourceFile
    file_hash: str = ""
    document: Document | None = None
    passages: tuple[Passage, ...] = ()
    error: str = ""
    unchanged: bool = False


Progress = Callable[[int, int, str], None]


def quiet(done: int, total: int, name: str) -> None:
    """Report nothing."""


def take_in(
    knowledge_base: KnowledgeBase,
    files: Sequence[SourceFile],
    options: Options | None = None,
    *,
    progress: Progress = quiet,
) -> Report:
    """Take `files` in; one that fails is reported and the others go on.

    `progress(done, total, name)` is called after every file is read. Raises StoreBusy, StoreError or IndexOutdated
    when nothing can be written at all; what was published before stays.
    """
    options = options or Options()
    with knowledge_base.writing() as writer:
        batch = _Batch(knowledge_base, writer)
        known = {source: record.file_hash for source, record in knowledge_base.sources().items()}
        for done, parsed in enumerate(_parse_all(files, options, known), 1):
            batch.add(parsed)
            progress(done, len(files), parsed.file.path.name)
        batch.publish()
    order = {file.source: position for position, file in enumerate(files)}
    return Report(tuple(sorted(batch.reports, key=lambda report: order[report.source])))


def find_files(paths: Iterable[Path]) -> list[SourceFile]:
    """The files named by `paths`, folders searched through; hidden ones are skipped. Raises FileMissing.

    A folder that may not be opened is handed on like a file, so that the report says so and the others go on.
    """
    found: dict[str, SourceFile] = {}
    for path in paths:
        if not os.path.lexists(path):
            raise FileMissing(f"找不到 {path}。请检查路径是否写对、文件夹是否已移动，以及有没有权限打开它所在的文件夹。")
        for file in _walk(path) if os.path.isdir(path) else [path]:
            source = os.path.realpath(file)
            found[source] = SourceFile(file, source)
    return list(found.values())


def _walk(folder: Path) -> Iterator[Path]:
    closed: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        yield from (Path(root) / name for name in sorted(names) if not name.startswith((".", "~$")))
    yield from closed


# --- one file ---------------------------------------------------------------------------------------------------


def parse(file: SourceFile, options: Options, known_hash: str = "") -> Parsed:
    """Read one file into a document with passages; every FileError becomes `error`."""
    try:
        file_hash = _file_hash(file.path, options)
        if file_hash == known_hash:
            return Parsed(file, file_hash, unchanged=True)
        document, passages = _document(file, options)
    except FileError as error:
        return Parsed(file, error=str(error))
    except Exception as error:  # whatever a library trips over in one file must not cost the others
        return Parsed(file, error=f"文件结构异常，读取时出错（{type(error).__name__}）。请另存一份后再收录。")
    return Parsed(file, file_hash, document, passages)


def _document(file: SourceFile, options: Options) -> tuple[Document, tuple[Passage, ...]]:
    content = clean(read(file.path, max_bytes=options.max_bytes))
    facts = read_facts(content, file_name=file.path.name)
    facts = replace(facts, region=options.region) if options.region else facts
    given = content.facts.get("kind", "")
    kind: Kind = options.kind or (given if given in KIND_NAMES else "policy")  # type: ignore[assignment]
    text, drafts = split(content.blocks)
    owner = document_id(kind, facts, text)
    passages = tuple(
        Passage(passage_id(owner, d.start, d.end), owner, d.text, d.headings, d.locator, d.page, d.start, d.end)
        for d in drafts
    )
    return Document(owner, kind, facts, text, file.source, _page_starts(content.blocks)), passages


def _page_starts(blocks: Sequence[Block]) -> tuple[int, ...]:
    """Offset at which each page begins; a page without text begins where the next does."""
    starts: list[int] = []
    at = 0
    for block in blocks:
        while block.page is not None and len(starts) < block.page:
            starts.append(at)
        at += len(block.text) + 1
    return tuple(starts)


def _file_hash(path: Path, options: Options) -> str:
    """Hash of the bytes and of all else that decides what comes out."""
    digest = hashlib.sha256(f"{VERSION}:{options.kind}:{options.region}:{path.name}:".encode())
    try:
        if path.is_dir():
            raise FileMissing("没有权限打开这个文件夹，里面的文件没有收录。请检查权限。")
        if path.exists() and not path.is_file():
            raise FileMissing("这是设备或管道，不是文件。请检查路径。")
        with open(path, "rb") as opened:
            for block in iter(lambda: opened.read(1 << 20), b""):
                digest.update(block)
    except FileNotFoundError as error:
        raise FileMissing("找不到这个文件，可能已移走或快捷方式已失效。请检查路径。") from error
    except PermissionError as error:
        raise FileMissing("没有权限读取这个文件。请检查文件权限。") from error
    except OSError as error:
        raise FileMissing(f"文件无法读取（{error.strerror}）。请检查磁盘或网络盘是否正常。") from error
    return digest.hexdigest()


# --- many files -------------------------------------------------------------------------------------------------


def _parse_all(files: Sequence[SourceFile], options: Options, known: dict[str, str]) -> Iterator[Parsed]:
    """Every file parsed, in order of completion; in worker processes when there are many."""
    jobs = [(file, options, known.get(file.source, "")) for file in files]
    if len(jobs) < _PARALLEL_FROM:
        yield from (parse(*job) for job in jobs)
        return
    waiting = list(reversed(jobs))
    while waiting:
        suspects: list[tuple[SourceFile, Options, str]] = []
        yield from _in_pool(waiting, suspects)
        yield from (_alone(job) for job in suspects)


def _in_pool(waiting: list[tuple[SourceFile, Options, str]], suspects: list[tuple[SourceFile, Options, str]]) -> Iterator[Parsed]:
    """Parse from the end of `waiting` until it is empty or a worker dies; then `suspects` holds what was under way."""
    context = multiprocessing.get_context("spawn")
    running: dict[Future[Parsed], tuple[SourceFile, Options, str]] = {}
    workers = min(os.cpu_count() or 1, 8)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent) as pool:
        while waiting or running:
            try:
                while waiting and len(running) < _FILES_IN_FLIGHT:
                    running[pool.submit(parse, *waiting[-1])] = waiting[-1]
                    waiting.pop()
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    parsed = future.result()
                    del running[future]
                    yield parsed
            except BrokenProcessPool:
                suspects.extend(running.values())
                return


def _end_with_parent() -> None:
    """Let a worker end when the process that started it was killed; else it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait_for([parent.sentinel]), os._exit(1)), daemon=True).start()


def _alone(job: tuple[SourceFile, Options, str]) -> Parsed:
    """Parse one file in a worker of its own, which it may bring down."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_end_with_parent) as pool:
        try:
            return pool.submit(parse, *job).result()
        except BrokenProcessPool:
            error = DamagedFile("读取这个文件时程序异常退出，可能文件已损坏或过大。请另存一份、拆分后再收录。")
            return Parsed(job[0], error=str(error))


@dataclass
class _Batch:
    """Parsed files on their way to the writer; published together."""

    knowledge_base: KnowledgeBase
    writer: Writer
    reports: list[FileReport] = field(default_factory=list)
    _entries: dict[str, tuple[Document, tuple[Passage, ...]]] = field(default_factory=dict)
    _records: list[SourceRecord] = field(default_factory=list)
    _pending: list[FileReport] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sources = self.knowledge_base.sources()
        self._published = {record.document_id for record in self._sources.values()}

    def add(self, parsed: Parsed) -> None:
        """Take one parsed file into the batch; a full batch is published."""
        if parsed.document is None:
            outcome = Outcome.UNCHANGED if parsed.unchanged else Outcome.FAILED
            self.reports.append(FileReport(parsed.file.source, outcome, reason=parsed.error))
            return
        document = parsed.document
        new = document.id not in self._published and document.id not in self._entries
        if new:
            self._entries[document.id] = (document, parsed.passages)
        self._records.append(SourceRecord(parsed.file.source, parsed.file_hash, document.id))
        self._pending.append(
            FileReport(parsed.file.source, self._outcome(parsed, new), document.title, len(parsed.passages))
        )
        passages = sum(len(passages) for _, passages in self._entries.values())
        if passages >= _BATCH_PASSAGES or len(self._records) >= _BATCH_FILES:
            self.publish()

    def publish(self) -> None:
        """Publish what is waiting."""
        if not self._records:
            return
        self.writer.publish(list(self._entries.values()), self._records)
        self._published.update(self._entries)
        self._sources.update((record.source, record) for record in self._records)
        self._published = {record.document_id for record in self._sources.values()}
        self.reports.extend(self._pending)
        self._entries, self._records, self._pending = {}, [], []

    def _outcome(self, parsed: Parsed, new: bool) -> Outcome:
        before = self._sources.get(parsed.file.source)
        if before is not None:
            same = parsed.document is not None and before.document_id == parsed.document.id
            return Outcome.UNCHANGED if same else Outcome.REPLACED
        return Outcome.ADDED if new else Outcome.SAME
