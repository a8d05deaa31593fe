"""Similar cases: shared words, predicted labels, and what the knowledge base makes of them."""

from datetime import date

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Asker, Document, Facts
from kb.similar import SimilarCases, labels
from tests.fakes import entry, publish

TODAY = date(2026, 11, 25)


def case(name, text, **facts):
    return Document(name, "case", Facts(title=name, **facts), text, name)


def ranked(cases, situation):
    found = SimilarCases(cases)
    total = found.likeness(situation).total
    return [name for _, name in sorted(zip(-total, found.ids, strict=True))]


DEEDS = [
    *(case(f"偷{at}", f"深夜撬锁进入店铺拿走{thing}，变卖后花光。本院认为，甲犯盗窃罪。") for at, thing in enumerate(("香烟", "电脑", "现金"))),
    *(case(f"打{at}", f"在{place}争吵后挥拳殴打对方，致人骨折。本院认为，乙犯故意伤害罪。") for at, place in enumerate(("店铺", "河边", "深夜的路口"))),
]


def test_a_case_that_says_the_same_comes_first():
    assert ranked(DEEDS, "争吵以后殴打对方")[0][0] == "打"


def test_saying_a_word_often_does_not_make_it_weigh_more():
    once, often = (SimilarCases(DEEDS).likeness(text) for text in ("店铺 殴打", "店铺 店铺 店铺 店铺 殴打"))
    assert once.words == pytest.approx(often.words)


def test_a_case_of_the_likely_label_is_like_although_it_shares_no_word():
    silent = case("偷3", "本院认为，丙犯盗窃罪。")
    likeness = SimilarCases([*DEEDS, silent]).likeness("撬锁拿走香烟变卖")
    assert likeness.words[-1] == 0 < likeness.labels[-1]
    assert likeness.labels[-1] > likeness.labels[3:6].max()


def test_labels_are_topics_and_the_charges_that_the_court_names():
    judgment = case("案", "控方认为构成抢劫罪。本院认为，甲犯盗窃罪，乙构成掩饰、隐瞒犯罪所得罪；其行为已构成犯罪。", topics=("少年",))
    assert {"少年", "盗窃"} <= labels(judgment) and "抢劫" not in labels(judgment)


@pytest.mark.parametrize("cases", [[], DEEDS])
@pytest.mark.parametrize("situation", ["", "quark", "。。"])
def test_a_situation_of_no_known_word_is_like_nothing(cases, situation):
    assert not SimilarCases(cases).likeness(situation).total.any()


def test_labels_too_rare_to_predict_leave_the_words_alone():
    likeness = SimilarCases(DEEDS[:2]).likeness("撬锁")
    assert not likeness.labels.any() and likeness.words.all()


# --- in the knowledge base --------------------------------------------------------------------------------------


@pytest.fixture
def practice(tmp_path, embedder):
    """A knowledge base of three cases, one of them of another province, and a notice that says the same."""
    knowledge_base = KnowledgeBase(tmp_path / "practice", embedder)
    publish(
        knowledge_base,
        entry("独居老人取暖", "老人独居，儿女在外。", "冬天烧炭取暖，社工帮他申请取暖补助。", kind="case"),
        entry("少年逃学", "少年逃学上网，奶奶管不住。", kind="case"),
        entry("外省老人取暖", "老人独居，冬天烧炭取暖。", kind="case", region="湖北省"),
        entry("取暖通知", "独居老人冬天烧炭取暖的，发给取暖补助。"),
    )
    yield knowledge_base
    knowledge_base.close()


def test_one_hit_per_case_with_the_passage_that_says_most(practice):
    hits = practice.similar("独居的老人冬天烧炭取暖，怎么帮他", Asker(day=TODAY))
    assert [hit.document.title for hit in hits] == ["独居老人取暖"]
    assert hits[0].passage.locator == "第2条" and hits[0].found_by["words"] > 0


def test_cases_of_the_own_region_are_found_and_the_limit_holds(practice):
    asker = Asker("湖北省", TODAY)
    assert {hit.document.title for hit in practice.similar("老人冬天取暖", asker)} == {"独居老人取暖", "外省老人取暖"}
    assert len(practice.similar("老人冬天取暖", asker, limit=1)) == 1


def test_a_case_just_taken_in_is_found(practice):
    assert practice.similar("河灯", Asker(day=TODAY)) == ()
    publish(practice, entry("放河灯的纠纷", "两户为放河灯争吵。", kind="case"))
    assert [hit.document.title for hit in practice.similar("河灯", Asker(day=TODAY))] == ["放河灯的纠纷"]
