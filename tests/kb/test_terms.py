"""Everyday words find the official terms, and the other way round."""

import pytest

from kb import terms
from kb.terms import EXPANSION_WEIGHT, expand, groups, same_meaning

LEXICON = """# official\teveryday
最低生活保障\t低保、吃低保
特困人员\t五保户、五保
错行没有制表符
未成年人\t小孩、娃
"""


@pytest.fixture
def lexicon(tmp_path, monkeypatch):
    """A lexicon of three lines."""
    monkeypatch.setattr("kb.terms.TERMS_FOLDER", tmp_path)
    (tmp_path / "everyday.tsv").write_text(LEXICON, encoding="utf-8")
    caches = (terms.groups, terms._alternatives, terms._longest)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def test_lines_that_are_no_pair_are_passed_over(lexicon):
    assert [official for official, _ in groups()] == ["最低生活保障", "特困人员", "未成年人"]


def test_an_everyday_word_brings_the_official_term_at_less_weight(lexicon):
    found = expand("低保怎么申请")
    assert found.weights["低保"] == 1.0 and found.weights["申请"] == 1.0
    assert found.weights["最低生活保障"] == EXPANSION_WEIGHT
    assert found.counterparts["低保"] == {"最低生活保障"}


def test_an_official_term_brings_the_everyday_words(lexicon):
    found = expand("特困人员的住房")
    assert {"五保户", "五保"} <= found.counterparts["特困人员"]
    assert found.weights["五保户"] == EXPANSION_WEIGHT


def test_the_questions_own_word_keeps_its_full_weight(lexicon):
    assert expand("低保就是最低生活保障吗").weights["最低生活保障"] == 1.0


def test_a_word_of_one_character_brings_nothing(lexicon):
    assert "未成年人" not in expand("娃没人管").weights


def test_a_question_outside_the_lexicon_stays_as_it_is(lexicon):
    found = expand("河灯放在哪里")
    assert set(found.weights.values()) == {1.0}
    assert all(alternatives == frozenset() for alternatives in found.counterparts.values())


@pytest.mark.parametrize("question", ["", "？？", "的"])
def test_a_question_without_words_gives_none(lexicon, question):
    assert dict(expand(question).weights) == {}


def test_same_meaning_holds_the_term_itself(lexicon):
    assert same_meaning("低保") == {"低保", "最低生活保障"}
    assert same_meaning("河灯") == {"河灯"}


def test_without_a_lexicon_nothing_is_expanded(lexicon, tmp_path):
    (tmp_path / "everyday.tsv").unlink()
    for cached in (terms.groups, terms._alternatives, terms._longest):
        cached.cache_clear()
    assert groups() == () and expand("低保").counterparts == {"低保": frozenset()}


def test_the_kept_lexicon_is_well_formed():
    assert len(groups()) > 50
    for official, everyday in groups():
        assert official and everyday and official not in everyday, official
