import json

import pytest

from assistant.ui.choices import LibraryChoices, PlaceChoices, day_of, read_library, read_place, region_path
from assistant.ui.conversation import MOST_TURNS, Near, Place, Reason, Turn, Why, from_browser, to_browser
from kb.models import NATIONAL, Answer, Citation, Hit, Statement, Status
from tests.fakes import entry


def turn(question="多少天"):
    document, passages = entry("暖冬救助条例", "十五日内办结。", topics=("救助",))
    found = Hit(passages[0], document, Status.UNCHECKED, 0.5, {"keyword": 1.0})
    answer = Answer(
        question, statements=(Statement("十五日内办结。", "政策依据", (1,)),), citations=(Citation(1, found, ("十五日内办结。",)),)
    )
    why = Why(-1.0, 0.5, 0.3, (Reason("排序分", -0.5, -1.0),))
    links, nearest = {"甲": Place("x", ((1, 2),))}, {"甲": Near(document, Status.REPEALED)}
    return Turn(question, "安徽省", answer=answer, links=links, nearest=nearest, why=why)


def test_what_the_browser_keeps_is_json_and_comes_back_the_same():
    kept = json.loads(json.dumps(to_browser([turn(), Turn("失败", error="系统忙")])))
    assert from_browser(kept) == (turn(), Turn("失败", error="系统忙"))


def test_only_the_last_turns_are_kept():
    kept = to_browser([turn(str(number)) for number in range(MOST_TURNS + 5)])
    assert [each.question for each in from_browser(kept)] == [str(number) for number in range(5, MOST_TURNS + 5)]


@pytest.mark.parametrize("value", [None, "", {}, 7, [7], [{"question": 3}], [{"answer": {}}], [{"question": "x", "answer": "y"}]])
def test_a_memory_that_can_not_be_read_is_an_empty_one(value):
    assert from_browser(value) == ()


def test_a_readable_turn_survives_a_broken_neighbour():
    assert from_browser([{"broken": True}, *to_browser([turn()])]) == (turn(),)


@pytest.mark.parametrize(
    ("province", "city", "region"),
    [
        ("安徽省", "安庆市", "安徽省/安庆市"),
        ("安徽省", "", "安徽省"),
        ("安徽省", "武汉市", "安徽省"),
        ("重庆市", "", "重庆市"),
        (NATIONAL, "安庆市", NATIONAL),
        ("乌有省", "", NATIONAL),
        (None, None, NATIONAL),
    ],
)
def test_province_and_city_make_a_region(province, city, region):
    assert region_path(province, city) == region


def test_a_new_person_gets_the_region_of_the_settings():
    assert read_place(None, "安徽省/安庆市") == PlaceChoices(province="安徽省", city="安庆市")
    assert read_place({"province": "湖北省"}, "安徽省") == PlaceChoices(province="湖北省")


@pytest.mark.parametrize("value", [{"province": "乌有省"}, {"province": "湖北省", "city": "安庆市"}, {"province": 3}, [], "x"])
def test_a_region_that_does_not_exist_is_not_kept(value):
    assert read_place(value, "安徽省") == PlaceChoices(province="安徽省")


@pytest.mark.parametrize("value", [None, [], {"page": "x"}, "x"])
def test_library_choices_that_can_not_be_read_are_none(value):
    assert read_library(value) == LibraryChoices()


@pytest.mark.parametrize(
    ("text", "day"), [("2018-06-01", "2018-06-01"), ("2018/06/01", "2018-06-01"), ("昨天", None), ("2018-13-01", None)]
)
def test_a_day_is_read_or_refused(text, day):
    found = day_of(text)
    assert (found.isoformat() if found else None) == day
