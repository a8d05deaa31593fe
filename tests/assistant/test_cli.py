"""The command line, run as a person runs it: main() with arguments, in this process."""

import json
import re
import sys

import pytest

from assistant.cli import main

LAW = """# 暖冬救助条例

2019年12月1日公布　自2020年1月1日起施行

第一条　为了帮助困难家庭过冬，制定本条例。

第二条　申请取暖补助，应当向乡镇人民政府提出书面申请，十五日内办结。

第三条　取暖补助按月发放。
"""


@pytest.fixture
def shegong(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHEGONG_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "laws").mkdir()
    (tmp_path / "laws" / "暖冬救助条例.md").write_text(LAW, encoding="utf-8")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["shegong", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return ended.value.code, shown.out, shown.err

    return run


def test_help_is_chinese_and_names_every_command(shegong):
    code, out, _ = shegong("--help")
    assert code == 0 and "用法：" in out and "Usage" not in out
    for name in ("serve", "ask", "search", "ingest", "documents", "remove", "reindex"):
        assert name in out


def test_from_a_folder_to_a_cited_answer(shegong):
    code, out, _ = shegong("ingest", "laws")
    assert code == 0 and "新增" in out
    code, out, _ = shegong("ask", "取暖补助几天办结", "--json")
    answer = json.loads(out)
    assert code == 0 and answer["found"] and "十五日内" in answer["statements"][0]["text"]
    assert answer["citations"][0]["title"] == "暖冬救助条例" and answer["citations"][0]["status"] == "现行有效"


def test_the_answer_for_people_shows_sections_sources_and_the_label(shegong):
    shegong("ingest", "laws")
    _, out, _ = shegong("ask", "取暖补助几天办结")
    assert "政策依据" in out and "《暖冬救助条例》第二条" in out and "辅助参考" in out


def test_taking_in_twice_changes_nothing_and_a_change_replaces(shegong, tmp_path):
    shegong("ingest", "laws")
    _, out, _ = shegong("ingest", "laws", "--json")
    assert json.loads(out)["counts"]["未变"] == 1
    (tmp_path / "laws" / "暖冬救助条例.md").write_text(LAW.replace("十五日", "十日"), encoding="utf-8")
    _, out, _ = shegong("ingest", "laws", "--json")
    assert json.loads(out)["counts"]["更新"] == 1
    _, out, _ = shegong("search", "取暖补助", "--json")
    assert not any("十五日" in hit["text"] for hit in json.loads(out))


def test_a_document_is_removed_by_title_id_or_path(shegong, tmp_path):
    for name in ("暖冬救助条例", "《暖冬救助条例》", str(tmp_path / "laws" / "暖冬救助条例.md")):
        shegong("ingest", "laws")
        assert shegong("remove", name)[0] == 0
        assert json.loads(shegong("documents", "--json")[1]) == []
    shegong("ingest", "laws")
    identity = json.loads(shegong("documents", "--json")[1])[0]["id"]
    assert shegong("remove", identity[:8])[0] == 0


def test_reindex_says_how_many_passages(shegong):
    shegong("ingest", "laws")
    code, out, _ = shegong("reindex")
    assert code == 0 and re.search(r"共 [34] 段", out)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ingest", "nowhere"], "找不到 nowhere"),
        (["ask", "  "], "问题是空的"),
        (["ask", "低保", "--region", "火星"], "不认识地区“火星”"),
        (["ask", "低保", "--day", "去年"], "日期“去年”看不懂"),
        (["search", "低保", "--kind", "小说"], "没有“小说”这一类资料"),
        (["remove", "没有的资料"], "没有找到资料“没有的资料”"),
        (["--settings", "没有.toml", "documents"], "找不到设置文件"),
        (["ask"], "缺少参数"),
        (["ask", "低保", "--nope"], "没有这个选项 --nope"),
        (["aks", "低保"], "shegong --help"),
    ],
)
def test_what_goes_wrong_is_said_in_one_chinese_sentence(shegong, arguments, says):
    code, _, err = shegong(*arguments)
    assert code in (1, 2) and says in err and "Traceback" not in err


def test_a_broken_settings_file_names_the_file(shegong, tmp_path):
    (tmp_path / "shegong.toml").write_text("data_folder = [", encoding="utf-8")
    code, _, err = shegong("documents")
    assert code == 1 and "设置文件" in err and "格式有误" in err


def test_a_folder_with_one_bad_file_takes_in_the_rest(shegong, tmp_path):
    for number in range(10):
        (tmp_path / "laws" / f"{number}.md").write_text(LAW.replace("暖冬", f"暖冬{number}"), encoding="utf-8")
    (tmp_path / "laws" / "坏.pdf").write_bytes(b"%PDF-1.7 broken")
    code, out, _ = shegong("ingest", "laws")
    assert code == 0 and "坏.pdf" in out and "已损坏" in out
    assert len(json.loads(shegong("documents", "--json")[1])) == 11


def test_the_page_is_served_where_the_settings_say_when_no_port_is_given(monkeypatch, tmp_path):
    served = []
    monkeypatch.setenv("SHEGONG_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setattr("assistant.starter.load", lambda *given: None)
    monkeypatch.setattr("assistant.ui.app.serve", served.append)
    monkeypatch.setattr("sys.argv", ["shegong", "serve"])
    from assistant.cli import main

    try:
        main()
    except SystemExit as ended:
        assert not ended.code
    assert served[0].server.port == 7860
