"""Text → vectors. The built-in model is a bag of word vectors read with NumPy alone; a site may name a larger one
(`kb/site_embedder.py`).

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

from kb.chinese import cut, normalize
from kb.errors import ModelError
from kb.model_folder import find_model
from kb.settings import Settings

Matrix = npt.NDArray[np.float32]
MODEL_FOLDER = Path(__file__).resolve().parent / "model"
_TEXTS_AT_ONCE = 1024


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


def embedder_for(settings: Settings) -> Embedder:
    """The embedder that the setting `embedding.model` names; `builtin` is the model that ships. Raises ModelError."""
    if settings.embedding.model in ("", "builtin"):
        return builtin_embedder()
    from kb.site_embedder import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(find_model(settings.embedding.model, settings.models_folder), settings.embedding)


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
        self._vocabulary: dict[str, int] = self._tokenizer.get_vocab()
        self._lengths = np.maximum(np.linalg.norm(self._weights, axis=1), 1e-6)

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

    def word_ids(self, texts: Sequence[str]) -> list[npt.NDArray[np.int64]]:
        """The distinct words of each (normalized) text, as rows of the model's table, in ascending order.

        Cut by the dictionary that the model's tokenizer was made from, which takes a third of its time; a word the model
        does not have falls into its characters.
        """
        return [np.fromiter(sorted(self._known(cut(text))), dtype=np.int64) for text in texts]

    def _known(self, words: Sequence[str]) -> set[int]:
        ids = self._vocabulary
        found = {ids[word] for word in words if word in ids}
        return found | {ids[c] for word in words if word not in ids for c in word if c in ids}

    def unit_vectors(self, words: npt.NDArray[np.int64]) -> Matrix:
        """The unit vectors of words, shape (len(words), dimension)."""
        vectors: Matrix = self._weights[words] / self._lengths[words][:, None]
        return vectors

    def word_vectors(self, text: str) -> tuple[Matrix, npt.NDArray[np.float32]]:
        """The unit vectors of the distinct words of `text`, and the lengths they had: how much each word weighs."""
        (words,) = self.word_ids([normalize(text)])
        return self.unit_vectors(words), self._lengths[words]

    def _embed_into(self, rows: Matrix, texts: Sequence[str]) -> None:
        for row, encoding in zip(rows, self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False), strict=True):
            ids = encoding.ids
            if ids:
                row[:] = self._weights[ids].sum(axis=0)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        np.divide(rows, norms, out=rows, where=norms > 0)


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
