"""What is put before a text: the settings' word, else the model's own, else what its family was trained with."""

import pytest

from kb.model_families import UNKNOWN, Prompts, family_of, prompts_for
from kb.settings import EmbeddingSettings

BGE = Prompts("为这个句子生成表示以用于检索相关文章：")


@pytest.mark.parametrize(
    ("name", "query", "document", "pooling"),
    [
        ("bge-small-zh-v1.5", "为这个句子", "", "cls"),
        ("bge-large-zh", "为这个句子", "", "cls"),
        ("bge-large-zh-noinstruct", "", "", "cls"),
        ("bge-m3", "", "", "cls"),
        ("Qwen3-Embedding-0.6B", "Instruct: ", "", "lasttoken"),
        ("multilingual-e5-small", "query: ", "passage: ", "mean"),
        ("multilingual-e5-large-instruct", "Instruct: ", "", "mean"),
        ("gte-large-zh", "", "", "cls"),
        ("text2vec-base-chinese", "", "", "mean"),
    ],
)
def test_a_family_is_known_by_name(name, query, document, pooling):
    family = family_of(name)
    assert family.prompts.query.startswith(query) and bool(family.prompts.query) == bool(query)
    assert (family.prompts.document, family.pooling) == (document, pooling)


def test_the_name_in_the_model_s_files_counts_where_the_folder_s_tells_nothing():
    assert family_of("model", "BAAI/bge-small-zh-v1.5") is family_of("bge-small-zh-v1.5")
    assert family_of("model", "") is UNKNOWN


@pytest.mark.parametrize(
    ("own", "default", "expected"),
    [
        ({"query": "", "document": ""}, "", BGE),
        ({"query": "问：", "document": ""}, "", Prompts("问：", "")),
        ({"query": "问：", "passage": "文："}, "", Prompts("问：", "文：")),
        ({"search": "找：", "query": "", "document": ""}, "找：", Prompts("找：", "找：")),
        ({"other": "别的："}, "", Prompts("", "")),
    ],
)
def test_a_model_with_prompts_of_its_own_knows_better_than_the_table(own, default, expected):
    assert prompts_for(EmbeddingSettings(), own, default, family_of("bge-small-zh-v1.5")) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"query_prompt": "甲"}, Prompts("甲", "文：")),
        ({"document_prompt": "乙"}, Prompts("问：", "乙")),
        ({"query_prompt": "", "document_prompt": ""}, Prompts("", "")),
    ],
)
def test_the_settings_have_the_last_word(settings, expected):
    assert prompts_for(EmbeddingSettings(**settings), {"query": "问：", "document": "文："}, "", UNKNOWN) == expected
