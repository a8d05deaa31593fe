"""Spoken questions, each with the passage that answers it, and which of them are kept from training to measure with.

Two kinds are kept back, because they tell two things apart: every tenth question (how the product does on new questions
about texts it knows) and all questions about every fourth text (how it does on texts that nobody wrote questions for).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from eval.judgments import read_lay_questions
from eval.training.reference_texts import CORPUS, ReferenceTexts
from kb.validity import canonical_title

QUESTIONS = CORPUS / "questions"


class Kept(StrEnum):
    """What a question is kept for."""

    TRAINING = "training"
    NEW_QUESTION = "new question"
    NEW_TEXT = "new text"


@dataclass(frozen=True)
class SpokenQuestion:
    """A question with the place that answers it: `article` (第三条) or else `phrase`, words of the passage."""

    text: str
    title: str
    article: str
    phrase: str

    @property
    def kept(self) -> Kept:
        """What the question is kept for."""
        return kept_for(self.title, self.text)


def kept_for(title: str, question: str) -> Kept:
    """What a question about the text of that title is kept for."""
    if _hash("text", canonical_title(title)) % 4 == 0:
        return Kept.NEW_TEXT
    return Kept.NEW_QUESTION if _hash("question", question) % 10 == 0 else Kept.TRAINING


def read_spoken(shared: Path, texts: ReferenceTexts) -> list[SpokenQuestion]:
    """The questions beside the project and those kept in `corpus/questions`, each once. Raises SharedMissing."""
    lay = (SpokenQuestion(q.text, texts.title_of(q.file), q.article, q.where) for q in read_lay_questions(shared))
    found = {question.text: question for question in (*lay, *own_questions())}
    return list(found.values())


def own_questions() -> Iterator[SpokenQuestion]:
    """The questions kept in `corpus/questions`."""
    for file in sorted(QUESTIONS.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield SpokenQuestion(row["q"], row["title"], row.get("article") or "", row.get("where") or "")


def held_out(question_id: str) -> bool:
    """Whether this question of a judged set is kept from the held-out model: one in three."""
    return _hash("judged", question_id) % 3 == 0


def _hash(what: str, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{what}:{name}".encode()).digest()[:8], "big")
