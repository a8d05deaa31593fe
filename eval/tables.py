"""Results as tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from eval.fusion_tuning import MEASURES, Trial
from eval.retrieval import WAYS

LAY_NAMES: Mapping[str, str] = {
    "questions": "问题数",
    "missing": "资料中没有对应条文的问题",
    "not_in_force": "对应文件已失效的问题",
    "first": "第一条即对应条文",
    "first_five": "前五条含对应条文",
    "first_ten": "前十条含对应条文",
    "median_ms": "检索用时中位数（毫秒）",
}


def comparison(title: str, numbers: Mapping[str, Mapping[str, float]]) -> Table:
    """Ways of searching by measures, with the p-values of hybrid against keyword."""
    table = Table(title=title)
    table.add_column("检索方式")
    for measure in numbers["hybrid"]:
        table.add_column(measure, justify="right")
    for way, name in WAYS.items():
        table.add_row(name, *(f"{value:.3f}" for value in numbers[way].values()))
    table.add_section()
    table.add_row("p（混合对关键词）", *(f"{value:.4f}" for value in numbers["p"].values()))
    return table


def trials(tried: Sequence[Trial]) -> Iterator[Table]:
    """A table for each group of questions: every value tried, the one in use and the best by nDCG@10 marked."""
    for group in dict.fromkeys(trial.group for trial in tried):
        of_group = [trial for trial in tried if trial.group == group]
        table = Table(title=f"{group}：调参半份 {of_group[0].questions} 个问题")
        for name in ("参数", "取值", *MEASURES, ""):
            table.add_column(name, no_wrap=True)
        for trial in of_group:
            best = best_of(tried, trial.constant, group)
            marks = "、".join(mark for mark, holds in (("在用", trial.current), ("最好", trial is best)) if holds)
            numbers = (f"{value:.3f}" for value in trial.numbers.values())
            table.add_row(trial.constant, f"{trial.value:g}", *numbers, marks)
        yield table


def best_of(tried: Sequence[Trial], constant: str, group: str) -> Trial:
    """The trial of a constant with the highest nDCG@10 on a group."""
    of_group = (trial for trial in tried if (trial.constant, trial.group) == (constant, group))
    return max(of_group, key=lambda trial: trial.numbers["nDCG@10"])


def named(title: str, numbers: Mapping[str, Any], names: Mapping[str, str]) -> Table:
    """Names and values, one a line; a name not listed is left out."""
    table = Table(title=title, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for key, name in names.items():
        if key in numbers:
            table.add_row(name, shown(numbers[key]))
    return table


def shown(value: Any) -> str:
    """A number with the digits that mean something."""
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
