"""A station's questions in a table: CSV as Excel, WPS or an editor saves it, read, checked against what is held, written.

One row is a question with one place that answers it. Rows with the same question add further places.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ingest.readers.text import decode
from kb.errors import QuestionFileError
from kb.knowledge_base import KnowledgeBase
from kb.models import Passage
from kb.places import SHORTEST_WORDS, article_named, bare, points_at
from kb.validity import canonical_title

QUESTION, TITLE, PLACE, FACT, HAS_ANSWER = COLUMNS = ("问题", "出处标题", "条号或原文片段", "需要的内容", "有没有答案")
YES, NO = ("有", "是", ""), ("没有", "无", "否")
_NEEDED = (QUESTION, TITLE, PLACE)


@dataclass(frozen=True)
class Row:
    """A row as written, without surrounding spaces; `number` counts as Excel does, the heading being row 1."""

    number: int
    question: str
    title: str
    place: str
    fact: str
    has_answer: str

    @property
    def answerable(self) -> bool:
        """Whether the texts are said to hold an answer."""
        return self.has_answer not in NO


# --- the file ---------------------------------------------------------------------------------------------------


def write_rows(file: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write a table with `rows` below the heading. Raises QuestionFileError rather than overwrite a file."""
    try:
        with open(file, "x", encoding="utf-8-sig", newline="") as written:  # Excel needs the mark to see UTF-8
            csv.writer(written).writerows([COLUMNS, *rows])
    except FileExistsError as error:
        raise QuestionFileError(f"{file.name} 已经有了，没有覆盖。请换一个文件名。") from error
    except OSError as error:
        raise QuestionFileError(f"{file.name} 无法写入（{error.strerror}）。请检查文件夹和权限。") from error


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
        raise QuestionFileError(f"{file.name} 是 Excel 工作簿。请在 Excel 或 WPS 里另存为 CSV，再试一次。")
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


# --- against what is held ---------------------------------------------------------------------------------------


@dataclass
class RowChecker:
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
        if row.has_answer not in (*YES, *NO):
            self.problem(row, f"“有没有答案”写的是“{row.has_answer}”，只能写 有 或 没有（不写就是有）。")
        if not row.answerable and (row.title or row.place or row.fact):
            self.problem(row, "写了没有答案，出处和需要的内容就要空着。")
        if row.has_answer in YES and not row.title:
            self.problem(row, "“出处标题”是空的。有答案的问题请写出处；没有答案的请在“有没有答案”写 没有。")

    def passages(self, row: Row) -> Sequence[Passage]:
        """All passages of the documents with the row's title."""
        documents = self._documents.get(canonical_title(row.title), [])
        if not documents:
            self.problem(row, f"没有收录《{canonical_title(row.title)}》。{self._nearest(row.title)}")
        return [passage for document in documents for passage in self.knowledge_base.passages(document)]

    def right(self, row: Row, passages: Sequence[Passage]) -> Sequence[Passage]:
        """Those of the passages that a row points at; all where it names no place."""
        if not row.place:
            return passages
        found = [passage for passage in passages if points_at(row.place, passage)]
        if not found:
            self.problem(row, _not_there(row, passages))
        return found

    def _nearest(self, title: str) -> str:
        near = difflib.get_close_matches(canonical_title(title), self._documents, 3, 0.4)
        return f"是不是 {'、'.join(f'《{each}》' for each in near)}？" if near else "请先收录它，或改正标题。"

    @cached_property
    def _documents(self) -> Mapping[str, Sequence[str]]:
        return self.knowledge_base.documents_by_title()


def _not_there(row: Row, passages: Sequence[Passage]) -> str:
    title, label, words = canonical_title(row.title), article_named(row.place), bare(row.place)
    if label:
        return f"《{title}》里没有{label}。"
    if len(words) < SHORTEST_WORDS:
        return f"原文片段“{row.place}”太短，请至少写 {SHORTEST_WORDS} 个字。"
    if words in bare("".join(passage.text for passage in passages)):
        return f"“{row.place}”跨了《{title}》的两段，请只写其中一段里的一句。"
    return f"《{title}》里找不到“{row.place}”。请从原文里复制。"
