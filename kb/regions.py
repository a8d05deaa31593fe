"""Regions of China as paths from the province down (安徽省/安庆市), found in titles, issuers and questions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from kb.chinese import TERMS_FOLDER
from kb.models import NATIONAL

_MUNICIPALITIES = frozenset({"北京市", "天津市", "上海市", "重庆市"})


@dataclass(frozen=True)
class Province:
    """A province-level division: full name, short name, one-character name and its prefectures."""

    name: str
    short: str
    sign: str
    cities: tuple[str, ...]


@lru_cache(maxsize=1)
def provinces() -> tuple[Province, ...]:
    """All province-level divisions of the kept list."""
    rows = (line.split("\t") for line in (TERMS_FOLDER / "regions.tsv").read_text(encoding="utf-8").splitlines())
    return tuple(Province(r[0], r[1], r[2], tuple(r[3].split())) for r in rows if len(r) == 4 and not r[0].startswith("#"))


def region_of(text: str) -> str:
    """The region that `text` begins with, as a path (安徽省/安庆市, 重庆市); 全国 if it begins with none.

    A city without its province is enough; 吉林 and 海南 mean the provinces.
    """
    text = text.strip().removeprefix("中共")
    for province in provinces():
        for name in (province.name, province.short):
            if text.startswith(name):
                rest = text[len(name) :].removeprefix("省")
                city = _city(province, rest)
                return f"{province.name}/{city}" if city else province.name
    for province in provinces():
        if city := _city(province, text):
            return f"{province.name}/{city}"
    return NATIONAL


def region_of_sign(number: str) -> str:
    """The province of a document number by its first character (皖政〔2021〕3号 → 安徽省); 全国 if none."""
    return next((p.name for p in provinces() if number.startswith(p.sign) and not number.startswith("国")), NATIONAL)


def resolve_region(name: str) -> str | None:
    """The path a person means by a full, short or one-character name (皖, 安庆, 安徽省/安庆市, 全国); None if unknown."""
    name = name.strip().strip("/").replace("·", "/")
    if name in ("", NATIONAL, "国家", "中国"):
        return NATIONAL
    if "/" in name:
        head, _, tail = name.partition("/")
        province = resolve_region(head)
        return f"{province}/{tail}" if province and province != NATIONAL else None
    sign = next((p.name for p in provinces() if p.sign == name), None)
    found = region_of(name)
    return sign or (found if found != NATIONAL else None)


def _city(province: Province, text: str) -> str:
    if province.name in _MUNICIPALITIES:
        return ""
    for city in province.cities:
        short = city.removesuffix("市").removesuffix("地区")
        if text.startswith(city) or (len(short) >= 2 and short != province.short and text.startswith(short)):
            return city
    return ""
