"""Downloading a model: only what is needed, whole and checked, through breaks, from both kinds of hub, and never outside."""

import shutil

import pytest

from kb import model_fetch
from kb.errors import ModelError, SettingsError
from kb.model_fetch import fetch
from kb.model_folder import find_model, models_in
from kb.model_hub import HUBS, HuggingFace, ModelScope, RemoteFile, check_name, hub_called, needed
from tests.kb.hub import MODEL, WANTED, hub

WEIGHTS = "model.safetensors"


@pytest.fixture(params=[ModelScope, HuggingFace])
def server(request, monkeypatch):
    """A hub of each kind; the second value is how the program sees it."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with hub() as state:
        yield state, request.param("试验站", state.base)


@pytest.fixture
def download(server, tmp_path):
    """Fetch the model into tmp_path/models without waiting long between tries."""
    return lambda **more: fetch(MODEL, server[1], tmp_path / "models", pauses_s=(0.0, 0.0), **more)


def files_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- what is downloaded -----------------------------------------------------------------------------------------


def test_a_model_arrives_whole_without_what_is_not_needed(server, download, tmp_path):
    folder = download()
    assert folder.path == tmp_path / "models" / MODEL
    assert files_in(folder.path) == {path: server[0].content[path] for path in WANTED}
    assert find_model(MODEL, tmp_path / "models") == folder and folder.kind == "embedding"
    folder.check("embedding")


def test_a_second_time_only_what_changed_is_downloaded(server, download):
    folder = download().path
    server[0].asked.clear()
    server[0].content["vocab.txt"] = "低\n保\n户".encode()
    (folder / "config.json").write_bytes(b"x" * len(server[0].content["config.json"]))  # damaged, of the right size
    download()
    assert sorted(server[0].paths_asked()) == ["config.json", "vocab.txt"]
    assert files_in(folder) == {path: server[0].content[path] for path in WANTED}


def test_progress_runs_up_to_the_bytes_of_all_files(server, download):
    shown = []
    download(progress=lambda done, total, file: shown.append((done, total)))
    total = sum(len(server[0].content[path]) for path in WANTED)
    assert shown[-1] == (total, total) and shown == sorted(shown)


def test_old_weights_are_taken_where_there_are_no_others(server, download):
    del server[0].content[WEIGHTS]
    assert set(files_in(download().path)) == WANTED - {WEIGHTS} | {"pytorch_model.bin"}


def test_a_model_without_weights_is_refused(server, download):
    del server[0].content[WEIGHTS], server[0].content["pytorch_model.bin"]
    with pytest.raises(ModelError, match=r"没有 safetensors 或 pytorch_model\.bin 权重"):
        download()


# --- through breaks ---------------------------------------------------------------------------------------------


def test_a_broken_download_goes_on_where_it_ended(server, download):
    server[0].breaks_after = 30_000
    folder = download().path
    ranges = [wanted for path, wanted in server[0].asked if path == WEIGHTS]
    assert ranges == ["", "bytes=30000-", "bytes=60000-"]
    assert files_in(folder)[WEIGHTS] == server[0].content[WEIGHTS]


def test_a_download_given_up_goes_on_the_next_time(server, download, tmp_path):
    server[0].breaks_after = 0
    with pytest.raises(ModelError, match=r"从 试验站 下载 .* 没有成功.*再运行一次会接着下载"):
        download()
    folder = tmp_path / "models" / MODEL
    with pytest.raises(ModelError, match="还没有下载完"):
        find_model(MODEL, tmp_path / "models").check("embedding")
    assert [each.name for each in models_in(tmp_path / "models")] == [MODEL]
    server[0].breaks_after = None
    (folder / f"{WEIGHTS}.part").write_bytes(server[0].content[WEIGHTS][:1000])
    server[0].asked.clear()
    download()
    assert (WEIGHTS, "bytes=1000-") in server[0].asked
    assert files_in(folder) == {path: server[0].content[path] for path in WANTED}


def test_a_hub_that_can_not_go_on_in_the_middle_sends_it_again(server, download):
    server[0].resumes = False
    server[0].breaks_after = None
    folder = download().path
    (folder / WEIGHTS).rename(folder / f"{WEIGHTS}.part")
    with (folder / f"{WEIGHTS}.part").open("r+b") as part:
        part.truncate(500)
    download()
    assert files_in(folder)[WEIGHTS] == server[0].content[WEIGHTS]


@pytest.mark.parametrize("left", [b"longer than the file" * 10_000, b"other bytes"])
def test_a_part_of_something_else_does_no_harm(server, download, tmp_path, left):
    part = tmp_path / "models" / MODEL / f"{WEIGHTS}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(left)
    assert files_in(download().path)[WEIGHTS] == server[0].content[WEIGHTS]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_hub_is_asked_again(server, download, status):
    server[0].statuses = [status, status]
    assert set(files_in(download().path)) == WANTED


def test_a_hub_that_stays_busy_is_given_up(server, download):
    server[0].statuses = [503] * 20
    with pytest.raises(ModelError, match=r"下载站回答 503.*--from"):
        download()


def test_a_hub_that_is_not_there_is_given_up(tmp_path):
    with pytest.raises(ModelError, match=r"连不上.*ConnectError.*检查网络"):
        fetch(MODEL, ModelScope("试验站", "http://127.0.0.1:9"), tmp_path, pauses_s=())


# --- checked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [WEIGHTS, "tokenizer.json"])
def test_a_file_altered_on_the_way_is_downloaded_again(server, download, path):
    server[0].altered = {path: 1}
    assert files_in(download().path)[path] == server[0].content[path]


def test_a_file_that_stays_wrong_is_thrown_away(server, download, tmp_path):
    server[0].altered = {WEIGHTS: 100}
    with pytest.raises(ModelError, match="下载后校验不符"):
        download()
    folder = tmp_path / "models" / MODEL
    assert not list(folder.glob(f"{WEIGHTS}*")) and (folder / "config.json").exists()


def test_a_file_that_never_ends_is_cut_off(server, download, tmp_path):
    server[0].listed["vocab.txt"] = {"size": 3, "Size": 3}
    with pytest.raises(ModelError, match=r"vocab.txt 比下载站列出的大"):
        download()


# --- what goes wrong --------------------------------------------------------------------------------------------


def test_a_hostile_listing_downloads_nothing(server, download, tmp_path):
    server[0].content["../evil.json"] = b"{}"
    with pytest.raises(ModelError, match="不安全的文件名"):
        download()
    assert server[0].asked == [] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    [
        "../evil.json", "a/../../evil.json", "/etc/evil.json", "C:/evil.json", "..\\evil.json", "a//b.json", "a/./b.json",
        "CON.json", "a./b.json", "evil\n.json", "evil\0.json", "a/../pytorch_model.bin", "~/.. /b.json",
    ],
)  # fmt: skip
def test_a_name_that_could_leave_the_folder_is_refused(path):
    with pytest.raises(ModelError, match="不安全的文件名"):
        needed([RemoteFile(WEIGHTS, 1, ""), RemoteFile(path, 1, "")])


def test_an_unknown_model_is_told_at_once(server, tmp_path):
    with pytest.raises(ModelError, match=r"试验站 上没有模型 BAAI/no-such.*检查名字"):
        fetch("BAAI/no-such", server[1], tmp_path)


@pytest.mark.parametrize("status", [401, 403])
def test_a_model_behind_a_licence_is_told_at_once(server, download, status):
    server[0].statuses = [status]
    with pytest.raises(ModelError, match="先登录或同意许可"):
        download()


@pytest.mark.parametrize("listing", [b"<html>log in</html>", b"[1, 2]", b'{"Data": {"Files": [{}]}}'])
def test_a_login_page_is_not_taken_for_a_listing(server, download, listing):
    server[0].listing = listing
    with pytest.raises(ModelError, match="不是文件列表"):
        download()


def test_modelscope_s_own_refusal_is_shown(tmp_path):
    with hub() as state:
        state.listing = '{"Code": 500, "Data": null, "Message": "仓库不存在"}'.encode()
        with pytest.raises(ModelError, match="仓库不存在"):
            fetch(MODEL, ModelScope("试验站", state.base), tmp_path)


def test_a_full_disk_is_told_before_anything_is_written(download, tmp_path, monkeypatch):
    monkeypatch.setattr(model_fetch.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 100_000_001))
    with pytest.raises(ModelError, match=r"磁盘空间不够：还要下载 0 MB，只剩 100 MB"):
        download()
    assert not (tmp_path / "models").exists()


def test_a_folder_that_can_not_be_written_is_told(download, tmp_path):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(ModelError, match=r"写不进"):
        download()


@pytest.mark.parametrize("name", ["bge", "a/b/c", "../x", "a/..", "/etc", "a/b?x=1", "a/b#c", "", "BAAI/bge m3\n"])
def test_a_wrong_name_is_not_sent_anywhere(name, tmp_path):
    with pytest.raises(SettingsError, match="作者/名字"):
        fetch(name, HUBS["modelscope"], tmp_path)


# --- hubs -------------------------------------------------------------------------------------------------------


def test_hubs_are_called_by_name_or_address():
    assert hub_called("modelscope").address("A/b", "1_P/c.json") == (
        "https://modelscope.cn/api/v1/models/A/b/repo?Revision=master&FilePath=1_P%2Fc.json"
    )
    assert hub_called("hf-mirror").address("A/b", "1_P/c.json") == "https://hf-mirror.com/A/b/resolve/main/1_P/c.json"
    assert hub_called("https://mirror.example/hf/").address("A/b", "c") == "https://mirror.example/hf/A/b/resolve/main/c"


@pytest.mark.parametrize("name", ["huggingface", "ftp://x", "https://", ""])
def test_an_unknown_hub_says_which_there_are(name):
    with pytest.raises(SettingsError, match="modelscope、hf-mirror"):
        hub_called(name)


@pytest.mark.parametrize("name", ["BAAI/bge-small-zh-v1.5", "Qwen/Qwen3-Embedding-0.6B", "intfloat/multilingual-e5-small"])
def test_real_names_are_names(name):
    check_name(name)


def test_safetensors_replace_old_weights_in_their_own_folder_only():
    paths = ["model.safetensors", "pytorch_model.bin", "2_Dense/pytorch_model.bin", "openvino/openvino_model.bin", "training_args.bin"]
    found = {file.path for file in needed([RemoteFile(path, 1, "") for path in paths])}
    assert found == {"model.safetensors", "2_Dense/pytorch_model.bin"}
