"""`shegong model`: download better models in a step of its own, and see which are on this computer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from assistant.chinese_help import ChineseCommand, ChineseGroup
from kb.errors import ModelError
from kb.model_folder import MODEL_KIND_NAMES, UNFINISHED, ModelFolder, ModelKind, models_in
from kb.settings import Settings, load_settings

app = typer.Typer(cls=ChineseGroup, help="下载和查看向量模型、重排模型。", no_args_is_help=True)
out, err = Console(), Console(stderr=True)

_TABLES = {"embedding": "embedding", "reranker": "reranking"}


@app.command(cls=ChineseCommand)
def fetch(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="模型的名字，如 BAAI/bge-small-zh-v1.5。")],
    source: Annotated[str, typer.Option("--from", help="从哪里下载：modelscope、hf-mirror，或 Hugging Face 镜像的网址。")] = "modelscope",
    to: Annotated[Path | None, typer.Option(help="放到哪个文件夹；不写就放在资料文件夹的 models 里。")] = None,
) -> None:
    """下载一个模型；中断了再运行一次会接着下载，每个文件都核对校验值。"""
    from kb import model_fetch
    from kb.model_hub import hub_called

    models = to.absolute() if to else load_settings(context.obj).models_folder
    with _bytes_progress() as show:
        folder = model_fetch.fetch(name, hub_called(source), models, progress=show)
    out.print(f"已下载到 {folder.path}", highlight=False, markup=False)
    kind = folder.kind
    folder.check(kind)
    for line in _advice(folder, kind, str(folder.path.as_posix()) if to else name):
        out.print(line, highlight=False, markup=False)


@app.command("list", cls=ChineseCommand)
def list_models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，供程序读取。")] = False,
) -> None:
    """列出已下载的模型，和正在使用的。"""
    settings = load_settings(context.obj)
    rows = [_row(settings, folder) for folder in models_in(settings.models_folder)]
    in_use = [("向量模型", settings.embedding.model or "builtin"), ("重排模型", settings.reranking.model or "（没有设置）")]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for what, name in in_use:
        out.print(f"正在使用的{what}：{name}", highlight=False, markup=False)
    _print_rows(rows)


# --- inside -----------------------------------------------------------------------------------------------------


def _advice(folder: ModelFolder, kind: ModelKind, written: str) -> list[str]:
    """What to put into the settings so that the model is used."""
    if kind == "other":
        return [f"注意：{folder.name} 不是向量模型或重排模型，在这里用不上。"]
    lines = ["要使用它，请在 shegong.toml 里写：", "", f"[{_TABLES[kind]}]", f'model = "{written}"', ""]
    return lines + (["然后运行 shegong reindex 重建索引。"] if kind == "embedding" else ["下次查询起生效。"])


def _row(settings: Settings, folder: ModelFolder) -> dict[str, Any]:
    used = folder.name in (settings.embedding.model, settings.reranking.model)
    return {"name": folder.name, "kind": _kind_or_fault(folder), "bytes": folder.size, "in_use": used}


def _kind_or_fault(folder: ModelFolder) -> str:
    if (folder.path / UNFINISHED).exists():
        return "没有下载完"
    try:
        return MODEL_KIND_NAMES[folder.kind]
    except ModelError:
        return "已损坏"


def _print_rows(rows: list[dict[str, Any]]) -> None:
    if not rows:
        out.print("还没有下载过模型。下载：shegong model fetch BAAI/bge-small-zh-v1.5", highlight=False)
        return
    table = Table("名字", "种类", "大小", "")
    for row in rows:
        table.add_row(escape(row["name"]), row["kind"], f"{row['bytes'] / 1e6:.0f} MB", "在用" if row["in_use"] else "")
    out.print(table)


@contextmanager
def _bytes_progress() -> Iterator[Any]:
    """A function (bytes done, bytes in all, file) that shows a progress bar on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("查看文件列表", total=None)
        yield lambda done, total, file: bar.update(task, completed=done, total=total, description=escape(file[-40:]))
