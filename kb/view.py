"""One generation of the knowledge base as its readers see it, and which of its passages an asker may be shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kb.catalog import DocumentSummary
from kb.mentions import numbers_in, plain_number, region_in, titles_in
from kb.models import NATIONAL, Asker, Kind, Status
from kb.retrieval import Retriever
from kb.validity import Term, canonical_title, holds_in
from kb.vector_index import Keys, Mask

SIDE_KINDS: tuple[Kind, ...] = ("training", "case")
_ASKERS_KEPT = 64
_HOLDING = (Status.IN_FORCE, Status.UNCHECKED)


@dataclass(frozen=True)
class View:
    """What a reader sees of one generation: the documents, when they hold, and the indexes over their passages."""

    generation: int
    summaries: tuple[DocumentSummary, ...]
    by_id: Mapping[str, int]
    terms: Mapping[str, Term]
    owner: npt.NDArray[np.int32]  # passage key → position in summaries, -1 where not published
    retriever: Retriever | None  # None where the indexes are lost or damaged
    _masks: dict[Asker, tuple[Mask, ...]] = field(default_factory=dict)

    def masks(self, asker: Asker) -> tuple[Mask, ...]:
        """What may be returned to the asker, what matched but is left out, and each of the side kinds."""
        found = self._masks.get(asker)
        if found is None:
            if len(self._masks) >= _ASKERS_KEPT:
                self._masks.clear()  # another thread's, too: each keeps what it has found
            allowed = self._allowed(asker)
            groups = (allowed, self._left_out(asker, allowed), *(allowed & self._of_kind(kind) for kind in SIDE_KINDS))
            found = self._masks[asker] = tuple(self._mask(group) for group in groups)
        return found

    @cached_property
    def laws(self) -> Mapping[str, Sequence[DocumentSummary]]:
        """The laws and notices (not digests of them) of every canonical title."""
        found: dict[str, list[DocumentSummary]] = defaultdict(list)
        for summary in self.summaries:
            if summary.kind == "policy" and not summary.facts.sources:
                found[canonical_title(summary.facts.title)].append(summary)
        return dict(found)

    @cached_property
    def titles(self) -> frozenset[str]:
        """The canonical titles of all laws and notices."""
        return frozenset(self.laws)

    @cached_property
    def by_title(self) -> Mapping[str, Sequence[str]]:
        """The ids of the documents of every canonical title, with and without the part that a file holds."""
        found: dict[str, list[str]] = defaultdict(list)
        for summary in self.summaries:
            for title in {canonical_title(summary.facts.title), canonical_title(summary.title)}:
                found[title].append(summary.id)
        return dict(found)

    @cached_property
    def numbers(self) -> Mapping[str, Sequence[str]]:
        """The ids of the documents of every document number (发文字号)."""
        found: dict[str, list[str]] = defaultdict(list)
        for summary in self.summaries:
            if number := plain_number(summary.facts.number):
                found[number].append(summary.id)
        return dict(found)

    @cached_property
    def regions(self) -> frozenset[str]:
        """The regions that have documents."""
        return frozenset(summary.facts.region for summary in self.summaries)

    def cases(self, asker: Asker) -> frozenset[str]:
        """The ids of the cases that may be shown to the asker."""
        allowed = self._allowed(replace(asker, kinds=frozenset({"case"})))
        return frozenset(summary.id for summary, fits in zip(self.summaries, allowed, strict=True) if fits)

    def meant(self, question: str, asker: Asker) -> Asker:
        """The asker, placed in the region that the question speaks of, where there are documents of it."""
        region = region_in(question, self.regions)
        inside = asker.region == region or asker.region.startswith(f"{region}/")
        return asker if inside or region == NATIONAL else replace(asker, region=region)

    def spoken_of(self, question: str, asker: Asker) -> Mask | None:
        """The passages of the texts that a question names by title or number and that may be shown; None if none."""
        owners = {summary.id for title in titles_in(question, self.titles) for summary in self.laws[title]}
        owners |= {owner for number in numbers_in(question) for owner in self.numbers.get(number, ())}
        if not owners:
            return None
        named = np.fromiter((s.id in owners for s in self.summaries), dtype=bool, count=len(self.summaries))
        shown = named & self._allowed(asker)
        return self._mask(shown) if shown.any() else None

    def named(self, title: str, asker: Asker) -> list[DocumentSummary]:
        """The laws and notices of that title (not digests of them) that hold for the asker, latest first."""
        valid = [
            summary
            for summary in self.laws.get(canonical_title(title), ())
            if holds_in(summary.facts.region, asker.region) and self.terms[summary.id].status(asker.day) in _HOLDING
        ]
        return sorted(valid, key=lambda summary: self.terms[summary.id].since or date.min, reverse=True)

    def _allowed(self, asker: Asker) -> npt.NDArray[np.bool_]:
        """For each document whether it holds for the asker and is of a kind asked for."""

        def fits(summary: DocumentSummary) -> bool:
            if asker.kinds and summary.kind not in asker.kinds:
                return False
            in_force = self.terms[summary.id].status(asker.day) in _HOLDING
            return holds_in(summary.facts.region, asker.region) and (in_force or asker.include_invalid)

        return np.fromiter((fits(each) for each in self.summaries), dtype=bool, count=len(self.summaries))

    def _left_out(self, asker: Asker, allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Documents of the asked kinds whose region fits but whose validity does not, or the other way round."""
        kinds = (not asker.kinds or each.kind in asker.kinds for each in self.summaries)
        return np.fromiter(kinds, dtype=bool, count=len(self.summaries)) & ~allowed

    def _of_kind(self, kind: Kind) -> npt.NDArray[np.bool_]:
        """For each document whether it is of `kind`."""
        return np.fromiter((each.kind == kind for each in self.summaries), dtype=bool, count=len(self.summaries))

    def _mask(self, documents: npt.NDArray[np.bool_]) -> Mask:
        """Which passage keys belong to `documents` (one flag per summary)."""
        per_key = np.append(documents, False)[self.owner]  # owner -1 reads the last entry: not published

        def mask(keys: Keys) -> npt.NDArray[np.bool_]:
            known = keys < len(per_key)
            return np.where(known, per_key[np.where(known, keys, 0)], False)

        return mask
