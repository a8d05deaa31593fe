"""Markdown with front matter, as note collections and law repositories write it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.blocks import Block, FileContent
from ingest.readers.html import table_rows
from ingest.readers.text import decode

_HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(\S.*?)\s*#*\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL | re.IGNORECASE)
_URL = r"\((?:[^()\n]|\([^()\n]*\))*\)"
_IMAGE = re.compile(rf"!\[[^\]\n]*\]{_URL}")
_LINK = re.compile(rf"\[([^\[\]\n]*)\]{_URL}")
_NOTE_MARK = re.compile(r"\[\^[^\]\s]{1,20}\]:?")
_AUTOLINK = re.compile(r"<(https?://[^<>\s]+)>")
_EMPHASIS = re.compile(r"\*\*|~~|(?<!_)__(?!_)|(?<![\\*])\*(?=[^\s*])(?=[^*\n]{1,300}\*)|(?<=[^\s*\\])\*(?=[^*]|$)")
_TAG = re.compile(
    r"</?(?:p|div|span|b|i|u|s|strong|em|font|center|sup|sub|a|img|details|summary|blockquote|mark|del|ins|small|big|hr|h[1-6]"
    r"|table|thead|tbody|tr|td|th|ul|ol|li|svg|path|[A-Z][A-Za-z]+|badge)\b[^<>]*>",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_CONTAINER = re.compile(r"^\s*:{3,}\s*(?:[\w-]+)?\s*(.*)$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_RULE = re.compile(r"^\s*([-*_=])(\s*\1){2,}\s*$")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")
_LIST_OR_QUOTE = re.compile(r"^\s*(?:[-*+]\s+(?:\[[ xX]\]\s+)?|>\s?)+")


def read_markdown(data: bytes) -> FileContent:
    """Headings with their level, list items and table rows as blocks; markup is dropped, words stay."""
    facts, body = split_front_matter(decode(data))
    body = _TABLE.sub(lambda found: "\n".join(["", *table_rows(found.group()), ""]), _COMMENT.sub("", body))
    return FileContent(tuple(_blocks(body.splitlines())), "markdown", title=facts.get("title", ""), facts=facts)


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """The `key: value` pairs between the leading --- lines (lists joined by newlines) and the rest of the text."""
    text = text.removeprefix("\ufeff").lstrip("\n\r")
    parts = re.split(r"^---\s*$", text, maxsplit=2, flags=re.MULTILINE)
    if len(parts) < 3 or parts[0].strip():
        return {}, text
    facts: dict[str, str] = {}
    key = ""
    for line in parts[1].splitlines():
        item = re.match(r"^\s*-\s+(.*)$", line)
        pair = re.match(r"^([\w-]+)\s*[:：]\s*(.*)$", line)
        if item and key:
            facts[key] = f"{facts[key]}\n{_value(item.group(1))}".strip()
        elif pair:
            key = pair.group(1)
            facts[key] = _value(pair.group(2))
    return facts, parts[2]


def _value(text: str) -> str:
    text = re.sub(r"(?:^|\s+)#\s.*$", "", text).strip()
    if text.startswith("[") and text.endswith("]"):
        return "\n".join(part.strip().strip("'\"") for part in text[1:-1].split(",") if part.strip())
    return text.strip("'\"")


def _blocks(lines: list[str]) -> Iterator[Block]:
    in_code = False
    for at, line in enumerate(lines):
        if _FENCE.match(line):
            in_code = not in_code
        elif in_code:
            yield Block(line.strip())
        else:
            underlined = at + 1 < len(lines) and re.fullmatch(r"={3,}\s*", lines[at + 1]) is not None
            yield from _line(line, underlined and bool(line.strip()))


def _line(line: str, underlined: bool) -> Iterator[Block]:
    heading, container = _HEADING.match(line), _CONTAINER.match(line)
    if _RULE.match(line) or (_TABLE_RULE.match(line) and "-" in line):
        return
    if heading:
        yield Block(_inline(heading.group(2)), level=len(heading.group(1)))
    elif container:
        yield Block(_inline(container.group(1)))
    elif underlined:
        yield Block(_inline(line), level=1)
    elif line.lstrip().startswith("|") or line.count(" | ") >= 2:
        cells = (_inline(_BREAK.sub(" ", cell)) for cell in line.strip().strip("|").split("|"))
        yield Block(" | ".join(cell for cell in cells if cell))
    else:
        yield from (Block(_inline(part)) for part in _BREAK.split(_LIST_OR_QUOTE.sub("", line)))


def _inline(text: str) -> str:
    text = _AUTOLINK.sub(r"\1", _IMAGE.sub("", text))
    text = _TAG.sub("", _LINK.sub(r"\1", _NOTE_MARK.sub("", text)))
    text = _EMPHASIS.sub("", text)
    return re.sub(r"\\([\\`*_{}\[\]()#+.!|>~-])", r"\1", text.replace("`", "")).strip()
