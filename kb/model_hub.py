"""What a model hub offers: the files of a model with sizes and checksums, and where each is downloaded.

Two kinds of hub: ModelScope, and Hugging Face with its mirrors. A listing comes from outside and is not trusted: a name
that could leave the model's folder is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from kb.errors import ModelError, SettingsError

GetJson = Callable[[str], tuple[Any, str]]  # address → (value, address of the next page or "")

_WANTED = (".safetensors", ".json", ".txt", ".model", ".jinja")
_OTHER_FORMS = re.compile(r"\.|onnx|openvino|tf|tflite|coreml|gguf|original|flax", re.IGNORECASE)  # how folders begin
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*/[A-Za-z0-9_][\w.-]*", re.ASCII)
# What no file may be called on Windows, which covers what leaves a folder anywhere: .., drives, devices, line ends.
_UNSAFE = re.compile(r'|.*[<>:"\\|?*\x00-\x1f].*|.*[. ]|(con|prn|aux|nul|com\d|lpt\d)(\..*)?', re.IGNORECASE | re.DOTALL)
_MOST_PAGES = 20


@dataclass(frozen=True)
class RemoteFile:
    """A file of a model; `size` in bytes. `digest` is its SHA-256 (64 digits) or git's SHA-1 (40), empty if not stated."""

    path: str
    size: int
    digest: str


class Hub(Protocol):
    """Where models can be downloaded."""

    @property
    def name(self) -> str:
        """As a person calls it."""

    def files(self, model: str, get_json: GetJson) -> list[RemoteFile]:
        """All files of the model."""

    def address(self, model: str, path: str) -> str:
        """Where the file is downloaded."""


@dataclass(frozen=True)
class ModelScope:
    """modelscope.cn and what answers like it."""

    name: str
    base: str

    def files(self, model: str, get_json: GetJson) -> list[RemoteFile]:
        """All files of the model, in one answer."""
        query = urlencode({"Revision": "master", "Recursive": "true"})
        answer, _ = get_json(f"{self.base}/api/v1/models/{model}/repo/files?{query}")
        entries = (answer.get("Data") or {}).get("Files")
        if entries is None:  # it answers 200 with a code of its own
            raise ModelError(f"{self.name} 上没有模型 {model}（{answer.get('Message', '')}）。请检查名字的大小写。")
        return [
            RemoteFile(entry["Path"], int(entry["Size"]), entry.get("Sha256") or "")
            for entry in entries
            if entry["Type"] != "tree"
        ]

    def address(self, model: str, path: str) -> str:
        """Where the file is downloaded."""
        return f"{self.base}/api/v1/models/{model}/repo?{urlencode({'Revision': 'master', 'FilePath': path})}"


@dataclass(frozen=True)
class HuggingFace:
    """huggingface.co, its mirrors and what answers like it."""

    name: str
    base: str

    def files(self, model: str, get_json: GetJson) -> list[RemoteFile]:
        """All files of the model, page by page."""
        first = f"{self.base}/api/models/{model}/tree/main?recursive=true"
        found, address = [], first
        for _ in range(_MOST_PAGES):
            entries, following = get_json(address)
            found += [_of_tree(entry) for entry in entries if entry["type"] == "file"]
            if not following:
                break
            # A mirror hands on the original's link: only what it asks for is taken from it.
            address = f"{first.partition('?')[0]}?{urlsplit(following).query}"
        return found

    def address(self, model: str, path: str) -> str:
        """Where the file is downloaded."""
        return f"{self.base}/{model}/resolve/main/{quote(path)}"


def _of_tree(entry: Mapping[str, Any]) -> RemoteFile:
    large = entry.get("lfs") or {}
    return RemoteFile(entry["path"], int(large.get("size", entry["size"])), large.get("oid") or entry["oid"])


HUBS: Mapping[str, Hub] = {
    "modelscope": ModelScope("modelscope", "https://modelscope.cn"),
    "hf-mirror": HuggingFace("hf-mirror", "https://hf-mirror.com"),
}


def hub_called(name: str) -> Hub:
    """The hub of that name, or the mirror of Hugging Face at that address. Raises SettingsError."""
    if name in HUBS:
        return HUBS[name]
    if re.match(r"https?://[^/\s]+", name):
        return HuggingFace(name, name.rstrip("/"))
    raise SettingsError(f"没有叫“{name}”的下载站。可以写：{'、'.join(HUBS)}，或镜像的网址（https:// 开头）。")


def check_name(model: str) -> None:
    """Raise SettingsError unless `model` is owner/name."""
    if not _NAME.fullmatch(model):
        raise SettingsError(f"模型名“{model}”不对。请写成 作者/名字，如 BAAI/bge-small-zh-v1.5。")


def needed(files: Sequence[RemoteFile]) -> list[RemoteFile]:
    """The files by which a model is loaded here, small ones first: its weights once, as safetensors where there are any.

    Raises ModelError for a name that could leave the folder, and where there are no weights.
    """
    known = [file for file in files if file.path.endswith(_WANTED) or _is_old_weights(file)]
    for file in known:
        if any(_UNSAFE.fullmatch(part) for part in file.path.split("/")) or file.size < 0:
            raise ModelError(f"下载站列出了不安全的文件名 {file.path!r}，没有下载。请换一个下载站或模型。")
    useful = [file for file in known if not any(map(_OTHER_FORMS.match, file.path.split("/")[:-1]))]
    better = {_folder(file) for file in useful if file.path.endswith(".safetensors")}
    chosen = [file for file in useful if not (_is_old_weights(file) and _folder(file) in better)]
    if not any(file.path.endswith(".safetensors") or _is_old_weights(file) for file in chosen):
        raise ModelError("这个模型没有 safetensors 或 pytorch_model.bin 权重（可能只有 GGUF 或 ONNX），不能在这里使用。")
    return sorted(chosen, key=lambda file: (file.size, file.path))


def _is_old_weights(file: RemoteFile) -> bool:
    return PurePosixPath(file.path).name.startswith("pytorch_model") and file.path.endswith(".bin")


def _folder(file: RemoteFile) -> PurePosixPath:
    return PurePosixPath(file.path).parent
