"""The catalog: staged documents are invisible, publishing is one step, and its errors say what to do."""

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from kb.catalog import Catalog, SourceRecord, facts_from_json, facts_to_json
from kb.errors import StoreBusy, StoreError
from kb.models import Facts
from tests.fakes import entry, record

LAW = entry("暖冬救助条例", "第一段。", "第二段。", issued=date(2020, 1, 1))
NOTICE = entry("取暖通知", "通知一段。")


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = Catalog.in_folder(tmp_path)
    yield catalog
    catalog.close()


def publish(catalog, *entries):
    staged = catalog.stage(entries)
    catalog.publish(list(staged), [record(document) for document, _ in entries])
    return staged


def test_staged_documents_are_not_seen(catalog):
    staged = catalog.stage([LAW])
    document = LAW[0]
    assert catalog.summaries() == [] and catalog.document(document.id) is None and catalog.published_keys() == []
    assert catalog.leftovers() == staged


def test_a_published_document_reads_as_it_was_given(catalog):
    publish(catalog, LAW)
    document, passages = LAW
    assert catalog.document(document.id) == document
    assert catalog.passages_of(document.id) == passages
    assert [summary.passage_count for summary in catalog.summaries()] == [2]
    assert catalog.sources() == {document.source: record(document)}
    assert catalog.leftovers() == {}


def test_keys_are_in_reading_order_and_name_their_passages(catalog):
    keys = publish(catalog, LAW, NOTICE)[LAW[0].id]
    assert keys == catalog.keys_of(LAW[0].id) == sorted(keys)
    assert tuple(catalog.passages(keys).values()) == LAW[1]
    assert (keys[0], LAW[0].id) in catalog.published_keys()


def test_a_key_that_is_gone_is_left_out(catalog):
    keys = publish(catalog, LAW)[LAW[0].id]
    assert list(catalog.passages([*keys, 999])) == keys


def test_a_replaced_document_is_retired_until_it_is_purged(catalog):
    publish(catalog, LAW)
    newer = entry("暖冬救助条例", "新的一段。", source=LAW[0].source)
    old_keys = catalog.keys_of(LAW[0].id)
    publish(catalog, newer)
    assert [summary.id for summary in catalog.summaries()] == [newer[0].id]
    assert catalog.leftovers() == {LAW[0].id: old_keys}
    catalog.purge([LAW[0].id])
    assert catalog.leftovers() == {} and catalog.passages_of(LAW[0].id) == ()


def test_a_document_named_by_two_files_stays_until_both_are_dropped(catalog):
    document = LAW[0]
    staged = catalog.stage([LAW])
    catalog.publish(list(staged), [record(document), record(document, "副本.md")])
    catalog.publish([], [], [document.source])
    assert catalog.document(document.id) is not None
    catalog.publish([], [], ["副本.md"])
    assert catalog.document(document.id) is None and document.id in catalog.leftovers()


def test_keys_are_never_used_again(catalog):
    keys = publish(catalog, LAW)[LAW[0].id]
    catalog.publish([], [], [LAW[0].source])
    catalog.purge([LAW[0].id])
    assert min(publish(catalog, LAW)[LAW[0].id]) > max(keys)


def test_erased_words_do_not_stay_in_the_file(catalog, tmp_path):
    publish(catalog, entry("私密", "这句话要能抹去ZXQ。"))
    catalog.publish([], [], ["私密.md"])
    catalog.purge(catalog.leftovers())
    catalog.close()
    assert b"ZXQ" not in b"".join(file.read_bytes() for file in tmp_path.glob("catalog*"))


def test_every_visible_change_starts_a_new_generation(catalog):
    before = catalog.generation()
    staged = catalog.stage([LAW])
    assert catalog.generation() == before
    catalog.publish(list(staged), [record(LAW[0])])
    catalog.set_values({"name": "value"})
    assert catalog.generation() == before + 2 and catalog.value("name") == "value"


def test_a_value_that_was_never_kept_is_the_default(catalog):
    assert catalog.value("nothing", "default") == "default"


def test_publishing_is_whole_or_not_at_all(catalog, tmp_path):
    publish(catalog, LAW)
    staged = catalog.stage([NOTICE])
    twice = [record(NOTICE[0]), SourceRecord(NOTICE[0].source, "other", NOTICE[0].id)]
    with pytest.raises(IntegrityError):
        catalog.publish(list(staged), twice, [LAW[0].source])
    assert [summary.id for summary in catalog.summaries()] == [LAW[0].id]
    assert list(catalog.sources()) == [LAW[0].source]


def test_more_documents_than_a_statement_takes_variables(catalog):
    many = [entry(f"通知{number}", "一段。") for number in range(1201)]
    publish(catalog, *many)
    assert len(catalog.summaries()) == 1201
    keys = [key for key, _ in catalog.published_keys()]
    assert len(catalog.passages(keys)) == 1201
    catalog.publish([], [], [document.source for document, _ in many])
    catalog.purge(catalog.leftovers())
    assert catalog.summaries() == [] and catalog.leftovers() == {}


@pytest.mark.parametrize(
    "facts",
    [
        Facts(),
        Facts("条例", "总则", "民发〔2021〕1号", "民政部", "部门规章", "安徽省", date(2021, 1, 2), date(2021, 3, 4),
              date(2025, 1, 1), ("旧条例",), ("救助",), ("来源",), date(2026, 1, 1), True),
    ],
)  # fmt: skip
def test_facts_read_back_as_written(facts):
    assert facts_from_json(facts_to_json(facts)) == facts


# --- what can go wrong ------------------------------------------------------------------------------------------


def test_a_locked_database_says_to_wait(catalog, tmp_path, monkeypatch):
    catalog.close()
    monkeypatch.setattr("kb.catalog._WAIT_SECONDS", 0.05)
    waiting = Catalog.in_folder(tmp_path)
    other = sqlite3.connect(tmp_path / "catalog.sqlite3")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="请等它完成后再试"):
        waiting.stage([LAW])
    assert waiting.summaries() == []  # reading goes on meanwhile
    other.rollback()
    other.close()
    assert waiting.stage([LAW])
    waiting.close()


def test_a_full_disk_says_that_nothing_was_lost(catalog, tmp_path):
    publish(catalog, NOTICE)
    with catalog._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")  # the pool hands out this connection again
    with pytest.raises(StoreError, match="磁盘已满，本次改动没有写入，原有资料不受影响"):
        catalog.stage([entry("长文", *["很长的一段。" * 200] * 50)])
    assert [summary.title for summary in catalog.summaries()] == ["取暖通知"]


@pytest.mark.parametrize("rubbish", [b"this is no database" * 400, b"\xff" * 4096])
def test_a_damaged_database_says_to_restore(tmp_path, rubbish):
    (tmp_path / "catalog.sqlite3").write_bytes(rubbish)
    with pytest.raises(StoreError, match=r"已损坏.*请用备份恢复"):
        Catalog.in_folder(tmp_path)


def test_a_folder_in_the_place_of_the_database_says_to_check_the_folder(tmp_path):
    (tmp_path / "catalog.sqlite3").mkdir()
    with pytest.raises(StoreError, match="请检查数据文件夹的权限和磁盘空间"):
        Catalog.in_folder(tmp_path)
