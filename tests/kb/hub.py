"""A model hub on 127.0.0.1 that answers as ModelScope and as a mirror of Hugging Face do, and can misbehave."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
from safetensors.numpy import save

MODEL = "BAAI/bge-tiny-zh"
_PAGE = 4


def model_files() -> dict[str, bytes]:
    """A model as hubs hold it: what is needed, and the same again in forms that are not."""
    weights = save({"weight": np.zeros((50, 400), dtype=np.float32)})
    return {
        ".gitattributes": b"*.bin filter=lfs",
        "1_Pooling/config.json": b'{"pooling_mode": "cls"}',
        "README.md": b"# card",
        "config.json": b'{"architectures": ["BertModel"]}',
        "flax_model.msgpack": b"flax",
        "imgs/plot (1).png": b"png",
        "model.safetensors": weights,
        "modules.json": b'[{"type": "sentence_transformers.models.Transformer"}]',
        "onnx/config.json": b"{}",
        "onnx/model.onnx": b"onnx",
        "pytorch_model.bin": weights,
        "tokenizer.json": b'{"model": {}}' * 100,
        "vocab.txt": "低\n保".encode(),
        "效果/图（1）.json": b"{}",
    }


WANTED = {"1_Pooling/config.json", "config.json", "model.safetensors", "modules.json", "tokenizer.json", "vocab.txt", "效果/图（1）.json"}


@dataclass
class FakeHub:
    """Where the hub is, what it holds and how it misbehaves; `asked` are the (path, Range header) requested of files."""

    base: str
    content: dict[str, bytes] = field(default_factory=model_files)
    listed: dict[str, dict[str, Any]] = field(default_factory=dict)  # what the listing claims besides or instead
    breaks_after: int | None = None  # bytes of a file after which the connection breaks
    resumes: bool = True  # whether it knows the Range header
    statuses: list[int] = field(default_factory=list)  # answered first, one by one
    listing: bytes | None = None  # in place of the true one
    altered: dict[str, int] = field(default_factory=dict)  # how often a file is sent with a wrong byte
    asked: list[tuple[str, str]] = field(default_factory=list)

    def paths_asked(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def hub() -> Iterator[FakeHub]:
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    state = FakeHub(f"http://127.0.0.1:{http.server_port}")
    http.state = state  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""

    def do_GET(self) -> None:
        state: FakeHub = self.server.state  # type: ignore[attr-defined]
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if state.statuses:
            self._answer(state.statuses.pop(0), b"busy")
        elif url.path == f"/api/v1/models/{MODEL}/repo/files":
            self._answer(200, state.listing or self._modelscope(state))
        elif url.path == f"/api/models/{MODEL}/tree/main":
            self._tree(state, int(query.get("cursor", 0)))
        elif url.path == f"/api/v1/models/{MODEL}/repo":
            self._file(state, query["FilePath"])
        elif url.path.startswith(f"/{MODEL}/resolve/main/"):
            self._moved(url.path.replace(f"/{MODEL}/resolve/main/", "/cdn/"))
        elif url.path.startswith("/cdn/"):
            self._file(state, unquote(url.path.removeprefix("/cdn/")))
        else:
            self._answer(404, b'{"Code": 10010205001, "Message": "not found"}')

    def _modelscope(self, state: FakeHub) -> bytes:
        files = [
            {"Path": path, "Type": "blob", "Size": len(body), "Sha256": hashlib.sha256(body).hexdigest(), **state.listed.get(path, {})}
            for path, body in state.content.items()
        ]
        folders = [{"Path": "onnx", "Type": "tree", "Size": 0, "Sha256": ""}]
        return json.dumps({"Code": 200, "Data": {"Files": folders + files}, "Success": True}).encode()

    def _tree(self, state: FakeHub, cursor: int) -> None:
        entries = [{"type": "directory", "path": "onnx", "oid": "0", "size": 0}]
        for path, body in state.content.items():
            entry: dict[str, Any] = {"type": "file", "path": path, "size": len(body)}
            entry["oid"] = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
            if path.endswith((".safetensors", ".bin")):
                entry |= {"oid": "pointer", "lfs": {"oid": hashlib.sha256(body).hexdigest(), "size": len(body)}}
            entries.append(entry | state.listed.get(path, {}))
        page = json.dumps(entries[cursor : cursor + _PAGE]).encode()
        more = f'<https://huggingface.co/api/models/{MODEL}/tree/main?recursive=true&cursor={cursor + _PAGE}>; rel="next"'
        self._answer(200, state.listing or page, {"Link": more} if cursor + _PAGE < len(entries) else {})

    def _moved(self, path: str) -> None:
        self._answer(302, b"", {"Location": path})

    def _file(self, state: FakeHub, path: str) -> None:
        wanted = self.headers.get("Range", "")
        state.asked.append((path, wanted))
        body = state.content[path]
        if state.altered.get(path, 0) > 0:
            state.altered[path] -= 1
            body = body[:-1] + b"?"
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and state.resumes else 0
        headers = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
        self._answer(206 if start else 200, body[start:], headers, state.breaks_after)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None, most: int | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:most])
