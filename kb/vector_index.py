"""The vector index: Chroma keeps the vectors, an exact scan over a memory-mapped copy finds the nearest.

Nearly every search is filtered (region, validity, viewer), and there Chroma's HNSW graph loses recall (0.67 on hard
vectors) or falls back to a scan slower than NumPy's. The copy is two append-only files that any process may map for
reading while one writes: `vectors.f32` (rows × dimension) and `keys.i64` (the passage key of each row). Rows whose key
is no longer published are skipped by the caller's mask. Chroma (only ever opened by the one writer) keeps the vectors by
key so that the copy, or a rebuilt index, never needs to embed again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from kb.errors import StoreError

Matrix = npt.NDArray[np.float32]
Keys = npt.NDArray[np.int64]
Mask = Callable[[Keys], npt.NDArray[np.bool_]]  # for an array of keys, which may be returned
_BATCH = 4000


class ChromaVectorIndex:
    """Passage keys and their vectors (float32, unit length); similarity is the inner product."""

    def __init__(self, folder: Path, dimension: int) -> None:
        """Open the index in `folder` for vectors of `dimension`, creating it if there is none."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._dimension = folder, dimension
        self._client: Any = None
        self._collection: Any = None
        self.reload()

    @property
    def keys(self) -> Keys:
        """The passage key of each row, in order of adding; a key may be stale."""
        return self._keys

    def __len__(self) -> int:
        """Number of rows, stale ones included."""
        return len(self._keys)

    def add(self, keys: Sequence[int], vectors: Matrix) -> None:
        """Add `vectors` of shape (len(keys), dimension). Durable when it returns. Raises StoreError on a full disk."""
        with _store_errors():
            collection = self._open_chroma()
            for at in range(0, len(keys), _BATCH):
                ids = [str(key) for key in keys[at : at + _BATCH]]
                collection.upsert(ids=ids, embeddings=vectors[at : at + _BATCH])
            self._append(np.asarray(keys, dtype=np.int64), vectors)

    def remove(self, keys: Sequence[int]) -> None:
        """Forget the vectors of `keys` in Chroma; their rows in the copy stay until the index is rebuilt."""
        with _store_errors():
            collection = self._open_chroma()
            for at in range(0, len(keys), _BATCH):
                collection.delete(ids=[str(key) for key in keys[at : at + _BATCH]])

    def vectors_of(self, keys: Sequence[int]) -> dict[int, Matrix]:
        """The vectors Chroma keeps for `keys`; a key without one is left out."""
        found: dict[int, Matrix] = {}
        with _store_errors():
            collection = self._open_chroma()
            for at in range(0, len(keys), _BATCH):
                batch = collection.get(ids=[str(key) for key in keys[at : at + _BATCH]], include=["embeddings"])
                for name, vector in zip(batch["ids"], batch["embeddings"], strict=True):
                    found[int(name)] = np.asarray(vector, dtype=np.float32)
        return found

    def search(
        self, query: Matrix, limit: int, masks: Sequence[Mask]
    ) -> list[list[tuple[int, float]]]:
        """For each mask the `limit` nearest (key, inner product) of `query` (shape (dimension,)), best first."""
        if not len(self._keys) or limit <= 0:
            return [[] for _ in masks]
        scores = self._matrix @ query
        return [self._nearest(scores, self._rows_of(mask), limit) for mask in masks]

    def _rows_of(self, mask: Mask) -> Keys:
        """The rows that a mask allows; remembered, for the masks of an asker are used again and again."""
        rows = self._allowed_rows.get(mask)
        if rows is None:
            rows = self._allowed_rows[mask] = np.flatnonzero(mask(self._keys))
        return rows

    def _nearest(self, scores: npt.NDArray[np.float32], rows: Keys, limit: int) -> list[tuple[int, float]]:
        if not len(rows):
            return []
        among = scores if len(rows) == len(scores) else scores[rows]
        top = np.argpartition(-among, min(limit, len(rows)) - 1)[:limit]
        ordered = top[np.argsort(-among[top], kind="stable")]
        return list(zip(self._keys[rows[ordered]].tolist(), among[ordered].tolist(), strict=True))

    def reload(self) -> None:
        """Map what is on disk now. A row half written by a killed process is not seen."""
        rows = min(self._size("keys.i64") // 8, self._size("vectors.f32") // (4 * self._dimension))
        self._keys: Keys = _mapped(self._folder / "keys.i64", np.int64, (rows,))
        self._matrix: Matrix = _mapped(self._folder / "vectors.f32", np.float32, (rows, self._dimension))
        self._allowed_rows: WeakKeyDictionary[Mask, Keys] = WeakKeyDictionary()

    def close(self) -> None:
        """Close Chroma; the copy stays readable."""
        if self._client is not None:
            self._client.close()
            self._client = self._collection = None

    def _append(self, keys: Keys, vectors: Matrix) -> None:
        rows = len(self._keys)
        _write_at(self._folder / "vectors.f32", rows * 4 * self._dimension, np.ascontiguousarray(vectors, np.float32))
        _write_at(self._folder / "keys.i64", rows * 8, keys)  # last: a row counts once its key is there
        self.reload()

    def _size(self, name: str) -> int:
        path = self._folder / name
        return path.stat().st_size if path.exists() else 0

    def _open_chroma(self) -> Any:
        if self._collection is None:
            import chromadb  # slow to import, and readers never need it
            from chromadb.api.shared_system_client import SharedSystemClient
            from chromadb.config import Settings as ChromaSettings

            path = str(self._folder / "chroma")
            try:
                self._client = chromadb.PersistentClient(path, settings=ChromaSettings(anonymized_telemetry=False))
            except Exception:
                SharedSystemClient._identifier_to_system.pop(path, None)  # else the next try gets the half-started one
                raise
            self._collection = self._client.get_or_create_collection(
                "passages", embedding_function=None, configuration={"hnsw": {"space": "ip"}}
            )
        return self._collection


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # Chroma raises its own, pyo3's and sqlite's errors
        raise StoreError(
            f"向量索引无法读写（{error}）。请检查磁盘空间再试一次；仍不行就运行 shegong reindex 重建索引，原文不受影响。"
        ) from error


def _mapped(path: Path, dtype: Any, shape: tuple[int, ...]) -> Any:
    if shape[0] == 0:
        return np.zeros(shape, dtype=dtype)
    return np.asarray(np.memmap(path, dtype=dtype, mode="r", shape=shape))  # a plain array over the same pages is faster


def _write_at(path: Path, offset: int, values: npt.NDArray[Any]) -> None:
    with open(path, "r+b" if path.exists() else "w+b") as file:
        file.seek(offset)
        file.truncate()
        file.write(values.tobytes())
        file.flush()
        os.fsync(file.fileno())
