import logging

import pytest

from assistant.answering import MAX_QUESTION, Assistant
from assistant.ui import texts
from assistant.ui.ask import answer_turns
from kb.errors import IndexOutdated
from kb.models import NATIONAL, Status
from tests.assistant.ui.conftest import ONLY_TOUCHES, QUESTION


def last(knowledge_base, assistant, question=QUESTION, region=NATIONAL, day=""):
    return list(answer_turns(knowledge_base, assistant, question, region, day))[-1]


class Failing:
    """An assistant that fails in the given way."""

    def __init__(self, error):
        self._error = error

    def stream(self, question, asker):
        raise self._error
        yield


def test_a_question_waits_then_is_answered_from_the_text_in_force(knowledge_base):
    first, *_, turn = answer_turns(knowledge_base, Assistant(knowledge_base), QUESTION, NATIONAL, "")
    assert not first.complete and turn.complete
    assert "十五个工作日" in turn.answer.statements[0].text
    assert all(each.hit.status is Status.IN_FORCE for each in turn.answer.citations)


def test_the_day_asked_about_decides_which_version_answers(knowledge_base):
    turn = last(knowledge_base, Assistant(knowledge_base), day="2015-06-01")
    assert "三十个工作日" in turn.answer.statements[0].text


def test_a_day_that_is_none_is_said_and_today_taken(knowledge_base):
    turn = last(knowledge_base, Assistant(knowledge_base), day="去年")
    assert texts.WRONG_DAY in turn.remarks and "十五个工作日" in turn.answer.statements[0].text


def test_a_very_long_question_is_cut_and_that_is_said(knowledge_base):
    turn = last(knowledge_base, Assistant(knowledge_base), question=f"{QUESTION}。" * 400)
    assert len(turn.question) == MAX_QUESTION + 1 and texts.LONG_QUESTION.format(most=MAX_QUESTION) in turn.remarks
    assert turn.complete and not turn.error


def test_an_error_meant_for_people_is_shown_in_its_own_words(knowledge_base):
    assert last(knowledge_base, Failing(IndexOutdated("索引还是旧的。请先重建。"))).error == "索引还是旧的。请先重建。"


def test_any_other_error_is_a_busy_system_and_the_question_is_not_logged(knowledge_base, caplog):
    with caplog.at_level(logging.ERROR):
        assert last(knowledge_base, Failing(RuntimeError("boom")), question="王小花怎么办").error == texts.BUSY
    assert "boom" in caplog.text and "王小花" not in caplog.text


def test_nearest_titles_lead_to_their_documents(knowledge_base):
    turn = last(knowledge_base, Assistant(knowledge_base), question="火星探测器几点起飞")
    assert not turn.answer.found
    known = {summary.id for summary in knowledge_base.summaries()}
    assert set(turn.links) == set(turn.answer.nearest)
    assert {place.document_id for place in turn.links.values()} <= known
    assert {title: near.document.id for title, near in turn.nearest.items()} == {
        title: place.document_id for title, place in turn.links.items()
    }


def test_only_a_complete_answer_says_why(knowledge_base):
    *growing, turn = answer_turns(knowledge_base, Assistant(knowledge_base), f"他说不想活了，{QUESTION}", NATIONAL, "")
    assert any(each.answer for each in growing) and all(each.why is None for each in growing)
    assert turn.why.reasons and set(each.name for each in turn.why.reasons) <= set(turn.answer.signs)


def test_the_reasons_are_those_of_the_sites_own_calibration(knowledge_base):
    turn = last(knowledge_base, Assistant(knowledge_base, calibration=ONLY_TOUCHES))
    assert turn.answer.touches and turn.answer.advice
    assert turn.why.answers == ONLY_TOUCHES.answers and turn.why.reasons[0].name == "一段覆盖的问题"


@pytest.mark.parametrize("question", ['<img src=x onerror="alert(1)">取暖补助多少天', "${7*7}{{7*7}}取暖补助多少天", "取暖补助:(AND OR NOT"])
def test_odd_questions_are_only_questions(knowledge_base, question):
    turn = last(knowledge_base, Assistant(knowledge_base), question=question)
    assert turn.question == question and turn.complete and not turn.error
