"""Whether answers hold what was needed, and whether questions without an answer are refused: `python -m eval answers`.

Judged by `eval/judged/questions.jsonl`, written without sight of the program. A question of the tuning half may be looked
at; the other half only gives figures.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.answering import Assistant
from assistant.evidence import weigh
from assistant.references import references
from kb.knowledge_base import KnowledgeBase
from kb.models import Answer, Asker, Hit
from kb.validity import canonical_title

JUDGED = Path(__file__).resolve().parent / "judged" / "questions.jsonl"
FIRST_LINES = 150  # characters in which the needed fact has to stand
_LOOKED_AT = 10
_NOISE = re.compile(r"[\s*]+")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class Question:
    """A judged question; `answers` are (canonical title, article or empty), none where the texts hold no answer."""

    id: str
    text: str
    kind: str
    answers: tuple[tuple[str, str], ...]
    facts: tuple[str, ...]
    style: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of one question. `rank` of the first right hit counts from 1, 0 where none is among the first ten."""

    question: Question
    rank: int
    found: bool
    fact_at: int
    support: float

    @property
    def fact_first(self) -> bool:
        """Whether the needed fact stands in the first lines."""
        return self.found and 0 <= self.fact_at < FIRST_LINES


def read_questions(file: Path = JUDGED, split: str = "all") -> list[Question]:
    """The questions of one half (tune, test) or all."""
    rows = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip())
    return [question for row in rows if split in ("all", half((question := _question(row)).id))]


def half(name: str) -> str:
    """The half that an item with this id belongs to."""
    return "tune" if int(hashlib.sha1(name.encode()).hexdigest(), 16) % 2 == 0 else "test"


def _question(row: Mapping[str, object]) -> Question:
    answers = tuple((canonical_title(a["title"]), a.get("article", "")) for a in row["answers"])  # type: ignore[attr-defined]
    facts = tuple(_plain(fact) for fact in str(row["fact"]).split("‖") if fact)
    return Question(str(row["id"]), str(row["q"]), str(row["kind"]), answers, facts, tuple(row.get("style", ())))  # type: ignore[arg-type]


def judge(knowledge_base: KnowledgeBase, questions: Sequence[Question], asker: Asker) -> list[Outcome]:
    """Ask every question."""
    assistant = Assistant(knowledge_base)
    return [_outcome(knowledge_base, assistant, question, asker) for question in questions]


def _outcome(knowledge_base: KnowledgeBase, assistant: Assistant, question: Question, asker: Asker) -> Outcome:
    found = knowledge_base.search(question.text, asker, _LOOKED_AT)
    ranks = (at for at, hit in enumerate(found.hits, 1) if is_right(hit, question))
    answer = assistant.answer(question.text, asker)
    place = fact_place(answer, question)
    return Outcome(question, next(ranks, 0), answer.found, place, weigh(found.query, found.hits).support)


def is_right(hit: Hit, question: Question) -> bool:
    """Whether a hit is an article that answers, or a digest sentence that names it."""
    title = canonical_title(hit.document.facts.title)
    named = {(canonical_title(r.title), r.article) for r in references(hit.passage.text)}
    return any(
        (t == title and _names(hit.passage.locator, article)) or (t, article) in named for t, article in question.answers
    )


def _names(locator: str, article: str) -> bool:
    return not article or re.search(rf"{article}(?!之)", locator) is not None


def fact_place(answer: Answer, question: Question) -> int:
    """Offset in the answer at which a needed fact ends up being said; -1 where it is not."""
    shown = _plain("".join(statement.text for statement in answer.statements))
    places = [shown.find(fact) + len(fact) for fact in question.facts if fact in shown]
    return min(places, default=-1)


def _plain(text: str) -> str:
    return _NOISE.sub("", _LINK.sub(r"\1", text))


def summary(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """The shares that are asked for, in percent where they are shares."""
    everything = list(outcomes)
    answerable = [each for each in everything if each.question.kind != "none"]
    policy = [each for each in answerable if each.question.kind == "policy"]
    empty = [each for each in everything if each.question.kind == "none"]
    return {
        "questions": len(everything),
        "policy": len(policy),
        "first": _share(policy, lambda o: o.rank == 1),
        "first_five": _share(policy, lambda o: 0 < o.rank <= 5),
        "first_ten": _share(policy, lambda o: o.rank > 0),
        "practice_first_five": _share([o for o in answerable if o not in policy], lambda o: 0 < o.rank <= 5),
        "fact_in_first_lines": _share(answerable, lambda o: o.fact_first),
        "fact_in_answer": _share(answerable, lambda o: o.fact_at >= 0),
        "refused_rightly": _share(empty, lambda o: not o.found),
        "refused_wrongly": _share(answerable, lambda o: not o.found),
    }


NAMES: Mapping[str, str] = {
    "questions": "问题数",
    "policy": "其中政策问题",
    "first": "第一条即对应条文（%）",
    "first_five": "前五条含对应条文（%）",
    "first_ten": "前十条含对应条文（%）",
    "practice_first_five": "实务与案例问题：前五条含对应单元（%）",
    "fact_in_first_lines": f"头 {FIRST_LINES} 字里有需要的内容（%）",
    "fact_in_answer": "回答里有需要的内容（%）",
    "refused_rightly": "没有依据的问题：拒答（%）",
    "refused_wrongly": "有依据的问题：误拒（%）",
}


def thresholds(outcomes: Sequence[Outcome]) -> list[tuple[float, float, float]]:
    """(support, share of unanswerable refused, share of answerable refused) for every threshold worth a look."""
    answerable = np.array([o.support for o in outcomes if o.question.kind != "none"])
    empty = np.array([o.support for o in outcomes if o.question.kind == "none"])
    return [(t, float((empty < t).mean()), float((answerable < t).mean())) for t in np.arange(0.3, 0.8, 0.02)]


def _share(outcomes: Sequence[Outcome], holds: Callable[[Outcome], bool]) -> float:
    return 100 * sum(map(holds, outcomes)) / len(outcomes) if outcomes else float("nan")
