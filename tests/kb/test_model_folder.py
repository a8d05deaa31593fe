"""A model's folder without loading it: its kind, its length, where it is looked for."""

import json

import pytest

from kb.errors import ModelError
from kb.model_folder import ModelFolder, find_model, models_in


def folder(path, name="some/model", **files):
    """A folder with JSON files; `modules` becomes modules.json."""
    path.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (path / f"{file}.json").write_text(json.dumps(content), encoding="utf-8")
    return ModelFolder(name, path)


TRANSFORMER = {"type": "sentence_transformers.models.Transformer", "path": ""}
POOLING = {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}
LOGIT_SCORE = {"type": "sentence_transformers.cross_encoder.modules.logit_score.LogitScore", "path": "1_LogitScore"}


@pytest.mark.parametrize(
    ("name", "architecture", "modules", "wrapper", "kind"),
    [
        ("BAAI/bge-small-zh-v1.5", "BertModel", [TRANSFORMER, POOLING], None, "embedding"),
        ("Qwen/Qwen3-Embedding-0.6B", "Qwen3ForCausalLM", [TRANSFORMER, POOLING], "SentenceTransformer", "embedding"),
        ("Qwen/Qwen3-Embedding-0.6B", "Qwen3ForCausalLM", None, None, "embedding"),
        ("some/plain", "XLMRobertaModel", None, None, "embedding"),
        ("BAAI/bge-reranker-base", "XLMRobertaForSequenceClassification", None, None, "reranker"),
        ("some/reranker", "BertForSequenceClassification", [TRANSFORMER], "CrossEncoder", "reranker"),
        ("Qwen/Qwen3-Reranker-0.6B", "Qwen3ForCausalLM", None, None, "reranker"),
        ("some/model", "Qwen3ForCausalLM", [TRANSFORMER, LOGIT_SCORE], "CrossEncoder", "reranker"),
        ("Qwen/Qwen3-8B", "Qwen3ForCausalLM", None, None, "other"),
        ("google-bert/bert-base-chinese", "BertForMaskedLM", None, None, "other"),
        ("some/sparse", "BertForMaskedLM", [TRANSFORMER], "SparseEncoder", "other"),
    ],
)
def test_the_kind_of_a_model_is_read_from_its_files(tmp_path, name, architecture, modules, wrapper, kind):
    files = {"config": {"architectures": [architecture]}}
    if modules:
        files["modules"] = modules
    if wrapper:
        files["config_sentence_transformers"] = {"model_type": wrapper}
    assert folder(tmp_path, name, **files).kind == kind


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        ({"max_position_embeddings": 512, "model_type": "bert", "pad_token_id": 0}, 512),
        ({"max_position_embeddings": 514, "model_type": "xlm-roberta", "pad_token_id": 1}, 512),
        ({"model_type": "x"}, 0),
    ],
)
def test_a_model_takes_as_many_tokens_as_it_has_places(tmp_path, config, tokens):
    assert folder(tmp_path, config=config).longest == tokens


def test_a_model_is_a_folder_or_was_fetched_or_lies_in_the_hub_s_cache(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    cached = tmp_path / "cache" / "models--some--cached"
    folder(cached / "snapshots" / "abc", config={"architectures": ["BertModel"]})
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("abc")
    folder(tmp_path / "models" / "some" / "fetched")
    folder(tmp_path / "here")
    assert find_model("here", tmp_path / "models").path.resolve() == tmp_path / "here"
    assert find_model(str(tmp_path / "here"), tmp_path / "models").path == tmp_path / "here"
    assert find_model("some/fetched", tmp_path / "models").path == tmp_path / "models" / "some" / "fetched"
    assert find_model("some/cached", tmp_path / "models").architecture == "BertModel"
    with pytest.raises(ModelError, match="没有模型 some/other"):
        find_model("some/other", tmp_path / "models")


def test_only_folders_of_models_are_listed(tmp_path):
    folder(tmp_path / "b" / "y", config={})
    folder(tmp_path / "a" / "x", modules=[])
    folder(tmp_path / "a" / "x" / "1_Pooling", config={})
    (tmp_path / "a" / "notes").mkdir()
    assert [each.name for each in models_in(tmp_path)] == ["a/x", "b/y"]
    assert list(models_in(tmp_path / "nowhere")) == []
