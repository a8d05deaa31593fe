"""Embedders: the light reader equals the library it stands in for, and a missing model is a quick Chinese error."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from kb.embedder import MODEL_FOLDER, SentenceTransformerEmbedder, StaticEmbedder, builtin_embedder, embedder_for
from kb.errors import ModelError

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
    assert embedder_for(name) is builtin_embedder()


# --- a site's own model -----------------------------------------------------------------------------------------


def tiny_bert(folder: Path, seed: int = 0) -> Path:
    """A sentence-transformers folder with a random two-layer BERT over single characters."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(seed)
    parts = folder / "parts"
    parts.mkdir(parents=True)
    characters = sorted(set("".join(TEXTS)))
    (parts / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]), encoding="utf-8")
    BertTokenizer(str(parts / "vocab.txt")).save_pretrained(parts)
    config = BertConfig(
        vocab_size=len(characters) + 5, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(parts)
    transformer = Transformer(str(parts), max_seq_length=64)
    model = SentenceTransformer(modules=[transformer, Pooling(16)], device="cpu", prompts={"query": "问：", "document": ""})
    model.save(str(folder / "model"))
    return folder / "model"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def bert(folder) -> SentenceTransformerEmbedder:
    embedder = embedder_for(str(folder))
    assert isinstance(embedder, SentenceTransformerEmbedder)
    return embedder


def test_a_folder_is_a_model(bert):
    vectors = bert.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), bert.dimension) == (len(TEXTS), 16) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_a_question_gets_the_model_s_own_prompt(bert):
    assert np.allclose(bert.embed_question("低保"), bert.embed(["问：低保"])[0], atol=1e-5)
    assert not np.allclose(bert.embed_question("低保"), bert.embed(["低保"])[0], atol=1e-3)


def test_the_fingerprint_follows_the_weights_not_the_path(bert, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "moved")
    assert SentenceTransformerEmbedder(str(tmp_path / "moved")).fingerprint == bert.fingerprint
    other = tiny_bert(tmp_path / "other", seed=1)
    shutil.rmtree(tmp_path / "moved")
    shutil.move(other, tmp_path / "moved")
    assert SentenceTransformerEmbedder(str(tmp_path / "moved")).fingerprint != bert.fingerprint


@pytest.mark.parametrize("name", ["no-such/model", "没有这个模型", "BAAI/bge-m3", "/no/such/folder"])
def test_a_wrong_name_is_a_quick_error_that_says_what_to_do(bert, name):
    started = time.monotonic()
    with pytest.raises(ModelError, match=f"向量模型 {name} 无法载入.*embedding.model"):
        embedder_for(name)
    assert time.monotonic() - started < 5


def test_a_folder_without_a_model_is_an_error(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ModelError, match="无法载入"):
        embedder_for(str(tmp_path))
