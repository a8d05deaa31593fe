"""Whether answers hold what was needed, and whether questions without an answer are refused: `python -m eval answers`.

Judged by `eval/judged/questions.jsonl`, written without sight of the program. A question of the tuning half may be looked
at; the other half only gives figures.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from assistant.answering import Assistant
from assistant.evidence import Calibration, builtin_calibration
from assistant.references import references
from eval.metrics import percentile
from eval.runs import Column, Values
from kb.knowledge_base import KnowledgeBase
from kb.models import Answer, Asker, Document, Hit, Passage
from kb.validity import canonical_title

JUDGED = Path(__file__).resolve().parent / "judged" / "questions.jsonl"
SYSTEM = "answer"  # the name under which the product stands in a run
FIRST_LINES = 150  # characters in which the needed fact has to stand
_LOOKED_AT = 10
T = TypeVar("T")
_NOISE = re.compile(r"[\s*]+")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class Question:
    """A judged question; `answers` are (canonical title, article or empty), none where the texts hold no answer.

    `passages` are ids of passages that answer as well, for questions judged by a stretch of text.
    """

    id: str
    text: str
    kind: str
    answers: tuple[tuple[str, str], ...]
    facts: tuple[str, ...]
    style: tuple[str, ...] = ()
    passages: frozenset[str] = frozenset()

    @property
    def answerable(self) -> bool:
        """Whether the texts hold an answer."""
        return self.kind != "none"


@dataclass(frozen=True)
class Outcome:
    """What became of one question. `rank` of the first right hit counts from 1, 0 where none is among the first ten."""

    question: Question
    rank: int
    found: bool
    fact_at: int
    confidence: float
    search_ms: float = 0.0
    answer_ms: float = 0.0

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
    facts = tuple(plain(fact) for fact in str(row["fact"]).split("‖") if fact)
    return Question(str(row["id"]), str(row["q"]), str(row["kind"]), answers, facts, tuple(row.get("style", ())))  # type: ignore[arg-type]


def judge(
    knowledge_base: KnowledgeBase, questions: Sequence[Question], asker: Asker, assistant: Assistant | None = None
) -> Iterator[Outcome]:
    """Ask the questions one after another, of the site's assistant or a plain one, in a process that is warm."""
    assistant = assistant or Assistant(knowledge_base)
    for question in questions[:1]:
        Assistant(knowledge_base).answer(question.text, asker)  # loads what a server has loaded long ago
    for question in questions:
        yield _outcome(knowledge_base, assistant, question, asker)


def _outcome(knowledge_base: KnowledgeBase, assistant: Assistant, question: Question, asker: Asker) -> Outcome:
    found, search_ms = _timed(lambda: knowledge_base.search(question.text, asker, _LOOKED_AT))
    answer, answer_ms = _timed(lambda: assistant.answer(question.text, asker))
    ranks = (at for at, hit in enumerate(found.hits, 1) if is_right(hit, question))
    place = fact_place(answer, question)
    return Outcome(question, next(ranks, 0), answer.found, place, answer.confidence, search_ms, answer_ms)


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    """What a call gives, and its milliseconds."""
    started = time.perf_counter()
    return call(), 1000 * (time.perf_counter() - started)


def is_right(hit: Hit, question: Question) -> bool:
    """Whether a hit is a passage or article that answers, or a digest sentence that names it."""
    return hit.passage.id in question.passages or answers_with(hit.document, hit.passage, question.answers)


def answers_with(document: Document, passage: Passage, answers: Sequence[tuple[str, str]]) -> bool:
    """Whether a passage is one of the places (canonical title, article or empty), or of a digest and names one."""
    title = canonical_title(document.facts.title)
    named = {(canonical_title(r.title), r.article) for r in references(passage.text)}
    return any((t == title and _names(passage.locator, article)) or (t, article) in named for t, article in answers)


def _names(locator: str, article: str) -> bool:
    return not article or re.search(rf"{article}(?!之)", locator) is not None


def fact_place(answer: Answer, question: Question) -> int:
    """Offset in the answer at which a needed fact ends up being said; -1 where it is not."""
    shown = plain("".join(statement.text for statement in answer.statements))
    places = [shown.find(fact) + len(fact) for fact in question.facts if fact in shown]
    return min(places, default=-1)


def plain(text: str) -> str:
    """`text` without spaces, marks of emphasis and link targets, as facts are compared."""
    return _NOISE.sub("", _LINK.sub(r"\1", text))


@dataclass(frozen=True)
class Measure:
    """Something that holds for a question or does not (1 or 0), or a share, for the questions that it applies to."""

    name: str
    applies: Callable[[Question], bool]
    value: Callable[[Outcome], float]


def answerable(question: Question) -> bool:
    """Whether the texts hold an answer."""
    return question.answerable


def _policy(question: Question) -> bool:
    return question.kind == "policy"


def _practice(question: Question) -> bool:
    return question.answerable and question.kind != "policy"


def _empty(question: Question) -> bool:
    return not question.answerable


def _with_facts(question: Question) -> bool:
    return question.answerable and bool(question.facts)


def ranked(applies: Callable[[Question], bool], wanted: str) -> dict[str, Measure]:
    """How far up what is `wanted` stands among the hits."""
    return {
        "first": Measure(f"第一条即{wanted}", applies, lambda o: o.rank == 1),
        "first_five": Measure(f"前五条含{wanted}", applies, lambda o: 0 < o.rank <= 5),
        "first_ten": Measure(f"前十条含{wanted}", applies, lambda o: o.rank > 0),
        "MRR": Measure("名次倒数 MRR", applies, lambda o: 1 / o.rank if o.rank else 0.0),
    }


ANSWERED: Mapping[str, Measure] = {
    "fact_in_first_lines": Measure(f"头 {FIRST_LINES} 字里有需要的内容", _with_facts, lambda o: o.fact_first),
    "fact_in_answer": Measure("回答里有需要的内容", _with_facts, lambda o: o.fact_at >= 0),
    "refused_rightly": Measure("没有依据的问题：拒答", _empty, lambda o: not o.found),
    "refused_wrongly": Measure("有依据的问题：误拒", answerable, lambda o: not o.found),
}
MEASURES: Mapping[str, Measure] = {
    **ranked(_policy, "对应条文"),
    "practice_first_five": Measure("实务与案例问题：前五条含对应单元", _practice, lambda o: 0 < o.rank <= 5),
    **ANSWERED,
}


def summary(
    outcomes: Sequence[Outcome], measures: Mapping[str, Measure] = MEASURES, calibration: Calibration | None = None
) -> dict[str, float | None]:
    """The mean of every measure in percent (None where it applies to no question), counts, and times in milliseconds."""
    shares = {name: _percent(measure, outcomes) for name, measure in measures.items()}
    searches, answers = [o.search_ms for o in outcomes], [o.answer_ms for o in outcomes]
    return {
        "questions": len(outcomes),
        "policy": sum(_policy(outcome.question) for outcome in outcomes),
        "threshold": (calibration or builtin_calibration()).touches,
        **shares,
        "search_p50_ms": percentile(searches, 50),
        "search_p95_ms": percentile(searches, 95),
        "answer_p50_ms": percentile(answers, 50),
        "answer_p95_ms": percentile(answers, 95),
    }


def values(outcomes: Sequence[Outcome], measures: Mapping[str, Measure] = MEASURES) -> Values:
    """The same question by question."""
    facts: dict[str, Column] = {
        "relevant": [int(outcome.question.answerable) for outcome in outcomes],
        "answerable": [int(outcome.question.answerable) for outcome in outcomes],
        "refused": [int(not outcome.found) for outcome in outcomes],
        "confidence": [outcome.confidence for outcome in outcomes],
        "search_ms": [outcome.search_ms for outcome in outcomes],
        "answer_ms": [outcome.answer_ms for outcome in outcomes],
    }
    columns = {name: [_value(measure, outcome) for outcome in outcomes] for name, measure in measures.items()}
    ranks = [[outcome.rank] if outcome.rank else [] for outcome in outcomes]
    return Values([outcome.question.id for outcome in outcomes], {SYSTEM: columns}, {SYSTEM: ranks}, _LOOKED_AT, facts)


def _value(measure: Measure, outcome: Outcome) -> float | None:
    return float(measure.value(outcome)) if measure.applies(outcome.question) else None


def _percent(measure: Measure, outcomes: Iterable[Outcome]) -> float | None:
    found = [value for outcome in outcomes if (value := _value(measure, outcome)) is not None]
    return 100 * sum(found) / len(found) if found else None


def names(measures: Mapping[str, Measure]) -> dict[str, str]:
    """How the figures of a summary are called on the screen."""
    return {
        "questions": "问题数",
        **{name: f"{measure.name}（%）" for name, measure in measures.items()},
        "search_p50_ms": "检索用时 p50（毫秒）",
        "search_p95_ms": "检索用时 p95（毫秒）",
        "answer_p50_ms": "回答用时 p50（毫秒）",
        "answer_p95_ms": "回答用时 p95（毫秒）",
    }
