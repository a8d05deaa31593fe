"""Passages are cut where a person would cite."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.blocks import Block
from ingest.passages import split
from kb.chinese import numeral, parse_numeral


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


def test_short_items_of_a_list_are_cited_as_the_section_that_holds_them():
    body = "各地要在入冬之前把取暖补助发放到每一户困难家庭手中，并做好登记。" * 5
    lines = ("关于过冬的通知", "一、补助对象：", "（一）低保对象；", "（二）特困人员；", "（三）低保边缘家庭。", "二、补助标准", body)
    drafts = split([Block(line) for line in lines])[1]
    found = {draft.locator: draft.text for draft in drafts}
    assert "（一）低保对象；\n（二）特困人员；\n（三）低保边缘家庭。" in found["一"] and "特困" not in found["二"]


def test_a_title_does_not_stand_alone():
    texts = [draft.text for draft in split([Block("慈善法"), Block("第一条　甲。"), Block("第二条　乙。"), Block("第三条　丙。")])[1]]
    assert texts[0] == "慈善法\n第一条　甲。\n"


def test_a_heading_is_not_cut_from_its_long_section():
    body = "各地要在入冬之前把取暖补助发放到每一户困难家庭手中，并做好登记。" * 9
    texts = [draft.text for draft in split([Block("第一节　指导思想", 2), Block(body), Block(body)])[1]]
    assert len(texts) == 2 and texts[0].startswith("第一节　指导思想\n各地")


def test_an_article_with_more_paragraphs_than_any_law_has_is_cut_all_the_same():
    drafts = split([Block("第一条　甲。"), *[Block("乙。")] * 10_100, Block("第二条　丙。"), Block("第三条　丁。")])[1]
    assert drafts[1].locator.startswith("第一条第") and drafts[-3].locator == "第一条"


_WORDS = st.sampled_from(
    ["第一条　", "第二条之一　", "第三章　总则", "第四节", "一、", "（二）", "3.", "附件", "目录", "甲" * 30, "乙。" * 90, "《", "》", "；", "丙"]
)
_TEXTS = st.lists(st.lists(_WORDS, min_size=1, max_size=6).map("".join), min_size=1, max_size=40)


@given(_TEXTS, st.data())
def test_every_character_belongs_to_exactly_one_passage(lines, data):
    levels = data.draw(st.lists(st.integers(0, 4), min_size=len(lines), max_size=len(lines)))
    blocks = [Block(line, level) for line, level in zip(lines, levels, strict=True)]
    text, drafts = split(blocks)
    assert [draft.start for draft in drafts] == [0, *(draft.end for draft in drafts[:-1])] and drafts[-1].end == len(text)
    assert all(text[draft.start : draft.end] == draft.text != "" for draft in drafts)
    assert max(len(draft.text) for draft in drafts) <= 900


@given(st.integers(1, 1300))
def test_articles_are_cited_by_number_as_the_text_writes_it(first):
    labels = [f"第{numeral(n)}条" for n in range(first, first + 4)]
    assert locators(*(f"{label}　甲。" for label in labels)) == labels
    assert [parse_numeral(label[1:-1]) for label in labels] == list(range(first, first + 4))
