"""The judged questions against the texts they were judged by."""

import re
from datetime import date
from functools import cache

import pytest

from eval.answers import FIRST_LINES, fact_place, read_questions
from eval.corpus_check.command import CORPUS, LAWS
from eval.corpus_check.digests import Locator
from eval.corpus_check.law_texts import Laws, read_laws
from kb.models import Answer, Statement
from kb.validity import canonical_title


def plain(text: str) -> str:
    return re.sub(r"[\s*]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text))


@cache
def laws() -> Laws:
    return read_laws(LAWS, date.today())


@cache
def units() -> dict[str, str]:
    files = [*(CORPUS / "training").glob("*.md"), *(CORPUS / "cases").glob("*.md")]
    texts = (file.read_text(encoding="utf-8") for file in files)
    return {canonical_title(re.search(r"(?m)^title:\s*(.+?)\s*$", text).group(1)): plain(text) for text in texts}


def places(title: str, article: str) -> list[str]:
    """The texts that an answer of a judged question points at."""
    if title in units():
        return [units()[title]]
    texts = laws().current(title)
    if not article:
        return [plain(text.document.text) for text in texts]
    found = (text.find(Locator(((0, article),))) for text in texts)
    return [plain(around) for each in found if each for _, around in [each]]


@pytest.mark.shared
@pytest.mark.skipif(not LAWS.is_dir(), reason="needs ../shared/corpus/laws")
def test_every_judged_answer_exists_and_holds_a_needed_fact():
    wrong = []
    for question in read_questions():
        texts = [text for title, article in question.answers for text in places(title, article)]
        if question.answers and not any(fact in text for fact in question.facts for text in texts):
            wrong.append((question.id, question.answers, question.facts))
    assert wrong == []


def test_questions_are_unique_and_both_halves_have_all_kinds():
    tune, test = read_questions(split="tune"), read_questions(split="test")
    assert not {question.id for question in tune} & {question.id for question in test}
    assert {question.kind for question in tune} == {question.kind for question in test}
    texts = [question.text for question in (*tune, *test)]
    assert len(texts) == len(set(texts)) == len(read_questions())


def test_the_place_of_a_fact_is_where_it_has_been_said():
    question = next(each for each in read_questions() if each.facts == ("30个工作日",))
    answer = Answer("问", statements=(Statement("应当在 30个工作日 内办完。", "政策依据", (1,)),))
    assert fact_place(answer, question) == len("应当在30个工作日") < FIRST_LINES
    assert fact_place(Answer("问"), question) == -1
