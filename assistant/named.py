"""What a question names outright: a title in 《》 or by its own or short name, and an article of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from kb.chinese import TERMS_FOLDER, numeral, parse_numeral
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker, Hit
from kb.validity import canonical_title

_ARTICLE = re.compile(r"第?\s*([零〇一二三四五六七八九十百千两]+|\d{1,4})\s*条(?:之([一二三四五六七八九十]+))?")
_BRACKETED = re.compile(r"《([^《》]{2,60})》")
_SHORTEST = 3  # characters of a title that is recognized without 《》; 民法典 is the shortest


@dataclass(frozen=True)
class Named:
    """A text the question names; `title` as known to the knowledge base, `article` as laws write it, or empty."""

    title: str
    article: str = ""

    @property
    def label(self) -> str:
        """《title》第X条."""
        return f"《{self.title}》{self.article}"


@dataclass(frozen=True)
class Looked:
    """What became of the texts named: `hits` of articles found, `missing` sentences about what does not exist."""

    hits: tuple[Hit, ...] = ()
    missing: tuple[str, ...] = ()


def look_up(question: str, knowledge_base: KnowledgeBase, asker: Asker) -> Looked:
    """The articles that a question names, or why there are none."""
    known = knowledge_base.titles()
    hits: list[Hit] = []
    missing: list[str] = []
    for named in named_in(question, known):
        if named.title not in known:
            missing.append(f"知识库里没有《{named.title}》。请核对名称，或请管理员收录。")
        elif named.article and not (found := knowledge_base.article(named.title, named.article, asker)):
            missing.append(_no_article(named, knowledge_base, asker))
        elif named.article:
            hits.extend(found)
    return Looked(tuple(hits), tuple(missing))


def named_in(question: str, known: Iterable[str]) -> tuple[Named, ...]:
    """The texts named in a question; `known` are canonical titles."""
    return tuple(dict.fromkeys(_named(question, frozenset(known))))


def _named(question: str, known: frozenset[str]) -> Iterator[Named]:
    bracketed = [(m.end(), canonical_title(short_names().get(m.group(1), m.group(1)))) for m in _BRACKETED.finditer(question)]
    places = bracketed or [(end, title) for end, title in _bare(question, known)]
    for end, title in places:
        articles = [_label(match) for match in _ARTICLE.finditer(question[end : end + 20])]
        if articles:
            yield from (Named(title, article) for article in articles)
        elif bracketed:
            yield Named(title)


def _bare(question: str, known: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(end, title) of the longest known title or short name that stands right before an article number."""
    for match in _ARTICLE.finditer(question):
        before = re.sub(r"(里面?|中|的|规定)+$", "", question[: match.start()].rstrip(" ，,:："))
        for start in range(max(0, len(before) - 40), len(before) - _SHORTEST + 1):
            name = before[start:].removeprefix("中华人民共和国")
            title = canonical_title(short_names().get(name, name))
            if title in known:
                yield match.start(), title
                break


def _label(match: re.Match[str]) -> str:
    number = parse_numeral(match.group(1)) or 0
    return f"第{numeral(number)}条" + (f"之{match.group(2)}" if match.group(2) else "")


def _no_article(named: Named, knowledge_base: KnowledgeBase, asker: Asker) -> str:
    last = knowledge_base.last_article(named.title, asker)
    until = f"，它的最后一条是{last}" if last else ""
    return f"《{named.title}》里没有{named.article}{until}。请核对条号。"


@lru_cache(maxsize=1)
def short_names() -> Mapping[str, str]:
    """Popular short names of laws → their titles."""
    lines = (TERMS_FOLDER / "short_names.tsv").read_text(encoding="utf-8").splitlines()
    return {row[0]: row[1] for line in lines if not line.startswith("#") and len(row := line.split("\t")) == 2}
