"""Markdown with front matter, as note collections and law repositories write it."""

from __future__ import annotations

import re

from ingest.blocks import Block, FileContent
from ingest.readers.text import decode

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1|(?<![*\w])\*(?=[^\s*])(.+?)(?<=[^\s*])\*(?![*\w])")
_TAG = re.compile(r"</?(?:br|p|div|span|b|i|u|strong|em|font|center|sup|sub|a|img|details|summary|Badge)\b[^>]*>", re.IGNORECASE)
_FENCE = re.compile(r"^\s*(:::|```|~~~)")
_RULE = re.compile(r"^\s*([-*_])(\s*\1){2,}\s*$")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")


def read_markdown(data: bytes) -> FileContent:
    """Headings with their level, list items and table rows as blocks; markup is dropped, words stay."""
    facts, body = split_front_matter(decode(data))
    body = _COMMENT.sub("", body)
    blocks = tuple(block for line in body.splitlines() if (block := _block(line)))
    return FileContent(blocks, "markdown", title=facts.get("title", ""), facts=facts)


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """The `key: value` pairs between the leading --- lines (lists joined by newlines) and the rest of the text."""
    text = text.removeprefix("﻿").lstrip("\n\r")
    parts = re.split(r"^---\s*$", text, maxsplit=2, flags=re.MULTILINE)
    if len(parts) < 3 or parts[0].strip():
        return {}, text
    facts: dict[str, str] = {}
    key = ""
    for line in parts[1].splitlines():
        item = re.match(r"^\s*-\s+(.*)$", line)
        pair = re.match(r"^(\w+)\s*[:：]\s*(.*)$", line)
        if item and key:
            facts[key] = f"{facts[key]}\n{_value(item.group(1))}".strip()
        elif pair:
            key = pair.group(1)
            facts[key] = _value(pair.group(2))
    return facts, parts[2]


def _value(text: str) -> str:
    return re.sub(r"\s+#\s.*$", "", text).strip().strip("'\"")


def _block(line: str) -> Block | None:
    if _FENCE.match(line) or _RULE.match(line) or _TABLE_RULE.match(line):
        return None
    heading = _HEADING.match(line)
    if heading:
        return Block(_inline(heading.group(2)), level=len(heading.group(1)))
    if line.lstrip().startswith("|") or line.count(" | ") >= 2:
        return Block(" | ".join(_inline(cell) for cell in line.strip().strip("|").split("|") if cell.strip()))
    text = re.sub(r"^\s*(?:[-*+]\s+|>\s?)+", "", line)
    return Block(_inline(text)) if text.strip() else None


def _inline(text: str) -> str:
    text = _TAG.sub("", _IMAGE.sub("", text))
    text = _LINK.sub(r"\1", text)
    text = _EMPHASIS.sub(lambda m: m.group(2) or m.group(3), text)
    return text.replace("`", "").replace("\\*", "*").strip()
