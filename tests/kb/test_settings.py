"""Settings: defaults, the file, the environment over it, and an error that names what is wrong."""

from pathlib import Path

import pytest

from kb.errors import SettingsError
from kb.settings import DEFAULT_FILE, PROJECT, Settings, load_settings


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kb.settings.PROJECT", tmp_path / "project")


def written(text: str | bytes, name: str = DEFAULT_FILE) -> Path:
    file = Path(name)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_without_a_file_the_defaults_hold():
    settings = load_settings()
    assert settings.data_folder == PROJECT / "data"
    assert (settings.region, settings.embedding.model, settings.server.host) == ("全国", "builtin", "127.0.0.1")
    assert not settings.llm.enabled


def test_the_file_in_the_working_folder_is_read():
    written('region = "安徽省"\n[server]\nport = 8000\n')
    settings = load_settings()
    assert (settings.region, settings.server.port, settings.server.host) == ("安徽省", 8000, "127.0.0.1")


def test_the_file_in_the_project_folder_is_read_from_anywhere(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / DEFAULT_FILE).write_text('region = "湖北省"')
    assert load_settings().region == "湖北省"


def test_the_data_folder_is_taken_relative_to_the_file(tmp_path):
    (tmp_path / "settings").mkdir()
    file = written('data_folder = "kept"', "settings/site.toml")
    assert load_settings(file).data_folder == Path("settings/kept")
    assert load_settings(written(f'data_folder = "{tmp_path}/abs"')).data_folder == tmp_path / "abs"


def test_a_file_saved_by_windows_notepad_is_read():
    written(b"\xef\xbb\xbf" + 'region = "安徽省"\r\n'.encode())
    assert load_settings().region == "安徽省"


def test_the_environment_wins_over_the_file(monkeypatch):
    written('region = "安徽省"\n[llm]\nmodel = "甲"\nbase_url = "http://127.0.0.1:1/v1"\n')
    monkeypatch.setenv("SHEGONG_LLM__MODEL", "乙")
    monkeypatch.setenv("SHEGONG_DATA_FOLDER", "/tmp/elsewhere")
    settings = load_settings()
    assert (settings.region, settings.llm.model, settings.data_folder) == ("安徽省", "乙", Path("/tmp/elsewhere"))
    assert settings.llm.enabled


def test_the_environment_may_name_the_file(monkeypatch):
    monkeypatch.setenv("SHEGONG_SETTINGS", str(written('region = "重庆市"', "other.toml")))
    assert load_settings().region == "重庆市"


@pytest.mark.parametrize("llm", [{}, {"base_url": "http://127.0.0.1:1/v1"}, {"model": "甲"}])
def test_a_language_model_needs_an_address_and_a_name(llm):
    assert not Settings(llm=llm).llm.enabled


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("region = \n", r"shegong\.toml 的格式有误.*line 1"),
        ("[server\nport = 1", "格式有误"),
        ('region = "安徽省"\nregion = "湖北省"', "格式有误"),
        (b'region = "\xb0\xb2\xbb\xd5"', "格式有误"),
        ('regoin = "安徽省"', "设置 regoin 有误.*没有这一项设置，可能是拼写有误"),
        ("[llm]\nbase_ulr = 'x'", r"设置 llm\.base_ulr 有误.*没有这一项设置"),
        ("[server]\nport = 'eighty'", r"设置 server\.port 有误.*'eighty'"),
        ("[server]\nport = 70000", r"设置 server\.port 有误.*70000"),
        ("[llm]\ntimeout_s = 0", r"设置 llm\.timeout_s 有误"),
        ("server = 5", "设置 server 有误"),
        ("region = 5", "设置 region 有误"),
        ("data_folder = ''\n[limits]\nmax_file_mb = -1", r"设置 limits\.max_file_mb 有误"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong_and_what_to_do(text, says):
    written(text)
    with pytest.raises(SettingsError, match=says) as caught:
        load_settings()
    assert "请改正" in str(caught.value)


def test_a_wrong_value_in_the_environment_is_named(monkeypatch):
    monkeypatch.setenv("SHEGONG_SERVER__PORT", "eighty")
    with pytest.raises(SettingsError, match=r"server\.port"):
        load_settings()


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_a_file_that_was_named_must_exist(by, monkeypatch):
    monkeypatch.setenv("SHEGONG_SETTINGS", "gone.toml" if by == "environment" else "")
    with pytest.raises(SettingsError, match=r"找不到设置文件 gone\.toml"):
        load_settings(Path("gone.toml") if by == "argument" else None)


def test_a_folder_in_the_place_of_the_file_is_an_error():
    Path(DEFAULT_FILE).mkdir()
    with pytest.raises(SettingsError, match="无法读取"):
        load_settings()
