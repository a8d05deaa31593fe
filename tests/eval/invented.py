"""An invented set of judged questions, laid out like ../shared."""

from __future__ import annotations

import json
import lzma
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TEXTS = [
    {"id": "L1", "title": "暖冬救助条例第一条", "text": "为了帮助困难家庭过冬，制定本条例。"},
    {"id": "L2", "title": "暖冬救助条例第二条", "text": "申请取暖补助，应当向乡镇人民政府提出书面申请。"},
    {"id": "L3", "title": "河灯管理办法第一条", "text": "放河灯应当避开航道。\n违反的，由水务部门劝阻。"},
    {"id": "L4", "title": "护林员补贴办法", "text": "护林员补贴按季度发放。"},
]
QUESTIONS = [{"id": "0", "text": "取暖补助向谁申请？"}, {"id": "2", "text": "河灯能在航道里放吗？"}]
CASES = [
    {"id": "9", "title": "甲放河灯案", "text": "甲在航道内放河灯，被水务部门劝阻。\n甲承认错误。", "reason": "本院认为，甲犯堵塞航道罪。"},
    {"id": "8", "title": "乙砍树案", "text": "乙未经许可砍树十棵，护林员报警。"},
    {"id": "7", "title": "丙骗补助案", "text": "丙虚报家庭人口，骗取取暖补助三百元。"},
]
LAY = [
    {"q": "冬天烧炉子的钱找谁要", "file": "laws/暖冬救助条例.md", "article": "第二条", "where": None},
    {"q": "河灯放哪儿才不挨说", "file": "laws/河灯管理办法.md", "article": None, "where": "放河灯应当避开航道"},
]
LAWS = {
    "暖冬救助条例.md": "# 暖冬救助条例\n\n第一条　为了帮助困难家庭过冬，制定本条例。\n\n"
    "第二条　申请取暖补助，应当向乡镇人民政府提出书面申请。\n\n第三条　本条例自2020年1月1日起施行。\n",
    "河灯管理办法.md": "# 河灯管理办法\n\n为了航道安全，放河灯应当避开航道。\n",
}


def write_shared(folder: Path) -> None:
    """Write the invented sets, pairs, questions and laws into `folder`."""
    _write_set(folder / "bench" / "stard", TEXTS, QUESTIONS, ["0\tL2\t1", "2\tL3\t1"])
    _write_set(folder / "bench" / "lecard", CASES, [{"id": "5", "text": "被告人放河灯堵塞航道。"}], ["5\t9\t3", "5\t8\t0"])
    _write_rows(folder / "pairs" / "stard_train_statute.jsonl.xz", [{"q": "取暖补助，向谁申请", "d": "暖冬救助条例"}])
    _write_rows(folder / "questions" / "lay_questions.jsonl", LAY)
    for name, text in LAWS.items():
        path = folder / "corpus" / "laws" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _write_set(folder: Path, texts: Sequence[Any], questions: Sequence[Any], grades: Sequence[str]) -> None:
    _write_rows(folder / "corpus.jsonl.xz", texts)
    _write_rows(folder / "queries.jsonl.xz", questions)
    (folder / "qrels.tsv").write_text("\n".join(grades) + "\n", encoding="utf-8")


def _write_rows(file: Path, rows: Sequence[Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n"
    file.write_bytes(lzma.compress(text.encode()) if file.suffix == ".xz" else text.encode())
