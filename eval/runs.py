"""Runs kept question by question, so that two of them can be compared: `<folder>/runs/<command>-<time>-<commit>.json`.

A run of a judged set holds ids and numbers, no texts, which belong to others and would weigh much; the texts are looked
up when a person wants to see them. A station's own run holds its questions as well: it never leaves the data folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from eval.errors import UnknownRun

Column = Sequence[float | None]
_FOLDER = "runs"
_TIME = re.compile(r"-\d{8}-\d{6}")
_DIGITS = 4


@dataclass(frozen=True)
class Values:
    """What one run gave for each of `questions`, which are ids; every sequence below is parallel to them.

    `measures[system][measure]` has None where a measure does not apply to a question. `ranks[system]` are the ranks, from 1
    to `depth`, at which right texts stood. `facts` is what else plots are drawn from: `relevant` (how many texts are
    right), `confidence` (0 to 1), `answerable`, `refused` (0 or 1), `search_ms`, `answer_ms`.
    """

    questions: Sequence[str]
    measures: Mapping[str, Mapping[str, Column]]
    ranks: Mapping[str, Sequence[Sequence[int]]]
    depth: int
    facts: Mapping[str, Column] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A kept run: `made` says when and with what (date, commit, model …), `numbers` is its summary."""

    name: str
    command: str
    made: Mapping[str, Any]
    numbers: Mapping[str, Any]
    values: Values


def save(folder: Path, command: str, made: Mapping[str, Any], numbers: Mapping[str, Any], values: Values) -> str:
    """Write a run below `folder`; returns its name."""
    name = "-".join(part for part in (command, f"{datetime.now():%Y%m%d-%H%M%S}", str(made["commit"])) if part)
    file = folder / _FOLDER / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {"command": command, "made": made, "numbers": numbers, "values": _rounded(vars(values))}
    aside = file.with_suffix(".tmp")
    aside.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    aside.replace(file)
    return name


def load(folder: Path, wanted: str) -> Run:
    """The run whose name is `wanted`, or else holds it as a part. Raises UnknownRun where none does, or several do."""
    kept = names(folder)
    found = [name for name in kept if name == wanted] or [name for name in kept if wanted in name]
    if len(found) != 1:
        raise UnknownRun(wanted, found or kept)
    return _read(folder / _FOLDER / f"{found[0]}.json")


def names(folder: Path) -> list[str]:
    """The names of the runs kept below `folder`; of one command, oldest first."""
    return sorted(file.stem for file in (folder / _FOLDER).glob("*.json"))


def latest(folder: Path) -> list[Run]:
    """The newest run of each command."""
    newest = {_TIME.split(name)[0]: name for name in names(folder)}
    return [_read(folder / _FOLDER / f"{name}.json") for name in newest.values()]


def _read(file: Path) -> Run:
    content = json.loads(file.read_text(encoding="utf-8"))
    return Run(file.stem, content["command"], content["made"], content["numbers"], Values(**content["values"]))


def _rounded(value: Any) -> Any:
    """The same with numbers as short as they can be: four digits behind the point, whole numbers without one."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, _DIGITS)
    if isinstance(value, Mapping):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, (list, tuple)) else value
