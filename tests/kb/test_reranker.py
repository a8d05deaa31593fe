"""Reading question and passage together: cross-encoders as bge-reranker and Qwen3-Reranker are built, and their order in a search."""

import re
import threading

import numpy as np
import pytest

from kb.errors import ModelError
from kb.fusion import Fused, reordered
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker
from kb.reranker import reranker_for
from kb.settings import Settings
from tests.conftest import invented_laws
from tests.fakes import publish
from tests.kb import site_models
from tests.kb.site_models import change_json

QUESTION = "低保申请多久能批下来"
PASSAGES = ["特困人员由县级民政部门认定", "放河灯应当避开航道", "低", "护林员补贴按季发放。" * 100]
BGE, BGE_M3, QWEN = "BAAI/bge-reranker-base", "BAAI/bge-reranker-v2-m3", "Qwen/Qwen3-Reranker-0.6B"

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")  # of transformers and torch


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    site_models.classifier(data / "models" / BGE, "Bert")
    site_models.classifier(data / "models" / BGE_M3, "XLMRoberta")
    site_models.qwen3_reranker(data / "models" / QWEN)
    return data


@pytest.fixture(scope="module")
def rerankers(data):
    return {name: reranker(data, name) for name in (BGE, BGE_M3, QWEN)}


def reranker(data, name):
    return reranker_for(Settings(data_folder=data, reranking={"model": str(name)}))


# --- scores -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [BGE, BGE_M3, QWEN])
def test_every_passage_gets_a_number_of_its_own(rerankers, name):
    scores = rerankers[name].scores(QUESTION, PASSAGES)
    assert scores.shape == (len(PASSAGES),) and scores.dtype == np.float32
    assert len(set(scores.tolist())) == len(PASSAGES)
    assert rerankers[name].scores(QUESTION, []).shape == (0,)


@pytest.mark.parametrize("name", [BGE, BGE_M3, QWEN])
def test_a_passage_has_the_same_number_alone_and_among_others(rerankers, name):
    together = rerankers[name].scores(QUESTION, PASSAGES * 6)
    alone = [float(rerankers[name].scores(QUESTION, [passage])[0]) for passage in PASSAGES]
    assert together == pytest.approx(alone * 6, abs=1e-3)


@pytest.mark.parametrize("name", [BGE, BGE_M3])
def test_the_number_is_the_classifier_s_own(data, rerankers, name):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = data / "models" / name
    pair = AutoTokenizer.from_pretrained(folder)(QUESTION, PASSAGES[0], return_tensors="pt")
    with torch.inference_mode():
        expected = AutoModelForSequenceClassification.from_pretrained(folder).eval()(**pair).logits[0, 0]
    assert rerankers[name].scores(QUESTION, PASSAGES[:1])[0] == pytest.approx(float(expected), abs=1e-4)


def test_qwen3_reranker_is_asked_in_the_form_it_was_trained_on(data, rerankers):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = data / "models" / QWEN
    text = (
        "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct "
        'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
        "<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n"
        f"<Query>: {QUESTION}\n<Document>: {PASSAGES[0]}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    )
    tokens = AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        logits = AutoModelForCausalLM.from_pretrained(folder).eval()(**tokens(text, return_tensors="pt")).logits[0, -1]
    yes, no = (float(logits[tokens.convert_tokens_to_ids(word)]) for word in ("yes", "no"))
    assert rerankers[QWEN].scores(QUESTION, PASSAGES[:1])[0] == pytest.approx(yes - no, abs=1e-3)


def test_threads_share_a_reranker(data):
    shared, found = reranker(data, BGE), []
    threads = [threading.Thread(target=lambda: found.append(shared.scores(QUESTION, PASSAGES))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and all(np.allclose(scores, found[0], atol=1e-4) for scores in found)


# --- what goes wrong --------------------------------------------------------------------------------------------


def test_without_a_model_in_the_settings_nothing_is_read_again():
    assert reranker_for(Settings()) is None


def test_a_missing_model_says_how_to_fetch_it(data):
    with pytest.raises(ModelError, match=r"没有模型 BAAI/bge-reranker-large.*shegong model fetch"):
        reranker(data, "BAAI/bge-reranker-large")


@pytest.mark.parametrize(
    ("architecture", "says"),
    [("BertModel", "是向量模型（BertModel），不能当作重排模型用"), ("Qwen3ForCausalLM", "是其他模型")],
)
def test_a_model_of_another_kind_is_not_taken_for_a_reranker(data, tmp_path, architecture, says):
    site_models.bert(tmp_path / "some-model")
    change_json(tmp_path / "some-model" / "config.json", architectures=[architecture])
    with pytest.raises(ModelError, match=re.escape(says)):
        reranker(data, tmp_path / "some-model")


def test_a_classifier_of_several_labels_is_not_a_reranker(tmp_path, data):
    site_models.classifier(tmp_path / "sentiment", "Bert", labels=3)
    with pytest.raises(ModelError, match="分成 3 类"):
        reranker(data, tmp_path / "sentiment").scores(QUESTION, PASSAGES)


def test_damaged_weights_are_told_before_the_first_question(data, tmp_path):
    folder = site_models.classifier(tmp_path / "model", "Bert")
    (folder / "model.safetensors").write_bytes(b"rubbish" * 20)
    with pytest.raises(ModelError, match="不完整或已损坏"):
        reranker(data, folder)


# --- the order of a search --------------------------------------------------------------------------------------


def fused(*scores):
    return [Fused(key, score, {"keyword": score}) for key, score in enumerate(scores)]


def test_the_order_follows_the_scores_and_the_fused_scores_are_shared_out_again():
    found = reordered(fused(0.9, 0.5, 0.1), np.array([-3.0, 2.0, 7.0], dtype=np.float32), "reranker")
    assert [each.key for each in found] == [2, 1, 0]
    assert [each.score for each in found] == [0.9, 0.5, 0.1]
    assert found[0].found_by == {"keyword": 0.1, "reranker": 7.0}


def test_equal_scores_leave_the_order_alone():
    assert [each.key for each in reordered(fused(0.9, 0.5, 0.1), np.zeros(3, dtype=np.float32), "reranker")] == [0, 1, 2]


class LastFirst:
    """Prefers what was found last, and remembers what it read."""

    def __init__(self):
        self.read = []

    def scores(self, question, passages):
        self.read.append((question, list(passages)))
        return np.arange(len(passages), dtype=np.float32)


@pytest.fixture
def backwards(laws):
    reader = LastFirst()
    knowledge_base = KnowledgeBase(laws._folder, laws._embedder, reranker=reader, rerank_depth=4)
    yield knowledge_base, reader
    knowledge_base.close()


def test_the_best_few_are_read_again_before_the_list_is_cut(laws, backwards):
    knowledge_base, reader = backwards
    plain = laws.search("取暖补助向谁申请", Asker(), 10).hits
    for limit in (2, 10):
        found = knowledge_base.search("取暖补助向谁申请", Asker(), limit).hits
        expected = [*reversed(plain[:4]), *plain[4:]][:limit]
        assert [hit.passage.id for hit in found] == [hit.passage.id for hit in expected]
        assert [hit.score for hit in found] == [hit.score for hit in plain[:limit]]
        assert [("reranker" in hit.found_by) for hit in found] == [at < 4 for at in range(len(found))]
    question, passages = reader.read[0]
    assert question == "取暖补助向谁申请" and len(passages) == 4
    assert passages[0].startswith(plain[0].document.title) and plain[0].passage.text in passages[0]


def test_a_search_that_finds_nothing_reads_nothing(backwards):
    knowledge_base, reader = backwards
    assert knowledge_base.search("取暖", Asker(kinds=frozenset({"faq"}))).hits == ()
    assert all(not passages for _, passages in reader.read)


def test_a_search_with_a_site_s_own_reranker(data, laws, tmp_path):
    settings = Settings(data_folder=tmp_path, reranking={"model": str(data / "models" / BGE), "depth": 5})
    knowledge_base = KnowledgeBase.open(settings)
    publish(knowledge_base, *invented_laws())
    hits = knowledge_base.search("取暖补助向谁申请", Asker()).hits
    knowledge_base.close()
    read = [hit.found_by["reranker"] for hit in hits if "reranker" in hit.found_by]
    assert len(read) == 5 and read == sorted(read, reverse=True)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
