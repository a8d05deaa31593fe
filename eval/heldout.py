"""A second embedding model, trained like the built-in one but without part of the questions, so that it can be measured.

The built-in model is trained on nearly all judged and spoken questions and remembers them: measured on those, vector search
looks perfect. This one leaves out half of the questions of STARD and all spoken questions about half of the files. What it
does on them is what the built-in model can be expected to do on questions that nobody has asked yet, or a little less.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from eval import train_embedder
from eval.errors import NoHeldOutModel
from eval.judgments import JudgedQuestion, bare, read_set
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
    kept_back = {bare(question.text) for question in read_set("stard", shared).questions if held_out(question.id)}
    pairs = list(_pairs(shared, lambda question: bare(question) not in kept_back))
    tokenizer = train_embedder.make_tokenizer({normalize(text) for pair in pairs for text in pair})
    weights = train_embedder.train(pairs, tokenizer, epochs=epochs)
    train_embedder.save(cache / FOLDER, tokenizer, weights)


def _pairs(shared: Path, allowed: Callable[[str], bool]) -> Iterable[tuple[str, str]]:
    lay = [(question, text) for question, text, file in train_embedder.lay_pairs(shared) if not held_out(file)]
    yield from lay * train_embedder.LAY_REPEAT
    for file in train_embedder.PAIR_FILES:
        read = train_embedder.read_pairs(shared / "pairs" / f"{file.name}.jsonl.xz")
        random.Random(train_embedder.SEED).shuffle(read)
        whole, part = divmod(file.repeat, 1)
        shown = read * int(whole) + read[: int(part * len(read))]
        yield from (pair for pair in shown if allowed(pair[0]))


def unseen(questions: Sequence[JudgedQuestion], untrained: Sequence[JudgedQuestion]) -> tuple[JudgedQuestion, ...]:
    """Those of `questions` that the model has not seen: kept back here, or in no training pair at all."""
    new = {question.id for question in untrained}
    return tuple(question for question in questions if question.id in new or held_out(question.id))
