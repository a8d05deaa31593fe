"""Gradio's own page made ours: Chinese, our style and script before its own, one nonce for the scripts it brings.

Also the protections that Gradio leaves to the site: only the paths that the page needs, no other origin, no large body,
headers that keep the browser from asking anyone else for anything.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from assistant.ui import texts
from assistant.ui.reading_page import message_page

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 4_000_000
_OPEN = re.compile(
    r"/|/healthz|/robots\.txt|/favicon\.ico|/doc/[^/]+|/(?:page|assets|static)/.*|/theme\.css|/config/?"
    r"|/gradio_api/(?:queue/(?:join|data)|heartbeat/[\w-]+|app_id|startup-events|cancel|reset/?|theme\.css)"
)
_HEAD = '<link rel="icon" href="/page/icon.svg"><script src="/page/page.js"></script>'
_STYLE = '<link rel="stylesheet" href="/page/style.css">'  # in the body, so that it stands after Gradio's own
_OTHER_META = re.compile(r'\s*<meta\s+(?:property="og:|name="twitter:)[^>]*>|\s*<link rel="manifest"[^>]*>')
_STRICT = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_GRADIO = (  # Gradio evaluates its own templates; a script or handler inside a document's text still does not run
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Shell:
    """ASGI middleware around the whole application."""

    def __init__(self, app: App) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        if not _OPEN.fullmatch(scope["path"]):
            await _refuse(send, 404, message_page(texts.NO_SUCH_PAGE, texts.NO_SUCH_PAGE_MORE))
        elif not _same_origin(headers):
            await _refuse(send, 403, message_page(texts.NO_SUCH_PAGE, texts.NO_SUCH_PAGE_MORE))
        elif _too_large(headers):
            await _refuse(send, 413, message_page(texts.TRY_LATER, texts.BUSY))
        elif scope["path"] == "/":
            await self._front_page(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send, _STRICT))

    async def _front_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Gradio's page, rewritten as a whole."""
        nonce, body = secrets.token_urlsafe(16), bytearray()
        plain = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
        started: list[Message] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    await send_page()

        async def send_page() -> None:
            page = our_page(body.decode(), nonce).encode()
            await send({**started[0], "headers": _length(started[0]["headers"], len(page))})
            await send({"type": "http.response.body", "body": page})

        send = _with_headers(send, _GRADIO.format(nonce=nonce))
        await self._app({**scope, "headers": plain}, receive, collect)


def our_page(html: str, nonce: str) -> str:
    """Gradio's page in Chinese, with our style and script, without what is meant for link previews."""
    html = _OTHER_META.sub("", html).replace('lang="en"', 'lang="zh-CN"', 1)
    html = html.replace("<script", f'<script nonce="{nonce}"')
    html = html.replace("<gradio-app", f"{_STYLE}<gradio-app", 1)
    return html.replace("<style>", f"{_HEAD}<style>", 1)


def _same_origin(headers: dict[bytes, bytes]) -> bool:
    origin = headers.get(b"origin")
    return origin is None or origin.partition(b"://")[2] == headers.get(b"host")


def _too_large(headers: dict[bytes, bytes]) -> bool:
    """Whether the body is larger than any conversation, or of untold size."""
    return b"transfer-encoding" in headers or int(headers.get(b"content-length", b"0")) > LARGEST_BODY


def _with_headers(send: Send, policy: str) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(n, v) for n, v in message["headers"] if not n.lower().startswith(b"access-control-")]
            ours = {**_HEADERS, "content-security-policy": policy}
            message = {**message, "headers": [*kept, *_encoded(ours.items())]}
        await send(message)

    return wrapped


async def _refuse(send: Send, status: int, html: str) -> None:
    body = html.encode()
    headers = _encoded([("content-type", "text/html; charset=utf-8"), ("content-length", str(len(body)))])
    send = _with_headers(send, _STRICT)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _encoded(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers]


def _length(headers: Iterable[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return [*kept, (b"content-length", str(length).encode())]
