"""Fit the learned ranking: `python -m eval train-ranking`.

LambdaMART (Burges, MSR-TR-2010-82) as LightGBM has it, over the product's own features of the product's own candidates.
They are computed with the held-out embedding model on questions that it has not seen: with the built-in one, which
remembers its training questions, the ranking would learn to trust the vector alone.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant import starter
from eval import answers, lay
from eval.bench_index import BenchIndex, open_index
from eval.heldout import unseen
from eval.judgments import JudgedQuestion, part, read_set, untrained
from eval.retrieval import everything
from eval.training.reference_texts import reference_texts
from eval.training.spoken import Kept, SpokenQuestion, read_spoken
from kb.embedder import Matrix, StaticEmbedder
from kb.features import FEATURES, Candidate, features
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker
from kb.places import bare
from kb.query import Query
from kb.ranking import TREES_FILE, Trees, kept_trees, read_trees
from kb.validity import canonical_title
from kb.writer import embedding_text

_ROUNDS = 300
_SPOKEN = 1200  # questions of each kind: more bring nothing but time
_PARAMETERS = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 10,
    "num_leaves": 7,
    "learning_rate": 0.05,
    "min_data_in_leaf": 50,
    "lambda_l2": 5.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True)
class Example:
    """A question's candidates: `rows` of features, whether each is `right`, and the `texts` that are embedded for them.

    `group` is the set the question comes from.
    """

    group: str
    question: str
    rows: Matrix
    right: npt.NDArray[np.bool_]
    test: bool
    texts: tuple[str, ...] = ()

    def rank(self, scores: npt.NDArray[np.floating[Any]]) -> int:
        """Rank of the first right candidate by `scores`, 0 where there is none."""
        places = np.flatnonzero(self.right[np.argsort(-scores, kind="stable")])
        return int(places[0]) + 1 if len(places) else 0


def run(shared: Path, cache: Path, embedder: StaticEmbedder, file: Path = TREES_FILE) -> list[Example]:
    """Fit the ranking on the training half of the examples and keep it in `file`. Returns all examples."""
    examples = collect(shared, cache, embedder)
    keep(fit([each for each in examples if not each.test]), file)
    return examples


def fit(examples: Sequence[Example], columns: Sequence[int] = tuple(range(len(FEATURES))), *, threads: int = 2, seed: int = 1) -> Any:
    """A LightGBM model of some columns of the features."""
    import lightgbm

    useful = [each for each in examples if each.right.any()]
    rows = np.concatenate([each.rows[:, columns] for each in useful])
    data = lightgbm.Dataset(rows, np.concatenate([each.right for each in useful]), group=[len(e.rows) for e in useful])
    return lightgbm.train({**_PARAMETERS, "seed": seed, "num_threads": threads}, data, num_boost_round=_ROUNDS)


def keep(model: Any, file: Path) -> Trees:
    """Write the trees of a LightGBM model the way `kb.ranking` reads them."""
    kept = {"features": FEATURES, "trees": kept_trees(model.dump_model())}
    file.write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8")
    return read_trees(file)


def collect(shared: Path, cache: Path, embedder: StaticEmbedder) -> list[Example]:
    """Examples of questions that `embedder`, the held-out model, has not seen."""
    with laws_and_starter(shared, embedder) as knowledge_base:
        examples = [*_spoken(knowledge_base, shared, embedder), *_judged(knowledge_base, embedder)]
    stard = read_set("stard", shared)
    index = open_index(stard, embedder, cache)
    asked = unseen(stard.questions, untrained(stard.questions, shared))
    tested = {question.id for question in part(asked, "test")}
    return [*examples, *(_of_stard(index, embedder, question, question.id in tested) for question in asked)]


@contextmanager
def laws_and_starter(shared: Path, embedder: StaticEmbedder) -> Iterator[KnowledgeBase]:
    """A station's knowledge base: the laws and the starter corpus."""
    with lay.laws_taken_in(shared / "corpus" / "laws", embedder) as knowledge_base:
        starter.load(knowledge_base)
        yield knowledge_base


def _spoken(knowledge_base: KnowledgeBase, shared: Path, embedder: StaticEmbedder) -> Iterator[Example]:
    titles = {canonical_title(each.facts.title) for each in knowledge_base.summaries()}
    with reference_texts(shared) as texts:
        questions = [each for each in read_spoken(shared, texts) if canonical_title(each.title) in titles]
    random.Random(0).shuffle(questions)
    for kept in (Kept.NEW_QUESTION, Kept.NEW_TEXT):
        for question in [each for each in questions if each.kept is kept][:_SPOKEN]:
            query, found = knowledge_base.candidates(question.text, Asker())
            right = (is_right(each, question) for each in found)
            # texts are halved, not questions: a ranking must not know a text it is tested on
            split = question.title if kept is Kept.NEW_TEXT else question.text
            yield _example(str(kept), query, found, right, embedder, answers.half(split) == "test")


def is_right(candidate: Candidate, question: SpokenQuestion) -> bool:
    """Whether a candidate is the place that a spoken question names, or a digest sentence that names it."""
    wanted = canonical_title(question.title)
    if question.article:
        return answers.answers_with(candidate.document, candidate.passage, ((wanted, question.article),))
    same = canonical_title(candidate.document.facts.title) == wanted
    return same and bare(question.phrase) in bare(candidate.passage.text)


def _judged(knowledge_base: KnowledgeBase, embedder: StaticEmbedder) -> Iterator[Example]:
    for question in answers.read_questions():
        if question.kind != "none":
            query, found = knowledge_base.candidates(question.text, Asker())
            right = (answers.answers_with(each.document, each.passage, question.answers) for each in found)
            yield _example("judged", query, found, right, embedder, answers.half(question.id) == "test")


def _of_stard(index: BenchIndex, embedder: StaticEmbedder, question: JudgedQuestion, test: bool) -> Example:
    query = index.retriever.query(question.text)
    found = index.candidates(index.retriever.hybrid(query, [everything])[0])
    right = (question.grades.get(index.text_of[each.fused.key], 0) > 0 for each in found)
    return _example("stard", query, found, right, embedder, test)


def _example(
    group: str, query: Query, found: Sequence[Candidate], right: Iterable[bool], embedder: StaticEmbedder, test: bool
) -> Example:
    labels = np.fromiter(right, dtype=bool, count=len(found))
    texts = tuple(embedding_text(each.document.title, each.passage) for each in found)
    return Example(group, query.text, features(query, found, embedder), labels, test, texts)
