"""Measures against their formulas."""

from __future__ import annotations

from math import log2, sqrt

import pytest

from eval.metrics import bootstrap_interval, ndcg, percentile, randomization_p, recall, reciprocal_rank, success

GRADES = {"a": 3, "b": 1, "c": 0, "d": 2}


@pytest.mark.parametrize(
    ("ranking", "k", "expected"),
    [(["a", "x", "b"], 3, 2 / 3), (["a", "x", "b"], 1, 1 / 3), (["c", "x"], 2, 0), ([], 10, 0), (["d", "b", "a"], 10, 1)],
)
def test_recall_is_the_share_of_relevant_texts_found(ranking: list[str], k: int, expected: float) -> None:
    assert recall(ranking, GRADES, k) == pytest.approx(expected)


def test_ndcg_divides_discounted_grades_by_those_of_the_ideal_order() -> None:
    dcg = 0 / log2(2) + 2 / log2(3) + 3 / log2(4)
    ideal = 3 / log2(2) + 2 / log2(3) + 1 / log2(4)
    assert ndcg(["c", "d", "a"], GRADES, 3) == pytest.approx(dcg / ideal)


def test_ndcg_of_the_ideal_order_is_one() -> None:
    assert ndcg(["a", "d", "b", "c"], GRADES, 10) == pytest.approx(1)


def test_ndcg_at_k_looks_no_further_than_k() -> None:
    assert ndcg(["x", "y", "a"], GRADES, 2) == 0


@pytest.mark.parametrize(("ranking", "expected"), [(["x", "c", "b"], 1 / 3), (["a"], 1), (["x"], 0), ([], 0)])
def test_reciprocal_rank_is_that_of_the_first_relevant_text(ranking: list[str], expected: float) -> None:
    assert reciprocal_rank(ranking, GRADES) == pytest.approx(expected)


@pytest.mark.parametrize(("k", "expected"), [(1, 0), (2, 1)])
def test_success_asks_for_one_relevant_text(k: int, expected: float) -> None:
    assert success(["c", "a"], GRADES, k) == expected


@pytest.mark.parametrize("measure", [recall, ndcg, success])
def test_nothing_relevant_measures_zero(measure: object) -> None:
    assert measure(["a"], {"a": 0}, 10) == 0  # type: ignore[operator]


def test_equal_systems_do_not_differ() -> None:
    assert randomization_p([0.1, 0.5, 0.9], [0.1, 0.5, 0.9]) == 1


def test_p_of_n_equal_differences_is_that_of_all_signs_alike() -> None:
    n = 5  # of 2**n sign patterns the two with all signs alike are as extreme
    assert randomization_p([1.0] * n, [0.0] * n) == pytest.approx(2 / 2**n, abs=0.01)


def test_p_is_small_for_a_steady_difference_and_the_same_every_time() -> None:
    ours, theirs = [0.6] * 40, [0.5] * 40
    assert randomization_p(ours, theirs) == randomization_p(theirs, ours) == pytest.approx(1 / 10_001)


def test_the_interval_of_a_steady_difference_is_that_difference() -> None:
    assert bootstrap_interval([0.6] * 9, [0.5] * 9) == pytest.approx((0.1, 0.1))
    assert bootstrap_interval([], []) == (0, 0)


def test_the_interval_is_about_two_standard_errors_either_side_of_the_mean() -> None:
    n = 400  # half of the differences 1, half -1: standard error 1 / sqrt(n)
    low, high = bootstrap_interval([1.0] * (n // 2) + [-1.0] * (n // 2), [0.0] * n)
    assert (low, high) == pytest.approx((-1.96 / sqrt(n), 1.96 / sqrt(n)), abs=0.02)


def test_percentile_interpolates_and_takes_an_empty_list() -> None:
    assert percentile([0, 10], 50) == 5
    assert percentile([], 95) == 0
