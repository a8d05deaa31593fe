"""PDF with a text layer, parsed in a child process: a hostile file can cost memory and minutes, never the parent."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from ingest.blocks import Block, FileContent
from kb.errors import DamagedFile, EncryptedFile, NeedsOcr

TIME_LIMIT_S = 55
MEMORY_LIMIT_BYTES = 2_500_000_000
_COMMON_SIGNS = frozenset("·×÷°±§«»²³¼½¾")
_CHINESE = re.compile(r"[一-鿿]")


def read_pdf(data: bytes) -> FileContent:
    """One block per printed line with its page. Raises EncryptedFile, NeedsOcr or DamagedFile."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "in.pdf"
        file.write_bytes(data)
        pages = _pages_in_child(file)
    lines = [Block(line, page=number) for number, page in enumerate(pages, 1) for line in page.splitlines() if line.strip()]
    if sum(len(block.text.strip()) for block in lines) < 10 * max(1, len(pages)) ** 0.5:
        raise NeedsOcr("这份 PDF 像是扫描件，页面是图片，没有可用的文字。请先做文字识别（OCR），另存为带文字的 PDF 再收录。")
    if garbled("".join(block.text for block in lines)):
        raise NeedsOcr("这份 PDF 的文字层已损坏，读出来是乱码，没有收录。请重新导出，或做文字识别（OCR）后再收录。")
    return FileContent(tuple(lines), "pdf", lines_broken=True)


def _pages_in_child(file: Path) -> list[str]:
    command = [sys.executable, "-m", "ingest.readers.pdf_worker", str(file)]
    root = Path(__file__).resolve().parents[2]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIME_LIMIT_S, cwd=root)
    except subprocess.TimeoutExpired as error:
        raise DamagedFile(f"这份 PDF 过于复杂，{TIME_LIMIT_S} 秒内没有读完，已停止。请重新导出或拆分后再收录。") from error
    if done.returncode == 3:
        raise EncryptedFile("这份 PDF 设有打开密码。请去掉密码、另存后再收录。")
    try:
        pages: list[str] = json.loads(done.stdout)
    except ValueError as error:
        raise DamagedFile("这份 PDF 不完整或已损坏，打不开。请重新下载或重新导出后再收录。") from error
    return pages


def garbled(text: str) -> bool:
    """Whether a text layer is mojibake: private-use or replacement characters, Hangul, accented letters where Chinese
    should stand (a font without a Unicode map), or one character in long runs.
    """
    letters = [c for c in text if not c.isspace()]
    if not letters:
        return False
    odd = sum(1 for c in letters if 0xE000 <= ord(c) < 0xF900 or c == "�" or 0xAC00 <= ord(c) < 0xD7B0)
    accented = sum(1 for c in letters if "\u00a1" <= c <= "\u036f" and c not in _COMMON_SIGNS)
    chinese = "".join(_CHINESE.findall(text))
    repeated = sum(1 for a, b, c in zip(chinese, chinese[1:], chinese[2:], strict=False) if a == b == c)
    runs = len(chinese) > 8 and repeated > max(3, 0.08 * len(chinese))
    return odd > 0.15 * len(letters) or accented > 0.08 * len(letters) or runs
