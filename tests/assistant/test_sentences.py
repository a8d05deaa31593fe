"""A passage in sentences: verbatim, without headings, lists with what introduces them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assistant.sentences import LONGEST_LIST, sentences
from kb.models import Passage


def passage(text: str, headings: tuple[str, ...] = ()) -> Passage:
    return Passage("p", "d", text, headings, "第九条", None, 0, len(text))


def test_the_number_of_an_article_is_not_part_of_its_first_sentence():
    found = sentences(passage("第九条　申请应当书面提出。受理后三日内告知。\n", ("第九条",)))
    assert [each.text for each in found] == ["申请应当书面提出。", "受理后三日内告知。"]


def test_an_inserted_article_loses_its_whole_number():
    assert sentences(passage("第一百二十条之一　【名称】组织者从重。"))[0].text == "组织者从重。"


def test_headings_of_divisions_are_left_out():
    assert [each.text for each in sentences(passage("第二章　申请\n第九条　应当申请。", ("第二章　申请", "第九条")))] == ["应当申请。"]


def test_a_short_list_stays_with_its_introduction():
    text = "第九条　家庭困难的给予补助。有下列情形之一的，可以申请：\n（一）失火；\n（二）生病。\n"
    found = sentences(passage(text))
    assert [each.text for each in found] == ["家庭困难的给予补助。", "有下列情形之一的，可以申请：\n（一）失火；\n（二）生病。"]


def test_an_item_of_a_long_list_is_shown_with_the_words_that_lead_to_it():
    items = "".join(f"（{number}）{'长' * 60}；\n" for number in "一二三四五六七八")
    found = sentences(passage(f"第九条　有下列情形之一的，可以申请：\n{items}"))
    assert len(items) > LONGEST_LIST
    assert found[2].text.startswith("（三）")
    assert found[2].shown.startswith("有下列情形之一的，可以申请……（三）")


def test_a_sentence_end_inside_quotation_marks_does_not_cut():
    found = sentences(passage("社工可以说：“停不停您说了算。我只想问一句。”然后等对方回答。"))
    assert [each.text for each in found] == ["社工可以说：“停不停您说了算。我只想问一句。”", "然后等对方回答。"]


def test_the_heading_sentence_of_a_paragraph_is_left_out_where_more_follows():
    found = sentences(passage("（四）细化认定条件。收入低于标准一点五倍。", ("（四）细化认定条件",)))
    assert [each.text for each in found] == ["收入低于标准一点五倍。"]


def test_a_paragraph_that_is_only_its_heading_sentence_is_kept():
    assert sentences(passage("（四）细化认定条件。", ("（四）细化认定条件",)))


@given(st.text(alphabet="甲乙。！？：；\n“”（）第九条一二 、1.", max_size=200))
def test_every_sentence_stands_verbatim_at_its_place_and_none_overlap(text):
    found = sentences(passage(text))
    assert all(text[each.start : each.end] == each.text and each.text.strip() for each in found)
    assert all(left.end <= right.start for left, right in pairwise(found))
