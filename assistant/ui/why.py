"""为什么这样判断: how sure the answer is and on what signs it was decided, folded under the answer, in plain words."""

from __future__ import annotations

from html import escape

from assistant.evidence import Calibration, beyond_law
from assistant.ui import texts
from assistant.ui.conversation import Reason, Why
from kb.models import Answer

_STRONGEST = 5
_MUCH, _SOME, _FELT = 1.5, 0.5, 0.01  # log-odds from which a sign adds much, something, anything


def why_of(answer: Answer, calibration: Calibration) -> Why:
    """The strongest signs of an answer as the calibration weighs them, with the thresholds they were held against."""
    shares = calibration.shares(answer.signs)
    reasons = (Reason(name, answer.signs[name], share) for name, share in shares.items() if abs(share) >= _FELT)
    return Why(calibration.bias, calibration.answers, calibration.touches, tuple(reasons)[:_STRONGEST])


def why_as_html(answer: Answer, why: Why | None) -> str:
    """A closed details element; nothing where nothing was weighed."""
    if why is None or not why.reasons:
        return ""
    start = texts.WHY_FROM_NONE if why.bias < 0 else texts.WHY_FROM_HELD
    reasons = "".join(f"<li>{_weight(reason.share)}<span>{escape(sign_in_words(reason))}</span></li>" for reason in why.reasons)
    return (
        f'<details class="why"><summary>{texts.WHY}</summary>'
        f'<p class="verdict">{escape(verdict_in_words(answer, why))}</p>'
        f'<p class="scale">{escape(_scale(why))}</p><p class="scale">{start}</p><ol>{reasons}</ol></details>'
    )


def verdict_in_words(answer: Answer, why: Why) -> str:
    """What was decided and how sure that is, also where something else than the signs decided."""
    percent = sure(answer.confidence)
    if not answer.found:
        weighed = answer.confidence < why.touches
        return (texts.WHY_NONE if weighed else texts.WHY_NOTHING_TO_QUOTE).format(percent=percent)
    if answer.touches:
        return texts.WHY_TOUCHES.format(percent=percent)
    return (texts.WHY_ANSWERS if answer.confidence >= why.answers else texts.WHY_NAMED).format(percent=percent)


def sign_in_words(reason: Reason) -> str:
    """The sign as a sentence; a site's own sign, for which there is none, by its name and value."""
    percent = f"{round(100 * reason.value)}%"
    if sentences := texts.SIGNS.get(reason.name):
        reached = [sentence for least, sentence in sentences if reason.value >= least]
        return (reached or [sentences[0][1]])[-1].format(percent=percent)
    if any(beyond.name == reason.name for beyond in beyond_law()):
        return texts.SIGN_BEYOND.format(name=reason.name)
    return texts.SIGN_OTHER.format(name=reason.name, percent=percent)


def sure(confidence: float) -> str:
    """A probability as people say it; never wholly sure."""
    if confidence < 0.01:
        return texts.HARDLY
    return texts.NEARLY if confidence > 0.99 else texts.ABOUT.format(percent=round(100 * confidence))


def _scale(why: Why) -> str:
    pattern = texts.WHY_SCALE if why.answers > why.touches else texts.WHY_SCALE_OF_TWO
    return pattern.format(answers=round(100 * why.answers), touches=round(100 * why.touches))


def _weight(share: float) -> str:
    words = texts.ADDS if share > 0 else texts.TAKES
    strength = next(place for place, least in enumerate((_MUCH, _SOME, 0.0)) if abs(share) >= least)
    return f'<span class="weight {"adds" if share > 0 else "takes"}">{words[strength]}</span>'
