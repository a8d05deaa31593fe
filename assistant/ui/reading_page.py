"""The reading page: a whole document with its facts, its table of contents and the cited sentences marked. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from assistant.ui import texts
from assistant.ui.conversation import Place
from assistant.ui.outline import Entry, Line, contents
from assistant.ui.render import address, region_name, source_name, standing, status_mark
from kb.models import KIND_NAMES, Document, Status

Stretch = tuple[int, int]


@dataclass(frozen=True)
class Version:
    """Another text of the same title: from when it holds, and how it stands today."""

    document_id: str
    title: str
    number: str
    since: date | None
    status: Status


@dataclass(frozen=True)
class Reading:
    """Everything a reading page shows. `basis` are the texts a digest was written from, with where they can be read."""

    document: Document
    lines: tuple[Line, ...]
    status: Status
    until: date | None = None
    marks: tuple[Stretch, ...] = ()
    versions: tuple[Version, ...] = ()
    sources: tuple[str, ...] = ()
    basis: tuple[tuple[str, Place | None], ...] = ()


def reading_page(reading: Reading) -> str:
    """The complete HTML page."""
    document = reading.document
    entries = contents(reading.lines)
    index = _contents(entries) if len(reading.lines) > 8 and entries else ""
    jump = f'<a class="to-cite" href="#cite">{texts.TO_CITE}</a>' if reading.marks else ""
    body = (
        f'<div class="reading{"" if index else " without-contents"}">{index}<main id="text" tabindex="-1">'
        f"<h1>{escape(document.title or texts.UNTITLED)} {standing(document, reading.status)}</h1>"
        f"{_facts(reading)}{jump}<article>{''.join(_lines(reading))}</article>"
        f'<p class="assistance">{texts.ASSISTANCE}</p></main></div>'
    )
    return page(document.title or texts.UNTITLED, body)


def message_page(heading: str, more: str) -> str:
    """A page that says why there is nothing to read."""
    body = f'<main class="message" id="text" tabindex="-1"><h1>{escape(heading)}</h1><p>{escape(more)}</p>{_ways_back("p")}</main>'
    return page(heading, body)


def page(title: str, body: str) -> str:
    """A page of its own in the product's look, without any script."""
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · {texts.PRODUCT}</title>"
        '<link rel="icon" href="/page/icon.svg"><link rel="stylesheet" href="/page/style.css"></head><body class="paper">'
        f'<a class="skip" href="#text">{texts.SKIP_TO_CONTENT}</a>'
        f'<header class="bar"><a class="name" href="/?tab=ask">{texts.PRODUCT}</a>{_ways_back("nav")}</header>{body}</body></html>'
    )


def _ways_back(tag: str) -> str:
    return (
        f'<{tag} class="back"><a href="/?tab=ask">{texts.BACK_TO_ASK}</a> '
        f'<a href="/?tab=library">{texts.BACK_TO_LIBRARY}</a></{tag}>'
    )


# --- facts ------------------------------------------------------------------------------------------------------


def _facts(reading: Reading) -> str:
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _fact_rows(reading) if value)
    return f'<dl class="facts">{rows}</dl>{_versions(reading)}'


def _fact_rows(reading: Reading) -> Iterator[tuple[str, str]]:
    """(name, HTML) of what is known; an empty value is left out."""
    facts = reading.document.facts
    yield texts.NUMBER, escape(facts.number)
    yield texts.ISSUER, escape(facts.issuer)
    yield texts.ISSUED_ON, _day(facts.issued)
    yield texts.EFFECTIVE_ON, _day(facts.effective)
    yield texts.UNTIL, _day(reading.until)
    yield texts.REGION, escape(region_name(facts.region))
    yield texts.KIND, escape(" · ".join(filter(None, (KIND_NAMES[reading.document.kind], facts.level))))
    yield texts.TOPICS, escape("、".join(facts.topics))
    yield texts.CHECKED_ON, _day(facts.checked_on)
    yield texts.TAKEN_FROM, "、".join(_named(title, place) for title, place in reading.basis)
    yield texts.SOURCE_FILE, "<br>".join(escape(source_name(source)) for source in reading.sources)


def _named(title: str, place: Place | None) -> str:
    name = escape(f"《{title}》")
    return f'<a href="{escape(address(place))}">{name}</a>' if place else name


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _versions(reading: Reading) -> str:
    if not reading.versions:
        return ""
    items = "".join(_version(version, reading.document.id) for version in reading.versions)
    return f'<section class="versions"><h2>{texts.VERSIONS}</h2><ol>{items}</ol></section>'


def _version(version: Version, current: str) -> str:
    since = version.since.isoformat() if version.since else texts.NO_DATE
    name = escape(" ".join(part for part in (version.title, version.number) if part))
    shown = (
        f'<strong aria-current="true">{name}（{texts.THIS_VERSION}）</strong>'
        if version.document_id == current
        else f'<a href="{escape(address(Place(version.document_id)))}">{name}</a>'
    )
    return f"<li><span>{since}</span> {shown} {status_mark(version.status)}</li>"


# --- table of contents ------------------------------------------------------------------------------------------


def _contents(entries: Sequence[Entry]) -> str:
    outer = min(entry.depth for entry in entries)
    items = "".join(_entry(entry, entry.depth - outer) for entry in entries)
    return f'<nav class="contents" aria-label="{texts.CONTENTS}"><h2>{texts.CONTENTS}</h2><ol>{items}</ol></nav>'


def _entry(entry: Entry, depth: int) -> str:
    name = f'<a href="#l{entry.start}">{escape(entry.name)}</a>' if entry.name else ""
    return f'<li class="depth{min(depth, 3)}">{name}{_articles(entry.articles, opened=not entry.name)}</li>'


def _articles(articles: Sequence[Line], *, opened: bool) -> str:
    """The articles of a chapter, folded behind the first and last number."""
    if not articles:
        return ""
    links = " ".join(f'<a href="#l{line.start}">{escape(line.name)}</a>' for line in articles)
    if len(articles) < 3 or opened:
        return f'<div class="articles">{links}</div>'
    span = escape(texts.ARTICLES.format(first=articles[0].name, last=articles[-1].name))
    return f'<details><summary>{span}</summary><div class="articles">{links}</div></details>'


# --- text -------------------------------------------------------------------------------------------------------


def _lines(reading: Reading) -> Iterator[str]:
    pages = list(enumerate(reading.document.page_starts, 1))
    first_mark = min((start for start, _ in reading.marks), default=-1)
    for line in reading.lines:
        while pages and pages[0][1] <= line.end:
            number, _ = pages.pop(0)
            yield f'<p class="page-mark">{texts.PAGE_MARK.format(page=number)}</p>'
        cited = any(start < line.end and line.start < end for start, end in reading.marks)
        if line.role != "title" or cited:  # the title already stands at the head of the page
            yield _line(line, reading.marks, first_mark, cited=cited)


def _line(line: Line, marks: Sequence[Stretch], first_mark: int, *, cited: bool) -> str:
    tag = {"title": "p", "division": "h2", "heading": "h3", "article": "p", "body": "p"}[line.role]
    run_in = line.role in ("article", "heading") and line.label < len(line.text)
    tag = "p" if run_in else tag
    label = line.label if run_in else 0
    words = f"<strong>{_marked(line, 0, label, marks, first_mark)}</strong>" if label else ""
    words += _marked(line, label, len(line.text), marks, first_mark)
    return f'<{tag} class="{line.role} depth{line.depth}{" cited" if cited else ""}" id="l{line.start}">{words}</{tag}>'


def _marked(line: Line, begin: int, end: int, marks: Sequence[Stretch], first_mark: int) -> str:
    """Characters `begin` to `end` of the line with the marked stretches set off; the very first gets the id cite."""
    parts, at = [], begin
    for start, stop in sorted(marks):
        start, stop = max(start - line.start, at), min(stop - line.start, end)
        if start >= stop:
            continue
        anchor = ' id="cite"' if line.start + start == max(first_mark, line.start) and first_mark >= line.start else ""
        parts.append(f"{escape(line.text[at:start])}<mark{anchor}>{escape(line.text[start:stop])}</mark>")
        at = stop
    return "".join((*parts, escape(line.text[at:end])))
