"""The types that flow through 社工知库, from document to answer.

All are frozen: a change makes a new value with `dataclasses.replace`. Offsets count characters (code points).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

Kind = Literal["policy", "training", "case", "faq"]
KIND_NAMES: Mapping[str, str] = {"policy": "政策法规", "training": "实务培训", "case": "案例", "faq": "问答"}
NATIONAL = "全国"


class Status(StrEnum):
    """Whether a document holds on a given day; the value is the word a reader sees."""

    IN_FORCE = "现行有效"
    SUPERSEDED = "已修改"
    REPEALED = "已废止"
    NOT_YET = "尚未施行"
    UNCHECKED = "待核"


@dataclass(frozen=True)
class Facts:
    """What the text (or a person) says about a document; empty string or None where it says nothing.

    `region` is 全国 or a path from the province down, as in 安徽省/安庆市. `level` is one of 法律, 行政法规, 部门规章,
    规范性文件, 地方性法规, 司法解释, 标准, or empty. `number` is the 发文字号. `repeals` names titles (without 《》) that the
    text repeals on its effective date. `part` tells apart files that hold one part of a work (民法典 婚姻家庭编).
    `repealed` is the first day on which the text no longer holds. `sources` are the texts a digest was written from.
    """

    title: str = ""
    part: str = ""
    number: str = ""
    issuer: str = ""
    level: str = ""
    region: str = NATIONAL
    issued: date | None = None
    effective: date | None = None
    repealed: date | None = None
    repeals: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    checked_on: date | None = None
    invented: bool = False


@dataclass(frozen=True)
class Document:
    """One text with what is known about it. `id` derives from kind, facts and text, never from where the file lay.

    `source` is the path or corpus name it was read from. `page_starts[i]` is the offset in `text` at which page i + 1
    begins; empty where the format has no pages.
    """

    id: str
    kind: Kind
    facts: Facts
    text: str
    source: str
    page_starts: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """Title as cited, with the part where the file holds only one."""
        return f"{self.facts.title}·{self.facts.part}" if self.facts.part else self.facts.title


@dataclass(frozen=True)
class Passage:
    """A stretch `text == document.text[start:end]` that is found and cited as one.

    `headings` runs from the outermost heading to the innermost (第二章 申请, 第九条). `locator` is what a person would cite:
    第二章第九条第一款, 三、（一）, 案例·介入过程; empty where the text gives nothing to cite. `page` counts from 1.
    The passages of a document, in order of `start`, cover its text without gap or overlap.
    """

    id: str
    document_id: str
    text: str
    headings: tuple[str, ...]
    locator: str
    page: int | None
    start: int
    end: int


@dataclass(frozen=True)
class Asker:
    """Who asks, as far as search needs it: the region whose rules hold and the day asked about."""

    region: str = NATIONAL
    day: date = field(default_factory=date.today)
    kinds: frozenset[Kind] = frozenset()
    include_invalid: bool = False


@dataclass(frozen=True)
class Hit:
    """A passage found for a question. `found_by` maps each way of finding to its own score: keyword, vector, reranker."""

    passage: Passage
    document: Document
    status: Status
    score: float
    found_by: Mapping[str, float]


Section = Literal["政策依据", "实务指引", "相关案例"]


@dataclass(frozen=True)
class Citation:
    """Source number `number` of an answer. Each of `quotes` stands verbatim in `hit.passage.text`."""

    number: int
    hit: Hit
    quotes: tuple[str, ...]

    @property
    def label(self) -> str:
        """《title》locator, the way a person cites it."""
        return f"《{self.hit.document.title}》{self.hit.passage.locator}"


@dataclass(frozen=True)
class Statement:
    """A sentence of the answer with the numbers of the citations it stands on (at least one)."""

    text: str
    section: Section
    citations: tuple[int, ...]


@dataclass(frozen=True)
class Card:
    """What to do first when there is danger: in the next minutes, whom to tell, what to write down, what not to do.

    `laws` are the (title, article) that the duties stand on.
    """

    danger: str
    now: tuple[str, ...]
    tell: tuple[str, ...]
    record: tuple[str, ...]
    avoid: tuple[str, ...]
    laws: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answer:
    """The answer to one question. `cards` come first on the screen, before anything was searched.

    `found` is False where the evidence is too thin: then `statements` is empty and `nearest` and `advice` say where to
    look. `confidence` (0 to 1) and the `signs` it was weighed from say why; `touches` is True where what was found is only
    close to what was asked. `notices` are sentences about validity, region or degraded service. `written_by` is 摘录 for verbatim
    sentences, else the model's name. `complete` is False while a model is still writing.
    """

    question: str
    cards: tuple[Card, ...] = ()
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    notices: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    looked_for: tuple[str, ...] = ()
    advice: str = ""
    found: bool = True
    touches: bool = False
    confidence: float = 1.0
    signs: Mapping[str, float] = field(default_factory=dict)
    complete: bool = True
    written_by: str = "摘录"
