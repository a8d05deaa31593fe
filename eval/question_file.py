"""A station's own questions, written in a table: CSV as Excel, WPS or an editor saves it.

One row is a question with one place that answers it. Rows with the same question add further places.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from eval.answers import Question, plain
from eval.errors import QuestionFileError, QuestionRowsError
from eval.judgments import bare
from eval.lay import article
from ingest.readers.text import decode
from kb.chinese import numeral
from kb.knowledge_base import KnowledgeBase
from kb.models import Passage
from kb.validity import canonical_title

QUESTION, TITLE, PLACE, FACT, HAS_ANSWER = COLUMNS = ("问题", "出处标题", "条号或原文片段", "需要的内容", "有没有答案")
_NEEDED = (QUESTION, TITLE, PLACE)
_YES, _NO = ("有", "是", ""), ("没有", "无", "否")
_SHORTEST_WORDS = 4  # a shorter stretch of text stands in too many passages
_LABEL = re.compile(r"(?:第(?:[零〇一二三四五六七八九十百千两]+|[0-9]{1,4})[编章节条款项](?:之[一二三四五六七八九十]+)?)+")
_NUMBER = re.compile(r"[0-9]+")
_ALTERNATIVES = re.compile(r"[|｜‖]")
_EXAMPLES = (
    ("低保多久核查一次？", "低保批下来以后：怎么发、多久查一次、什么时候停", "短期内经济变化不大的低保家庭", "每年核查一次", "有"),
    ("低保多久核查一次？", "低保批下来以后：怎么发、多久查一次、什么时候停", "家里有劳动力的低保家庭", "每半年核查一次", "有"),
    ("入户探访前要准备什么？", "入户探访怎么做：准备、观察与安全", "", "", ""),
    ("明年高考的作文题是什么？", "", "", "", "没有"),
)


@dataclass(frozen=True)
class Row:
    """A row as written, without surrounding spaces; `number` counts as Excel does, the heading being row 1."""

    number: int
    question: str
    title: str
    place: str
    fact: str
    has_answer: str


def write_template(file: Path) -> None:
    """Write an example to fill in. Raises QuestionFileError rather than overwrite a file."""
    try:
        with open(file, "x", encoding="utf-8-sig", newline="") as written:  # Excel needs the mark to see UTF-8
            csv.writer(written).writerows([COLUMNS, *_EXAMPLES])
    except FileExistsError as error:
        raise QuestionFileError(f"{file.name} 已经有了，没有覆盖。请换一个文件名。") from error
    except OSError as error:
        raise QuestionFileError(f"{file.name} 无法写入（{error.strerror}）。请检查文件夹和权限。") from error


def read_questions(file: Path, knowledge_base: KnowledgeBase) -> list[Question]:
    """The questions of a file over what is held. Raises QuestionRowsError that lists every row to be changed."""
    checker = _Checker(knowledge_base)
    questions: dict[str, Question] = {}
    for row in read_rows(file):
        checker.check(row)
        found = checker.question(row)
        known = questions.get(row.question, found)
        if known.answerable != found.answerable:
            checker.problem(row, f"同一个问题前面写“{_answer_word(known)}”答案，这里写“{_answer_word(found)}”，请改成一样。")
        questions[row.question] = _joined(known, found)
    if checker.problems:
        raise QuestionRowsError(checker.problems)
    return list(questions.values())


def read_rows(file: Path) -> list[Row]:
    """The rows below the heading. Raises QuestionFileError where the file can not be read as such a table."""
    table = _table(_text(file), file.name)
    heading = [cell.strip() for cell in table[0]] if table else []
    missing = [name for name in _NEEDED if name not in heading]
    if missing:
        raise QuestionFileError(f"{file.name} 缺少 {'、'.join(missing)} 栏。第 1 行应当是 {','.join(COLUMNS)}")
    filled = ((number, cells) for number, cells in enumerate(table[1:], 2) if any(map(str.strip, cells)))
    rows = [_row(number, dict(zip(heading, cells, strict=False))) for number, cells in filled]
    if not rows:
        raise QuestionFileError(f"{file.name} 里只有表头，没有问题。")
    return rows


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise QuestionFileError(f"{file.name} 无法读取（{error.strerror}）。请检查路径。") from error
    if data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise QuestionFileError(f"{file.name} 是 Excel 工作簿。请在 Excel 或 WPS 里另存为 CSV，再来评测。")
    return decode(data).lstrip("\ufeff")


def _table(text: str, name: str) -> list[list[str]]:
    """The cells; separated as the heading is: by commas, by tabs (Excel's Unicode text) or by semicolons."""
    heading = text.partition("\n")[0]
    separator = max(",\t;", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return list(reader)
    except csv.Error as error:  # a lone quote would swallow the rows below it
        raise QuestionFileError(f"{name} 第 {reader.line_num} 行或以前有不成对的引号 \"。请改成“”，或用 Excel 重新保存。") from error


def _row(number: int, cells: Mapping[str, str]) -> Row:
    return Row(number, *(cells.get(name, "").strip() for name in COLUMNS))


def _joined(first: Question, second: Question) -> Question:
    return replace(
        first,
        answers=tuple(dict.fromkeys((*first.answers, *second.answers))),
        facts=tuple(dict.fromkeys((*first.facts, *second.facts))),
        passages=first.passages | second.passages,
    )


def _answer_word(question: Question) -> str:
    return "有" if question.answerable else "没有"


def _article(place: str) -> str:
    """The article that a place names, in Chinese numerals (第二章第12条第一款 → 第十二条); empty where it is words."""
    label = unicodedata.normalize("NFKC", place)
    return article(_NUMBER.sub(lambda found: numeral(int(found.group())), label)) if _LABEL.fullmatch(label) else ""


@dataclass
class _Checker:
    """Reads rows against what is held, collecting what is wrong and in which rows."""

    knowledge_base: KnowledgeBase
    problems: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def problem(self, row: Row, text: str) -> None:
        """Note what is wrong with a row; many rows may name the same missing law."""
        self.problems[text].append(row.number)

    def check(self, row: Row) -> None:
        """Note what is wrong with a row by itself."""
        if not row.question:
            self.problem(row, "“问题”是空的。")
        if row.has_answer not in (*_YES, *_NO):
            self.problem(row, f"“有没有答案”写的是“{row.has_answer}”，只能写 有 或 没有（不写就是有）。")
        if row.has_answer in _NO and (row.title or row.place or row.fact):
            self.problem(row, "写了没有答案，出处和需要的内容就要空着。")
        if row.has_answer in _YES and not row.title:
            self.problem(row, "“出处标题”是空的。有答案的问题请写出处；没有答案的请在“有没有答案”写 没有。")

    def question(self, row: Row) -> Question:
        """The question of a row; what can not be found is noted."""
        name = hashlib.sha256(row.question.encode()).hexdigest()[:8]
        if row.has_answer in _NO or not row.title:
            return Question(name, row.question, "none" if row.has_answer in _NO else "policy", (), ())
        passages = self._passages(row)
        right = self._right(row, passages) if passages else []
        facts = self._facts(row, passages) if right else ()
        label = _article(row.place)
        answers = ((canonical_title(row.title), label),) if label else ()  # digests that name the article count, too
        return Question(name, row.question, "policy", answers, facts, passages=frozenset(passage.id for passage in right))

    def _passages(self, row: Row) -> Sequence[Passage]:
        """All passages of the documents with the row's title."""
        documents = self._documents.get(canonical_title(row.title), [])
        if not documents:
            self.problem(row, f"没有收录《{canonical_title(row.title)}》。{self._nearest(row.title)}")
        return [passage for document in documents for passage in self.knowledge_base.passages(document)]

    def _facts(self, row: Row, passages: Sequence[Passage]) -> tuple[str, ...]:
        """What an answer has to say, in one wording or another; one at least stands in the source."""
        facts = tuple(plain(fact) for fact in _ALTERNATIVES.split(row.fact) if plain(fact))
        if facts and not any(fact in plain(_joined_text(passages)) for fact in facts):
            self.problem(row, f"出处里没有“{row.fact}”这几个字。回答摘录原文，请照原文写。")
        return facts

    def _right(self, row: Row, passages: Sequence[Passage]) -> Sequence[Passage]:
        """The passages that a row points at; all of its documents where it names no place."""
        if not row.place:
            return passages
        label = _article(row.place)
        found = [passage for passage in passages if _points_at(row.place, label, passage)]
        if not found:
            self.problem(row, _not_there(row, label, passages))
        return found

    def _nearest(self, title: str) -> str:
        near = difflib.get_close_matches(canonical_title(title), self._documents, 3, 0.4)
        return f"是不是 {'、'.join(f'《{each}》' for each in near)}？" if near else "请先收录它，或改正标题。"

    @cached_property
    def _documents(self) -> Mapping[str, list[str]]:
        """The ids of the documents of every title, with and without the part that a file holds."""
        found: dict[str, list[str]] = defaultdict(list)
        for summary in self.knowledge_base.summaries():
            for title in {canonical_title(summary.facts.title), canonical_title(summary.title)}:
                found[title].append(summary.id)
        return dict(found)


def _points_at(place: str, label: str, passage: Passage) -> bool:
    if label:
        return article(passage.locator) == label
    words = bare(place)
    return place in passage.locator or (len(words) >= _SHORTEST_WORDS and words in bare(passage.text))


def _not_there(row: Row, label: str, passages: Sequence[Passage]) -> str:
    title = canonical_title(row.title)
    if label:
        return f"《{title}》里没有{label}。"
    if len(bare(row.place)) < _SHORTEST_WORDS:
        return f"原文片段“{row.place}”太短，请至少写 {_SHORTEST_WORDS} 个字。"
    if bare(row.place) in bare(_joined_text(passages)):
        return f"“{row.place}”跨了《{title}》的两段，请只写其中一段里的一句。"
    return f"《{title}》里找不到“{row.place}”。请从原文里复制。"


def _joined_text(passages: Sequence[Passage]) -> str:
    return "".join(passage.text for passage in passages)
