"""Passages are cut where a person would cite."""

from ingest.blocks import Block
from ingest.passages import split


def locators(*lines: str) -> list[str]:
    return [draft.locator for draft in split([Block(line) for line in lines])[1]]


def test_an_article_is_cited_with_its_chapter():
    lines = ("第一章　总则", "第一条　甲。", "第二条　乙。", "第二章　申请", "第三条　丙。")
    assert locators(*lines) == ["第一章第一条", "第一章第二条", "第二章第三条"]


def test_a_heading_goes_with_the_article_below_it():
    texts = [draft.text for draft in split([Block(t) for t in ("第一条　甲。", "第二条　乙。", "第二章　申请", "第三条　丙。")])[1]]
    assert texts[2].startswith("第二章　申请\n第三条")


def test_a_long_article_is_cut_between_its_paragraphs_which_are_counted():
    paragraph = "这一款很长，写了许多情形和例外，读的人要一句一句看过去才能明白到底怎么办。" * 6
    found = locators("第一条　短。", "第二条　短。", f"第三条　{paragraph}", paragraph, paragraph, "第四条　短。")
    assert found[2:5] == ["第三条第一款", "第三条第二款", "第三条第三款"]


def test_a_notice_is_cited_by_its_numbers():
    body = "各地要在入冬之前把取暖补助发放到每一户困难家庭手中，并做好登记。" * 5
    found = locators("关于过冬的通知", "一、总体要求", f"（一）范围。{body}", f"（二）标准。{body}", "二、措施", body)
    assert "一、（一）" in found and "一、（二）" in found and "二" in found


def test_pages_are_those_on_which_a_passage_begins():
    blocks = [Block("第一条　甲。", page=1), Block("第二条　乙。", page=2), Block("第三条　丙。", page=2)]
    assert [draft.page for draft in split(blocks)[1]] == [1, 2, 2]


def test_a_paragraph_without_any_sentence_end_is_still_cut():
    text, drafts = split([Block("无" * 5000)])
    assert max(len(draft.text) for draft in drafts) <= 900 and "".join(d.text for d in drafts) == text
