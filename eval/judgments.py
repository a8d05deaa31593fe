"""Judged questions: which texts answer a question, and how well.

The sets lie beside the project (`../shared/bench`), never in it. A set is halved by the hash of the question's id: settings
are chosen on `tune`, numbers are reported on `test`. Questions that the built-in model was trained on are told apart by
their words (`untrained`), because a trained model remembers their answers.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from eval.errors import SharedMissing
from kb.places import bare

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
Split = Literal["tune", "test", "all"]
_PARTS = ("text", "reason", "result")


@dataclass(frozen=True)
class JudgedText:
    """A text of the collection that is searched."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class JudgedQuestion:
    """A question with the grade of every judged text by id: 0 does not answer, higher answers better."""

    id: str
    text: str
    grades: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class JudgedSet:
    """A collection and its questions."""

    name: str
    texts: tuple[JudgedText, ...]
    questions: tuple[JudgedQuestion, ...]


@dataclass(frozen=True)
class LayQuestion:
    """A spoken question, the file that answers it, and its `article` (第三条) or else a phrase of the passage, `where`."""

    text: str
    file: str
    article: str
    where: str

    @property
    def id(self) -> str:
        """Told by its words; the file of questions names none."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:8]


def read_set(name: str, shared: Path = SHARED) -> JudgedSet:
    """The set `bench/<name>`. Raises SharedMissing."""
    folder = shared / "bench" / name
    texts = tuple(JudgedText(row["id"], row["title"], _whole(row)) for row in _rows(folder / "corpus.jsonl.xz"))
    grades = _grades(folder / "qrels.tsv")
    questions = (JudgedQuestion(r["id"], r["text"], grades[r["id"]]) for r in _rows(folder / "queries.jsonl.xz"))
    return JudgedSet(name, texts, tuple(questions))


def read_question_texts(name: str, shared: Path = SHARED) -> dict[str, str]:
    """The words of the questions of `bench/<name>` by id. Raises SharedMissing."""
    return {row["id"]: row["text"] for row in _rows(shared / "bench" / name / "queries.jsonl.xz")}


def read_lay_questions(shared: Path = SHARED) -> tuple[LayQuestion, ...]:
    """The spoken questions over `corpus/laws`. Raises SharedMissing."""
    rows = _rows(shared / "questions" / "lay_questions.jsonl")
    return tuple(LayQuestion(r["q"], r["file"], r["article"] or "", r["where"] or "") for r in rows)


def half(name: str) -> Literal["tune", "test"]:
    """The half to which a question with the id `name` belongs, for ever."""
    return "test" if hashlib.sha256(name.encode()).digest()[0] % 2 else "tune"


def part(questions: Iterable[JudgedQuestion], split: Split) -> tuple[JudgedQuestion, ...]:
    """The questions of one half, or all."""
    return tuple(question for question in questions if split in ("all", half(question.id)))


def untrained(questions: Sequence[JudgedQuestion], shared: Path = SHARED) -> tuple[JudgedQuestion, ...]:
    """The questions that are in no file of `pairs`, from which the built-in model is trained. Raises SharedMissing."""
    folder = shared / "pairs"
    if not folder.is_dir():
        raise SharedMissing(folder)
    trained = {bare(row["q"]) for file in sorted(folder.glob("*.jsonl.xz")) for row in _rows(file)}
    return tuple(question for question in questions if bare(question.text) not in trained)


def _whole(row: Mapping[str, Any]) -> str:
    """The text; of a judgment also what the court holds and how it rules, which LeCaRD keeps apart."""
    return "\n".join(row[part] for part in _PARTS if row.get(part))


def _grades(file: Path) -> defaultdict[str, dict[str, int]]:
    grades: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for line in _lines(file):
        question, text, grade = line.split("\t")
        grades[question][text] = int(grade)
    return grades


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in _lines(file))


def _lines(file: Path) -> Iterator[str]:
    try:
        with lzma.open(file, "rt", encoding="utf-8") if file.suffix == ".xz" else open(file, encoding="utf-8") as lines:
            yield from (line.rstrip("\n") for line in lines if line.strip())
    except FileNotFoundError as error:
        raise SharedMissing(file) from error
