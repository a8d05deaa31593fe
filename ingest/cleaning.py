"""Cleaning: what printing and typing put between the words is taken out; the wording is never changed."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ingest.blocks import Block, FileContent
from kb.errors import EmptyFile

_ARTICLE = r"第[零〇一二三四五六七八九十百千两\d]+[编章节条](?:之[一二三四五六七八九十]+)?"
_STARTS_PARAGRAPH = re.compile(
    rf"^(?:{_ARTICLE}(?![的规款项中、，至和或])|[一二三四五六七八九十百]+、|[（(][一二三四五六七八九十百\d]+[)）]|\d{{1,2}}[.．、](?!\d)|附件|附录|目\s*录|●|•|■|◆|[①-⑳])"
)
_PAGE_NUMBER = re.compile(r"^[-—–－·\s]*(?:第?\s*\d{1,4}\s*页?(?:\s*[/，,共]+\s*共?\s*\d{1,4}\s*页?)?|[ivxlcIVXLC]{1,6})[-—–－·\s]*$")
_ENDS_SENTENCE = re.compile(r"[。！？；：!?;:…][”’」』）)\]】]*$")
_BETWEEN_CHINESE = re.compile(r"(?<=[㐀-鿿，。；：、！？（）《》“”])[ \t]+(?=[㐀-鿿，。；：、！？（）《》“”])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad]")
_NUMBER_THEN_SPACE = re.compile(rf"^({_ARTICLE})\s+")


def clean(content: FileContent) -> FileContent:
    """The same file with whole paragraphs as blocks, free of line breaks, running heads, page numbers and odd spaces.

    Raises EmptyFile if nothing is left.
    """
    blocks = [replace(block, text=_clean_characters(block.text)) for block in content.blocks]
    if content.lines_broken:
        blocks = list(_join_lines(_without_running_heads(blocks)))
    blocks = [replace(block, text=text) for block in blocks if (text := _clean_spaces(block.text))]
    if not blocks:
        raise EmptyFile("文件里没有文字。请检查是否存错了文件，或是不是只有图片。")
    return replace(content, blocks=tuple(blocks), lines_broken=False)


def _clean_characters(text: str) -> str:
    text = _CONTROL.sub("", text.replace("\t", " "))
    return "".join(_half_width(c) for c in text)


def _half_width(character: str) -> str:
    """Full-width letters and digits become half-width; punctuation keeps its Chinese form."""
    if "！" <= character <= "～":
        plain = unicodedata.normalize("NFKC", character)
        return plain if plain.isalnum() else character
    return " " if character in "\xa0\u3000\u2002\u2003\u2009" or character.isspace() else character


def _clean_spaces(text: str) -> str:
    text = re.sub(r" {2,}", " ", text.strip())
    number = _NUMBER_THEN_SPACE.match(text)
    head = f"{number.group(1)} " if number else ""
    rest = text[number.end() :] if number else text
    return (head + _BETWEEN_CHINESE.sub("", rest)).strip()


def _without_running_heads(lines: list[Block]) -> list[Block]:
    """Drop page numbers and lines that recur at the top or foot of many pages."""
    pages = {block.page for block in lines if block.page is not None}
    edges = Counter(key for page in _pages(lines) for key in {_head_key(b.text) for b in page[:3] + page[-3:]})
    often = {key for key, count in edges.items() if key and len(pages) >= 4 and count >= 0.5 * len(pages)}
    kept: list[Block] = []
    for page in _pages(lines):
        for at, block in enumerate(page):
            at_edge = at < 3 or at >= len(page) - 3
            running = at_edge and (_head_key(block.text) in often or _PAGE_NUMBER.match(block.text.strip()))
            if block.text.strip() and not (running and block.page is not None):
                kept.append(block)
    return kept


def _pages(lines: list[Block]) -> Iterable[list[Block]]:
    pages: dict[int | None, list[Block]] = {}
    for block in lines:
        if block.text.strip():
            pages.setdefault(block.page, []).append(block)
    return pages.values()


def _head_key(text: str) -> str:
    return re.sub(r"[\d\s]+", "", text)[:40]


def _join_lines(lines: list[Block]) -> Iterator[Block]:
    """Join printed lines to paragraphs: a line goes on unless it ends a sentence short of the margin or the next starts one."""
    width = _usual_width(lines)
    current: Block | None = None
    last = ""
    for line in lines:
        text = line.text.strip()
        if current is not None and _goes_on(last, text, width) and line.level == current.level == 0:
            current = replace(current, text=_joined(current.text, text))
        else:
            if current is not None:
                yield current
            current = replace(line, text=text)
        last = line.text.rstrip()
    if current is not None:
        yield current


def _usual_width(lines: list[Block]) -> int:
    lengths = sorted(len(line.text.rstrip()) for line in lines)
    return lengths[int(len(lengths) * 0.75)] if lengths else 0


def _goes_on(previous: str, text: str, width: int) -> bool:
    if _STARTS_PARAGRAPH.match(text):
        return False
    if _ENDS_SENTENCE.search(previous):
        return len(previous) >= 0.95 * width and not previous.endswith(("：", ":"))
    return len(previous) >= 0.6 * width or bool(re.search(r"[，、,（《“]$", previous))


def _joined(left: str, right: str) -> str:
    space = " " if left[-1:].isascii() and right[:1].isascii() and left[-1:].isalnum() and right[:1].isalnum() else ""
    return f"{left}{space}{right}"
