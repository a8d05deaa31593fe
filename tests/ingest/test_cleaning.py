"""Cleaning takes out what printing puts between the words, and never a word."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.blocks import Block, FileContent
from ingest.cleaning import clean
from ingest.passages import join_blocks, split
from kb.errors import EmptyFile

CHINESE = re.compile(r"[㐀-鿿]")


def cleaned(*lines: str, broken: bool = False) -> list[str]:
    content = FileContent(tuple(Block(line) for line in lines), "text", lines_broken=broken)
    return [block.text for block in clean(content).blocks]


def printed(*pages: list[str]) -> list[str]:
    blocks = tuple(Block(line, page=number) for number, page in enumerate(pages, 1) for line in page)
    return [block.text for block in clean(FileContent(blocks, "pdf", lines_broken=True)).blocks]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("低 保 对 象", "低保对象"),
        ("２０２１年７月１日", "2021年7月1日"),
        ("ＡＢＣ（一）", "ABC（一）"),
        ("第九条　　申请应当", "第九条 申请应当"),
        ("\u200b申请\ufeff人\u00ad", "申请人"),
        ("每月 300 元", "每月 300 元"),
        ("申请，\t应当", "申请，应当"),
        ("增长１２．５％", "增长12.5%"),
        ("⼯作⼈员", "工作人员"),
        ("全\u2003国", "全国"),
        ("社会工作 case management 个案", "社会工作 case management 个案"),
    ],
)
def test_spaces_and_full_width_forms_are_made_plain(before, after):
    assert cleaned(before) == [after]


def test_lines_broken_in_mid_sentence_are_joined():
    lines = ("第一条 申请取暖补助的家庭，应当向户籍所在地乡镇人", "民政府提出书面申请，并如实说明家庭的收入和财产状", "况。", "第二条 乡镇应当受理。")
    assert cleaned(*lines, broken=True) == ["".join(lines[:3]), lines[3]]


def test_running_heads_and_page_numbers_go_and_the_sentence_goes_on_over_the_page():
    head, middle = "某省人民政府公报", [f"第{n}条 乡镇应当在入冬以前走访困难家庭并登记。" for n in ("九", "十", "十一")]
    pages = [
        [head, *middle, f"第{n}条 {'这一页上的条文写到页末还没有写完' + n * 3}，因此要接着下", f"{n}一页来读才能读懂它的意思。", f"- {at} -"]
        for at, n in enumerate("二三四五六", 1)
    ]
    text = "\n".join(printed(*pages))
    assert head not in text and "- 1 -" not in text and text.count("因此要接着下") == 5
    assert all(f"因此要接着下{n}一页来读" in text for n in "二三四五六")


WRAPPED = (
    "取暖补助由乡镇人民政府受理，村民委员会协助核实家庭情况，县级人民政府民政部门审核确认并且按照",
    "规定的时间发放。申请人对审核的结果有异议的，可以在十五日以内向县级人民政府民政部门提出复核，",
)


def test_a_running_head_in_a_text_that_lost_its_pages_goes():
    head = "社会工作前沿  李某"
    pages = enumerate("甲乙丙丁", 1)
    lines = [line for n, town in pages for line in (town + WRAPPED[0], "", f"{head} {n}", "", town + WRAPPED[1], f"抄送{town}乡。")]
    text = "".join(cleaned(*lines, broken=True))
    assert head not in text and text.count("提出复核") == 4 and "按照甲规定" in text


def test_a_journal_imprint_in_the_middle_of_a_sentence_goes_with_the_name_beside_it():
    imprint = ("https://doi.org/10.12677/ass.2025.1", "", "李某", "", "DOI: 10.12677/ass.2025.1 121 社会科学前沿")
    assert "按照规定的时间" in "".join(cleaned(WRAPPED[0], "", *imprint, "", *WRAPPED[1:], *WRAPPED, broken=True))


def test_a_line_that_recurs_between_whole_sentences_stays():
    lines = [line for n in "一二三四" for line in (f"（{n}）{WRAPPED[0][:30]}。", "处理结果：已经办结", f"（{n}）{WRAPPED[1][:30]}。")]
    assert "".join(cleaned(*lines, broken=True)).count("处理结果：已经办结") == 4


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("为此印发《“十四五”规划》提出扩大服务供给，加快补齐农村养老短板①", "，强调要把服务送到困难群众的家门口。"),
        ("本项研究得到国家社会科学基金一般项目的支持（基金号：", "22BGL095），谨致谢意。"),
        ("各地要认真执行《国务院关于", "一、过冬工作的决定》。"),
    ],
)
def test_a_line_that_can_not_begin_a_paragraph_goes_on_the_one_before(first, second):
    assert cleaned(first, second, WRAPPED[0], broken=True)[0].startswith(first + second)


@pytest.mark.parametrize("start", ["（二）家中有重病患者的；", "第三条 乡镇应当受理。", "二、工作要求", "附件：登记表", "● 第二项", "② 第二项"])
def test_a_numbered_line_begins_a_paragraph(start):
    assert cleaned(WRAPPED[0], start, WRAPPED[1], broken=True)[1].startswith(start)


def test_a_paragraph_of_a_hundred_thousand_lines_is_joined_in_a_moment():
    assert len(cleaned(*(["困难家庭应当按月领取补助并且登记造册"] * 2 + ["乡镇人民政府负责审核确认材料并且上报"]) * 30_000, broken=True)) == 1


def test_nothing_left_is_an_empty_file():
    with pytest.raises(EmptyFile):
        cleaned("  ", "\u3000")


_LINES = st.lists(st.text(alphabet="甲乙丙第一二条章节（）、。：；“” 　1A\t", max_size=40), min_size=1, max_size=30)
_ANY_LINES = st.lists(st.text(max_size=60), min_size=1, max_size=12)


def without_recurring(lines: list[str]) -> list[str]:
    """The lines without those that could be taken for running heads."""
    return list({re.sub(r"[\d\s]", "", line): line for line in lines}.values())


@given(_LINES, st.booleans())
def test_every_chinese_character_stays_in_order(lines, broken):
    lines = without_recurring(lines) if broken else lines
    content = FileContent(tuple(Block(line) for line in lines), "text", lines_broken=broken)
    before = "".join(CHINESE.findall("".join(lines)))
    try:
        after = "".join(CHINESE.findall(join_blocks(clean(content).blocks)))
    except EmptyFile:
        after = ""
    assert after == before


@given(_ANY_LINES, st.booleans(), st.booleans())
def test_no_text_is_too_odd_to_be_cleaned_and_cut(lines, broken, paged):
    blocks = tuple(Block(line, level=at % 3, page=at + 1 if paged else None) for at, line in enumerate(lines))
    try:
        whole = clean(FileContent(blocks, "text", lines_broken=broken)).blocks
    except EmptyFile:
        return
    text, drafts = split(whole)
    assert "".join(draft.text for draft in drafts) == text == join_blocks(whole)
    assert all(block.text == block.text.strip() != "" and "\n" not in block.text for block in whole)


@given(_LINES)
def test_cleaning_twice_is_cleaning_once(lines):
    content = FileContent(tuple(Block(line) for line in lines), "text")
    try:
        once = clean(content)
    except EmptyFile:
        return
    assert clean(once) == once


@given(_LINES)
def test_the_passages_are_the_text_without_gap_or_overlap(lines):
    blocks = [Block(line.replace("\t", " ")) for line in lines if line.strip()]
    text, drafts = split(blocks)
    assert "".join(draft.text for draft in drafts) == text == join_blocks(blocks)
    assert all(text[draft.start : draft.end] == draft.text for draft in drafts)
