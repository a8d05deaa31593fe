"""The promise that every statement is cited and no citation points at text that does not say it."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.models import Answer, Citation

_MARK = re.compile(r"\[(\d{1,2})\]")


def check(answer: Answer) -> Answer:
    """The answer without statements that cite nothing and without quotes that do not stand in their passage."""
    citations = tuple(citation for each in answer.citations if (citation := _true_quotes(each)) is not None)
    valid = {citation.number for citation in citations}
    statements = tuple(
        replace(each, citations=kept) for each in answer.statements if (kept := tuple(n for n in each.citations if n in valid))
    )
    used = {number for each in statements for number in each.citations}
    return replace(answer, statements=statements, citations=tuple(c for c in citations if c.number in used))


def _true_quotes(citation: Citation) -> Citation | None:
    quotes = tuple(quote for quote in citation.quotes if quote in citation.hit.passage.text)
    return replace(citation, quotes=quotes) if quotes else None


def cited_numbers(text: str) -> tuple[int, ...]:
    """The numbers of the marks [1] in a sentence, each once."""
    return tuple(dict.fromkeys(int(number) for number in _MARK.findall(text)))


