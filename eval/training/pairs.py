"""What the built-in embedding model is trained on: question–passage pairs, how often each is shown, and their licences."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from eval.training.reference_texts import CORPUS, ReferenceTexts
from eval.training.spoken import SpokenQuestion, read_spoken

SEED = 20261124
Pair = tuple[str, str]


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
SPOKEN_REPEAT = 10
STARTER_REPEAT = 8


def training_pairs(
    shared: Path,
    texts: ReferenceTexts,
    *,
    spoken: Callable[[SpokenQuestion], bool] = lambda question: True,
    other: Callable[[str], bool] = lambda question: True,
    files: Sequence[PairFile] = PAIR_FILES,
) -> list[Pair]:
    """All pairs, each as often as it is shown per epoch. The two filters leave out questions that are to be measured."""
    pairs = _spoken_pairs([q for q in read_spoken(shared, texts) if spoken(q)], texts) * SPOKEN_REPEAT
    pairs += _starter_pairs(texts, spoken) * STARTER_REPEAT
    for file in files:
        read = [pair for pair in read_pairs(shared / "pairs" / f"{file.name}.jsonl.xz") if other(pair[0])]
        random.Random(SEED).shuffle(read)
        whole, part = divmod(file.repeat, 1)
        pairs += read * int(whole) + read[: int(part * len(read))]
    return pairs


def read_pairs(file: Path) -> list[Pair]:
    """The (question, passage) pairs of one file."""
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        return [(pair["q"], pair["d"]) for pair in map(json.loads, lines)]


def _spoken_pairs(questions: Sequence[SpokenQuestion], texts: ReferenceTexts) -> list[Pair]:
    """(spoken question, official text that answers)."""
    pairs = ((each.text, texts.passage(each.title, each.article, each.phrase)) for each in questions)
    return [(question, passage) for question, passage in pairs if passage]


def _starter_pairs(texts: ReferenceTexts, wanted: Callable[[SpokenQuestion], bool]) -> list[Pair]:
    """(plain sentence of the starter corpus, text of the article it stands on), and (title and heading, sentence)."""
    from eval.corpus_check.checks import read_corpus
    from eval.corpus_check.law_texts import read_laws

    laws = read_laws(texts.near, date.today())
    pairs: list[Pair] = []
    for digest in read_corpus(CORPUS):
        title = digest.facts.get("title", "")
        for sentence in digest.sentences:
            pairs.append((f"{title} {sentence.heading}", sentence.text))
            for reference in sentence.references:
                if not wanted(SpokenQuestion(sentence.text, reference.title, "", "")):
                    continue
                held = laws.current(reference.title)
                places = (found for locator in reference.locators for text in held if (found := text.find(locator)))
                pairs.extend((sentence.text, f"{reference.title} {around}") for _, around in places)
    return pairs
