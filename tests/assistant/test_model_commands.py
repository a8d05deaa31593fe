"""`shegong model`, run as a person runs it, against a hub on this machine."""

import json
import sys

import pytest

from assistant.cli import main
from tests.kb.hub import MODEL, WANTED, hub


@pytest.fixture
def shegong(tmp_path, monkeypatch, capsys):
    """Run `shegong model`; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHEGONG_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["shegong", "model", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return ended.value.code, shown.out, shown.err

    return run


@pytest.fixture
def mirror():
    with hub() as state:
        yield state


def test_a_fetched_model_lies_in_the_data_folder_and_its_setting_is_shown(shegong, mirror, tmp_path):
    code, out, _ = shegong("fetch", MODEL, "--from", mirror.base)
    assert code == 0 and f'[embedding]\nmodel = "{MODEL}"' in out and "shegong reindex" in out
    folder = tmp_path / "data" / "models" / MODEL
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == WANTED


def test_a_reranker_fetched_elsewhere_is_shown_with_its_full_path(shegong, mirror, tmp_path):
    del mirror.content["modules.json"]
    mirror.content["config.json"] = b'{"architectures": ["XLMRobertaForSequenceClassification"]}'
    code, out, _ = shegong("fetch", MODEL, "--from", mirror.base, "--to", "stick")
    written = (tmp_path / "stick" / MODEL).as_posix()
    assert code == 0 and f'[reranking]\nmodel = "{written}"' in out and "reindex" not in out


def test_a_model_of_no_use_here_is_called_so(shegong, mirror):
    del mirror.content["modules.json"]
    mirror.content["config.json"] = b'{"architectures": ["LlamaForCausalLM"]}'
    code, out, _ = shegong("fetch", MODEL, "--from", mirror.base)
    assert code == 0 and "用不上" in out and "model =" not in out


def test_the_list_tells_kind_and_use(shegong, mirror, tmp_path):
    assert "还没有下载过模型" in shegong("list")[1]
    shegong("fetch", MODEL, "--from", mirror.base)
    (tmp_path / "shegong.toml").write_text(f'[embedding]\nmodel = "{MODEL}"\n', encoding="utf-8")
    (tmp_path / "data" / "models" / "a" / "half").mkdir(parents=True)
    (tmp_path / "data" / "models" / "a" / "half" / "unfinished.part").touch()
    (tmp_path / "data" / "models" / "a" / "torn").mkdir()
    (tmp_path / "data" / "models" / "a" / "torn" / "config.json").write_text("{", encoding="utf-8")
    code, out, _ = shegong("list")
    assert code == 0 and f"正在使用的向量模型：{MODEL}" in out and "在用" in out
    rows = json.loads(shegong("list", "--json")[1])
    assert [(row["name"], row["kind"], row["in_use"]) for row in rows] == [
        (MODEL, "向量模型", True),
        ("a/half", "没有下载完", False),
        ("a/torn", "已损坏", False),
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fetch", "bge"], "作者/名字"),
        (["fetch", MODEL, "--from", "nowhere"], "没有叫“nowhere”的下载站"),
        (["fetch"], "缺少参数"),
        (["fetch", "BAAI/no-such", "--from", "mirror"], "上没有模型 BAAI/no-such"),
    ],
)
def test_what_goes_wrong_is_said_in_one_chinese_sentence(shegong, mirror, arguments, says):
    code, _, err = shegong(*(mirror.base if each == "mirror" else each for each in arguments))
    assert code in (1, 2) and says in err.replace("\n", "") and "Traceback" not in err


def test_a_model_in_the_settings_that_is_not_there_is_told_by_every_command(shegong, tmp_path, monkeypatch, capsys):
    (tmp_path / "shegong.toml").write_text('[embedding]\nmodel = "BAAI/bge-m3"\n', encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["shegong", "search", "低保"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1 and "shegong model fetch BAAI/bge-m3" in capsys.readouterr().err
