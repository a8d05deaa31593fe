"""The knowledge base: what search leaves out and why, writing, rebuilding, and several processes at once."""

import json
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from kb.errors import IndexOutdated, StoreBusy, StoreError
from kb.knowledge_base import KnowledgeBase, document_id, passage_id
from kb.models import NATIONAL, Asker, Facts, Status
from kb.settings import Settings
from tests.conftest import ANHUI, ANQING, HUBEI
from tests.fakes import FakeEmbedder, entry, publish, record

TODAY = date(2026, 11, 25)
PROJECT = Path(__file__).resolve().parents[2]


def titles(hits):
    return {hit.document.title for hit in hits}


def ask(knowledge_base, question, region=NATIONAL, day=TODAY, limit=10, **asker):
    return knowledge_base.search(question, Asker(region, day, **asker), limit)


# --- what search finds ------------------------------------------------------------------------------------------


def test_the_passage_that_says_it_comes_first(laws):
    hit = ask(laws, "取暖补助按月发放吗").hits[0]
    assert hit.passage.text == "取暖补助按月发放，每户每月不低于一百元。\n"
    assert (hit.passage.locator, hit.document.title, hit.status) == ("第3条", "暖冬救助条例", Status.IN_FORCE)
    assert set(hit.found_by) == {"keyword", "vector", "ranking"} and hit.document.text == ""


def test_scores_fall_and_the_limit_holds(laws):
    hits = ask(laws, "取暖补助", limit=3).hits
    assert len(hits) == 3
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.passage.id for hit in hits}) == 3


@pytest.mark.parametrize(
    ("region", "of_the_region"),
    [
        (NATIONAL, set()),
        (ANHUI, {"安徽省暖冬救助办法"}),
        (ANQING, {"安徽省暖冬救助办法", "安庆市暖冬救助细则"}),
        (HUBEI, {"湖北省暖冬救助办法"}),
    ],
)
def test_national_rules_and_those_of_the_own_region_are_found(laws, region, of_the_region):
    found = titles(ask(laws, "暖冬救助 取暖补助", region, limit=50).hits)
    assert "暖冬救助条例" in found
    assert {title for title in found if title[:2] in ("安徽", "安庆", "湖北")} == of_the_region


@pytest.mark.parametrize(
    ("day", "days_to_decide"),
    [(date(2012, 1, 1), "三十日内"), (date(2019, 12, 31), "三十日内"), (date(2020, 1, 1), "十五日内")],
)
def test_the_version_of_the_day_is_found(laws, day, days_to_decide):
    hits = [hit for hit in ask(laws, "取暖补助几天办结", day=day).hits if "日内办结" in hit.passage.text]
    assert [days_to_decide in hit.passage.text for hit in hits] == [True]
    assert hits[0].status is Status.IN_FORCE


def test_before_the_first_version_there_is_none(laws):
    assert "暖冬救助条例" not in titles(ask(laws, "取暖补助几天办结", day=date(2009, 1, 1)).hits)


@pytest.mark.parametrize(
    ("question", "title", "status"),
    [
        ("冬季取暖用煤由乡镇统一配送", "送煤下乡办法", Status.REPEALED),
        ("护林员补贴按季度发放", "护林员补贴办法", Status.NOT_YET),
        ("取暖补助三十日内办结", "暖冬救助条例", Status.SUPERSEDED),
    ],
)
def test_what_does_not_hold_is_left_out_with_its_status_unless_asked_for(laws, question, title, status):
    found = ask(laws, question)
    assert (title, status) not in {(hit.document.title, hit.status) for hit in found.hits}
    assert (title, status) in {(hit.document.title, hit.status) for hit in found.left_out}
    everything = ask(laws, question, include_invalid=True)
    assert (everything.hits[0].document.title, everything.hits[0].status) == (title, status)


def test_another_region_is_left_out_even_with_invalid_texts_included(laws):
    found = ask(laws, "取暖补助每户每月三百元", ANHUI, include_invalid=True)
    assert "湖北省暖冬救助办法" not in titles(found.hits) and "湖北省暖冬救助办法" in titles(found.left_out)


def test_a_question_about_another_region_is_answered_for_it(laws):
    found = ask(laws, "湖北省取暖补助每户每月多少", ANHUI)
    assert found.asker.region == "湖北省" and "湖北省暖冬救助办法" in titles(found.hits)


def test_a_law_without_a_date_is_found_and_marked_unchecked(laws):
    hit = ask(laws, "放河灯应当避开航道").hits[0]
    assert (hit.document.title, hit.status) == ("河灯管理办法", Status.UNCHECKED)


@pytest.mark.parametrize(("kind", "title"), [("training", "入户探访怎么做"), ("case", "独居老人过冬个案")])
def test_only_the_kinds_asked_for_are_found(laws, kind, title):
    found = ask(laws, "探访独居老人申请取暖补助", kinds=frozenset([kind]))
    assert titles(found.hits) == {title}
    assert all(hit.document.kind == kind for hit in found.left_out)


def test_training_and_cases_have_lists_of_their_own(laws):
    found = ask(laws, "独居老人没有取暖设备怎么办", limit=1)
    assert titles(found.by_kind["case"]) == {"独居老人过冬个案"}
    assert titles(found.by_kind["training"]) == {"入户探访怎么做"}


@pytest.mark.parametrize("question", ["", "   ", "？？", "的了吗", '低保:(" AND', "龘靐齉", "字" * 5000, "\x00"])
def test_any_text_may_be_asked(laws, question):
    assert ask(laws, question).query is not None


def test_similarity_is_the_inner_product_with_the_question(laws):
    near, far = laws.similarity("取暖补助", ["申请取暖补助", "放河灯"])
    assert near > far and near == pytest.approx(laws.similarity("申请取暖补助", ["取暖补助"])[0], abs=1e-5)


def test_an_empty_knowledge_base_finds_nothing(empty):
    found = ask(empty, "低保")
    assert found.hits == found.left_out == () and empty.summaries() == [] and empty.regions() == [NATIONAL]
    assert empty.reindex() == 0 and ask(empty, "低保").hits == ()


def test_regions_with_rules_of_their_own_are_listed_the_nation_first(laws):
    assert laws.regions() == [NATIONAL, ANHUI, ANQING, HUBEI]


def test_a_document_reads_back_whole(laws):
    summary = next(each for each in laws.summaries() if each.title == "安庆市暖冬救助细则")
    document = laws.document(summary.id)
    assert document.text == "安庆市取暖补助向社区居委会申请。\n" == "".join(p.text for p in laws.passages(summary.id))
    assert laws.status(summary.id, TODAY) is Status.IN_FORCE and laws.term(summary.id).since == date(2021, 6, 1)
    assert laws.document("nothing") is None


@pytest.mark.parametrize(
    ("title", "label", "asker", "text"),
    [
        ("暖冬救助条例", "第2条", Asker(day=TODAY), "申请取暖补助，应当向乡镇人民政府提出书面申请，十五日内办结。\n"),
        ("《暖冬救助条例》", "第2条", Asker(day=date(2012, 1, 1)), "申请取暖补助，应当向乡镇人民政府提出书面申请，三十日内办结。\n"),
        ("安徽省暖冬救助办法", "第1条", Asker(ANQING, TODAY), "安徽省取暖补助每户每月二百元。\n"),
        ("安徽省暖冬救助办法", "第1条", Asker(HUBEI, TODAY), None),
        ("暖冬救助条例", "第9条", Asker(day=TODAY), None),
        ("送煤下乡办法", "第1条", Asker(day=TODAY), None),
        ("没有这部法", "第1条", Asker(day=TODAY), None),
    ],
)
def test_an_article_is_that_of_the_text_that_holds_for_the_asker(laws, title, label, asker, text):
    found = laws.article(title, label, asker)
    assert [hit.passage.text for hit in found] == ([text] if text else [])
    assert all(hit.passage.locator == label and hit.status is Status.IN_FORCE for hit in found)


def test_article_numbers_are_matched_whole(empty):
    numbers = ("第九条", "第十九条", "第九条之一", "第二章第九条", "第九条第一款")
    document, passages = entry("救助法", *(f"{number}的内容。" for number in numbers), effective=date(2020, 1, 1))
    located = tuple(replace(each, locator=number) for each, number in zip(passages, numbers, strict=True))
    publish(empty, (document, located))
    asker = Asker(day=TODAY)
    assert [hit.passage.locator for hit in empty.article("救助法", "第九条", asker)] == ["第九条", "第二章第九条", "第九条第一款"]
    assert [hit.passage.locator for hit in empty.article("救助法", "第九条之一", asker)] == ["第九条之一"]
    assert empty.last_article("救助法", asker) == "第十九条" and empty.last_article("没有", asker) == ""


def test_titles_are_those_of_laws_not_of_training_or_cases(laws):
    assert {"暖冬救助条例", "送煤下乡办法", "湖北省暖冬救助办法"} <= laws.titles()
    assert not {"入户探访怎么做", "独居老人过冬个案"} & laws.titles()


def test_many_askers_at_once_each_get_their_own_answer(laws, monkeypatch):
    monkeypatch.setattr("kb.view._ASKERS_KEPT", 1)
    view, wrong = laws._current_view(), []
    everyone = [Asker(region, date(2012, 1, day)) for region in (NATIONAL, ANHUI, HUBEI) for day in range(1, 20)]

    def ask_for_all(order):
        try:
            for asker in order * 5:
                view.masks(asker)
        except KeyError as error:
            wrong.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=ask_for_all, args=(everyone[at:] + everyone[:at],)) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    assert wrong == []


# --- identity ---------------------------------------------------------------------------------------------------


def test_an_id_depends_on_what_a_document_says_not_on_where_it_lay():
    assert entry("条例", "一段。", source="甲.md")[0].id == entry("条例", "一段。", source="乙.md")[0].id
    ids = {
        document_id("policy", Facts(title="条例"), "一段。"),
        document_id("case", Facts(title="条例"), "一段。"),
        document_id("policy", Facts(title="条例", region=ANHUI), "一段。"),
        document_id("policy", Facts(title="条例"), "二段。"),
        passage_id("a", 0, 1),
        passage_id("a", 0, 2),
        passage_id("b", 0, 1),
    }
    assert len(ids) == 7


# --- writing ----------------------------------------------------------------------------------------------------


def test_what_is_published_is_found_at_once(empty):
    publish(empty, entry("条例", "低保由乡镇受理。"))
    assert titles(ask(empty, "低保由谁受理").hits) == {"条例"}
    publish(empty, entry("办法", "河灯避开航道。"))
    assert titles(ask(empty, "河灯").hits[:1]) == {"办法"}


def test_removing_a_source_erases_its_document_from_search_and_folder(empty, folder):
    publish(empty, entry("条例", "低保由乡镇受理。"), entry("办法", "河灯避开航道。"))
    empty.remove(["条例.md", "never there.md"])
    assert titles(ask(empty, "低保由谁受理").hits) == {"办法"}
    assert list(empty.sources()) == ["办法.md"]
    assert vector_keys(empty) == [key for key, _ in empty._catalog.published_keys()]


def test_a_replaced_source_shows_only_its_new_text(empty):
    publish(empty, entry("条例", "低保三十日办结。", source="a.md"))
    publish(empty, entry("条例", "低保十五日办结。", source="a.md"))
    assert [hit.passage.text for hit in ask(empty, "低保几日办结").hits] == ["低保十五日办结。\n"]
    assert len(empty.summaries()) == 1


def test_a_writer_that_fails_leaves_what_was_published(empty, monkeypatch):
    publish(empty, entry("条例", "低保由乡镇受理。"))
    monkeypatch.setattr("kb.catalog.Catalog.publish", lambda *_: (_ for _ in ()).throw(StoreError("磁盘已满")))
    with pytest.raises(StoreError):
        publish(empty, entry("办法", "河灯避开航道。"))
    monkeypatch.undo()
    assert titles(ask(empty, "河灯避开航道").hits) == {"条例"}
    assert len(empty._catalog.leftovers()) == 1
    publish(empty, entry("办法", "河灯避开航道。"))
    assert titles(ask(empty, "河灯避开航道").hits[:1]) == {"办法"} and empty._catalog.leftovers() == {}


def test_an_index_that_fails_while_adding_lets_go_of_everything(empty, embedder, monkeypatch):
    monkeypatch.setattr(embedder, "embed", lambda _: (_ for _ in ()).throw(ZeroDivisionError))
    with pytest.raises(ZeroDivisionError):
        publish(empty, entry("办法", "河灯避开航道。"))
    monkeypatch.undo()
    publish(empty, entry("办法", "河灯避开航道。"))
    assert titles(ask(empty, "河灯").hits) == {"办法"}


def vector_keys(knowledge_base):
    """The keys that Chroma keeps."""
    from kb.vector_index import ChromaVectorIndex

    index = ChromaVectorIndex(knowledge_base._index_folder() / "vectors", knowledge_base._embedder.dimension)
    known = sorted(index.vectors_of(range(1000)))
    index.close()
    return known


# --- rebuilding -------------------------------------------------------------------------------------------------


def test_a_rebuild_finds_the_same_and_embeds_nothing_again(empty, embedder, folder):
    publish(empty, *(entry(f"办法{number}", f"第{number}种河灯避开航道。") for number in range(5)))
    empty.remove(["办法3.md"])
    before, embedded = ask(empty, "河灯"), embedder.embedded
    done = []
    assert empty.reindex(lambda *numbers: done.append(numbers)) == 4 == done[-1][0] == done[-1][1]
    assert embedder.embedded == embedded
    after = ask(empty, "河灯")
    assert [hit.passage for hit in after.hits] == [hit.passage for hit in before.hits]
    assert len(list(folder.glob("index-*"))) == 1


def test_a_rebuild_forgets_the_vectors_of_removed_documents(empty, folder):
    publish(empty, entry("甲", "低保。"), entry("乙", "河灯。"))
    empty.remove(["甲.md"])
    empty.reindex()
    (copy,) = folder.glob("index-*/vectors/keys.i64")
    assert np.fromfile(copy, dtype=np.int64).tolist() == [key for key, _ in empty._catalog.published_keys()]


@pytest.mark.parametrize("change", ["model", "dictionary"])
def test_another_model_or_dictionary_asks_for_a_rebuild_and_then_works(empty, folder, monkeypatch, change):
    publish(empty, entry("条例", "低保由乡镇受理。"))
    if change == "dictionary":
        monkeypatch.setattr("kb.knowledge_base.DICTIONARY_HASH", "another")
    other = KnowledgeBase(folder, FakeEmbedder("another" if change == "model" else "fake"))
    assert other.is_stale()
    for use in (lambda: ask(other, "低保"), lambda: publish(other, entry("办法", "河灯。")), lambda: other.remove(["条例.md"])):
        with pytest.raises(IndexOutdated, match=r"向量模型或词典已更换.*shegong reindex"):
            use()
    assert [summary.title for summary in other.summaries()] == ["条例"]  # lists need no index
    assert other.reindex() == 1 and not other.is_stale()
    assert titles(ask(other, "低保").hits) == {"条例"}
    other.close()


@pytest.mark.parametrize("lost", ["index-*", "index-*/keyword", "index-*/vectors", "index-*/vectors/keys.i64"])
def test_a_lost_index_is_noticed_and_rebuilt(empty, folder, embedder, lost):
    publish(empty, entry("条例", "低保由乡镇受理。"))
    (path,) = folder.glob(lost)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    again = KnowledgeBase(folder, embedder)
    with pytest.raises((IndexOutdated, StoreError), match="shegong reindex"):
        ask(again, "低保")
    assert again.reindex() == 1
    assert titles(ask(again, "低保").hits) == {"条例"}
    again.close()


@pytest.mark.parametrize("damaged", ["keyword/meta.json", "vectors/chroma/chroma.sqlite3", "vectors/vectors.f32"])
def test_a_damaged_index_can_be_rebuilt(empty, folder, embedder, damaged):
    publish(empty, entry("条例", "低保由乡镇受理。"))
    (path,) = folder.glob(f"index-*/{damaged}")
    path.write_bytes(b"rubbish" * 10)
    again = KnowledgeBase(folder, embedder)
    assert again.reindex() == 1
    assert titles(ask(again, "低保").hits) == {"条例"}
    publish(again, entry("办法", "河灯避开航道。"))
    again.close()


def test_what_a_killed_rebuild_left_is_cleared_away_by_the_next_writer(empty, folder):
    publish(empty, entry("条例", "低保由乡镇受理。"))
    (folder / "index-0badcafe" / "keyword").mkdir(parents=True)
    publish(empty, entry("办法", "河灯避开航道。"))
    assert len(list(folder.glob("index-*"))) == 1


# --- several at once --------------------------------------------------------------------------------------------


def test_an_open_reader_sees_each_new_generation(empty, folder, embedder):
    reader = KnowledgeBase(folder, embedder)
    assert ask(reader, "河灯").hits == ()
    publish(empty, entry("办法", "河灯避开航道。"))
    assert titles(ask(reader, "河灯").hits) == {"办法"}
    empty.reindex()
    assert titles(ask(reader, "河灯").hits) == {"办法"}
    empty.remove(["办法.md"])
    assert ask(reader, "河灯").hits == ()
    reader.close()


def test_a_reader_sees_what_another_process_writes(empty, folder):
    publish(empty, entry("条例", "低保由乡镇受理。"))
    assert titles(ask(empty, "河灯避开航道").hits) == {"条例"}
    code = (
        "import sys; from pathlib import Path; from kb.knowledge_base import KnowledgeBase\n"
        "from tests.fakes import FakeEmbedder, entry, publish\n"
        "publish(KnowledgeBase(Path(sys.argv[1]), FakeEmbedder()), entry('办法', '河灯避开航道。'))"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=PROJECT, check=True)
    assert titles(ask(empty, "河灯避开航道").hits[:1]) == {"办法"}


def test_a_second_writer_is_told_to_wait(empty, folder, embedder, monkeypatch):
    monkeypatch.setattr("kb.knowledge_base._LOCK_SECONDS", 0.1)
    other = KnowledgeBase(folder, embedder)
    publish(empty, entry("条例", "低保由乡镇受理。"))
    with empty.writing():
        for write in (lambda: publish(other, entry("办法", "河灯。")), lambda: other.remove([]), other.reindex):
            with pytest.raises(StoreBusy, match="另一个程序正在写入知识库。请等它完成后再试一次"):
                write()
        assert titles(ask(other, "低保").hits) == {"条例"}  # reading goes on
    publish(other, entry("办法", "河灯避开航道。"))
    other.close()


def test_searching_goes_on_while_documents_are_replaced_and_indexes_rebuilt(empty, folder, embedder):
    publish(empty, *(entry(f"办法{number}", f"第{number}种河灯避开航道。") for number in range(20)))
    reader = KnowledgeBase(folder, embedder)
    stop, wrong = threading.Event(), []

    def read():
        while not stop.is_set():
            found = ask(reader, "第7种河灯避开航道", limit=50).hits
            if not found or "办法7" not in titles(found):
                wrong.append(titles(found))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for round_ in range(4):
        publish(empty, entry("办法0", f"第{round_}次改写。"))
        empty.reindex()
    stop.set()
    for thread in threads:
        thread.join()
    reader.close()
    assert wrong == []


def test_a_folder_that_can_not_be_made_is_a_store_error(tmp_path, embedder):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"无法创建.*请检查路径、权限和磁盘空间"):
        KnowledgeBase(tmp_path / "file" / "data", embedder)


def test_the_settings_name_folder_and_model(tmp_path):
    knowledge_base = KnowledgeBase.open(Settings(data_folder=tmp_path / "data"))
    publish(knowledge_base, entry("条例", "低保由乡镇受理。"))
    assert json.loads(knowledge_base._catalog.value("index_made_with"))["model"] == knowledge_base._embedder.fingerprint
    assert record(entry("条例", "低保由乡镇受理。")[0]) in knowledge_base.sources().values()
    knowledge_base.close()
