"""A station's own questions as `eval site` judges by them; the table they stand in is read by `ingest/question_table.py`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eval.answers import Question, plain
from ingest.question_table import NO, Row, RowChecker, read_rows, write_rows
from kb.errors import QuestionRowsError
from kb.knowledge_base import KnowledgeBase
from kb.models import Passage
from kb.places import article_named
from kb.validity import canonical_title

_ALTERNATIVES = re.compile(r"[|｜‖]")
_EXAMPLES = (
    ("低保多久核查一次？", "低保批下来以后：怎么发、多久查一次、什么时候停", "短期内经济变化不大的低保家庭", "每年核查一次", "有"),
    ("低保多久核查一次？", "低保批下来以后：怎么发、多久查一次、什么时候停", "家里有劳动力的低保家庭", "每半年核查一次", "有"),
    ("入户探访前要准备什么？", "入户探访怎么做：准备、观察与安全", "", "", ""),
    ("明年高考的作文题是什么？", "", "", "", "没有"),
)


def write_template(file: Path) -> None:
    """Write an example to fill in. Raises QuestionFileError rather than overwrite a file."""
    write_rows(file, _EXAMPLES)


def read_questions(file: Path, knowledge_base: KnowledgeBase) -> list[Question]:
    """The questions of a file over what is held. Raises QuestionRowsError that lists every row to be changed."""
    checker = RowChecker(knowledge_base)
    questions: dict[str, Question] = {}
    for row in read_rows(file):
        checker.check(row)
        found = _question(row, checker)
        known = questions.get(row.question, found)
        if known.answerable != found.answerable:
            checker.problem(row, f"同一个问题前面写“{_answer_word(known)}”答案，这里写“{_answer_word(found)}”，请改成一样。")
        questions[row.question] = _joined(known, found)
    if checker.problems:
        raise QuestionRowsError(checker.problems)
    return list(questions.values())


def _question(row: Row, checker: RowChecker) -> Question:
    """The question of a row; what can not be found is noted."""
    name = hashlib.sha256(row.question.encode()).hexdigest()[:8]
    if row.has_answer in NO or not row.title:
        return Question(name, row.question, "none" if row.has_answer in NO else "policy", (), ())
    passages = checker.passages(row)
    right = checker.right(row, passages) if passages else []
    facts = _facts(row, passages, checker) if right else ()
    label = article_named(row.place)
    answers = ((canonical_title(row.title), label),) if label else ()  # digests that name the article count, too
    return Question(name, row.question, "policy", answers, facts, passages=frozenset(passage.id for passage in right))


def _facts(row: Row, passages: Sequence[Passage], checker: RowChecker) -> tuple[str, ...]:
    """What an answer has to say, in one wording or another; one at least stands in the source."""
    facts = tuple(plain(fact) for fact in _ALTERNATIVES.split(row.fact) if plain(fact))
    if facts and not any(fact in plain("".join(passage.text for passage in passages)) for fact in facts):
        checker.problem(row, f"出处里没有“{row.fact}”这几个字。回答摘录原文，请照原文写。")
    return facts


def _joined(first: Question, second: Question) -> Question:
    return replace(
        first,
        answers=tuple(dict.fromkeys((*first.answers, *second.answers))),
        facts=tuple(dict.fromkeys((*first.facts, *second.facts))),
        passages=first.passages | second.passages,
    )


def _answer_word(question: Question) -> str:
    return "有" if question.answerable else "没有"
