"""Which text holds on which day: versions, repeals, texts not yet in force, texts without a date."""

from datetime import date

import pytest

from kb.models import Status
from kb.validity import Term, canonical_title, holds_in, terms
from tests.fakes import entry


def law(title="救助条例", since=None, **facts):
    return entry(title, f"{title}的内容 {since} {facts}", effective=since, **facts)[0]


def status(documents, wanted, day):
    return terms(documents)[wanted.id].status(day)


@pytest.mark.parametrize(
    ("title", "canonical"),
    [
        ("中华人民共和国老年人权益保障法", "老年人权益保障法"),
        ("《社会救助暂行办法》", "社会救助暂行办法"),
        ("老年人权益保障法（2018修正）", "老年人权益保障法"),
        ("老年人权益保障法(2018年修订版)", "老年人权益保障法"),
        ("老年人权益保障法（2018-12-29）", "老年人权益保障法"),
        ("社会 救助　暂行办法", "社会救助暂行办法"),
        ("办法（试行）", "办法（试行）"),
    ],
)
def test_versions_of_a_text_share_a_canonical_title(title, canonical):
    assert canonical_title(title) == canonical


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2019, 12, 31), Status.NOT_YET),
        (date(2020, 1, 1), Status.IN_FORCE),
        (date(2024, 12, 31), Status.IN_FORCE),
        (date(2025, 1, 1), Status.REPEALED),
    ],
)
def test_a_text_holds_from_its_effective_day_until_the_day_it_is_repealed(day, expected):
    one = law(since=date(2020, 1, 1), repealed=date(2025, 1, 1))
    assert status([one], one, day) is expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2009, 1, 1), (Status.NOT_YET, Status.NOT_YET, Status.NOT_YET)),
        (date(2012, 1, 1), (Status.IN_FORCE, Status.NOT_YET, Status.NOT_YET)),
        (date(2016, 1, 1), (Status.SUPERSEDED, Status.IN_FORCE, Status.NOT_YET)),
        (date(2026, 1, 1), (Status.SUPERSEDED, Status.SUPERSEDED, Status.IN_FORCE)),
    ],
)
def test_a_later_version_supersedes_the_earlier_from_its_first_day(day, expected):
    versions = [law(since=date(year, 6, 1)) for year in (2010, 2015, 2020)]
    assert tuple(status(versions, each, day) for each in versions) == expected


def test_versions_are_linked_whatever_the_order_they_came_in():
    old, new = law("《救助条例》（2010年）", date(2010, 1, 1)), law("中华人民共和国救助条例", date(2020, 1, 1))
    assert dict(terms([old, new])) == dict(terms([new, old]))
    assert status([new, old], old, date(2021, 1, 1)) is Status.SUPERSEDED


def test_two_files_of_one_version_do_not_supersede_each_other():
    one, other = law(since=date(2020, 1, 1)), law(since=date(2020, 1, 1), issuer="民政部")
    assert status([one, other], one, date(2021, 1, 1)) is Status.IN_FORCE
    assert status([one, other], other, date(2021, 1, 1)) is Status.IN_FORCE


@pytest.mark.parametrize("difference", [{"region": "安徽省"}, {"part": "总则编"}, {"title": "救助办法"}])
def test_another_region_part_or_title_is_no_version(difference):
    facts = {"title": "救助条例", **difference}
    old, other = law(since=date(2010, 1, 1)), law(facts.pop("title"), date(2020, 1, 1), **facts)
    assert status([old, other], old, date(2021, 1, 1)) is Status.IN_FORCE


def test_an_amendment_holds_from_the_day_it_was_made():
    amended = law(since=date(1996, 10, 1), issued=date(2018, 12, 29))
    assert terms([amended])[amended.id].since == date(2018, 12, 29)


def test_without_an_effective_day_the_day_of_issue_counts():
    one = law(issued=date(2020, 5, 1))
    assert terms([one])[one.id] == Term(date(2020, 5, 1), None, Status.REPEALED, Status.UNCHECKED)


def test_a_repeal_clause_ends_what_it_names_on_its_own_first_day():
    old = law("五保供养条例", date(2006, 3, 1))
    new = law("特困供养办法", date(2021, 4, 1), repeals=("五保供养条例",))
    assert status([old, new], old, date(2021, 3, 31)) is Status.IN_FORCE
    assert status([old, new], old, date(2021, 4, 1)) is Status.REPEALED


def test_a_repeal_reaches_a_text_without_a_date():
    old = law("五保供养条例")
    new = law("特困供养办法", date(2021, 4, 1), repeals=("《中华人民共和国五保供养条例》",))
    assert status([old, new], old, date(2022, 1, 1)) is Status.REPEALED


def test_a_text_that_names_its_own_title_repeals_the_version_before_not_itself():
    old = law(since=date(2010, 1, 1))
    new = law(since=date(2020, 1, 1), repeals=("救助条例",))
    assert status([old, new], old, date(2021, 1, 1)) in (Status.REPEALED, Status.SUPERSEDED)
    assert status([old, new], new, date(2021, 1, 1)) is Status.IN_FORCE


def test_a_repeal_never_ends_what_is_newer():
    new = law("五保供养条例", date(2025, 1, 1))
    old = law("特困供养办法", date(2021, 4, 1), repeals=("五保供养条例",))
    assert status([new, old], new, date(2026, 1, 1)) is Status.IN_FORCE


def test_a_province_does_not_repeal_national_law():
    national = law("五保供养条例", date(2006, 1, 1))
    local = law("特困供养办法", date(2021, 4, 1), region="安徽省", repeals=("五保供养条例",))
    assert status([national, local], national, date(2022, 1, 1)) is Status.IN_FORCE


def test_a_text_not_yet_in_force_leaves_its_forerunner_alone_until_its_day():
    old, new = law(since=date(2010, 1, 1)), law(since=date(2030, 1, 1))
    assert status([old, new], old, date(2026, 1, 1)) is Status.IN_FORCE
    assert status([old, new], new, date(2026, 1, 1)) is Status.NOT_YET


def test_a_law_without_any_date_has_to_be_checked_by_a_person():
    undated = law()
    assert status([undated], undated, date(2026, 1, 1)) is Status.UNCHECKED


@pytest.mark.parametrize("kind", ["training", "case", "faq"])
def test_training_and_cases_without_a_date_hold(kind):
    document = entry("个案", "经过。", kind=kind)[0]
    assert status([document], document, date(2026, 1, 1)) is Status.IN_FORCE


def test_a_digest_is_neither_a_version_nor_unchecked():
    digest = law("救助条例", sources=("救助条例",), issued=date(2025, 1, 1))
    real = law(since=date(2010, 1, 1))
    assert status([digest, real], real, date(2026, 1, 1)) is Status.IN_FORCE
    assert status([law("要点", sources=("救助条例",))], law("要点", sources=("救助条例",)), date(2026, 1, 1)) is Status.IN_FORCE


@pytest.mark.parametrize(
    ("region", "asked", "holds"),
    [
        ("全国", "全国", True),
        ("全国", "安徽省/安庆市", True),
        ("安徽省", "安徽省", True),
        ("安徽省", "安徽省/安庆市", True),
        ("安徽省/安庆市", "安徽省", False),
        ("安徽省/安庆市", "安徽省/合肥市", False),
        ("湖北省", "安徽省", False),
        ("安徽省", "全国", False),
        ("安徽", "安徽省", False),
    ],
)
def test_a_rule_holds_in_its_region_and_below(region, asked, holds):
    assert holds_in(region, asked) is holds
