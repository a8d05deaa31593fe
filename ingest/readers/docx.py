"""DOCX: paragraphs and tables in document order, tracked changes as their final text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from ingest.blocks import Block, FileContent
from kb.errors import DamagedFile

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MAX_UNPACKED = 500_000_000
_MAX_RATIO = 200


def read_docx(data: bytes) -> FileContent:
    """Blocks of the body; headings by style. Raises DamagedFile for a broken or dangerous archive."""
    _refuse_bombs(data)
    import docx

    try:
        document = docx.Document(io.BytesIO(data))
        blocks = tuple(_blocks(document.element.body, _style_levels(document.styles.element)))
    except Exception as error:  # zipfile, lxml, KeyError and python-docx's own
        raise DamagedFile("Word 文件不完整或已损坏。请在 Word 或 WPS 里打开并另存一份再收录。") from error
    return FileContent(blocks, "docx")


def _refuse_bombs(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            names = archive.namelist()
            texts = [archive.read(n) for n in names if n.endswith("document.xml")] if unpacked < _MAX_UNPACKED else []
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, EOFError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        raise DamagedFile("Word 文件不完整，打不开。请重新下载或重新导出后再收录。") from error
    if unpacked > _MAX_UNPACKED or unpacked > _MAX_RATIO * max(len(data), 10_000):
        raise DamagedFile("文件解压后异常庞大，可能有害，没有收录。请确认来源，另存一份再试。")
    if any(b"<!ENTITY" in text for text in texts):
        raise DamagedFile("文件内含异常的实体定义，可能有害，没有收录。请确认来源，另存一份再试。")


def _style_levels(styles: Any) -> dict[str, int]:
    """The heading level of every style that is a heading, by style id: in Chinese files ids are bare numbers."""
    levels: dict[str, int] = {}
    for style in styles.iter(f"{_W}style"):
        name = style.find(f"{_W}name")
        match = re.fullmatch(r"(?:heading|标题) ?([1-6])", "" if name is None else name.get(f"{_W}val", "").lower())
        if match:
            levels[style.get(f"{_W}styleId", "")] = int(match.group(1))
    return levels


def _blocks(parent: Any, levels: Mapping[str, int]) -> Iterator[Block]:
    for child in parent:
        if child.tag == f"{_W}p":
            yield from _paragraph(child, levels)
        elif child.tag == f"{_W}tbl":
            yield from _table(child)
        elif child.tag == f"{_W}sdt":
            content = child.find(f"{_W}sdtContent")
            yield from _blocks(content, levels) if content is not None else ()


def _paragraph(paragraph: Any, levels: Mapping[str, int]) -> Iterator[Block]:
    level = _level(paragraph, levels)
    for line in _text(paragraph).split("\n"):
        if line.strip():
            yield Block(line, level)
    for box in paragraph.iter(f"{_W}txbxContent"):
        if not any(parent.tag == f"{_MC}Fallback" for parent in box.iterancestors()):
            yield from _blocks(box, levels)


def _level(paragraph: Any, levels: Mapping[str, int]) -> int:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    outline = paragraph.find(f"{_W}pPr/{_W}outlineLvl")
    if outline is not None:
        value = int(outline.get(f"{_W}val", "9"))
        return value + 1 if value < 6 else 0
    return levels.get(style.get(f"{_W}val", ""), 0) if style is not None else 0


_DROPPED = frozenset(f"{_W}{name}" for name in ("del", "moveFrom", "txbxContent", "pPr", "instrText"))


def _text(node: Any) -> str:
    if node.tag in _DROPPED or node.tag == f"{_MC}Fallback":
        return ""
    if node.tag == f"{_W}t":
        return node.text or ""
    if node.tag in (f"{_W}br", f"{_W}cr"):
        return "\n"
    if node.tag == f"{_W}tab":
        return " "
    return "".join(_text(child) for child in node)


def _table(table: Any) -> Iterator[Block]:
    for row in table.iter(f"{_W}tr"):
        cells = []
        for cell in row.findall(f"{_W}tc"):
            merge = cell.find(f"{_W}tcPr/{_W}vMerge")
            if merge is None or merge.get(f"{_W}val") == "restart":
                cells.append(" ".join(t for p in cell.iter(f"{_W}p") if (t := _text(p).replace("\n", " ").strip())))
        if any(cells):
            yield Block(" | ".join(cell for cell in cells if cell))
