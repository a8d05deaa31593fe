"""Numbers with their units in Chinese text, so that 十五日 and 15天 compare equal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from eval.corpus_check.digests import NUMERALS
from kb.chinese import parse_numeral

_N = rf"(?:\d+(?:\.\d+)?[万]?|[{NUMERALS}]+)"
_UNITS = r"个?工作日|个?小时|分钟|个?月|周岁|岁|日|天|年(?!级)|个?星期|周|万?元|[%％]|倍|名|人|次|级|平方米|公里|米"
_QUANTITY = re.compile(rf"({_N})(?:\s*(?:至|到|、|[-—–－~～]+)\s*({_N}))?[余多]?\s*({_UNITS})")
_SHARE = re.compile(rf"({_N})分之({_N})(?:(?:至|到)({_N}))?(?!\d)|一半|半数|过半")
_THIS_ONE = re.compile(r"[这那哪同某](?:一|1)?个?(?=[天日年月周次级])")
_BARE_NUMBER = re.compile(r"(?<![\d.a-zA-Z])\d+(?:\.\d+)?(?![\d.]*[a-zA-Z])")
_HALF_YEAR = re.compile(r"半年")
_EVERY = re.compile(r"每(年|月|日|天|周)")
_ORDINAL = re.compile(rf"第[（(]?[{NUMERALS}\d]+[）)]?(?:[条款项章节编](?:之[{NUMERALS}]+)?)?")
_SCALE: Mapping[str, tuple[str, int]] = {
    "天": ("日", 1),
    "周": ("日", 7),
    "星期": ("日", 7),
    "年": ("月", 12),
    "周岁": ("岁", 1),
    "万元": ("元", 10_000),
    "名": ("人", 1),
}
_IDIOM_UNITS = frozenset({"人", "次"})  # 一人, 一次 say nothing


@dataclass(frozen=True)
class Quantity:
    """A number with its unit in a common measure: days, months, years of age, yuan; `words` as written."""

    value: Fraction
    unit: str
    words: str = field(compare=False)


def quantities(text: str) -> set[Quantity]:
    """The days, ages, shares, amounts and other numbers that a text states; ordinals are not counted."""
    text = re.sub(rf"{_THIS_ONE.pattern}|{_ORDINAL.pattern}", "·", text)
    found = {share for match in _SHARE.finditer(text) for share in _shares(match)}
    text = _SHARE.sub("·", text)
    found |= {Quantity(Fraction(6), "月", "半年") for _ in _HALF_YEAR.finditer(text)}
    for match in _QUANTITY.finditer(text):
        found |= set(_measured(match))
    rest = _QUANTITY.sub("·", text)
    found |= {Quantity(Fraction(number), "", number) for number in _BARE_NUMBER.findall(rest)}
    return {quantity for quantity in found if quantity.value and not _is_idiom(quantity)}


def _is_idiom(quantity: Quantity) -> bool:
    return quantity.value == 1 and quantity.unit in _IDIOM_UNITS


def _shares(match: re.Match[str]) -> Iterator[Quantity]:
    whole, *parts = match.groups()
    if whole is None:
        yield Quantity(Fraction(1, 2), "份", match.group())
    for part in parts if whole else ():
        if part:
            yield Quantity(_value(part) / (_value(whole) or 1), "份", match.group())


def _measured(match: re.Match[str]) -> Iterator[Quantity]:
    unit = match.group(3).removeprefix("个")
    for number in match.group(1, 2):
        if not number:
            continue
        value = _value(number)
        if unit in ("%", "％"):
            yield Quantity(value / 100, "份", match.group())
        elif unit == "年" and value > 1900:
            yield Quantity(value, "公历年", match.group())
        else:
            name, scale = _SCALE.get(unit, (unit, 1))
            yield Quantity(value * scale, name, match.group())


def _value(number: str) -> Fraction:
    if number[0].isdigit():
        return Fraction(number.rstrip("万")) * (10_000 if number.endswith("万") else 1)
    return Fraction(parse_numeral(number) or 0)


def stated_quantities(text: str) -> set[Quantity]:
    """What an article states: its quantities, once for every 每年, and all bare numbers whatever follows them."""
    bare = {Quantity(_value(n), "", n) for n in re.findall(_N, _ORDINAL.sub("·", text))}
    every = (_SCALE.get(match.group(1), (match.group(1), 1)) for match in _EVERY.finditer(text))
    return quantities(text) | bare | {Quantity(Fraction(scale), name, "每") for name, scale in every}
