"""原文: the whole document at the cited place, as an ordinary page that opens without any script."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from assistant.ui import texts
from assistant.ui.conversation import Place
from assistant.ui.outline import lines_of
from assistant.ui.reading_page import Reading, Stretch, Version, message_page, reading_page
from kb.catalog import DocumentSummary
from kb.errors import ShegongError
from kb.knowledge_base import KnowledgeBase
from kb.models import Document, Status
from kb.validity import Term, canonical_title, terms

_MOST_MARKS = 20
_STRETCH = re.compile(r"(\d{1,9})-(\d{1,9})")


def routes(knowledge_base: KnowledgeBase) -> APIRouter:
    """The route of the reading page: /doc/{document_id}?at=120-168,201-233#cite."""
    router = APIRouter()

    @router.get("/doc/{document_id}", response_class=HTMLResponse)
    def read(document_id: str, at: str = "") -> HTMLResponse:
        try:
            reading = reading_of(knowledge_base, document_id, at, date.today())
        except ShegongError as error:
            return HTMLResponse(message_page(texts.TRY_LATER, str(error)), 503)
        if reading is None:
            return HTMLResponse(message_page(texts.NO_SUCH_DOCUMENT, texts.NO_SUCH_DOCUMENT_MORE), 404)
        return HTMLResponse(reading_page(reading))

    return router


def reading_of(knowledge_base: KnowledgeBase, document_id: str, at: str, day: date) -> Reading | None:
    """What the reading page shows of a document on `day`; None if there is no such document."""
    document = knowledge_base.document(document_id)
    if document is None:
        return None
    summaries = knowledge_base.summaries()
    known = terms(summary.bare() for summary in summaries)
    term = known.get(document_id, Term(None))
    found_in = (record.source for record in knowledge_base.sources().values() if record.document_id == document_id)
    return Reading(
        document,
        lines_of(document, knowledge_base.passages(document_id)),
        term.status(day),
        term.until,
        stretches(at, len(document.text)),
        versions_of(document, summaries, known, day),
        tuple(sorted(found_in)),
        tuple((title, place_of_title(title, summaries, known, day)) for title in document.facts.sources),
    )


def stretches(at: str, length: int) -> tuple[Stretch, ...]:
    """The marked stretches that an address names, inside a text of `length` characters."""
    found = ((int(start), min(int(end), length)) for start, end in _STRETCH.findall(at[:1000]))
    return tuple((start, end) for start, end in found if start < end)[:_MOST_MARKS]


def versions_of(
    document: Document, summaries: Sequence[DocumentSummary], known: Mapping[str, Term], day: date
) -> tuple[Version, ...]:
    """All texts of this title, part and region, newest first; empty when it is the only one."""
    if document.kind != "policy" or document.facts.sources:
        return ()
    family = _family(document)
    found = [
        each
        for each in summaries
        if each.kind == "policy" and not each.facts.sources and _family(each.bare()) == family
    ]
    versions = [
        Version(each.id, each.title, each.facts.number, known[each.id].since, known[each.id].status(day))
        for each in found
    ]
    return tuple(sorted(versions, key=lambda v: v.since or date.min, reverse=True)) if len(versions) > 1 else ()


def _family(document: Document) -> tuple[str, str, str]:
    return canonical_title(document.facts.title), document.facts.part, document.facts.region


def place_of_title(
    title: str, summaries: Sequence[DocumentSummary], known: Mapping[str, Term], day: date
) -> Place | None:
    """Where the text of this title can be read, the one in force first, then the newest."""
    wanted = canonical_title(title)
    found = [
        each
        for each in summaries
        if canonical_title(each.title) == wanted or canonical_title(each.facts.title) == wanted
    ]
    if not found:
        return None
    best = max(
        found, key=lambda each: (known[each.id].status(day) is Status.IN_FORCE, known[each.id].since or date.min)
    )
    return Place(best.id)
