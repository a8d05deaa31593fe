"""The built-in embedder: the light reader equals the library it stands in for."""

import shutil

import numpy as np
import pytest

from kb.embedder import MODEL_FOLDER, StaticEmbedder, builtin_embedder, embedder_for
from kb.errors import ModelError
from kb.settings import Settings

TEXTS = [
    "低保申请多久能批下来",
    "县级人民政府民政部门应当在十五个工作日内作出决定",
    "ＡＢＣ 120 急救",
    "龘靐齉",
    "a",
    "很长的一段。" * 400,
]

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")  # of transformers and torch


# --- the built-in model -----------------------------------------------------------------------------------------


def test_vectors_have_unit_length_and_the_model_s_dimension():
    vectors = builtin_embedder().embed(TEXTS)
    assert vectors.shape == (len(TEXTS), builtin_embedder().dimension) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_a_text_without_words_gives_zeros(text):
    assert not builtin_embedder().embed([text]).any()


def test_no_texts_give_no_vectors():
    assert builtin_embedder().embed([]).shape == (0, builtin_embedder().dimension)


def test_a_text_has_the_same_vector_alone_and_in_a_batch():
    batch = builtin_embedder().embed(TEXTS * 300)
    for at, text in enumerate(TEXTS):
        assert np.allclose(builtin_embedder().embed_question(text), batch[at])


def test_the_same_thing_said_otherwise_is_nearer_than_another_thing():
    question, same, other = builtin_embedder().embed(["低保怎么申请", "申请最低生活保障的办法", "校园里放河灯的安全"])
    assert question @ same > question @ other


def test_the_numpy_reader_gives_the_vectors_of_sentence_transformers():
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(MODEL_FOLDER), device="cpu", local_files_only=True)
    expected = reference.encode(TEXTS, show_progress_bar=False, normalize_embeddings=True)
    found = builtin_embedder().embed(TEXTS)
    assert np.allclose(found, expected, atol=3e-4)  # the library adds up in half precision, the reader in single
    assert (found * expected).sum(axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-3)


def test_the_fingerprint_changes_with_the_files(tmp_path):
    shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    assert StaticEmbedder(tmp_path / "model").fingerprint == builtin_embedder().fingerprint
    tokenizer = tmp_path / "model" / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert StaticEmbedder(tmp_path / "model").fingerprint != builtin_embedder().fingerprint


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("rubbish", [None, b"", b"rubbish" * 100])
def test_a_damaged_built_in_model_asks_to_install_again(tmp_path, file, rubbish):
    shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    (tmp_path / "model" / file).unlink()
    if rubbish is not None:
        (tmp_path / "model" / file).write_bytes(rubbish)
    with pytest.raises(ModelError, match=r"自带的向量模型无法读取.*请重新安装"):
        StaticEmbedder(tmp_path / "model")


@pytest.mark.parametrize("name", ["builtin", ""])
def test_the_built_in_model_is_read_once(name):
    assert embedder_for(Settings(embedding={"model": name})) is builtin_embedder()
