"""A document is called what a person would call it."""

import pytest

from ingest.blocks import Block, FileContent
from ingest.titles import title_of


def title(*lines: str | tuple[str, int], name: str = "文件.txt", page_title: str = "") -> str:
    blocks = tuple(Block(*line) if isinstance(line, tuple) else Block(line) for line in lines)
    return title_of(FileContent(blocks, "text", title=page_title), name)[0]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("中华人民共和国民法典", "（2020年5月28日通过）", "目录", "第一章 基本规定", "第二章 自然人"), "中华人民共和国民法典"),
        (("民政部令", "第99号", "暖冬救助办法", "第一条 甲。"), "暖冬救助办法"),
        (("关于印发", "《暖冬救助办法》的通知", "各地民政局："), "关于印发《暖冬救助办法》的通知"),
        (("《暖冬救助办法》", "第一条 甲。"), "暖冬救助办法"),
        (("暖 冬 救 助 办 法", "第一条 甲。"), "暖冬救助办法"),
        (("社区探访手册", "先打电话。"), "社区探访手册"),
    ],
)
def test_the_title_is_read_from_the_first_lines(lines, expected):
    assert title(*lines) == expected


@pytest.mark.parametrize(
    "line",
    [
        "一、享受对象：", "（一）贫困户“脱贫”标准", "1、试从维护制度标准统一性的角度分析", "·2016年9月20日", "保障对象：全县农村人口", "摘  要", "目录",
        "URL: https://example.org/p/1.html", "我最不能忘记的是他的背影。", "关联词表分为两个部分；",
    ],
)  # fmt: skip
def test_what_is_no_title_gives_way_to_the_name_of_the_file(line):
    assert title(line, "正文在这里。", name="易地搬迁政策.html") == "易地搬迁政策"


@pytest.mark.parametrize("heading", ["一、享受对象", "（一）贫困户“脱贫”标准", "目录", "第一章 总则"])
def test_the_heading_of_a_section_is_not_the_title(heading):
    assert title((heading, 1), "正文在这里。", name="易地搬迁政策.html") == "易地搬迁政策"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("07_易地搬迁政策.html", "易地搬迁政策"), ("12. 慰问.docx", "慰问"), ("慈善法(2023-12-29).md", "慈善法"), ("低保办法_20210820.docx", "低保办法"),
        ("2035年远景目标纲要.txt", "2035年远景目标纲要"),
    ],
)  # fmt: skip
def test_numbers_and_dates_of_the_file_name_are_left_out(name, expected):
    assert title("一、甲", name=name) == expected


def test_the_name_of_the_site_is_left_out_of_a_page_title():
    assert title("监察法", "正文。", page_title="监察法-纪检") == "监察法"
    assert title("国务院关于", "过冬的通知", page_title="国务院关于过冬的通知") == "国务院关于过冬的通知"


def test_section_numbers_before_a_heading_are_left_out():
    assert title(("1.2社会工作法规的主要内容", 1)) == title(("1.2.社会工作法规的主要内容", 1)) == "社会工作法规的主要内容"


@pytest.mark.parametrize("second", ["总则", "总则编", "第一编 总则"])
def test_a_part_of_the_civil_code_is_named_the_same_in_every_file(second):
    blocks = (Block("中华人民共和国民法典", 1), Block(second, 1), Block("第一条 为了保护民事主体的合法权益。"))
    assert title_of(FileContent(blocks, "markdown"), "1.md") == ("中华人民共和国民法典", "总则编")


def test_a_heading_that_is_no_title_is_better_than_a_bare_number():
    assert title(("第一章 社会工作概述", 1), "正文。", name="1.md") == "第一章社会工作概述"
