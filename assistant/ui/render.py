"""From data to HTML. Pure functions; whatever comes from a document, a question or a model is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from pathlib import PurePath
from urllib.parse import quote

from assistant import notices
from assistant.ui import texts
from assistant.ui.conversation import Place, Turn
from assistant.ui.listing import Listing, Row
from assistant.ui.why import why_as_html
from kb.models import KIND_NAMES, NATIONAL, Answer, Card, Citation, Document, Hit, Status

_CLASS_OF = {
    Status.IN_FORCE: "valid",
    Status.SUPERSEDED: "changed",
    Status.REPEALED: "ended",
    Status.NOT_YET: "future",
    Status.UNCHECKED: "unchecked",
}
_DIGITS = r"(?:\d[\d,]*(?:\.\d+)?|[一二三四五六七八九十百千两半]+)"
_UNITS = r"(?:个?工作日|个?自然日|周岁|个?小时|个?月|分钟|万元|亿元|日|天|年|岁|元|周|倍|[%％])"
_AMOUNT = re.compile(
    rf"\d{{4}}年\d{{1,2}}月(?:\d{{1,2}}日)?|(?<![第每\d]){_DIGITS}{_UNITS}(?:以内|之内|以上|以下|以前|内)?|百分之{_DIGITS}"
)
_PHONE = re.compile(r"(?<!\d)(?:1[12]0|12\d{3})(?!\d)")


# --- small pieces -----------------------------------------------------------------------------------------------


def address(place: Place) -> str:
    """Where the reading page opens a place; a browser goes on to the first marked sentence."""
    path = f"/doc/{quote(place.document_id, safe='')}"
    if not place.stretches:
        return path
    return f"{path}?at={','.join(f'{start}-{end}' for start, end in place.stretches)}#cite"


def place_of(hit: Hit, quotes: Iterable[str] = ()) -> Place:
    """The place of a passage, with the sentences quoted from it; the whole passage where none is."""
    passage = hit.passage
    starts = ((passage.text.find(words), len(words)) for words in quotes)
    stretches = tuple((passage.start + at, passage.start + at + length) for at, length in starts if at >= 0)
    return Place(hit.document.id, stretches or ((passage.start, passage.end),))


def status_mark(status: Status) -> str:
    """The status as a word and a colour."""
    return f'<span class="status {_CLASS_OF[status]}">{status.value}</span>'


def standing(document: Document, status: Status) -> str:
    """The status of a law or notice; of other texts, which nobody puts into force, what they are."""
    facts = document.facts
    own = [texts.INVENTED] if facts.invented else []
    if document.kind == "policy" and not facts.sources:
        return status_mark(status)
    if status is not Status.IN_FORCE:
        own.append(status.value)
    what = texts.DIGEST if document.kind == "policy" else KIND_NAMES[document.kind]
    return "".join(
        f'<span class="status {"plain" if word == what else "unchecked"}">{word}</span>' for word in (what, *own)
    )


def emphasized(text: str) -> str:
    """Escaped text with its deadlines, amounts and ages in bold and its lines kept apart."""
    parts, at = [], 0
    for match in _AMOUNT.finditer(text):
        parts.append(escape(text[at : match.start()]))
        parts.append(f"<b>{escape(match.group())}</b>")
        at = match.end()
    parts.append(escape(text[at:]))
    return "".join(parts).replace("\n", "<br>")


def with_phones(text: str) -> str:
    """Escaped text in which emergency numbers can be called by a touch."""
    return _PHONE.sub(lambda match: f'<a href="tel:{match.group()}">{match.group()}</a>', escape(text))


def region_name(region: str) -> str:
    """安徽省/安庆市 as people write it."""
    return region.replace("/", "·")


def _link(name: str, place: Place | None) -> str:
    return f'<a href="{escape(address(place))}">{escape(name)}</a>' if place else escape(name)


def _items(lines: Iterable[str], tag: str = "ul") -> str:
    return f"<{tag}>{''.join(f'<li>{line}</li>' for line in lines)}</{tag}>"


# --- 问答 -------------------------------------------------------------------------------------------------------


def welcome() -> str:
    """What stands on the page before the first question."""
    return f"<h1>{texts.WELCOME}</h1><p>{texts.WELCOME_MORE}</p>"


def header() -> str:
    """The product's name at the top of the page."""
    words = {
        "day": texts.DAY_PLACEHOLDER, "notice": texts.NOTICE, "busy": texts.BUSY, "offline": texts.OFFLINE, "back": texts.ONLINE,
    }  # fmt: skip
    hints = " ".join(f'data-{name}="{escape(word)}"' for name, word in words.items())  # for what Gradio says itself
    return f'<span class="name" id="hints" {hints}>{texts.PRODUCT}</span> <span class="tagline">{texts.TAGLINE}</span>'


def conversation(turns: Sequence[Turn]) -> str:
    """Several turns in order."""
    return "".join(turn_as_html(turn, f"t{number}", live=False) for number, turn in enumerate(turns))


def turn_as_html(turn: Turn, key: str, *, live: bool = True) -> str:
    """One question with its answer at the left and its sources at the right; `key` tells the turns of a page apart.

    A turn that is not complete is still being answered if `live`, else a reload cut it short.
    """
    waiting = " pending" if live and not turn.complete else ""
    place = "" if turn.region == NATIONAL and turn.day == date.today() else _asked_for(turn)
    said = "" if turn.error or not turn.answer else _region_said(turn.answer)
    question = f'<header><h2><span class="who">{texts.QUESTION_MARK}</span>{escape(turn.question)}</h2>{place}{said}</header>'
    body = f'<p class="error" role="alert">{escape(turn.error)}</p>' if turn.error else _answer(turn, key, live)
    return f'<article class="turn{waiting}" id="{key}">{question}{body}</article>'


def _asked_for(turn: Turn) -> str:
    day = texts.TODAY if turn.day == date.today() else turn.day.isoformat()
    return f'<p class="asked-for">{escape(texts.NEW_PLACE.format(region=region_name(turn.region), day=day))}</p>'


def _region_said(answer: Answer) -> str:
    """That another region's rules were looked up than the asker's, right under the question."""
    return "".join(f'<p class="region">{escape(notice)}</p>' for notice in _notices(answer, "region"))


def _notices(answer: Answer, *sorts: notices.Sort) -> list[str]:
    return [notice for notice in answer.notices if notices.sort_of(notice) in sorts]


def _said(sentences: Iterable[str]) -> str:
    return "".join(f'<p class="notice">{escape(sentence)}</p>' for sentence in sentences)


def _answer(turn: Turn, key: str, live: bool) -> str:
    answer = turn.answer or Answer(turn.question, complete=False)
    parts = [_danger(card, turn) for card in answer.cards]
    parts.append(_said(turn.remarks))
    missing = _said(_notices(answer, "missing"))
    if answer.touches and answer.statements:
        parts += [_TOUCHES, missing, f'<div class="near">{_statements(answer, key)}</div>', _whom_to_ask(answer)]
    elif answer.statements:
        parts += [missing, _statements(answer, key)]
    elif not answer.found:
        parts.append(_nothing_found(turn, answer, missing))
    parts.append(_said(_notices(answer, "other")))
    if answer.complete:
        parts += [why_as_html(answer, turn.why), _below(turn, answer)]
    else:
        parts.append(_unfinished(answer, live))
    return f'<div class="answer">{"".join(parts)}</div>{_sources(answer, key)}'


_TOUCHES = f'<div class="touches" role="note"><p class="first">{texts.TOUCHES}</p><p>{texts.TOUCHES_MORE}</p></div>'


def _whom_to_ask(answer: Answer) -> str:
    if not answer.advice:
        return ""
    return f'<div class="whom"><h3>{texts.WHOM_TO_ASK}</h3><p>{with_phones(answer.advice)}</p></div>'


def _unfinished(answer: Answer, live: bool) -> str:
    words = texts.CUT_SHORT if not live else texts.WRITING if answer.statements else texts.SEARCHING
    return f'<p class="busy" role="status">{words}</p>'


def _statements(answer: Answer, key: str) -> str:
    by_number = {citation.number: citation for citation in answer.citations}
    parts, section = [], ""
    for position, statement in enumerate(answer.statements):
        if statement.section != section:
            section = statement.section
            name = texts.SECTIONS[section]
            parts.append(f"<h3>{escape(texts.NEAR_SECTION.format(section=name) if answer.touches else name)}</h3>")
        marks = "".join(_mark(by_number[n], key) for n in statement.citations if n in by_number)
        first = ' class="first"' if position == 0 and not answer.touches else ""
        parts.append(f"<p{first}>{emphasized(statement.text)}{marks}</p>")
    if answer.written_by != "摘录":
        parts.append(f'<p class="written-by">{escape(texts.WRITTEN_BY.format(model=answer.written_by))}</p>')
    return "".join(parts)


def _mark(citation: Citation, key: str) -> str:
    """[1] – a link to the place in the document, which the page's script first turns to the source card beside it."""
    label = escape(texts.CITATION_LABEL.format(number=citation.number, label=citation.label))
    href = escape(address(place_of(citation.hit, citation.quotes)))
    source = f"{key}-s{citation.number}"
    return f'<a class="mark" href="{href}" data-source="{source}" aria-label="{label}" title="{escape(citation.label)}">[{citation.number}]</a>'


def _sources(answer: Answer, key: str) -> str:
    if not answer.citations:
        return ""
    cards = "".join(_source(citation, f"{key}-s{citation.number}") for citation in answer.citations)
    count = (texts.NEAR_SOURCES_COUNT if answer.touches else texts.SOURCES_COUNT).format(count=len(answer.citations))
    close = " close" if answer.touches else ""
    return f'<aside class="sources{close}" aria-label="{texts.SOURCES}"><h3>{count}</h3><ol>{cards}</ol></aside>'


def _source(citation: Citation, anchor: str) -> str:
    hit, href = citation.hit, escape(address(place_of(citation.hit, citation.quotes)))
    quotes = "".join(f"<blockquote>{emphasized(words)}</blockquote>" for words in citation.quotes)
    origin = f'<p class="origin">{escape(_origin(hit))}</p>' if _origin(hit) else ""
    return (
        f'<li id="{anchor}" tabindex="-1"><div class="top"><span class="number">[{citation.number}]</span>'
        f'<a class="title" href="{href}">{escape(hit.document.title or texts.UNTITLED)}&ensp;'
        f'<span class="locator">{escape(hit.passage.locator)}</span></a>{standing(hit.document, hit.status)}</div>'
        f'{origin}{quotes}<p class="links"><a href="{href}">{texts.OPEN}</a>'
        f"{_copy_button(texts.COPY_QUOTE, quotation(citation))}</p></li>"
    )


def _origin(hit: Hit) -> str:
    """Issuer · number · date · region · page, as far as known."""
    facts, parts = hit.document.facts, []
    parts += [facts.issuer, facts.number]
    if facts.effective:
        parts.append(texts.EFFECTIVE.format(day=facts.effective))
    elif facts.issued:
        parts.append(texts.ISSUED.format(day=facts.issued))
    if facts.checked_on:
        parts.append(texts.CHECKED.format(day=facts.checked_on))
    if facts.region != NATIONAL:
        parts.append(region_name(facts.region))
    if hit.passage.page:
        parts.append(texts.PAGE.format(page=hit.passage.page))
    return " · ".join(part for part in parts if part)


def _nothing_found(turn: Turn, answer: Answer, missing: str) -> str:
    refusal = f'<div class="refusal"><p class="first">{texts.NOT_FOUND}</p><p>{texts.NOT_FOUND_MORE}</p></div>'
    parts = [refusal, missing]
    if answer.looked_for:
        telling = [word for word in answer.looked_for if len(word) > 1] or answer.looked_for
        words = "".join(f"<span>{escape(word)}</span>" for word in telling)
        parts.append(f'<h3>{texts.LOOKED_FOR}</h3><p class="words">{words}</p>')
    if answer.nearest:
        titles = (_nearest(title, turn) for title in answer.nearest)
        library = f'<p class="to-library"><a href="/?tab=library" data-tab="library-tab">{texts.TO_LIBRARY}</a></p>'
        parts.append(f'<div class="titles"><h3>{texts.NEAREST}</h3>{_items(titles)}{library}</div>')
    return f'<div class="nothing">{"".join(parts)}{_whom_to_ask(answer)}</div>'


def _nearest(title: str, turn: Turn) -> str:
    link, near = _link(f"《{title}》", turn.links.get(title)), turn.nearest.get(title)
    if near is None:
        return link
    facts = near.document.facts
    region = "" if facts.region == NATIONAL else region_name(facts.region)
    known = escape(" · ".join(part for part in (facts.issuer, facts.number, region) if part))
    marks = f'<span class="marks">{standing(near.document, near.status)}</span>'
    return f"{link} {marks}{f'<small>{known}</small>' if known else ''}"


def _danger(card: Card, turn: Turn) -> str:
    def part(heading: str, lines: Sequence[str], tag: str = "ul") -> str:
        return f"<h4>{heading}</h4>{_items(map(with_phones, lines), tag)}" if lines else ""

    named = ((f"《{title}》{article}", turn.links.get(f"{title}{article}")) for title, article in card.laws)
    laws = "、".join(_link(name, place) for name, place in named)
    return (
        f'<section class="danger" role="alert"><h3>{escape(texts.DANGER.format(danger=card.danger))}</h3>'
        f"{part(texts.NOW, card.now, 'ol')}"
        f'<div class="more"><div>{part(texts.TELL, card.tell)}</div><div>{part(texts.RECORD, card.record)}</div>'
        f"<div>{part(texts.AVOID, card.avoid)}</div></div>"
        f"{f'<p class=laws>{texts.BASIS}：{laws}</p>' if laws else ''}</section>"
    )


def _below(turn: Turn, answer: Answer) -> str:
    """What stands under every answer."""
    copy = _copy_button(texts.COPY_ANSWER, answer_as_text(turn)) if answer.statements else ""
    return f'<div class="below"><span>{texts.ASSISTANCE}</span>{copy}</div>'


def _copy_button(name: str, text: str) -> str:
    said = f'data-done="{texts.COPIED}" data-failed="{texts.COPY_FAILED}"'
    return f'<button type="button" class="copy" data-copy="{escape(text)}" {said}>{name}</button>'


def quotation(citation: Citation) -> str:
    """A quotation with its source as plain text, for a report or a message."""
    origin = _origin(citation.hit)
    return f"“{''.join(citation.quotes)}”——{citation.label}（{'，'.join(p for p in (origin, citation.hit.status.value) if p)}）"


def answer_as_text(turn: Turn) -> str:
    """Question, answer and sources as plain text."""
    answer = turn.answer or Answer(turn.question)
    lines, section = [f"{texts.QUESTION_MARK}：{turn.question}"], ""
    first = [notice for notice in answer.notices if notices.sort_of(notice) != "other"]
    lines += [f"{texts.NOTICE}：{notice}" for notice in first]
    for statement in answer.statements:
        if statement.section != section:
            section = statement.section
            lines.append(f"【{section}】")
        lines.append(f"{statement.text}{''.join(f'[{n}]' for n in statement.citations)}")
    lines.append(f"{texts.SOURCES}：")
    for each in answer.citations:
        known = "，".join(part for part in (_origin(each.hit), each.hit.status.value) if part)
        lines.append(f"[{each.number}] {each.label}（{known}）")
    lines += [f"{texts.NOTICE}：{notice}" for notice in answer.notices if notice not in first]
    return "\n".join((*lines, f"（{texts.PRODUCT}，{turn.day}；{texts.ASSISTANCE}）"))


def hint(words: str) -> str:
    """A short remark, such as that a question is still empty."""
    return f'<p class="notice" role="status">{escape(words)}</p>'


# --- 文库 -------------------------------------------------------------------------------------------------------


def library_count(listing: Listing) -> str:
    """How many documents there are, how many fit, and which of them are shown."""
    pattern = texts.COUNT_ALL if listing.found == listing.total else texts.COUNT_SOME
    shown = (
        texts.COUNT_PAGE.format(first=listing.first + 1, last=listing.first + len(listing.rows)) if listing.rows else ""
    )
    return f'<p role="status">{pattern.format(found=listing.found, total=listing.total)} <span>{shown}</span></p>'


def library_table(listing: Listing) -> str:
    """The list of documents; on a narrow window every row is a card."""
    if not listing.rows:
        return f'<p class="empty">{texts.NOTHING_FITS if listing.total else texts.NO_DOCUMENTS}</p>'
    head = "".join(f'<th scope="col">{name}</th>' for name in texts.COLUMNS)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(map(_row, listing.rows))}</tbody></table>"


def _row(row: Row) -> str:
    facts, summary = row.summary.facts, row.summary
    under = escape(" · ".join(part for part in (facts.number, facts.issuer) if part))
    cells = (
        f'<a href="{escape(address(Place(summary.id)))}">{escape(summary.title or texts.UNTITLED)}</a><small>{under}</small>',
        escape(facts.level or KIND_NAMES[summary.kind]),
        escape(region_name(facts.region)),
        row.since.isoformat() if row.since else texts.NO_DATE,
        standing(summary.bare(), row.status),
        escape(source_name(summary.source)),
    )
    names = ("title", "kind", "region", "day", "state", "source")
    return f"<tr>{''.join(f'<td class={name}>{cell}</td>' for name, cell in zip(names, cells, strict=True))}</tr>"


def source_name(source: str) -> str:
    """A source as shown: of a file on this machine only its name, since folders are nobody's business."""
    path = PurePath(source)
    return re.split(r"[\\/]", source)[-1] if path.is_absolute() or "\\" in source else source
