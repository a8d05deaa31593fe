"""Plain text in any Chinese encoding."""

from __future__ import annotations

import codecs

from ingest.blocks import Block, FileContent

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SENTENCE_ENDS = "。！？；：…”）》」.!?;:"


def decode(data: bytes) -> str:
    """Bytes as text: byte-order mark, else strict UTF-8, else strict GB18030, else the likeliest encoding.

    A detector comes last because it gets short GBK texts wrong.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            text = codecs.getincrementaldecoder(encoding)("strict").decode(data)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or not _looks_like_big5(data, text):
            return text
    return _detected(data)


def _looks_like_big5(data: bytes, as_gb18030: str) -> bool:
    """Big5 bytes are often valid GB18030 but then give rare characters; common ones sit in GB2312's first level."""
    chinese = [c for c in as_gb18030[:4000] if "一" <= c <= "鿿" or "" <= c <= ""]
    rare = sum(1 for c in chinese if not _is_common(c))
    return len(chinese) > 20 and rare > 0.25 * len(chinese)


def _is_common(character: str) -> bool:
    try:
        return 0xB0 <= character.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        return False


def _detected(data: bytes) -> str:
    try:
        return data.decode("big5")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(data[:200_000]).best()
        return data.decode(best.encoding if best else "utf-8", errors="replace")


def read_text(data: bytes) -> FileContent:
    """One block per line; tells whether the lines are those of a printed page."""
    lines = decode(data).splitlines()
    return FileContent(tuple(Block(line) for line in lines), "text", lines_broken=_hard_wrapped(lines))


def _hard_wrapped(lines: list[str]) -> bool:
    """Whether most of the longer lines stop in mid-sentence at about the same width."""
    full = [line.strip() for line in lines if len(line.strip()) >= 15]
    if len(full) < 8:
        return False
    broken = sum(1 for line in full if line[-1] not in _SENTENCE_ENDS)
    widest = sorted(len(line) for line in full)[int(len(full) * 0.9)]
    return broken > 0.6 * len(full) and widest < 120
