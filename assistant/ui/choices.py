"""What the browser keeps besides the conversation: region and day, and where a person was in the library.

Each is kept under a name of its own, so that two changes at once do not undo each other.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from kb.models import NATIONAL
from kb.regions import provinces


class LibraryChoices(BaseModel):
    """Search words, filters and page of the library; empty means all."""

    model_config = ConfigDict(frozen=True)

    words: str = ""
    kind: str = ""
    level: str = ""
    region: str = ""
    status: str = ""
    topic: str = ""
    page: int = 0


class PlaceChoices(BaseModel):
    """Region and day asked about; `day` is empty for today, so that it is tomorrow's today tomorrow."""

    model_config = ConfigDict(frozen=True)

    province: str = NATIONAL
    city: str = ""
    day: str = ""


def read_library(value: object) -> LibraryChoices:
    """The stored choices, or those of a new person."""
    try:
        return LibraryChoices.model_validate(value)
    except ValidationError:
        return LibraryChoices()


def read_place(value: object, default_region: str = NATIONAL) -> PlaceChoices:
    """The stored choices; without any that can be read, those of a new person in `default_region`."""
    province, city = (*default_region.split("/"), "")[:2]
    new = PlaceChoices(province=province, city=city if city in cities_of(province) else "")
    if not value:
        return new
    try:
        found = PlaceChoices.model_validate(value)
    except ValidationError:
        return new
    known = found.province in province_names() and (not found.city or found.city in cities_of(found.province))
    return found if known else new


def kept_place(value: object, default_region: str, **changes: Any) -> dict[str, Any]:
    """The stored region and day with some changed, to be stored again."""
    return read_place(value, default_region).model_copy(update=changes).model_dump()


def province_names() -> list[str]:
    """全国 and the provinces."""
    return [NATIONAL, *(province.name for province in provinces())]


def cities_of(province: str) -> tuple[str, ...]:
    """The cities of a province; none for 全国 and the municipalities."""
    return next((each.cities for each in provinces() if each.name == province), ())


def region_path(province: object, city: object) -> str:
    """The region path of two choices; what is not in the kept list counts as not chosen."""
    if not isinstance(province, str) or province not in province_names() or province == NATIONAL:
        return NATIONAL
    return f"{province}/{city}" if city in cities_of(province) else province


def day_of(text: object) -> date | None:
    """The day that was written, today for nothing, None for something that is no date."""
    written = str(text or "").strip().replace("/", "-").replace(".", "-")[:10]
    if not written:
        return date.today()
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
