"""One reader per file format; `read` chooses by content first, by suffix only among text formats."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ingest.blocks import FileContent
from ingest.readers.docx import read_docx
from ingest.readers.html import looks_like_html, read_html
from ingest.readers.markdown import read_markdown
from ingest.readers.pdf import read_pdf
from ingest.readers.text import decode, read_text, utf16_without_mark
from kb.errors import DamagedFile, EmptyFile, EncryptedFile, FileError, FileMissing, FileTooLarge, UnknownFormat

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
_NOT_DOCUMENTS: Mapping[str, str] = {
    "数据文件": ".tsv .csv .json .jsonl .xml .yml .yaml .sql .db .sqlite .sqlite3 .parquet .geojson .log .tmp .bak",
    "程序或设置文件": (
        ".py .js .mjs .ts .tsx .jsx .vue .css .scss .less .java .c .h .cpp .go .rs .php .rb .sh .bat .cmd .ps1 .toml .ini .cfg"
        " .conf .env .lock .map .gitignore .gitattributes .editorconfig .dockerignore .svg .tex .ipynb"
    ),
    "图片": ".jpg .jpeg .png .gif .bmp .tif .tiff .webp .heic",
    "音频或视频": ".mp3 .wav .m4a .amr .mp4 .mov .avi .mkv .wmv .flv",
    "压缩包": ".rar .7z .gz .tar .xz .bz2 .zip",
    "其他格式的文稿": ".rtf .mht .mhtml .eml .epub .mobi .caj .ofd",
}
_KIND_OF_SUFFIX = {suffix: kind for kind, suffixes in _NOT_DOCUMENTS.items() for suffix in suffixes.split()}
_ADVICE = {
    "数据文件": "若其中有要收录的文字，请存为 TXT 或 DOCX。",
    "程序或设置文件": "若其中有要收录的文字，请存为 TXT 或 DOCX。",
    "图片": "请先做文字识别（OCR），把文字存为 TXT 或 DOCX 后再收录。",
    "音频或视频": "请先转写成文字，存为 TXT 或 DOCX 后再收录。",
    "压缩包": "请先解压，再收录里面的文件。",
    "其他格式的文稿": "请用 Word、WPS 或浏览器打开，另存为 DOCX 或 PDF 后再收录。",
}
_OFFICE_ZIPS = (("xl/", "电子表格"), ("ppt/", "演示文稿"), ("content.xml", "OpenDocument 文稿"))
_OLE_STREAMS = (
    ("WordDocument", "旧版 Word（.doc、.wps）"),
    ("Workbook", "旧版 Excel（.xls、.et）"),
    ("PowerPoint Document", "旧版 PPT（.ppt、.dps）"),
)
_FRONT_MATTER = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*---[ \t]*\r?\n(?:(?:[\w-]+[ \t]*:|[ \t]+\S|-[ \t]).*\n|[ \t]*\r?\n)+---[ \t]*\r?\n")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONVERT = "目前能收录 PDF、DOCX、HTML、Markdown 和 TXT。请用 Word 或 WPS 打开，另存为 DOCX 或 PDF 后再收录。"
_ODD = re.compile("[\x00-\x08\x0b\x0e-\x1f\ufffd\ue000-\uf8ff]")
_NO_TEXT = "文件里没有文字，可能只有图片或附件。请检查是否存错了文件。"


def read(path: Path, *, max_bytes: int = 200_000_000) -> FileContent:
    """Read one file as blocks. Raises a FileError whose Chinese message does not name the path."""
    data = _bytes(path, max_bytes)
    content = READERS[_format(path, data)](data)
    if not any(block.text.strip() for block in content.blocks):
        raise EmptyFile(_NO_TEXT)
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
    suffix = path.suffix.lower() or path.name.lower()
    if data[:1024].lstrip().startswith(b"%PDF") or b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _zip_format(path)
    if data.startswith(_OLE):
        raise _ole_error(data)
    if suffix in (".pdf", ".docx", ".xlsx", ".pptx"):
        raise DamagedFile("文件内容与后缀不符，已损坏或不完整。请重新下载或重新导出后再收录。")
    if data.startswith(b"{\\rtf") or (suffix in _KIND_OF_SUFFIX and not looks_like_html(data)):
        raise _not_a_document(_KIND_OF_SUFFIX.get(suffix, "其他格式的文稿"), suffix)
    if _is_binary(data):
        raise UnknownFormat(f"文件不是文字，无法识别它的格式。{_CONVERT}")
    return _text_format(suffix, data)


def _text_format(suffix: str, data: bytes) -> str:
    named = SUFFIXES.get(suffix, "text")
    if named != "text":
        return named
    if _FRONT_MATTER.match(data[:4096]):
        return "markdown"
    return "html" if looks_like_html(data) else "text"


def _not_a_document(kind: str, suffix: str) -> UnknownFormat:
    return UnknownFormat(f"这是{kind}（{suffix}），不能收录。{_ADVICE[kind]}")


def _zip_format(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DamagedFile("文件不完整，打不开。请重新下载或重新导出后再收录。") from error
    if any(name.startswith("word/") for name in names):
        return "docx"
    kind = next((kind for start, kind in _OFFICE_ZIPS if any(name.startswith(start) for name in names)), "")
    if kind:
        raise UnknownFormat(f"这是{kind}，暂时不能收录。{_CONVERT}")
    raise _not_a_document("压缩包", path.suffix.lower() or "ZIP")


def _ole_error(data: bytes) -> FileError:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return EncryptedFile("文件设有打开密码。请在 Word 或 WPS 里去掉密码、另存后再收录。")
    kind = next((kind for name, kind in _OLE_STREAMS if name.encode("utf-16-le") in data), "旧版 Office 或 WPS")
    return UnknownFormat(f"这是{kind}格式，暂时不能收录。{_CONVERT}")


def _is_binary(data: bytes) -> bool:
    head = data[:65536]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return False
    if b"\x00" in head:
        return utf16_without_mark(data) is None
    text = decode(data[:8192])
    return len(_ODD.findall(text)) > 0.05 * len(text)
