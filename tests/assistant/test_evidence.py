"""The decision whether the knowledge base answers: signs a person can read, weighed by what was fitted."""

import json
from datetime import date
from pathlib import Path

import pytest

from assistant.evidence import SITE_FILE, Calibration, beyond_law, builtin_calibration, calibration_for, signs_of, weigh
from kb.errors import SettingsError
from kb.models import Asker
from tests.fakes import NO_WORDING

TODAY = Asker(day=date(2026, 1, 1))


def test_signs_tell_a_held_question_from_another(laws):
    held = signs_of(laws.search("取暖补助向谁申请", TODAY), NO_WORDING)
    other = signs_of(laws.search("红烧肉怎么做好吃", TODAY), NO_WORDING)
    assert held["一段覆盖的问题"] > other["一段覆盖的问题"]
    assert held["前五段合起来没提到的"] < other["前五段合起来没提到的"]
    assert other["问生活常识"] == 1 and held["问生活常识"] == 0
    assert list(held) == list(other)


def test_the_verdict_follows_the_thresholds(laws):
    found = laws.search("取暖补助向谁申请", TODAY)
    weights = {"一段覆盖的问题": 1.0}
    sure = weigh(found, Calibration(0.0, weights, 0.0, 0.0, wording=NO_WORDING))
    assert 0.5 < sure.confidence < 1 and sure.verdict == "answers" and sure.enough
    assert weigh(found, Calibration(0.0, weights, 1.0, 0.1, wording=NO_WORDING)).verdict == "touches"
    assert not weigh(found, Calibration(0.0, weights, 1.0, 1.0, wording=NO_WORDING)).enough


def test_every_sign_has_a_weight_and_no_weight_is_left_over(laws):
    assert set(builtin_calibration().weights) == set(signs_of(laws.search("取暖", TODAY), NO_WORDING))


def test_shares_are_weight_times_sign_strongest_first_without_signs_that_are_not_there():
    weighed = Calibration(0.0, {"甲": 1.0, "乙": -4.0, "丙": 9.0}, 0.5, 0.3, wording=NO_WORDING)
    shares = weighed.shares({"甲": 0.5, "乙": 0.5, "丙": 0.0, "没有分量": 1.0})
    assert list(shares.items()) == [("乙", -2.0), ("甲", 0.5), ("没有分量", 0.0)]


def test_nothing_found_is_no_error(empty):
    evidence = weigh(empty.search("取暖补助", TODAY), builtin_calibration())
    assert not evidence.enough


def test_a_site_keeps_its_own(tmp_path: Path):
    assert calibration_for(tmp_path) is builtin_calibration()
    own = Calibration(1.5, {"问题很短": -2.0}, 0.6, 0.4, wording=NO_WORDING)
    own.write(tmp_path / SITE_FILE)
    assert calibration_for(tmp_path) == own


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"bias": "x", "weights": {}, "answers": 1, "touches": 0})])
def test_a_damaged_calibration_is_said(tmp_path: Path, content: str):
    (tmp_path / SITE_FILE).write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="拒答设置"):
        calibration_for(tmp_path)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("我的低保批了没", "问个人进度"),
        ("民政办电话是多少", "问联系方式"),
        ("我们县低保一个月多少钱", "问当地数目"),
        ("帮我写一首诗", "要写作闲聊"),
        ("感冒吃什么药好得快", "问病怎么治"),
    ],
)
def test_questions_beyond_the_law_are_known_by_their_words(question, name):
    assert name in {each.name for each in beyond_law() if each.asks.search(question)}


@pytest.mark.parametrize("question", ["低保批下来要多久", "老人被儿子打了怎么办", "残疾证怎么办理", "离婚冷静期几天"])
def test_plain_questions_are_not(question):
    assert not [each.name for each in beyond_law() if each.asks.search(question)]
