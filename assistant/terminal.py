"""What the commands share: the open knowledge base, the progress bar, JSON on standard output."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings

out, err = Console(), Console(stderr=True)


@contextmanager
def opened(settings: Settings) -> Iterator[KnowledgeBase]:
    """The knowledge base of the settings, closed afterwards."""
    knowledge_base = KnowledgeBase.open(settings)
    try:
        yield knowledge_base
    finally:
        knowledge_base.close()


@contextmanager
def progress(name: str) -> Iterator[Any]:
    """A function (done, total, what) that shows a progress bar on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total, what: bar.update(task, completed=done, total=total, description=f"{name} {escape(what[:24])}")


def print_json(value: Any) -> None:
    """Print a value for a program."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))
