"""What a reader has to mind besides the answer: other versions, other regions, unchecked dates, a silent model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from assistant.evidence import resembles
from kb.errors import LanguageModelError
from kb.knowledge_base import SearchResult
from kb.models import NATIONAL, Asker, Citation, Hit, Status
from kb.validity import canonical_title, holds_in

ASSISTANCE = "辅助参考，以原文和主管部门解释为准。"
WHOM_TO_ASK = "可以问县（市、区）民政局，或拨打政务服务热线 12345；也可以请管理员补充相关资料。"
ONLY_TOUCHES = "资料里没有直接回答这个问题的内容，下面是最接近的，请先核对是不是要找的。"
_REGION = "问题里提到{region}，按那里的规定找的。"
_NO_TITLE = "知识库里没有《{title}》。请核对名称，或请管理员收录。"
_NO_NUMBER = "知识库里没有文号为“{number}”的文件。请核对文号，或请管理员收录。"
_NO_ARTICLE = "《{title}》里没有{article}{until}。请核对条号。"
_LAST_ARTICLE = "，它的最后一条是{last}"
_COMPARABLE = 0.7  # a left-out passage is worth a word when it scores at least this share of the best

Sort = Literal["touches", "region", "missing", "other"]


def sort_of(notice: str) -> Sort:
    """What a notice is about, so that a page can put it where it is needed first."""
    if notice == ONLY_TOUCHES:
        return "touches"
    if _like(_REGION, notice):
        return "region"
    missing = (_NO_TITLE, _NO_NUMBER, _NO_ARTICLE)
    return "missing" if any(_like(template, notice) for template in missing) else "other"


def _like(template: str, notice: str) -> bool:
    return re.fullmatch(re.sub(r"\\{\w+\\}", ".*", re.escape(template)), notice) is not None


def for_answer(citations: Sequence[Citation], found: SearchResult, asker: Asker) -> tuple[str, ...]:
    """Sentences about what was left out and what has yet to be checked."""
    return tuple(dict.fromkeys((*_unchecked(citations), *_left_out(citations, found, asker))))


def for_nothing_found(found: SearchResult) -> tuple[str, ...]:
    """What was found but does not hold, so that the asker is not left in the dark."""
    return tuple(dict.fromkeys(_reason(hit) for hit in found.left_out[:1] if resembles(found.query, hit)))


def of_region(region: str) -> str:
    """That the question was taken to be about another region than the asker's."""
    return _REGION.format(region=region.replace("/", ""))


def no_title(title: str) -> str:
    """That the knowledge base does not hold a text that the question names."""
    return _NO_TITLE.format(title=title)


def no_number(number: str) -> str:
    """That no document has the number that the question names."""
    return _NO_NUMBER.format(number=number)


def no_article(title: str, article: str, last: str) -> str:
    """That a text has no such article, with its `last` one where that is known."""
    until = _LAST_ARTICLE.format(last=last) if last else ""
    return _NO_ARTICLE.format(title=title, article=article, until=until)


def without_model(error: LanguageModelError) -> str:
    """Why the answer is an extract although the site has a language model."""
    return f"大模型暂时用不上（{error}），以下是直接摘自原文的回答。"


def _unchecked(citations: Sequence[Citation]) -> Iterator[str]:
    for citation in citations:
        if citation.hit.status is Status.UNCHECKED:
            yield f"《{citation.hit.document.title}》没有写明施行日期，是否现行有效待核。"


def _left_out(citations: Sequence[Citation], found: SearchResult, asker: Asker) -> Iterator[str]:
    best = found.hits[0].score if found.hits else 0.0
    cited = {canonical_title(citation.hit.document.facts.title) for citation in citations}
    for hit in found.left_out:
        other_place = not holds_in(hit.document.facts.region, asker.region)
        newer_is_cited = canonical_title(hit.document.facts.title) in cited
        if hit.score >= _COMPARABLE * best and not (newer_is_cited and hit.status is Status.SUPERSEDED and not other_place):
            yield _reason(hit, asker.region)


def _reason(hit: Hit, region: str = NATIONAL) -> str:
    facts = hit.document.facts
    if not holds_in(facts.region, region):
        return f"另有《{hit.document.title}》，只适用于{facts.region.replace('/', '')}，未采用。"
    return f"另有《{hit.document.title}》，{hit.status}，未采用。"
