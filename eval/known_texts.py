"""The words of questions that a run knows by id, where they are at hand."""

from __future__ import annotations

from pathlib import Path

from eval.answers import read_questions
from eval.errors import SharedMissing
from eval.judgments import read_lay_questions, read_question_texts
from eval.runs import Run


def texts_of(run: Run, shared: Path) -> dict[str, str]:
    """The text of every question that can be found; none for a set that is not here."""
    if run.values.texts:
        return dict(run.values.texts)
    kind, _, name = run.command.removesuffix("-heldout").partition("-")
    if kind == "answers":
        return {question.id: question.text for question in read_questions()}
    try:
        return {q.id: q.text for q in read_lay_questions(shared)} if name == "lay" else read_question_texts(name, shared)
    except SharedMissing:
        return {}
