"""Train the built-in embedding model from scratch: `python -m eval train-embedder`.

A StaticEmbedding (mean of word vectors) over words of jieba's dictionary, trained with in-batch negatives (InfoNCE, van
den Oord et al. 2018) in both directions on question–passage pairs. The tokenizer is a Unigram model whose scores are the
logarithms of word frequencies: its Viterbi path is the path jieba's dictionary segmentation takes, and the saved folder
takes raw text in sentence-transformers.
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from eval.training.pairs import SEED, Pair, training_pairs
from eval.training.reference_texts import reference_texts
from kb.chinese import normalize, words
from kb.embedder import MODEL_FOLDER

DIMENSION = 256
VOCABULARY = 38_000  # with every character, float16 and the tokenizer: below 24 MB
MAX_TOKENS = 192
BATCH = 1024
TEMPERATURE = 0.05
LEARNING_RATE = 0.02
EPOCHS = 2  # with four, questions of other authors (STARD) lose what the repeated ones gain


def make_tokenizer(texts: Iterable[str]) -> Any:
    """A Unigram tokenizer over the most frequent words of `texts` and every character seen twice."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(words(text))
    characters: Counter[str] = Counter()
    for word, count in counts.items():
        for character in word:
            characters[character] += count
    kept = {word: float(count) for word, count in counts.most_common(VOCABULARY) if count > 2}
    for character, count in characters.items():
        if count > 1:
            kept.setdefault(character, 0.5)
    total = sum(counts.values())
    scores = [("<unk>", -30.0)] + [(word, math.log(count / total)) for word, count in kept.items()]
    tokenizer = Tokenizer(models.Unigram(scores, unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace("〇", "零")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("[^0-9a-z㐀-鿿]+"), "removed")
    return tokenizer


def train(pairs: list[Pair], tokenizer: Any, *, epochs: int, seed: int = SEED) -> Any:
    """Word vectors, float32 of shape (vocabulary, DIMENSION), after `epochs` over shuffled `pairs`; the same every time."""
    import torch
    from torch.nn.functional import cross_entropy
    from torch.nn.functional import normalize as unit

    torch.manual_seed(seed)
    random.seed(seed)
    bag = torch.nn.EmbeddingBag(tokenizer.get_vocab_size(), DIMENSION, mode="sum", sparse=True)
    torch.nn.init.normal_(bag.weight, std=0.1)
    optimizer = torch.optim.SparseAdam(bag.parameters(), lr=LEARNING_RATE)
    encoded = _encode(pairs, tokenizer)
    steps, labels, started = epochs * (len(encoded) // BATCH), torch.arange(BATCH), time.monotonic()
    batches = (batch for _ in range(epochs) for batch in _batches(encoded))
    for step, batch in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * max(1 - step / steps, 0.02)
        q, d = (unit(bag(*_flat(torch, side))) for side in zip(*batch, strict=True))
        logits = q @ d.T / TEMPERATURE
        loss = (cross_entropy(logits, labels) + cross_entropy(logits.T, labels)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 99:
            print(f"{time.monotonic() - started:6.0f} s  step {step + 1} of {steps}  loss {loss.item():.3f}", flush=True)
    return bag.weight.detach().numpy()


def _encode(pairs: list[Pair], tokenizer: Any) -> list[tuple[Any, Any]]:
    def ids(texts: list[str]) -> list[Any]:
        return [np.array(e.ids[:MAX_TOKENS] or [0], np.int64) for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    return list(zip(ids([q for q, _ in pairs]), ids([d for _, d in pairs]), strict=True))


def _batches(encoded: list[tuple[Any, Any]]) -> Iterator[list[tuple[Any, Any]]]:
    """Shuffled batches without the same passage twice, which would be its own false negative; such a pair waits."""
    waiting = random.sample(range(len(encoded)), len(encoded))
    while len(waiting) >= BATCH:
        batch: list[tuple[Any, Any]] = []
        seen: set[bytes] = set()
        again = []
        for at in waiting:
            name = encoded[at][1].tobytes()
            if name in seen:
                again.append(at)
                continue
            seen.add(name)
            batch.append(encoded[at])
            if len(batch) == BATCH:
                yield batch
                batch, seen = [], set()
        if len(again) > 0.9 * len(waiting):
            return
        waiting = again


def _flat(torch: Any, side: tuple[Any, ...]) -> tuple[Any, Any]:
    lengths = np.fromiter((len(ids) for ids in side), np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return torch.from_numpy(np.concatenate(side)), torch.from_numpy(offsets)


def save(folder: Path, tokenizer: Any, weights: Any) -> None:
    """Write the folder that sentence-transformers and `kb.embedder` both read, weights as float16."""
    import torch
    from safetensors.torch import save_file
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, StaticEmbedding

    module = StaticEmbedding(tokenizer, embedding_weights=weights)
    SentenceTransformer(modules=[module, Normalize()], device="cpu").save(str(folder), create_model_card=False)
    save_file({"embedding.weight": torch.from_numpy(weights).half()}, str(folder / "model.safetensors"))


def run(shared: Path, folder: Path = MODEL_FOLDER, *, epochs: int = EPOCHS) -> None:
    """Train and save the built-in model. Raises SharedMissing."""
    with reference_texts(shared) as texts:
        pairs = training_pairs(shared, texts)
    fit(pairs, folder, epochs=epochs)


def fit(pairs: list[Pair], folder: Path, *, epochs: int) -> None:
    """Train on `pairs` and save."""
    print(f"{len(pairs):,} pairs", flush=True)
    tokenizer = make_tokenizer({normalize(text) for pair in pairs for text in pair})
    weights = train(pairs, tokenizer, epochs=epochs)
    save(folder, tokenizer, weights)
    print(f"saved {weights.shape} to {folder}")
