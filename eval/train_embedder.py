"""Train the built-in embedding model from scratch: `python -m eval train-embedder`.

A StaticEmbedding (mean of word vectors) over words of jieba's dictionary, trained with in-batch negatives (InfoNCE, van
den Oord et al. 2018) in both directions on question–passage pairs. The tokenizer is a Unigram model whose scores are the
logarithms of word frequencies: its Viterbi path is the path jieba's dictionary segmentation takes, and the saved folder
takes raw text in sentence-transformers.
"""

from __future__ import annotations

import json
import lzma
import math
import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kb.chinese import normalize, words
from kb.embedder import MODEL_FOLDER

SEED = 20261124
DIMENSION = 256
VOCABULARY = 38_000  # with every character, float16 and the tokenizer: below 24 MB
MAX_TOKENS = 192
BATCH = 1024
TEMPERATURE = 0.05
LEARNING_RATE = 0.02
_ARTICLE = re.compile(r"^(?:#+\s*)?(第[零〇一二三四五六七八九十百千]+条(?:之[一二三四五六七八九十]+)?)\s*")


@dataclass(frozen=True)
class PairFile:
    """A file of `pairs` and how often each of its pairs is shown per epoch."""

    name: str
    repeat: float
    licence: str


PAIR_FILES = (
    PairFile("law_ict", 1, "law text, no copyright"),
    PairFile("law_heading_article", 1, "law text, no copyright"),
    PairFile("stard_train_statute", 10, "MIT"),
    PairFile("lecoqa_train_answer", 5, "MIT"),
    PairFile("lawyerllama_q_statute", 3, "Apache-2.0"),
    PairFile("lawyerllama_q_answer", 2, "Apache-2.0"),
    PairFile("smilechat_first_turn", 0.5, "CC0"),
    PairFile("cmrc2018_q_passage", 1, "CC BY-SA 4.0"),
)
LAY_REPEAT = 25
STARTER_REPEAT = 8
SPOKEN_REPEAT = 25
EPOCHS = 2  # with four, questions of other authors (STARD) lose what the repeated ones gain
CORPUS = Path(__file__).resolve().parent.parent / "corpus"
QUESTIONS = CORPUS / "questions"


def read_pairs(file: Path) -> list[tuple[str, str]]:
    """The (question, passage) pairs of one file."""
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        return [(pair["q"], pair["d"]) for pair in map(json.loads, lines)]


def lay_pairs(shared: Path) -> list[tuple[str, str, str]]:
    """(spoken question, text of its article, file) for all lay questions whose article is found."""
    laws = shared / "corpus" / "laws"
    articles: dict[str, dict[str, str]] = {}
    result = []
    for line in (shared / "questions" / "lay_questions.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        if item["file"] not in articles:
            articles[item["file"]] = _articles(laws / item["file"])
        text = articles[item["file"]].get(item["article"] or "") or _around(laws / item["file"], item["where"])
        if text:
            result.append((item["q"], text, item["file"]))
    return result


def _articles(file: Path) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    label = ""
    title = re.sub(r"\(.*?\)$", "", file.stem)
    for line in _lines(file):
        start = _ARTICLE.match(line)
        label = start.group(1) if start else ("" if line.startswith("#") else label)
        if label:
            found.setdefault(label, [title if len(title) > 5 else ""]).append(line)
    return {key: " ".join(value) for key, value in found.items()}


def _around(file: Path, phrase: str | None) -> str:
    return next((line for line in _lines(file) if phrase and phrase in line), "")[:400]


def _lines(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8", errors="replace")
    text = re.sub(r"<[^>]+>", "\n", text) if file.suffix == ".htm" else text
    return [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line).strip() for line in text.splitlines() if line.strip()]


def starter_pairs(shared: Path) -> list[tuple[str, str]]:
    """(plain sentence of the starter corpus, official text of the article it stands on), and (title heading, passage)."""
    from eval.corpus_check.checks import read_corpus
    from eval.corpus_check.law_texts import read_laws

    laws = read_laws(shared / "corpus" / "laws", date.today())
    pairs = []
    for digest in read_corpus(CORPUS):
        title = digest.facts.get("title", "")
        for sentence in digest.sentences:
            pairs.append((f"{title} {sentence.heading}", sentence.text))
            for reference in sentence.references:
                texts = laws.current(reference.title)
                places = (found for locator in reference.locators for text in texts if (found := text.find(locator)))
                pairs.extend((sentence.text, f"{reference.title} {around}") for _, around in places)
    return pairs


def spoken_pairs(shared: Path) -> list[tuple[str, str]]:
    """(spoken question, official text that answers) for the questions kept in `corpus/questions`."""
    from eval.corpus_check.digests import Locator
    from eval.corpus_check.law_texts import read_laws

    laws = read_laws(shared / "corpus" / "laws", date.today())
    pairs: list[tuple[str, str]] = []
    for line in (line for file in sorted(QUESTIONS.glob("*.jsonl")) for line in file.read_text(encoding="utf-8").splitlines()):
        item = json.loads(line)
        title, article, phrase = item["title"], item.get("article") or "", item.get("where") or ""
        texts = laws.current(title)
        found = [place[1] for text in texts if article and (place := text.find(Locator(((0, article),))))]
        found += [part for text in texts if phrase for part in text.document.text.split("\n") if phrase in part]
        found += [part for part in _unit_lines(title) if phrase and phrase in part]
        pairs.extend((item["q"], f"{title} {text[:600]}") for text in found[:1])
    return pairs


@lru_cache(maxsize=256)
def _unit_lines(title: str) -> tuple[str, ...]:
    """The lines of the training unit or case of that title."""
    files = (file for folder in ("training", "cases") for file in sorted((CORPUS / folder).glob("*.md")))
    texts = (file.read_text(encoding="utf-8") for file in files)
    return tuple(next((text.splitlines() for text in texts if f"title: {title}\n" in text), ()))


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


def train(pairs: list[tuple[str, str]], tokenizer: Any, *, epochs: int, seed: int = SEED) -> Any:
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


def _encode(pairs: list[tuple[str, str]], tokenizer: Any) -> list[tuple[Any, Any]]:
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


def training_pairs(shared: Path) -> list[tuple[str, str]]:
    """All pairs of the data list, each as often as it is shown per epoch."""
    pairs = [(q, d) for q, d, _ in lay_pairs(shared)] * LAY_REPEAT + starter_pairs(shared) * STARTER_REPEAT
    pairs += spoken_pairs(shared) * SPOKEN_REPEAT
    for file in PAIR_FILES:
        read = read_pairs(shared / "pairs" / f"{file.name}.jsonl.xz")
        random.Random(SEED).shuffle(read)
        whole, part = divmod(file.repeat, 1)
        pairs += read * int(whole) + read[: int(part * len(read))]
    return pairs


def run(shared: Path, folder: Path = MODEL_FOLDER, *, epochs: int = EPOCHS) -> None:
    """Train and save the built-in model."""
    pairs = training_pairs(shared)
    print(f"{len(pairs):,} pairs", flush=True)
    texts = {normalize(text) for pair in pairs for text in pair}
    tokenizer = make_tokenizer(texts)
    weights = train(pairs, tokenizer, epochs=epochs)
    save(folder, tokenizer, weights)
    print(f"saved {weights.shape} to {folder}")
