"""A site's own embedding model (bge, Qwen3-Embedding, multilingual-e5, gte …), run by sentence-transformers on the CPU."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kb.embedder import Matrix
from kb.model_families import Family, family_of, prompts_for
from kb.model_folder import ModelFolder
from kb.model_loading import TEXTS_AT_ONCE, load
from kb.settings import EmbeddingSettings

_LARGEST_DIMENSION = 8192  # the largest known models have 4096


class SentenceTransformerEmbedder:
    """Vectors of a sentence-transformers model, or of a plain transformer pooled as its family does it.

    Pooling, prompts and greatest length are the model's own where its files state them.
    """

    def __init__(self, folder: ModelFolder, settings: EmbeddingSettings) -> None:
        """Load the model. Raises ModelError when it is damaged, of another kind, or gives no usable vectors."""
        folder.check("embedding")
        self._model = load(folder, "SentenceTransformer")
        family = family_of(folder.last_name, str(folder.config.get("_name_or_path", "")))
        pooling = "" if folder.modules else self._pool_as(family)
        own = self._model.prompts
        self.prompts = prompts_for(settings, own, own.get(self._model.default_prompt_name) or "", family)
        self._one_at_a_time = threading.Lock()  # a tokenizer shared by threads fails with "Already borrowed"
        self.dimension = self._dimension(folder)
        parts = (folder.fingerprint, pooling, self.prompts, self._model.max_seq_length)
        self.fingerprint = hashlib.sha256(repr(parts).encode()).hexdigest()[:24]

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Passages as unit vectors, shape (len(texts), dimension), behind the document prompt; blank texts give zeros."""
        return self._unit_vectors(texts, self._model.encode_document, self.prompts.document)

    def embed_question(self, question: str) -> Matrix:
        """A question as a unit vector, shape (dimension,), behind the query prompt; a blank one gives zeros."""
        vector: Matrix = self._unit_vectors([question], self._model.encode_query, self.prompts.query)[0]
        return vector

    def _unit_vectors(self, texts: Sequence[str], encode: Callable[..., Any], prompt: str) -> Matrix:
        """Texts of like length share a batch, so that little is spent on padding."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        written = sorted((at for at, text in enumerate(texts) if text.strip()), key=lambda at: len(texts[at]))
        for first in range(0, len(written), TEXTS_AT_ONCE):
            batch = written[first : first + TEXTS_AT_ONCE]
            vectors[batch] = self._encode([texts[at] for at in batch], encode, prompt)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, norms, out=vectors, where=norms > 0)
        return vectors

    def _encode(self, texts: list[str], encode: Callable[..., Any], prompt: str) -> Any:
        """One batch: between two of them a question gets its turn while thousands of passages are indexed."""
        with self._one_at_a_time:
            return encode(texts, prompt=prompt, batch_size=TEXTS_AT_ONCE, show_progress_bar=False)

    def _pool_as(self, family: Family) -> str:
        """Pool a plain transformer as its family does; the library would take the mean of the tokens for all."""
        from sentence_transformers.sentence_transformer.modules import Pooling

        if len(self._model) == 1:  # it gives one vector a text by itself
            return ""
        self._model[1] = Pooling(self._model[1].embedding_dimension, family.pooling)
        return family.pooling

    def _dimension(self, folder: ModelFolder) -> int:
        """Length of a vector, seen by making one: damaged weights give NaN, a wrong head an absurd shape."""
        try:
            vectors = np.asarray(self._encode(["社工"], self._model.encode_document, self.prompts.document))
        except Exception as error:  # anything that torch and the model's own configuration can raise
            raise folder.damaged(f"试算失败（{type(error).__name__}）") from error
        if vectors.ndim != 2 or not 1 < vectors.shape[1] <= _LARGEST_DIMENSION:
            raise folder.damaged(f"向量的形状是 {vectors.shape}，不像向量模型")
        if not np.isfinite(vectors).all() or not vectors.any():
            raise folder.damaged("算出的向量无效，权重文件可能已损坏")
        return int(vectors.shape[1])
