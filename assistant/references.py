"""References to articles inside a sentence: （《社会救助暂行办法》第九条、第十条；《民法典》第三十六条）."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TITLE = re.compile(r"《((?:[^《》]|《[^《》]*》)+)》([^《》]*)")
_ARTICLE = re.compile(r"第[零〇一二三四五六七八九十百千两]+条(?:之[一二三四五六七八九十]+)?")


@dataclass(frozen=True)
class Reference:
    """An article named in a text: the title without 《》 and the label 第九条."""

    title: str
    article: str


def references(text: str) -> tuple[Reference, ...]:
    """The articles that `text` names with their title, in order, each once."""
    return tuple(dict.fromkeys(_found(text)))


def _found(text: str) -> Iterator[Reference]:
    for match in _TITLE.finditer(text):
        yield from (Reference(match.group(1), article) for article in _ARTICLE.findall(match.group(2)))
