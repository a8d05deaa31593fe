"""Small transformers over the static model's word vectors, to see whether one would beat the static model.

A word's vector in context is its fixed static vector, weighed and turned by the transformer. Both changes start at zero, so
that an untrained encoder gives exactly the static model's vectors. Trained are one for questions alone, whose passages stay
static (indexing costs nothing), and one for both sides.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.training.pairs import SEED, Pair
from kb.embedder import Matrix, StaticEmbedder

TEMPERATURE = 0.05
_LATE_TEMPERATURE = 0.03
_FORGOTTEN = 0.15  # share of a question's words left out in training: the static vectors know these questions by heart
_HARD = 5  # wrong passages that each question is compared with word by word, and from which the two-sided one draws
_MASKED = 0.15
_WARM_UP = 0.1
_SORTED = 16  # batches that are sorted by length together
_NEGATIVE_WORDS = 2048
_WORDS_OF_PASSAGE = 128
_NONE = -1

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Size:
    """How large the transformer is; its width is that of the static vectors."""

    layers: int = 2
    heads: int = 4
    feed: int = 512
    question_words: int = 32
    passage_words: int = 96


@dataclass(frozen=True)
class Plan:
    """How long each training takes, in steps and questions per step."""

    question_steps: int = 600
    question_batch: int = 64
    pretraining_steps: int = 60
    pretraining_batch: int = 32
    both_steps: int = 120
    both_batch: int = 32
    rate: float = 5e-4
    seed: int = SEED
    minutes: float = 60  # each training stops after this long, pretraining after a quarter of it


class Words:
    """The static model's tokenizer and word vectors (fixed)."""

    def __init__(self, folder: Path) -> None:
        """Read the model in `folder`."""
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self.static = StaticEmbedder(folder)
        self.table: Matrix = load_file(folder / "model.safetensors")["embedding.weight"].astype(np.float32)
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def ids(self, texts: Sequence[str], limit: int) -> list[Ids]:
        """The words of each text as rows of the table, at most `limit`, at least one."""
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [np.asarray(each.ids[:limit] or [0], dtype=np.int64) for each in encoded]

    def distinct(self, texts: Sequence[str]) -> list[Ids]:
        """The distinct words of each text, of its first 128 words at most."""
        return [self.first_distinct(each) for each in self.ids(texts, _WORDS_OF_PASSAGE)]

    def first_distinct(self, ids: Ids) -> Ids:
        """What `distinct` gives for a text of these words."""
        return np.unique(ids[:_WORDS_OF_PASSAGE])

    def vector(self, ids: Ids) -> npt.NDArray[np.float32]:
        """The static unit vector of a text of these words."""
        total = self.table[ids].sum(axis=0)
        vector: npt.NDArray[np.float32] = total / max(float(np.linalg.norm(total)), 1e-6)
        return vector


class Encoder:
    """Words in context, and the vector and word-by-word similarity made of them."""

    def __init__(self, table: Matrix, size: Size, seed: int = SEED) -> None:
        """An encoder that gives the static vectors until it is trained."""
        import torch
        from torch import nn

        torch.manual_seed(seed)
        self.size, width = size, table.shape[1]
        layer = nn.TransformerEncoderLayer(
            width, size.heads, size.feed, dropout=0.1, activation="gelu", batch_first=True, norm_first=True
        )
        self.net: Any = nn.ModuleDict({
            "place": nn.Embedding(max(size.question_words, size.passage_words), width),
            "length": nn.Linear(1, width),
            "norm": nn.LayerNorm(width),
            "layers": nn.TransformerEncoder(layer, size.layers, enable_nested_tensor=False),
            "weigh": nn.Linear(width, 1),
            "turn": nn.Linear(width, width),
        })  # fmt: skip
        self.start_static()
        nn.init.normal_(self.net["place"].weight, std=0.1)
        self.table: Any = torch.from_numpy(table)
        self._lengths: Any = self.table.norm(dim=1, keepdim=True)
        self.units: Any = unit(self.table)
        self._usual = float(self._lengths.mean())
        self.net.eval()

    def start_static(self) -> None:
        """Neither weigh nor turn words."""
        from torch.nn.init import zeros_

        for name in ("weigh", "turn"):
            zeros_(self.net[name].weight)
            zeros_(self.net[name].bias)

    @property
    def bytes(self) -> int:
        """Size of a file of the weights as float16, without the static model's table."""
        return sum(2 * weight.numel() for weight in self.net.parameters())

    def hidden(self, ids: Any) -> Any:
        """The transformer's output, (texts, words, width), for rows of the table padded with -1."""
        import torch

        known = ids.clamp(min=0)
        words = self.net["norm"](self.table[known]) + self.net["length"](self._lengths[known] / self._usual)
        places = self.net["place"](torch.arange(ids.shape[1]))
        return self.net["layers"](words + places, src_key_padding_mask=ids < 0)

    def in_context(self, ids: Any) -> Any:
        """Word vectors in context, (texts, words, width), zero where there is no word."""
        hidden = self.hidden(ids)
        words = self.table[ids.clamp(min=0)] * (1 + self.net["weigh"](hidden)) + self._usual * self.net["turn"](hidden)
        return words * (ids >= 0).unsqueeze(2)

    def embed(self, ids: Sequence[Ids], at_once: int = 64) -> Matrix:
        """Texts as unit vectors, (len(ids), width)."""
        import torch

        result = np.zeros((len(ids), self.table.shape[1]), dtype=np.float32)
        by_length = sorted(range(len(ids)), key=lambda at: len(ids[at]))
        with torch.inference_mode():
            for at in range(0, len(ids), at_once):
                some = by_length[at : at + at_once]
                result[some] = unit(self.in_context(padded([ids[each] for each in some])).sum(1)).numpy()
        return result

    def late(self, question: Ids, passages: Sequence[Ids]) -> Matrix:
        """How near each passage is word by word (`kb.features`: late), with the question's words in context."""
        import torch

        with torch.inference_mode():
            asked = self.in_context(padded([question]))
            return self.word_by_word(asked, padded(passages).unsqueeze(0))[0].numpy().astype(np.float32)  # type: ignore[no-any-return]

    def word_by_word(self, asked: Any, passages: Any) -> Any:
        """Similarity, (questions, passages), of words in context (questions, words, width) to ids (questions, passages, words)."""
        import torch

        weights = asked.norm(dim=2)
        known = passages.clamp(min=0)
        near = self.units[known].flatten(1, 2) @ unit(asked).transpose(1, 2)  # questions, passages x words, words
        near = near.unflatten(1, passages.shape[1:]).masked_fill((passages < 0).unsqueeze(3), -1)
        return torch.einsum("qpw,qw->qp", near.amax(2), weights / weights.sum(1, keepdim=True))


def train_for_questions(encoder: Encoder, words: Words, pairs: Sequence[Pair], plan: Plan) -> int:
    """Train on questions alone, against the static vectors of all passages at once and word by word against the hardest.

    With every passage as a negative there is no need to choose hard ones for the vector. Returns the steps made.
    """
    import torch
    from torch.nn.functional import cross_entropy

    asked = _Asked(words, pairs, encoder.size)
    vectors = torch.from_numpy(words.static.embed(asked.passages))
    held = words.distinct(asked.passages)
    training = _Training(encoder, plan.question_steps, plan.minutes, plan)
    for batch in training.batches(asked, plan.question_batch):
        right = torch.tensor([at for _, at in batch])
        questions = encoder.in_context(padded([_forget(asked.ids[question]) for question, _ in batch]))
        logits = unit(questions.sum(1)) @ vectors.T / TEMPERATURE
        logits = logits.masked_fill(asked.other_right(batch), -1e4)
        hard = logits.detach().scatter(1, right[:, None], -1e4).topk(min(_HARD, len(asked.passages) - 1), dim=1).indices
        compared = torch.cat([right[:, None], hard], dim=1)
        passages = padded([held[at] for at in compared.flatten().tolist()]).unflatten(0, compared.shape)
        late = encoder.word_by_word(questions, passages) / _LATE_TEMPERATURE
        training.learn(cross_entropy(logits, right) + cross_entropy(late, torch.zeros(len(batch), dtype=torch.int64)))
    return training.done


def pretrain(encoder: Encoder, words: Words, texts: Sequence[str], plan: Plan) -> int:
    """Masked words (Devlin et al., NAACL 2019) of law and case texts, told apart from a sample of the vocabulary.

    Returns the steps made.
    """
    import torch
    from torch.nn.functional import cross_entropy

    training = _Training(encoder, plan.pretraining_steps, plan.minutes / 4, plan)
    ids = words.ids(random.sample(list(texts), min(len(texts), 50_000)), encoder.size.passage_words)
    for _ in training.steps():
        batch = padded(random.sample(ids, min(plan.pretraining_batch, len(ids))))
        hidden = (torch.rand(batch.shape) < _MASKED) & (batch >= 0)
        hidden[0, 0] = True  # never none
        found = unit(encoder.net["turn"](encoder.hidden(batch.masked_fill(hidden, 0)))[hidden])
        wanted = batch[hidden]
        others = torch.randint(len(encoder.units), (_NEGATIVE_WORDS,))
        right = (found * encoder.units[wanted]).sum(1, keepdim=True)
        wrong = (found @ encoder.units[others].T).masked_fill(others == wanted[:, None], -1e4)
        logits = torch.cat([right, wrong], dim=1) / TEMPERATURE
        training.learn(cross_entropy(logits, torch.zeros(len(wanted), dtype=torch.int64)))
    encoder.start_static()  # with layers that know the language
    return training.done


def train_for_both(encoder: Encoder, words: Words, pairs: Sequence[Pair], plan: Plan) -> int:
    """Train on both sides, against the batch and for each question one of the static model's best wrong passages.

    Returns the steps made.
    """
    import torch
    from torch.nn.functional import cross_entropy

    asked = _Asked(words, pairs, encoder.size)
    vectors = words.static.embed(asked.passages)
    held = words.ids(asked.passages, encoder.size.passage_words)
    training = _Training(encoder, plan.both_steps, plan.minutes, plan)
    for batch in training.batches(asked, plan.both_batch):
        hard = [asked.hard(question, vectors) for question, _ in batch]
        columns = [at for _, at in batch] + hard
        questions = unit(encoder.in_context(padded([_forget(asked.ids[question]) for question, _ in batch])).sum(1))
        passages = unit(encoder.in_context(padded([held[at] for at in columns])).sum(1))
        labels = torch.arange(len(batch))
        logits = (questions @ passages.T / TEMPERATURE).masked_fill(asked.false_negatives(batch, columns), -1e4)
        back = logits[:, : len(batch)].T
        training.learn(cross_entropy(logits, labels) + cross_entropy(back, labels))
    return training.done


class _Asked:
    """Questions and passages of the training pairs, each once, and which belong together."""

    def __init__(self, words: Words, pairs: Sequence[Pair], size: Size) -> None:
        self.passages = list(dict.fromkeys(passage for _, passage in pairs))
        place = {passage: at for at, passage in enumerate(self.passages)}
        self.questions = list(dict.fromkeys(question for question, _ in pairs))
        number = {question: at for at, question in enumerate(self.questions)}
        self.pairs = [(number[question], place[passage]) for question, passage in pairs]
        self.right: defaultdict[int, set[int]] = defaultdict(set)
        for question, passage in self.pairs:
            self.right[question].add(passage)
        self.ids = words.ids(self.questions, size.question_words)
        self._words = words

    @cached_property
    def _vectors(self) -> Matrix:
        return self._words.static.embed(self.questions)

    def hard(self, question: int, vectors: Matrix) -> int:
        """One of the static model's best passages that are not right."""
        scores = vectors @ self._vectors[question]
        scores[list(self.right[question])] = -1
        return int(random.choice(np.argsort(-scores)[: min(_HARD, len(scores) - 1)]))

    def other_right(self, batch: Sequence[tuple[int, int]]) -> Any:
        """Where (questions, passages) another passage is right too."""
        import torch

        mask = torch.zeros((len(batch), len(self.passages)), dtype=torch.bool)
        for row, (question, right) in enumerate(batch):
            mask[row, list(self.right[question] - {right})] = True
        return mask

    def false_negatives(self, batch: Sequence[tuple[int, int]], columns: Sequence[int]) -> Any:
        """Where a column that is not the row's own is right for the row's question."""
        import torch

        rows = [[at in self.right[question] for at in columns] for question, _ in batch]
        return torch.tensor(rows) & ~torch.eye(len(batch), len(columns), dtype=torch.bool)


def padded(ids: Sequence[Ids]) -> Any:
    """Ids as one tensor, (texts, words of the longest), -1 where there is no word."""
    import torch

    rows = np.full((len(ids), max(len(each) for each in ids)), _NONE, dtype=np.int64)
    for row, each in zip(rows, ids, strict=True):
        row[: len(each)] = each
    return torch.from_numpy(rows)


def unit(vectors: Any) -> Any:
    """Scaled to length 1."""
    return vectors / vectors.norm(dim=-1, keepdim=True).clamp(min=1e-6)


def _forget(ids: Ids) -> Ids:
    kept = ids[np.array([random.random() >= _FORGOTTEN for _ in ids])]
    return kept if len(kept) else ids


class _Training:
    """Steps of AdamW that warm up and then slow down; the network drops out while they last."""

    def __init__(self, encoder: Encoder, steps: int, minutes: float, plan: Plan) -> None:
        import torch

        torch.manual_seed(plan.seed)
        random.seed(plan.seed)
        self._encoder, self._steps, self._rate = encoder, steps, plan.rate
        self._started, self._seconds, self._loss, self.done = time.monotonic(), 60 * minutes, 0.0, 0
        self._optimizer = torch.optim.AdamW(encoder.net.parameters(), lr=plan.rate, weight_decay=0.01)

    def batches(self, asked: _Asked, size: int) -> Iterator[list[tuple[int, int]]]:
        """One batch of (question, passage) per step, the questions of a batch about equally long."""
        batches: list[list[tuple[int, int]]] = []
        for _ in self.steps():
            if not batches:
                some = random.sample(asked.pairs, min(_SORTED * size, len(asked.pairs)))
                some.sort(key=lambda pair: len(asked.ids[pair[0]]))
                batches = [some[at : at + size] for at in range(0, len(some), size)]
                random.shuffle(batches)
            yield batches.pop()

    def steps(self) -> Iterator[int]:
        """The numbers of the steps, the rate set for each, until all are done or the time is spent."""
        self._encoder.net.train()
        for step in range(self._steps):
            share = max((step + 1) / self._steps, min((time.monotonic() - self._started) / self._seconds, 1))
            for group in self._optimizer.param_groups:
                group["lr"] = self._rate * min(share / _WARM_UP, (1 - share) / (1 - _WARM_UP))
            yield step
            self.done = step + 1
            self._report(step)
            if share == 1:
                break
        self._encoder.net.eval()

    def learn(self, loss: Any) -> None:
        """One step down `loss`."""
        self._loss = float(loss.detach())
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()

    def _report(self, step: int) -> None:
        if step % 25 == 24:
            print(f"{time.monotonic() - self._started:6.0f} s  step {step + 1} of {self._steps}  loss {self._loss:.3f}", flush=True)
