import pytest

from assistant import notices
from kb.errors import LanguageModelError


@pytest.mark.parametrize(
    ("notice", "sort"),
    [
        (notices.ONLY_TOUCHES, "touches"),
        (notices.of_region("浙江省/杭州市"), "region"),
        (notices.no_title("星际（社工）法"), "missing"),
        (notices.no_number("云发〔2020〕88号"), "missing"),
        (notices.no_article("暖冬救助条例", "第四百条", "第六条"), "missing"),
        (notices.no_article("暖冬救助条例", "第四百条", ""), "missing"),
        (notices.without_model(LanguageModelError("超时")), "other"),
        ("另有《暖冬救助条例》，已废止，未采用。", "other"),
        ("", "other"),
    ],
)
def test_a_notice_is_known_by_its_own_words(notice, sort):
    assert notices.sort_of(notice) == sort


def test_the_last_article_is_named_where_it_is_known():
    assert notices.no_article("甲法", "第九条", "第六条") == "《甲法》里没有第九条，它的最后一条是第六条。请核对条号。"
    assert notices.no_article("甲法", "第九条", "") == "《甲法》里没有第九条。请核对条号。"
