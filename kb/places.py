"""Places in a document as people write them down: an article (第九条, 第9条第一款) or a stretch of its words.

Ids of passages change with every amendment and every change of the cutting; an article or a phrase is found again in whatever
passage holds it now.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from kb.chinese import numeral
from kb.models import Passage

SHORTEST_WORDS = 4  # a shorter stretch of text stands in too many passages
_ARTICLE = re.compile(r"第[零〇一二三四五六七八九十百千]+条(?:之[一二三四五六七八九十]+)?")
_LABEL = re.compile(r"(?:第(?:[零〇一二三四五六七八九十百千两]+|[0-9]{1,4})[编章节条款项](?:之[一二三四五六七八九十]+)?)+")
_NUMBER = re.compile(r"[0-9]+")
_SENTENCE_END = re.compile(r"(?<=[。！？；\n])")


def bare(text: str) -> str:
    """Letters and digits alone, for comparing wording."""
    return "".join(character for character in text if character.isalnum())


def article(locator: str) -> str:
    """The article a locator points into: 第二章第九条第一款 → 第九条; empty if none."""
    found = _ARTICLE.findall(locator)
    return str(found[-1]) if found else ""


def article_named(place: str) -> str:
    """The article that a place names, in Chinese numerals (第二章第12条第一款 → 第十二条); empty where it is words."""
    label = unicodedata.normalize("NFKC", place)
    return article(_NUMBER.sub(lambda found: numeral(int(found.group())), label)) if _LABEL.fullmatch(label) else ""


def points_at(place: str, passage: Passage) -> bool:
    """Whether the article or the words that `place` names are (in) the passage."""
    if label := article_named(place):
        return article(passage.locator) == label
    words = bare(place)
    return place in passage.locator or (len(words) >= SHORTEST_WORDS and words in bare(passage.text))


def telling_words(passage: Passage, others: Sequence[Passage]) -> str:
    """The first sentence of a passage that none of the `others` holds; all of its text where every sentence recurs."""
    elsewhere = "\n".join(bare(each.text) for each in others if each.id != passage.id)
    for sentence in _SENTENCE_END.split(passage.text):
        if len(bare(sentence)) >= 2 * SHORTEST_WORDS and bare(sentence) not in elsewhere:
            return sentence.strip()
    return passage.text.strip()
