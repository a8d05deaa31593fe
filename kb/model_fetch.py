"""Downloading a model from a hub into a folder, in a step of its own: nothing else here uses the network.

Files come one by one. Each is written beside its place (`.part`), taken up again where it broke off, checked against the
hub's checksum and only then put in place; until all are there the folder is marked and is not loaded.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.errors import ModelError
from kb.model_folder import UNFINISHED, ModelFolder
from kb.model_hub import Hub, RemoteFile, check_name, needed

if TYPE_CHECKING:
    import httpx

Progress = Callable[[int, int, str], None]  # bytes done, bytes in all, file

_PIECE = 1 << 20
_RESERVE = 100_000_000  # bytes left free on the disk
_CONNECT_S, _READ_S = 15.0, 60.0


class _Interrupted(Exception):
    """The connection failed, or the server was busy: worth another try."""


def fetch(
    model: str,
    hub: Hub,
    models: Path,
    *,
    progress: Progress = lambda done, total, file: None,
    pauses_s: Sequence[float] = (1.0, 5.0, 15.0),
) -> ModelFolder:
    """Download `model` into `models`/owner/name and return its folder; files that are whole already are kept.

    `pauses_s` are the waits before another try when nothing comes any more. Raises ModelError, after which the next call
    goes on where this one ended; SettingsError for a name that is none.
    """
    check_name(model)
    with _client() as client:
        connection = _Connection(client, hub, model, tuple(pauses_s))
        files = needed(connection.files())
        try:
            _download_all(connection, files, models / model, progress)
        except OSError as error:
            raise ModelError(f"写不进 {models}（{error.strerror}）。请检查磁盘空间和权限，再运行一次会接着下载。") from error
    return ModelFolder(model, models / model)


def _download_all(connection: _Connection, files: Sequence[RemoteFile], folder: Path, progress: Progress) -> None:
    missing = [file for file in files if not _is_whole(folder / file.path, file)]
    _check_space(folder, sum(file.size - _size(_part(folder / file.path)) for file in missing))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / UNFINISHED).touch()
    total = sum(file.size for file in files)
    done = total - sum(file.size for file in missing)
    for file in missing:
        connection.download(file, folder / file.path, partial(_show, progress, done, total, file.path))
        done += file.size
    for part in folder.rglob("*.part"):  # also of files that the hub no longer has; the mark itself is one of them
        part.unlink()


def _show(progress: Progress, before: int, total: int, path: str, came: int) -> None:
    progress(before + came, total, path)


@dataclass(frozen=True)
class _Connection:
    """A hub, the model wanted from it, and how long to be patient."""

    client: httpx.Client
    hub: Hub
    model: str
    pauses_s: tuple[float, ...]

    def files(self) -> list[RemoteFile]:
        """What the hub lists."""
        try:
            return self.hub.files(self.model, self._json)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"{self.hub.name} 的回答不是文件列表。请检查是不是要先登录上网，或用 --from 换一个下载站。"
            ) from error

    def download(self, file: RemoteFile, place: Path, progress: Callable[[int], None]) -> None:
        """Receive one file into its place, from the start once more if its checksum is wrong."""
        place.parent.mkdir(parents=True, exist_ok=True)
        part = _part(place)
        for _ in range(2):
            self._complete(file, part, progress)
            if _is_whole(part, file):
                part.replace(place)
                return
            part.unlink()
        raise ModelError(
            f"{file.path} 下载后校验不符，已经丢弃：可能是网络中途改动了它，或下载站的文件有误。"
            "请稍后再试，或用 --from 换一个下载站。"
        )

    def _complete(self, file: RemoteFile, part: Path, progress: Callable[[int], None]) -> None:
        """Go on receiving until the part has its size, for as long as some tries bring anything new."""
        part.touch()
        if _size(part) > file.size:
            part.write_bytes(b"")
        failures, reason = 0, "连接中断"
        while (before := _size(part)) < file.size:
            try:
                self._receive(file, part, progress)
            except _Interrupted as error:
                reason = str(error)
            failures = 0 if _size(part) > before else failures + 1
            self._wait(failures, reason)

    def _receive(self, file: RemoteFile, part: Path, progress: Callable[[int], None]) -> None:
        """One request for what is missing of a file. A server that can not go on in the middle sends it all again."""
        have = _size(part)
        headers = {"Range": f"bytes={have}-"} if have else {}
        with self._answer(self.hub.address(self.model, file.path), headers) as answer:
            if answer.status_code == 206 and not answer.headers.get("content-range", "").startswith(f"bytes {have}-"):
                part.write_bytes(b"")
                raise _Interrupted("下载站接着传的位置不对")
            with part.open("ab" if answer.status_code == 206 else "wb") as out:
                for piece in answer.iter_raw():  # as it comes: pieces of a fixed size would lose the last one in a break
                    if out.tell() + len(piece) > file.size:
                        out.truncate(0)
                        raise ModelError(f"{file.path} 比下载站列出的大，没有下载。请用 --from 换一个下载站。")
                    out.write(piece)
                    progress(out.tell())

    def _json(self, address: str) -> tuple[Any, str]:
        """The value at `address`, and where its next page is."""
        failures = 0
        while True:
            try:
                with self._answer(address, {}) as answer:
                    return json.loads(answer.read()), answer.links.get("next", {}).get("url", "")
            except _Interrupted as error:
                failures += 1
                self._wait(failures, str(error))

    @contextmanager
    def _answer(self, address: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """A good answer, whose body is read in the block. Raises _Interrupted where another try may help."""
        import httpx

        try:
            with self.client.stream("GET", address, headers=headers) as answer:
                self._refuse(answer.status_code)
                yield answer
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Interrupted(f"连不上或中途断开（{type(error).__name__}）") from error

    def _refuse(self, status: int) -> None:
        """Raise for an answer that is not the file."""
        if status == 404:
            raise ModelError(f"{self.hub.name} 上没有模型 {self.model}。请检查名字（分大小写），或用 --from 换一个下载站。")
        if status in (401, 403):
            raise ModelError(f"{self.hub.name} 不让下载 {self.model}：它要先登录或同意许可。请换一个公开的模型。")
        if status not in (200, 206):
            raise _Interrupted(f"下载站回答 {status}")

    def _wait(self, failures: int, reason: str) -> None:
        if failures > len(self.pauses_s):
            raise ModelError(
                f"从 {self.hub.name} 下载 {self.model} 没有成功：{reason}。"
                "请检查网络，再运行一次会接着下载；或用 --from 换一个下载站。"
            )
        if failures:
            time.sleep(self.pauses_s[failures - 1])


def _client() -> httpx.Client:
    import httpx

    headers = {"Accept-Encoding": "identity", "User-Agent": "shegong"}  # sizes and ranges count the file's own bytes
    return httpx.Client(headers=headers, follow_redirects=True, timeout=httpx.Timeout(_READ_S, connect=_CONNECT_S))


def _check_space(folder: Path, wanted: int) -> None:
    there = next((each for each in (folder, *folder.absolute().parents) if each.exists()), Path())
    free = shutil.disk_usage(there).free
    if wanted + _RESERVE > free:
        raise ModelError(f"磁盘空间不够：还要下载 {wanted / 1e6:.0f} MB，只剩 {free / 1e6:.0f} MB。请腾出空间，或用 --to 换一个文件夹。")


def _is_whole(path: Path, file: RemoteFile) -> bool:
    """Whether the file is there with the stated size and checksum."""
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    if len(file.digest) == 64:
        digest = hashlib.sha256()
    elif len(file.digest) == 40:
        digest = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)  # as git names a small file
    else:
        return True  # the hub states none
    with path.open("rb") as content:
        while piece := content.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest() == file.digest.lower()


def _part(place: Path) -> Path:
    return place.with_name(f"{place.name}.part")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
