"""What a text says about itself."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.blocks import Block, FileContent
from ingest.metadata import parse_date, read_facts
from kb.chinese import numeral

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


@pytest.mark.parametrize(
    ("lines", "issuer"),
    [
        (("民政部 财政部关于过冬的通知",), "民政部财政部"),
        (("最高人民法院、最高人民检察院关于办理案件的解释",), "最高人民法院、最高人民检察院"),
        (("中共中央 国务院关于加强基层治理的意见",), "中共中央国务院"),
        (("国务院办公厅转发民政部关于清理整顿社会团体意见的通知",), "国务院办公厅"),
        (("慈善法", "2016年3月16日第十二届全国人民代表大会第四次会议通过"), "全国人民代表大会"),
        (("反家庭暴力法", "（2015年12月27日第十二届全国人民代表大会常务委员会第十八次会议通过）"), "全国人民代表大会常务委员会"),
        (("浙江省社会救助条例", "2014年7月31日浙江省第十二届人民代表大会常务委员会第十一次会议通过"), "浙江省人民代表大会常务委员会"),
        (("军人优待条例", "2004年8月1日 中华人民共和国国务院、中华人民共和国中央军事委员会令第413号公布"), "国务院、中央军事委员会"),
        (("过冬议事规则", *ARTICLES[:1], "第二条　根据全国人民代表大会的授权。", "第三条　丙。"), ""),
    ],
)
def test_the_issuer_is_named_by_the_title_or_the_history_never_by_the_body(lines, issuer):
    assert facts(*lines, *ARTICLES).issuer == issuer


@pytest.mark.parametrize(
    ("lines", "level", "region"),
    [
        (("中华人民共和国户口登记条例", "1958年1月9日全国人民代表大会常务委员会第九十一次会议通过"), "法律", "全国"),
        (("关于适用《中华人民共和国民法典》婚姻家庭编的解释（一）",), "司法解释", "全国"),
        (("最高人民法院关于修改《某某规定》的决定",), "司法解释", "全国"),
        (("某某自治县河流保护条例", "2021年3月31日重庆市第五届人民代表大会常务委员会第二十五次会议批准"), "地方性法规", "重庆市"),
        (("过冬实施细则", "皖民发〔2021〕9号"), "规范性文件", "安徽省"),
    ],
)
def test_level_and_region_by_who_issued_it(lines, level, region):
    found = facts(*lines, *ARTICLES)
    assert (found.level, found.region) == (level, region)


def test_a_number_in_a_numbered_sentence_is_that_of_another_text():
    lines = ("关于加强孤儿保障的意见", "一、措施", "（四）扶持就业。贯彻《关于就业的通知》精神，按照国发〔2008〕5号办理，落实补贴。")
    assert facts(*lines).number == ""


def test_the_effective_date_of_a_law_that_is_spoken_of_is_not_taken():
    assert facts("家暴个案", "《反家庭暴力法》自2016年3月1日起施行以后，社工的介入有了依据。").effective is None


def test_the_order_that_puts_a_text_in_force_is_read():
    order = ("国务院令", "第456号", "《五保供养条例》已经2006年1月11日国务院第121次常务会议通过，现予公布，自2006年3月1日起施行。", "五保供养条例")
    found = facts(*order, *ARTICLES)
    assert (found.title, found.number, found.effective, found.issuer) == ("五保供养条例", "国务院令第456号", date(2006, 3, 1), "国务院")


def test_the_region_is_read_from_the_name_of_the_file_when_the_text_has_no_title():
    assert facts("为做好社工站的工作，现将事项通知如下。", name="01_青海_社工站试点通知.txt").region == "青海省"


@given(st.dates(date(1949, 10, 1), date(2049, 12, 31)))
def test_a_date_reads_the_same_in_arabic_full_width_and_chinese(day):
    arabic = f"{day.year}年{day.month}月{day.day}日"
    full_width = arabic.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    chinese = f"{''.join('〇一二三四五六七八九'[int(c)] for c in str(day.year))}年{numeral(day.month)}月{numeral(day.day)}日"
    assert parse_date(arabic) == parse_date(full_width) == parse_date(chinese) == parse_date(day.isoformat()) == day


@given(st.lists(st.text(max_size=80), max_size=12), st.text(min_size=1, max_size=30))
def test_no_text_is_too_odd_to_be_asked_for_its_facts(lines, name):
    assert isinstance(facts(*lines, name=name).title, str)
