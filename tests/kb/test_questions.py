"""The site's own questions: kept through every change of the documents, and what they do to a search."""

import sqlite3
from datetime import date

import numpy as np
import pytest

from kb.asked_before import AskedBefore
from kb.catalog import Catalog
from kb.errors import QuestionError
from kb.fusion import Fused
from kb.knowledge_base import KnowledgeBase
from kb.models import NATIONAL, Asker
from kb.places import telling_words
from kb.questions import ALIKE, Draft, Origin, Review, personal_number
from tests.conftest import ANHUI, HUBEI, invented_laws
from tests.fakes import FakeEmbedder, entry, publish

TODAY = date(2026, 11, 25)
RIVER = entry("河灯管理办法", "放河灯应当避开航道。", "放灯的人自己收回残灯。", effective=date(2020, 1, 1))
HEATING = entry("暖冬救助条例", "取暖补助按月发放。", "补助由乡镇受理。", effective=date(2020, 1, 1))
ASKED = Draft("煤火钱啥时候打卡里", "暖冬救助条例", "取暖补助按月发放")


@pytest.fixture
def held(empty):
    """Two laws; the words of ASKED stand in none of them."""
    publish(empty, RIVER, HEATING)
    return empty


def search(knowledge_base, question=ASKED.text, region=NATIONAL, **asker):
    return knowledge_base.search(question, Asker(region, TODAY, **asker))


def texts(hits):
    return [hit.passage.text.strip() for hit in hits]


# --- keeping ----------------------------------------------------------------------------------------------------


def test_a_question_is_kept_with_who_when_and_where(held):
    (kept,) = held.questions.add([ASKED], "李督导")
    assert (kept.text, kept.title, kept.place) == (ASKED.text, ASKED.title, ASKED.place)
    assert (kept.origin, kept.state, kept.by, kept.day) == (Origin.SITE, Review.ADOPTED, "李督导", date.today())
    assert held.questions.all() == [kept]


@pytest.mark.parametrize("again", ["煤火钱啥时候打卡里？", " 煤火钱，啥时候 打卡里"])
def test_a_question_is_kept_once_for_a_place_however_it_is_punctuated(held, again):
    held.questions.add([ASKED], "李督导")
    assert held.questions.add([Draft(again, "《暖冬救助条例》", ASKED.place)], "王社工") == []
    assert len(held.questions.add([Draft(again, ASKED.title, "补助由乡镇受理")], "王社工")) == 1


def test_a_generated_question_is_left_out_where_anyone_ever_asked_it(held):
    (kept,) = held.questions.add_generated([ASKED], "试用模型", [])
    assert (kept.origin, kept.state, kept.by) == (Origin.GENERATED, Review.WAITING, "试用模型")
    held.questions.review([kept.id], Review.REJECTED)
    assert held.questions.add_generated([Draft(ASKED.text, ASKED.title, "补助由乡镇受理")], "试用模型", []) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("？！", "都要写"), ("问" * 201, "太长"), ("找 138 0013 8000 的老王", "电话、身份证号"), ("３４０８０３１９６００１０１１２３X怎么办", "电话、身份证号")],
)
def test_what_can_not_be_a_question_is_refused_and_nothing_is_kept(held, text, said):
    with pytest.raises(QuestionError, match=said):
        held.questions.add([ASKED, Draft(text, ASKED.title, ASKED.place)], "李督导")
    assert held.questions.all() == []


@pytest.mark.parametrize(("text", "personal"), [("打12345行不行", False), ("2025年11月能领吗", False), ("0551-62345678", True)])
def test_hotlines_and_years_are_no_personal_numbers(text, personal):
    assert personal_number(text) is personal


def test_reviewing_and_removing_change_all_or_nothing(held):
    kept = held.questions.add_generated([ASKED, Draft("残灯谁收", "河灯管理办法", "残灯谁收")], "试用模型", [])
    for change in (lambda ids: held.questions.review(ids, Review.ADOPTED), held.questions.remove):
        with pytest.raises(QuestionError, match="没有编号为 99 的问题，什么都没有改"):
            change([kept[0].id, 99])
    held.questions.review([kept[0].id], Review.ADOPTED)
    assert [each.state for each in held.questions.all()] == [Review.ADOPTED, Review.WAITING]
    assert [each.id for each in held.questions.all(Review.WAITING)] == [kept[1].id]
    held.questions.remove([kept[0].id])
    assert [each.id for each in held.questions.all()] == [kept[1].id]


def test_a_data_folder_from_before_there_were_questions_gets_their_tables(folder, embedder):
    folder.mkdir()
    Catalog.in_folder(folder).close()
    knowledge_base = KnowledgeBase(folder, embedder)
    publish(knowledge_base, HEATING)
    assert knowledge_base.questions.all() == [] and search(knowledge_base).judged == ()
    with sqlite3.connect(folder / "catalog.sqlite3") as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"questions", "questions_written_for", "documents"} <= tables
    knowledge_base.close()


def test_an_article_is_kept_as_laws_write_it(held):
    held.questions.add([Draft(ASKED.text, ASKED.title, "第2条第一款")], "李督导")
    assert held.questions.all()[0].place == "第二条"
    assert held.questions.add([Draft(ASKED.text, ASKED.title, "第二条")], "李督导") == []


# --- in a search ------------------------------------------------------------------------------------------------


def test_an_adopted_question_brings_its_passage_to_the_front(held):
    before = search(held, f"{ASKED.text}呀")
    held.questions.add([ASKED], "李督导")
    found = search(held, f"{ASKED.text}呀")
    assert texts(found.hits)[0] == "取暖补助按月发放。" and found.judged == found.hits[:1]
    assert found.hits[0].found_by["question"] >= ALIKE
    assert set(texts(found.hits)) == set(texts(before.hits)) | {"取暖补助按月发放。"}
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)


def test_a_question_of_other_words_is_not_touched(held):
    held.questions.add([ASKED], "李督导")
    found = search(held, "放河灯要避开哪里")
    assert found.judged == () and not any("question" in hit.found_by for hit in found.hits)


def test_a_question_still_to_be_reviewed_is_a_candidate_and_no_more(held):
    held.questions.add_generated([ASKED], "试用模型", [])
    found = search(held)
    assert found.judged == ()
    (hit,) = (hit for hit in found.hits if "question" in hit.found_by)
    assert hit.passage.text == "取暖补助按月发放。\n"


@pytest.mark.parametrize("end", ["rejected", "removed"])
def test_a_question_that_is_rejected_or_removed_is_silent_at_once(held, end):
    (kept,) = held.questions.add([ASKED], "李督导")
    assert search(held).judged
    held.questions.remove([kept.id]) if end == "removed" else held.questions.review([kept.id], Review.REJECTED)
    assert search(held).judged == ()


@pytest.mark.parametrize(("region", "judged"), [(NATIONAL, 0), (ANHUI, 1), (HUBEI, 0)])
def test_only_a_passage_that_holds_for_the_asker_is_brought(empty, region, judged):
    publish(empty, *invented_laws())
    empty.questions.add([Draft("安徽的煤火钱有多少", "安徽省暖冬救助办法", "每户每月二百元")], "李督导")
    assert len(search(empty, "安徽的煤火钱有多少", ANHUI).judged) == 1
    empty.questions.add([Draft("咱这煤火钱是多少", "安徽省暖冬救助办法", "每户每月二百元")], "李督导")
    assert len(search(empty, "咱这煤火钱是多少", region).judged) == judged


def test_of_several_versions_the_one_of_the_day_is_brought(empty):
    publish(empty, *invented_laws())
    empty.questions.add([Draft("这事多久给个信儿", "暖冬救助条例", "应当向乡镇人民政府提出书面申请")], "李督导")
    found = empty.search("这事多久给个信儿", Asker(day=date(2012, 1, 1)))
    assert "三十日" in found.judged[0].passage.text
    assert "十五日" in search(empty, "这事多久给个信儿").judged[0].passage.text


def test_kinds_not_asked_for_are_not_brought(held):
    held.questions.add([ASKED], "李督导")
    assert search(held, kinds=frozenset(["case"])).hits == ()


def test_an_empty_table_costs_no_embedding(held, embedder):
    before = embedder.embedded
    search(held)
    assert embedder.embedded == before + 1


# --- while documents and models change --------------------------------------------------------------------------


def test_a_question_survives_an_amendment_and_sleeps_while_its_text_is_gone(held):
    held.questions.add([ASKED], "李督导")
    held.remove([HEATING[0].source])
    assert search(held).judged == () and len(held.questions.all()) == 1
    publish(held, entry("暖冬救助条例", "本条是新加的。", "取暖补助按月发放，逢年节提前。", effective=date(2024, 1, 1)))
    assert texts(search(held).judged) == ["取暖补助按月发放，逢年节提前。"]


def test_a_question_survives_a_rebuilt_index_and_another_model(held, folder):
    held.questions.add([ASKED], "李督导")
    held.reindex()
    assert search(held).judged
    other = KnowledgeBase(folder, FakeEmbedder("another"))
    other.reindex()
    assert search(other).judged and search(other).hits[0].found_by["question"] == pytest.approx(1)
    other.close()


def test_vectors_of_another_model_are_made_again_where_a_rebuild_was_cut_short(held, folder):
    held.questions.add([ASKED], "李督导")
    other = FakeEmbedder("another")
    questions = KnowledgeBase(folder, other).questions
    ((_, similarity),) = questions.near(other.embed_question(ASKED.text))
    assert similarity == pytest.approx(1)


def test_another_process_s_question_is_noticed(held, folder, embedder):
    reader = KnowledgeBase(folder, embedder)
    assert search(reader).judged == ()
    held.questions.add([ASKED], "李督导")
    assert search(reader).judged
    reader.close()


def test_what_was_written_for_is_remembered_by_what_it_says(held):
    titled = [(HEATING[0].title, passage) for passage in HEATING[1]]
    assert held.questions.unwritten(titled) == titled
    held.questions.add_generated([], "试用模型", titled[:1])
    amended = entry("暖冬救助条例", "另起一条。", "取暖补助按月发放。")[1]
    left = held.questions.unwritten(("暖冬救助条例", passage) for passage in amended)
    assert [passage.text for _, passage in left] == ["另起一条。\n"]


def test_documents_are_listed_by_when_they_were_taken_in_newest_first(held):
    assert [each.title for each in held.summaries_since(0)] == ["暖冬救助条例", "河灯管理办法"]
    before = held.newest_passage()
    publish(held, entry("新办法", "新的一段。"))
    assert [each.title for each in held.summaries_since(before)] == ["新办法"]
    assert held.summaries_since(held.newest_passage()) == []


def test_what_is_new_is_counted_from_the_first_time_it_was_asked(held):
    assert [held.questions.new_from(7), held.questions.new_from(9)] == [7, 7]


# --- the parts --------------------------------------------------------------------------------------------------


def ranked(*keys):
    return [Fused(key, 1 - at / 100, {"vector": 0.5}) for at, key in enumerate(keys)]


def test_what_waits_comes_behind_the_first_ten_and_keeps_its_place_before():
    among = AskedBefore(waiting={99: 0.9, 3: 0.88}).among(ranked(*range(20)))
    assert [each.key for each in among] == [*range(10), 99, *range(10, 20)]
    assert among[10].found_by == {"question": 0.9} and among[3].found_by == {"vector": 0.5, "question": 0.88}


def test_of_adopted_places_only_a_few_come_first():
    first = AskedBefore(adopted=dict.fromkeys((50, 51, 52, 53), 0.9)).first(ranked(*range(5)))
    assert [each.key for each in first] == [50, 51, 52, *range(5)]


def test_nothing_asked_before_leaves_the_ranking():
    assert AskedBefore().first(ranked(1, 2)) == AskedBefore().among(ranked(1, 2)) == ranked(1, 2)


def test_the_telling_words_of_a_passage_stand_in_no_other():
    document, passages = entry("办法", "为了大家过好冬天制定。补助按月发放到户。", "为了大家过好冬天制定。")
    assert telling_words(passages[0], passages) == "补助按月发放到户。"
    assert telling_words(passages[1], passages) == "为了大家过好冬天制定。"
    assert np.all([words in document.text for words in (telling_words(each, passages) for each in passages)])
