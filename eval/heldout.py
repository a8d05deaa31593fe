"""A second embedding model, trained like the built-in one but without part of the questions, so that it can be measured.

The built-in model is trained on nearly all judged and spoken questions and remembers them: measured on those, vector search
looks perfect. What this one does on the questions kept from it is what the built-in model can be expected to do on questions
that nobody has asked yet, or a little less.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.errors import NoHeldOutModel
from eval.judgments import JudgedQuestion, read_set
from eval.training import embedder
from eval.training.pairs import PAIR_FILES, Pair, PairFile, training_pairs
from eval.training.reference_texts import reference_texts
from eval.training.spoken import Kept, held_out
from kb.embedder import StaticEmbedder
from kb.places import bare

FOLDER = "heldout-model"


def model(cache: Path) -> StaticEmbedder:
    """The model that `train` has saved. Raises NoHeldOutModel."""
    folder = cache / FOLDER
    if not folder.exists():
        raise NoHeldOutModel
    return StaticEmbedder(folder)


def train(shared: Path, cache: Path, *, epochs: int) -> None:
    """Train and save the model. Raises SharedMissing."""
    embedder.fit(pairs(shared), cache / FOLDER, epochs=epochs)


def pairs(shared: Path, files: Sequence[PairFile] = PAIR_FILES) -> list[Pair]:
    """The training pairs without any question that is kept back. Raises SharedMissing."""
    kept_back = {bare(each.text) for each in read_set("stard", shared).questions if held_out(each.id)}
    with reference_texts(shared) as texts:
        return training_pairs(
            shared,
            texts,
            spoken=lambda question: question.kept is Kept.TRAINING,
            other=lambda question: bare(question) not in kept_back,
            files=files,
        )


def unseen(questions: Sequence[JudgedQuestion], untrained: Sequence[JudgedQuestion]) -> tuple[JudgedQuestion, ...]:
    """Those of `questions` that the model has not seen: kept back here, or in no training pair at all."""
    new = {question.id for question in untrained}
    return tuple(question for question in questions if question.id in new or held_out(question.id))
