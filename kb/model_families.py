"""What a site's model wants put before a text, and how its token vectors become one, where its files do not say.

Most models carry both in their own files (`config_sentence_transformers.json`, `1_Pooling`), and then those count. This
table is for the copies without them, after the model cards of the families.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kb.settings import MODEL_S_OWN, EmbeddingSettings

_QWEN_TASK = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
_DOCUMENT_NAMES = ("document", "passage", "corpus")


@dataclass(frozen=True)
class Prompts:
    """What is put before a question and before a passage; empty for nothing."""

    query: str = ""
    document: str = ""


@dataclass(frozen=True)
class Family:
    """Models whose name matches `pattern`; `pooling` is sentence-transformers' name: cls, mean or lasttoken."""

    pattern: str
    prompts: Prompts
    pooling: str


FAMILIES = (
    Family(r"bge-(small|base|large)-zh(?!-noinstruct)", Prompts("为这个句子生成表示以用于检索相关文章："), "cls"),
    Family(r"qwen3-embedding", Prompts(_QWEN_TASK), "lasttoken"),
    Family(r"multilingual-e5-\w+-instruct", Prompts(f"{_QWEN_TASK} "), "mean"),
    Family(r"multilingual-e5", Prompts("query: ", "passage: "), "mean"),
    Family(r"bge-m3|bge-.*-zh-noinstruct|gte-.*-zh|gte-multilingual", Prompts(), "cls"),
)
UNKNOWN = Family("", Prompts(), "mean")


def family_of(*names: str) -> Family:
    """The family that one of the names tells; UNKNOWN (no prompts, mean of the tokens) where none does."""
    told = (family for name in names for family in FAMILIES if re.search(family.pattern, name.lower()))
    return next(told, UNKNOWN)


def prompts_for(settings: EmbeddingSettings, own: Mapping[str, str], default: str, family: Family) -> Prompts:
    """The settings' prompts, else the model's `own` by name (with its `default` one), else those of its family."""
    if any(own.values()):
        document = next((own[name] for name in _DOCUMENT_NAMES if own.get(name)), default)
        usual = Prompts(own.get("query") or default, document)
    else:
        usual = family.prompts
    return Prompts(
        usual.query if settings.query_prompt == MODEL_S_OWN else settings.query_prompt,
        usual.document if settings.document_prompt == MODEL_S_OWN else settings.document_prompt,
    )
