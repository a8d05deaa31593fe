"""The title of a document: a heading or line that can be one, else the file's name. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ingest.blocks import Block, FileContent

_CHINESE = re.compile(r"[一-鿿]")
_FILE_DATE = re.compile(r"[（(_\s-]*(?:\d{4}[-年.]\d{1,2}[-月.]\d{1,2}日?|(?:19|20)\d{6})[）)]?$")
_FILE_ORDER = re.compile(r"^\d{1,3}(?:[._-]\d{1,3})*[\s._、-]+(?=\D)")
_SECTION_NUMBER = re.compile(r"^(?:(?:\d+\.)+\d+[.、]?|\d+[.、])(?=\D)")
_CODE_PARTS = ("总则", "物权", "合同", "人格权", "婚姻家庭", "继承", "侵权责任", "附则")
_CIVIL = re.compile(r"民事|物权|合同|人格|婚姻|继承|侵权|本编")
_ENDS_LIKE_A_TITLE = re.compile(
    r"(法|法典|条例|办法|规定|细则|意见|通知|决定|方案|规划|纲要|公告|解释|批复|标准|规范|指南|制度|章程|规则|答复|函)(（[^）]*）)?$"
)
_NO_TITLE = re.compile(
    r"^(?:第[零〇一二三四五六七八九十百千\d]+(?:[编章节条]|部分|届)|[一二三四五六七八九十]+、|[（(][一二三四五六七八九十\d]+[)）]|\d+[.．、]|[·•●■◆*-]"
    r"|(?:摘\s*要|目\s*[录次]|前\s*言|引\s*言|正\s*文|abstract|附件.{0,3}|<.*)$|[a-z]{2,10}\s*[:：])|[。；：，！？、;:,!?]$",
    re.IGNORECASE,
)
_BODY_BEGINS = re.compile(r"^(?:目\s*[录次]$|第[零〇一二三四五六七八九十百千\d]+[编章节条]|[一二三四五六七八九十]+、)")
_BEFORE_SITE = tuple("-_|｜—–")
_LONGEST = 60
_LONGEST_FIRST_LINE = 40


def title_of(content: FileContent, file_name: str) -> tuple[str, str]:
    """(title, part) of a file; part is empty unless the file holds one part of the civil code."""
    headings = [block.text for block in content.blocks[:6] if block.level == 1]
    if len(headings) >= 2 and headings[0].endswith("民法典"):
        return _tidy(headings[0]), _part(_tidy(headings[1]))
    named = next(_candidates(content, headings, _stem(file_name)))
    if named.removesuffix("编") in _CODE_PARTS and _CIVIL.search("".join(block.text for block in content.blocks[:8])):
        return "中华人民共和国民法典", _part(named)
    return named, ""


def _part(name: str) -> str:
    """A part of the civil code as it is cited: 婚姻家庭编, 附则."""
    bare = re.sub(r"^第.{1,2}编", "", name).removesuffix("编")
    return f"{bare}编" if bare in _CODE_PARTS and bare != "附则" else bare


def file_date(file_name: str) -> str:
    """The date at the end of a file's name, as written there; empty if there is none."""
    match = _FILE_DATE.search(file_name.rsplit(".", 1)[0])
    return match.group() if match else ""


def _candidates(content: FileContent, headings: Sequence[str], stem: str) -> Iterator[str]:
    """Titles that may be, the best first; the last one always is."""
    yield from (title for title in map(_tidy, headings[:1]) if _may_be_title(title))
    if page_title := _tidy(content.title):
        yield _as_printed(page_title, content.blocks)
    if title := _first_title(content.blocks):
        yield title
    if len(_CHINESE.findall(stem)) >= 2:
        yield stem
    first = _tidy(headings[0] if headings else content.blocks[0].text if content.blocks else "")
    yield first if first and len(first) <= _LONGEST_FIRST_LINE else stem


def _stem(file_name: str) -> str:
    """The file's name without suffix, date and number in front."""
    stem = _FILE_DATE.sub("", file_name.rsplit(".", 1)[0]).strip()
    return _FILE_ORDER.sub("", stem) or stem


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", "", text) if _CHINESE.search(text) else text.strip()
    text = _FILE_DATE.sub("", _SECTION_NUMBER.sub("", text))
    return text.strip("《》") if text.count("《") == 1 and text.startswith("《") and text.endswith("》") else text


def _may_be_title(line: str) -> bool:
    return bool(line) and len(line) <= 2 * _LONGEST and not _NO_TITLE.search(line)


def _as_printed(page_title: str, blocks: Sequence[Block]) -> str:
    """The line at the top of the page that its title begins with: the title goes on with the name of the site."""
    lines = (_tidy(block.text) for block in blocks[:8])
    return next((line for line in lines if line and page_title.startswith(line) and page_title[len(line) :][:1] in _BEFORE_SITE), page_title)


def _first_title(blocks: Sequence[Block]) -> str:
    """The first short line that ends like a title; else the first line if it can be one."""
    lines: list[str] = []
    for block in blocks[:12]:
        if lines and _BODY_BEGINS.match(block.text):
            break
        lines.append(re.sub(r"\s+", "", block.text))
    for at, line in enumerate(lines):
        if len(line) <= _LONGEST and _ENDS_LIKE_A_TITLE.search(line) and _may_be_title(line):
            before = lines[at - 1] if at and len(lines[at - 1]) <= 40 else ""
            joins = before.endswith(("关于", "关于印发", "印发", "转发")) or before.startswith("关于")
            return before + line if joins else line
    first = _tidy(lines[0]) if lines else ""
    named = bool(lines) and _may_be_title(lines[0]) and not re.search(r"[：:]", first) and len(first) <= _LONGEST_FIRST_LINE
    return first if named else ""
