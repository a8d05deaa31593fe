"""The starter corpus that ships with the project, taken in like any other files under a name of its own."""

from __future__ import annotations

from pathlib import Path

from ingest.pipeline import Progress, Report, SourceFile, quiet, take_in
from kb.knowledge_base import KnowledgeBase

CORPUS = Path(__file__).resolve().parent.parent / "corpus"
FOLDERS = ("policy", "training", "cases")
PREFIX = "自带资料/"


def files() -> list[SourceFile]:
    """The files of the starter corpus."""
    found = (path for folder in FOLDERS for path in sorted((CORPUS / folder).glob("*.md")))
    return [SourceFile(path, f"{PREFIX}{path.relative_to(CORPUS).as_posix()}") for path in found]


def load(knowledge_base: KnowledgeBase, progress: Progress = quiet) -> Report:
    """Take in the starter corpus; what it no longer holds is removed. Unchanged files cost only their hash."""
    wanted = files()
    report = take_in(knowledge_base, wanted, progress=progress)
    gone = [s for s in knowledge_base.sources() if s.startswith(PREFIX) and s not in {file.source for file in wanted}]
    if gone:
        knowledge_base.remove(gone)
    return report
