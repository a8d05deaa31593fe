"""Joining two rankings by a convex combination of their scaled scores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.fusion import KEYWORD_WEIGHT, fuse

scored = st.dictionaries(st.integers(0, 50), st.floats(0.01, 100), max_size=20).map(
    lambda found: sorted(found.items(), key=lambda pair: -pair[1])
)


def best(found):
    return found[0][1] if found else 0.0


def fused(keyword, vector, **weights):
    return fuse(keyword, vector, best_keyword=best(keyword), best_vector=best(vector), **weights)


def test_the_score_is_the_weighted_sum_of_scaled_scores():
    found = {each.key: each for each in fused([(1, 10.0), (2, 4.0)], [(2, 0.8), (3, 0.2)])}
    assert found[1].score == pytest.approx(KEYWORD_WEIGHT)
    assert found[2].score == pytest.approx(KEYWORD_WEIGHT * 0.4 + (1 - KEYWORD_WEIGHT) * 1.0)
    assert found[3].score == pytest.approx((1 - KEYWORD_WEIGHT) * 0.25)
    assert found[2].found_by == {"keyword": 4.0, "vector": 0.8}
    assert found[1].found_by == {"keyword": 10.0}


@given(scored, scored)
def test_every_key_comes_once_best_first_between_0_and_1(keyword, vector):
    found = fused(keyword, vector)
    scores = [each.score for each in found]
    assert sorted(each.key for each in found) == sorted({key for key, _ in [*keyword, *vector]})
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 + 1e-9 for score in scores)


@given(scored, scored)
def test_a_weight_of_one_keeps_the_order_of_that_list(keyword, vector):
    found = [each for each in fused(keyword, vector, keyword_weight=1.0) if "keyword" in each.found_by]
    assert [each.found_by["keyword"] for each in found] == [score for _, score in keyword]


def test_lists_fused_with_the_same_best_scores_can_be_compared():
    strong, weak = fuse([(1, 10.0)], [], best_keyword=10.0, best_vector=0.0), fuse([(2, 5.0)], [], best_keyword=10.0, best_vector=0.0)
    assert weak[0].score == pytest.approx(strong[0].score / 2)


def test_a_text_far_from_the_question_does_not_count_against_itself():
    assert fuse([(1, 2.0)], [(1, -0.3)], best_keyword=2.0, best_vector=0.5)[0].score == pytest.approx(KEYWORD_WEIGHT)
