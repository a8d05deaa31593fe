"""What comes first on the screen when there is danger: kept rules, no index and no model.

`cards_for` reads the question only. Recognition is compositional: `rules/danger.toml` keeps small groups of words (who,
what is done, with what) and, for every danger, rules that combine groups within a distance. Harmless turns of speech are
masked first. The wording, the duties and their legal bases are data there too; only numbers of the kept hotline table
may stand in them.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path

from kb.chinese import TERMS_FOLDER, normalize
from kb.models import Card

_RULES = Path(__file__).resolve().parent / "rules" / "danger.toml"
_STALE_AFTER = timedelta(days=180)
_MOST_CARDS = 2
_MASK = "○"
_FULL_STOP = "\n"  # for 。 while matching: a class of ASCII characters compiles faster
_IN_CLAUSE = r"[^,\n?!;]"  # "…" in the kept words
_SENTENCE_END = frozenset("\n?!;")
_CLAUSE_END = _SENTENCE_END | frozenset(",、:")


@dataclass(frozen=True)
class Hotline:
    """A public number with when it answers; `checked_on` is the day a person last checked it."""

    number: str
    name: str
    hours: str
    region: str
    source: str
    checked_on: date

    def is_stale(self, day: date) -> bool:
        """Whether the entry is due for checking again."""
        return day - self.checked_on > _STALE_AFTER


@dataclass(frozen=True)
class _Gap:
    """How far the next word may stand: `most` characters, over commas or not, past other people or not."""

    most: int
    over_commas: bool
    alone: bool


@dataclass(frozen=True)
class _Chain:
    """Groups whose words follow each other; `absent` asks that they do not."""

    groups: tuple[str, ...]
    gaps: tuple[_Gap, ...]
    absent: bool


_Rule = tuple[_Chain, ...]


@dataclass(frozen=True)
class _Danger:
    rank: int
    says: tuple[_Rule, ...]
    unless: tuple[_Rule, ...]
    leave_out: re.Pattern[str] | None
    card: Card


class _Lexicon:
    """The kept groups of words, each compiled when first asked for."""

    def __init__(self, groups: Mapping[str, str]) -> None:
        self._groups = groups
        self._compiled: dict[str, re.Pattern[str]] = {}

    def pattern(self, group: str) -> re.Pattern[str]:
        if group not in self._compiled:
            self._compiled[group] = re.compile(self._source(group))
        return self._compiled[group]

    def _source(self, group: str) -> str:
        words = sorted(self._groups[group].split(), key=len, reverse=True)
        source = "|".join(words).replace("…", _IN_CLAUSE).replace("。", _FULL_STOP)
        return re.sub(r"@(\w+)", lambda borrowed: self._source(borrowed[1]), source)


@dataclass(frozen=True)
class _Rules:
    lexicon: _Lexicon
    harmless: str
    people: str
    urgent: tuple[_Rule, ...]
    dangers: tuple[_Danger, ...]


class _Message:
    """One message, harmless turns of speech masked, and where each group's words stand in it."""

    def __init__(self, question: str, rules: _Rules) -> None:
        self._lexicon = rules.lexicon
        self._people = rules.people
        self.text = rules.lexicon.pattern(rules.harmless).sub(lambda found: _MASK * len(found[0]), _plain(question))
        self._spans: dict[str, list[tuple[int, int]]] = {}

    def spans(self, group: str) -> list[tuple[int, int]]:
        if group not in self._spans:
            self._spans[group] = [found.span() for found in self._lexicon.pattern(group).finditer(self.text)]
        return self._spans[group]

    def holds(self, chain_: _Chain) -> bool:
        """Whether words of the chain's groups follow each other at its distances (or do not, if so asked)."""
        ends = [end for _, end in self.spans(chain_.groups[0])]
        for group, gap in zip(chain_.groups[1:], chain_.gaps, strict=True):
            if not ends:
                break
            ends = [end for start, end in self.spans(group) if self._reached(start, ends, gap)]
        return bool(ends) != chain_.absent

    def _reached(self, start: int, ends: list[int], gap: _Gap) -> bool:
        near = ends[bisect_left(ends, start - gap.most) : bisect_right(ends, start)]
        stops = self._sentences if gap.over_commas else self._clauses
        return any(
            stops[end] == stops[start] and not (gap.alone and self._persons[end] != self._persons[start])
            for end in near
        )

    @cached_property
    def _clauses(self) -> list[int]:
        return _counts(character in _CLAUSE_END for character in self.text)

    @cached_property
    def _sentences(self) -> list[int]:
        return _counts(character in _SENTENCE_END for character in self.text)

    @cached_property
    def _persons(self) -> list[int]:
        starts = {start for start, _ in self.spans(self._people)}
        return _counts(place in starts for place in range(len(self.text)))


def cards_for(question: str) -> tuple[Card, ...]:
    """The cards for the dangers that a question tells of, most pressing first; none for a lecture or a definition."""
    rules = _rules()
    message = _Message(question, rules)
    found = [danger for danger in rules.dangers if _any_holds(danger.says, message)]
    if found and not _any_holds(rules.urgent, message):
        found = [danger for danger in found if not _any_holds(danger.unless, message)]
    found.sort(key=lambda danger: danger.rank)
    return tuple(danger.card for danger in found[:_MOST_CARDS])


def fits(cards: Sequence[Card], sentence: str) -> bool:
    """Whether a sentence may stand below these cards: where there is violence, reconciling is not offered first."""
    shown = {card.danger for card in cards}
    dangers = (danger for danger in _rules().dangers if danger.card.danger in shown and danger.leave_out)
    return not any(danger.leave_out and danger.leave_out.search(sentence) for danger in dangers)


@lru_cache(maxsize=1)
def hotlines() -> Mapping[str, Hotline]:
    """The kept table, by number."""
    lines = (TERMS_FOLDER / "hotlines.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line.strip() and not line.startswith("#"))
    return {row[0]: Hotline(row[0], row[1], row[2], row[3], row[4], date.fromisoformat(row[5])) for row in rows}


def all_cards() -> tuple[Card, ...]:
    """Every card of the rules."""
    return tuple(danger.card for danger in _rules().dangers)


# --- reading a message ------------------------------------------------------------------------------------------


def _plain(question: str) -> str:
    """The message for matching: 我 不 想 活 is joined, any other space parts clauses."""
    pieces = normalize(question).split()
    spelled_out = len(pieces) > 1 and sum(map(len, pieces)) < 2 * len(pieces)
    return ("" if spelled_out else ",").join(pieces).replace("。", _FULL_STOP)


def _counts(marks: Iterable[bool]) -> list[int]:
    """At every place, how many marks stand before it."""
    return list(accumulate(marks, initial=0))


def _any_holds(rules: Sequence[_Rule], message: _Message) -> bool:
    return any(all(message.holds(chain_) for chain_ in rule) for rule in rules)


# --- reading the rules ------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    data = tomllib.loads(_RULES.read_text(encoding="utf-8"))
    dangers = tuple(_danger(row) for row in data["danger"])
    return _Rules(_Lexicon(data["words"]), data["harmless"], data["people"], _read_rules(data["urgent"]), dangers)


def _danger(row: Mapping[str, object]) -> _Danger:
    def words(key: str) -> tuple[str, ...]:
        return tuple(row[key])  # type: ignore[arg-type]

    laws = tuple((title, article) for title, article in row["laws"])  # type: ignore[attr-defined]
    card = Card(str(row["name"]), words("now"), words("tell"), words("record"), words("avoid"), laws)
    leave_out = re.compile(str(row["leave_out"])) if "leave_out" in row else None
    return _Danger(int(str(row["rank"])), _read_rules(words("says")), _read_rules(words("unless")), leave_out, card)


def _read_rules(lines: Sequence[str]) -> tuple[_Rule, ...]:
    return tuple(tuple(_read_chain(part.strip()) for part in line.split("&")) for line in lines)


def _read_chain(text: str) -> _Chain:
    """`孩子 8 遭 6~ 打`: groups with the distances between them; `!` in front asks for absence."""
    groups, gaps = text.removeprefix("!").split()[::2], text.split()[1::2]
    return _Chain(tuple(groups), tuple(_read_gap(gap) for gap in gaps), text.startswith("!"))


def _read_gap(text: str) -> _Gap:
    return _Gap(int(text.rstrip(",~")), "," in text, "~" in text)
