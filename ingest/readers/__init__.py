"""One reader per file format; `read` chooses by content first, by suffix only among text formats."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ingest.blocks import FileContent
from ingest.readers.docx import read_docx
from ingest.readers.html import looks_like_html, read_html
from ingest.readers.markdown import read_markdown
from ingest.readers.pdf import read_pdf
from ingest.readers.text import decode, read_text
from kb.errors import DamagedFile, EmptyFile, EncryptedFile, FileMissing, FileTooLarge, UnknownFormat

READERS: Mapping[str, Callable[[bytes], FileContent]] = {
    "pdf": read_pdf,
    "docx": read_docx,
    "html": read_html,
    "markdown": read_markdown,
    "text": read_text,
}
SUFFIXES: Mapping[str, str] = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
}
_DATA_SUFFIXES = frozenset(
    {
        ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".log", ".py", ".js", ".ts",
        ".css", ".sh", ".bat", ".sql", ".ipynb", ".lock", ".tmp", ".bak",
    }
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONVERT = "目前能收录 PDF、DOCX、HTML、Markdown 和 TXT。请用 Word 或 WPS 打开，另存为 DOCX 或 PDF 后再收录。"


def read(path: Path, *, max_bytes: int = 200_000_000) -> FileContent:
    """Read one file as blocks. Raises a FileError whose Chinese message does not name the path."""
    data = _bytes(path, max_bytes)
    content = READERS[_format(path, data)](data)
    if not any(block.text.strip() for block in content.blocks):
        raise EmptyFile("文件里没有文字。请检查是否存错了文件。")
    return content


def _bytes(path: Path, max_bytes: int) -> bytes:
    if path.name.startswith(("~$", "._", ".~")):
        raise UnknownFormat("这是办公软件的临时文件，已跳过。")
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise FileTooLarge(f"文件有 {size / 1e6:.0f} MB，超过上限 {max_bytes / 1e6:.0f} MB。请拆分后再收录，或调大设置 limits.max_file_mb。")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FileMissing("找不到这个文件。请检查路径。") from error
    except PermissionError as error:
        raise FileMissing("没有权限读取这个文件。请检查文件权限。") from error
    except OSError as error:
        raise FileMissing(f"文件无法读取（{error.strerror}）。请检查磁盘或网络盘是否正常。") from error
    if not data.strip():
        raise EmptyFile("文件是空的（0 字节或只有空白）。请检查是否下载或保存不完整。")
    return data


def _format(path: Path, data: bytes) -> str:
    if data[:1024].lstrip().startswith(b"%PDF") or b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _zip_format(path)
    if data.startswith(_OLE):
        raise _ole_error(data)
    suffix = path.suffix.lower()
    if suffix in (".pdf", ".docx"):
        raise DamagedFile("文件内容与后缀不符，已损坏或不完整。请重新下载或重新导出后再收录。")
    if suffix in _DATA_SUFFIXES and not looks_like_html(data):
        raise UnknownFormat(f"这是数据或程序文件，不是可以阅读的资料，没有收录。{_CONVERT}")
    if _is_binary(data):
        raise UnknownFormat(f"文件不是文字，无法识别它的格式。{_CONVERT}")
    if suffix in SUFFIXES and SUFFIXES[suffix] != "text":
        return SUFFIXES[suffix]
    return "html" if looks_like_html(data) else "text"


def _zip_format(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DamagedFile("文件不完整，打不开。请重新下载或重新导出后再收录。") from error
    if any(name.startswith("word/") for name in names):
        return "docx"
    raise UnknownFormat(f"这是压缩包、表格或演示文稿，暂时不能收录。{_CONVERT}")


def _ole_error(data: bytes) -> Exception:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return EncryptedFile("文件设有打开密码。请在 Word 或 WPS 里去掉密码、另存后再收录。")
    return UnknownFormat(f"这是旧版 Office 或 WPS 格式。{_CONVERT}")


def _is_binary(data: bytes) -> bool:
    head = data[:65536]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return False
    if b"\x00" in head:
        return True
    text = decode(data[:8192])
    odd = sum(1 for c in text if (ord(c) < 32 and c not in "\t\n\r\f") or c == "�" or 0xE000 <= ord(c) < 0xF900)
    return odd > 0.05 * len(text)
