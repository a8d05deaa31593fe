"""Results as tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from rich import box
from rich.table import Table

from eval import fusion_tuning
from eval.answers import MEASURES
from eval.comparison import Difference, Moved
from eval.fusion_tuning import Trial
from eval.retrieval import WAYS, Comparison
from eval.site import Failure

LAY_NAMES: Mapping[str, str] = {
    "questions": "问题数",
    "missing": "资料中没有对应条文的问题",
    "not_in_force": "对应文件已失效的问题",
    "first": "第一条即对应条文",
    "first_five": "前五条含对应条文",
    "first_ten": "前十条含对应条文",
    "median_ms": "检索用时中位数（毫秒）",
}
_ANSWER_FIGURES = {
    "first_five": "前五条对%",
    "fact_in_first_lines": "头几行有%",
    "refused_rightly": "该拒已拒%",
    "refused_wrongly": "误拒%",
    "answer_p95_ms": "p95 毫秒",
}
_RANKS_SHOWN = 3
_RUN = "评测"
MAIN_FIGURES: Mapping[str, Mapping[str, str]] = {
    "retrieval-lay": {"first": "第一条对", "first_five": "前五条对", "first_ten": "前十条对"},
    "retrieval": {f"{way}.nDCG@10": f"{name} nDCG@10" for way, name in WAYS.items()} | {"p.nDCG@10": "p"},
    "answers": _ANSWER_FIGURES,
    "site": _ANSWER_FIGURES,
    "danger": {"right_card": "对的卡片（%）", "false_alarms": "误报（%）"},
    "speed": {"passages": "段落", "ingest_s": "收录（秒）", "search_p95_ms": "检索 p95（毫秒）", "answer_p95_ms": "回答 p95（毫秒）"},
    "kill": {"kills": "终止次数", "seconds": "用时（秒）"},
}
_CALLED = {name: measure.name for name, measure in MEASURES.items()}


def comparison(title: str, compared: Comparison) -> Table:
    """Ways of searching by measures, with the p-value of every way against every other."""
    numbers = compared.numbers()
    table = Table(title=title)
    table.add_column("检索方式")
    for measure in numbers["hybrid"]:
        table.add_column(measure, justify="right")
    ways = [way for way in WAYS if way in numbers]
    for way in ways:
        table.add_row(WAYS[way], *(f"{value:.3f}" for value in numbers[way].values()))
    table.add_section()
    for before, after in combinations(ways, 2):
        values = (f"{each.p:.4f}" for each in compared.differences(before, after))
        table.add_row(f"p（{WAYS[after]}对{WAYS[before]}）", *values)
    return table


def differences(title: str, before: str, after: str, found: Sequence[Difference]) -> Table:
    """Two systems side by side, a measure a line; means are shown times 100."""
    caption = "数值均乘以 100；区间为 95 % 自助法，p 为配对随机化检验；最后一栏是题数"
    table = Table(title=title, caption=caption, box=box.SIMPLE_HEAD, pad_edge=False)  # fits 80 columns
    table.add_column("指标", overflow="fold")
    for name in (before, after, "差", "差的区间", "p", "好/差/同"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in found:
        interval = f"{100 * each.low:+.1f} ~ {100 * each.high:+.1f}"
        means = (f"{100 * each.before:.1f}", f"{100 * each.after:.1f}", f"{100 * (each.after - each.before):+.1f}")
        counts = f"{each.better}/{each.worse}/{each.same}"
        table.add_row(called(each.measure), *means, interval, f"{each.p:.4f}", counts)
    return table


def moved(found: Sequence[Moved], count: int, texts: Mapping[str, str]) -> Table:
    """The questions that gained most and lost most, at most `count` of each."""
    table = Table(title="变化最大的问题")
    for name in ("", "编号", "问题", "名次", "变了的指标"):
        table.add_column(name, no_wrap=name in ("", "编号", "名次"), overflow="fold")
    gained = [each for each in found if each.gain > 0][:count]
    lost = [each for each in reversed(found) if each.gain < 0][:count]
    for mark, group in (("变好", gained), ("变差", lost)):
        for each in group:
            ranks = f"{_ranks(each.ranks_before)} → {_ranks(each.ranks_after)}"
            names = "、".join(map(called, each.changed))
            table.add_row(mark, each.question, texts.get(each.question, "（原文不在手边）"), ranks, names)
        table.add_section()
    return table


def _ranks(ranks: Sequence[int]) -> str:
    more = "…" if len(ranks) > _RANKS_SHOWN else ""
    return "、".join(map(str, ranks[:_RANKS_SHOWN])) + more or "无"


def called(measure: str) -> str:
    """What a measure is called on the screen."""
    return _CALLED.get(measure, measure)


def failures(found: Sequence[Failure]) -> Table:
    """What did not go well."""
    table = Table(title=f"没有答好的问题：{len(found)} 个")
    table.add_column("问题", overflow="fold")
    table.add_column("怎么了", overflow="fold")
    for each in found:
        table.add_row(each.question, each.what)
    return table


def history(command: str, entries: Sequence[Mapping[str, Any]]) -> Table:
    """The runs of one command, latest first, with the figures that sum it up; date and commit of one kept without values."""
    figures = next((figures for start, figures in MAIN_FIGURES.items() if command.startswith(start)), {})
    rows = [_history_row(command, entry, figures) for entry in entries]
    table = Table(title=command)
    columns = [name for name in rows[0] if any(row[name] for row in rows)]
    for name in columns:
        table.add_column(name, no_wrap=name == _RUN, overflow="fold")
    for row in rows:
        table.add_row(*(row[name] for name in columns))
    return table


def _history_row(command: str, entry: Mapping[str, Any], figures: Mapping[str, str]) -> dict[str, str]:
    numbers = _flat(entry["numbers"])
    asked = " ".join(str(numbers[name]) for name in ("file", "split", "questions") if name in numbers)
    values = {called: shown(numbers[name]) if name in numbers else "" for name, called in figures.items()}
    name = str(entry.get("run", "")).removeprefix(f"{command}-")  # the title says the command
    return {_RUN: name or f"{entry['date']} {entry['commit']}", "题目": asked, **values}


def _flat(numbers: Mapping[str, Any], start: str = "") -> dict[str, Any]:
    """{"hybrid": {"MRR": 0.4}} as {"hybrid.MRR": 0.4}."""
    flat: dict[str, Any] = {}
    for name, value in numbers.items():
        flat |= _flat(value, f"{start}{name}.") if isinstance(value, Mapping) else {start + name: value}
    return flat


def trials(tried: Sequence[Trial]) -> Iterator[Table]:
    """A table for each group of questions: every value tried, the one in use and the best by nDCG@10 marked."""
    for group in dict.fromkeys(trial.group for trial in tried):
        of_group = [trial for trial in tried if trial.group == group]
        table = Table(title=f"{group}：调参半份 {of_group[0].questions} 个问题")
        for name in ("参数", "取值", *fusion_tuning.MEASURES, ""):
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
    """A number with the digits that mean something; — where there is none."""
    if value is None:
        return "—"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def ablation(numbers: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[Table]:
    """A table for each group of questions: the ranking with everything, and without each part."""
    for group, rows in numbers.items():
        count = int(next(iter(rows.values()))["questions"])
        yield _shares(f"排序：{GROUPS.get(group, group)}（{count} 个没见过的问题）", "去掉", rows)


def encoders(numbers: Mapping[str, Any]) -> Iterator[Table]:
    """A table for each group of questions by each kind of encoder, and what the encoders cost."""
    for part, name in (("question_side", "只编码问题"), ("both_sides", "问题、资料都编码，重排前五十")):
        for group, rows in numbers[part].items():
            count = int(next(iter(rows.values()))["questions"])
            title = f"{name}：{GROUPS.get(group, group)}（{count} 个没见过的问题）"
            yield _shares(title, "排序", {ENCODERS.get(way, way): row for way, row in rows.items()})
    yield named("单线程用时和大小", numbers["costs"], COSTS)


def _shares(title: str, what: str, rows: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table(title=title)
    for name in (what, "第一条", "前五条", "前十条", "MRR", "p"):
        table.add_column(name, no_wrap=True)
    for name, row in rows.items():
        found = (f"{100 * row[f'first_{depth}']:.1f}" for depth in (1, 5, 10))
        table.add_row(name, *found, f"{row['MRR']:.3f}", f"{row['p']:.3f}")
    return table


ENCODERS: Mapping[str, str] = {
    "static": "词向量",
    "static late": "词向量逐词",
    "question encoder": "编码器",
    "question encoder late": "编码器逐词",
    "both sides": "两边编码器",
    "ranking": "学习的排序",
    "ranking + static": "加词向量",
    "ranking + question encoder": "加词向量和编码器",
}
COSTS: Mapping[str, str] = {
    "question_ms": "编码一个问题，中位数（毫秒）",
    "question_p95_ms": "编码一个问题，p95（毫秒）",
    "late_p95_ms": "八十段逐词比较，p95（毫秒）",
    "passages_per_second": "编码资料（段每秒）",
    "static_passages_per_second": "词向量（段每秒）",
    "minutes_to_index_147000_on_two_cores": "147,000 段两核（分钟）",
    "reranking_50_unindexed_ms": "现编码五十段（毫秒）",
    "megabytes": "编码器文件（MB，不含词向量）",
}
GROUPS: Mapping[str, str] = {
    "new question": "口语提问，资料是学过的",
    "new text": "口语提问，资料没学过",
    "judged": "评判题",
    "stard": "STARD",
}


def verdicts(title: str, numbers: Mapping[str, Mapping[str, float]]) -> Table:
    """Questions by what the texts hold, and what the product decides about them."""
    table = Table(title=title)
    for name in ("资料里", "题数", "回答（%）", "只算相近（%）", "拒答（%）"):
        table.add_column(name, justify="left" if name == "资料里" else "right", no_wrap=True)
    for label, name in (("answered", "有答案"), ("touches", "只有相近的"), ("none", "没有答案")):
        row = numbers[label]
        table.add_row(name, f"{row['questions']:.0f}", *(f"{row[verdict]:.1f}" for verdict in ("answers", "touches", "none")))
    return table
