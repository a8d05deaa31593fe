"""Plain text in any Chinese encoding."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from ingest.blocks import Block, FileContent

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SENTENCE_ENDS = "。！？；：…”）》」.!?;:"
_FEW_ERRORS = 0.001


def decode(data: bytes) -> str:
    """Bytes as text: byte-order mark, else UTF-8, else GB18030 or Big5, else the likeliest encoding.

    A text cut inside a character still counts as its encoding. A detector comes last because it gets short GBK wrong.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\x00" in data[:65536] and (wide := utf16_without_mark(data)) is not None:
        return wide
    text = _nearly(data, "utf-8")
    return text if text is not None else _chinese(data)


def utf16_without_mark(data: bytes) -> str | None:
    """The text if bytes with NULs are really UTF-16, which Windows tools write without a mark; else None."""
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            sample = data[: 8192 & ~1].decode(encoding)
        except UnicodeDecodeError:
            continue
        readable = sum(1 for c in sample if _is_common(c) or c.isspace() or (c.isascii() and c.isprintable()))
        if readable > 0.7 * len(sample):
            return data[: len(data) & ~1].decode(encoding, errors="replace")
    return None


def _nearly(data: bytes, encoding: str) -> str | None:
    """`data` decoded if all but a stray byte or two in a thousand fits the encoding; else None."""
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(data)
    except UnicodeDecodeError:
        sample = data[:200_000].decode(encoding, errors="replace")
    if sample.count("\ufffd") > max(1, _FEW_ERRORS * len(sample)) or len(sample) < 100:
        return None
    return data.decode(encoding, errors="replace")


def _chinese(data: bytes) -> str:
    """GB18030 or Big5, whichever gives the commoner characters: the bytes of one are often valid in the other."""
    candidates = [text for encoding in ("gb18030", "big5") if (text := _nearly(data, encoding)) is not None]
    if candidates:
        return max(candidates, key=lambda text: common_share(text[:4000]))
    from charset_normalizer import from_bytes

    best = from_bytes(data[:200_000]).best()
    return data.decode(best.encoding if best else "utf-8", errors="replace")


def common_share(text: str) -> float:
    """Share of the Chinese characters that people really write; about 0.98 for prose, 0.3 for mojibake, 1 for none."""
    chinese = [c for c in text if "\u3400" <= c <= "\u9fff" or "\ue000" <= c <= "\ufaff" or c >= "\U00020000"]
    return sum(map(_is_common, chinese)) / len(chinese) if chinese else 1.0


@lru_cache(maxsize=70_000)
def _is_common(character: str) -> bool:
    """Whether the character is in the first level of GB2312 (simplified) or of Big5 (traditional)."""
    for encoding, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)):
        try:
            code = character.encode(encoding)
        except UnicodeEncodeError:
            continue
        if len(code) == 2 and first <= code[0] <= last:
            return True
    return False


def read_text(data: bytes) -> FileContent:
    """One block per line, blank ones included; form feeds count pages; tells whether lines are those of print."""
    pages = decode(data).replace("\x00", "").split("\f")
    blocks: list[Block] = []
    for number, page in enumerate(pages, 1):
        blocks.extend(Block(line, page=number if len(pages) > 1 else None) for line in page.splitlines())
    return FileContent(tuple(blocks), "text", lines_broken=hard_wrapped([block.text for block in blocks]))


def display_width(text: str) -> int:
    """Columns the text takes in print: two for a Chinese character, one for a Latin letter."""
    return len(text) if text.isascii() else sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def hard_wrapped(lines: Sequence[str]) -> bool:
    """Whether most of the longer lines stop in mid-sentence, and stop at about the same width."""
    full = [line for text in lines[:5000] if len(line := text.strip()) >= 15]
    if len(full) < 8:
        return False
    broken = sorted(display_width(line) for line in full if line[-1] not in _SENTENCE_ENDS)
    if len(broken) < 0.6 * len(full):
        return False
    widest = broken[int(len(broken) * 0.95)]
    return widest < 200 and sum(1 for width in broken if width >= 0.85 * widest) > 0.5 * len(broken)
