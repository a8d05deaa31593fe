"""问答: the question, the conversation with its sources beside it, region and day."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import gradio as gr

from assistant.answering import MAX_QUESTION, Assistant
from assistant.ui import render, texts
from assistant.ui.choices import cities_of, day_of, kept_place, province_names, read_place, region_path
from assistant.ui.conversation import MOST_TURNS, Near, Place, Turn, from_browser, to_browser
from assistant.ui.reading import place_of_title
from assistant.ui.why import why_of
from kb.errors import ShegongError
from kb.knowledge_base import KnowledgeBase
from kb.models import NATIONAL, Answer, Asker
from kb.validity import terms

log = logging.getLogger(__name__)
_ANSWERS_AT_ONCE = 16


def answer_turns(
    knowledge_base: KnowledgeBase, assistant: Assistant, question: str, region: str, day_text: str
) -> Iterator[Turn]:
    """The turn as its answer grows; whatever goes wrong becomes the turn's error, in words for the person."""
    day, remarks = day_of(day_text), []
    if day is None:
        remarks.append(texts.WRONG_DAY)
    question = " ".join(question.split())
    if len(question) > MAX_QUESTION:
        remarks.append(texts.LONG_QUESTION.format(most=MAX_QUESTION))
        question = f"{question[:MAX_QUESTION]}…"
    turn = Turn(question, region, day or date.today(), remarks=tuple(remarks))
    yield turn
    try:
        for answer in assistant.stream(question.removesuffix("…"), Asker(turn.region, turn.day)):
            turn = replace(turn, answer=answer, **_named(knowledge_base, answer, turn.day))
            yield replace(turn, why=why_of(answer, assistant.calibration)) if answer.complete else turn
    except ShegongError as error:
        yield replace(turn, error=str(error))
    except Exception:
        log.exception("answering failed")  # the question may name a client: it is not logged
        yield replace(turn, error=texts.BUSY)


def _named(knowledge_base: KnowledgeBase, answer: Answer, day: date) -> dict[str, Any]:
    """Where the titles lead that the answer only names, and what the nearest documents are."""
    if not answer.nearest and not answer.cards:
        return {}
    summaries = knowledge_base.summaries()
    documents = {summary.id: summary.bare() for summary in summaries}
    known = terms(documents.values())
    links: dict[str, Place] = {}
    for title in answer.nearest:
        if place := place_of_title(title, summaries, known, day):
            links[title] = place
    nearest = {
        title: Near(documents[place.document_id], known[place.document_id].status(day)) for title, place in links.items()
    }
    for title, article in (law for card in answer.cards for law in card.laws):
        if place := place_of_title(title, summaries, known, day):
            links[f"{title}{article}"] = _article(knowledge_base, place, article)
    return {"links": links, "nearest": nearest}


def _article(knowledge_base: KnowledgeBase, place: Place, article: str) -> Place:
    """The article inside the document, or the document where it has no such article."""
    passages = knowledge_base.passages(place.document_id)
    found = tuple((each.start, each.end) for each in passages if article in each.headings)
    return replace(place, stretches=found)


# --- the tab ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AskTab:
    """The components that `app.py` restores when the page opens."""

    outputs: list[Any]
    restore: Any


def build(
    knowledge_base: KnowledgeBase, assistant: Assistant, default_region: str, turns_kept: Any, place_kept: Any
) -> AskTab:
    """Lay the tab out and wire it."""
    with gr.Row(elem_id="place", elem_classes="toolbar"):
        province = gr.Dropdown(
            province_names(), value=NATIONAL, label=texts.PROVINCE, elem_id="province", min_width=120
        )
        city = gr.Dropdown(
            [(texts.WHOLE_PROVINCE, "")], value="", label=texts.CITY, elem_id="city", visible=False, min_width=120
        )
        day = gr.DateTime(label=texts.DAY, include_time=False, type="string", elem_id="day", min_width=120)
        clear = gr.Button(texts.CLEAR, elem_id="clear", visible=False, size="sm", min_width=80)
    with gr.Column(elem_id="start") as start:
        gr.HTML(render.welcome(), apply_default_css=False, elem_id="welcome")
        gr.HTML(f"<h2>{texts.SUGGESTED_HEADING}</h2>", apply_default_css=False, elem_id="suggested-heading")
        with gr.Row(elem_id="suggested"):
            suggested = [gr.Button(words, min_width=200, elem_classes="suggestion") for words in texts.SUGGESTED]
    earlier = gr.HTML("", apply_default_css=False, elem_id="earlier", elem_classes="turns")
    current = gr.HTML("", apply_default_css=False, elem_id="current", elem_classes="turns")
    with gr.Column(elem_id="asking"):
        hint = gr.HTML("", apply_default_css=False, elem_id="hint")
        question = gr.Textbox(
            label=texts.QUESTION, show_label=False, container=False, placeholder=texts.QUESTION_PLACEHOLDER, lines=1, max_lines=5,
            max_length=5000, autofocus=True, elem_id="question", submit_btn=texts.SEND,
        )  # fmt: skip
        gr.HTML(f"<p>{texts.ASSISTANCE}</p>", apply_default_css=False, elem_id="assistance")

    def ask(words: str, chosen: str, town: str, on: str, stored: Any) -> Iterator[tuple[Any, ...]]:
        if not (words or "").strip():
            yield (*(gr.skip() for _ in range(6)), render.hint(texts.EMPTY_QUESTION))
            return
        before = from_browser(stored)[-(MOST_TURNS - 1) :]
        key, first = f"t{len(before)}", True
        for turn in answer_turns(knowledge_base, assistant, words, region_path(chosen, town), on):
            kept = to_browser((*before, turn)) if first or turn.complete else gr.skip()
            shown = render.turn_as_html(turn, key)
            if first:
                yield (
                    render.conversation(before),
                    shown,
                    kept,
                    "",
                    gr.update(visible=False),
                    gr.update(visible=True),
                    "",
                )
            else:
                yield gr.skip(), shown, kept, gr.skip(), gr.skip(), gr.skip(), gr.skip()
            first = False

    def forget() -> tuple[Any, ...]:
        return "", "", [], gr.update(visible=True), gr.update(visible=False), ""

    def choose(chosen: str, stored: Any) -> tuple[Any, Any]:
        return city_choices(chosen), kept_place(stored, default_region, province=chosen, city="")

    def choose_city(town: str, stored: Any) -> Any:
        return kept_place(stored, default_region, city=town or "")

    def choose_day(on: str, stored: Any) -> Any:
        return kept_place(stored, default_region, day=(on or "") if day_of(on) else "")

    outputs = [earlier, current, turns_kept, question, start, clear, hint]
    asking = {
        "outputs": outputs, "show_progress": "hidden", "api_visibility": "private", "trigger_mode": "once",
        "concurrency_limit": _ANSWERS_AT_ONCE, "concurrency_id": "answers",
    }  # fmt: skip
    question.submit(ask, [question, province, city, day, turns_kept], **asking)
    for button in suggested:
        button.click(ask, [button, province, city, day, turns_kept], **asking)
    quick = {
        "show_progress": "hidden", "api_visibility": "private", "trigger_mode": "always_last", "concurrency_limit": None,
    }  # fmt: skip
    clear.click(forget, None, [earlier, current, turns_kept, start, clear, hint], **quick)
    province.input(choose, [province, place_kept], [city, place_kept], **quick)
    city.input(choose_city, [city, place_kept], place_kept, **quick)
    day.change(choose_day, [day, place_kept], place_kept, **quick)

    def restore(stored_turns: Any, stored_place: Any) -> list[Any]:
        turns, chosen = from_browser(stored_turns), read_place(stored_place, default_region)
        shown = [render.conversation(turns), gr.update(visible=False), gr.update(visible=True)]
        return [
            *(shown if turns else [gr.skip() for _ in shown]),  # whoever asked meanwhile keeps his answer on the screen
            chosen.province,
            city_choices(chosen.province, chosen.city),
            chosen.day or None,
        ]

    return AskTab([earlier, start, clear, province, city, day], restore)


def city_choices(province: str, chosen: str = "") -> Any:
    """The dropdown of cities for a province, hidden where there is nothing to choose."""
    cities = cities_of(province)
    return gr.update(choices=[(texts.WHOLE_PROVINCE, ""), *cities], value=chosen, visible=bool(cities))
