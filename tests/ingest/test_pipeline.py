"""Files go in whole or not at all; one that fails is reported and the others go on."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingest import pipeline
from ingest.pipeline import Options, Outcome, SourceFile, find_files, parse, take_in
from kb.errors import FileMissing, StoreBusy
from kb.models import Asker
from tests.ingest.files import LAW, encrypted_pdf, ole, pdf, word

TEXT = "\n".join(LAW)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An empty folder for files to take in."""
    folder = tmp_path / "来件"
    folder.mkdir()
    return folder


def law(name: str, days: str = "三十") -> str:
    return f"{name}\n第一条 为了帮助困难家庭，制定本办法。\n第二条 乡镇应当在{days}日内办结。\n第三条 本办法自2021年7月1日起施行。\n"


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")


def outcomes(knowledge_base: Any, folder: Path, **options: Any) -> dict[str, Outcome]:
    report = take_in(knowledge_base, find_files([folder]), Options(**options))
    return {Path(file.source).name: file.outcome for file in report.files}


def texts(knowledge_base: Any) -> set[str]:
    return {knowledge_base.document(summary.id).text for summary in knowledge_base.summaries()}


# --- what becomes of a file -------------------------------------------------------------------------------------


def test_a_new_file_is_added_and_found(empty, inbox):
    write(inbox, a=law("暖冬救助办法"))
    report = take_in(empty, find_files([inbox]))
    assert [(f.outcome, f.title, f.passage_count) for f in report.files] == [(Outcome.ADDED, "暖冬救助办法", 3)]
    assert empty.search("多少日内办结", Asker()).hits[0].passage.locator == "第二条"


def test_taking_the_same_files_in_twice_changes_nothing(empty, inbox):
    write(inbox, a=law("暖冬救助办法"), b=law("护林办法"))
    outcomes(empty, inbox)
    before = [(summary.id, summary.passage_count) for summary in empty.summaries()]
    assert set(outcomes(empty, inbox).values()) == {Outcome.UNCHANGED}
    assert [(summary.id, summary.passage_count) for summary in empty.summaries()] == before


def test_a_changed_file_replaces_its_older_self(empty, inbox):
    write(inbox, a=law("暖冬救助办法"))
    outcomes(empty, inbox)
    write(inbox, a=law("暖冬救助办法", "十五"))
    assert outcomes(empty, inbox) == {"a.txt": Outcome.REPLACED}
    assert texts(empty) == {law("暖冬救助办法", "十五").strip()}


def test_a_change_of_spaces_only_leaves_the_document_as_it_is(empty, inbox):
    write(inbox, a=law("暖冬救助办法"))
    outcomes(empty, inbox)
    write(inbox, a=law("暖冬救助办法").replace("\n", "\n\n"))
    assert outcomes(empty, inbox) == {"a.txt": Outcome.UNCHANGED}


def test_the_same_text_under_another_name_is_kept_once(empty, inbox):
    write(inbox, a=law("暖冬救助办法"), b=law("暖冬救助办法"))
    assert sorted(outcomes(empty, inbox).values()) == sorted([Outcome.ADDED, Outcome.SAME])
    assert len(empty.summaries()) == 1


def test_a_file_that_becomes_unreadable_keeps_its_older_self(empty, inbox):
    write(inbox, a=law("暖冬救助办法"))
    outcomes(empty, inbox)
    (inbox / "a.txt").write_bytes(b"")
    assert outcomes(empty, inbox) == {"a.txt": Outcome.FAILED}
    assert texts(empty) == {law("暖冬救助办法").strip()}


def test_options_of_the_person_go_before_what_the_text_says(empty, inbox):
    write(inbox, a=law("暖冬救助办法"))
    outcomes(empty, inbox, kind="training", region="安徽省")
    [summary] = empty.summaries()
    assert (summary.kind, summary.facts.region) == ("training", "安徽省")
    assert outcomes(empty, inbox, kind="policy", region="安徽省") == {"a.txt": Outcome.REPLACED}


@pytest.mark.parametrize("name", ["a.txt", "a.docx", "a.pdf"])
def test_passages_of_every_format_cover_the_text_and_know_their_place(inbox, name):
    data = {"a.txt": TEXT.encode(), "a.docx": word(*LAW), "a.pdf": pdf(LAW[:5], LAW[5:])}[name]
    (inbox / name).write_bytes(data)
    parsed = parse(SourceFile(inbox / name, name), Options())
    assert parsed.document is not None
    document, passages = parsed.document, parsed.passages
    assert "".join(passage.text for passage in passages) == document.text
    assert all(document.text[p.start : p.end] == p.text and p.document_id == document.id for p in passages)
    assert [p.locator for p in passages if p.locator] == ["第一章第一条", "第一章第二条", "第二章第三条", "第二章第四条"]
    assert (document.facts.number, str(document.facts.issued), str(document.facts.effective)) == ("民政部令第99号", "2021-06-01", "2021-07-01")
    assert {p.page for p in passages} == ({1, 2} if name == "a.pdf" else {None})
    assert document.page_starts == ((0, document.text.index("第二章")) if name == "a.pdf" else ())


# --- bad files --------------------------------------------------------------------------------------------------


def test_a_hundred_good_files_go_in_beside_the_bad_ones(empty, inbox):
    write(inbox, **{f"办法{n:03}": law(f"第{n}号办法之暖冬救助") for n in range(100)})
    bad = {
        "空.txt": b"", "乱.txt": bytes(range(256)) * 20, "断.pdf": pdf(LAW)[:1500], "断.docx": word(*LAW)[:3000],
        "锁.pdf": encrypted_pdf("x", LAW), "旧.doc": ole("WordDocument"), "数.csv": "甲,乙".encode(),
    }  # fmt: skip
    for name, data in bad.items():
        (inbox / name).write_bytes(data)
    report = take_in(empty, find_files([inbox]))
    assert report.count(Outcome.ADDED) == 100 == len(empty.summaries())
    assert {Path(file.source).name for file in report.failures} == set(bad)
    assert all(file.reason.endswith("。") for file in report.failures)


def test_the_report_is_in_the_order_of_the_files(empty, inbox):
    write(inbox, **{f"办法{n:02}": law(f"办法{n}") for n in range(12)})
    files = find_files([inbox])
    assert [file.source for file in take_in(empty, files).files] == [file.source for file in files]


def test_a_missing_path_is_reported_before_anything_is_read(tmp_path):
    with pytest.raises(FileMissing, match="找不到"):
        find_files([tmp_path / "没有"])


def test_a_file_that_vanishes_before_it_is_read_is_reported(inbox):
    assert "找不到" in parse(SourceFile(inbox / "已移走.txt", "x"), Options()).error


def test_a_file_without_permission_is_reported(inbox, monkeypatch):
    def refuse(*_: object) -> None:  # tests may run as root, who is refused nothing
        raise PermissionError(13, "Permission denied")

    write(inbox, a=law("暖冬救助办法"))
    monkeypatch.setattr(pipeline, "open", refuse, raising=False)
    assert "没有权限" in parse(find_files([inbox])[0], Options()).error


def test_a_folder_without_permission_is_reported_and_the_others_go_in(empty, inbox, monkeypatch):
    (inbox / "关着").mkdir()
    write(inbox, a=law("暖冬救助办法"))
    scan = os.scandir

    def guarded(path: str) -> Any:
        if str(path).endswith("关着"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", guarded)
    report = take_in(empty, find_files([inbox]))
    assert [(Path(f.source).name, f.outcome) for f in report.files] == [("a.txt", Outcome.ADDED), ("关着", Outcome.FAILED)]
    assert "没有权限打开这个文件夹" in report.failures[0].reason


def test_hidden_and_lock_files_are_not_looked_at(inbox):
    write(inbox, a="甲", **{".b": "乙", "~$c": "丙"})
    (inbox / ".git").mkdir()
    write(inbox / ".git", d="丁")
    assert [file.path.name for file in find_files([inbox])] == ["a.txt"]


def test_a_file_named_twice_is_read_once(inbox):
    write(inbox, a="甲")
    assert len(find_files([inbox, inbox / "a.txt", inbox / ".." / inbox.name])) == 1


def test_a_pipe_and_a_dead_link_do_not_hold_up_the_others(empty, inbox):
    write(inbox, a=law("暖冬救助办法"))
    os.mkfifo(inbox / "管道.txt")
    (inbox / "旧链接.txt").symlink_to(inbox / "没有.txt")
    (inbox / "圈.txt").symlink_to(inbox / "圈.txt")
    assert sorted(outcomes(empty, inbox).values()) == sorted([Outcome.ADDED] + [Outcome.FAILED] * 3)


def test_whatever_a_reader_trips_over_is_an_error_of_that_file(inbox, monkeypatch):
    class Surprise(Exception):
        pass

    def trip(*_: object, **__: object) -> None:
        raise Surprise

    write(inbox, a="甲")
    monkeypatch.setattr(pipeline, "read", trip)
    assert "Surprise" in parse(find_files([inbox])[0], Options()).error


@pytest.mark.parametrize("line", ["第{n}条 乡镇应当在入冬以前走访困难家庭，登记造册。\n", "无" * 1000, "一行没有标点的字\n", "(" * 500 + "\n"])
def test_a_large_text_is_taken_in_whole(inbox, line):
    text = "".join(line.replace("{n}", str(n)) for n in range(1, 500_000 // len(line)))
    write(inbox, a=text)
    parsed = parse(find_files([inbox])[0], Options())
    assert parsed.document is not None and len(parsed.document.text) >= len(text.strip()) - text.count("\n")
    assert max(len(passage.text) for passage in parsed.passages) <= 900


# --- many files -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deadly(SourceFile):
    """A file that brings down the worker that is handed it."""

    def __reduce__(self) -> Any:
        return os._exit, (9,)


def test_a_file_that_kills_its_worker_is_reported_and_the_others_go_in(empty, inbox):
    write(inbox, **{f"办法{n:02}": law(f"办法{n}") for n in range(10)})
    files = find_files([inbox])
    files[4] = Deadly(files[4].path, files[4].source)
    report = take_in(empty, files)
    assert [file.outcome for file in report.files] == [Outcome.ADDED] * 4 + [Outcome.FAILED] + [Outcome.ADDED] * 5
    assert "异常退出" in report.files[4].reason and len(empty.summaries()) == 9


def test_progress_counts_every_file(empty, inbox):
    write(inbox, a=law("甲办法"), b=law("乙办法"), c="")
    seen: list[tuple[int, int, str]] = []
    take_in(empty, find_files([inbox]), progress=lambda *step: seen.append(step))
    assert seen == [(1, 3, "a.txt"), (2, 3, "b.txt"), (3, 3, "c.txt")]


def test_a_run_that_is_stopped_leaves_whole_batches_and_goes_on_the_next_time(empty, inbox, monkeypatch):
    def stop(done: int, total: int, name: str) -> None:
        if done == 6:
            raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "_BATCH_FILES", 2)
    write(inbox, **{f"办法{n}": law(f"办法{n}") for n in range(7)})
    with pytest.raises(KeyboardInterrupt):
        take_in(empty, find_files([inbox]), progress=stop)
    assert len(empty.summaries()) == 6
    assert sorted(outcomes(empty, inbox).values()) == sorted([Outcome.UNCHANGED] * 6 + [Outcome.ADDED])
    assert len(empty.summaries()) == 7


def test_a_full_batch_is_published_while_the_rest_is_read(empty, inbox, monkeypatch):
    monkeypatch.setattr(pipeline, "_BATCH_PASSAGES", 5)
    visible: list[int] = []
    write(inbox, **{f"办法{n}": law(f"办法{n}") for n in range(6)})
    take_in(empty, find_files([inbox]), progress=lambda *_: visible.append(len(empty.summaries())))
    assert visible == [0, 2, 2, 4, 4, 6]


def test_the_same_new_text_twice_in_different_batches_is_kept_once(empty, inbox, monkeypatch):
    monkeypatch.setattr(pipeline, "_BATCH_FILES", 1)
    write(inbox, a=law("暖冬救助办法"), b=law("暖冬救助办法"))
    assert outcomes(empty, inbox) == {"a.txt": Outcome.ADDED, "b.txt": Outcome.SAME}


def test_two_files_that_trade_their_texts_lose_neither(empty, inbox):
    write(inbox, a=law("甲办法"), b=law("乙办法"))
    outcomes(empty, inbox)
    write(inbox, a=law("乙办法"), b=law("甲办法"))
    assert set(outcomes(empty, inbox).values()) == {Outcome.REPLACED}
    assert texts(empty) == {law("甲办法").strip(), law("乙办法").strip()}


def test_a_second_writer_is_told_to_wait(empty, inbox, folder, monkeypatch):
    from kb import knowledge_base

    monkeypatch.setattr(knowledge_base, "_LOCK_SECONDS", 0.1)
    write(inbox, a=law("甲办法"))
    other = knowledge_base.KnowledgeBase(folder, empty._embedder)
    with other.writing(), pytest.raises(StoreBusy):
        take_in(empty, find_files([inbox]))
    other.close()
