"""What becomes of the texts that a question names: the articles meant, or a sentence that says what does not exist."""

from __future__ import annotations

from dataclasses import dataclass

from assistant import notices
from kb.knowledge_base import KnowledgeBase
from kb.mentions import named_in, numbers_in
from kb.models import Asker, Hit


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
            missing.append(notices.no_title(named.title))
        elif named.article and not (found := knowledge_base.article(named.title, named.article, asker)):
            last = knowledge_base.last_article(named.title, asker)
            missing.append(notices.no_article(named.title, named.article, last))
        elif named.article:
            hits.extend(found)
    held = knowledge_base.numbers()
    missing += [notices.no_number(number) for number in numbers_in(question) if number not in held]
    return Looked(tuple(hits), tuple(missing))
