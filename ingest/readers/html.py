"""HTML pages: the main text of raw government pages and of other saved pages, without menus."""

from __future__ import annotations

import re

from lxml import etree, html

from ingest.blocks import Block, FileContent
from ingest.readers.text import decode
from kb.errors import EmptyFile

_NOISE = frozenset(
    {
        "script", "style", "noscript", "nav", "footer", "iframe", "select", "button", "option", "input", "textarea",
        "aside", "template", "object", "svg", "head",
    }
)
_BLOCK_TAGS = frozenset(
    {
        "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "table", "tbody", "ul", "ol", "dl", "section",
        "article", "blockquote", "dd", "dt", "pre", "center", "td", "th", "body", "form", "header", "main",
    }
)
_BOXES = frozenset(
    {
        "div", "ul", "ol", "dl", "table", "tbody", "section", "li", "tr", "td", "header",
    }
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HEAD_LABELS = {
    "索引号": "index",
    "发文机关": "issuer",
    "发布机构": "issuer",
    "成文日期": "issued",
    "标题": "title",
    "名称": "title",
    "发文字号": "number",
    "文号": "number",
    "发布日期": "published",
    "实施日期": "effective",
    "主题分类": "topics",
}
_META = {"ArticleTitle": "title", "PubDate": "published", "ContentSource": "source"}
_MAIN = (
    "//*[@id='UCAP-CONTENT']",
    "//*[contains(@class,'TRS_Editor') or contains(@class,'trs_editor')]",
    "//*[@id='zoom' or @id='Zoom' or @id='vsb_content']",
    "//*[contains(@class,'pages_content') or contains(@class,'article-content')]",
    "//article",
    "//main",
)
_CHROME = re.compile(
    r"^[【\[（(]?\s*(?:您?(?:当前|现在|所在)的?位置|字体[：:大]|字号[：:大]|打印本?页?$|关闭窗?口?$|分享到|[上下]一[篇页条][：: ]|返回顶部"
    r"|扫一扫|浏览[次量]|点击[次率量]|设为首页|加入收藏|相关(?:新闻|链接|阅读|推荐)$)[^。；]{0,50}$"
)
_SHORTEST_MAIN = 20  # characters; a shorter element is a caption
_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_SENTENCE = re.compile(r"[，。；：、？！]")


def looks_like_html(data: bytes) -> bool:
    """Whether the first bytes hold a page or begin with an HTML element."""
    head = data[:4096].lower().lstrip(b"\xef\xbb\xbf \t\r\n")
    page = any(tag in head for tag in (b"<html", b"<!doctype html", b"<body"))
    return page or re.match(rb"<(?:div|table|p|h[1-6]|span|section|article|meta|head|ul|br)\b", head) is not None


def read_html(data: bytes) -> FileContent:
    """Blocks of the main text; the head table of gov.cn pages and the article's meta tags become facts."""
    try:
        tree = _tree(decode(data))
    except etree.ParserError as error:  # nothing but comments
        raise EmptyFile("网页里没有文字。请检查是否保存不完整。") from error
    facts = {**_meta(tree), **_head_table(tree)}
    title = facts.get("title", "") or _page_title(tree)
    root = _main(tree)
    _drop(tree, _NOISE)
    blocks = [block for block in _blocks(root if root is not None else _densest(tree)) if not _CHROME.match(block.text)]
    return FileContent((*_heading_above(tree, blocks), *blocks), "html", title=title, facts=facts)


def table_rows(markup: str) -> list[str]:
    """The rows of an HTML table, cells joined by ` | `."""
    return [block.text for block in _blocks(_tree(markup))]


def _tree(text: str) -> html.HtmlElement:
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    text = re.sub(r"[\x00-\x08\x0e-\x1f\ud800-\udfff]", "", text).replace("<![CDATA[", "").replace("]]>", "")
    return html.document_fromstring(text.encode("utf-8"), parser=parser)


def _drop(tree: html.HtmlElement, tags: frozenset[str]) -> None:
    for element in list(tree.iter(*tags)):
        if element.getparent() is not None:
            element.drop_tree()


def _text(element: html.HtmlElement) -> str:
    return _SPACE.sub(" ", "".join(element.itertext())).strip()


def _meta(tree: html.HtmlElement) -> dict[str, str]:
    found = {tag.get("name"): tag.get("content", "").strip() for tag in tree.iter("meta")}
    return {fact: found[name] for name, fact in _META.items() if found.get(name)}


def _head_table(tree: html.HtmlElement) -> dict[str, str]:
    facts: dict[str, str] = {}
    for cell in tree.iter("td", "th"):
        value = cell.getnext()
        label = re.sub(r"[\s\u3000\xa0:：]", "", _text(cell)) if len(cell) < 3 else ""
        if label in _HEAD_LABELS and value is not None and (text := _text(value)):
            facts.setdefault(_HEAD_LABELS[label], text)
    return facts if "index" in facts or len(facts) >= 3 else {}


def _page_title(tree: html.HtmlElement) -> str:
    """The only h1, else the <title> without the site's name after - _ or |."""
    headings = [text for h1 in tree.iter("h1") if (text := _text(h1))]
    if len(headings) == 1:
        return headings[0]
    title = next((text for tag in tree.iter("title") if (text := _text(tag))), "")
    return re.split(r"\s*[_|｜]\s*|\s+[-—–]+\s+|--+", title)[0].strip()


def _heading_above(tree: html.HtmlElement, blocks: list[Block]) -> list[Block]:
    """The page's only h1 where it stands outside the main text."""
    headings = [text for h1 in tree.iter("h1") if (text := _text(h1))]
    inside = len(headings) != 1 or any(headings[0] in block.text for block in blocks)
    return [] if inside else [Block(headings[0], 1)]


def _main(tree: html.HtmlElement) -> html.HtmlElement | None:
    for path in _MAIN:
        found = tree.xpath(path)
        best = max(found, key=lambda element: len(_text(element)), default=None)
        if best is not None and _SENTENCE.search(_text(best)) and len(_text(best)) > _SHORTEST_MAIN:
            return best
    return None


def _densest(tree: html.HtmlElement) -> html.HtmlElement:
    """The innermost element that holds most of the prose (text density, after Sun et al. 2011, much simplified)."""
    prose = _prose(tree)
    current = tree
    while True:
        inner = max(current, key=lambda child: prose.get(child, 0), default=None)
        if inner is None or inner.tag not in _BLOCK_TAGS or prose.get(inner, 0) <= 0.7 * prose[current]:
            return current
        if inner.tag in ("p", "tr", "li") or inner.tag in _HEADINGS:
            return current
        current = inner


def _prose(tree: html.HtmlElement) -> dict[html.HtmlElement, int]:
    """For each element the characters outside links; text without punctuation counts a fifth."""
    prose: dict[html.HtmlElement, int] = {}
    for element in reversed(list(tree.iter(etree.Element))):
        own = "" if element.tag == "a" else element.text or ""
        own += "".join(child.tail or "" for child in element)
        length = len(own.strip()) if _SENTENCE.search(own) else len(own.strip()) // 5
        prose[element] = length + (0 if element.tag == "a" else sum(prose.get(child, 0) for child in element))
    return prose


def _is_link_farm(element: html.HtmlElement) -> bool:
    links = list(element.iter("a"))
    if len(links) < 3 or element.tag not in _BOXES:
        return False
    text = _text(element)
    linked = sum(len(_text(link)) for link in links)
    return linked > 0.6 * len(text) and len(re.findall("[。；]", text)) * 40 < len(text)


def _blocks(root: html.HtmlElement) -> list[Block]:
    found: list[Block] = []
    line: list[str] = []

    def flush(level: int = 0) -> None:
        text = _SPACE.sub(" ", "".join(line)).strip()
        line.clear()
        if text:
            found.append(Block(text, level))

    def step(element: html.HtmlElement, level: int) -> None:
        if element.tag == "br":
            flush(level)
        elif element.tag == "tr" and (row := _row(element)) is not None:
            flush()
            line.append(row)
            flush()
        elif element.tag in _BLOCK_TAGS:
            if element is root or not _is_link_farm(element):
                flush(level)
                walk(element, _HEADINGS.get(element.tag, 0))
                flush(_HEADINGS.get(element.tag, 0))
        else:
            walk(element, level)

    def walk(element: html.HtmlElement, level: int) -> None:
        line.append(element.text or "")
        for child in element:
            if isinstance(child.tag, str) and child.tag not in _NOISE:
                step(child, level)
            line.append(child.tail or "")

    step(root, 0)
    flush()
    return found


def _row(row: html.HtmlElement) -> str | None:
    """The cells of a data row joined by ` | `; None for rows that only lay out the page."""
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    if len(cells) < 2 or any(cell.find(".//table") is not None or _paragraphs(cell) > 8 for cell in cells):
        return None
    return " | ".join(text for cell in cells if (text := " ".join(block.text for block in _blocks(cell))))


def _paragraphs(cell: html.HtmlElement) -> int:
    return sum(1 for _ in cell.iter("p", "div", "li", "br"))
