"""Which text holds on a given day: versions of one title in order, and what later texts repeal."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from kb.models import NATIONAL, Document, Facts, Status

_NOISE = re.compile(r"[《》〈〉\s　]|[（(](\d{4}年?(?:修正|修订)?[版本]?|\d{4}-\d{2}-\d{2})[）)]$")


def canonical_title(title: str) -> str:
    """The title under which versions of one text are linked: without 《》, spaces, 中华人民共和国 and a date suffix."""
    return _NOISE.sub("", title).removeprefix("中华人民共和国")


@dataclass(frozen=True)
class Term:
    """From when and until when a document holds; `until` is the first day it no longer does, `end` says why."""

    since: date | None
    until: date | None = None
    end: Status = Status.SUPERSEDED
    undated: Status = Status.UNCHECKED

    def status(self, day: date) -> Status:
        """The status on `day`; a law or notice that names no date at all has yet to be checked by a person."""
        if self.until and day >= self.until:
            return self.end
        if self.since is None:
            return self.undated
        return Status.NOT_YET if day < self.since else Status.IN_FORCE


def terms(documents: Iterable[Document]) -> Mapping[str, Term]:
    """The term of every document, by id, as follows from all of them together.

    A later version of the same title, part and region supersedes the earlier from its effective date; a text named in
    another's repeal clause ends on the effective date of the text that repeals it.
    """
    everything = list(documents)
    result = {document.id: _own_term(document) for document in everything}
    families: dict[tuple[str, str, str], list[Document]] = defaultdict(list)
    for document in everything:
        if document.kind == "policy" and not document.facts.sources:
            facts = document.facts
            families[canonical_title(facts.title), facts.part, facts.region].append(document)
    for versions in families.values():
        _end_earlier_versions(versions, result)
    _end_repealed(everything, families, result)
    return result


def _own_term(document: Document) -> Term:
    facts = document.facts
    law = document.kind == "policy" and not facts.sources
    return Term(_since(facts), facts.repealed, Status.REPEALED, Status.UNCHECKED if law else Status.IN_FORCE)


def _since(facts: Facts) -> date | None:
    """A version made after its law took effect (修正) holds from the day it was made."""
    if facts.effective and facts.issued and facts.issued > facts.effective:
        return facts.issued
    return facts.effective or facts.issued


def _end_earlier_versions(versions: list[Document], result: dict[str, Term]) -> None:
    dated = sorted((since, document.id) for document in versions if (since := result[document.id].since))
    starts = sorted({since for since, _ in dated})
    for since, document_id in dated:
        later = next((start for start in starts if start > since), None)
        if later:
            result[document_id] = _earlier_end(result[document_id], later, Status.SUPERSEDED)


def _end_repealed(
    everything: list[Document],
    families: Mapping[tuple[str, str, str], list[Document]],
    result: dict[str, Term],
) -> None:
    for document in everything:
        day = result[document.id].since
        for title in document.facts.repeals if day else ():
            for old in families.get((canonical_title(title), "", document.facts.region), ()):
                old_since = result[old.id].since
                if old.id != document.id and day and (old_since is None or old_since < day):
                    result[old.id] = _earlier_end(result[old.id], day, Status.REPEALED)


def _earlier_end(term: Term, day: date, end: Status) -> Term:
    return replace(term, until=day, end=end) if term.until is None or day < term.until else term


def holds_in(region: str, asked: str) -> bool:
    """Whether a rule of `region` holds for someone in `asked`: national everywhere, a province's in the province."""
    return region == NATIONAL or asked == region or asked.startswith(f"{region}/")
