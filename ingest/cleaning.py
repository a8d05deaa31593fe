"""Cleaning: what printing and typing put between the words is taken out; the wording is never changed."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ingest.blocks import Block, FileContent
from kb.errors import EmptyFile

_ARTICLE = r"第[零〇一二三四五六七八九十百千两\d]+[编章节条](?:之[一二三四五六七八九十]+)?"
_STARTS_PARAGRAPH = re.compile(
    rf"^(?:{_ARTICLE}(?![的规款项中、，至和或])|[一二三四五六七八九十百]+、|[（(][一二三四五六七八九十百\d]+[)）]|\d{{1,2}}[.．、](?!\d)|附件|附录|目\s*录|●|•|■|◆|[①-⑳].)"
)
_PAGE_NUMBER = re.compile(r"^[-—–－·\s]*(?:第?\s*\d{1,4}\s*页?(?:\s*[/，,共]+\s*共?\s*\d{1,4}\s*页?)?|[ivxlcIVXLC]{1,6})[-—–－·\s]*$")
_ENDS_SENTENCE = re.compile(r"[。！？；：!?;:…][”’」』）)\]】]*$")
_NARROWEST = 15  # characters in a printed line
_IMPRINT = re.compile(r"^\s*(?:https?://(?:dx\.)?doi\.org/\S+|DOI\s*[:：]?\s*10\.\d{4,}/\S+.{0,40})\s*$", re.IGNORECASE)
_BETWEEN_CHINESE = re.compile(r"(?<=[㐀-鿿，。；：、！？（）《》“”])[ \t]+(?=[㐀-鿿，。；：、！？（）《》“”])")
_NEVER_FIRST = re.compile(r"^(?:[，。、；：！？）》」』】〕”’]|[①-⑳]$)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad]")
_NUMBER_THEN_SPACE = re.compile(rf"^({_ARTICLE})\s+")
_DECIMAL_POINT = re.compile(r"(?<=\d)．(?=\d)")
_PERCENT = re.compile(r"(?<=\d)％")


def _plain_forms() -> dict[int, str]:
    """Full-width letters and digits, odd spaces, and the radicals and compatibility forms that PDFs put for characters."""
    full_width = [c for c in map(chr, range(0xFF01, 0xFF5F)) if unicodedata.normalize("NFKC", c).isalnum()]
    doubles = map(chr, (*range(0x2E80, 0x2FD6), *range(0xF900, 0xFB00)))
    forms = {ord(c): unicodedata.normalize("NFKC", c) for c in (*full_width, *doubles)}
    spaces = "\t\n\r\x85\xa0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
    return {code: form for code, form in forms.items() if len(form) == 1} | dict.fromkeys(map(ord, spaces), " ")


_PLAIN_FORMS = _plain_forms()


def clean(content: FileContent) -> FileContent:
    """The same file with whole paragraphs as blocks, free of line breaks, running heads, page numbers and odd spaces.

    Raises EmptyFile if nothing is left.
    """
    blocks = [Block(_clean_characters(block.text), block.level, block.page) for block in content.blocks]
    if content.lines_broken:
        blocks = list(_join_lines(_without_running_heads(blocks)))
    blocks = [Block(text, block.level, block.page) for block in blocks if (text := _clean_spaces(block.text))]
    if not blocks:
        raise EmptyFile("文件里没有文字。请检查是否存错了文件，或是不是只有图片。")
    return replace(content, blocks=tuple(blocks), lines_broken=False)


def _clean_characters(text: str) -> str:
    """Letters, digits and spaces in their plain form; punctuation keeps its Chinese form, but for numbers."""
    text = _CONTROL.sub("", text.translate(_PLAIN_FORMS))
    return _PERCENT.sub("%", _DECIMAL_POINT.sub(".", text))


def _clean_spaces(text: str) -> str:
    text = re.sub(r" {2,}", " ", text.strip())
    number = _NUMBER_THEN_SPACE.match(text)
    head = f"{number.group(1)} " if number else ""
    rest = text[number.end() :] if number else text
    return (head + _BETWEEN_CHINESE.sub("", rest)).strip()


def _without_running_heads(lines: list[Block]) -> list[Block]:
    """Drop blank lines, page numbers, and lines that recur at the top or foot of many pages."""
    lines = [block for block in lines if block.text.strip()]
    if all(block.page is None for block in lines):
        return _without_interruptions(lines)
    pages = _pages(lines)
    edges = Counter(key for page in pages for key in {_head_key(b.text) for b in page[:3] + page[-3:]})
    often = {key for key, count in edges.items() if key and len(pages) >= 4 and count >= 0.5 * len(pages)}
    kept: list[Block] = []
    for page in pages:
        for at, block in enumerate(page):
            at_edge = at < 3 or at >= len(page) - 3
            running = at_edge and (_head_key(block.text) in often or _PAGE_NUMBER.match(block.text.strip()))
            if not running or block.page is None:
                kept.append(block)
    return kept


def _without_interruptions(lines: list[Block]) -> list[Block]:
    """Drop imprints and recurring lines in the middle of sentences: the running heads of a text that lost its pages."""
    keys = [_head_key(line.text) for line in lines]
    count = Counter(keys)
    inside = Counter(keys[at] for run in _interruptions(lines, _suspects(lines, keys, count)) for at in run)
    return [line for line, key in zip(lines, keys, strict=True) if not inside[key] or 2 * inside[key] < count[key]]


def _suspects(lines: list[Block], keys: list[str], count: Counter[str]) -> list[bool]:
    """For each line whether it may be a running head: it recurs, is a DOI line, or a name between two of those."""
    imprint = [_IMPRINT.match(line.text) is not None for line in lines]
    return [
        imprint[at]
        or (key != "" and count[key] >= 3)
        or (len(key) <= 8 and any(imprint[at - 1 : at]) and any(imprint[at + 1 : at + 2]))
        for at, key in enumerate(keys)
    ]


def _interruptions(lines: list[Block], suspect: list[bool]) -> Iterator[list[int]]:
    """Indices of neighbouring suspect lines around which a sentence goes on."""
    width = _usual_width(lines)
    run: list[int] = []
    before = ""
    for at, line in enumerate(lines):
        if suspect[at]:
            run.append(at)
            continue
        if run and _is_printed_sentence(before, line.text.strip(), width):
            yield run
        run, before = [], line.text.strip()


def _is_printed_sentence(before: str, after: str, width: int) -> bool:
    """Whether a printed line and the next are parts of one sentence."""
    full = len(before) >= max(0.6 * width, _NARROWEST) and not _ENDS_SENTENCE.search(before)
    return full and len(after) >= 0.3 * width and not _STARTS_PARAGRAPH.match(after)


def _pages(lines: list[Block]) -> list[list[Block]]:
    pages: dict[int | None, list[Block]] = {}
    for block in lines:
        pages.setdefault(block.page, []).append(block)
    return list(pages.values())


def _head_key(text: str) -> str:
    return re.sub(r"[\d\s]+", "", text)[:40]


def _join_lines(lines: list[Block]) -> Iterator[Block]:
    """Join printed lines to paragraphs: a line goes on unless it ends a sentence short of the margin or the next starts one."""
    width = _usual_width(lines)
    parts: list[str] = []
    first = last = Block("")
    for line in lines:
        text = line.text.strip()
        if parts and line.level == first.level == 0 and _goes_on(last.text.rstrip(), text, width):
            parts += (_space_between(parts[-1], text), text)
        else:
            if parts:
                yield replace(first, text="".join(parts))
            first, parts = line, [text]
        last = line
    if parts:
        yield replace(first, text="".join(parts))


def _usual_width(lines: list[Block]) -> int:
    lengths = sorted(len(line.text.rstrip()) for line in lines)
    return lengths[int(len(lengths) * 0.75)] if lengths else 0


def _goes_on(previous: str, text: str, width: int) -> bool:
    if _NEVER_FIRST.match(text) or _is_open(previous):
        return True
    if _STARTS_PARAGRAPH.match(text):
        return False
    if _ENDS_SENTENCE.search(previous):
        return len(previous) >= 0.95 * width and not previous.endswith(("：", ":"))
    return len(previous) >= 0.6 * width or bool(re.search(r"[，、,（《“]$", previous))


def _is_open(line: str) -> bool:
    """Whether a bracket or title mark opened near the end of the line is still open."""
    return any(line.rfind(left) > max(line.rfind(right), len(line) - 30) for left, right in ("（）", "《》", "()"))


def _space_between(left: str, right: str) -> str:
    """A space between Latin words, nothing between Chinese characters."""
    words = left[-1:].isascii() and right[:1].isascii() and left[-1:].isalnum() and right[:1].isalnum()
    return " " if words else ""
