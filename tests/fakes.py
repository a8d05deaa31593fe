"""Stand-ins that behave: documents, an embedder, a language model, and an OpenAI-compatible server that can misbehave."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import numpy as np

from assistant.evidence import Wording
from kb.catalog import SourceRecord
from kb.chinese import words
from kb.embedder import builtin_embedder
from kb.errors import LanguageModelError
from kb.knowledge_base import KnowledgeBase, document_id, passage_id
from kb.models import Document, Facts, Kind, Passage

Entry = tuple[Document, tuple[Passage, ...]]
NO_WORDING = Wording(0.0, (0.0,) * builtin_embedder().dimension)  # says nothing about any question


# --- documents --------------------------------------------------------------------------------------------------


def entry(title: str, *paragraphs: str, kind: Kind = "policy", source: str = "", **facts: Any) -> Entry:
    """A document of one passage per paragraph, cited as 第1条, 第2条 …"""
    known = Facts(title=title, **facts)
    texts = [f"{paragraph}\n" for paragraph in paragraphs]
    owner = document_id(kind, known, "".join(texts))
    passages, start = [], 0
    for number, text in enumerate(texts, 1):
        end = start + len(text)
        label = f"第{number}条"
        passages.append(Passage(passage_id(owner, start, end), owner, text, (label,), label, None, start, end))
        start = end
    return Document(owner, kind, known, "".join(texts), source or f"{title}.md"), tuple(passages)


def record(document: Document, source: str = "") -> SourceRecord:
    """The file that gave `document`."""
    return SourceRecord(source or document.source, f"hash of {document.id}", document.id)


def publish(knowledge_base: KnowledgeBase, *entries: Entry) -> None:
    """Publish documents, each under its own source."""
    with knowledge_base.writing() as writer:
        writer.publish(entries, [record(document) for document, _ in entries])


# --- an embedder ------------------------------------------------------------------------------------------------


class FakeEmbedder:
    """Adds up one random direction per word, so that texts sharing words are near. `name` decides the directions."""

    dimension = 32

    def __init__(self, name: str = "fake") -> None:
        self.fingerprint = f"fingerprint of {name}"
        self.embedded = 0
        self._name = name

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.embedded += len(texts)
        rows = np.array([self._sum(text) for text in texts], dtype=np.float32).reshape(len(texts), self.dimension)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)

    def embed_question(self, question: str) -> np.ndarray:
        return self.embed([question])[0]

    def _sum(self, text: str) -> np.ndarray:
        return sum((self._direction(word) for word in words(text)), np.zeros(self.dimension))

    def _direction(self, word: str) -> np.ndarray:
        seed = int.from_bytes(hashlib.sha256(f"{self._name}:{word}".encode()).digest()[:8], "big")
        return np.random.default_rng(seed).normal(size=self.dimension)


# --- a language model -------------------------------------------------------------------------------------------

_LISTED = re.compile(r"^\[(\d+)\] 《[^》]+》.*\n(.+)$", re.MULTILINE)


def cited_sentences(prompt: str) -> str:
    """What an obedient model writes: the first sentence of every source of the prompt, with its number."""
    return "".join(f"{text.split('。')[0]}[{number}]。" for number, text in _LISTED.findall(prompt))


def spoken_questions(prompt: str) -> str:
    """What a model writes that is to think of questions: two for every source of the prompt."""
    listed = _LISTED.findall(prompt)
    return "".join(f"[{n}] 碰到{text[:4]}这种事，我该去找谁问呢？\n[{n}] 家里有{text[:4]}的难处，村里管不管？\n" for n, text in listed)


def unfit_questions(prompt: str) -> str:
    """What a careless model writes: a copy, English, a telephone number, no sense alone, too short, no such source, twice the same."""
    number, text = _LISTED.findall(prompt)[0]
    lines = (
        f"[{number}] {text[:20]}？", f"[{number}] What should I do about this, please?", f"[{number}] 打13800138000找老王行不行",
        f"[{number}] 上述规定讲的是什么意思呢", f"[{number}] 啥？", "[99] 没有这一段资料也来问一问", "好的，下面是我写的问题：",
        *[f"[{number}] 碰上这种事我该去找谁问呢"] * 2,
    )  # fmt: skip
    return "\n".join(lines)


@dataclass
class FakeLanguageModel:
    """Streams the first sentence of every source with its number, a few characters at a time.

    With `fails_after` it fails after so many pieces.
    """

    name: str = "试用模型"
    fails_after: int | None = None
    prompts: list[str] = field(default_factory=list)

    def stream(self, instruction: str, prompt: str) -> Iterator[str]:
        self.prompts.append(prompt)
        for count, piece in enumerate(_pieces(cited_sentences(prompt))):
            if count == self.fails_after:
                raise LanguageModelError("连不上模型服务")
            yield piece


def _pieces(text: str, size: int = 6) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


# --- an OpenAI-compatible server --------------------------------------------------------------------------------

Mood = Literal["well", "slow", "rubbish", "not json", "breaks off", "error", "wrong key", "cites nothing", "silent", "asks", "asks badly"]


@dataclass
class FakeServer:
    """Where the server is and what it was asked; `mood` may be changed between questions."""

    base_url: str
    mood: Mood
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)  # ends the waiting of a slow answer


@contextmanager
def openai_server(mood: Mood = "well") -> Iterator[FakeServer]:
    """A chat-completions endpoint on 127.0.0.1 in the given mood; it is down once the block is left."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    state = FakeServer(f"http://127.0.0.1:{http.server_port}/v1", mood)
    http.state = state  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.enough.set()
        http.shutdown()
        http.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    close_connection = True

    def do_POST(self) -> None:
        state: FakeServer = self.server.state  # type: ignore[attr-defined]
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state.requests.append(request)
        state.keys.append(self.headers.get("Authorization", ""))
        self.close_connection = True
        _ANSWERS[state.mood](self, state, request["messages"][-1]["content"])

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""

    def well(self, _: FakeServer, prompt: str) -> None:
        self._stream(cited_sentences(prompt), whole=True)

    def slow(self, state: FakeServer, prompt: str) -> None:
        state.enough.wait(30)

    def rubbish(self, *_: object) -> None:
        self._plain(200, "text/html", "<html>请先登录校园网</html>")

    def not_json(self, *_: object) -> None:
        self._plain(200, "text/event-stream", "data: {这不是 JSON\n\n")

    def breaks_off(self, _: FakeServer, prompt: str) -> None:
        self._stream(cited_sentences(prompt)[:20], whole=False)

    def error(self, *_: object) -> None:
        self._plain(500, "application/json", '{"error": {"message": "out of memory"}}')

    def wrong_key(self, *_: object) -> None:
        self._plain(401, "application/json", '{"error": {"message": "invalid api key"}}')

    def cites_nothing(self, *_: object) -> None:
        self._stream("应当按照规定办理。具体请咨询有关部门。", whole=True)

    def silent(self, *_: object) -> None:
        self._stream("", whole=True)

    def asks(self, _: FakeServer, prompt: str) -> None:
        self._stream(spoken_questions(prompt), whole=True)

    def asks_badly(self, _: FakeServer, prompt: str) -> None:
        self._stream(unfit_questions(prompt), whole=True)

    def _plain(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, text: str, *, whole: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in _pieces(text):
            self._chunk(_event({"content": piece}))
        if whole:
            self._chunk(_event({}, finish_reason="stop") + "data: [DONE]\n\n")
            self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, text: str) -> None:
        body = text.encode()
        self.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")


_ANSWERS = {
    "well": _Handler.well,
    "slow": _Handler.slow,
    "rubbish": _Handler.rubbish,
    "not json": _Handler.not_json,
    "breaks off": _Handler.breaks_off,
    "error": _Handler.error,
    "wrong key": _Handler.wrong_key,
    "cites nothing": _Handler.cites_nothing,
    "silent": _Handler.silent,
    "asks": _Handler.asks,
    "asks badly": _Handler.asks_badly,
}


def _event(delta: dict[str, str], finish_reason: str | None = None) -> str:
    choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish_reason}
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "试用", "choices": [choice]}
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"
