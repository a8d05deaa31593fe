"""What a text says about itself."""

from datetime import date

import pytest

from ingest.blocks import Block, FileContent
from ingest.metadata import parse_date, read_facts

ARTICLES = ("第一条　为了过冬，制定本办法。", "第二条　乡镇负责。", "第三条　县级审核。")


def facts(*lines: str, name: str = "文件.txt", title: str = "", given: dict[str, str] | None = None):
    return read_facts(FileContent(tuple(Block(line) for line in lines), "text", title=title, facts=given or {}), file_name=name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021年7月1日", date(2021, 7, 1)), ("２０２１年７月１日", date(2021, 7, 1)), ("二〇二一年七月一日", date(2021, 7, 1)),
        ("二○二一年十二月三十一日", date(2021, 12, 31)), ("2021-07-01", date(2021, 7, 1)), ("2021年13月1日", None), ("没有日期", None),
    ],
)  # fmt: skip
def test_dates_in_any_writing(text, expected):
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("民发〔2021〕57号", "民发〔2021〕57号"), ("民发[2021]57号", "民发〔2021〕57号"), ("皖政（2019）3号", "皖政〔2019〕3号"),
        ("2005年1月10日 中华人民共和国国务院令第431号公布", "国务院令第431号"), ("1999年5月25日 民政部令第15号", "民政部令第15号"),
        ("根据《国务院关于临时救助的通知》（国发〔2014〕47号）", ""),
    ],
)  # fmt: skip
def test_the_document_number_is_its_own(line, number):
    assert facts("过冬办法", line, *ARTICLES).number == number


def test_issued_and_effective_are_told_apart():
    found = facts("信访条例", "2005年1月10日 中华人民共和国国务院令第431号公布", "2005年5月1日 施行", *ARTICLES)
    assert (found.issued, found.effective, found.level) == (date(2005, 1, 10), date(2005, 5, 1), "行政法规")


def test_the_closing_article_gives_the_effective_date_and_what_it_repeals():
    last = "第四条　本办法自2021年7月1日起施行，2012年12月12日印发的《过冬审批办法（试行）》（民发〔2012〕220号）同时废止。"
    found = facts("过冬审核确认办法", *ARTICLES, last)
    assert found.effective == date(2021, 7, 1) and found.repeals == ("过冬审批办法（试行）",)


def test_the_latest_amendment_counts_as_issued():
    history = "2012年10月26日通过 根据2018年4月27日第十三届全国人民代表大会常务委员会第二次会议修正"
    assert facts("精神卫生法", history, *ARTICLES).issued == date(2018, 4, 27)


@pytest.mark.parametrize(
    ("title", "level", "region"),
    [
        ("中华人民共和国慈善法", "法律", "全国"), ("安徽省志愿服务条例", "地方性法规", "安徽省"), ("社会救助暂行办法", "", "全国"),
        ("工伤保险条例", "行政法规", "全国"), ("国务院关于加强困境儿童保障工作的意见", "规范性文件", "全国"),
        ("最高人民法院关于办理人身安全保护令案件的规定", "司法解释", "全国"), ("安庆市养老服务办法", "地方性法规", "安徽省/安庆市"),
    ],
)  # fmt: skip
def test_level_and_region_by_the_title(title, level, region):
    found = facts(title, *ARTICLES)
    assert (found.level, found.region) == (level, region)


def test_a_readme_that_ends_like_a_law_is_no_law():
    assert facts("行政法", "这里收集了行政法的条文。").level == ""


def test_front_matter_of_the_corpus_is_taken_as_given():
    given = {"kind": "case", "title": "个案（虚拟案例）", "topics": "老年人\n照料", "invented": "true", "checked_on": "2026-11-25"}
    found = facts("个案（虚拟案例）", "服务对象，七十岁。", given=given)
    assert found.invented and found.topics == ("老年人", "照料") and found.checked_on == date(2026, 11, 25)
