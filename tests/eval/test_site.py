"""A station evaluates its own documents with its own questions, from the CSV to what is kept."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from assistant import starter
from assistant.answering import Assistant
from eval import lay, question_file, results, runs, site
from eval.__main__ import main
from eval.answers import Outcome, Question, judge, summary
from eval.question_file import read_questions, write_template
from ingest.pipeline import take_in
from ingest.question_table import COLUMNS, read_rows
from kb.embedder import builtin_embedder
from kb.errors import QuestionFileError, QuestionRowsError
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker
from kb.places import article_named
from tests.conftest import invented_laws
from tests.eval.invented import write_shared
from tests.fakes import FakeLanguageModel, publish

HEADING = "问题,出处标题,条号或原文片段,需要的内容,有没有答案"
GOOD = (
    "申请取暖补助向谁提出,《暖冬救助条例》,书面申请,乡镇人民政府,有",
    "入户探访后什么时候写记录,入户探访怎么做,,当天,",
    "火星上怎么种土豆,,,,没有",
)


@pytest.fixture
def write(tmp_path: Path):
    """Write a question file of these rows; gives its path."""

    def written(*rows: str, encoding: str = "utf-8", heading: str = HEADING) -> Path:
        file = tmp_path / "题目.csv"
        file.write_bytes("\r\n".join((heading, *rows)).encode(encoding))
        return file

    return written


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_whatever_excel_saves_is_read(write, encoding: str) -> None:
    rows = read_rows(write(*GOOD, encoding=encoding))
    assert [row.question for row in rows] == ["申请取暖补助向谁提出", "入户探访后什么时候写记录", "火星上怎么种土豆"]


@pytest.mark.parametrize("separator", ["\t", ";"])
def test_other_separators_are_seen_from_the_heading(write, separator: str) -> None:
    file = write(*(row.replace(",", separator) for row in GOOD), heading=HEADING.replace(",", separator))
    assert read_rows(file)[0].fact == "乡镇人民政府"


def test_optional_columns_may_be_missing_and_empty_rows_keep_their_number(write) -> None:
    rows = read_rows(write(",,", "问,题名,", heading="问题,出处标题,条号或原文片段"))
    assert [(row.number, row.title, row.has_answer) for row in rows] == [(3, "题名", "")]


@pytest.mark.parametrize("data", [b"PK\x03\x04...", b"", "问题\n怎么办".encode(), HEADING.encode(), f'{HEADING}\n"低保怎么办,,,,没有\n乙,,,,没有'.encode()])
def test_a_file_that_is_no_such_table_is_refused_in_chinese(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "题目.csv").write_bytes(data)
    with pytest.raises(QuestionFileError, match=r"题目\.csv"):
        read_rows(tmp_path / "题目.csv")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",暖冬救助条例,,,", "第 2 行：“问题”是空的"),
        ("问,,,,", "第 2 行：“出处标题”是空的"),
        ("问,暖冬条例,,,", "没有收录《暖冬条例》。是不是 《暖冬救助条例》"),
        ("问,暖冬救助条例,第九条,,", "《暖冬救助条例》里没有第九条"),
        ("问,暖冬救助条例,第9条,,", "《暖冬救助条例》里没有第九条"),
        ("问,暖冬救助条例,补助,,", "太短"),
        ("问,暖冬救助条例,由县里直接发放,,", "里找不到“由县里直接发放”"),
        ("问,入户探访怎么做,,隔天,", "出处里没有“隔天”"),
        ("问,,,,也许", "只能写 有 或 没有"),
        ("问,暖冬救助条例,,,没有", "出处和需要的内容就要空着"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_what_to_do(write, laws: KnowledgeBase, row: str, said: str) -> None:
    with pytest.raises(QuestionRowsError, match=said.replace("（", ".")):
        read_questions(write(row), laws)


@pytest.mark.parametrize("place", ["第二条", "第2条", "第２条第一款", "应当向乡镇人民政府"])
def test_an_article_is_found_however_its_number_is_written(write, tmp_path: Path, place: str) -> None:
    write_shared(tmp_path)
    with lay.laws_taken_in(tmp_path / "corpus" / "laws", builtin_embedder()) as knowledge_base:
        (question,) = read_questions(write(f"取暖补助怎么申请,暖冬救助条例,{place},书面申请,"), knowledge_base)
        (outcome,) = judge(knowledge_base, [question], Asker())
    assert len(question.passages) == 1 and outcome.rank == 1


def test_all_bad_rows_are_listed_at_once(write, laws: KnowledgeBase) -> None:
    with pytest.raises(QuestionRowsError, match=r"(?s)第 2 行：“问题”.*第 4、5 行：没有收录《不存在的》"):
        read_questions(write(",暖冬救助条例,,,", GOOD[0], "问,不存在的,,,", "又问,不存在的,,,"), laws)


def test_rows_with_the_same_question_add_places_that_answer(write, laws: KnowledgeBase) -> None:
    (question,) = read_questions(write("钱从哪来,暖冬救助条例,按月发放,按月,", "钱从哪来,护林员补贴办法,,按季度|九百元,"), laws)
    texts = {p.text for s in laws.summaries() for p in laws.passages(s.id) if p.id in question.passages}
    assert texts == {"取暖补助按月发放，每户每月不低于一百元。\n", "护林员补贴按季度发放，每季度九百元。\n"}
    assert question.facts == ("按月", "按季度", "九百元")


@pytest.mark.parametrize(
    ("place", "label"),
    [("第九条", "第九条"), ("第12条", "第十二条"), ("第二章第一百二十条之一第一款", "第一百二十条之一"), ("办法第九条规定的", ""), ("2020年起", "")],
)
def test_an_article_is_told_from_words(place: str, label: str) -> None:
    assert article_named(place) == label


def test_the_readme_explains_every_column() -> None:
    readme = (Path(question_file.__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"(?m)^\| (\S+) \|", readme.partition("### 用本站的题目评测")[2].partition("\n## ")[0])
    assert tuple(named[1:]) == COLUMNS


def test_the_questions_are_judged_by_the_places_they_name(write, laws: KnowledgeBase) -> None:
    outcomes = list(judge(laws, read_questions(write(*GOOD), laws), Asker()))
    numbers = summary(outcomes, site.MEASURES)
    assert numbers["first_five"] == numbers["fact_in_answer"] == numbers["refused_rightly"] == 100
    assert numbers["questions"] == 3 and numbers["refused_wrongly"] == 0
    assert site.failures(outcomes) == []


def test_a_site_s_own_language_model_is_asked_once_for_every_question(write, laws: KnowledgeBase) -> None:
    model = FakeLanguageModel()
    (outcome,) = judge(laws, read_questions(write(GOOD[0]), laws), Asker(), Assistant(laws, model))
    assert len(model.prompts) == 1 and outcome.found and outcome.answer_ms > 0


def test_every_way_to_fail_is_said() -> None:
    answerable, empty = Question("1", "甲", "policy", (), ("钱",)), Question("2", "乙", "none", (), ())
    outcomes = [Outcome(answerable, 0, False, -1, 0.1), Outcome(answerable, 7, True, 200, 0.9), Outcome(empty, 0, True, -1, 0.9)]
    assert [each.what for each in site.failures(outcomes)] == [
        "前十条里没有对的出处；有答案的问题，却拒答了",
        "对的出处排在第 7；“钱”不在头 150 字里",
        "没有答案的问题，却回答了",
    ]


def test_a_measure_that_applies_to_no_question_has_no_value() -> None:
    numbers = summary([Outcome(Question("1", "甲", "policy", (), ()), 1, True, -1, 0.9)], site.MEASURES)
    assert numbers["refused_rightly"] is None and numbers["fact_in_answer"] is None
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers


def test_the_template_fits_the_documents_that_ship(tmp_path: Path) -> None:
    file = tmp_path / "样表.csv"
    write_template(file)
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")  # else Excel shows garbage
    titles = {row.title for row in read_rows(file)} - {""}
    named = [each for each in starter.files() if any(f"title: {title}\n" in each.path.read_text(encoding="utf-8") for title in titles)]
    knowledge_base = KnowledgeBase(tmp_path / "data", builtin_embedder())
    take_in(knowledge_base, named)
    assert len(read_questions(file, knowledge_base)) == 3
    knowledge_base.close()
    with pytest.raises(QuestionFileError, match="没有覆盖"):
        write_template(file)


def test_a_site_is_evaluated_and_keeps_the_run_with_its_data(write, folder: Path, monkeypatch, capsys) -> None:
    knowledge_base = KnowledgeBase(folder, builtin_embedder())
    publish(knowledge_base, *invented_laws())
    knowledge_base.close()
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.argv", ["eval", "site", "--questions", str(write(*GOOD)), "--data", str(folder)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code and "所有问题都答好了" in capsys.readouterr().out
    (entry,) = results.history(folder / "evaluations" / "site.json")
    run = runs.load(folder / "evaluations", entry["run"])
    assert "火星上怎么种土豆" in run.values.texts.values() and run.numbers["refused_rightly"] == 100


def test_a_data_folder_that_is_not_there_is_not_made(write, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["eval", "site", "--questions", str(write(*GOOD)), "--data", str(tmp_path / "none")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and "找不到数据文件夹" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_cell_may_hold_commas_quotes_and_lines(tmp_path: Path) -> None:
    with open(tmp_path / "题目.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADING.split(","), ["他说“低保,怎么\n申请”", "", "", "", "没有"], ["乙", "", "", "", "没有"]])
    assert [(row.number, row.question) for row in read_rows(tmp_path / "题目.csv")] == [(2, "他说“低保,怎么\n申请”"), (3, "乙")]
