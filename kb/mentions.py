"""What a question names outright: titles in 《》 or by their own or short names, articles, document numbers, a region."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from kb.chinese import TERMS_FOLDER, numeral, parse_numeral, words
from kb.models import NATIONAL
from kb.validity import canonical_title

_ARTICLE = re.compile(r"第?\s*([零〇一二三四五六七八九十百千两]+|\d{1,4})\s*条(?:之([一二三四五六七八九十]+))?")
_BRACKETED = re.compile(r"《([^《》]{2,60})》")
_NUMBER = re.compile(r"([㐀-鿿]{1,10})\s*[〔\[(（【]\s*((?:19|20)\d{2})\s*[〕\])）】]\s*(?:第\s*)?(\d{1,5})\s*号")
_LAWLIKE = re.compile(r"([㐀-鿿]{2,24}(?:法|条例|办法|细则|规定|意见|通知|解释))(?:里面?|中|的|规定|上)*[，,、\s]*$")
_ANY_LAW = frozenset({"规定", "办法", "条例", "通知", "意见", "法", "法律", "解释", "细则", "做法", "想法", "说法", "看法", "方法"})
_LEADING = frozenset(
    ["请问", "问", "问下", "问一下", "我", "我们", "你", "你们", "他", "他们", "想", "想问", "要", "看", "看看", "查", "查下", "按", "按照", "根据", "依据", "依照", "违反", "违背", "这", "那", "这个", "那个", "这部", "那部", "这份", "那份", "有", "是", "在", "里", "和", "与", "及", "跟", "或", "以及", "国家", "新", "新的", "旧", "旧的", "老", "最新", "最新的", "现行", "现行的", "的", "说", "说的", "听说", "讲", "规定", "有关", "关于", "相关", "什么", "哪个", "上面", "下面", "前面", "帮", "帮我", "找", "找下", "引用", "引", "用", "对", "对于", "就", "把", "从", "到", "不", "没", "没有", "都", "也", "又", "还", "一下", "一个", "一份"]
)
_SHORTEST = 3  # characters of a title that is recognized without 《》; 民法典 is the shortest
_UNKNOWN_SHORTEST = 5


@dataclass(frozen=True)
class Named:
    """A text the question names; `title` as known to the knowledge base, `article` as laws write it, or empty."""

    title: str
    article: str = ""

    @property
    def label(self) -> str:
        """《title》第X条."""
        return f"《{self.title}》{self.article}"


def named_in(question: str, known: Collection[str]) -> tuple[Named, ...]:
    """The texts named in a question; `known` are canonical titles. A name of none of them is given as it is written."""
    return tuple(dict.fromkeys(_named(question, frozenset(known))))


def titles_in(question: str, known: Collection[str]) -> tuple[str, ...]:
    """The known titles that a question writes out or calls by a short name, none inside another of them."""
    plain = question.replace("中华人民共和国", "")
    written = {title for title in known if len(title) >= _SHORTEST and title in plain}
    short = {canonical_title(title) for name, title in short_names().items() if len(name) >= _SHORTEST and name in plain}
    written |= short & frozenset(known)
    longest = (t for t in written if not any(t != other and t in other for other in written))
    return tuple(sorted(longest, key=lambda title: (plain.find(title), title)))


def numbers_in(question: str) -> tuple[str, ...]:
    """The document numbers (发文字号) in a question, as `plain_number` writes them."""
    return tuple(dict.fromkeys(_joined(match) for match in _NUMBER.finditer(question)))


def plain_number(number: str) -> str:
    """A document number in the form in which numbers are compared: 民发〔2021〕43号; empty if it is none."""
    match = _NUMBER.search(number)
    return _joined(match) if match else ""


def region_in(question: str, among: Iterable[str]) -> str:
    """The one of these regions (安徽省/安庆市) that a question names, the narrowest; 全国 if none or several apart."""
    named = [region for region in among if region != NATIONAL and any(name in question for name in _calls(region))]
    narrowest = max(named, key=len, default=NATIONAL)
    return narrowest if all(narrowest.startswith(region) for region in named) else NATIONAL


@lru_cache(maxsize=1)
def short_names() -> Mapping[str, str]:
    """Popular short names of laws → their titles."""
    lines = (TERMS_FOLDER / "short_names.tsv").read_text(encoding="utf-8").splitlines()
    return {row[0]: row[1] for line in lines if not line.startswith("#") and len(row := line.split("\t")) == 2}


def _named(question: str, known: frozenset[str]) -> Iterator[Named]:
    bracketed = [(m.end(), canonical_title(short_names().get(m.group(1), m.group(1)))) for m in _BRACKETED.finditer(question)]
    places = bracketed or [(end, title) for end, title in _bare(question, known)]
    for end, title in places:
        articles = [_label(match) for match in _ARTICLE.finditer(question[end : end + 20])]
        if articles:
            yield from (Named(title, article) for article in articles)
        elif bracketed:
            yield Named(title)


def _bare(question: str, known: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(end, title) of the longest known title or short name right before an article number, or of an unknown one there."""
    for match in _ARTICLE.finditer(question):
        before = re.sub(r"(里面?|中|的|规定)+$", "", question[: match.start()].rstrip(" ，,:："))
        title = _known_before(before, known) or _unknown_before(question[: match.start()])
        if title:
            yield match.start(), title


def _known_before(before: str, known: frozenset[str]) -> str:
    for start in range(max(0, len(before) - 40), len(before) - _SHORTEST + 1):
        name = before[start:].removeprefix("中华人民共和国")
        title = canonical_title(short_names().get(name, name))
        if title in known:
            return title
    return ""


def _unknown_before(before: str) -> str:
    """What is written like a title of a law; empty where it is only 这个规定 or the like."""
    match = _LAWLIKE.search(before)
    if not match:
        return ""
    parts = words(match.group(1))
    while parts and parts[0] in _LEADING:
        parts = parts[1:]
    title = "".join(parts)
    return title if len(title) >= _UNKNOWN_SHORTEST and len(parts) > 1 and title not in _ANY_LAW else ""


def _label(match: re.Match[str]) -> str:
    number = parse_numeral(match.group(1)) or 0
    return f"第{numeral(number)}条" + (f"之{match.group(2)}" if match.group(2) else "")


def _joined(match: re.Match[str]) -> str:
    sign, year, number = (unicodedata.normalize("NFKC", part) for part in match.groups())
    return f"{sign}〔{year}〕{int(number)}号"


@lru_cache(maxsize=512)
def _calls(region: str) -> tuple[str, ...]:
    """What people call a region: 安徽省/安庆市 → 安庆市, 安庆."""
    name = region.rpartition("/")[2]
    short = re.sub(r"(?:壮族|回族|维吾尔)?(?:自治区|特别行政区|自治州|地区|省|市|盟)$", "", name)
    return (name, short) if len(short) >= 2 else (name,)
