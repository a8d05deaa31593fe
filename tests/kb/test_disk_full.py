"""A disk that is really full: a small one is mounted for the test."""

import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from ingest.pipeline import Outcome, find_files, take_in
from kb.embedder import builtin_embedder
from kb.errors import StoreError
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker

FULL = "磁盘已满，改动没有写完，原有资料不受影响。请腾出空间后再试一次。"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or mount("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)):
        pytest.skip("a small disk can not be mounted here")
    yield folder
    mount("umount", "-l", str(folder))


def mount(*command) -> bool:
    """Run it; whether it failed."""
    try:
        return subprocess.run(command, capture_output=True).returncode != 0
    except OSError:
        return True


@pytest.fixture
def knowledge_base(small_disk):
    opened = KnowledgeBase(small_disk / "data", builtin_embedder())
    yield opened
    opened.close()


def written(folder: Path, name: str, paragraphs: int) -> Path:
    """A law of so many articles, each unlike the others."""
    folder.mkdir(exist_ok=True)
    articles = [f"第{at}条　{name}第{at * 7919}号{'很长的一段讲救助的话' * 30}。" for at in range(1, paragraphs)]
    file = folder / f"{name}.txt"
    file.write_text("\n".join([f"{name}办法", f"第0条　{name}由乡镇受理。", *articles]), encoding="utf-8")
    return file


def stuffed(disk: Path, free_kb: int) -> Path:
    """A file that leaves so much free."""
    file = disk / "stuffing"
    free = shutil.disk_usage(disk).free - free_kb * 1024
    file.write_bytes(b"x" * max(0, free))
    return file


def found(knowledge_base, name):
    hits = knowledge_base.search(f"{name}由乡镇受理", Asker(day=date(2026, 11, 25))).hits
    return {hit.document.title for hit in hits if f"{name}由乡镇受理" in hit.passage.text}


def fill(knowledge_base, folder):
    """Take large files in until the disk is full; returns the names of those that went in, and the error."""
    for number in range(20):
        try:
            take_in(knowledge_base, find_files([written(folder, f"大{number}", 500)]))
        except StoreError as error:
            return [f"大{at}" for at in range(number)], str(error)
    raise AssertionError("16 MB took 20 large files")


def test_a_full_disk_is_a_clear_error_and_everything_published_still_answers(knowledge_base, small_disk, tmp_path):
    small = written(tmp_path / "files", "低保", 3)
    take_in(knowledge_base, find_files([small]))
    taken, message = fill(knowledge_base, tmp_path / "files")
    assert message == FULL

    opened_now = KnowledgeBase(small_disk / "data", builtin_embedder())
    for reader in (knowledge_base, opened_now):
        assert all(found(reader, name) == {f"{name}办法"} for name in ["低保", *taken])
        assert found(reader, f"大{len(taken)}") == set()
    opened_now.close()

    for write in (knowledge_base.reindex, lambda: fill(knowledge_base, tmp_path / "files")):
        before = len(list((small_disk / "data").glob("index-*")))
        try:
            write()
        except StoreError as error:
            assert str(error) == FULL
        assert len(list((small_disk / "data").glob("index-*"))) == before == 1  # a failed rebuild takes no space

    assert not mount("mount", "-o", "remount,size=96m", str(small_disk))
    late = written(tmp_path / "files", "后来", 500)
    report = take_in(knowledge_base, find_files([late]))
    assert report.count(Outcome.ADDED) == 1 and found(knowledge_base, "后来") == {"后来办法"}
    assert knowledge_base._catalog.leftovers() == {}
    assert knowledge_base.reindex() == len(knowledge_base._catalog.published_keys())
    assert all(found(knowledge_base, name) == {f"{name}办法"} for name in ["低保", "后来", *taken])


@pytest.mark.parametrize("free_kb", [0, 40, 400, 1500, 2500])
def test_wherever_the_space_runs_out_a_retry_works_after_freeing_some(knowledge_base, small_disk, tmp_path, free_kb):
    take_in(knowledge_base, find_files([written(tmp_path / "files", "低保", 3)]))
    stuffing = stuffed(small_disk, free_kb)
    file = written(tmp_path / "files", "特困", 900)
    with pytest.raises(StoreError) as caught:
        take_in(knowledge_base, find_files([file]))
    assert str(caught.value) == FULL
    assert found(knowledge_base, "低保") == {"低保办法"} and found(knowledge_base, "特困") == set()
    stuffing.unlink()
    assert take_in(knowledge_base, find_files([file])).count(Outcome.ADDED) == 1
    assert found(knowledge_base, "特困") == {"特困办法"} and knowledge_base._catalog.leftovers() == {}


@pytest.mark.parametrize("free_kb", [0, 8, 64, 200])
def test_a_new_data_folder_on_a_full_disk_is_a_clear_error_until_there_is_space(small_disk, tmp_path, free_kb):
    stuffing = stuffed(small_disk, free_kb)
    file = written(tmp_path / "files", "低保", 3)

    def start():
        opened = KnowledgeBase(small_disk / "data", builtin_embedder())
        take_in(opened, find_files([file]))
        return opened

    with pytest.raises(StoreError, match=r"磁盘|空间"):
        start()
    stuffing.unlink()
    assert found(start(), "低保") == {"低保办法"}
