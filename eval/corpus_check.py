"""The starter corpus against the texts it was written from: `python -m eval.corpus_check`.

Every statement of a digest names the article it stands on. Each of those articles is looked up in the newest text in
force among the reference texts (`../shared/corpus/laws`) and compared with the sentence: its numbers must stand there,
its wording must not be copied from there, its words should occur there. The checker cuts the reference texts into
articles by itself, so that a mistake in `ingest.structure` can not hide a mistake in a digest.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ingest.cleaning import clean
from ingest.metadata import parse_date, read_facts
from ingest.passages import join_blocks
from ingest.readers import read
from ingest.readers.markdown import split_front_matter
from kb.chinese import numeral, parse_numeral, search_words
from kb.errors import FileMissing
from kb.models import Document, Status
from kb.validity import Term, canonical_title, terms

CORPUS = Path(__file__).resolve().parent.parent / "corpus"
LAWS = CORPUS.parent.parent / "shared" / "corpus" / "laws"
FOLDERS: Mapping[str, str] = {"policy": "policy", "training": "training", "cases": "case"}
MINIMUM: Mapping[str, int] = {"policy": 60, "training": 20, "cases": 30}
HOTLINES = frozenset({"110", "120", "119", "12345", "12356", "12338", "12355", "12348", "12349"})
UNCITABLE: Mapping[str, str] = {
    "治安管理处罚法": "2025年修订，2026年1月1日起施行新法",
    "婚姻登记条例": "2025年修订，2025年5月10日起施行新条例",
    "城市居民委员会组织法": "2025年修订，2026年1月1日起施行新法",
    "村民委员会组织法": "2025年修订，2026年1月1日起施行新法",
    "传染病防治法": "2025年修订，2025年9月1日起施行新法",
    "法律援助条例": "已由法律援助法取代",
    "信访条例": "2022年5月1日起由信访工作条例取代",
    "退役士兵安置条例": "2024年9月1日起由退役军人安置条例取代",
    "社会抚养费征收管理办法": "2021年废止",
    "最低生活保障审核审批办法（试行）": "2021年7月1日起由最低生活保障审核确认办法取代",
    "关于加强社会工作人才队伍建设意见": "参考文本的标题写错了，正文是关于加强社区工作者队伍建设的意见",
}
LONGEST_COPY = 15
LEAST_SHARED_WORDS = 1 / 3
BETTER_ELSEWHERE = 0.25  # measured: of 1,676 right article numbers none is beaten so clearly, of shifted ones 93 %
_LEAD_IN = 20
_DISCLAIMER = re.compile(r"虚构.*真实")
_PRACTICE = re.compile(r"社工可以做|工作提示|不要做的|现在就有危险")  # sections of a digest with advice, not rules
_FIXED_TERMS = re.compile(
    r"无民事行为能力人?(?:或者|、|和)限制民事行为能力人?|(?:未成年人的)?父母或者其他监护人"
    r"|困难群众基本生活保障工作协调机制"
    r"|(?:县级|乡级|设区的市级|地方|各级|以上)*人民政府[一-鿿]{0,10}?(?:行政|主管)*(?:部门|机构)"
)
_C = "零〇一二两三四五六七八九十百千万"


@dataclass(frozen=True)
class Problem:
    """Something to repair at `file`:`line`; `start` begins the sentence. A warning may be left as it is."""

    file: str
    line: int
    start: str
    reason: str
    warning: bool = False


@dataclass(frozen=True)
class Locator:
    """Where in a text: ranked parts, outer first: (0, 第九条) (1, 第二款) (2, （三）), or (0, 二) (1, （三）) (2, 1)."""

    parts: tuple[tuple[int, str], ...]

    @property
    def is_article(self) -> bool:
        """Whether it names a 条, not a section numbered 一、（一）."""
        return self.parts[0][1].startswith("第")

    @property
    def label(self) -> str:
        """As a person writes it: 第九条第二款, 二、（三）."""
        names = [name for _, name in self.parts]
        if self.is_article:
            return "".join(f"第{name}项" if name.startswith("（") else name for name in names)
        return "、".join(names[:2]) + "".join(names[2:])


@dataclass(frozen=True)
class Reference:
    """A cited text and the places in it; `unclear` is what could not be understood in the bracket."""

    title: str
    locators: tuple[Locator, ...]
    unclear: str = ""


@dataclass(frozen=True)
class Sentence:
    """A sentence of a digest without its reference brackets, and what they cite."""

    line: int
    text: str
    references: tuple[Reference, ...]
    heading: str = ""

    @property
    def start(self) -> str:
        """The first words, to find it again."""
        return self.text[:24] + ("…" if len(self.text) > 24 else "")


@dataclass(frozen=True)
class Digest:
    """A file of the starter corpus, split into headings and sentences; `name` is its path below the corpus folder."""

    name: str
    facts: Mapping[str, str]
    lines: tuple[str, ...]
    headings: tuple[tuple[int, str], ...]
    sentences: tuple[Sentence, ...]

    @property
    def folder(self) -> str:
        """policy, training or cases."""
        return self.name.split("/")[0]

    def listed(self, key: str) -> tuple[str, ...]:
        """The items of a list in the front matter."""
        return tuple(line.strip() for line in self.facts.get(key, "").split("\n") if line.strip())


# --- digests ----------------------------------------------------------------------------------------------------

_SENTENCE_END = re.compile(r"[。！？]+[”’」』]*(?![”’」』，、；：）])")
_QUESTION_IN_QUOTES = re.compile(r"[！？][”’」』]+$")
_LIST_MARK = re.compile(r"^\s*(?:[-*+]\s+|\d{1,2}[.．、](?!\d)\s*|[（(]\d{1,2}[）)]\s*|[①-⑳]\s*)")


def read_digest(path: Path, corpus: Path) -> Digest:
    """Read one Markdown file of the corpus."""
    text = path.read_text(encoding="utf-8")
    facts, body = split_front_matter(text)
    first = text.count("\n") - body.count("\n") + 1
    numbered = [(first + at, line.strip()) for at, line in enumerate(body.split("\n"))]
    headings = tuple((at, line) for at, line in numbered if line.startswith("#"))
    name = path.relative_to(corpus).as_posix()
    return Digest(name, facts, tuple(text.split("\n")), headings, tuple(_body(numbered)))


def _body(numbered: Iterable[tuple[int, str]]) -> Iterator[Sentence]:
    heading = ""
    for number, line in numbered:
        if line.startswith("#"):
            heading = line.lstrip("# ")
        else:
            yield from _sentences(number, line, heading)


def _sentences(line: int, text: str, heading: str) -> Iterator[Sentence]:
    for part in _split(_LIST_MARK.sub("", text)):
        brackets = [(start, end) for start, end in _brackets(part) if "《" in part[start:end]]
        references = tuple(r for start, end in brackets for r in _references(part[start + 1 : end - 1]))
        for start, end in reversed(brackets):
            part = part[:start] + part[end:]
        if part.strip() or references:
            yield Sentence(line, part.strip(), references, heading)


def _split(text: str) -> Iterator[str]:
    """Sentences; a question in quotes does not end the sentence around it."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if match.end() == len(text) or not _QUESTION_IN_QUOTES.search(match.group()):
            yield text[start : match.end()]
            start = match.end()
    yield text[start:]


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every outermost （…）."""
    depth, start = 0, 0
    for at, character in enumerate(text):
        if character == "（":
            start = at if depth == 0 else start
            depth += 1
        elif character == "）" and depth:
            depth -= 1
            if depth == 0:
                yield start, at + 1


def _references(content: str) -> Iterator[Reference]:
    """The references of one bracket: 《A》第九条、第十条；《B》三、（二）."""
    starts = [start for start, _ in _titles(content)]
    if starts and content[: starts[0]].strip():
        yield Reference("", (), content)
        return
    for (start, end), following in zip(_titles(content), [*starts[1:], len(content)], strict=True):
        locators, unclear = _locators(content[end:following].strip("；;、，, "))
        yield Reference(content[start + 1 : end - 1], locators, unclear)


def _titles(text: str) -> list[tuple[int, int]]:
    """Start and end of every outermost 《…》; titles may hold 〈…〉 or 《…》."""
    found, depth, start = [], 0, 0
    for at, character in enumerate(text):
        if character == "《":
            start = at if depth == 0 else start
            depth += 1
        elif character == "》" and depth:
            depth -= 1
            if depth == 0:
                found.append((start, at + 1))
    return found


_TOKEN = re.compile(
    rf"第(?P<article>[{_C}\d]+)条(?:之(?P<inserted>[{_C}\d]+))?|第(?P<paragraph>[{_C}\d]+)款"
    rf"|第?[（(](?P<item>[{_C}\d]+)[）)]项?|第(?P<named>[{_C}\d]+)项|(?P<section>[{_C}]+)|(?P<number>\d{{1,2}})[.．]?"
    r"|(?P<separator>[、，,；;和及\s]+)"
)


def _locators(text: str) -> tuple[tuple[Locator, ...], str]:
    """The places named after a title, and the rest from the first thing that is none of the known forms."""
    found: list[tuple[tuple[int, str], ...]] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return tuple(map(Locator, found)), text[at:]
        at = token.end()
        if token.lastgroup != "separator":
            _extend(found, *_part(token, bool(found) and found[-1][0][1].startswith("第")))
    return tuple(map(Locator, found)), ""


def _part(token: re.Match[str], in_article: bool) -> tuple[int, str]:
    """Rank and normal form of one token."""
    groups = {name: _plain(value) for name, value in token.groupdict().items() if value and name != "separator"}
    if "article" in groups:
        return 0, f"第{groups['article']}条" + (f"之{groups['inserted']}" if "inserted" in groups else "")
    if "paragraph" in groups:
        return 1, f"第{groups['paragraph']}款"
    if "item" in groups or "named" in groups:
        return 2 if in_article else 1, f"（{groups.get('item') or groups.get('named')}）"
    return (0, groups["section"]) if "section" in groups else (2, str(token.group("number")))


def _plain(number: str) -> str:
    """A numeral as laws write it."""
    value = parse_numeral(number)
    return numeral(value) if value else number


def _extend(found: list[tuple[tuple[int, str], ...]], rank: int, name: str) -> None:
    """Add a part to the last locator if it is finer than all its parts; else begin a new one beside it."""
    last = found[-1] if found else ()
    if rank and last and last[-1][0] < rank:
        found[-1] = (*last, (rank, name))
    else:
        found.append((*(part for part in last if part[0] < rank), (rank, name)))


# --- reference texts --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LawText:
    """A reference text, cut into articles (第九条 → its paragraphs) or sections ((二, （三）) → its paragraphs)."""

    document: Document
    term: Term

    @cached_property
    def articles(self) -> Mapping[str, tuple[str, ...]]:
        """Articles by label, in the numerals of laws."""
        return _articles(self.document.text.split("\n"))

    @cached_property
    def sections(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        """Sections by numbers; an outer section holds its inner ones."""
        return {} if len(self.articles) >= 3 else _sections(self.document.text.split("\n"))

    def find(self, locator: Locator) -> tuple[str, str] | None:
        """The text of the place and of the article or section around it; None if there is no such place."""
        return self._article(locator) if locator.is_article else self._section(locator)

    def like(self, locator: Locator) -> Mapping[str, str]:
        """All articles, or all sections as deep as that of `locator`, by label."""
        if locator.is_article:
            return {label: "\n".join(lines) for label, lines in self.articles.items()}
        depth = len(locator.parts)
        return {"、".join(key): "\n".join(lines) for key, lines in self.sections.items() if len(key) == depth}

    def _article(self, locator: Locator) -> tuple[str, str] | None:
        lines = self.articles.get(locator.parts[0][1], ())
        wanted = dict(locator.parts[1:])
        narrow = _paragraph(lines, wanted[1]) if 1 in wanted else lines
        if 2 in wanted:
            narrow = narrow[:1] + _item(narrow, wanted[2]) if _item(narrow, wanted[2]) else ()
        return ("\n".join(narrow), "\n".join(lines)) if narrow else None

    def _section(self, locator: Locator) -> tuple[str, str] | None:
        key = tuple(name for _, name in locator.parts)
        exact = self.sections.get(key)
        ends = [lines for path, lines in self.sections.items() if path[-len(key) :] == key]
        lines = exact or (ends[0] if len(ends) == 1 else ())
        return ("\n".join(lines), "\n".join(lines)) if lines else None


_ARTICLE = re.compile(rf"^第([{_C}\d]+)条(?:之([{_C}]+))?")
_REFERS = re.compile(r"^\s*(?:第[一二三四五六七八九十\d]+[款项]|[、，至和或](?!\s)|的|规定|所列|所称|修改为|改为)")
_DIVISION = re.compile(rf"^第[{_C}\d]+(?:分?编|章|节)(?:\s|[^的规、，])[^。；，]{{0,40}}$")
_ITEM = re.compile(rf"^[（(]([{_C}]+)[）)]")
_SECTION_MARKS = (
    re.compile(rf"^([{_C}]+)、"),
    _ITEM,
    re.compile(r"^(\d{1,2})[.．、](?!\d)"),
)


def _articles(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Lines that begin with 第X条 and continue the count open an article; a heading or a new count closes the text."""
    found: dict[str, list[str]] = {}
    label, last = "", 0
    for line in lines:
        start = _ARTICLE.match(line)
        number = parse_numeral(start.group(1)) if start else None
        if start and number and _continues(number, last, bool(start.group(2)), line[start.end() :]):
            label = f"第{numeral(number)}条" + (f"之{start.group(2)}" if start.group(2) else "")
            last = number
            label = "" if label in found else label  # a second count: an attached text
        elif _DIVISION.match(line):
            label = ""
            continue
        if label:
            found.setdefault(label, []).append(line)
    return {name: tuple(paragraphs) for name, paragraphs in found.items()}


def _continues(number: int, last: int, inserted: bool, rest: str) -> bool:
    if _REFERS.match(rest):
        return False
    return last == 0 or number == 1 or number in ((last, last + 1) if inserted else range(last + 1, last + 4))


def _paragraph(lines: Sequence[str], name: str) -> tuple[str, ...]:
    """The 款 with its items."""
    wanted, count = parse_numeral(name[1:-1]), 0
    kept = []
    for line in lines:
        count += not _ITEM.match(line)
        if max(count, 1) == wanted:
            kept.append(line)
    return tuple(kept)


def _item(lines: Sequence[str], name: str) -> tuple[str, ...]:
    return tuple(line for line in lines if (m := _ITEM.match(line)) and f"（{_plain(m.group(1))}）" == name)


def _sections(lines: Sequence[str]) -> dict[tuple[str, ...], tuple[str, ...]]:
    found: dict[tuple[str, ...], list[str]] = {}
    path: dict[int, str] = {}
    for line in lines:
        for rank, mark in enumerate(_SECTION_MARKS):
            if match := mark.match(line):
                name = match.group(1) if rank == 2 else _plain(match.group(1))
                path = {**{r: n for r, n in path.items() if r < rank}, rank: f"（{name}）" if rank == 1 else name}
                break
        names = [path[rank] for rank in sorted(path)]
        for depth in range(1, len(names) + 1):
            found.setdefault(tuple(names[:depth]), []).append(line)
    return {key: tuple(text) for key, text in found.items()}


class Laws:
    """The reference texts, by title."""

    def __init__(self, documents: Sequence[Document], day: date) -> None:
        """Order `documents` by title and see which of them hold on `day`."""
        self.day = day
        known = terms(documents)
        self._families: dict[str, list[LawText]] = {}
        for document in documents:
            text = LawText(document, known[document.id])
            for title in _names(document.facts.title):
                self._families.setdefault(title_key(title), []).append(text)

    def current(self, title: str) -> tuple[LawText, ...]:
        """The copies of the version in force; undated copies only where no dated one is in force."""
        copies = self._families.get(title_key(title), [])
        held = [text for text in copies if text.term.status(self.day) is Status.IN_FORCE and text.term.since]
        undated = [text for text in copies if text.term.since is None and text.term.until is None]
        return tuple(held or undated)

    def why_not(self, title: str) -> str:
        """Why there is nothing to cite under this title."""
        if title_key(title) in self._families:
            return f"《{title}》在参考文本里没有现行有效的版本"
        near = difflib.get_close_matches(title_key(title), self._families, n=1, cutoff=0.5)
        return f"参考文本里没有《{title}》" + (f"，是不是《{near[0]}》？" if near else "")


def title_key(title: str) -> str:
    """The form in which titles are compared."""
    plain = canonical_title(title.replace("(", "（").replace(")", "）"))
    return re.sub(r"中华人民共和国|[〈〉《》“”\s]", "", plain)


def _names(title: str) -> Iterator[str]:
    """The title, and that of the text which a notice makes known."""
    yield title
    if attached := re.search(r"关于印发《?(.+?)》?的通知$", title):
        yield attached.group(1)


def read_laws(folder: Path, day: date) -> Laws:
    """Read all reference texts. Raises FileMissing if the folder is not there."""
    if not folder.is_dir():
        raise FileMissing(f"找不到参考文本文件夹 {folder}。请用 --laws 指明它在哪里。")
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in (".md", ".htm", ".html")]
    return Laws([_document(path, folder) for path in files if path.stem != "README"], day)


def _document(path: Path, folder: Path) -> Document:
    content = clean(read(path))
    name = path.relative_to(folder).as_posix()
    return Document(name, "policy", read_facts(content, file_name=path.name), join_blocks(content.blocks), name)


# --- numbers ----------------------------------------------------------------------------------------------------

_N = rf"(?:\d+(?:\.\d+)?[万]?|[{_C}]+)"
_UNITS = r"个?工作日|个?小时|分钟|个?月|周岁|岁|日|天|年(?!级)|个?星期|周|万?元|[%％]|倍|名|人|次|级|平方米|公里|米"
_QUANTITY = re.compile(rf"({_N})(?:\s*(?:至|到|、|[-—–－~～]+)\s*({_N}))?[余多]?\s*({_UNITS})")
_SHARE = re.compile(rf"({_N})分之({_N})(?:(?:至|到)({_N}))?(?!\d)|一半|半数|过半")
_THIS_ONE = re.compile(r"[这那哪同某](?:一|1)?个?(?=[天日年月周次级])")
_BARE_NUMBER = re.compile(r"(?<![\d.a-zA-Z])\d+(?:\.\d+)?(?![\d.]*[a-zA-Z])")
_HALF_YEAR = re.compile(r"半年")
_EVERY = re.compile(r"每(年|月|日|天|周)")
_ORDINAL = re.compile(rf"第[（(]?[{_C}\d]+[）)]?(?:[条款项章节编](?:之[{_C}]+)?)?")
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


def _stated(text: str) -> set[Quantity]:
    """What an article states: its quantities, once for every 每年, and all bare numbers whatever follows them."""
    bare = {Quantity(_value(n), "", n) for n in re.findall(_N, _ORDINAL.sub("·", text))}
    every = (_SCALE.get(match.group(1), (match.group(1), 1)) for match in _EVERY.finditer(text))
    return quantities(text) | bare | {Quantity(Fraction(scale), name, "每") for name, scale in every}


# --- checks -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A cited place that was found: `text` what was named, `around` the whole article or section."""

    law: LawText
    locator: Locator
    text: str
    around: str


@dataclass
class Report:
    """What was checked and what is wrong."""

    files: int = 0
    statements: int = 0
    references: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether something must be repaired; warnings alone do not fail."""
        return any(not problem.warning for problem in self.problems)


def run(corpus: Path, laws: Path, *, day: date | None = None, only: Sequence[Path] = ()) -> Report:
    """Check the corpus, or only some of its files. Raises FileMissing if a folder is not there."""
    return check(corpus, read_laws(laws, day or date.today()), only=only)


def check(corpus: Path, laws: Laws, *, only: Sequence[Path] = ()) -> Report:
    """Check the corpus, or only some of its files, against texts that were read before."""
    digests = read_corpus(corpus)
    wanted = {path.resolve() for path in only}
    chosen = [digest for digest in digests if not wanted or (corpus / digest.name).resolve() in wanted]
    report = Report(files=len(chosen))
    for digest in chosen:
        _check_digest(digest, laws, report)
    names = {digest.name for digest in chosen}
    report.problems += [problem for problem in _check_titles(digests) if problem.file in names]
    report.problems += [] if wanted else _check_counts(digests)
    return report


def read_corpus(corpus: Path) -> list[Digest]:
    """All digests, by path. Raises FileMissing if the folder is not there."""
    if not corpus.is_dir():
        raise FileMissing(f"找不到语料文件夹 {corpus}。请用 --corpus 指明它在哪里。")
    return [read_digest(path, corpus) for folder in FOLDERS for path in sorted((corpus / folder).glob("**/*.md"))]


def _check_counts(digests: Sequence[Digest]) -> Iterator[Problem]:
    for folder, least in MINIMUM.items():
        count = sum(digest.folder == folder for digest in digests)
        if count < least:
            yield Problem(folder, 0, "", f"只有 {count} 篇，至少要 {least} 篇")


def _check_titles(digests: Sequence[Digest]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for digest in digests:
        title = digest.facts.get("title", "")
        if title and title in seen:
            yield Problem(digest.name, 1, title, f"标题与 {seen[title]} 相同")
        seen.setdefault(title, digest.name)


def _check_digest(digest: Digest, laws: Laws, report: Report) -> None:
    reasons = [*_front_matter(digest), *_heading(digest), *_sources(digest)]
    report.problems += [Problem(digest.name, 1, digest.facts.get("title", "")[:24], reason) for reason in reasons]
    for number, line in enumerate(digest.lines, 1):
        report.problems += [Problem(digest.name, number, line.strip()[:24], reason) for reason in identifiable(line)]
    report.problems += _advice(digest)
    for sentence in digest.sentences:
        report.statements += bool(sentence.references) or _needs_reference(sentence, digest.folder)
        report.references += sum(max(len(reference.locators), 1) for reference in sentence.references)
        report.problems += [
            Problem(digest.name, sentence.line, sentence.start, reason, warning)
            for reason, warning in _check_sentence(sentence, laws, digest.folder)
        ]


def _front_matter(digest: Digest) -> Iterator[str]:
    facts = digest.facts
    if not facts:
        yield "没有文首信息（两行 --- 之间的 kind、title、topics、sources、checked_on）"
        return
    for key in ("kind", "title", "topics", "checked_on", *(["sources"] if digest.folder == "policy" else [])):
        if not facts.get(key, "").strip():
            yield f"文首缺少 {key}"
    if facts.get("kind") and facts["kind"] != FOLDERS[digest.folder]:
        yield f"kind 是 {facts['kind']}，在 {digest.folder} 里应当是 {FOLDERS[digest.folder]}"
    if facts.get("checked_on") and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", facts["checked_on"]):
        yield "checked_on 要写成 2026-11-25 这样的日期"
    elif facts.get("checked_on") and parse_date(facts["checked_on"]) is None:
        yield f"checked_on 的日期 {facts['checked_on']} 不存在"
    if digest.folder == "cases":
        yield from _invented(digest)


def _invented(digest: Digest) -> Iterator[str]:
    if digest.facts.get("invented") != "true":
        yield "案例的文首要有 invented: true"
    if "虚拟案例" not in digest.facts.get("title", ""):
        yield "案例的标题要带“虚拟案例”"
    if not any(_DISCLAIMER.search(sentence.text) for sentence in digest.sentences[:3]):
        yield "标题下面要有一行说明：案例为虚构，不对应真实的人和事"


def _heading(digest: Digest) -> Iterator[str]:
    tops = [line.removeprefix("#").strip() for _, line in digest.headings if re.match(r"^#\s", line)]
    if len(tops) != 1:
        yield f"一级标题（# ）要有一个，现在有 {len(tops)} 个"
    elif tops[0] != digest.facts.get("title", ""):
        yield f"一级标题“{tops[0]}”与文首的 title 不同"


def _sources(digest: Digest) -> Iterator[str]:
    cited = {title_key(r.title): r.title for s in digest.sentences for r in s.references if r.title}
    listed = {title_key(title): title for title in digest.listed("sources")}
    for key in cited.keys() - listed.keys():
        yield f"引用了《{cited[key]}》，sources 里没有列"
    for key in listed.keys() - cited.keys():
        yield f"sources 列了《{listed[key]}》，文中没有引用"


_PRIVATE = (
    ("手机号", re.compile(r"(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)")),
    ("座机号", re.compile(r"(?<!\d)(?:0\d{2,3}[-—－ ]?\d{7,8}|[48]00[-— ]?\d{3}[-— ]?\d{4}|[2-8]\d{6,7})(?!\d)")),
    ("像证件号的号码", re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15})(?!\d)")),
    ("邮箱", re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")),
    ("网址", re.compile(r"https?://|www\.|\b[\w-]+\.(?:com|cn|org|net|gov)\b", re.IGNORECASE)),
)
_HOTLINE = re.compile(r"(?<![\d.])(?:1[12]\d{3}|9[56]\d{3}|(?<=[打拨话线])1[012]\d)(?![\d.]|\s*[万元人])")


def identifiable(line: str) -> Iterator[str]:
    """What in a line could lead to a person, and telephone numbers outside the list of allowed hotlines."""
    for name, pattern in _PRIVATE:
        if match := pattern.search(line):
            yield f"出现{name}：{match.group()}"
    for match in _HOTLINE.finditer(line):
        if match.group() not in HOTLINES:
            yield f"热线 {match.group()} 不在允许的名单里"


_LEGAL = re.compile(
    r"依法|依照法律|法律(?:明确)?规定|法律要求|法规规定"
    r"|《[^》]*(?:法|条例|办法|规定|解释|意见|通知)(?:（[^）]*）)?》"
    r"|应当[^，。]{0,16}向[^，。]{0,16}(?:部门|机关|派出所|法院)[^，。]{0,8}报告"
)


def _check_sentence(sentence: Sentence, laws: Laws, folder: str) -> Iterator[tuple[str, bool]]:
    """Reasons with whether each is only a warning."""
    if not sentence.references:
        if _needs_reference(sentence, folder):
            yield "没有引用依据", False
        return
    if not re.search(r"[一-鿿]", sentence.text):
        yield "引用要写在句号前面，和它的句子连在一起", False
        return
    places: list[Place] = []
    for reference in sentence.references:
        found, reasons = _resolve(reference, laws)
        places += found
        yield from ((reason, False) for reason in reasons)
    if places and all(reference.locators for reference in sentence.references):
        yield from _compare(sentence.text, places)


def _needs_reference(sentence: Sentence, folder: str) -> bool:
    """Everything in a digest but lead-ins and advice; elsewhere, and in advice, what sounds like a rule."""
    text = sentence.text
    if not re.search(r"[一-鿿]", text) or (text.endswith(("：", ":")) and len(text) <= _LEAD_IN):
        return False
    return (folder == "policy" and not _PRACTICE.search(sentence.heading)) or _LEGAL.search(text) is not None


def _advice(digest: Digest) -> Iterator[Problem]:
    """One warning per section of advice in a digest, which has nothing to be checked against."""
    if digest.folder != "policy":
        return
    bare: dict[str, list[Sentence]] = {}
    for sentence in digest.sentences:
        if _PRACTICE.search(sentence.heading) and not sentence.references and not _needs_reference(sentence, "policy"):
            bare.setdefault(sentence.heading, []).append(sentence)
    for heading, sentences in bare.items():
        reason = f"“{heading}”一节有 {len(sentences)} 句没有引用：只能是做法，不能是政策"
        yield Problem(digest.name, sentences[0].line, sentences[0].start, reason, warning=True)


def _resolve(reference: Reference, laws: Laws) -> tuple[list[Place], list[str]]:
    """The cited places (in every copy of the text in force), and what is wrong with the reference."""
    if not reference.title:
        return [], [f"引用格式看不懂：（{reference.unclear}），应当是（《某某法》第几条）"]
    texts = laws.current(reference.title)
    if reason := UNCITABLE.get(title_key(reference.title)) or _expired(reference.title, laws.day):
        return [], [f"《{reference.title}》不要引用：{reason}"]
    if not texts:
        return [], [laws.why_not(reference.title)]
    places, reasons = [], []
    if reference.unclear or not reference.locators:
        reasons.append(f"《{reference.title}》后面要写条款号" + (f"，看不懂“{reference.unclear}”" if reference.unclear else ""))
    for locator in reference.locators:
        found = [Place(text, locator, *texts_of) for text in texts if (texts_of := text.find(locator))]
        places += found
        if not found:
            reasons.append(f"《{reference.title}》里没有{locator.label}{_extent(texts, locator)}")
    return places, reasons


def _expired(title: str, day: date) -> str:
    """Why a plan for certain years says nothing any more."""
    years = re.search(r"[（(](\d{4})[-—–－~～至](\d{4})年?[）)]", title)
    return f"它的期限到{years.group(2)}年为止" if years and int(years.group(2)) < day.year else ""


def _extent(texts: Sequence[LawText], locator: Locator) -> str:
    """What there is instead."""
    for text in texts:
        if locator.is_article and text.articles:
            lines = text.articles.get(locator.parts[0][1])
            return f"（该条有 {sum(not _ITEM.match(line) for line in lines)} 款）" if lines else f"（共 {len(text.articles)} 条）"
        if text.sections:
            return f"（它的分段是 {'、'.join(key[0] for key in text.sections if len(key) == 1)}）"
    return ""


def _compare(text: str, places: Sequence[Place]) -> Iterator[tuple[str, bool]]:
    """Numbers, copied wording and shared words of a sentence against the cited places."""
    own = _without_titles(text)
    names = "、".join(dict.fromkeys(place.locator.label for place in places))
    yield from ((reason, False) for reason in _numbers(own, places, names))
    if run_ := _copied(own, [place.around for place in places]):
        yield f"与{names}连续 {len(run_)} 字相同：“{run_}”", False
    yield from ((reason, True) for reason in _unlike(own, places, names))


def _without_titles(text: str) -> str:
    for start, end in reversed(_titles(text)):
        text = f"{text[:start]}《》{text[end:]}"
    return text


def _numbers(text: str, places: Sequence[Place], names: str) -> Iterator[str]:
    text = re.sub(rf"(?<!\d)(?:{'|'.join(HOTLINES)})(?!\d)", "·", text)
    stated = {quantity for place in places for quantity in _stated(place.text)}
    for quantity in sorted(quantities(text) - stated, key=lambda q: text.find(q.words)):
        known = "、".join(dict.fromkeys(q.words for q in stated if q.unit and q.words != "每"))
        yield f"“{quantity.words}”在{names}里没有" + (f"（那里写的是：{known}）" if known else "（那里没有数字）")


def _copied(text: str, sources: Iterable[str]) -> str:
    """The longest run of Chinese characters, over the limit, that a source has too; fixed legal terms are left out."""
    runs = re.findall(r"[一-鿿]+", _FIXED_TERMS.sub("·", text))
    longest = ""
    for source in sources:
        plain = _FIXED_TERMS.sub("·", source)
        for run_ in runs:
            match = difflib.SequenceMatcher(None, run_, plain, autojunk=False).find_longest_match()
            longest = max(longest, run_[match.a : match.a + match.size], key=len)
    return longest if len(longest) > LONGEST_COPY else ""


def _unlike(text: str, places: Sequence[Place], names: str) -> Iterator[str]:
    """Signs of a wrong article number: few words in common, or many more with another article of the text."""
    share = shared_words(text, [place.around + place.law.document.title for place in places])
    law, locator = places[0].law, places[0].locator
    others = {label: shared_words(text, [other + law.document.title]) for label, other in law.like(locator).items()}
    best = max(others, key=lambda label: others[label], default="")
    if best and others[best] > share + BETTER_ELSEWHERE:
        yield f"句中只有 {share:.0%} 的词在{names}里，{best}有 {others[best]:.0%}，条号对吗？"
    elif share < LEAST_SHARED_WORDS:
        yield f"句中只有 {share:.0%} 的词在{names}里，条号对吗？"


def shared_words(text: str, sources: Sequence[str]) -> float:
    """The share of the content words of `text` (two characters or more) that a source has; 1 if they are very few."""
    found = _content(text)
    return sum(any(word in source for source in sources) for word in found) / len(found) if len(found) >= 4 else 1.0


@lru_cache(maxsize=64)
def _content(text: str) -> frozenset[str]:
    return frozenset(word for word in search_words(text) if len(word) > 1 and not word[0].isdigit())


# --- catalog ----------------------------------------------------------------------------------------------------

_HEADER = """\
# The starter corpus: every file with the texts it was written from and the articles it cites.
# Generated by `python -m eval.corpus_check --write-catalog`; do not edit by hand.
"""


def catalog(corpus: Path, laws: Laws) -> str:
    """The text of corpus/catalog.toml."""
    return "\n".join([_HEADER, *(_entry(digest, laws) for digest in read_corpus(corpus))])


def _entry(digest: Digest, laws: Laws) -> str:
    lines = ["[[file]]", _pair("path", digest.name)]
    lines += [_pair(key, digest.facts.get(key, "")) for key in ("kind", "title")]
    lines.append(_pair("topics", digest.listed("topics")))
    if day := parse_date(digest.facts.get("checked_on", "")):
        lines.append(f"checked_on = {day.isoformat()}")
    cited: dict[str, list[Locator]] = {}
    for sentence in digest.sentences:
        for reference in sentence.references:
            cited.setdefault(reference.title, []).extend(reference.locators)
    for title in sorted(cited):
        lines += ["", "[[file.source]]", *_source(title, cited[title], laws)]
    return "\n".join([*lines, ""])


def _source(title: str, locators: Sequence[Locator], laws: Laws) -> Iterator[str]:
    yield _pair("title", title)
    texts = [text for text in laws.current(title) if any(text.find(locator) for locator in locators)]
    for name in ("issued", "effective"):
        days = [day for text in texts if (day := getattr(text.document.facts, name))]
        if days:
            yield f"{name} = {max(days).isoformat()}"
    yield _pair("locators", [locator.label for locator in sorted(set(locators), key=_order)])


def _order(locator: Locator) -> list[tuple[int, int]]:
    """Number and inserted number (之一) of every part, for sorting in the order of the text."""
    found = ([parse_numeral(number) or 0 for number in re.findall(rf"[{_C}\d]+", name)] for _, name in locator.parts)
    return [(numbers[0], sum(numbers[1:])) for numbers in found]


def _pair(key: str, value: str | Sequence[str]) -> str:
    return f"{key} = {json.dumps(value if isinstance(value, str) else list(value), ensure_ascii=False)}"


# --- command line -----------------------------------------------------------------------------------------------


def print_report(report: Report, console: Console) -> None:
    """One line per problem and a closing line of counts."""
    for problem in sorted(report.problems, key=lambda p: (p.file, p.line)):
        color, mark = ("yellow", "提醒") if problem.warning else ("red", "要改")
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        start = f"  {problem.start}" if problem.start else ""
        line = f"[bold]{escape(place)}[/]{escape(start)}  [{color}]{mark}[/] {escape(problem.reason)}"
        console.print(line, soft_wrap=True)
    wrong = sum(not problem.warning for problem in report.problems)
    console.print(
        f"文件 {report.files} 篇，句子 {report.statements} 句，核对引用 {report.references} 处，"
        f"要改 {wrong} 处，提醒 {len(report.problems) - wrong} 处。"
    )


def main(
    files: Annotated[list[Path] | None, typer.Argument(help="只查这些文件；不写就查全部")] = None,
    corpus: Annotated[Path, typer.Option(help="语料文件夹")] = CORPUS,
    laws: Annotated[Path, typer.Option(help="参考文本文件夹")] = LAWS,
    write_catalog: Annotated[bool, typer.Option("--write-catalog", help="同时写 catalog.toml")] = False,
) -> None:
    """逐条核对自带语料与参考文本。"""
    console = Console(highlight=False)
    try:
        texts = read_laws(laws, date.today())
        report = check(corpus, texts, only=files or ())
        if write_catalog:
            (corpus / "catalog.toml").write_text(catalog(corpus, texts), encoding="utf-8")
    except FileMissing as error:
        console.print(f"[red]{escape(str(error))}[/]")
        raise typer.Exit(1) from error
    print_report(report, console)
    raise typer.Exit(1 if report.failed else 0)


if __name__ == "__main__":
    typer.run(main)
