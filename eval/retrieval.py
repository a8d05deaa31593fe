"""`python -m eval retrieval`: keyword search, vector search and both together, side by side, and for cases
similarity to the whole case; all through the product's code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval import metrics
from eval.bench_index import BenchIndex
from eval.comparison import Difference, pair
from eval.judgments import JudgedQuestion
from eval.runs import Column, Values
from kb.retrieval import CANDIDATES, Retriever
from kb.vector_index import Keys, Mask

WAYS: Mapping[str, str] = {"keyword": "关键词", "vector": "向量", "fused": "融合", "hybrid": "融合并排序", "similar": "相似案例"}
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
    """The ways of searching on the same questions."""

    values: Values

    def differences(self, before: str, after: str) -> list[Difference]:
        """One way against another, measure by measure."""
        return pair(self.values, before, self.values, after).differences()

    def numbers(self) -> dict[str, dict[str, float]]:
        """Means by way and measure and the p-values of hybrid against keyword, rounded, as kept and shown."""
        means = {way: {m: round(_mean(c), 4) for m, c in columns.items()} for way, columns in self.values.measures.items()}
        return means | {"p": {each.measure: round(each.p, 4) for each in self.differences("keyword", "hybrid")}}


def compare(
    index: BenchIndex, name: str, questions: Sequence[JudgedQuestion], *, progress: Callable[[int], None] = lambda done: None
) -> Comparison:
    """Search every question in every way; `name` is the set, which decides what is measured and ranked.

    Cases are searched by similarity as well; laws are not.
    """
    found: dict[str, list[list[str]]] = {way: [] for way in WAYS if way != "similar" or name == "lecard"}
    for done, question in enumerate(questions, 1):
        ways = rankings(index, question, judged_only=name == "lecard")
        if name == "lecard":
            ways["similar"] = similar_cases(index, question)
        for way, ranking in ways.items():
            found[way].append(ranking)
        progress(done)
    return Comparison(judged_values(found, questions, MEASURES[name]))


def judged_values(
    found: Mapping[str, Sequence[metrics.Ranking]], questions: Sequence[JudgedQuestion], measures: Mapping[str, Measure]
) -> Values:
    """Every measure and the ranks of the right texts, for the rankings `found[way][question]`."""
    grades = [question.grades for question in questions]
    return Values(
        [question.id for question in questions],
        {way: {name: list(map(measure, lists, grades)) for name, measure in measures.items()} for way, lists in found.items()},
        {way: list(map(_ranks, lists, grades)) for way, lists in found.items()},
        CANDIDATES,
        {"relevant": [sum(grade > 0 for grade in each.values()) for each in grades]},
    )


def _ranks(ranking: metrics.Ranking, grades: metrics.Grades) -> list[int]:
    """The ranks of the right texts among the first CANDIDATES; hybrid lists may be longer than the others."""
    return [rank for rank, name in enumerate(ranking[:CANDIDATES], 1) if grades.get(name, 0) > 0]


def _mean(column: Column) -> float:
    return metrics.mean([value for value in column if value is not None])


def rankings(index: BenchIndex, question: JudgedQuestion, *, judged_only: bool = False) -> dict[str, list[str]]:
    """The ids of the judged texts found for a question, best first, by way.

    With `judged_only` the question's own labelled candidates are ranked and nothing else. A text of several passages
    stands where its best passage does.
    """
    retriever: Retriever = index.retriever
    masks = [_only(index, question.grades) if judged_only else everything]
    limit = _EVERY_CANDIDATE if judged_only else CANDIDATES
    query = retriever.query(question.text)
    fused, ranked = index.ranked(query, masks, limit)
    found = {
        "keyword": (key for key, _ in retriever.keyword(query, masks, limit)[0]),
        "vector": (key for key, _ in retriever.vector(query, masks, limit)[0]),
        "fused": (each.key for each in fused),
        "hybrid": (each.key for each in ranked),
    }
    return {way: texts(index, keys) for way, keys in found.items()}


def similar_cases(index: BenchIndex, question: JudgedQuestion) -> list[str]:
    """The question's labelled cases, those most like it first."""
    total = index.cases.likeness(question.text).total
    ordered = (index.documents[index.cases.ids[at]].source for at in np.argsort(-total, kind="stable"))
    return [name for name in ordered if name in question.grades]


def hybrid_rankings(index: BenchIndex, questions: Sequence[JudgedQuestion]) -> Iterator[tuple[metrics.Ranking, metrics.Grades]]:
    """What a user would get for each question, with the question's grades."""
    for question in questions:
        _, ranked = index.ranked(index.retriever.query(question.text), [everything])
        yield texts(index, (each.key for each in ranked)), question.grades


def texts(index: BenchIndex, keys: Iterable[int]) -> list[str]:
    """The ids of the texts to which passages belong, each once, in order."""
    return list(dict.fromkeys(index.text_of[key] for key in keys))


def everything(keys: Keys) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The mask that lets every passage through."""
    return np.ones(len(keys), dtype=bool)


def _only(index: BenchIndex, wanted: Mapping[str, int]) -> Mask:
    allowed = np.fromiter((key for key, name in index.text_of.items() if name in wanted), dtype=np.int64)
    return lambda keys: np.isin(keys, allowed)
