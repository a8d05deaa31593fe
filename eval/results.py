"""Every measurement is kept: `eval/results/<command>-<set>.json` holds the latest first and all before it.

Where a measurement has a value per question, these are kept beside it (`eval.runs`) and the result names that run.
A result names what decides it (processor, cores, memory, commit, model), never a computer or a path.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from eval import runs
from eval.runs import Values
from kb.chinese import DICTIONARY_HASH
from kb.embedder import Embedder

RESULTS = Path(__file__).resolve().parent / "results"
_REPOSITORY = RESULTS.parent.parent


def keep(
    name: str, numbers: Mapping[str, Any], *, embedder: Embedder, folder: Path = RESULTS, values: Values | None = None
) -> Path:
    """Append `numbers` to the results called `name`, with date, commit, model and machine, and keep `values` as a run.

    Returns the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    made = {
        "date": date.today().isoformat(),
        "commit": commit(),
        "model": embedder.fingerprint,
        "dictionary": DICTIONARY_HASH,
        "machine": machine(),
    }
    entry = {**made, "numbers": dict(numbers)}
    if values is not None:
        entry["run"] = runs.save(folder, name, made, numbers, values)
    text = json.dumps([entry, *history(file)], ensure_ascii=False, indent=1)
    aside = file.with_suffix(".tmp")
    aside.write_text(text + "\n", encoding="utf-8")
    aside.replace(file)
    return file


def history(file: Path) -> list[dict[str, Any]]:
    """What a results file holds, latest first; nothing where there is none."""
    return list(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else []


def machine() -> dict[str, Any]:
    """Processor, cores, memory in GiB, system and Python, without a name that tells whose machine it is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else 0
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def commit() -> str:
    """The commit that was measured, with + where files differ from it; empty outside git."""
    found = _git("rev-parse", "--short", "HEAD")
    return f"{found}+" if found and _git("status", "--porcelain", "--", "kb", "ingest", "assistant", "corpus") else found


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=_REPOSITORY, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
