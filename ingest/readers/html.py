"""HTML pages: the main text of raw government pages and of other saved pages, without menus."""

from __future__ import annotations

import re
import warnings

from bs4 import BeautifulSoup, Tag, XMLParsedAsHTMLWarning
from bs4.element import NavigableString

from ingest.blocks import Block, FileContent
from ingest.readers.text import decode

_NOISE = ("script", "style", "noscript", "nav", "footer", "header", "form", "iframe", "select", "button", "aside", "template")
_BLOCK_TAGS = frozenset("p div li h1 h2 h3 h4 h5 h6 tr table ul ol section article blockquote dd dt pre center td body".split())
_HEAD_LABELS = {
    "发文机关": "issuer",
    "成文日期": "issued",
    "标题": "title",
    "发文字号": "number",
    "发布日期": "published",
    "实施日期": "effective",
    "主题分类": "topics",
}
_MAIN = ("#UCAP-CONTENT", ".TRS_Editor", "#zoom", "#Zoom", ".pages_content", ".article-content", "article", "main")


def looks_like_html(data: bytes) -> bool:
    """Whether the first bytes hold HTML tags."""
    head = data[:4096].lower()
    return any(tag in head for tag in (b"<html", b"<!doctype html", b"<body", b"<div", b"<table", b"<p>", b"<p "))


def read_html(data: bytes) -> FileContent:
    """Blocks of the main text; the head table of gov.cn pages becomes facts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(decode(data), "lxml")
    for noise in soup(_NOISE):
        noise.decompose()
    facts = _head_table(soup)
    title = facts.get("title", "") or (soup.title.get_text(strip=True) if soup.title else "")
    main = next((found for selector in _MAIN if (found := soup.select_one(selector)) and _size(found) > 100), None)
    blocks = tuple(_blocks(main or _densest(soup)))
    return FileContent(blocks, "html", title=title, facts=facts)


def _head_table(soup: BeautifulSoup) -> dict[str, str]:
    facts = {}
    for cell in soup.find_all("td"):
        label = re.sub(r"[\s　:：]", "", cell.get_text())
        value = cell.find_next_sibling("td")
        if label in _HEAD_LABELS and value is not None:
            facts[_HEAD_LABELS[label]] = value.get_text(" ", strip=True)
    return facts


def _size(tag: Tag) -> int:
    return len(tag.get_text(strip=True))


def _densest(soup: BeautifulSoup) -> Tag:
    """The innermost element that still holds most of the text outside links (text density, Sun et al. 2011, simplified)."""
    current: Tag = soup.body or soup
    while True:
        total = _unlinked(current)
        inner = next((c for c in current.find_all(True, recursive=False) if _unlinked(c) > 0.8 * total), None)
        if inner is None or total == 0 or inner.name in ("p", "tr", "td", "span"):
            return current
        current = inner


def _unlinked(tag: Tag) -> int:
    return _size(tag) - sum(_size(a) for a in tag.find_all("a"))


def _blocks(root: Tag) -> list[Block]:
    found: list[Block] = []
    line: list[str] = []

    def flush(level: int = 0) -> None:
        text = re.sub(r"\s+", " ", "".join(line)).strip()
        line.clear()
        if text:
            found.append(Block(text, level))

    def walk(tag: Tag) -> None:
        for child in tag.children:
            if isinstance(child, NavigableString):
                if type(child) is NavigableString:
                    line.append(str(child))
            elif isinstance(child, Tag):
                step(child)

    def step(tag: Tag) -> None:
        if tag.name == "br":
            flush()
        elif tag.name == "tr":
            flush()
            cells = [re.sub(r"\s+", " ", cell.get_text(" ", strip=True)) for cell in tag.find_all(["td", "th"], recursive=False)]
            if len(cells) == 1:
                walk(tag)
            else:
                line.append(" | ".join(cell for cell in cells if cell))
            flush()
        elif tag.name in _BLOCK_TAGS:
            flush()
            walk(tag)
            flush(int(tag.name[1]) if re.fullmatch(r"h[1-6]", tag.name) else 0)
        else:
            walk(tag)

    walk(root)
    flush()
    return found
