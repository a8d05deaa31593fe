"""Would a small transformer find more than the static model? `python -m eval compare-encoders`.

Compared on the candidates of unseen questions, so that every way puts the same passages in order: the static vector; an
encoder of questions over static passages, by vector and word by word; an encoder of both sides that puts the static model's
best 50 in order; and the learned ranking with and without the question encoder's scores among its features.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eval.ablation import Score, shares
from eval.training.encoder import Encoder, Ids, Plan, Size, Words, pretrain, train_for_both, train_for_questions
from eval.training.pairs import PAIR_FILES, Pair, PairFile
from eval.training.ranking import Example, fit
from kb.embedder import Matrix
from kb.features import FEATURES

ASKED: tuple[PairFile, ...] = tuple(
    file for file in PAIR_FILES if file.name in ("stard_train_statute", "lecoqa_train_answer", "lawyerllama_q_statute")
)
STATIC, LATE, VECTOR, WORDS, BOTH = "static", "static late", "question encoder", "question encoder late", "both sides"
RANKING = "ranking"
RANKING_CONTROL, RANKING_VECTOR = "ranking + static", "ranking + question encoder"
_SEEDS = (1, 2)  # one fit of the ranking differs from another by about a point
_BEST = 50
_PASSAGES = 147_000  # all laws
_TIMED = 200
_ALL = 1_000_000

Numbers = dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True)
class Encoders:
    """The two trained transformers and the words they read."""

    words: Words
    question: Encoder
    both: Encoder
    steps: Mapping[str, int]


def compare(
    examples: Sequence[Example], pairs: Sequence[Pair], cases: Sequence[str], folder: Path, size: Size, plan: Plan, sample: int
) -> dict[str, Any]:
    """Train both encoders on `pairs` over the static model in `folder` and measure them on examples it has not seen."""
    encoders = trained(pairs, cases, Words(folder), size, plan)
    return {
        "size": asdict(size),
        "plan": asdict(plan),
        "steps": encoders.steps,
        "question_side": question_side(examples, encoders),
        "both_sides": both_sides(examples, encoders, sample),
        "costs": costs(examples, encoders),
    }


def trained(pairs: Sequence[Pair], cases: Sequence[str], words: Words, size: Size, plan: Plan) -> Encoders:
    """Both encoders, trained on one thread; the texts of `cases` are read in pretraining beside the passages."""
    import torch

    torch.set_num_threads(1)
    question, both = Encoder(words.table, size, plan.seed), Encoder(words.table, size, plan.seed)
    steps = {
        "question": train_for_questions(question, words, pairs, plan),
        "pretraining": pretrain(both, words, [*dict.fromkeys(passage for _, passage in pairs), *cases], plan),
        "both": train_for_both(both, words, pairs, plan),
    }
    return Encoders(words, question, both, steps)


def question_side(examples: Sequence[Example], encoders: Encoders) -> Numbers:
    """numbers[group][way][measure] on the test half: the question encoder's orders, and the ranking with its scores."""
    scored = _with_scores(examples, encoders)
    ways: dict[str, Score] = {
        STATIC: _column(0),
        LATE: lambda rows: rows[:, FEATURES.index("late")],
        VECTOR: _column(1),
        WORDS: _column(2),
    }
    known = list(range(len(FEATURES)))
    for name, added in ((RANKING, ()), (RANKING_CONTROL, (0,)), (RANKING_VECTOR, (0, 1, 2))):
        ways[name] = _ranking(scored, known + [len(FEATURES) + at for each in added for at in (each, each + 3)])
    groups = dict.fromkeys(each.group for each in scored)
    tested = {group: [each for each in scored if each.test and each.group == group] for group in groups}
    numbers = {group: shares(of_group, ways, RANKING) for group, of_group in tested.items()}
    for group, of_group in tested.items():  # an order of its own is compared with the static one
        numbers[group] |= shares(of_group, {way: ways[way] for way in (STATIC, LATE, VECTOR, WORDS)}, STATIC)
    return numbers


def both_sides(examples: Sequence[Example], encoders: Encoders, sample: int) -> Numbers:
    """numbers[group][way][measure] for `sample` test questions of each group, the static model's best 50 put in order."""
    groups = dict.fromkeys(each.group for each in examples)
    return {group: _both_sides([e for e in examples if e.test and e.group == group], encoders, sample) for group in groups}


def costs(examples: Sequence[Example], encoders: Encoders) -> dict[str, float]:
    """Speed on one thread and size on disk."""
    some = random.Random(0).sample(list(examples), min(_TIMED, len(examples)))
    questions = [encoders.words.ids([each.question], encoders.question.size.question_words)[0] for each in some]
    passages = list(dict.fromkeys(text for each in some for text in each.texts))[: 2 * _TIMED]
    ids = encoders.words.ids(passages, encoders.both.size.passage_words)
    embedding = [_seconds(lambda each=each: encoders.question.embed([each])) for each in questions]  # type: ignore[misc]
    reading = [_seconds(lambda at=at: _late(some[at], questions[at], encoders)) for at in range(len(some))]  # type: ignore[misc]
    rate = len(passages) / _seconds(lambda: encoders.both.embed(ids))
    static = len(passages) / _seconds(lambda: encoders.words.static.embed(passages))
    return {
        "question_ms": _milliseconds(np.median(embedding)),
        "question_p95_ms": _milliseconds(np.quantile(embedding, 0.95)),
        "late_p95_ms": _milliseconds(np.quantile(reading, 0.95)),
        "passages_per_second": round(rate, 1),
        "static_passages_per_second": round(static, 1),
        "minutes_to_index_147000_on_two_cores": round(_PASSAGES / rate / 2 / 60, 1),
        "reranking_50_unindexed_ms": round(1000 * _BEST / rate, 1),
        "megabytes": round(encoders.question.bytes / 1e6, 2),
    }


def _with_scores(examples: Sequence[Example], encoders: Encoders) -> list[Example]:
    """Examples with six more columns: static, question vector and word by word, and each as a share of the best."""
    words, size = encoders.words, encoders.question.size
    texts = list(dict.fromkeys(text for each in examples for text in each.texts))
    read = words.ids(texts, _ALL)  # once: this takes longest
    vectors = {text: words.vector(ids) for text, ids in zip(texts, read, strict=True)}
    held = {text: words.first_distinct(ids) for text, ids in zip(texts, read, strict=True)}
    asked = words.ids([each.question for each in examples], size.question_words)
    old, new = words.static.embed([each.question for each in examples]), encoders.question.embed(asked)
    scored = []
    for at, each in enumerate(examples):
        passages = np.stack([vectors[text] for text in each.texts])
        late = encoders.question.late(asked[at], [held[text] for text in each.texts])
        added = np.column_stack([passages @ old[at], passages @ new[at], late])
        shares_of_best = added / np.maximum(added.max(axis=0), 1e-6)
        scored.append(replace(each, rows=np.column_stack([each.rows, added, shares_of_best]).astype(np.float32)))
    return scored


def _late(example: Example, question: Ids, encoders: Encoders) -> Matrix:
    return encoders.question.late(question, encoders.words.distinct(example.texts))


def _both_sides(examples: Sequence[Example], encoders: Encoders, sample: int) -> dict[str, dict[str, float]]:
    words, both = encoders.words, encoders.both
    static, encoded = [], []
    for each in random.Random(0).sample(list(examples), min(sample, len(examples))):
        near = words.static.embed(each.texts) @ words.static.embed_question(each.question)
        best = np.argsort(-near, kind="stable")[:_BEST]
        passages = both.embed(words.ids([each.texts[at] for at in best], both.size.passage_words))
        order = near - 2  # what is not among the best stays behind them
        order[best] = passages @ both.embed(words.ids([each.question], both.size.question_words))[0]
        static.append(near)
        encoded.append(replace(each, rows=np.column_stack([near, order]).astype(np.float32)))
    return shares(encoded, {STATIC: lambda rows: rows[:, 0], BOTH: lambda rows: rows[:, 1]}, STATIC)


def _ranking(examples: Sequence[Example], columns: list[int]) -> Score:
    """The mean of fits with several seeds."""
    learned = [each for each in examples if not each.test]
    models = [fit(learned, columns, threads=1, seed=seed) for seed in _SEEDS]
    return lambda rows: np.mean([model.predict(rows[:, columns], num_threads=1) for model in models], axis=0)


def _column(added: int) -> Score:
    return lambda rows: rows[:, len(FEATURES) + added]


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _milliseconds(seconds: np.floating[Any]) -> float:
    return round(1000 * float(seconds), 2)
