"""The folder of a site's own model, looked at without loading it: where it lies, what kind it is, whether it is whole.

Loading takes seconds and gigabytes and fails in English; most mistakes show in the files and are told from them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from kb.errors import ModelError

ModelKind = Literal["embedding", "reranker", "other"]
MODEL_KIND_NAMES = {"embedding": "向量模型", "reranker": "重排模型", "other": "其他模型"}
UNFINISHED = "unfinished.part"  # lies in the folder as long as `shegong model fetch` is at work there

_SMALL_FILES = (".json", ".txt", ".model", ".jinja")
_BLOCKS, _BLOCK = 64, 4096


@dataclass(frozen=True)
class ModelFolder:
    """A model as the settings name it, and the folder it lies in."""

    name: str
    path: Path

    @cached_property
    def config(self) -> dict[str, Any]:
        """`config.json` of the transformer; empty where there is none, as with static embeddings."""
        config: dict[str, Any] = self._json("config.json", dict)
        return config

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """Class names of the sentence-transformers modules; empty for a plain transformer."""
        return tuple(str(module.get("type")).rpartition(".")[2] for module in self._json("modules.json", list))

    @property
    def last_name(self) -> str:
        """The name without its owner or the folders above it, in small letters: bge-m3."""
        return Path(self.name).name.lower()

    @property
    def architecture(self) -> str:
        """Class name of the transformer, such as BertModel; empty where the folder does not say."""
        return str((self.config.get("architectures") or [""])[0])

    @property
    def kind(self) -> ModelKind:
        """What the model is for, as its files say. A plain causal language model tells it by its name only."""
        wrapper = self._json("config_sentence_transformers.json", dict).get("model_type", "SentenceTransformer")
        if wrapper == "CrossEncoder" or "LogitScore" in self.modules:
            return "reranker"
        if self.modules:
            return "embedding" if wrapper == "SentenceTransformer" else "other"
        if self.architecture.endswith("ForSequenceClassification"):
            return "reranker"
        if self.architecture.endswith("ForCausalLM"):
            return "reranker" if "reranker" in self.last_name else "embedding" if "embedding" in self.last_name else "other"
        return "embedding" if self.architecture.endswith("Model") else "other"

    @property
    def longest(self) -> int:
        """How many tokens the position table holds; RoBERTa keeps its first `pad_token_id + 1` places for padding."""
        places = int(self.config.get("max_position_embeddings") or 0)
        padding = int(self.config.get("pad_token_id") or 0) + 1 if "roberta" in self.config.get("model_type", "") else 0
        return places - padding

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self._files())

    @cached_property
    def fingerprint(self) -> str:
        """Hash of what the model is made of, wherever it lies: small files whole, weights by size and 64 samples."""
        digest = hashlib.sha256()
        small = [path for path in self._files() if path.suffix in _SMALL_FILES]
        for path in (*small, *self._weights()):
            digest.update(f"{path.relative_to(self.path).as_posix()} {path.stat().st_size}\n".encode())
            digest.update(path.read_bytes() if path.suffix in _SMALL_FILES else _samples(path))
        return digest.hexdigest()[:24]

    def check(self, wanted: ModelKind) -> None:
        """Raise ModelError where the folder is not a whole model of the kind wanted."""
        if (self.path / UNFINISHED).exists():
            raise ModelError(f"模型 {self.name} 还没有下载完。请再运行一次 shegong model fetch，会接着下载。")
        if not self.config and not self.modules:
            raise self.damaged("里面没有 config.json 或 modules.json，不是模型文件夹")
        if not self._weights():
            raise self.damaged("缺少权重文件（safetensors 或 pytorch_model.bin）")
        for path in self._weights():
            self._check_weights(path)
        if self.kind != wanted:
            raise ModelError(
                f"{self.name} 是{MODEL_KIND_NAMES[self.kind]}（{self.architecture or '、'.join(self.modules)}），"
                f"不能当作{MODEL_KIND_NAMES[wanted]}用。请在设置里换一个{MODEL_KIND_NAMES[wanted]}。"
            )

    def damaged(self, reason: str) -> ModelError:
        """The error for a folder that does not hold a usable model."""
        return ModelError(
            f"模型 {self.name} 无法载入：{reason}。请检查文件夹 {self.path}，或重新运行 shegong model fetch 下载。"
        )

    def _files(self) -> list[Path]:
        return sorted(path for path in self.path.rglob("*") if path.is_file())

    def _weights(self) -> list[Path]:
        return sorted([*self.path.rglob("*.safetensors"), *self.path.rglob("pytorch_model*.bin")])

    def _check_weights(self, path: Path) -> None:
        """Read the table at the head of a safetensors file, which a truncated file contradicts."""
        from safetensors import SafetensorError, safe_open

        if path.suffix != ".safetensors":
            return
        try:
            with safe_open(path, "numpy"):
                pass
        except (SafetensorError, OSError) as error:
            raise self.damaged(f"权重文件 {path.name} 不完整或已损坏") from error

    def _json(self, name: str, shape: type[dict[str, Any]] | type[list[Any]]) -> Any:
        """A file of that shape; an empty one where there is none."""
        path = self.path / name
        if not path.is_file():
            return shape()
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise self.damaged(f"{name} 不完整或已损坏") from error
        if not isinstance(value, shape):
            raise self.damaged(f"{name} 的内容不对")
        return value


def find_model(name: str, models: Path) -> ModelFolder:
    """The model called `name`: a folder, one fetched into `models`, or one in Hugging Face's cache on this machine.

    Raises ModelError when it is none of these; the network is never touched.
    """
    for folder in (Path(name).expanduser(), models / name):
        if folder.is_dir():
            return ModelFolder(name, folder)
    cached = _cached(name)
    if cached is None:
        raise ModelError(
            f"这台电脑上没有模型 {name}：没有这个文件夹，也没有下载过。请检查写法，或运行 shegong model fetch {name} 下载；"
            "在设置里去掉它，就用自带的做法。"
        )
    return ModelFolder(name, cached)


def models_in(folder: Path) -> Iterator[ModelFolder]:
    """The models fetched into `folder`, by name; those not yet whole as well."""
    found = {path.parent for name in ("config.json", "modules.json", UNFINISHED) for path in folder.glob(f"*/*/{name}")}
    for path in sorted(found):
        yield ModelFolder(path.relative_to(folder).as_posix(), path)


def _cached(name: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError):
        return None


def _samples(path: Path) -> bytes:
    """Blocks spread evenly over a file: reading gigabytes at every start would take as long as loading them."""
    size = path.stat().st_size
    with path.open("rb") as file:
        return b"".join(_block_at(file, size * at // _BLOCKS) for at in range(_BLOCKS))


def _block_at(file: Any, offset: int) -> bytes:
    file.seek(offset)
    block: bytes = file.read(_BLOCK)
    return block
