"""The vector index: the contract of all indexes, exact search, and what a killed or failing writer leaves."""

import os
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.errors import StoreError
from kb.vector_index import ChromaVectorIndex
from tests.contracts import IndexContract
from tests.fakes import FakeEmbedder

EMBEDDER = FakeEmbedder()
EVERY_KEY = range(1000)


class VectorTexts:
    """A vector index as the contract needs it: texts go through the small model."""

    def __init__(self, folder):
        self.folder = folder
        self.index = ChromaVectorIndex(folder, EMBEDDER.dimension)

    def add(self, texts):
        self.index.add(list(texts), EMBEDDER.embed(list(texts.values())))

    def remove(self, keys):
        self.index.remove(list(keys))

    def find(self, text, limit, among):
        return self.index.search(EMBEDDER.embed_question(text), limit, [lambda keys: np.isin(keys, list(among))])[0]

    def keys(self):
        return list(self.index.vectors_of(EVERY_KEY))

    def opened_again(self):
        return VectorTexts(self.folder)

    def reload(self):
        self.index.reload()

    def close(self):
        self.index.close()

    def damage(self, folder):
        (self.folder / "chroma" / "chroma.sqlite3").write_bytes(b"rubbish" * 1000)


class TestVectorIndex(IndexContract):
    @pytest.fixture
    def index(self, tmp_path) -> Iterator[VectorTexts]:
        index = VectorTexts(tmp_path / "vectors")
        yield index
        index.close()


@pytest.fixture
def index(tmp_path) -> Iterator[ChromaVectorIndex]:
    index = ChromaVectorIndex(tmp_path / "vectors", 8)
    yield index
    index.close()


def unit(count, dimension, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def everything(keys):
    return np.ones(len(keys), dtype=bool)


# --- search is exact --------------------------------------------------------------------------------------------

ROWS, DIMENSION = 2000, 64


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Iterator[tuple[ChromaVectorIndex, np.ndarray, np.ndarray]]:
    """An index of 2000 hard (random) vectors under scattered keys, with the keys and the vectors."""
    index = ChromaVectorIndex(tmp_path_factory.mktemp("large"), DIMENSION)
    keys, vectors = np.random.default_rng(1).permutation(5 * ROWS)[:ROWS], unit(ROWS, DIMENSION)
    for at in range(0, ROWS, 700):
        index.add(keys[at : at + 700].tolist(), vectors[at : at + 700])
    yield index, keys, vectors
    index.close()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.0, 0.002, 0.03, 0.25, 1.0]), limit=st.integers(1, 300))
def test_search_equals_exact_search_with_and_without_a_mask(large, seed, share, limit):
    index, keys, vectors = large
    random = np.random.default_rng(seed)
    query, published = unit(1, DIMENSION, seed)[0], random.random(5 * ROWS) < share
    scores = dict(zip(keys.tolist(), (vectors @ query).tolist(), strict=True))
    for mask, allowed in ((everything, set(scores)), (lambda wanted: published[wanted], set(np.flatnonzero(published)))):
        found = index.search(query, limit, [mask])[0]
        best = sorted((score for key, score in scores.items() if key in allowed), reverse=True)[:limit]
        assert [score for _, score in found] == pytest.approx(best, abs=1e-6)
        assert [scores[key] for key, _ in found] == pytest.approx(best, abs=1e-6)
        assert len({key for key, _ in found} & allowed) == len(found)


def test_several_masks_are_answered_at_once(large):
    index, query = large[0], unit(1, DIMENSION, 7)[0]
    masks = [everything, lambda wanted: wanted % 2 == 0, lambda wanted: wanted < 0]
    assert index.search(query, 10, masks) == [index.search(query, 10, [mask])[0] for mask in masks]
    assert index.search(query, 10, masks)[2] == []


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_finds_nothing(large, limit):
    assert large[0].search(unit(1, DIMENSION)[0], limit, [everything, everything]) == [[], []]


def test_chroma_keeps_the_same_vectors(large):
    index, keys, vectors = large
    kept = index.vectors_of(keys[:50].tolist())
    assert all(np.allclose(kept[int(key)], vector, atol=1e-6) for key, vector in zip(keys[:50], vectors, strict=False))


# --- what a killed or failing writer leaves ---------------------------------------------------------------------


def test_half_written_rows_are_not_seen_and_are_written_over(index, tmp_path):
    index.add([1, 2], unit(2, 8))
    with open(tmp_path / "vectors" / "vectors.f32", "ab") as file:
        file.write(b"\x01" * 45)  # a row and a bit, without its key
    with open(tmp_path / "vectors" / "keys.i64", "ab") as file:
        file.write(b"\x02" * 3)
    again = ChromaVectorIndex(tmp_path / "vectors", 8)
    assert list(again.keys) == [1, 2]
    again.add([3], unit(1, 8, seed=5))
    assert list(again.keys) == [1, 2, 3]
    assert again.search(unit(1, 8, seed=5)[0], 1, [everything])[0] == [(3, pytest.approx(1.0))]
    again.close()


@pytest.mark.parametrize("file", ["vectors.f32", "keys.i64"])
def test_a_copy_that_lost_a_file_is_empty_rather_than_wrong(index, tmp_path, file):
    index.add([1, 2], unit(2, 8))
    index.close()
    (tmp_path / "vectors" / file).unlink()
    assert len(ChromaVectorIndex(tmp_path / "vectors", 8)) == 0


def test_a_reader_keeps_what_it_mapped_while_another_writes(index, tmp_path):
    index.add([1], unit(1, 8))
    reader = ChromaVectorIndex(tmp_path / "vectors", 8)
    index.add([2], unit(1, 8, seed=2))
    assert list(reader.keys) == [1]
    reader.reload()
    assert list(reader.keys) == [1, 2]


def test_a_disk_that_fills_up_is_a_store_error_and_a_later_try_works(index, monkeypatch):
    index.add([1], unit(1, 8))
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StoreError, match=r"No space left.*请检查磁盘空间再试一次"):
        index.add([2], unit(1, 8, seed=2))
    monkeypatch.undo()
    index.reload()
    index.add([3], unit(1, 8, seed=3))
    assert [key for key in index.keys if key in (1, 3)] == [1, 3]


@pytest.mark.parametrize("step", ["remove", "vectors_of"])
def test_a_damaged_chroma_is_a_store_error_in_every_step(index, tmp_path, step):
    index.add([1], unit(1, 8))
    index.close()
    (tmp_path / "vectors" / "chroma" / "chroma.sqlite3").write_bytes(b"rubbish" * 1000)
    with pytest.raises(StoreError, match="shegong reindex"):
        getattr(index, step)([1])


def test_a_repaired_chroma_opens_in_the_same_process(index, tmp_path):
    index.add([1], unit(1, 8))
    index.close()
    file = tmp_path / "vectors" / "chroma" / "chroma.sqlite3"
    sound = file.read_bytes()
    file.write_bytes(b"rubbish" * 1000)
    with pytest.raises(StoreError):
        index.add([2], unit(1, 8))
    file.write_bytes(sound)
    index.add([2], unit(1, 8))
    assert list(index.keys) == [1, 2]


def test_reading_never_opens_chroma(index, tmp_path):
    index.add([1], unit(1, 8))
    reader = ChromaVectorIndex(tmp_path / "vectors", 8)
    reader.search(unit(1, 8)[0], 1, [everything])
    assert reader._client is None
