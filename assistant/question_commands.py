"""`shegong questions`: the site's own questions, added, imported, reviewed, exported, and written by a language model."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from assistant.chinese_help import ChineseCommand, ChineseGroup
from assistant.question_writing import writer_for
from assistant.terminal import opened, out, print_json, progress
from ingest.question_table import Row, RowChecker, read_rows, write_rows
from kb.errors import LanguageModelError, QuestionError, QuestionRowsError, SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.questions import Draft, Review, SiteQuestion, fault_of
from kb.settings import load_settings

app = typer.Typer(cls=ChineseGroup, help="本站的问题：问过的、判定过出处的，和大模型拟的。", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON，供程序读取。")]
IdsArgument = Annotated[list[int], typer.Argument(help="问题的编号（list 列出的），可以写多个。", metavar="编号...")]
_STATE_STYLE = {Review.ADOPTED: "green", Review.WAITING: "yellow", Review.REJECTED: "red"}


@app.command(cls=ChineseCommand)
def add(
    context: typer.Context,
    question: Annotated[str, typer.Option(help="平时的问法，如 低保多久查一次。")],
    title: Annotated[str, typer.Option(help="能回答它的资料的标题。")],
    article: Annotated[str, typer.Option(help="条号，如 第九条；或从那一段里抄一句。")],
    as_json: JsonOption = False,
) -> None:
    """添加一个问题和它的出处，以后问得相近就先给出这一段。"""
    with opened(load_settings(context.obj)) as knowledge_base:
        draft = _checked(knowledge_base, Draft(question.strip(), title.strip(), article.strip()))
        kept = knowledge_base.questions.add([draft], _person())
        if not kept:
            raise QuestionError(_held(knowledge_base, draft))
    print_json(_as_dict(kept[0])) if as_json else out.print(f"已添加，编号 {kept[0].id}。", highlight=False)


@app.command("import", cls=ChineseCommand)
def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV 文件，格式与 python -m eval site 的题目相同。")],
    as_json: JsonOption = False,
) -> None:
    """从 CSV 导入问题；有错的行一次列全，改好之前一行都不导入。"""
    with opened(load_settings(context.obj)) as knowledge_base:
        rows = read_rows(file)
        drafts = _drafts(knowledge_base, rows)
        added = len(knowledge_base.questions.add(drafts, _person()))
    counts = {"added": added, "held": len(drafts) - added, "without_place": len(rows) - len(drafts)}
    if as_json:
        print_json(counts)
        return
    out.print(f"新增 {added} 个，已经有的 {counts['held']} 个。", highlight=False)
    if counts["without_place"]:
        out.print(f"{counts['without_place']} 行没有写条号或片段，或写的是没有答案，没有导入。", highlight=False)


@app.command("list", cls=ChineseCommand)
def list_questions(
    context: typer.Context,
    waiting: Annotated[bool, typer.Option("--waiting", help="只列待审的。")] = False,
    as_json: JsonOption = False,
) -> None:
    """列出问题。"""
    with opened(load_settings(context.obj)) as knowledge_base:
        questions = knowledge_base.questions.all(*([Review.WAITING] if waiting else []))
        titles = frozenset(knowledge_base.documents_by_title())
    if as_json:
        print_json([{**_as_dict(each), "dormant": each.title not in titles} for each in questions])
    else:
        _print(questions, titles)


@app.command(cls=ChineseCommand)
def accept(context: typer.Context, ids: IdsArgument, as_json: JsonOption = False) -> None:
    """采用问题：问得相近时，先给出它的出处。"""
    _review(context, ids, Review.ADOPTED, as_json)


@app.command(cls=ChineseCommand)
def reject(context: typer.Context, ids: IdsArgument, as_json: JsonOption = False) -> None:
    """弃用问题：不再起作用，大模型也不会再拟同样的。"""
    _review(context, ids, Review.REJECTED, as_json)


@app.command(cls=ChineseCommand)
def remove(context: typer.Context, ids: IdsArgument, as_json: JsonOption = False) -> None:
    """删除问题。"""
    with opened(load_settings(context.obj)) as knowledge_base:
        knowledge_base.questions.remove(ids)
    print_json({"removed": ids}) if as_json else out.print(f"已删除 {len(set(ids))} 个问题。", highlight=False)


@app.command(cls=ChineseCommand)
def export(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="要写的 CSV 文件，不覆盖已有的。")]
) -> None:
    """把已采用的问题写成 CSV，可以用 Excel 打开，也可以再导入。"""
    with opened(load_settings(context.obj)) as knowledge_base:
        questions = knowledge_base.questions.all(Review.ADOPTED)
    if not questions:
        raise QuestionError("还没有已采用的问题，没有写文件。")
    write_rows(file, ((each.text, each.title, each.place, "", "有") for each in questions))
    out.print(f"已写出 {len(questions)} 个问题：{file}", highlight=False, markup=False)


@app.command(cls=ChineseCommand)
def write(
    context: typer.Context,
    limit: Annotated[int | None, typer.Option(help="最多为几段资料写。", min=1)] = None,
    only_new: Annotated[bool, typer.Option("--new", help="只为打开自动拟问题以后收录的资料写。")] = False,
    as_json: JsonOption = False,
) -> None:
    """让大模型为资料拟问题，写好的待审；停下以后再运行会接着写。"""
    settings = load_settings(context.obj)
    with progress("拟问题") as show, opened(settings) as knowledge_base:
        writer = writer_for(settings, knowledge_base)
        if writer is None:
            raise SettingsError("还没有设置大模型。请在 shegong.toml 的 [llm] 里写 base_url 和 model 再试。")
        try:
            written = writer.run(only_new=only_new, limit=limit, progress=show)
        except LanguageModelError as error:
            raise LanguageModelError(f"大模型没有写完（{error}）。写好的已经留下，再运行一次会接着写。") from error
    if as_json:
        print_json(vars(written))
        return
    out.print(f"看了 {written.passages} 段资料，留下 {written.kept} 个问题待审，{written.refused} 个不合要求或重复的没有留。", highlight=False)
    if written.kept:
        out.print("查看：shegong questions list --waiting，采用：shegong questions accept 编号", highlight=False)


# --- inside -----------------------------------------------------------------------------------------------------


def _checked(knowledge_base: KnowledgeBase, draft: Draft) -> Draft:
    """The draft, its place found in what is held. Raises QuestionError."""
    checker = RowChecker(knowledge_base)
    _find(checker, Row(0, draft.text, draft.title, draft.place, "", ""), draft)
    if checker.problems:
        raise QuestionError("；".join(checker.problems))
    return draft


def _drafts(knowledge_base: KnowledgeBase, rows: Sequence[Row]) -> list[Draft]:
    """The rows that name a place. Raises QuestionRowsError that lists every row to be changed."""
    checker = RowChecker(knowledge_base)
    drafts = []
    for row in rows:
        checker.check(row)
        if row.answerable and row.place:
            drafts.append(Draft(row.question, row.title, row.place))
            _find(checker, row, drafts[-1])
    if checker.problems:
        raise QuestionRowsError(checker.problems)
    return drafts


def _find(checker: RowChecker, row: Row, draft: Draft) -> None:
    """Note why a question can not be kept: its own words, its title, its place."""
    if fault := fault_of(draft):
        checker.problem(row, fault)
    elif passages := checker.passages(row):
        checker.right(row, passages)


def _held(knowledge_base: KnowledgeBase, draft: Draft) -> str:
    held = knowledge_base.questions.held(draft)
    if held is None or held.state is Review.ADOPTED:
        return "这个问题和出处已经有了，没有再添加。"
    return f"这个问题和出处已经有了（编号 {held.id}，{held.state}）。要采用它，请运行 shegong questions accept {held.id}。"


def _review(context: typer.Context, ids: list[int], state: Review, as_json: bool) -> None:
    with opened(load_settings(context.obj)) as knowledge_base:
        knowledge_base.questions.review(ids, state)
    print_json({"ids": ids, "state": state}) if as_json else out.print(f"{len(set(ids))} 个问题：{state}。", highlight=False)


def _person() -> str:
    """Who sits at this computer, as it knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container without user names, Windows without pwd
        return "管理员"


def _as_dict(question: SiteQuestion) -> dict[str, Any]:
    return {**vars(question), "origin": str(question.origin), "state": str(question.state)}


def _print(questions: Sequence[SiteQuestion], titles: frozenset[str]) -> None:
    table = Table("编号", "状态", "来源", "问题", "出处", "日期", "由谁")
    for each in questions:
        style = _STATE_STYLE[each.state]
        sleeps = "" if each.title in titles else "（资料没有收录）"
        place = escape(f"《{each.title}》{each.place[:30]}{sleeps}")
        table.add_row(str(each.id), f"[{style}]{each.state}[/{style}]", each.origin, escape(each.text), place, str(each.day), escape(each.by))
    out.print(table)
    out.print(f"共 {len(questions)} 个。", highlight=False)
