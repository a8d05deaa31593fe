"""Tiny models of the architectures that sites use, with random weights and one token per character, made in moments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CHARACTERS = sorted(set("低保申请多久能批下来特困人员由县级民政部门认定放河灯应当避开航道护林员补贴按季发。，：为这个句子生成表示以用于检索相关文章"))
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "yes", "no"]
VOCABULARY = [*SPECIAL, *CHARACTERS, *map(chr, range(32, 127)), "\n"]
SIZE = 32
QWEN_PROMPT = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"


def tokenizer(single: str, pair: str = "", *, longest: int, **options: Any) -> Any:
    """A tokenizer over characters; `single` and `pair` are templates such as [CLS] $A [SEP]."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    found = Tokenizer(models.WordLevel({word: at for at, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    found.pre_tokenizer = pre_tokenizers.Split(Regex(r"yes|no|\n|."), "isolated")
    names = [word for word in SPECIAL if word in f"{single} {pair}"]
    ids = [(name, VOCABULARY.index(name)) for name in names]
    found.post_processor = processors.TemplateProcessing(single=single, pair=pair or f"{single} $B", special_tokens=ids)
    return PreTrainedTokenizerFast(
        tokenizer_object=found,
        unk_token="[UNK]",
        pad_token="[PAD]",
        additional_special_tokens=[name for name in SPECIAL if name[0] == "<"],
        model_max_length=longest,
        **options,
    )


def sizes(**more: Any) -> dict[str, Any]:
    """The settings that all the tiny models share; weights so large that every token tells in every vector."""
    small = {"hidden_size": SIZE, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    return {"vocab_size": len(VOCABULARY), "pad_token_id": 0, "initializer_range": 0.3, **small, **more}


def save(model: Any, tokens: Any, folder: Path) -> Path:
    """A plain transformer's folder, without any file of sentence-transformers."""
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    return folder


def bert(folder: Path, seed: int = 0) -> Path:
    """The transformer inside bge-*-zh."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(seed)
    model = BertModel(BertConfig(**sizes(max_position_embeddings=128)))
    return save(model, tokenizer("[CLS] $A [SEP]", longest=128), folder)


def xlm_roberta(folder: Path) -> Path:
    """The transformer inside multilingual-e5; its tokenizer promises more tokens than the model has places for."""
    import torch
    from transformers import XLMRobertaConfig, XLMRobertaModel

    torch.manual_seed(1)
    model = XLMRobertaModel(XLMRobertaConfig(**sizes(max_position_embeddings=130, type_vocab_size=1)))
    return save(model, tokenizer("[CLS] $A [SEP]", longest=100_000), folder)


def qwen3_config(**more: Any) -> Any:
    from transformers import Qwen3Config

    heads = {"num_key_value_heads": 1, "head_dim": 16, "max_position_embeddings": 512, "tie_word_embeddings": True}
    return Qwen3Config(**sizes(**heads), **more)


def qwen3(folder: Path) -> Path:
    """The transformer inside Qwen3-Embedding: stored in half precision, padded on the left, closed by its last token."""
    import torch
    from transformers import Qwen3Model

    torch.manual_seed(2)
    model = Qwen3Model(qwen3_config()).to(torch.bfloat16)
    return save(model, tokenizer("$A <|endoftext|>", longest=100_000, padding_side="left"), folder)


def with_modules(transformer: Path, folder: Path, pooling: str, prompts: dict[str, str] | None = None) -> Path:
    """A sentence-transformers folder over `transformer`, with pooling, normalization and prompts."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

    modules = [Transformer(str(transformer)), Pooling(SIZE, pooling), Normalize()]
    SentenceTransformer(modules=modules, device="cpu", prompts=prompts).save(str(folder), create_model_card=False)
    return folder


def as_published(transformer: Path, folder: Path) -> Path:
    """bge-*-zh-v1.5 as it lies on the hubs: the files of an older sentence-transformers, and no prompt in them."""
    from transformers import AutoModel, AutoTokenizer

    save(AutoModel.from_pretrained(transformer), AutoTokenizer.from_pretrained(transformer), folder)
    kinds = {"0": "Transformer", "1": "Pooling", "2": "Normalize"}
    modules = [
        {"idx": int(at), "name": at, "path": "" if kind == "Transformer" else f"{at}_{kind}", "type": f"sentence_transformers.models.{kind}"}
        for at, kind in kinds.items()
    ]
    modes = {"cls_token": True, "mean_tokens": False, "max_tokens": False, "mean_sqrt_len_tokens": False}
    pooling = {"word_embedding_dimension": SIZE, **{f"pooling_mode_{mode}": used for mode, used in modes.items()}}
    (folder / "1_Pooling").mkdir()
    for name, value in {
        "modules.json": modules,
        "1_Pooling/config.json": pooling,
        "sentence_bert_config.json": {"max_seq_length": 100, "do_lower_case": True},
        "config_sentence_transformers.json": {"__version__": {"sentence_transformers": "2.2.2"}},
    }.items():
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    return folder


def classifier(folder: Path, kind: str, labels: int = 1) -> Path:
    """A cross-encoder of `kind` BERT or XLM-RoBERTa, as bge-reranker is one, with so many labels."""
    import torch
    import transformers

    torch.manual_seed(3)
    roberta = kind == "XLMRoberta"
    config = getattr(transformers, f"{kind}Config")(
        **sizes(max_position_embeddings=200, num_labels=labels, type_vocab_size=1 if roberta else 2)
    )
    model = getattr(transformers, f"{kind}ForSequenceClassification")(config)
    second = "" if roberta else ":1"
    return save(model, tokenizer("[CLS] $A [SEP]", f"[CLS] $A [SEP] $B{second} [SEP]{second}", longest=198), folder)


def qwen3_reranker(folder: Path) -> Path:
    """As Qwen3-Reranker is published: a plain causal language model with a chat's form."""
    import torch
    from transformers import Qwen3ForCausalLM

    torch.manual_seed(4)
    tokens = tokenizer("$A", longest=100_000, padding_side="left")
    tokens.chat_template = "{% for message in messages %}{% if message.role == 'user' %}{{ message.content }}{% endif %}{% endfor %}"
    return save(Qwen3ForCausalLM(qwen3_config()), tokens, folder)


def change_json(path: Path, **values: Any) -> None:
    """Set keys of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **values}), encoding="utf-8")
