"""The command line `shegong`. Each command opens what it needs, calls one function of the library and prints."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from assistant import background_writing, model_commands, printing, question_commands
from assistant.answering import Assistant
from assistant.chinese_help import ChineseCommand, ChineseGroup, usage_error
from assistant.evidence import calibration_for
from assistant.language_model import language_model_for
from assistant.terminal import err, opened, out, print_json, progress
from kb.errors import SettingsError, ShegongError
from kb.knowledge_base import KnowledgeBase
from kb.models import KIND_NAMES, Asker, Kind
from kb.regions import resolve_region
from kb.settings import Settings, load_settings

app = typer.Typer(
    cls=ChineseGroup,
    help="社工知库：乡镇社工站的政策与实务助手，回答都注明出处。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(model_commands.app, name="model")
app.add_typer(question_commands.app, name="questions")

KindOption = Annotated[str, typer.Option(help=f"资料类别：{'、'.join(f'{k}（{v}）' for k, v in KIND_NAMES.items())}。")]
RegionOption = Annotated[str, typer.Option(help="地区，如 安徽省/安庆市、皖、安庆。")]
DayOption = Annotated[str, typer.Option(help="按哪一天的规定回答，如 2018-06-01；不写就是今天。")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON，供程序读取。")]


@app.callback()
def _settings(
    context: typer.Context,
    settings: Annotated[Path | None, typer.Option(help="设置文件；不写就用当前文件夹里的 shegong.toml。")] = None,
) -> None:
    context.obj = settings


@app.command(cls=ChineseCommand)
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="监听地址；不写就用设置里的（默认只在本机）。")] = "",
    port: Annotated[int | None, typer.Option(help="端口；不写就用设置里的（默认 7860）。", min=0, max=65535)] = None,
) -> None:
    """打开网页版助手；第一次会先收录自带资料。"""
    from assistant import starter
    from assistant.ui.app import serve as serve_page

    settings = load_settings(context.obj)
    server = settings.server
    wanted = server.model_copy(update={"host": host or server.host, "port": server.port if port is None else port})
    settings = settings.model_copy(update={"server": wanted})
    with progress("收录自带资料") as show, opened(settings) as knowledge_base:
        starter.load(knowledge_base, show)
    serve_page(settings)


@app.command(cls=ChineseCommand)
def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="要问的话，如 低保申请多久能批下来。")],
    region: RegionOption = "",
    day: DayOption = "",
    explain: Annotated[bool, typer.Option("--explain", help="列出据以判断资料够不够的各项。")] = False,
    as_json: JsonOption = False,
) -> None:
    """提问，得到注明出处的回答。"""
    if not question.strip():
        raise SettingsError("问题是空的。请写下要问的话再试。")
    settings = load_settings(context.obj)
    with opened(settings) as knowledge_base:
        calibration = calibration_for(settings.data_folder)
        assistant = Assistant(knowledge_base, language_model_for(settings.llm), calibration)
        answer = assistant.answer(question, _asker(settings, region, day))
    print_json(printing.answer_as_dict(answer)) if as_json else printing.print_answer(out, answer)
    if explain and not as_json:
        printing.print_signs(out, answer, calibration)


@app.command(cls=ChineseCommand)
def search(
    context: typer.Context,
    words: Annotated[str, typer.Argument(help="要找的词句。")],
    kind: KindOption = "",
    region: RegionOption = "",
    day: DayOption = "",
    limit: Annotated[int, typer.Option(help="最多列出几条。", min=1, max=100)] = 10,
    include_invalid: Annotated[bool, typer.Option("--include-invalid", help="连同已废止、已修改的一起找。")] = False,
    as_json: JsonOption = False,
) -> None:
    """查找资料里的段落。"""
    settings = load_settings(context.obj)
    with opened(settings) as knowledge_base:
        asker = _asker(settings, region, day, kind, include_invalid=include_invalid)
        hits = knowledge_base.search(words, asker, limit).hits
    print_json([printing.hit_as_dict(hit) for hit in hits]) if as_json else printing.print_hits(out, hits)


@app.command(cls=ChineseCommand)
def similar(
    context: typer.Context,
    situation: Annotated[str, typer.Argument(help="情况描述，或写着情况的文件（TXT、Markdown、HTML、PDF、DOCX）。")],
    region: RegionOption = "",
    limit: Annotated[int, typer.Option(help="最多列出几个案例。", min=1, max=100)] = 5,
    as_json: JsonOption = False,
) -> None:
    """找与一个情况相似的案例，每个案例列出最相近的一段。"""
    settings = load_settings(context.obj)
    text = _written(situation, settings)
    with opened(settings) as knowledge_base:
        hits = knowledge_base.similar(text, _asker(settings, region, ""), limit)
    print_json([printing.hit_as_dict(hit) for hit in hits]) if as_json else printing.print_hits(out, hits)


@app.command(cls=ChineseCommand)
def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="文件或文件夹，可以写多个。")],
    kind: KindOption = "",
    region: RegionOption = "",
    as_json: JsonOption = False,
) -> None:
    """收录文件或整个文件夹（Markdown、TXT、HTML、PDF、DOCX）。"""
    from ingest.pipeline import Options, find_files, take_in

    settings = load_settings(context.obj)
    options = Options(_kind(kind), _region(region) if region else "", settings.limits.max_file_mb * 1_000_000)
    files = find_files(paths)
    if not files:
        raise SettingsError("这些文件夹里没有可以收录的文件。请检查路径。")
    with progress("收录") as show, opened(settings) as knowledge_base:
        if settings.writes_questions:
            knowledge_base.questions.new_from(knowledge_base.newest_passage())
        report = take_in(knowledge_base, files, options, progress=show)
    print_json(printing.report_as_dict(report)) if as_json else printing.print_report(out, report)
    if settings.writes_questions:
        background_writing.start_writing(settings, context.obj)
        err.print("正在后台为新资料拟问题。查看：shegong questions list --waiting", highlight=False)
    if report.failures and len(report.failures) == len(report.files):
        raise typer.Exit(1)


@app.command(cls=ChineseCommand)
def documents(
    context: typer.Context,
    words: Annotated[str, typer.Argument(help="只列标题、文号或机关含这些字的资料。")] = "",
    kind: KindOption = "",
    as_json: JsonOption = False,
) -> None:
    """列出已收录的资料。"""
    settings = load_settings(context.obj)
    with opened(settings) as knowledge_base:
        rows = printing.document_rows(knowledge_base, words, _kind(kind), date.today())
    print_json([row.as_dict() for row in rows]) if as_json else printing.print_documents(out, rows)


@app.command(cls=ChineseCommand)
def remove(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(help="资料编号（documents 列出的）、文件路径，或完整标题。")],
    as_json: JsonOption = False,
) -> None:
    """移除资料；原文件不会被删除。"""
    settings = load_settings(context.obj)
    with opened(settings) as knowledge_base:
        sources = sorted({source for name in names for source in _sources_of(knowledge_base, name)})
        knowledge_base.remove(sources)
    print_json({"removed": sources}) if as_json else out.print(f"已移除 {len(sources)} 份资料。", highlight=False)


@app.command(cls=ChineseCommand)
def reindex(context: typer.Context) -> None:
    """重建索引（换了向量模型或词典之后，或索引损坏时）。"""
    settings = load_settings(context.obj)
    with progress("重建索引") as show, opened(settings) as knowledge_base:
        count = knowledge_base.reindex(lambda done, total: show(done, total, ""))
    out.print(f"索引已重建，共 {count} 段。", highlight=False)


# --- inside -----------------------------------------------------------------------------------------------------


def _asker(settings: Settings, region: str, day: str, kind: str = "", *, include_invalid: bool = False) -> Asker:
    kinds: frozenset[Kind] = frozenset([wanted]) if (wanted := _kind(kind)) else frozenset()
    return Asker(_region(region or settings.region), _day(day), kinds, include_invalid)


def _written(text_or_file: str, settings: Settings) -> str:
    """The words themselves, or those of the file that is named. Raises FileError."""
    from ingest.readers import SUFFIXES, read

    if Path(text_or_file).suffix.lower() not in SUFFIXES:
        return text_or_file
    content = read(Path(text_or_file), max_bytes=settings.limits.max_file_mb * 1_000_000)
    return "\n".join(block.text for block in content.blocks)


def _kind(name: str) -> Kind | None:
    found = next((k for k, chinese in KIND_NAMES.items() if name in (k, chinese)), None)
    if name and found is None:
        raise SettingsError(f"没有“{name}”这一类资料。可以写：{'、'.join(KIND_NAMES)}。")
    return found  # type: ignore[return-value]


def _region(name: str) -> str:
    found = resolve_region(name)
    if found is None:
        raise SettingsError(f"不认识地区“{name}”。请写省名或“省/市”，如 安徽省/安庆市。")
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else date.today()
    except ValueError as error:
        raise SettingsError(f"日期“{text}”看不懂。请写成 2018-06-01 这样。") from error


def _sources_of(knowledge_base: KnowledgeBase, name: str) -> list[str]:
    titles = {summary.id: summary.title for summary in knowledge_base.summaries()}
    path = str(Path(name).resolve())
    found = [
        record.source
        for record in knowledge_base.sources().values()
        if record.source in (name, path)
        or titles.get(record.document_id) == name.strip("《》")
        or (len(name) >= 6 and record.document_id.startswith(name))
    ]
    if not found:
        raise SettingsError(f"没有找到资料“{name}”。请用 shegong documents 查看编号、标题和路径。")
    return found


def main() -> None:
    """Run the command line; every error a person can act on ends as one Chinese sentence and exit code 1 or 2."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # Windows consoles in GBK
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except ShegongError as error:
        err.print(str(error), style="red", highlight=False, markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("已停止。已经写入的资料完好，再次运行会接着做。", highlight=False)
        sys.exit(130)
    except Exception as error:  # Typer's own errors carry an exit code; anything else is a bug and shows its trace
        if not hasattr(error, "exit_code"):
            raise
        if hasattr(error, "format_message"):
            err.print(usage_error(error), style="red", highlight=False, markup=False)
        sys.exit(error.exit_code)
