"""Two runs side by side, and what is kept of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from eval import results, runs, tables
from eval.__main__ import main
from eval.comparison import pair, pairs
from eval.errors import NothingInCommon, UnknownRun
from eval.runs import Run, Values
from tests.fakes import FakeEmbedder

BEFORE = Values(
    ["a", "b", "c"],
    {"hybrid": {"first": [1.0, 0.0, None], "refused_wrongly": [0.0, 1.0, 0.0]}},
    {"hybrid": [[1], [7, 9], []]},
    10,
)
AFTER = Values(
    ["b", "a", "x", "c"],
    {"hybrid": {"first": [1.0, 1.0, 1.0, None], "refused_wrongly": [0.0, 0.0, 0.0, 1.0]}},
    {"hybrid": [[1], [1], [1], []]},
    10,
)


def both():
    return pair(BEFORE, "hybrid", AFTER, "hybrid")


def test_questions_are_paired_by_id_and_only_those_of_both_count() -> None:
    first, _ = both().differences()
    assert (first.questions, first.before, first.after) == (2, 0.5, 1.0)
    assert (first.better, first.worse, first.same) == (1, 0, 1)
    assert first.low <= 0.5 <= first.high


def test_fewer_wrong_refusals_are_better() -> None:
    _, refused = both().differences()
    assert (refused.better, refused.worse, refused.same) == (1, 1, 1)


def test_moved_questions_run_from_the_largest_gain_to_the_largest_loss() -> None:
    gained, lost = both().moved()
    assert (gained.question, gained.ranks_before, gained.ranks_after, gained.gain) == ("b", [7, 9], [1], 2)
    assert (lost.question, lost.gain, lost.changed) == ("c", -1, ("refused_wrongly",))


def test_runs_of_other_questions_can_not_be_compared() -> None:
    other = Run("other", "answers", {}, {}, replace(BEFORE, questions=["u", "v", "w"]))
    with pytest.raises(NothingInCommon, match="没有共同的问题"):
        list(pairs(other, Run("after", "answers", {}, {}, AFTER)))


def test_a_run_is_kept_with_its_values_and_named_in_the_history(tmp_path: Path, embedder: FakeEmbedder) -> None:
    values = replace(BEFORE, facts={"confidence": [0.123456, 1.0, None]})
    file = results.keep("answers", {"first": 50.0}, embedder=embedder, folder=tmp_path, values=values)
    name = results.history(file)[0]["run"]
    run = runs.load(tmp_path, name)
    assert name.startswith("answers-") and run.made["date"] == results.history(file)[0]["date"]
    assert run.values == replace(values, facts={"confidence": [0.1235, 1, None]})


def test_a_run_is_found_by_a_part_of_its_name_that_no_other_has(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    for name in ("answers-20260101-080000-a", "answers-20260102-080000-b", "answers-laws-20260103-080000-c"):
        content = {"command": name, "made": {}, "numbers": {}, "values": vars(BEFORE)}
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    assert runs.load(tmp_path, "0102-08").name == "answers-20260102-080000-b"
    assert [run.name[-1] for run in runs.latest(tmp_path)] == ["b", "c"]
    for unclear in ("answers-2026", "lay"):
        with pytest.raises(UnknownRun, match="answers-20260101-080000-a"):
            runs.load(tmp_path, unclear)


def test_two_kept_runs_are_shown_side_by_side(tmp_path: Path, embedder: FakeEmbedder, monkeypatch, capsys) -> None:
    texts = {"b": "取暖补助向谁申请", "c": "河灯放哪儿"}
    for name, values in (("site", BEFORE), ("site-later", AFTER)):
        results.keep(name, {"first": 50.0}, embedder=embedder, folder=tmp_path, values=replace(values, texts=texts))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.argv", ["eval", "compare", "site-2", "site-later", "--kept", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    shown = capsys.readouterr().out
    assert not ended.value.code
    assert "取暖补助向谁申请" in shown and "7、9 → 1" in shown and "变差" in shown


def test_history_shows_the_figures_that_a_command_is_about() -> None:
    numbers = {"hybrid": {"nDCG@10": 0.4}, "split": "test"}
    older = {"date": "2026-11-25", "commit": "abc", "numbers": numbers}
    table = tables.history("retrieval-stard", [{**older, "run": "retrieval-stard-20261126"}, older])
    assert [column.header for column in table.columns] == ["评测", "题目", "融合并排序 nDCG@10"]
    assert list(table.columns[0].cells) == ["20261126", "2026-11-25 abc"]
    assert list(table.columns[2].cells) == ["0.400", "0.400"]
