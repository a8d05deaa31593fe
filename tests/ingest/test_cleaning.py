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


def test_nothing_left_is_an_empty_file():
    with pytest.raises(EmptyFile):
        cleaned("  ", "\u3000")


_LINES = st.lists(st.text(alphabet="甲乙丙第一二条章节（）、。：；“” 　1A\t", max_size=40), min_size=1, max_size=30)


@given(_LINES, st.booleans())
def test_every_chinese_character_stays_in_order(lines, broken):
    content = FileContent(tuple(Block(line) for line in lines), "text", lines_broken=broken)
    before = "".join(CHINESE.findall("".join(lines)))
    try:
        after = "".join(CHINESE.findall(join_blocks(clean(content).blocks)))
    except EmptyFile:
        after = ""
    assert after == before


@given(_LINES)
def test_the_passages_are_the_text_without_gap_or_overlap(lines):
    blocks = [Block(line.replace("\t", " ")) for line in lines if line.strip()]
    text, drafts = split(blocks)
    assert "".join(draft.text for draft in drafts) == text == join_blocks(blocks)
    assert all(text[draft.start : draft.end] == draft.text for draft in drafts)
