"""A site's own embedding model, with tiny models of the architectures of bge, multilingual-e5 and Qwen3-Embedding."""

import shutil
import threading
import time

import numpy as np
import pytest

from kb.embedder import MODEL_FOLDER, builtin_embedder, embedder_for
from kb.errors import IndexOutdated, ModelError
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker
from kb.settings import Settings
from tests.fakes import entry, publish
from tests.kb import site_models
from tests.kb.site_models import QWEN_PROMPT, SIZE, change_json, with_modules

BGE, E5, QWEN = "BAAI/bge-small-zh-v1.5", "intfloat/multilingual-e5-small", "Qwen/Qwen3-Embedding-0.6B"
BGE_PROMPT = "为这个句子生成表示以用于检索相关文章："
TEXTS = ["低保申请多久能批下来", "特困人员由县级民政部门认定", "放河灯应当避开航道", "低", "护林员补贴按季发放。" * 100]

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")  # of transformers and torch


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder into which three models were fetched, and the plain transformers they were made of."""
    data = tmp_path_factory.mktemp("data")
    models = data / "models"
    with_modules(site_models.bert(data / "bert"), models / BGE, "cls")
    with_modules(site_models.xlm_roberta(data / "roberta"), models / E5, "mean")
    with_modules(site_models.qwen3(data / "qwen"), models / QWEN, "lasttoken", {"query": QWEN_PROMPT, "document": ""})
    return data


def opened(data, model, **embedding):
    return embedder_for(Settings(data_folder=data, embedding={"model": str(model), **embedding}))


@pytest.fixture(scope="module")
def embedders(data):
    return {name: opened(data, name) for name in (BGE, E5, QWEN)}


def by_hand(folder, text, pooling):
    """The vector of one text by transformers alone: last layer, pooled, of unit length."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(folder, dtype="float32").eval()
    with torch.inference_mode():
        states = model(**AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")).last_hidden_state[0]
    vector = {"cls": states[0], "lasttoken": states[-1], "mean": states.mean(axis=0)}[pooling]
    return (vector / vector.norm()).numpy()


# --- vectors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [BGE, E5, QWEN])
def test_vectors_have_unit_length_and_the_model_s_dimension(embedders, name):
    vectors = embedders[name].embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedders[name].dimension) == (len(TEXTS), SIZE)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    assert embedders[name].embed([]).shape == (0, SIZE)


@pytest.mark.parametrize(
    ("name", "pooling", "query", "document"),
    [(BGE, "cls", BGE_PROMPT, ""), (E5, "mean", "query: ", "passage: "), (QWEN, "lasttoken", QWEN_PROMPT, "")],
)
def test_prompts_and_pooling_are_those_the_model_was_trained_with(data, embedders, name, pooling, query, document):
    folder, text = data / "models" / name, TEXTS[0]
    assert embedders[name].embed_question(text) == pytest.approx(by_hand(folder, query + text, pooling), abs=1e-4)
    assert embedders[name].embed([text])[0] == pytest.approx(by_hand(folder, document + text, pooling), abs=1e-4)
    for other in {"cls", "mean", "lasttoken"} - {pooling}:
        assert not np.allclose(embedders[name].embed_question(text), by_hand(folder, query + text, other), atol=1e-2)


@pytest.mark.parametrize("name", [BGE, E5, QWEN])
def test_a_text_has_the_same_vector_alone_and_in_a_batch_of_other_lengths(embedders, name):
    batch = embedders[name].embed(TEXTS * 8)
    for at, text in enumerate(TEXTS):
        assert embedders[name].embed([text])[0] == pytest.approx(batch[at], abs=1e-4)


@pytest.mark.parametrize("name", [BGE, E5, QWEN])
@pytest.mark.parametrize("blank", ["", " \n"])
def test_a_blank_text_gives_zeros(embedders, name, blank):
    vectors = embedders[name].embed([TEXTS[0], blank, TEXTS[1]])
    assert vectors.any(axis=1).tolist() == [True, False, True]
    assert not embedders[name].embed_question(blank).any()


@pytest.mark.parametrize("name", [BGE, E5, QWEN])
def test_what_is_longer_than_the_model_reads_is_cut_not_refused(embedders, name):
    start = "护林员补贴按季发放。" * 200
    one, other = embedders[name].embed([start + "低保", start + "河灯"])
    assert np.allclose(one, other, atol=1e-5)


def test_a_model_made_for_long_texts_is_held_to_what_a_passage_needs(data, tmp_path):
    shutil.copytree(data / "models" / QWEN, tmp_path / "qwen")
    change_json(tmp_path / "qwen" / "config.json", max_position_embeddings=32_768)
    change_json(tmp_path / "qwen" / "tokenizer_config.json", model_max_length=32_768)
    assert opened(data, tmp_path / "qwen")._model.max_seq_length == 1024


def test_half_precision_is_computed_in_single(embedders):
    assert {str(weight.dtype) for weight in embedders[QWEN]._model.state_dict().values()} == {"torch.float32"}


def test_threads_share_a_model(embedders):
    expected, found = embedders[BGE].embed(TEXTS), []
    threads = [threading.Thread(target=lambda: found.append(embedders[BGE].embed(TEXTS))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and all(np.allclose(vectors, expected, atol=1e-5) for vectors in found)


def test_a_question_does_not_wait_until_thousands_of_passages_are_embedded(embedders):
    answered, in_time = threading.Event(), []

    def index():
        embedders[BGE].embed(TEXTS[:3] * 1000)
        in_time.append(answered.is_set())

    indexing = threading.Thread(target=index)
    indexing.start()
    embedders[BGE].embed_question(TEXTS[0])
    answered.set()
    indexing.join()
    assert in_time == [True]


# --- prompts ----------------------------------------------------------------------------------------------------


def test_a_prompt_of_the_settings_replaces_the_model_s_own(data, embedders):
    text = TEXTS[0]
    changed = opened(data, QWEN, query_prompt="问：", document_prompt="文：")
    plain = opened(data, QWEN, query_prompt="")
    assert np.allclose(changed.embed_question(text), plain.embed(["问：" + text])[0], atol=1e-5)
    assert np.allclose(changed.embed([text])[0], plain.embed(["文：" + text])[0], atol=1e-5)
    assert np.allclose(plain.embed_question(text), plain.embed([text])[0], atol=1e-5)
    assert not np.allclose(embedders[QWEN].embed_question(text), plain.embed_question(text), atol=1e-2)


def test_a_query_prompt_leaves_the_passages_alone(data, embedders):
    changed = opened(data, BGE, query_prompt="低保")
    assert np.allclose(changed.embed(TEXTS), embedders[BGE].embed(TEXTS), atol=1e-5)
    assert not np.allclose(changed.embed_question(TEXTS[0]), embedders[BGE].embed_question(TEXTS[0]), atol=1e-2)


# --- what the folder may look like ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transformer", "name", "pooling", "prompt"),
    [
        ("bert", "bge-large-zh-v1.5", "cls", BGE_PROMPT),
        ("roberta", "multilingual-e5-base", "mean", "query: "),
        ("qwen", "Qwen3-Embedding-4B", "lasttoken", QWEN_PROMPT),
        ("bert", "some-model", "mean", ""),
    ],
)
def test_a_plain_transformer_is_used_as_its_family_uses_it(data, tmp_path, transformer, name, pooling, prompt):
    shutil.copytree(data / transformer, tmp_path / name)
    found = opened(data, tmp_path / name).embed_question(TEXTS[0])
    assert found == pytest.approx(by_hand(data / transformer, prompt + TEXTS[0], pooling), abs=1e-4)


def test_a_folder_of_an_older_library_is_read_as_it_was_meant(data, tmp_path):
    folder = site_models.as_published(data / "bert", tmp_path / "bge-base-zh-v1.5")
    embedder = opened(data, folder)
    assert embedder.embed_question(TEXTS[0]) == pytest.approx(by_hand(data / "bert", BGE_PROMPT + TEXTS[0], "cls"), abs=1e-4)
    assert embedder._model.max_seq_length == 100
    assert opened(data, folder).fingerprint == embedder.fingerprint


def test_a_static_model_in_a_folder_is_a_model_too(data):
    embedder = opened(data, MODEL_FOLDER)
    expected = builtin_embedder().embed(TEXTS)
    assert np.allclose(embedder.embed(TEXTS), expected, atol=1e-3) and embedder.dimension == builtin_embedder().dimension


def test_old_weights_in_pytorch_form_are_read(data, tmp_path):
    import torch
    from safetensors.torch import load_file

    shutil.copytree(data / "models" / BGE, tmp_path / BGE)
    weights = tmp_path / BGE / "model.safetensors"
    torch.save(load_file(weights), tmp_path / BGE / "pytorch_model.bin")
    expected = opened(data, BGE).embed(TEXTS)
    weights.unlink()
    assert np.allclose(opened(data, tmp_path / BGE).embed(TEXTS), expected, atol=1e-5)


# --- fingerprint ------------------------------------------------------------------------------------------------


def test_the_fingerprint_follows_the_model_not_the_place(data, embedders, tmp_path):
    shutil.copytree(data / "models" / BGE, tmp_path / BGE)
    assert opened(data, tmp_path / BGE).fingerprint == embedders[BGE].fingerprint == opened(data, BGE).fingerprint


@pytest.mark.parametrize("change", ["weights", "pooling", "tokenizer", "prompt", "query prompt", "document prompt", "length"])
def test_the_fingerprint_changes_with_whatever_changes_the_vectors(data, embedders, tmp_path, change):
    folder, embedding = tmp_path / BGE, {}
    shutil.copytree(data / "models" / BGE, folder)
    if change == "weights":
        with_modules(site_models.bert(tmp_path / "other", seed=9), tmp_path / "made", "cls")
        shutil.copy(tmp_path / "made" / "model.safetensors", folder)
    elif change == "pooling":
        change_json(folder / "1_Pooling" / "config.json", pooling_mode="mean")
    elif change == "tokenizer":
        change_json(folder / "tokenizer.json", added_tokens=[])
    elif change == "prompt":
        change_json(folder / "config_sentence_transformers.json", prompts={"query": "问：", "document": ""})
    elif change == "length":
        change_json(folder / "tokenizer_config.json", model_max_length=64)
    else:
        embedding = {change.replace(" ", "_"): "问："}
    assert opened(data, folder, **embedding).fingerprint != embedders[BGE].fingerprint


def test_weights_the_model_does_not_need_may_be_missing_and_change_nothing(data, tmp_path):
    """The library fills a missing pooler with other random numbers at every start."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(data / "models" / BGE, tmp_path / BGE)
    weights = tmp_path / BGE / "model.safetensors"
    save_file({name: value for name, value in load_file(weights).items() if "pooler" not in name}, weights, {"format": "pt"})
    first, second = opened(data, tmp_path / BGE), opened(data, tmp_path / BGE)
    assert first.fingerprint == second.fingerprint and np.allclose(first.embed(TEXTS), second.embed(TEXTS))


# --- what goes wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["no-such/model", "没有这个模型", "BAAI/bge-m3", "/no/such/folder"])
def test_a_wrong_name_is_a_quick_error_that_says_what_to_do(data, name):
    started = time.monotonic()
    with pytest.raises(ModelError, match=f"没有模型 {name}.*shegong model fetch {name}"):
        opened(data, name)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "缺少权重文件"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"rubbish" * 100), "model.safetensors 不完整或已损坏"),
        (lambda folder: shorten(folder / "model.safetensors"), "model.safetensors 不完整或已损坏"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json 不完整或已损坏"),
        (lambda folder: (folder / "modules.json").write_text("{}"), "modules.json 的内容不对"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "文件不完整、已损坏或不受支持"),
        (lambda folder: shutil.rmtree(folder / "1_Pooling"), "文件不完整、已损坏或不受支持"),
        (lambda folder: change_json(folder / "config.json", hidden_size=64), "文件不完整、已损坏或不受支持"),
        (lambda folder: change_json(folder / "config.json", num_hidden_layers=3), "不是同一个模型的.*layer.2"),
        (lambda folder: change_json(folder / "config.json", architectures=["X"], model_type="x"), "不受支持"),
        (lambda folder: (folder / "unfinished.part").touch(), "还没有下载完"),
        (lambda folder: fill(folder / "model.safetensors", float("nan")), "算出的向量无效"),
        (lambda folder: [path.unlink() for path in folder.glob("*.json")], "不是模型文件夹"),
    ],
)
def test_a_damaged_model_says_what_is_wrong_with_it(data, tmp_path, damage, says):
    shutil.copytree(data / "models" / BGE, tmp_path / BGE)
    damage(tmp_path / BGE)
    with pytest.raises(ModelError, match=f"{BGE}.*{says}.*shegong model fetch|{says}"):
        opened(data, tmp_path / BGE)


def shorten(path):
    path.write_bytes(path.read_bytes()[:-100])


def fill(path, number):
    import torch
    from safetensors.torch import load_file, save_file

    save_file({name: torch.full_like(value, number) for name, value in load_file(path).items()}, path, {"format": "pt"})


def test_a_model_that_brings_its_own_code_is_not_run(data, tmp_path):
    shutil.copytree(data / "bert", tmp_path / "gte")
    change_json(tmp_path / "gte" / "config.json", model_type="new", auto_map={"AutoModel": "modeling.NewModel"})
    (tmp_path / "gte" / "modeling.py").write_text("raise SystemExit('this code was run')")
    with pytest.raises(ModelError, match=r"自带的程序代码.*为了安全不予支持"):
        opened(data, tmp_path / "gte")


@pytest.mark.parametrize(
    ("architecture", "kind"),
    [("BertForSequenceClassification", "重排模型"), ("Qwen3ForCausalLM", "其他模型"), ("BertForMaskedLM", "其他模型")],
)
def test_a_model_of_another_kind_is_not_taken_for_an_embedding(data, tmp_path, architecture, kind):
    shutil.copytree(data / "bert", tmp_path / "model")
    change_json(tmp_path / "model" / "config.json", architectures=[architecture])
    with pytest.raises(ModelError, match=rf"是{kind}（{architecture}），不能当作向量模型用"):
        opened(data, tmp_path / "model")


# --- in the knowledge base --------------------------------------------------------------------------------------


def test_search_through_a_site_s_model_and_a_changed_prompt_asks_for_a_reindex(data, tmp_path):
    def knowledge_base(**embedding):
        folder = tmp_path / "data"
        found = KnowledgeBase.open(Settings(data_folder=folder, embedding={"model": str(data / "models" / BGE), **embedding}))
        return found

    first = knowledge_base()
    publish(first, entry("办法", *TEXTS[:3]))
    hit = first.search(TEXTS[2], Asker()).hits[0]
    assert hit.passage.text.strip() == TEXTS[2] and "vector" in hit.found_by
    changed = knowledge_base(document_prompt="文：")
    with pytest.raises(IndexOutdated, match="shegong reindex"):
        changed.search(TEXTS[2], Asker())
    shown = []
    changed.reindex(lambda done, total: shown.append((done, total)))
    assert shown[-1] == (3, 3) and changed.search(TEXTS[2], Asker()).hits
    for each in (first, changed):
        each.close()
