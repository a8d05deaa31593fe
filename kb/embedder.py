"""Text → vectors. The built-in model is a bag of word vectors read with NumPy alone; a site may name a larger one.

The files in `kb/model` are those of a sentence-transformers StaticEmbedding (trained by `python -m eval train-embedder`);
reading them here instead of there saves the 5 to 15 seconds that importing sentence-transformers takes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kb.errors import ModelError

Matrix = npt.NDArray[np.float32]
MODEL_FOLDER = Path(__file__).resolve().parent / "model"
_TEXTS_AT_ONCE = 1024
_NUMBERS_HASHED = 64


class Embedder(Protocol):
    """Turns texts into unit vectors whose inner product is their similarity."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would: kept with the index."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Passages as unit vectors, shape (len(texts), dimension); an all-unknown text gives zeros."""

    def embed_question(self, question: str) -> Matrix:
        """A question as a vector, shape (dimension,)."""


def embedder_for(model: str) -> Embedder:
    """The embedder that the setting `embedding.model` names; `builtin` is the model that ships."""
    return builtin_embedder() if model in ("", "builtin") else SentenceTransformerEmbedder(model)


@lru_cache(maxsize=1)
def builtin_embedder() -> StaticEmbedder:
    """The model that ships with the project."""
    return StaticEmbedder(MODEL_FOLDER)


class StaticEmbedder:
    """Mean of word vectors, scaled to unit length; files as sentence-transformers' StaticEmbedding saves them."""

    def __init__(self, folder: Path) -> None:
        """Read `tokenizer.json` and `model.safetensors` of `folder`. Raises ModelError when they are missing or damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        try:
            self._weights: Matrix = load_file(folder / "model.safetensors")["embedding.weight"].astype(np.float32)
            self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except (OSError, KeyError, SafetensorError, Exception) as error:  # tokenizers raises bare Exception
            raise ModelError(f"自带的向量模型无法读取（{folder.name}）。请重新安装本软件。") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.fingerprint = _file_hash(folder / "model.safetensors") + _file_hash(folder / "tokenizer.json")
        self.dimension = int(self._weights.shape[1])

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Texts as unit vectors, shape (len(texts), dimension)."""
        result = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for at in range(0, len(texts), _TEXTS_AT_ONCE):
            self._embed_into(result[at : at + _TEXTS_AT_ONCE], texts[at : at + _TEXTS_AT_ONCE])
        return result

    def embed_question(self, question: str) -> Matrix:
        """A question as a unit vector, shape (dimension,)."""
        vector: Matrix = self.embed([question])[0]
        return vector

    def _embed_into(self, rows: Matrix, texts: Sequence[str]) -> None:
        for row, encoding in zip(rows, self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False), strict=True):
            ids = encoding.ids
            if ids:
                row[:] = self._weights[ids].sum(axis=0)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        np.divide(rows, norms, out=rows, where=norms > 0)


class SentenceTransformerEmbedder:
    """A sentence-transformers model by name (already on this machine) or folder; imported only when used."""

    def __init__(self, model: str) -> None:
        """Load `model` without touching the network. Raises ModelError when it is not on this machine."""
        import os

        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(model, device="cpu", trust_remote_code=False, local_files_only=True)
        except Exception as error:  # the library raises OSError, ValueError, ImportError and its own
            raise ModelError(
                f"向量模型 {model} 无法载入。请先把模型文件放到本机，在设置 embedding.model 里写文件夹路径；"
                "或改回 builtin 使用自带模型。"
            ) from error
        self.fingerprint = _model_hash(self._model)
        self.dimension = int(self._model.get_sentence_embedding_dimension() or 0)

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Passages as unit vectors, with the model's own document prompt if it has one."""
        return self._unit(self._model.encode_document(list(texts), show_progress_bar=False))

    def embed_question(self, question: str) -> Matrix:
        """A question as a unit vector, with the model's own query prompt if it has one."""
        vector: Matrix = self._unit(self._model.encode_query([question], show_progress_bar=False))[0]
        return vector

    @staticmethod
    def _unit(vectors: Any) -> Matrix:
        matrix: Matrix = np.asarray(vectors, dtype=np.float32)
        norms = np.linalg.norm(matrix, axis=1, keepdims=True)
        unit: Matrix = np.divide(matrix, norms, out=np.zeros_like(matrix), where=norms > 0)
        return unit


def _model_hash(model: Any) -> str:
    """Hash of what decides the vectors, wherever the files lie: modules, prompts and the first numbers of each weight."""
    digest = hashlib.sha256(f"{model}:{model.prompts}:{model.max_seq_length}".encode())
    for name, weight in model.state_dict().items():
        digest.update(f"{name}{tuple(weight.shape)}{weight.flatten()[:_NUMBERS_HASHED].tolist()}".encode())
    return digest.hexdigest()[:24]


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
