"""Reading judged sets, and the halves that settings and reports keep to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.errors import SharedMissing
from eval.heldout import unseen
from eval.judgments import JudgedQuestion, half, part, read_lay_questions, read_set, untrained
from eval.training.spoken import held_out
from tests.eval.invented import write_shared

QUESTIONS = [JudgedQuestion(str(number), f"问题{number}") for number in range(500)]


def test_halves_are_disjoint_and_complete() -> None:
    tune, test = part(QUESTIONS, "tune"), part(QUESTIONS, "test")
    assert {q.id for q in tune}.isdisjoint(q.id for q in test)
    assert sorted((*tune, *test), key=lambda q: int(q.id)) == list(part(QUESTIONS, "all")) == QUESTIONS


def test_halves_are_about_equal_and_do_not_follow_what_is_held_out() -> None:
    test = part(QUESTIONS, "test")
    assert len(test) == pytest.approx(250, abs=40)
    assert sum(held_out(question.id) for question in test) == pytest.approx(83, abs=30)


@pytest.mark.parametrize(("name", "expected"), [("0", "test"), ("1", "test"), ("2", "tune"), ("5156", "tune")])
def test_a_question_stays_in_its_half_for_ever(name: str, expected: str) -> None:
    assert half(name) == expected


def test_a_set_is_read_with_its_grades(tmp_path: Path) -> None:
    write_shared(tmp_path)
    judged = read_set("stard", tmp_path)
    assert [text.title for text in judged.texts][:2] == ["暖冬救助条例第一条", "暖冬救助条例第二条"]
    assert judged.questions[0].grades == {"L2": 1}


def test_lay_questions_name_an_article_or_a_phrase(tmp_path: Path) -> None:
    write_shared(tmp_path)
    first, second = read_lay_questions(tmp_path)
    assert (first.article, first.where) == ("第二条", "")
    assert (second.article, second.where) == ("", "放河灯应当避开航道")


def test_questions_in_training_pairs_are_told_apart_by_their_words(tmp_path: Path) -> None:
    write_shared(tmp_path)
    questions = read_set("stard", tmp_path).questions
    assert [question.text for question in untrained(questions, tmp_path)] == ["河灯能在航道里放吗？"]


def test_held_out_and_untrained_questions_are_unseen() -> None:
    seen = [question for question in QUESTIONS if question not in unseen(QUESTIONS, QUESTIONS[:10])]
    assert seen == [question for question in QUESTIONS[10:] if not held_out(question.id)]


def test_a_missing_set_is_said_in_chinese_without_the_path(tmp_path: Path) -> None:
    with pytest.raises(SharedMissing, match="找不到评测数据") as caught:
        read_set("stard", tmp_path)
    assert str(tmp_path) not in str(caught.value)
    assert json.dumps(str(caught.value))
