"""文库: every document with its status and source, searched as you type, newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import gradio as gr

from assistant.ui import render, texts
from assistant.ui.choices import LibraryChoices, read_library
from assistant.ui.listing import Listing, Row
from kb.catalog import DocumentSummary
from kb.chinese import normalize
from kb.errors import ShegongError
from kb.knowledge_base import KnowledgeBase
from kb.models import KIND_NAMES, Status
from kb.terms import same_meaning
from kb.validity import terms

PAGE_ROWS = 30
_TOPICS = 60


def rows_of(knowledge_base: KnowledgeBase, day: date) -> list[Row]:
    """All documents with their status on `day`, newest first, undated last."""
    summaries = knowledge_base.summaries()
    known = terms(summary.bare() for summary in summaries)
    rows = [Row(each, known[each.id].status(day), known[each.id].since) for each in summaries]
    return sorted(rows, key=lambda row: (row.since or date.min, row.summary.title), reverse=True)


def find(rows: Iterable[Row], choices: LibraryChoices) -> Listing:
    """The page of documents that fit what was chosen."""
    every = list(rows)
    groups = [tuple(normalize(each).lower() for each in same_meaning(word)) for word in choices.words.split()]
    fitting = [row for row in every if _fits(row, choices) and all(_says(row.summary, words) for words in groups)]
    last = max(0, (len(fitting) - 1) // PAGE_ROWS)
    page = min(max(0, choices.page), last)
    shown = tuple(fitting[page * PAGE_ROWS : (page + 1) * PAGE_ROWS])
    return Listing(shown, len(fitting), len(every), page * PAGE_ROWS, page, last)


def _fits(row: Row, choices: LibraryChoices) -> bool:
    facts = row.summary.facts
    return (
        choices.kind in ("", row.summary.kind)
        and choices.level in ("", facts.level or texts.NO_LEVEL)
        and (not choices.region or facts.region == choices.region or facts.region.startswith(f"{choices.region}/"))
        and choices.status in ("", row.status.value)
        and (not choices.topic or choices.topic in facts.topics)
    )


def _says(summary: DocumentSummary, words: Iterable[str]) -> bool:
    facts = summary.facts
    text = normalize(" ".join((summary.title, facts.number, facts.issuer))).lower()
    return any(word in text for word in words)


def filter_choices(rows: Iterable[Row]) -> list[list[tuple[str, str]]]:
    """(shown, value) for kind, level, region, status and topic, each with its count, the most frequent first."""
    every = list(rows)
    kinds = Counter(row.summary.kind for row in every)
    levels = Counter(row.summary.facts.level or texts.NO_LEVEL for row in every)
    regions = Counter(row.summary.facts.region for row in every)
    statuses = Counter(row.status.value for row in every)
    topics = Counter(topic for row in every for topic in row.summary.facts.topics)
    return [
        _counted((KIND_NAMES[kind], kind, count) for kind, count in kinds.most_common()),
        _counted((level, level, count) for level, count in levels.most_common()),
        _counted((render.region_name(region), region, count) for region, count in sorted(regions.items())),
        _counted((status.value, status.value, statuses[status.value]) for status in Status if statuses[status.value]),
        _counted((topic, topic, count) for topic, count in topics.most_common(_TOPICS)),
    ]


def _counted(choices: Iterable[tuple[str, str, int]]) -> list[tuple[str, str]]:
    return [(texts.ALL, ""), *((texts.CHOICE.format(name=name, count=count), value) for name, value, count in choices)]


# --- the tab ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LibraryTab:
    """The components that `app.py` restores when the page opens."""

    outputs: list[Any]
    restore: Any


def build(knowledge_base: KnowledgeBase, kept: Any) -> LibraryTab:
    """Lay the tab out and wire it."""
    with gr.Column(elem_id="library"):
        words = gr.Textbox(
            label=texts.SEARCH, placeholder=texts.SEARCH_PLACEHOLDER, max_length=100, elem_id="library-words"
        )
        with gr.Row(elem_id="filters", elem_classes="toolbar"):
            filters = [
                gr.Dropdown([(texts.ALL, "")], value="", label=label, min_width=120, elem_id=f"filter-{name}")
                for name, label in zip(_FILTERS, _LABELS, strict=True)
            ]
            reset = gr.Button(texts.RESET, size="sm", min_width=80, elem_id="reset")
        count = gr.HTML("", apply_default_css=False, elem_id="count")
        table = gr.HTML("", apply_default_css=False, elem_id="documents")
        with gr.Row(elem_id="pages"):
            previous = gr.Button(texts.PREVIOUS, size="sm", min_width=80, interactive=False)
            following = gr.Button(texts.NEXT, size="sm", min_width=80, interactive=False)

    def show(choices: LibraryChoices) -> list[Any]:
        try:
            listing = find(rows_of(knowledge_base, date.today()), choices)
        except ShegongError as error:
            return [render.hint(str(error)), "", gr.update(interactive=False), gr.update(interactive=False), gr.skip()]
        return [
            render.library_count(listing),
            render.library_table(listing),
            gr.update(interactive=listing.page > 0),
            gr.update(interactive=listing.page < listing.last_page),
            choices.model_copy(update={"page": listing.page}).model_dump(),
        ]

    def search(stored: Any, *chosen: Any) -> list[Any]:
        return show(same_page(_choices(chosen), read_library(stored)))

    def turn_page(step: int) -> Any:
        def turn(stored: Any, *chosen: Any) -> list[Any]:
            return show(_choices(chosen).model_copy(update={"page": read_library(stored).page + step}))

        return turn

    def start_again() -> list[Any]:
        return ["", *("" for _ in filters), *show(LibraryChoices())]

    chosen, shown = [words, *filters], [count, table, previous, following, kept]
    quick = {
        "show_progress": "hidden",
        "api_visibility": "private",
        "concurrency_limit": 8,
        "concurrency_id": "library",
    }
    words.change(search, [kept, *chosen], shown, trigger_mode="always_last", **quick)
    for each in filters:
        each.input(search, [kept, *chosen], shown, trigger_mode="always_last", **quick)
    previous.click(turn_page(-1), [kept, *chosen], shown, **quick)
    following.click(turn_page(+1), [kept, *chosen], shown, **quick)
    reset.click(start_again, None, [words, *filters, *shown], **quick)

    def restore(stored: Any) -> list[Any]:
        choices = read_library(stored)
        try:
            offered = filter_choices(rows_of(knowledge_base, date.today()))
        except ShegongError:
            offered = [[(texts.ALL, "")] for _ in filters]
        values = [getattr(choices, name) for name in _FILTERS]
        known = [value if value in {v for _, v in some} else "" for value, some in zip(values, offered, strict=True)]
        choices = choices.model_copy(update=dict(zip(_FILTERS, known, strict=True)))
        updates = [gr.update(choices=some, value=value) for some, value in zip(offered, known, strict=True)]
        return [choices.words, *updates, *show(choices)[:-1]]

    return LibraryTab([words, *filters, count, table, previous, following], restore)


_FILTERS = ("kind", "level", "region", "status", "topic")
_LABELS = (texts.KIND, texts.LEVEL, texts.REGION, texts.STATUS, texts.TOPIC)


def same_page(choices: LibraryChoices, before: LibraryChoices) -> LibraryChoices:
    """The choices at the page that was open, where nothing else changed (as when the page restores its fields)."""
    here = choices.model_copy(update={"page": before.page})
    return here if here == before else choices


def _choices(chosen: Iterable[Any]) -> LibraryChoices:
    names = ("words", *_FILTERS)
    return LibraryChoices.model_validate(
        {name: str(value or "")[:100] for name, value in zip(names, chosen, strict=True)}
    )
