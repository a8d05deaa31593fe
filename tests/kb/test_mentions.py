"""What a question names outright."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.mentions import Named, named_in, numbers_in, plain_number, region_in, titles_in

KNOWN = {"民法典", "劳动法", "劳动合同法", "工伤保险条例", "未成年人保护法"}
REGIONS = {"全国", "浙江省", "浙江省/杭州市", "内蒙古自治区", "上海市"}


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("乡镇社工站管理法第三条怎么说", "乡镇社工站管理法"),
        ("请问按照农村老人探访强制条例第五条要罚多少", "农村老人探访强制条例"),
        ("社区温暖补贴办法里第12条", "社区温暖补贴办法"),
    ],
)
def test_a_title_nobody_knows_is_given_as_written(question, title):
    assert [named.title for named in named_in(question, KNOWN)] == [title]


@pytest.mark.parametrize("question", ["按照这个规定第三条", "他说有关规定第5条", "本办法第二条", "这部法第九条", "那个条例第十条怎么讲"])
def test_this_rule_and_that_one_are_no_titles(question):
    assert named_in(question, KNOWN) == ()


def test_a_known_title_wins_over_what_stands_around_it():
    assert named_in("想问问劳动合同法第39条", KNOWN) == (Named("劳动合同法", "第三十九条"),)


def test_titles_written_without_marks_are_seen_and_the_longer_one_counts():
    assert titles_in("工伤保险条例里48小时是哪条，劳动合同法呢", KNOWN) == ("工伤保险条例", "劳动合同法")
    assert "未成年人保护法" in titles_in("未保法怎么说校园欺凌", KNOWN)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("民发〔2021〕43号里公示几天", "民发〔2021〕43号"),
        ("民发[2021]43号", "民发〔2021〕43号"),
        ("国发（2014）47 号", "国发〔2014〕47号"),
        ("国办发【2019】第5号", "国办发〔2019〕5号"),
    ],
)
def test_document_numbers_are_read_in_every_bracket(text, number):
    assert numbers_in(text) == (number,) and plain_number(text) == number


def test_what_is_no_number_is_none():
    assert numbers_in("2021年43号楼的老人") == () and plain_number("无") == ""


@pytest.mark.parametrize(
    ("question", "region"),
    [
        ("在杭州养狗要办证吗", "浙江省/杭州市"),
        ("浙江省的养老机构怎么收费", "浙江省"),
        ("浙江杭州养狗", "浙江省/杭州市"),
        ("内蒙古那边的规定", "内蒙古自治区"),
        ("上海和浙江哪边补得多", "全国"),
        ("养狗要办证吗", "全国"),
        ("安徽养狗要办证吗", "全国"),  # no documents of it
    ],
)
def test_the_region_a_question_speaks_of(question, region):
    assert region_in(question, REGIONS) == region


@given(st.text(max_size=120))
def test_any_text_can_be_looked_through(question):
    named_in(question, KNOWN), titles_in(question, KNOWN), numbers_in(question), region_in(question, REGIONS)
