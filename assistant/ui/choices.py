"""What the browser keeps besides the conversation: region, day, tab, and where a person was in the library."""

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


class Choices(BaseModel):
    """Everything chosen; `day` is empty for today, so that it is tomorrow's today tomorrow."""

    model_config = ConfigDict(frozen=True)

    province: str = NATIONAL
    city: str = ""
    day: str = ""
    tab: str = "ask"
    library: LibraryChoices = LibraryChoices()

    @property
    def region(self) -> str:
        """Province and city as a region path."""
        return region_path(self.province, self.city)


def read_choices(value: object, default_region: str = NATIONAL) -> Choices:
    """The stored choices; without any, those of a new person in `default_region`."""
    province, _, city = default_region.partition("/")
    new = Choices(province=province, city=city)
    try:
        found = Choices.model_validate(value) if isinstance(value, dict) else new
    except ValidationError:
        return new
    known = found.province in province_names() and (not found.city or found.city in cities_of(found.province))
    return found if known else found.model_copy(update={"province": new.province, "city": new.city})


def changed(value: object, default_region: str = NATIONAL, **changes: Any) -> dict[str, Any]:
    """The stored choices with some changed, to be stored again."""
    return read_choices(value, default_region).model_copy(update=changes).model_dump()


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
