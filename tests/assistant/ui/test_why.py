import pytest

from assistant.evidence import Calibration, beyond_law, signs_of
from assistant.ui import texts
from assistant.ui.conversation import Reason, Why
from assistant.ui.why import sign_in_words, sure, verdict_in_words, why_as_html, why_of
from kb.models import Answer, Asker
from tests.assistant.ui.conftest import QUESTION
from tests.fakes import NO_WORDING

WEIGHED = Calibration(-2.0, {"甲": 4.0, "乙": -3.0, "丙": 1.0, "丁": 1.0, "戊": 0.5, "己": 0.4, "庚": 9.0}, answers=0.6, touches=0.3, wording=NO_WORDING)
SIGNS = {"甲": 0.5, "乙": 1.0, "丙": 0.5, "丁": 0.4, "戊": 0.5, "己": 0.5, "庚": 0.0, "辛": 1.0}


RANKED = (Reason("排序分", 0.9, 1.8),)


def why(answers=0.6, touches=0.3, bias=-2.0, reasons=RANKED):
    return Why(bias, answers, touches, reasons)


def test_the_five_strongest_signs_are_named_strongest_first():
    found = why_of(Answer("问", signs=SIGNS), WEIGHED)
    assert [each.name for each in found.reasons] == ["乙", "甲", "丙", "丁", "戊"]
    assert [each.share for each in found.reasons] == [WEIGHED.weights[each.name] * SIGNS[each.name] for each in found.reasons]


def test_every_sign_has_a_sentence_of_its_own(knowledge_base):
    signs = signs_of(knowledge_base.search(QUESTION, Asker(), 10), NO_WORDING)
    assert set(signs) - {beyond.name for beyond in beyond_law()} == set(texts.SIGNS)
    for name, value in signs.items():
        said = sign_in_words(Reason(name, value, 1.0))
        assert said != texts.SIGN_OTHER.format(name=name, percent=f"{round(100 * value)}%") and "{" not in said


@pytest.mark.parametrize("name", texts.SIGNS)
@pytest.mark.parametrize("value", [-1.0, -0.3, 0.0, 0.2, 0.5, 0.86, 1.0])
def test_a_sign_is_said_whatever_its_value(name, value):
    assert sign_in_words(Reason(name, value, 1.0)) in {said.format(percent=f"{round(100 * value)}%") for _, said in texts.SIGNS[name]}


def test_a_higher_value_is_said_differently_where_that_matters():
    said = [sign_in_words(Reason("排序分", value, 1.0)) for value in (-0.9, -0.1, 0.1, 0.9)]
    assert len(set(said)) == 4


def test_a_sign_of_the_sites_own_is_said_by_its_name():
    assert sign_in_words(Reason("本站口径", 0.25, 1.0)) == "本站口径：25%"


@pytest.mark.parametrize(("confidence", "said"), [(0.0, "不到 1%"), (0.004, "不到 1%"), (0.494, "约 49%"), (0.999, "在 99% 以上"), (1.0, "在 99% 以上")])
def test_it_is_never_wholly_sure(confidence, said):
    assert sure(confidence) == said


@pytest.mark.parametrize(
    ("answer", "pattern"),
    [
        (Answer("问", confidence=0.8), texts.WHY_ANSWERS),
        (Answer("问", confidence=0.4, touches=True), texts.WHY_TOUCHES),
        (Answer("问", confidence=0.1, found=False), texts.WHY_NONE),
        (Answer("问", confidence=0.1), texts.WHY_NAMED),
        (Answer("问", confidence=0.8, found=False), texts.WHY_NOTHING_TO_QUOTE),
    ],
)
def test_the_verdict_is_told_also_where_the_signs_did_not_decide(answer, pattern):
    assert verdict_in_words(answer, why()) == pattern.format(percent=sure(answer.confidence))


def test_it_is_folded_until_somebody_opens_it():
    shown = why_as_html(Answer("问", confidence=0.8), why())
    assert shown.startswith('<details class="why"><summary>') and " open" not in shown[:40]
    assert "60%" in shown and "30%" in shown and texts.WHY_FROM_NONE in shown
    assert texts.WHY_FROM_HELD in why_as_html(Answer("问"), why(bias=0.5))


def test_one_threshold_is_told_as_one():
    assert texts.WHY_SCALE_OF_TWO.format(answers=50) in why_as_html(Answer("问"), why(0.5, 0.5))


@pytest.mark.parametrize(
    ("share", "word"),
    [(2.0, texts.ADDS[0]), (0.7, texts.ADDS[1]), (0.1, texts.ADDS[2]), (-2.0, texts.TAKES[0]), (-0.7, texts.TAKES[1]), (-0.1, texts.TAKES[2])],
)
def test_what_a_sign_weighs_is_a_word(share, word):
    assert f">{word}</span>" in why_as_html(Answer("问"), why(reasons=(Reason("排序分", 0.5, share),)))


@pytest.mark.parametrize("weighed", [None, why(reasons=())])
def test_where_nothing_was_weighed_nothing_is_explained(weighed):
    assert why_as_html(Answer("问"), weighed) == ""
