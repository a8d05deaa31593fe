"""What is an article, a division, a heading – and what only looks like one."""

import pytest

from ingest.blocks import Block
from ingest.structure import outline


def marks(*lines: str):
    return [mark.label for mark in outline([Block(line) for line in lines])]


def articles(*lines: str):
    return [mark.label for mark in outline([Block(line) for line in lines]) if mark.is_article]


LAW = ("第一章　总则", "第一条　为了过冬，制定本法。", "第二条　乡镇负责。", "第三条　县级审核。")


def test_divisions_and_articles_are_recognized():
    assert marks(*LAW) == ["第一章", "第一条", "第二条", "第三条"]


def test_inserted_articles_keep_their_suffix():
    assert articles(*LAW, "第三条之一　增加的一条。", "第四条　以后。")[-2:] == ["第三条之一", "第四条"]


def test_numbers_above_a_thousand_are_articles():
    assert articles("第一千零七十八条　甲。", "第一千零七十九条　乙。", "第一千零八十条　丙。") == [
        "第一千零七十八条", "第一千零七十九条", "第一千零八十条",
    ]  # fmt: skip


@pytest.mark.parametrize("reference", ["第二条规定的情形除外。", "第二条、第三条同样适用。", "第二条第一款所称的补助。", "第五条至第七条不适用。"])
def test_a_reference_at_the_start_of_a_line_is_no_article(reference):
    assert articles("第一条　甲。", "第二条　乙。", reference, "第三条　丙。") == ["第一条", "第二条", "第三条"]


def test_an_article_that_begins_like_a_reference_is_one_when_a_space_follows_and_the_count_goes_on():
    lines = ("第一条　甲。", "第二条　规定重大事项的，应当公开。", "第三条　与他人合办的，共同负责。", "第四条　丁。")
    assert articles(*lines) == ["第一条", "第二条", "第三条", "第四条"]


def test_a_history_that_names_an_amending_decision_does_not_make_the_law_an_amendment():
    history = "根据2018年12月29日第十三届全国人民代表大会常务委员会第七次会议《关于修改〈劳动法〉等七部法律的决定》第二次修正"
    assert articles("中华人民共和国劳动法", history, *LAW[1:]) == ["第一条", "第二条", "第三条"]


def test_the_articles_quoted_by_an_amending_decision_are_not_its_own():
    lines = ("全国人民代表大会常务委员会关于修改《慈善法》的决定", "一、将第三条修改为：", "第三条　新的内容。", "第四条　新。", "第五条　新。")
    assert articles(*lines) == []


def test_a_table_of_contents_is_body_text():
    lines = ("目　录", "第一章　总则", "第二章　申请", *LAW, "第二章　申请", "第四条　书面申请。")
    assert marks(*lines)[:3] == ["", "", ""] and marks(*lines)[3] == "第一章"


@pytest.mark.parametrize("before", [(), LAW])
def test_a_sentence_that_its_format_marks_as_a_heading_is_body_text(before):
    blocks = [*(Block(line) for line in before), Block("乡镇应当受理。", 2), Block("申请材料", 2)]
    assert [mark.heading for mark in outline(blocks)][-2:] == ["", "申请材料"]


def test_two_articles_are_a_law_when_there_is_little_else():
    assert articles("民法典", "附则", "第一千二百五十九条　所称以上包括本数。", "第一千二百六十条　自2021年1月1日起施行。") == [
        "第一千二百五十九条", "第一千二百六十条",
    ]  # fmt: skip


def test_a_notice_is_numbered_one_two_and_in_brackets():
    lines = ("关于做好过冬工作的通知", "一、总体要求", "（一）指导思想。坚持就近。", "（二）目标。全部覆盖。", "二、保障措施")
    assert marks(*lines) == ["", "一、", "（一）", "（二）", "二、"]
