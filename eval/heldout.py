"""A second embedding model, trained like the built-in one but without part of the questions, so that it can be measured.

The built-in model is trained on nearly all judged and spoken questions and remembers them: measured on those, vector search
looks perfect. This one leaves out half of the questions of STARD and all spoken questions about half of the files. What it
does on them is what the built-in model can be expected to do on questions that nobody has asked yet, or a little less.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from eval import train_embedder
from eval.errors import NoHeldOutModel
from eval.judgments import JudgedQuestion, bare, read_lay_questions, read_set
from kb.chinese import normalize
from kb.embedder import StaticEmbedder

FOLDER = "heldout-model"


def held_out(name: str) -> bool:
    """Whether the question with this id, or questions about this file, were kept from the model."""
    return bool(hashlib.sha256(name.encode()).digest()[1] % 2)


def model(cache: Path) -> StaticEmbedder:
    """The model that `train` has saved. Raises NoHeldOutModel."""
    folder = cache / FOLDER
    if not folder.exists():
        raise NoHeldOutModel
    return StaticEmbedder(folder)


def train(shared: Path, cache: Path, *, epochs: int) -> None:
    """Train and save the model. Raises SharedMissing."""
    pairs = training_pairs(shared)
    tokenizer = train_embedder.make_tokenizer({normalize(text) for pair in pairs for text in pair})
    weights = train_embedder.train(pairs, tokenizer, epochs=epochs)
    train_embedder.save(cache / FOLDER, tokenizer, weights)


def training_pairs(shared: Path) -> list[tuple[str, str]]:
    """The built-in model's training pairs without those whose question is kept back."""
    kept_back = {bare(each.text) for each in read_set("stard", shared).questions if held_out(each.id)}
    kept_back |= {bare(each.text) for each in read_lay_questions(shared) if held_out(each.file)}
    return [pair for pair in train_embedder.training_pairs(shared) if bare(pair[0]) not in kept_back]


def unseen(questions: Sequence[JudgedQuestion], untrained: Sequence[JudgedQuestion]) -> tuple[JudgedQuestion, ...]:
    """Those of `questions` that the model has not seen: kept back here, or in no training pair at all."""
    new = {question.id for question in untrained}
    return tuple(question for question in questions if question.id in new or held_out(question.id))
