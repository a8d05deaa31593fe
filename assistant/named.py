"""What becomes of the texts that a question names: the articles meant, or a sentence that says what does not exist."""

from __future__ import annotations

from dataclasses import dataclass

from kb.knowledge_base import KnowledgeBase
from kb.mentions import Named, named_in, numbers_in
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
            missing.append(f"知识库里没有《{named.title}》。请核对名称，或请管理员收录。")
        elif named.article and not (found := knowledge_base.article(named.title, named.article, asker)):
            missing.append(_no_article(named, knowledge_base, asker))
        elif named.article:
            hits.extend(found)
    held = knowledge_base.numbers()
    missing += [f"知识库里没有文号为“{n}”的文件。请核对文号，或请管理员收录。" for n in numbers_in(question) if n not in held]
    return Looked(tuple(hits), tuple(missing))


def _no_article(named: Named, knowledge_base: KnowledgeBase, asker: Asker) -> str:
    last = knowledge_base.last_article(named.title, asker)
    until = f"，它的最后一条是{last}" if last else ""
    return f"《{named.title}》里没有{named.article}{until}。请核对条号。"
