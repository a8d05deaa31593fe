"""Printing the report, and the command itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from eval.corpus_check.catalog import catalog
from eval.corpus_check.checks import Report, check
from eval.corpus_check.law_texts import read_laws
from kb.errors import FileMissing

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
LAWS = CORPUS.parent.parent / "shared" / "corpus" / "laws"


def print_report(report: Report, console: Console) -> None:
    """One line per problem and a closing line of counts."""
    for problem in sorted(report.problems, key=lambda p: (p.file, p.line)):
        color, mark = ("yellow", "提醒") if problem.warning else ("red", "要改")
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        start = f"  {problem.start}" if problem.start else ""
        line = f"[bold]{escape(place)}[/]{escape(start)}  [{color}]{mark}[/] {escape(problem.reason)}"
        console.print(line, soft_wrap=True)
    wrong = sum(not problem.warning for problem in report.problems)
    console.print(
        f"文件 {report.files} 篇，句子 {report.statements} 句，核对引用 {report.references} 处，"
        f"要改 {wrong} 处，提醒 {len(report.problems) - wrong} 处。"
    )


def main(
    files: Annotated[list[Path] | None, typer.Argument(help="只查这些文件；不写就查全部")] = None,
    corpus: Annotated[Path, typer.Option(help="语料文件夹")] = CORPUS,
    laws: Annotated[Path, typer.Option(help="参考文本文件夹")] = LAWS,
    write_catalog: Annotated[bool, typer.Option("--write-catalog", help="同时写 catalog.toml")] = False,
) -> None:
    """逐条核对自带语料与参考文本。"""
    console = Console(highlight=False)
    try:
        texts = read_laws(laws, date.today())
        report = check(corpus, texts, only=files or ())
        if write_catalog:
            (corpus / "catalog.toml").write_text(catalog(corpus, texts), encoding="utf-8")
    except FileMissing as error:
        console.print(f"[red]{escape(str(error))}[/]")
        raise typer.Exit(1) from error
    print_report(report, console)
    raise typer.Exit(1 if report.failed else 0)

