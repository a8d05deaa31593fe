"""Peak memory of this process with its children, sampled while something runs. Zero where the system has no /proc."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_EVERY_SECONDS = 0.5


@dataclass
class Peak:
    """The most seen so far, in MiB; shared pages are counted once (proportional set size)."""

    mebibytes: float = 0.0


@contextmanager
def watched() -> Iterator[Peak]:
    """Sample until the block ends; the peak is read afterwards."""
    peak, done = Peak(), threading.Event()
    thread = threading.Thread(target=_sample, args=(peak, done), daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def _sample(peak: Peak, done: threading.Event) -> None:
    while True:
        peak.mebibytes = max(peak.mebibytes, memory_of_tree(os.getpid()))
        if done.wait(_EVERY_SECONDS):
            return


def memory_of_tree(root: int) -> float:
    """Memory in MiB of a process and all that descend from it."""
    children = _children()
    total, waiting = 0.0, [root]
    while waiting:
        process = waiting.pop()
        total += _memory(process)
        waiting += children.get(process, [])
    return total


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for folder in _PROC.glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:  # it has ended meanwhile
            continue
        found[int(status.rpartition(")")[2].split()[1])].append(int(folder.name))
    return found


def _memory(process: int) -> float:
    try:
        lines = (_PROC / str(process) / "smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
