from datetime import date

import pytest

from assistant.ui.outline import Line, contents, lines_of
from assistant.ui.reading import reading_of, stretches
from assistant.ui.reading_page import Reading, reading_page
from kb.models import Document, Facts, Passage, Status

DAY = date(2026, 11, 25)


def law(knowledge_base, since="2020年3月1日"):
    ids = [summary.id for summary in knowledge_base.summaries() if summary.kind == "policy"]
    return next(document for each in ids if (document := knowledge_base.document(each)) and since in document.text)


def text_document(text, *headings, page_starts=()):
    document = Document("doc", "policy", Facts(title="题目"), text, "a.md", page_starts)
    return document, (Passage("p", "doc", text, headings, "", None, 0, len(text)),)


def shown(text, *headings, marks=(), page_starts=()):
    document, passages = text_document(text, *headings, page_starts=page_starts)
    return reading_page(Reading(document, lines_of(document, passages), Status.IN_FORCE, marks=marks))


def test_the_lines_hold_the_whole_text_in_order(knowledge_base):
    document = law(knowledge_base)
    lines = lines_of(document, knowledge_base.passages(document.id))
    assert [line.text for line in lines] == [line for line in document.text.split("\n") if line.strip()]
    assert all(document.text[line.start : line.end] == line.text for line in lines)


def test_a_line_keeps_its_whole_length_where_a_passage_ends_inside_it():
    document = Document("doc", "policy", Facts(), "前半句。后半句。\n第二行", "a.md")
    passages = (
        Passage("a", "doc", "前半句。", (), "", None, 0, 4),
        Passage("b", "doc", "后半句。\n第二行", (), "", None, 4, 12),
    )
    assert [line.text for line in lines_of(document, passages)] == ["前半句。后半句。", "第二行"]


@pytest.mark.parametrize(
    ("line", "headings", "role", "name"),
    [
        ("第二章 申请", ("第二章 申请", "第三条"), "division", "第二章 申请"),
        ("第三条 应当提出书面申请。", ("第二章 申请", "第三条"), "article", "第三条"),
        ("（一）明确期限。各地要明确期限。", ("四、优化流程", "（一）明确期限"), "heading", "（一）明确期限"),
        ("四、优化流程", ("四、优化流程",), "heading", "四、优化流程"),
        ("按照第三条办理。", ("第三条",), "body", ""),
    ],
)
def test_headings_are_known_by_the_passage_they_open(line, headings, role, name):
    document, passages = text_document(line, *headings)
    (found,) = lines_of(document, passages)
    assert (found.role, found.name) == (role, name)


def test_the_table_of_contents_gathers_articles_under_their_chapter(knowledge_base):
    document = law(knowledge_base)
    entries = contents(lines_of(document, knowledge_base.passages(document.id)))
    assert [entry.name for entry in entries] == ["第一章 总则", "第二章 申请和办理", "第三章 附则"]
    assert [article.name for article in entries[1].articles] == ["第三条", "第四条", "第五条"]


def test_articles_before_any_heading_stand_in_the_table_of_contents_too():
    line = Line("第一条 甲", 0, "article", label=3)
    assert contents([line])[0].articles == (line,)


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("2-5", ((2, 5),)),
        ("2-5,7-9", ((2, 5), (7, 9))),
        ("2-99", ((2, 10),)),
        ("5-2", ()),
        ("50-60", ()),
        ("", ()),
        ("<script>", ()),
        ("1-2," * 500, ((1, 2),) * 20),
    ],
)
def test_an_address_names_stretches_inside_the_text(at, found):
    assert stretches(at, 10) == found


def test_exactly_the_quoted_characters_are_marked_and_the_first_is_the_place_to_scroll_to():
    page = shown("第一条 甲乙丙丁。\n第二条 戊己。", "第一条", marks=((5, 7), (14, 16)))
    assert '<mark id="cite">乙丙</mark>' in page and page.count("<mark") == 2 and page.count('id="cite"') == 1


def test_a_mark_may_run_over_lines_and_over_the_number_of_an_article():
    page = shown("第一条 甲。\n乙。", "第一条", marks=((0, 9),))
    assert page.count('id="cite"') == 1
    assert '<strong><mark id="cite">第一条</mark></strong><mark> 甲。</mark>' in page and "<mark>乙。</mark>" in page


def test_overlapping_marks_do_not_repeat_text():
    page = shown("甲乙丙丁戊", marks=((0, 3), (1, 4)))
    assert '<mark id="cite">甲乙丙</mark><mark>丁</mark>戊' in page


@pytest.mark.parametrize("marks", [(), ((3, 9),)])
def test_a_hostile_document_is_only_text(marks):
    page = shown("甲乙<script>alert(1)</script><img src=x onerror=alert(1)>丙", marks=marks)
    assert "<script" not in page and "<img" not in page and "&lt;" in page


def test_pages_of_the_file_are_told_where_they_begin():
    page = shown("甲\n乙\n丙", page_starts=(0, 4))
    assert page.index("第 1 页") < page.index("甲") < page.index("乙") < page.index("第 2 页") < page.index(">丙<")


def test_other_versions_are_listed_with_their_status(knowledge_base):
    document = law(knowledge_base)
    reading = reading_of(knowledge_base, document.id, "", DAY)
    assert [(each.since, each.status) for each in reading.versions] == [
        (date(2020, 3, 1), Status.IN_FORCE),
        (date(2010, 1, 1), Status.SUPERSEDED),
    ]
    old = law(knowledge_base, "2010年1月1日")
    assert f'href="/doc/{old.id}"' in reading_page(reading)
    assert reading_of(knowledge_base, old.id, "", DAY).until == date(2020, 3, 1)


def test_the_facts_stand_at_the_top(knowledge_base):
    page = reading_page(reading_of(knowledge_base, law(knowledge_base).id, "", DAY))
    head = page[: page.index("<article>")]
    assert "2020-03-01" in head and "现行有效" in head and "暖冬救助条例(2020-03-01).md" in head and "/tmp" not in head
