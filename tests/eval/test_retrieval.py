"""A tiny invented set end to end, through the product's own writer and retriever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eval import bench_index, fusion_tuning, heldout, known_texts, lay, results, tables
from eval.__main__ import app, main
from eval.judgments import read_lay_questions, read_set
from eval.retrieval import Comparison, compare, hybrid_rankings, rankings
from eval.runs import Run, Values
from kb.embedder import builtin_embedder
from kb.errors import ShegongError
from tests.eval.invented import write_shared
from tests.fakes import FakeEmbedder


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    write_shared(tmp_path / "shared")
    return tmp_path / "shared"


def test_the_right_article_is_found_in_every_way(shared: Path, tmp_path: Path) -> None:
    judged = read_set("stard", shared)
    index = bench_index.open_index(judged, builtin_embedder(), tmp_path / "cache")
    for question in judged.questions:
        for way, ranking in rankings(index, question).items():
            assert ranking[0] in question.grades, (way, question.text)


def test_a_comparison_has_every_measure_and_says_whether_it_may_be_chance(shared: Path, tmp_path: Path) -> None:
    judged = read_set("stard", shared)
    index = bench_index.open_index(judged, builtin_embedder(), tmp_path / "cache")
    compared = compare(index, "stard", judged.questions)
    numbers = compared.numbers()
    assert numbers["hybrid"]["recall@10"] == numbers["keyword"]["recall@10"] == 1
    assert numbers["p"]["recall@10"] == 1
    assert compared.values.ranks["hybrid"] == [[1], [1]] and compared.values.facts["relevant"] == [1, 1]


def test_cases_are_ranked_only_among_their_labelled_candidates(shared: Path, tmp_path: Path) -> None:
    judged = read_set("lecard", shared)
    index = bench_index.open_index(judged, builtin_embedder(), tmp_path / "cache")
    ranking = rankings(index, judged.questions[0], judged_only=True)["hybrid"]
    assert ranking[0] == "9"
    assert set(ranking) <= {"9", "8"}


def test_similar_cases_are_measured_for_cases_alone(shared: Path, tmp_path: Path) -> None:
    for name, measured in (("lecard", True), ("stard", False)):
        judged = read_set(name, shared)
        index = bench_index.open_index(judged, builtin_embedder(), tmp_path / "cache")
        numbers = compare(index, name, judged.questions).numbers()
        assert ("similar" in numbers) is measured
        assert not measured or numbers["similar"]["nDCG@10"] == 1


def test_every_text_of_a_set_is_in_the_index_once(shared: Path, tmp_path: Path, embedder: FakeEmbedder) -> None:
    judged = read_set("stard", shared)
    index = bench_index.open_index(judged, embedder, tmp_path)
    assert sorted(index.text_of.values()) == sorted(text.id for text in judged.texts)


def test_an_index_is_built_once_and_again_for_another_model(shared: Path, tmp_path: Path, embedder: FakeEmbedder) -> None:
    judged, built = read_set("stard", shared), []

    def report(done: int, total: int) -> None:
        built.append((done, total))

    for model in (embedder, embedder, builtin_embedder()):
        bench_index.open_index(judged, model, tmp_path / "cache", report=report)
    assert built == [(4, 4), (4, 4)]


def test_an_index_that_could_not_be_built_leaves_nothing_behind(shared: Path, tmp_path: Path, embedder: FakeEmbedder) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench_index.open_index(read_set("stard", shared), embedder, tmp_path / "cache", report=interrupt)
    assert list((tmp_path / "cache").iterdir()) == []


def test_spoken_questions_are_judged_by_article_or_phrase(shared: Path) -> None:
    questions = read_lay_questions(shared)
    with lay.laws_taken_in(shared / "corpus" / "laws", builtin_embedder()) as laws:
        asked = list(lay.ask_all(laws, questions))
    report = lay.report(asked, len(questions))
    assert (report.questions, report.missing, report.first_ten) == (2, 0, 1.0)


@pytest.mark.parametrize(
    ("locator", "expected"),
    [("第二章第九条第一款", "第九条"), ("第一百二十条之一", "第一百二十条之一"), ("三、（一）", ""), ("第一千零七十九条", "第一千零七十九条")],
)
def test_the_article_of_a_locator(locator: str, expected: str) -> None:
    assert lay.article(locator) == expected


def test_every_value_is_tried_and_the_product_is_left_as_it_was(shared: Path, tmp_path: Path, embedder: FakeEmbedder) -> None:
    judged = read_set("stard", shared)
    index = bench_index.open_index(judged, embedder, tmp_path / "cache")
    before = [getattr(constant.module, constant.attribute) for constant in fusion_tuning.CONSTANTS]
    trials = fusion_tuning.tune({"题": lambda: hybrid_rankings(index, judged.questions)})
    assert len(trials) == sum(len(constant.values) for constant in fusion_tuning.CONSTANTS)
    assert sum(trial.current for trial in trials) == len(fusion_tuning.CONSTANTS)
    assert before == [getattr(constant.module, constant.attribute) for constant in fusion_tuning.CONSTANTS]


def test_results_keep_their_history_latest_first_and_name_no_computer(tmp_path: Path, embedder: FakeEmbedder) -> None:
    for value in (1, 2):
        file = results.keep("retrieval-x", {"value": value}, embedder=embedder, folder=tmp_path)
    kept = results.history(file)
    assert [entry["numbers"]["value"] for entry in kept] == [2, 1]
    assert set(kept[0]["machine"]) == {"processor", "cores", "memory_gib", "system", "python"}
    assert str(tmp_path) not in file.read_text(encoding="utf-8")


def test_no_questions_compare_to_zero() -> None:
    empty: dict[str, list[float]] = {"nDCG@10": []}
    values = Values([], {"keyword": empty, "hybrid": empty}, {"keyword": [], "hybrid": []}, 10)
    numbers = Comparison(values).numbers()
    assert numbers["hybrid"]["nDCG@10"] == 0
    assert numbers["p"]["nDCG@10"] == 1


def test_missing_data_ends_with_a_chinese_sentence_and_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["eval", "retrieval", "--shared", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "找不到评测数据" in capsys.readouterr().err


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a measurement as a person does; gives what it printed."""

    def run(*arguments: str) -> str:
        monkeypatch.setenv("COLUMNS", "160")
        monkeypatch.setattr("sys.argv", ["eval", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capsys.readouterr().out

    return run


def test_ways_of_searching_are_shown_question_by_question_on_request(shared: Path, tmp_path: Path, evaluate: Callable[..., str]) -> None:
    where = ("--shared", str(shared), "--cache", str(tmp_path / "cache"))
    shown = evaluate("retrieval", "--split", "all", "--with-trained", "--differences", "2", "--no-keep", *where)
    assert "p（融合并排序对向量）" in shown and "关键词 → 融合并排序" in shown and "好/差/同" in shown


@pytest.mark.parametrize(("command", "texts"), [("retrieval-stard-heldout", "取暖补助向谁申请？"), ("retrieval-lay", "冬天烧炉子的钱找谁要")])
def test_the_words_of_questions_are_looked_up_where_they_are_at_hand(shared: Path, tmp_path: Path, command: str, texts: str) -> None:
    run = Run("name", command, {}, {}, Values([], {}, {}, 10))
    assert texts in known_texts.texts_of(run, shared).values()
    assert known_texts.texts_of(run, tmp_path / "nowhere") == {}
    assert known_texts.texts_of(replace(run, command="answers"), tmp_path)["q001"].startswith("低保")


def test_spoken_questions_are_kept_one_by_one(shared: Path) -> None:
    found, missed = (lay.Asked(question, (name,), True, 0.002) for question, name in zip(read_lay_questions(shared), (lay.RIGHT, "x"), strict=True))
    values = lay.values([found, missed])
    assert values.measures["hybrid"]["first_ten"] == [1, 0] and values.ranks["hybrid"] == [[1], []]
    assert values.questions == [found.question.id, missed.question.id] and values.facts["search_ms"] == [2, 2]


def test_history_says_when_there_is_nothing_yet(tmp_path: Path, evaluate: Callable[..., str]) -> None:
    assert "还没有保存过评测" in evaluate("history", "--kept", str(tmp_path))


def test_a_missing_held_out_model_says_how_to_train_it(tmp_path: Path) -> None:
    with pytest.raises(ShegongError, match="train-heldout"):
        heldout.model(tmp_path)


def test_a_missing_argument_is_said_in_chinese(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["eval", "compare"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and "缺少参数 甲。用 python -m eval" in capsys.readouterr().err


def test_every_command_is_explained_in_chinese() -> None:
    for command in app.registered_commands:
        said = (command.callback.__doc__ or "") if command.callback else ""
        assert any("一" <= character <= "鿿" for character in said), command.name


def test_tried_values_are_shown_with_the_one_in_use_and_the_best() -> None:
    def trial(value: float, ndcg: float, *, current: bool) -> fusion_tuning.Trial:
        numbers = {"recall@10": 0.5, "recall@100": 0.9, "nDCG@10": ndcg}
        return fusion_tuning.Trial("KEYWORD_WEIGHT", value, current, "法条问题", 7, numbers)

    (table,) = tables.trials([trial(0.3, 0.2, current=True), trial(0.5, 0.4, current=False)])
    assert list(table.columns[-1].cells) == ["在用", "最好"]
