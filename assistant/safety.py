"""What comes first on the screen when there is danger: kept rules, no index and no model.

`cards_for` reads the question only. The wording, the duties and their legal bases are data in `rules/danger.toml`; only
numbers of the kept hotline table may stand in them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from kb.chinese import TERMS_FOLDER, normalize
from kb.models import Card

_RULES = Path(__file__).resolve().parent / "rules" / "danger.toml"
_STALE_AFTER = timedelta(days=180)
_MOST_CARDS = 2


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
class _Danger:
    says: tuple[re.Pattern[str], ...]
    leave_out: re.Pattern[str] | None
    card: Card


@dataclass(frozen=True)
class _Rules:
    study: re.Pattern[str]
    urgent: re.Pattern[str]
    dangers: tuple[_Danger, ...]


def cards_for(question: str) -> tuple[Card, ...]:
    """The cards for the dangers that a question tells of, most pressing first; none for a lecture or a definition."""
    text = re.sub(r"\s+", "", normalize(question))
    rules = _rules()
    if rules.study.search(text) and not rules.urgent.search(text):
        return ()
    found = [danger.card for danger in rules.dangers if any(pattern.search(text) for pattern in danger.says)]
    return tuple(found[:_MOST_CARDS])


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


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    data = tomllib.loads(_RULES.read_text(encoding="utf-8"))
    dangers = tuple(_danger(row) for row in data["danger"])
    return _Rules(re.compile(data["study"]), re.compile(data["urgent"]), dangers)


def all_cards() -> tuple[Card, ...]:
    """Every card of the rules."""
    return tuple(danger.card for danger in _rules().dangers)


def _danger(row: Mapping[str, object]) -> _Danger:
    def words(key: str) -> tuple[str, ...]:
        return tuple(row[key])  # type: ignore[arg-type]

    laws = tuple((title, article) for title, article in row["laws"])  # type: ignore[attr-defined]
    card = Card(str(row["name"]), words("now"), words("tell"), words("record"), words("avoid"), laws)
    leave_out = re.compile(str(row["leave_out"])) if "leave_out" in row else None
    return _Danger(tuple(re.compile(pattern) for pattern in words("says")), leave_out, card)
