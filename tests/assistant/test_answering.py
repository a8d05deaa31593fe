"""From a question to a cited answer over invented laws."""

from dataclasses import replace
from datetime import date

import pytest

from assistant.answering import Assistant
from assistant.citations import check, cited_numbers
from kb.models import NATIONAL, Answer, Asker, Citation, Statement, Status

ANHUI = "安徽省"


@pytest.fixture(scope="module")
def assistant(laws):
    return Assistant(laws)


def test_the_first_line_answers_and_every_line_is_cited(assistant):
    answer = assistant.answer("取暖补助几天办结", Asker())
    assert answer.found and answer.complete and "十五日内办结" in answer.statements[0].text
    numbers = {citation.number for citation in answer.citations}
    assert all(statement.citations and set(statement.citations) <= numbers for statement in answer.statements)


def test_every_quote_stands_verbatim_in_its_passage(assistant):
    answer = assistant.answer("取暖补助怎么申请", Asker())
    assert all(quote in c.hit.passage.text for c in answer.citations for quote in c.quotes)


def test_an_older_version_does_not_answer_today_but_answers_as_of_its_day(assistant):
    today = assistant.answer("取暖补助几天办结", Asker())
    then = assistant.answer("取暖补助几天办结", Asker(day=date(2015, 1, 1)))
    assert all(c.hit.status is not Status.SUPERSEDED for c in today.citations)
    assert "三十日内" in then.statements[0].text


def test_another_province_never_answers(assistant):
    answer = assistant.answer("取暖补助每户每月多少元", Asker(region=ANHUI))
    regions = {c.hit.document.facts.region for c in answer.citations}
    assert regions <= {NATIONAL, ANHUI} and any("二百元" in s.text for s in answer.statements)
    assert any("湖北省" in notice for notice in answer.notices)


@pytest.mark.parametrize("question", ["红烧肉怎么做", "电脑蓝屏怎么修", "abcdefg", "？？？", "的", "😀", "x" * 5000])
def test_nothing_found_is_said_honestly_with_whom_to_ask(assistant, question):
    answer = assistant.answer(question, Asker())
    assert not answer.found and not answer.statements and "12345" in answer.advice


def test_cases_and_training_stand_in_their_own_sections(assistant):
    answer = assistant.answer("独居老人过冬没有取暖设备怎么申请取暖补助", Asker())
    assert {s.section for s in answer.statements} >= {"政策依据", "相关案例"}
    assert answer.statements[-1].section == "相关案例"


def test_in_danger_the_card_comes_before_anything_is_searched(assistant):
    first, *_, last = assistant.stream("老人说不想活了，能不能申请取暖补助", Asker())
    assert first.cards and not first.complete and not first.statements
    assert last.cards == first.cards and last.complete


def test_the_same_question_gives_the_same_answer(assistant):
    assert assistant.answer("取暖补助怎么申请", Asker()) == assistant.answer("取暖补助怎么申请", Asker())


def test_a_statement_without_a_true_quote_is_taken_out(assistant):
    answer = assistant.answer("取暖补助几天办结", Asker())
    false = tuple(replace(c, quotes=("原文没有的话",)) for c in answer.citations)
    assert check(replace(answer, citations=false)).statements == ()


def test_a_statement_that_cites_a_number_that_does_not_exist_is_taken_out(assistant):
    answer = assistant.answer("取暖补助几天办结", Asker())
    wrong = replace(answer, statements=(Statement("编造的话。", "政策依据", (99,)),))
    assert check(wrong).statements == () and check(wrong).citations == ()


def test_citation_marks_are_read_in_order_each_once():
    assert cited_numbers("可以申请[2][1]，应当书面提出[2]。") == (2, 1)


def test_an_answer_without_citations_keeps_nothing():
    assert check(Answer("问", statements=(Statement("话", "政策依据", ()),))).statements == ()


def test_a_label_reads_as_a_person_cites(assistant):
    citation: Citation = assistant.answer("取暖补助几天办结", Asker()).citations[0]
    assert citation.label.startswith("《暖冬救助条例》第")
