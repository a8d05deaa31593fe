"""What the pictures show, and that they can be drawn."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from eval import calibration, plots, results
from eval.errors import NothingToDraw, PlotsNotInstalled
from eval.runs import Values
from tests.fakes import FakeEmbedder

VALUES = Values(
    ["a", "b", "c", "d"],
    {"answer": {"first": [1.0, 0.0, 0.0, None]}},
    {"answer": [[1], [6], [], []]},
    10,
    {
        "relevant": [1, 1, 1, 0],
        "answerable": [1, 1, 1, 0],
        "confidence": [0.9, 0.7, 0.5, 0.2],
        "search_ms": [10.0, 12.0, 30.0, 11.0],
        "answer_ms": [20.0, 22.0, 60.0, 21.0],
    },
)
NUMBERS = {"threshold": 0.6, "refused_rightly": 100.0, "refused_wrongly": 33.3}


def test_reliability_compares_confidence_with_what_was_among_the_first_five() -> None:
    low, high = calibration.reliability(VALUES, "answer", bins=2)
    assert (low.confidence, low.right, low.questions) == (pytest.approx(0.35), 0, 2)
    assert (high.confidence, high.right, high.questions) == (pytest.approx(0.8), 0.5, 2)
    assert calibration.expected_error([low, high]) == pytest.approx((0.35 + 0.3) / 2)


@pytest.mark.parametrize(("threshold", "rightly", "wrongly"), [(0.2, 0, 0), (0.3, 1, 0), (0.6, 1, 1 / 3), (1.01, 1, 1)])
def test_a_threshold_refuses_what_lies_below_it(threshold: float, rightly: float, wrongly: float) -> None:
    at = calibration.at(VALUES, threshold)
    assert (at.rightly, at.wrongly) == pytest.approx((rightly, wrongly))


def test_the_tradeoff_runs_from_refusing_nothing_to_refusing_everything() -> None:
    curve = calibration.tradeoff(VALUES)
    assert (curve[0].rightly, curve[0].wrongly, curve[-1].rightly, curve[-1].wrongly) == (0, 0, 1, 1)
    assert sorted(p.wrongly for p in curve) == [p.wrongly for p in curve]


def test_an_interval_of_a_share_stays_between_nothing_and_all() -> None:
    assert calibration.wilson(0, 0) == (0, 1)
    low, high = calibration.wilson(10, 10)
    assert 0.7 < low < 0.75 and high == pytest.approx(1)


def test_every_picture_is_drawn_with_chinese_words_as_text(tmp_path: Path, embedder: FakeEmbedder) -> None:
    results.keep("answers", NUMBERS, embedder=embedder, folder=tmp_path, values=VALUES)
    files = plots.draw(tmp_path, tmp_path / "plots")
    assert [file.name for file in files] == [f"{name}-answers.svg" for name in plots.PICTURES]
    for file in files:
        words = [element.text or "" for element in ElementTree.parse(file).iter("{http://www.w3.org/2000/svg}text")]
        assert any("一" <= character <= "鿿" for word in words for character in word), file.name
        assert "Microsoft YaHei" in file.read_text(encoding="utf-8")


def test_the_same_run_gives_the_same_file(tmp_path: Path, embedder: FakeEmbedder) -> None:
    results.keep("answers", NUMBERS, embedder=embedder, folder=tmp_path, values=VALUES)
    first, second = (plots.draw(tmp_path, tmp_path / name)[0].read_bytes() for name in ("one", "two"))
    assert first == second


def test_a_site_without_unanswerable_questions_has_its_pictures_too(tmp_path: Path, embedder: FakeEmbedder) -> None:
    answerable = replace(VALUES, facts={**VALUES.facts, "answerable": [1, 1, 1, 1]})
    results.keep("site", {**NUMBERS, "refused_rightly": None}, embedder=embedder, folder=tmp_path, values=answerable)
    assert len(plots.draw(tmp_path, tmp_path / "plots")) == len(plots.PICTURES)


def test_nothing_to_draw_says_what_to_run_first(tmp_path: Path) -> None:
    with pytest.raises(NothingToDraw, match="python -m eval retrieval"):
        plots.draw(tmp_path, tmp_path)


def test_a_missing_drawing_library_says_how_to_install_it(tmp_path: Path, embedder: FakeEmbedder, monkeypatch) -> None:
    results.keep("answers", NUMBERS, embedder=embedder, folder=tmp_path, values=VALUES)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PlotsNotInstalled, match="eval"):
        plots.draw(tmp_path, tmp_path)
