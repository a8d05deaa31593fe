"""`python -m eval plots`: pictures of the newest kept run of each command, as SVG.

Words stay words in the picture (`svg.fonttype: none`) and name the Chinese fonts of every system, so that the viewer's own
font draws them, whatever is installed where the picture is made. No legend has a box: its width would be computed with
this machine's fonts.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eval import calibration
from eval.errors import NothingToDraw, PlotsNotInstalled
from eval.metrics import percentile
from eval.retrieval import WAYS
from eval.runs import Run, latest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FONTS = (
    *("Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "SimHei"),
    *("Noto Sans CJK JP", "sans-serif"),
)
_COLOURS = {"keyword": "#8a6d3b", "vector": "#5b7fa6", "fused": "#6b8e5a", "hybrid": "#b3322c", "similar": "#6d5a8e", "answer": "#b3322c", "search": "#5b7fa6"}
_CALLED = {**WAYS, "answer": "回答", "search": "检索"}
_TIMES = {"search_ms": "search", "answer_ms": "answer"}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "shegong",  # the same run gives the same file
    "font.family": list(FONTS),
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e5e5e5",
    "axes.titlelocation": "left",
    "axes.unicode_minus": False,
}


def draw(kept: Path, to: Path) -> list[Path]:
    """Draw whatever the newest runs below `kept` have values for; returns the files. Raises NothingToDraw."""
    runs = latest(kept)
    files = [file for run in runs for file in _draw_run(run, to)]
    if not files:
        raise NothingToDraw
    return files


def _draw_run(run: Run, to: Path) -> Iterator[Path]:
    for name, (needed, draw_on) in PICTURES.items():
        if needed <= run.values.facts.keys():
            with _picture(to / f"{name}-{run.command}.svg") as axes:
                draw_on(axes, run)
            yield to / f"{name}-{run.command}.svg"


def _recall(axes: Axes, run: Run) -> None:
    """Mean share of the right texts among the first k, for every way of searching."""
    relevant = np.array(run.values.facts["relevant"], dtype=float)
    asked = relevant > 0
    depths = np.arange(1, run.values.depth + 1)
    for system, ranks in run.values.ranks.items():
        found = np.array([[sum(rank <= depth for rank in each) for depth in depths] for each in ranks])
        curve = 100 * (found[asked] / relevant[asked, None]).mean(axis=0)
        axes.plot(depths, curve, color=_COLOURS[system], label=_CALLED[system])
        axes.annotate(f"{curve[-1]:.0f}", (depths[-1], curve[-1]), (4, -4), textcoords="offset points", color=_COLOURS[system])
    _logarithmic(axes, 1, run.values.depth)
    axes.set(xlabel="看前多少条（k）", ylabel="找到对应条文的比例（%）", ylim=(0, 100))
    _headed(axes, "看到第几条能找到对应条文", f"recall@k，{int(asked.sum())} 个问题", run)
    if len(run.values.ranks) > 1:
        axes.legend(frameon=False, loc="upper left")


def _reliability(axes: Axes, run: Run) -> None:
    """How often what was found was right, against how sure the product was."""
    (system,) = run.values.ranks
    bins = calibration.reliability(run.values, system)
    right = np.array([each.right for each in bins])
    reach = [[each.right - each.low for each in bins], [each.high - each.right for each in bins]]
    axes.plot((0, 1), (0, 1), color="#999999", linestyle=":", label="说几成就对几成")
    axes.errorbar([each.confidence for each in bins], right, np.array(reach), color=_COLOURS["answer"], marker="o", capsize=3, label="实际")
    _threshold(axes, run)
    axes.set(xlabel="把握（每点问题数相同）", ylabel="前五条有对应条文的比例", xlim=(0, 1), ylim=(0, 1.02))
    error = f"平均偏差 {calibration.expected_error(bins):.2f}"
    _headed(axes, "说有把握的，真的找对了吗", f"{len(run.values.questions)} 个问题，{error}，竖线为 95 % 区间", run)
    axes.legend(frameon=False, loc="upper left")


def _threshold(axes: Axes, run: Run) -> None:
    threshold = run.numbers["threshold"]
    axes.axvline(threshold, color="#555555", linewidth=1)
    axes.annotate(f"拒答线 {threshold:g}", (threshold, 0.03), (5, 0), textcoords="offset points", color="#555555")


def _refusal(axes: Axes, run: Run) -> None:
    """What every threshold would refuse, with the one in use and what really happened."""
    curve = calibration.tradeoff(run.values)
    axes.plot([100 * p.wrongly for p in curve], [100 * p.rightly for p in curve], color=_COLOURS["answer"], label="换一条拒答线会怎样")
    threshold = run.numbers["threshold"]
    at = calibration.at(run.values, threshold)
    axes.plot(100 * at.wrongly, 100 * at.rightly, "o", color=_COLOURS["answer"], label=f"在用的线 {threshold:g}")
    wrongly, rightly = run.numbers["refused_wrongly"], run.numbers["refused_rightly"]
    if None not in (wrongly, rightly):
        axes.plot(wrongly, rightly, "D", color="#333333", markerfacecolor="none", label="实际（点名法规的问题另有规则）")
    axes.set(xlabel="有答案却拒答（%）", ylabel="没有答案而拒答（%）", xlim=(0, 100), ylim=(0, 102))
    _headed(axes, "拒答线划在哪里", "越靠左上越好", run)
    axes.legend(frameon=False, loc="lower right")


def _latency(axes: Axes, run: Run) -> None:
    """Share of the questions that took at most so long."""
    for fact, part in _TIMES.items():
        if fact in run.values.facts:
            times = sorted(float(each or 0) for each in run.values.facts[fact])
            axes.plot(times, 100 * np.arange(1, len(times) + 1) / len(times), color=_COLOURS[part], label=_times_label(part, times))
    _logarithmic(axes, *axes.dataLim.intervalx)
    axes.set(xlabel="毫秒", ylabel="不超过这么久的问题（%）", ylim=(0, 102))
    machine = run.made.get("machine", {})
    _headed(axes, "用时分布", f"{machine.get('processor', '')}，{machine.get('cores', '?')} 核", run)
    axes.legend(frameon=False, loc="lower right")


def _times_label(part: str, times: Sequence[float]) -> str:
    return f"{_CALLED[part]}：p50 {percentile(times, 50):.0f}，p95 {percentile(times, 95):.0f} 毫秒"


PICTURES: Mapping[str, tuple[frozenset[str], Callable[[Any, Run], None]]] = {
    "recall": (frozenset({"relevant"}), _recall),
    "calibration": (frozenset({"confidence"}), _reliability),
    "refusal": (frozenset({"confidence", "answerable"}), _refusal),
    "latency": (frozenset({"search_ms"}), _latency),
}


# --- drawing ----------------------------------------------------------------------------------------------------


@contextmanager
def _picture(file: Path) -> Iterator[Axes]:
    """An empty picture that is written when the block ends. Raises PlotsNotInstalled."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlotsNotInstalled from error
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it lists every font that is not here
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the viewer has it
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        yield figure.add_subplot()
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, format="svg", metadata={"Date": None})


def _headed(axes: Axes, title: str, about: str, run: Run) -> None:
    """The title, and below it what was measured, when and with which version."""
    version = f"，{run.made['commit']}" if run.made["commit"] else ""
    axes.set_title(f"{title}\n", fontsize=14)
    axes.text(0, 1.03, f"{run.command}：{about}；{run.made['date']}{version}", transform=axes.transAxes, fontsize=9, color="#666666")


def _logarithmic(axes: Axes, low: float, high: float) -> None:
    """A horizontal axis with 1, 2, 5, 10, 20 … marked, as far as they lie between the bounds."""
    axes.set_xscale("log")
    marks = (digit * 10**power for power in range(7) for digit in (1, 2, 5))
    shown = [mark for mark in marks if low <= mark <= high]
    axes.set_xticks(shown, [str(mark) for mark in shown])
    axes.minorticks_off()
