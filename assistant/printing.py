"""What the command line prints: tables for people, dictionaries for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from assistant import notices
from assistant.evidence import Calibration
from ingest.pipeline import Outcome, Report
from kb.knowledge_base import KnowledgeBase
from kb.models import KIND_NAMES, Answer, Card, Citation, Hit, Kind, Status
from kb.terms import same_meaning

_STATUS_STYLE = {
    Status.IN_FORCE: "green",
    Status.SUPERSEDED: "yellow",
    Status.REPEALED: "red",
    Status.NOT_YET: "cyan",
    Status.UNCHECKED: "yellow",
}
_MOST_FAILURES = 50


# --- answers ----------------------------------------------------------------------------------------------------


def print_answer(console: Console, answer: Answer) -> None:
    """What to do in danger, the answer by section, its numbered sources below."""
    for card in answer.cards:
        print_card(console, card)
    if not answer.found:
        _print_nothing_found(console, answer)
        return
    section = ""
    for statement in answer.statements:
        if statement.section != section:
            section = statement.section
            console.print(f"\n[bold]{section}[/bold]")
        marks = "".join(f"[{number}]" for number in statement.citations)
        console.print(f"  {escape(statement.text)} [cyan]{escape(marks)}[/cyan]", highlight=False)
    console.print("\n[bold]出处[/bold]")
    for citation in answer.citations:
        status = citation.hit.status
        style = _STATUS_STYLE[status]
        label = f"[cyan]{escape(f'[{citation.number}]')}[/cyan] {escape(citation.label)}"
        console.print(f"  {label} {escape(_origin(citation))} [{style}]{status}[/{style}]", highlight=False)
    _print_notices(console, answer)
    console.print(f"\n[dim]{notices.ASSISTANCE}[/dim]")


def print_card(console: Console, card: Card) -> None:
    """A danger card: red title, then the four lists."""
    console.print(f"[bold red]紧急：{card.danger}[/bold red]")
    for heading, lines in (("现在就做", card.now), ("告诉谁", card.tell), ("记下来", card.record), ("不要做", card.avoid)):
        console.print(f"  [bold]{heading}[/bold]")
        for line in lines:
            console.print(f"    · {escape(line)}", highlight=False)
    laws = "、".join(f"《{title}》{article}" for title, article in card.laws)
    console.print(f"  [dim]依据：{escape(laws)}[/dim]\n" if laws else "")


def _print_nothing_found(console: Console, answer: Answer) -> None:
    console.print("[bold]知识库中没有找到可靠依据。[/bold]")
    console.print(f"找过：{escape('、'.join(answer.looked_for) or answer.question)}", highlight=False)
    if answer.nearest:
        console.print(f"最接近的资料：{escape('、'.join(f'《{title}》' for title in answer.nearest))}", highlight=False)
    console.print(answer.advice, highlight=False)
    _print_notices(console, answer)


def _print_notices(console: Console, answer: Answer) -> None:
    for notice in answer.notices:
        console.print(f"[yellow]注意：{escape(notice)}[/yellow]", highlight=False)


def _origin(citation: Citation) -> str:
    facts = citation.hit.document.facts
    page = f"第 {citation.hit.passage.page} 页" if citation.hit.passage.page else ""
    since = f"{facts.effective} 起施行" if facts.effective else ""
    return f"（{'，'.join(part for part in (facts.number, since, page) if part)}）" if facts.number or since or page else ""


def print_signs(console: Console, answer: Answer, calibration: Calibration) -> None:
    """The signs from which it was decided whether the knowledge base answers, what each weighs, strongest first."""
    table = Table(title=f"资料够不够：把握 {100 * answer.confidence:.0f} %（{100 * calibration.touches:.0f} % 起回答）")
    for name in ("依据", "数值", "加减"):
        table.add_column(name, justify="left" if name == "依据" else "right", no_wrap=True)
    for name, share in calibration.shares(answer.signs).items():
        table.add_row(name, f"{answer.signs[name]:.2f}", f"{share:+.2f}")
    console.print(table)


def answer_as_dict(answer: Answer) -> dict[str, Any]:
    """The answer for a program."""
    return {
        "question": answer.question,
        "found": answer.found,
        "touches": answer.touches,
        "confidence": round(answer.confidence, 4),
        "signs": {name: round(value, 4) for name, value in answer.signs.items()},
        "cards": [vars(card) for card in answer.cards],
        "written_by": answer.written_by,
        "statements": [{"text": s.text, "section": s.section, "citations": s.citations} for s in answer.statements],
        "citations": [{"number": c.number, "quotes": c.quotes, **hit_as_dict(c.hit)} for c in answer.citations],
        "notices": answer.notices,
        "looked_for": answer.looked_for,
        "nearest": answer.nearest,
        "advice": answer.advice,
        "label": notices.ASSISTANCE,
    }


# --- hits -------------------------------------------------------------------------------------------------------


def print_hits(console: Console, hits: Sequence[Hit]) -> None:
    """A table of passages, best first."""
    if not hits:
        console.print("没有找到。换几个字再试，或用 --include-invalid 连同失效的一起找。")
        return
    table = Table("出处", "状态", "段落", "得分")
    for hit in hits:
        style = _STATUS_STYLE[hit.status]
        text = " ".join(hit.passage.text.split())
        label = f"《{hit.document.title}》{hit.passage.locator}"
        table.add_row(escape(label), f"[{style}]{hit.status}[/{style}]", escape(text[:120]), f"{hit.score:.2f}")
    console.print(table)


def hit_as_dict(hit: Hit) -> dict[str, Any]:
    """A hit for a program."""
    facts = hit.document.facts
    return {
        "title": hit.document.title,
        "locator": hit.passage.locator,
        "page": hit.passage.page,
        "status": str(hit.status),
        "kind": hit.document.kind,
        "number": facts.number,
        "region": facts.region,
        "effective": facts.effective,
        "document_id": hit.document.id,
        "passage_id": hit.passage.id,
        "source": hit.document.source,
        "text": hit.passage.text,
        "score": round(hit.score, 4),
        "found_by": {way: round(score, 4) for way, score in hit.found_by.items()},
    }


# --- documents --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DocumentRow:
    """A line of the list of documents."""

    id: str
    kind: Kind
    title: str
    number: str
    issuer: str
    region: str
    effective: date | None
    status: Status
    passages: int
    source: str

    def as_dict(self) -> dict[str, Any]:
        """The line for a program."""
        return {**vars(self), "status": str(self.status)}


def document_rows(knowledge_base: KnowledgeBase, words: str, kind: Kind | None, day: date) -> list[DocumentRow]:
    """The documents whose title, number or issuer holds `words` or the official term for them, by title."""
    wanted = same_meaning(words)
    rows = [
        DocumentRow(
            s.id, s.kind, s.title, s.facts.number, s.facts.issuer, s.facts.region, s.facts.effective,
            knowledge_base.status(s.id, day), s.passage_count, s.source,
        )
        for s in knowledge_base.summaries()
        if (kind is None or s.kind == kind) and any(word in f"{s.title} {s.facts.number} {s.facts.issuer}" for word in wanted)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row.title, row.effective or date.min))


def print_documents(console: Console, rows: Sequence[DocumentRow]) -> None:
    """A table of documents."""
    table = Table("编号", "类别", "标题", "文号", "地区", "施行", "状态", "段落")
    for row in rows:
        style = _STATUS_STYLE[row.status]
        table.add_row(
            row.id[:8], KIND_NAMES[row.kind], escape(row.title), escape(row.number), row.region,
            str(row.effective or ""), f"[{style}]{row.status}[/{style}]", str(row.passages),
        )  # fmt: skip
    console.print(table)
    console.print(f"共 {len(rows)} 份。", highlight=False)


# --- taking in --------------------------------------------------------------------------------------------------


def print_report(console: Console, report: Report) -> None:
    """Counts by outcome, and every failure with its reason."""
    table = Table(*(str(outcome) for outcome in Outcome), "合计", title="收录结果")
    table.add_row(*(str(report.count(outcome)) for outcome in Outcome), str(len(report.files)))
    console.print(table)
    if report.failures:
        failures = Table("没有收录的文件", "原因")
        for file in report.failures[:_MOST_FAILURES]:
            failures.add_row(escape(file.source), escape(file.reason))
        console.print(failures)
        if len(report.failures) > _MOST_FAILURES:
            console.print(f"另有 {len(report.failures) - _MOST_FAILURES} 个失败的文件，用 --json 可以看到全部。")


def report_as_dict(report: Report) -> dict[str, Any]:
    """The report for a program."""
    return {
        "counts": {str(outcome): report.count(outcome) for outcome in Outcome},
        "files": [{**vars(file), "outcome": str(file.outcome)} for file in report.files],
    }
