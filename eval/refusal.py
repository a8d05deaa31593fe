"""Fit when to answer and when to say that nothing was found: `python -m eval fit-refusal`.

`eval/judged/refusal.jsonl` holds questions that the texts answer, only touch or do not hold, written without sight of the
program. One half of them fits the weights, the other half shows what they do; the judged questions of `eval answers` are
not used here at all.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from assistant.evidence import Calibration, Wording, signs_of, weigh
from assistant.named import look_up
from eval.answers import Question, half
from eval.training.spoken import own_questions
from kb.embedder import builtin_embedder
from kb.errors import QuestionFileError
from kb.knowledge_base import KnowledgeBase, SearchResult
from kb.models import Asker

Label = Literal["answered", "touches", "none"]
FILE = Path(__file__).resolve().parent / "judged" / "refusal.jsonl"
BEYOND = Path(__file__).resolve().parent / "judged" / "beyond.jsonl"
LABELS: tuple[Label, ...] = ("answered", "touches", "none")
WRONGLY = 0.03  # share of answerable questions that may be refused
_ANSWERS_WRONGLY = 0.05  # share of the others that may be answered without a word of warning
_STRENGTH = 1.0  # inverse of the ridge penalty
_HITS = 30  # as the assistant asks for
_FEWEST = 30
_ANSWERED_PER_BEYOND = 3
_WORDING_STRENGTH = 10.0


@dataclass(frozen=True)
class Asked:
    """A question with its label, what was found, and whether it names a law or article that is not there."""

    id: str
    label: Label
    found: SearchResult
    missing: bool



@dataclass(frozen=True)
class Labelled:
    """A question and whether the texts answer it."""

    id: str
    text: str
    label: Label


def read(split: str = "all", file: Path = FILE) -> list[Labelled]:
    """The questions of one half (tune, test) or all."""
    rows = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    return [Labelled(row["id"], row["q"], row["label"]) for row in rows if split in ("all", half(row["id"]))]


def of_site(questions: Sequence[Question]) -> list[Labelled]:
    """A station's questions, with the built-in ones that hardly any text answers. Raises QuestionFileError if too few."""
    answered = sum(question.answerable for question in questions)
    if answered < _FEWEST:
        raise QuestionFileError(f"有答案的问题只有 {answered} 个，至少要 {_FEWEST} 个才拟合得准。请再补一些。")
    own = [Labelled(q.id, q.text, "answered" if q.answerable else "none") for q in questions]
    return own + [each for each in read() if each.label == "none"]


def ask(
    knowledge_base: KnowledgeBase,
    questions: Sequence[Labelled],
    asker: Asker,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Asked]:
    """Search every question as the assistant does."""
    result: list[Asked] = []
    for each in questions:
        named = look_up(each.text, knowledge_base, asker)
        found = knowledge_base.search(each.text, asker, _HITS)
        result.append(Asked(each.id, each.label, found, bool(named.missing and not named.hits)))
        progress(len(result), len(questions))
    return result


def fit_and_check(asked: Sequence[Asked]) -> tuple[Calibration, dict[str, dict[str, float]]]:
    """The calibration of the tuning half, and what it does on the other half."""
    calibration = fit([each for each in asked if half(each.id) == "tune"])
    return calibration, shares([each for each in asked if half(each.id) == "test"], calibration)


def fit(asked: Sequence[Asked], wording: Wording | None = None) -> Calibration:
    """Ridge logistic regression on questions with an answer against those without, and thresholds from the same data.

    What only touches a question is left out of the fit: it lies between, and which side it takes is for the thresholds.
    Questions that name something which does not exist are caught before and teach nothing here.
    """
    from sklearn.linear_model import LogisticRegression

    wording = wording or fit_wording()
    clear = [each for each in asked if each.label != "touches" and not each.missing]
    signs = [signs_of(each.found, wording) for each in clear]
    names, rows = list(signs[0]), np.array([list(each.values()) for each in signs])
    labels = np.array([each.label == "answered" for each in clear])
    model = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=1000).fit(rows, labels)
    weights = {name: round(float(weight), 4) for name, weight in zip(names, model.coef_[0], strict=True)}
    raw = Calibration(round(float(model.intercept_[0]), 4), weights, 1.0, 0.0, wording)
    sure = {label: _confidences(clear, label, raw) for label in LABELS}
    touches = float(np.quantile(sure["answered"], WRONGLY))
    answers = max(touches, float(np.quantile(sure["none"], 1 - _ANSWERS_WRONGLY)))
    return Calibration(raw.bias, weights, round(answers, 4), round(touches, 4), wording)


def fit_wording() -> Wording:
    """Spoken questions that a text answers, against those that none does, told apart by their vectors alone."""
    from sklearn.linear_model import LogisticRegression

    answered = [question.text for question in own_questions()]
    random.Random(0).shuffle(answered)
    beyond = [json.loads(line)["q"] for line in BEYOND.read_text(encoding="utf-8").splitlines()]
    texts = answered[: _ANSWERED_PER_BEYOND * len(beyond)] + beyond
    labels = np.arange(len(texts)) < len(texts) - len(beyond)
    model = LogisticRegression(C=_WORDING_STRENGTH, class_weight="balanced", max_iter=2000)
    model.fit(builtin_embedder().embed(texts), labels)
    return Wording(round(float(model.intercept_[0]), 3), tuple(round(float(each), 3) for each in model.coef_[0]))


def _confidences(asked: Sequence[Asked], label: Label, calibration: Calibration) -> npt.NDArray[np.float64]:
    return np.array([weigh(each.found, calibration).confidence for each in asked if each.label == label] or [0.0])


def shares(asked: Sequence[Asked], calibration: Calibration) -> dict[str, dict[str, float]]:
    """numbers[label][verdict]: percent of the questions of each label that get each verdict."""
    result: dict[str, dict[str, float]] = {}
    for label in LABELS:
        verdicts = ["none" if each.missing else weigh(each.found, calibration).verdict for each in asked if each.label == label]
        counts = {name: 100 * verdicts.count(name) / max(len(verdicts), 1) for name in ("answers", "touches", "none")}
        result[label] = {"questions": float(len(verdicts)), **{name: round(share, 1) for name, share in counts.items()}}
    return result
