"""The structure of a Chinese text: 编 章 节 条 in laws, 一、（一）1. and marked headings elsewhere.

What counts as an article is decided over the whole text: a line that begins with 第X条 is a heading only if no
cross-reference follows and its number continues the sequence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.blocks import Block
from kb.chinese import parse_numeral

_NUMBER = r"[零〇一二三四五六七八九十百千两\d]+"
_DIVISION = re.compile(rf"^第({_NUMBER})(分编|编|章|节)(?:\s+|$|(?=[^\s的规、，至和或]))(.{{0,40}})$")
_ARTICLE = re.compile(rf"^第({_NUMBER})条(?:之([一二三四五六七八九十]+))?")
_REFERENCE_AFTER = re.compile(
    r"^\s*(?:第[一二三四五六七八九十\d]+[款项]|[、，,至和或及与](?!\s)|的|规定|所列|所称|中的|之规定|以外|修改为|改为|删去|后增加|增加)"
)
_LEVELS = {"编": 1, "分编": 2, "章": 3, "节": 4}
_NUMBERED = (
    (5, re.compile(r"^([一二三四五六七八九十百]+)、\s*(.*)$")),
    (6, re.compile(r"^[（(]([一二三四五六七八九十百]+)[）)]\s*(.*)$")),
    (7, re.compile(r"^(\d{1,2})[.．、](?!\d)\s*(.*)$")),
)
ARTICLE_LEVEL = 9
_FORMAT_LEVEL = 10  # headings the format marks: 11 to 16 below this base


@dataclass(frozen=True)
class Mark:
    """What a block is: `level` orders headings (smaller is outer), 0 for body text; `label` is its number as cited.

    `heading` is the heading's own words; for 条 and inline headings it may be only the number.
    """

    level: int = 0
    label: str = ""
    heading: str = ""

    @property
    def is_article(self) -> bool:
        """Whether the block begins an article."""
        return self.level == ARTICLE_LEVEL


BODY = Mark()


def outline(blocks: Sequence[Block]) -> list[Mark]:
    """One mark per block."""
    articles = _articles(blocks)
    mostly_articles = len(articles) >= 2 and 4 * len(articles) >= len(blocks)  # the closing part of a code
    legal = (len(articles) >= 3 or mostly_articles) and not _is_amendment(blocks)
    contents = _contents_table(blocks) if legal else frozenset()
    return [
        BODY if at in contents else _legal_mark(block, articles.get(at)) if legal else _plain_mark(block)
        for at, block in enumerate(blocks)
    ]


def article_label(number: str, suffix: str | None) -> str:
    """第X条 or 第X条之Y as the text writes it."""
    return f"第{number}条之{suffix}" if suffix else f"第{number}条"


def _articles(blocks: Sequence[Block]) -> dict[int, str]:
    """Index of the block → label, for blocks that begin an article in sequence."""
    found: dict[int, str] = {}
    last = 0
    candidates = [(at, match) for at, block in enumerate(blocks) if (match := _ARTICLE.match(block.text))]
    numbers = [parse_numeral(match.group(1)) for _, match in candidates]
    for position, (at, match) in enumerate(candidates):
        number, following = numbers[position], numbers[position + 1 : position + 2]
        if number is None or not _is_heading(blocks[at].text[match.end() :], number, last, following):
            continue
        if _in_sequence(number, match.group(2), last, following):
            found[at] = article_label(match.group(1), match.group(2))
            last = number
    return found


def _is_heading(rest: str, number: int, last: int, following: list[int | None]) -> bool:
    """Whether 第X条 begins an article rather than a reference, seen by the text after it.

    第六条　规定特别重大事项的… reads like a reference but is an article: a space follows and the count goes on around it.
    """
    if not _REFERENCE_AFTER.match(rest):
        return True
    goes_on = last == 0 or number - last in (0, 1)
    return rest[:1].isspace() and goes_on and following in ([number + 1], [])


def _in_sequence(number: int, suffix: str | None, last: int, following: list[int | None]) -> bool:
    """The next number, an inserted 之一, a gap the text itself goes on from, or a new count (an attached text)."""
    if suffix:
        return number in (last, last + 1)
    if number == last + 1 or (last == 0 and number > 0):
        return True
    if last < number <= last + 5:
        return not following or following[0] is None or following[0] > number
    return bool(following) and following[0] == number + 1 and (number == 1 or number > last)


_AMENDMENT_TITLE = re.compile(r"[^。；：]*(?:关于(?:修改|废止|修订)[^。；：]{2,80}的决定|修正案(?:（[^）]{1,8}）)?)")


def _is_amendment(blocks: Sequence[Block]) -> bool:
    """Whether the title is that of a text whose articles belong to other laws; a history that names one is not."""
    titles = (re.sub(r"\s", "", block.text) for block in blocks[:4])
    return any(_AMENDMENT_TITLE.fullmatch(title) for title in titles)


def _contents_table(blocks: Sequence[Block]) -> frozenset[int]:
    """Indices of the lines of a table of contents: 目录 and the divisions after it that come again later."""
    start = next((at for at, b in enumerate(blocks[:60]) if re.fullmatch(r"目\s*[录次]", b.text.strip())), None)
    if start is None:
        return frozenset()
    seen: set[str] = set()
    for at in range(start + 1, len(blocks)):
        key = re.sub(r"[\s.…·\d]+", "", blocks[at].text)
        if not _DIVISION.match(blocks[at].text) or key in seen:
            return frozenset(range(start, at))
        seen.add(key)
    return frozenset()


def _legal_mark(block: Block, article: str | None) -> Mark:
    if article:
        return Mark(ARTICLE_LEVEL, article, article)
    division = _DIVISION.match(block.text)
    if division and not re.search(r"[。；，]", block.text):
        return Mark(_LEVELS[division.group(2)], f"第{division.group(1)}{division.group(2)}", block.text)
    if block.level >= 2 and not _is_sentence(block.text):
        return Mark(_LEVELS["章"] if block.level == 2 else _LEVELS["节"], "", block.text)
    return BODY


def _plain_mark(block: Block) -> Mark:
    for level, pattern in _NUMBERED:
        match = pattern.match(block.text)
        if match and (level != 7 or block.level or len(block.text) <= 40):
            return Mark(level, _number_label(level, match.group(1)), _first_sentence(block.text))
    if block.level and not _is_sentence(block.text):
        return Mark(_FORMAT_LEVEL - 10 + min(block.level, 4), "", block.text)
    return BODY


def _is_sentence(text: str) -> bool:
    """Whether a paragraph that its format marks as a heading is body text all the same."""
    return text.endswith(("。", "；")) or len(text) > 100


def _number_label(level: int, number: str) -> str:
    return {5: f"{number}、", 6: f"（{number}）", 7: f"{number}."}[level]


def _first_sentence(text: str) -> str:
    return re.split(r"[。；：]", text, maxsplit=1)[0][:40]
