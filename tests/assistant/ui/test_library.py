from datetime import date

import pytest

from assistant.ui import render, texts
from assistant.ui.choices import LibraryChoices
from assistant.ui.library import PAGE_ROWS, filter_choices, find, rows_of, same_page
from assistant.ui.listing import Row
from kb.catalog import DocumentSummary
from kb.models import Facts, Status

DAY = date(2026, 11, 25)


def row(title, kind="policy", status=Status.IN_FORCE, since=None, **facts):
    return Row(DocumentSummary(title, kind, Facts(title=title, **facts), f"{title}.md", 1), status, since)


ROWS = [
    row("最低生活保障审核确认办法", number="民发〔2021〕57号", issuer="民政部", level="部门规章", topics=("社会救助",)),
    row("安徽省暖冬办法", region="安徽省", level="地方性法规", status=Status.REPEALED),
    row("安庆市暖冬细则", region="安徽省/安庆市"),
    row("入户探访怎么做", kind="training"),
]


@pytest.mark.parametrize(
    ("choices", "titles"),
    [
        ({"words": "暖冬"}, ["安徽省暖冬办法", "安庆市暖冬细则"]),
        ({"words": "暖冬 细则"}, ["安庆市暖冬细则"]),
        ({"words": "民发〔2021〕"}, ["最低生活保障审核确认办法"]),
        ({"words": "民政部"}, ["最低生活保障审核确认办法"]),
        ({"words": "低保"}, ["最低生活保障审核确认办法"]),
        ({"kind": "training"}, ["入户探访怎么做"]),
        ({"level": "部门规章"}, ["最低生活保障审核确认办法"]),
        ({"level": texts.NO_LEVEL}, ["安庆市暖冬细则", "入户探访怎么做"]),
        ({"region": "安徽省"}, ["安徽省暖冬办法", "安庆市暖冬细则"]),
        ({"status": "已废止"}, ["安徽省暖冬办法"]),
        ({"topic": "社会救助"}, ["最低生活保障审核确认办法"]),
        ({"words": "没有的"}, []),
        ({"words": "暖冬", "region": "安徽省", "status": "现行有效"}, ["安庆市暖冬细则"]),
    ],
)
def test_search_and_filters_narrow_the_list(choices, titles):
    listing = find(ROWS, LibraryChoices(**choices))
    assert [each.summary.title for each in listing.rows] == titles
    assert (listing.found, listing.total) == (len(titles), len(ROWS))


def test_pages_hold_all_documents_once_and_stop_at_both_ends():
    rows = [row(f"第{number}号") for number in range(2 * PAGE_ROWS + 1)]
    pages = [find(rows, LibraryChoices(page=page)) for page in range(3)]
    assert [len(each.rows) for each in pages] == [PAGE_ROWS, PAGE_ROWS, 1]
    assert [each for page in pages for each in page.rows] == rows
    assert find(rows, LibraryChoices(page=99)).page == 2 and find(rows, LibraryChoices(page=-1)).page == 0


def test_the_page_stays_only_while_nothing_else_changes():
    before = LibraryChoices(words="低保", page=3)
    assert same_page(LibraryChoices(words="低保"), before).page == 3
    assert same_page(LibraryChoices(words="低保金"), before).page == 0


def test_the_newest_come_first_and_the_undated_last(knowledge_base):
    rows = rows_of(knowledge_base, DAY)
    assert [each.since for each in rows] == [date(2020, 3, 1), date(2010, 1, 1), None]
    assert [each.status for each in rows[:2]] == [Status.IN_FORCE, Status.SUPERSEDED]


def test_filters_offer_what_there_is_with_its_count():
    kind, level, region, status, topic = filter_choices(ROWS)
    assert kind == [(texts.ALL, ""), ("政策法规（3）", "policy"), ("实务培训（1）", "training")]
    assert (f"{texts.NO_LEVEL}（2）", texts.NO_LEVEL) in level
    assert ("安徽省·安庆市（1）", "安徽省/安庆市") in region
    assert [value for _, value in status] == ["", "现行有效", "已废止"]
    assert topic == [(texts.ALL, ""), ("社会救助（1）", "社会救助")]


def test_every_row_leads_to_its_document_and_shows_status_and_source():
    shown = render.library_table(find(ROWS, LibraryChoices()))
    for each in ROWS:
        assert f"{each.summary.title}.md" in shown
    assert shown.count('href="/doc/') == len(ROWS) and "已废止" in shown and "民发〔2021〕57号" in shown


def test_what_a_document_calls_itself_is_escaped():
    shown = render.library_table(find([row("<script>x</script>", issuer="<b>y</b>")], LibraryChoices()))
    assert "<script" not in shown and "<b>" not in shown


def test_an_empty_list_says_why():
    assert texts.NOTHING_FITS in render.library_table(find(ROWS, LibraryChoices(words="没有的")))
    assert texts.NO_DOCUMENTS in render.library_table(find([], LibraryChoices()))
