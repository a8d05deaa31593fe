"""Facts about a document, read from its text first, its format second and its file name last."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date

from ingest.blocks import Block, FileContent
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
    r"((?:中华人民共和国)?(?:国务院、中央军委|国务院|中央军事委员会|主席|[一-鿿]{2,14}?(?:部|委员会|总局|署|人民政府|省|市|区)))令"
    r"\s*[（(]?\s*第\s*([\d零〇一二三四五六七八九十百千]+)\s*号"
)
_CLAUSE = re.compile(r"[日，,、（(。；：\s]")
_EFFECTIVE = re.compile(rf"[自从]\s*({_D}{{4}}年{_D}{{1,3}}月{_D}{{1,3}}日)\s*(?:起)?(?:施行|实施|执行|生效)")
_EFFECTIVE_LINE = re.compile(
    rf"^[（(]?\s*(?:(?:施行|实施|生效)(?:日期|时间)?[：:\s]*({_D}{{4}}年{_D}{{1,3}}月{_D}{{1,3}}日)|({_D}{{4}}年{_D}{{1,3}}月{_D}{{1,3}}日)\s*(?:起)?\s*(?:施行|实施|生效))\s*[）)]?$",
    re.MULTILINE,
)
_FROM = re.compile(rf"自?\s*{_D}{{4}}年{_D}{{1,3}}月{_D}{{1,3}}日\s*起(?:施行|实施|执行|生效)?|自\s*{_D}{{4}}年{_D}{{1,3}}月{_D}{{1,3}}日(?:施行|实施)")
_FROM_PUBLICATION = re.compile(r"自(?:公布|发布|印发|颁布|下发)之日起(?:施行|实施|执行|生效)")
_REPEAL = re.compile(r"((?:《[^》]{3,80}》(?:[（(][^（）()]{0,60}[）)])*[、，和及以]*(?:及)?)+)\s*(?:同时|即行|自[^。；]{0,20}起|均)?\s*(?:废止|失效|停止执行)")
_NAMES = re.compile(r"《([^》]{3,80})》")
_FILE_DATE = re.compile(r"[（(_\s-]*(\d{4})[-年.](\d{1,2})[-月.](\d{1,2})日?[）)]?$")
_CODE_PARTS = ("总则", "物权", "合同", "人格权", "婚姻家庭", "继承", "侵权责任", "附则")
_CITED_NUMBER = re.compile(r"》[（(][^（）()]{0,40}[)）]")
_DATE_LINE = re.compile(rf"^[（(]?\s*{_D}{{4}}\s*年")


def read_facts(content: FileContent, *, file_name: str) -> Facts:
    """What the text says about itself; file name and front matter fill the gaps. Nothing is guessed."""
    blocks, given = content.blocks, content.facts
    title, part = _title(content, file_name)
    text = "\n".join(block.text for block in blocks)
    head = "\n".join(block.text for block in blocks[:15])[:3000]
    number = _number(given.get("number", "")) or _number(_above_body(blocks))
    issued = _given_date(given, "issued") or _issued(head, file_name) or _signed(blocks)
    own = _is_ours(given)
    return Facts(
        title=title,
        part=part,
        number=number,
        issuer=given.get("issuer", "") or _issuer(title, number, head),
        level=_level(title, number, len(re.findall(r"^第[^条\n]{1,9}条", text, re.MULTILINE))),
        region=_region(given, title, number, head),
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


# --- title ------------------------------------------------------------------------------------------------------


def _title(content: FileContent, file_name: str) -> tuple[str, str]:
    stem = _FILE_DATE.sub("", file_name.rsplit(".", 1)[0]).strip()
    headings = [block.text for block in content.blocks[:6] if block.level == 1]
    if len(headings) >= 2 and headings[0].endswith("民法典"):
        return _tidy(headings[0]), _tidy(headings[1])
    named = _tidy(headings[0]) if headings else _tidy(content.title) or _first_title(content.blocks) or stem
    bare = named.removesuffix("编")
    if bare in _CODE_PARTS and re.search(r"民事|物权|合同|人格|婚姻|继承|侵权|本编", "".join(b.text for b in content.blocks[:8])):
        return "中华人民共和国民法典", f"{bare}编" if bare != "附则" else bare
    return named, ""


def _tidy(text: str) -> str:
    text = re.sub(r"[\s　]+", "", text) if re.search(r"[一-鿿]", text) else text.strip()
    text = re.sub(r"^\d+(?:\.\d+)*[.、]", "", text)
    return _FILE_DATE.sub("", text).strip("《》") if text.count("《") == 1 and text.startswith("《") else _FILE_DATE.sub("", text)


def _first_title(blocks: Sequence[Block]) -> str:
    """The first short line that ends like a title; else the first line if it is short."""
    ends = re.compile(r"(法|条例|办法|规定|细则|意见|通知|决定|方案|规划|纲要|公告|解释|批复|标准|规范|指南|制度|章程|规则|答复|函)(（[^）]*）)?$")
    lines = [re.sub(r"\s+", "", block.text) for block in blocks[:12]]
    for at, line in enumerate(lines):
        if len(line) <= 60 and ends.search(line):
            before = lines[at - 1] if at and len(lines[at - 1]) <= 40 else ""
            joins = before.endswith(("关于", "关于印发", "印发", "转发")) or before.startswith("关于")
            return before + line if joins else line
    return lines[0] if lines and len(lines[0]) <= 40 else ""


# --- number, issuer, level, region ------------------------------------------------------------------------------


def _above_body(blocks: Sequence[Block]) -> str:
    """The first lines without sentences of the body, which may name the numbers of other texts."""
    lines = (block.text for block in blocks[:15])
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
    who = _CLAUSE.split(match.group(1))[-1]
    return who.removeprefix("中华人民共和国"), match.group(2)


def _agency(text: str) -> str:
    """The 机关代字 at the end of what stood before the bracket."""
    return re.sub(r"^.*(?:日|的|和|据|照|[》」）)])", "", text)[-10:]


_ISSUER_IN_NUMBER = {"国发": "国务院", "国办发": "国务院办公厅", "民发": "民政部", "法释": "最高人民法院", "民办发": "民政部办公厅", "国函": "国务院"}


def _issuer(title: str, number: str, head: str) -> str:
    agency = re.match(r"^((?:中共中央|国务院|[一-鿿]{2,20}?(?:部|委员会|总局|法院|检察院|人民政府|办公厅|民政厅|民政局))(?:办公厅)?)(?:关于|印发|办公厅)", title)
    by_number = _ISSUER_IN_NUMBER.get(re.split(r"〔", number)[0], "")
    if agency:
        return agency.group(1)
    if by_number:
        return by_number
    order = _order(head)
    congress = re.search(r"(全国人民代表大会常务委员会|全国人民代表大会(?!常务))", head)
    return (congress.group(1) if congress else "") or (order[0] if order and order[0] != "主席" else "")


def _level(title: str, number: str, articles: int) -> str:
    """The rank of the text as its title and number show; empty where they do not. `articles` counts lines 第X条."""
    if re.match(r"^(MZ|GB|DB)", title):
        return "标准"
    if region_of(title) != NATIONAL and re.search(r"(条例|办法|规定|决定|细则)$", title):
        return "地方性法规"
    if re.match(r"法释|高检发释", number) or re.match(r"最高人民(法院|检察院).*(解释|规定|批复)", title):
        return "司法解释"
    if re.search(r"(国务院|中央军委|中央军事委员会)令", number):
        return "行政法规"
    if re.search(r"令第", number) and not number.startswith("主席"):
        return "部门规章"
    if re.search(r"(意见|通知|方案|公告|函|纲要|规划|通报|批复|决定)(（[^）]*）)?$", title) or "〔" in number:
        return "规范性文件"
    if re.search(r"(?<!办)法(（[^）]*）)?$|民法典|宪法$", title) and articles >= 3:
        return "法律"
    return "行政法规" if title.endswith("条例") and articles >= 3 else ""


def _region(given: Mapping[str, str], title: str, number: str, head: str) -> str:
    if given.get("region"):
        return given["region"]
    by_title = region_of(title)
    if by_title != NATIONAL:
        return by_title
    if re.match(r"^(国|民|财|人社|教|卫|司|中|最高|法|高检)", number):
        return NATIONAL
    congress = re.search(r"([一-鿿]{2,12}(?:省|市|自治区|自治州))(?:第[一二三四五六七八九十]+届)?人民代表大会", head)
    if congress:
        return region_of(congress.group(1).split("日")[-1])
    return region_of_sign(number) if number else NATIONAL


# --- dates and repeals ------------------------------------------------------------------------------------------


def _issued(head: str, file_name: str) -> date | None:
    """The latest date of the history under the title, or that in the file name if the text says nothing later."""
    lines = [line for line in head.split("\n") if _DATE_LINE.match(line.strip()) or re.search(r"通过|公布|修[正订]|发布", line)]
    short = [_FROM.sub("", line) for line in lines[:12] if len(line) < 400 and not _EFFECTIVE_LINE.match(line.strip())]
    found = [parse_date(match.group(0)) for line in short for match in _DATE.finditer(line)]
    history = [day for day in found if day]
    name = _FILE_DATE.search(file_name.rsplit(".", 1)[0])
    if name:
        history.append(date(*(int(part) for part in name.groups())))
    return max(history, default=None)


def _signed(blocks: Sequence[Block]) -> date | None:
    """The date alone on a line near the end: that of the signature."""
    for block in reversed(blocks[-12:]):
        if _DATE.fullmatch(unicodedata.normalize("NFKC", re.sub(r"\s+", "", block.text))):
            return parse_date(block.text)
    return None


def _effective(text: str, head: str, issued: date | None) -> date | None:
    own = [m for m in _EFFECTIVE.finditer(text) if re.search(r"(本|此)[^。；]{0,12}$", text[max(0, m.start() - 16) : m.start()])]
    matches = own or list(_EFFECTIVE.finditer(text[-1500:])) or list(_EFFECTIVE.finditer(head))
    if matches:
        return parse_date(matches[-1].group(1))
    if line := _EFFECTIVE_LINE.search(head):
        return parse_date(line.group(1) or line.group(2))
    return issued if _FROM_PUBLICATION.search(text[-1500:]) else None


def _repeals(text: str) -> tuple[str, ...]:
    """Titles that the closing articles repeal."""
    names = (name for clause in _REPEAL.finditer(text[-2500:]) for name in _NAMES.findall(clause.group(1)))
    return tuple(dict.fromkeys(names))
