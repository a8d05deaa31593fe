"""Facts about a document, read from its text first, its format second and its file name last."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date

from ingest.blocks import Block, FileContent
from ingest.titles import file_date, title_of
from kb.chinese import parse_numeral
from kb.models import NATIONAL, Facts
from kb.regions import region_of, region_of_sign

_D = r"[\d零〇○一二三四五六七八九十]"
_DATE = re.compile(rf"({_D}{{4}})\s*[年\-./]\s*({_D}{{1,3}})\s*[月\-./]\s*({_D}{{1,3}})\s*日?")
_NUMBER = re.compile(
    r"([一-鿿]{1,12}(?:发|字|函|办|令|规|号|政|民|法释|解|通|告|电|社|财|教|卫|人|司|公|厅|会|委|联)?[一-鿿]{0,6})\s*"
    r"[〔\[【（(﹝]\s*((?:19|20)\d{2})\s*[〕\]】）)﹞]\s*第?\s*(\d{1,5})\s*号"
)
_ORDER = re.compile(
    r"((?:中华人民共和国)?(?:国务院、(?:中华人民共和国)?中央军(?:委|事委员会)|国务院|中央军事委员会|主席"
    r"|[一-鿿]{2,14}?(?:部|委员会|总局|署|人民政府|省|市|区)))令\s*[（(]?\s*第\s*([\d零〇一二三四五六七八九十百千]+)\s*号"
)
_EFFECTIVE = re.compile(rf"[自从]\s*({_D}{{4}}年{_D}{{1,3}}月{_D}{{1,3}}日)\s*(?:起)?(?:施行|实施|执行|生效)")
_EFFECTIVE_LINE = re.compile(
    rf"^[（(]?\s*(?:(?:施行|实施|生效)(?:日期|时间)?[：:\s]*({_D}{{4}}年{_D}{{1,3}}月{_D}{{1,3}}日)|({_D}{{4}}年{_D}{{1,3}}月{_D}{{1,3}}日)\s*(?:起)?\s*(?:施行|实施|生效))\s*[）)]?$",
    re.MULTILINE,
)
_FROM = re.compile(rf"自?\s*{_D}{{4}}年{_D}{{1,3}}月{_D}{{1,3}}日\s*起(?:施行|实施|执行|生效)?|自\s*{_D}{{4}}年{_D}{{1,3}}月{_D}{{1,3}}日(?:施行|实施)")
_FROM_PUBLICATION = re.compile(r"自(?:公布|发布|印发|颁布|下发)之日起(?:施行|实施|执行|生效)")
_REPEAL = re.compile(r"((?:《[^》]{3,80}》(?:[（(][^（）()]{0,60}[）)])*[、，和及以]*(?:及)?)+)\s*(?:同时|即行|自[^。；]{0,20}起|均)?\s*(?:废止|失效|停止执行)")
_NAMES = re.compile(r"《([^》]{3,80})》")
_CITED_NUMBER = re.compile(r"》[（(][^（）()]{0,40}[)）]")
_INTERPRETS = re.compile(r"^最高人民(?:法院|检察院).*(?:解释|规定|批复|决定)(?:（[^）]*）)*$|^关于适用.*解释(?:（[^）]*）)*$")
_HEAD_LINES = 15
_BODY_BEGINS = re.compile(r"^第[零〇一二三四五六七八九十百千\d]+[编章节条]|^[一二三四五六七八九十]+、|^[^。；]{4,120}(?:人民政府|部委|机构|厅|局|各部门|单位|法院|院)[^。；]{0,40}：$")
_ARTICLE_LINE = re.compile(r"^第[^条\n]{1,9}条", re.MULTILINE)
_DATE_LINE = re.compile(rf"^[（(]?\s*{_D}{{4}}\s*年")


def read_facts(content: FileContent, *, file_name: str) -> Facts:
    """What the text says about itself; file name and front matter fill the gaps. Nothing is guessed."""
    blocks, given = content.blocks, content.facts
    title, part = title_of(content, file_name)
    text = "\n".join(block.text for block in blocks)
    head = "\n".join(_head(blocks))
    number = _number(given.get("number", "")) or _number(_above_body(head))
    issuer = given.get("issuer", "") or _issuer(title, number, head)
    region = _region(given, title, number, issuer, head)
    articles = len(_ARTICLE_LINE.findall(text))
    issued = _given_date(given, "issued") or _issued(head, file_name) or _signed(blocks)
    own = _is_ours(given)
    return Facts(
        title=title,
        part=part,
        number=number,
        issuer=issuer,
        level=_level(title, number, issuer, region, articles),
        region=region,
        issued=issued,
        effective=_given_date(given, "effective") or (None if own else _effective(text, head, issued)),
        repeals=() if own else _repeals(text),
        topics=_list(given, "topics") or _list(given, "category"),
        sources=_list(given, "sources"),
        checked_on=_given_date(given, "checked_on"),
        invented=given.get("invented", "") == "true",
    )


def parse_date(text: str) -> date | None:
    """The first date in `text`, in Arabic, full-width or Chinese numerals; None if there is none or it is impossible."""
    match = _DATE.search(unicodedata.normalize("NFKC", text))
    if not match:
        return None
    year, month, day = (parse_numeral(part) for part in match.groups())
    try:
        return date(year or 0, month or 0, day or 0)
    except ValueError:
        return None


def _is_ours(given: Mapping[str, str]) -> bool:
    """Whether the front matter is that of the kept corpus, whose digests speak of other texts' dates."""
    return "kind" in given


def _list(given: Mapping[str, str], key: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in given.get(key, "").split("\n") if line.strip())


def _given_date(given: Mapping[str, str], key: str) -> date | None:
    return parse_date(given[key]) if key in given else None


# --- number, issuer, level, region ------------------------------------------------------------------------------


def _head(blocks: Sequence[Block]) -> list[str]:
    """What stands above the body: the lines before the first chapter, article, numbered heading or salutation."""
    lines: list[str] = []
    for block in blocks[:_HEAD_LINES]:
        if lines and _BODY_BEGINS.search(block.text):
            break
        lines.append(block.text[:1000])
    return lines


def _above_body(head: str) -> str:
    """The lines of the head without sentences, which may name the numbers of other texts."""
    lines = head.split("\n")
    own = (line for line in lines if len(line) <= 60 or line.startswith(("（", "(")) or _DATE_LINE.match(line))
    return "\n".join(_CITED_NUMBER.sub("》", line) for line in own)


def _number(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text.replace("〔", "[").replace("〕", "]"))
    match = _NUMBER.search(plain)
    if match:
        return f"{_agency(match.group(1))}〔{match.group(2)}〕{int(match.group(3))}号"
    order = _order(plain)
    return f"{order[0]}令第{order[1]}号" if order else ""


def _order(text: str) -> tuple[str, str] | None:
    """(who gave the order, its number) of a 令 named in `text`."""
    match = _ORDER.search(text)
    if not match:
        return None
    who = match.group(1).replace("中华人民共和国", "")
    return who.rpartition("日")[2], match.group(2)


def _agency(text: str) -> str:
    """The 机关代字 at the end of what stood before the bracket."""
    return re.sub(r"^.*(?:日|的|和|据|照|[》」）)])", "", text)[-10:]


_ISSUER_IN_NUMBER = {"国发": "国务院", "国办发": "国务院办公厅", "民发": "民政部", "法释": "最高人民法院", "民办发": "民政部办公厅", "国函": "国务院"}
_AGENCY = (
    r"(?:中共中央|国务院|中央军委|(?!关于|实施|转发|印发)[一-鿿]{2,20}?(?:部|委员会|总局|法院|检察院|人民政府|厅|民政局))(?:办公厅|办公室)?"
)
_AGENCIES = re.compile(rf"^({_AGENCY}(?:[、 ]?{_AGENCY})*?)(?:关于|印发|转发|对)")
_CONGRESS = re.compile(
    r"(全国|[一-鿿]{2,12}?(?:省|市|自治区|自治州|自治县))(?:第[一二三四五六七八九十]+届)?人民代表大会(常务委员会)?(?=第|公告|通过|主席团|$)"
)


def _issuer(title: str, number: str, head: str) -> str:
    """Who issued the text: the agency its title begins with, its number's, its order's, or the congress that passed it."""
    agency = _AGENCIES.match(title)
    if agency:
        return agency.group(1)
    by_number = _ISSUER_IN_NUMBER.get(number.partition("〔")[0], "")
    order = _order(_above_body(head))
    if by_number or (order and order[0] != "主席"):
        return by_number or (order[0] if order else "")
    congress = next((m for line in head.split("\n") for m in _CONGRESS.finditer(re.sub(r"\s", "", line))), None)
    return f"{_place(congress.group(1))}人民代表大会{congress.group(2) or ''}" if congress else ""


def _place(text: str) -> str:
    """The place at the end of what stood before 人民代表大会."""
    return re.sub(r"^.*[日经由据]", "", text)


def _level(title: str, number: str, issuer: str, region: str, articles: int) -> str:
    """The rank of the text as its title, number and issuer show; empty where they do not. `articles` counts lines 第X条."""
    if re.match(r"^(MZ|GB|DB)", title):
        return "标准"
    if re.match(r"法释|高检发释", number) or _INTERPRETS.search(title):
        return "司法解释"
    if region != NATIONAL and "〔" not in number and re.search(r"(条例|办法|规定|决定|细则)(（[^）]*）)?$", title):
        return "地方性法规"
    if re.search(r"(国务院|中央军委|中央军事委员会)令", number):
        return "行政法规"
    if "令第" in number and not number.startswith("主席"):
        return "部门规章"
    if re.search(r"(意见|通知|方案|公告|函|纲要|规划|通报|批复|决定)(（[^）]*）)?$", title) or "〔" in number:
        return "规范性文件"
    if articles >= (2 if title.endswith("法典") else 3) and re.search(r"(?<!办)法(（[^）]*）)?$|法典$", title):
        return "法律"
    if articles >= 3 and title.endswith("条例"):
        return "法律" if issuer.startswith("全国人民代表大会") else "行政法规"
    return ""


def _region(given: Mapping[str, str], title: str, number: str, issuer: str, head: str) -> str:
    """The region whose rule it is: as given, by title, issuer, the congress that approved it, or the number's first sign."""
    if given.get("region"):
        return given["region"]
    names = dict.fromkeys((title, issuer, *(_place(match.group(1)) for match in _CONGRESS.finditer(head))))
    by_name = next((region for name in names if name and (region := region_of(name)) != NATIONAL), NATIONAL)
    if by_name != NATIONAL or re.match(r"^(国|民|财|人社|教|卫|司|中|最高|法|高检)", number):
        return by_name
    return region_of_sign(number) if number else NATIONAL


# --- dates and repeals ------------------------------------------------------------------------------------------


def _issued(head: str, file_name: str) -> date | None:
    """The latest date of the history under the title, or that in the file name if the text says nothing later."""
    lines = [line for line in head.split("\n") if _DATE_LINE.match(line.strip()) or re.search(r"通过|公布|修[正订]|发布", line)]
    short = [_FROM.sub("", line) for line in lines[:12] if len(line) < 400 and not _EFFECTIVE_LINE.match(line.strip())]
    found = [parse_date(match.group(0)) for line in short for match in _DATE.finditer(line)]
    history = [day for day in found if day]
    if named := parse_date(file_date(file_name)):
        history.append(named)
    return max(history, default=None)


def _signed(blocks: Sequence[Block]) -> date | None:
    """The date alone on a line near the end: that of the signature."""
    for block in reversed(blocks[-12:]):
        if _DATE.fullmatch(unicodedata.normalize("NFKC", re.sub(r"\s+", "", block.text))):
            return parse_date(block.text)
    return None


def _effective(text: str, head: str, issued: date | None) -> date | None:
    own = [m for m in _EFFECTIVE.finditer(text) if re.search(r"(本|此)[^。；]{0,12}$", text[max(0, m.start() - 16) : m.start()])]
    matches = own or _not_of_another(text[-1500:]) or _not_of_another(head)
    if matches:
        return parse_date(matches[-1].group(1))
    if line := _EFFECTIVE_LINE.search(head):
        return parse_date(line.group(1) or line.group(2))
    return issued if _FROM_PUBLICATION.search(text[-1500:]) else None


def _not_of_another(text: str) -> list[re.Match[str]]:
    """Effective dates that are not said of a text named just before (《…》自…起施行)."""
    return [m for m in _EFFECTIVE.finditer(text) if not re.search(r"》[^。；，]{0,10}$", text[max(0, m.start() - 12) : m.start()])]


def _repeals(text: str) -> tuple[str, ...]:
    """Titles that the closing articles repeal."""
    names = (name for clause in _REPEAL.finditer(text[-2500:]) for name in _NAMES.findall(clause.group(1)))
    return tuple(dict.fromkeys(names))
