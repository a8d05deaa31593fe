"""The answer in a language model's words, over the same numbered sources as the extract, checked sentence by sentence."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from assistant.citations import cited_numbers
from assistant.composing.extractive import SECTION_OF
from assistant.language_model import LanguageModel, without_thinking
from kb.errors import LanguageModelError
from kb.knowledge_base import SearchResult
from kb.models import Answer, Citation, Statement

_PROMPT = Path(__file__).resolve().parent.parent / "prompts" / "answer.md"
_SOURCES = 8
_SENTENCE = re.compile(r"[^。！？\n]+(?:[。！？]+(?:\s*\[\d{1,2}\])*|$|(?=\n))")
_NOT_ENOUGH = "资料不足"
_LONGEST = 6000
_SHOWN_EVERY_S = 0.15


def write(extracted: Answer, found: SearchResult, model: LanguageModel) -> Iterator[Answer]:
    """The answer as the model writes it; the last is complete and holds only cited sentences.

    Raises LanguageModelError when the model fails or writes nothing that can be cited.
    """
    sources = _sources(extracted, found)
    text, shown = "", 0.0
    for piece in model.stream(_instruction(), _prompt(extracted.question, sources)):
        text += piece
        if len(text) > _LONGEST:
            raise LanguageModelError("模型的回答过长")
        if time.monotonic() - shown > _SHOWN_EVERY_S:
            shown = time.monotonic()
            yield replace(_answer(extracted, sources, text, model.name), complete=False)
    written = _answer(extracted, sources, text, model.name)
    if not written.statements:
        raise LanguageModelError("模型没有写出有依据的内容")
    yield written


@lru_cache(maxsize=1)
def _instruction() -> str:
    return _PROMPT.read_text(encoding="utf-8")


def _sources(extracted: Answer, found: SearchResult) -> tuple[Citation, ...]:
    """The citations of the extract under their numbers, then further hits."""
    cited = {citation.hit.passage.id for citation in extracted.citations}
    more = [hit for hit in found.hits if hit.passage.id not in cited][: max(0, _SOURCES - len(cited))]
    start = len(extracted.citations) + 1
    further = (Citation(number, hit, (hit.passage.text.strip(),)) for number, hit in enumerate(more, start))
    return (*extracted.citations, *further)


def _prompt(question: str, sources: tuple[Citation, ...]) -> str:
    listed = "\n\n".join(f"[{c.number}] {c.label}（{c.hit.status}）\n{c.hit.passage.text.strip()}" for c in sources)
    return f"资料：\n\n{listed}\n\n问题：{question}"


def _answer(extracted: Answer, sources: tuple[Citation, ...], text: str, name: str) -> Answer:
    text = without_thinking(text)
    if _NOT_ENOUGH in text[:20]:
        return replace(extracted, written_by="摘录")
    by_number = {citation.number: citation for citation in sources}
    statements = []
    for sentence in (match.group().strip(" \t-*#") for match in _SENTENCE.finditer(text)):
        numbers = tuple(number for number in cited_numbers(sentence) if number in by_number)
        words = re.sub(r"\s*\[\d{1,2}\]", "", sentence).strip()
        if numbers and words:
            statements.append(Statement(words, SECTION_OF[by_number[numbers[0]].hit.document.kind], numbers))
    used = {number for statement in statements for number in statement.citations}
    citations = tuple(citation for citation in sources if citation.number in used)
    return replace(extracted, statements=tuple(statements), citations=citations, written_by=name)
