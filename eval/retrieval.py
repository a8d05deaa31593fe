"""`python -m eval retrieval`: keyword search, vector search and both together, side by side, through the product's code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval import metrics
from eval.bench_index import BenchIndex
from eval.judgments import JudgedQuestion
from kb.retrieval import CANDIDATES, Retriever
from kb.vector_index import Keys, Mask

WAYS: Mapping[str, str] = {"keyword": "关键词", "vector": "向量", "hybrid": "混合"}
_EVERY_CANDIDATE = 20_000

Measure = Callable[[metrics.Ranking, metrics.Grades], float]
MEASURES: Mapping[str, Mapping[str, Measure]] = {
    "stard": {
        "recall@10": lambda ranking, grades: metrics.recall(ranking, grades, 10),
        "recall@100": lambda ranking, grades: metrics.recall(ranking, grades, 100),
        "nDCG@10": lambda ranking, grades: metrics.ndcg(ranking, grades, 10),
        "MRR": metrics.reciprocal_rank,
        "success@10": lambda ranking, grades: metrics.success(ranking, grades, 10),
    },
    "lecard": {
        "nDCG@10": lambda ranking, grades: metrics.ndcg(ranking, grades, 10),
        "nDCG@20": lambda ranking, grades: metrics.ndcg(ranking, grades, 20),
        "nDCG@30": lambda ranking, grades: metrics.ndcg(ranking, grades, 30),
    },
}


@dataclass(frozen=True)
class Comparison:
    """One value per question for every way of searching and measure: `values[way][measure][question]`."""

    questions: int
    values: Mapping[str, Mapping[str, Sequence[float]]]

    def mean(self, way: str, measure: str) -> float:
        """Mean over the questions."""
        return float(np.mean(self.values[way][measure])) if self.questions else 0.0

    def p(self, measure: str) -> float:
        """p-value of hybrid against keyword."""
        return metrics.randomization_p(self.values["hybrid"][measure], self.values["keyword"][measure])

    def numbers(self) -> dict[str, dict[str, float]]:
        """Means by way and measure and the p-values, rounded, as kept and shown."""
        measures = list(self.values["hybrid"])
        means = {way: {m: round(self.mean(way, m), 4) for m in measures} for way in self.values}
        return means | {"p": {m: round(self.p(m), 4) for m in measures}}


def compare(
    index: BenchIndex, name: str, questions: Sequence[JudgedQuestion], *, progress: Callable[[int], None] = lambda done: None
) -> Comparison:
    """Search every question in all three ways; `name` is the set, which decides what is measured and ranked."""
    measures = MEASURES[name]
    values: dict[str, dict[str, list[float]]] = {way: {measure: [] for measure in measures} for way in WAYS}
    for done, question in enumerate(questions, 1):
        for way, ranking in rankings(index, question, judged_only=name == "lecard").items():
            for measure, compute in measures.items():
                values[way][measure].append(compute(ranking, question.grades))
        progress(done)
    return Comparison(len(questions), values)


def rankings(index: BenchIndex, question: JudgedQuestion, *, judged_only: bool = False) -> dict[str, list[str]]:
    """The ids of the judged texts found for a question, best first, by way.

    With `judged_only` the question's own labelled candidates are ranked and nothing else. A text of several passages
    stands where its best passage does.
    """
    retriever: Retriever = index.retriever
    masks = [_only(index, question.grades) if judged_only else everything]
    limit = _EVERY_CANDIDATE if judged_only else CANDIDATES
    query = retriever.query(question.text)
    found = {
        "keyword": (key for key, _ in retriever.keyword(query, masks, limit)[0]),
        "vector": (key for key, _ in retriever.vector(query, masks, limit)[0]),
        "hybrid": (each.key for each in retriever.hybrid(query, masks, limit)[0]),
    }
    return {way: texts(index, keys) for way, keys in found.items()}


def hybrid_rankings(index: BenchIndex, questions: Sequence[JudgedQuestion]) -> Iterator[tuple[metrics.Ranking, metrics.Grades]]:
    """What a user would get for each question, with the question's grades."""
    for question in questions:
        found = index.retriever.hybrid(index.retriever.query(question.text), [everything])[0]
        yield texts(index, (each.key for each in found)), question.grades


def texts(index: BenchIndex, keys: Iterable[int]) -> list[str]:
    """The ids of the texts to which passages belong, each once, in order."""
    return list(dict.fromkeys(index.text_of[key] for key in keys))


def everything(keys: Keys) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The mask that lets every passage through."""
    return np.ones(len(keys), dtype=bool)


def _only(index: BenchIndex, wanted: Mapping[str, int]) -> Mask:
    allowed = np.fromiter((key for key, name in index.text_of.items() if name in wanted), dtype=np.int64)
    return lambda keys: np.isin(keys, allowed)
