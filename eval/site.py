"""A station's own questions over its own documents: `python -m eval site`. What it finds stays in the data folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval import answers
from eval.answers import FIRST_LINES, Measure, Outcome
from eval.runs import Values
from kb.errors import SettingsError, StoreError
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker
from kb.regions import resolve_region
from kb.settings import Settings, load_settings

MEASURES: Mapping[str, Measure] = {**answers.ranked(answers.answerable, "对的出处"), **answers.ANSWERED}


@dataclass(frozen=True)
class Failure:
    """A question that did not go well, and in which way."""

    question: str
    what: str


def settings_with(data: Path | None) -> Settings:
    """The station's settings, with another data folder where one is given."""
    settings = load_settings()
    return settings.model_copy(update={"data_folder": data}) if data else settings


def folder(settings: Settings) -> Path:
    """Where the evaluations of a station are kept: with its data, which they tell about."""
    return settings.data_folder / "evaluations"


def opened(settings: Settings) -> KnowledgeBase:
    """The station's knowledge base. Raises StoreError where there is none: opening would make an empty one."""
    if not settings.data_folder.is_dir():
        raise StoreError(f"找不到数据文件夹 {settings.data_folder}。请检查 --data 或设置里的 data_folder。")
    knowledge_base = KnowledgeBase.open(settings)
    if not knowledge_base.summaries():
        knowledge_base.close()
        raise StoreError(f"数据文件夹 {settings.data_folder} 里还没有资料。请先收录资料，再来评测。")
    return knowledge_base


def asker(settings: Settings) -> Asker:
    """Somebody of the station's region, today. Raises SettingsError where the region is none."""
    region = resolve_region(settings.region)
    if region is None:
        raise SettingsError(f"设置里的地区“{settings.region}”不认识。请写省名或“省/市”，如 安徽省/安庆市。")
    return Asker(region)


def values(outcomes: Sequence[Outcome]) -> Values:
    """Everything question by question, with the words of the questions."""
    texts = {outcome.question.id: outcome.question.text for outcome in outcomes}
    return replace(answers.values(outcomes, MEASURES), texts=texts)


def failures(outcomes: Sequence[Outcome]) -> list[Failure]:
    """What did not go well, in the order of the questions."""
    found = ((outcome, "；".join(_faults(outcome))) for outcome in outcomes)
    return [Failure(outcome.question.text, what) for outcome, what in found if what]


def _faults(outcome: Outcome) -> Iterator[str]:
    question = outcome.question
    if not question.answerable:
        if outcome.found:
            yield "没有答案的问题，却回答了"
        return
    if not outcome.rank:
        yield "前十条里没有对的出处"
    elif outcome.rank > 5:
        yield f"对的出处排在第 {outcome.rank}"
    if not outcome.found:
        yield "有答案的问题，却拒答了"
    elif question.facts and not outcome.fact_first:
        needed = "或".join(f"“{fact}”" for fact in question.facts)
        yield f"{needed}不在头 {FIRST_LINES} 字里" if outcome.fact_at >= 0 else f"回答里没有{needed}"
