"""How much of a question a text says."""

import numpy as np
import pytest

from kb.matching import coverage, kinds_of
from kb.query import Query, QuestionWord


def query(*words: QuestionWord) -> Query:
    return Query("", words, {}, np.zeros(4, dtype=np.float32))


LOW, RARE = QuestionWord("申请", 1.0), QuestionWord("低保", 3.0, frozenset({"最低生活保障"}))


def test_coverage_is_the_share_of_importance_that_is_said():
    assert coverage(query(LOW, RARE), "申请应当书面提出") == pytest.approx(1 / 4)
    assert coverage(query(LOW, RARE), "申请低保") == 1.0


def test_an_official_counterpart_counts_as_the_word():
    assert coverage(query(RARE), "最低生活保障由县级审核") == 1.0


def test_what_only_the_context_says_counts_less():
    assert coverage(query(RARE), "应当书面提出", "低保办法", 0.6) == pytest.approx(0.6)


def test_a_part_of_a_long_word_counts_half():
    word = QuestionWord("最低生活保障金", 2.0)
    assert 0 < coverage(query(word), "生活困难") < 0.5


def test_a_question_without_content_words_is_covered_by_nothing():
    assert coverage(query(), "任何文字") == 0.0


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("低保多久能批下来", "期限"), ("志愿服务时长谁来记", "谁来办"), ("护理补贴一个月多少钱", "多少"), ("特困人员怎么认定", "条件"),
        ("申请低保要什么材料", "材料"), ("老人被赶出家门怎么办", "怎么办"), ("家暴可以申请保护令吗", "能不能"),
    ],
)  # fmt: skip
def test_a_question_tells_what_it_asks_for(question, kind):
    assert kind in [each.name for each in kinds_of(question)]
