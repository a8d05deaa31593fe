"""Writing questions beside other work: a thread of the served page, or a process of its own after `ingest`."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.question_writing import QuestionWriter, writer_for
from kb.errors import ShegongError
from kb.knowledge_base import KnowledgeBase
from kb.settings import PROJECT, Settings

LOG = "questions.log"
_LOOK_EVERY_S = 30.0
_AFTER_FAILURE_S = 600.0  # an endpoint that is down is not asked all the time
_STOPS_WITHIN_S = 5.0


@contextmanager
def writing_in_background(settings: Settings, knowledge_base: KnowledgeBase) -> Iterator[None]:
    """While the block runs, write questions for new documents as they come, where the settings say so."""
    writer = writer_for(settings, knowledge_base) if settings.writes_questions else None
    if writer is None:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_keep_writing, args=(writer, stop), daemon=True)  # may wait long for a model
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_STOPS_WITHIN_S)


def _keep_writing(writer: QuestionWriter, stop: threading.Event) -> None:
    """Write whenever documents have changed; after a failure try again later."""
    finished = -1
    while not stop.is_set():
        wait = _LOOK_EVERY_S
        try:
            generation = writer.knowledge_base.generation()
            if generation != finished:
                writer.run(only_new=True, stopped=stop.is_set)
                finished = generation
        except ShegongError:  # the model failed, or another process writes: nobody is waiting for this
            wait = _AFTER_FAILURE_S
        stop.wait(wait)


def start_writing(settings: Settings, settings_file: Path | None) -> None:
    """Start a process that writes questions for the new documents and ends; what it says stands in the data folder."""
    named = ["--settings", str(settings_file)] if settings_file else []
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    with open(settings.data_folder / LOG, "w", encoding="utf-8") as log:
        subprocess.Popen(
            [sys.executable, "-m", "assistant", *named, "questions", "write", "--new"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,  # it goes on when the terminal is closed
        )
