"""What is checked of a digest: its facts, its references, its numbers, its wording, and that nobody is identifiable."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from assistant.safety import hotlines
from eval.corpus_check.digests import Digest, Locator, Problem, Reference, Sentence, quoted_titles, read_digest
from eval.corpus_check.law_texts import ITEM, Laws, LawText, read_laws, title_key
from eval.corpus_check.quantities import quantities, stated_quantities
from ingest.metadata import parse_date
from kb.chinese import search_words
from kb.errors import FileMissing

FOLDERS: Mapping[str, str] = {"policy": "policy", "training": "training", "cases": "case"}
MINIMUM: Mapping[str, int] = {"policy": 60, "training": 20, "cases": 30}
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
_UNCITABLE = Path(__file__).resolve().parent / "uncitable.toml"


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
        if match.group() not in set(hotlines()):
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
    if reason := uncitable().get(title_key(reference.title)) or _expired(reference.title, laws.day):
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
            return f"（该条有 {sum(not ITEM.match(line) for line in lines)} 款）" if lines else f"（共 {len(text.articles)} 条）"
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
    for start, end in reversed(quoted_titles(text)):
        text = f"{text[:start]}《》{text[end:]}"
    return text


def _numbers(text: str, places: Sequence[Place], names: str) -> Iterator[str]:
    text = re.sub(rf"(?<!\d)(?:{'|'.join(set(hotlines()))})(?!\d)", "·", text)
    stated = {quantity for place in places for quantity in stated_quantities(place.text)}
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


@lru_cache(maxsize=1)
def uncitable() -> Mapping[str, str]:
    """Titles among the reference texts that are not to be cited, with the reason."""
    return dict(tomllib.loads(_UNCITABLE.read_text(encoding="utf-8")))

