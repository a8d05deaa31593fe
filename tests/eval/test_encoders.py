"""The small transformers start as the static model, learn from there, and are measured on unseen questions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval import encoders, tables
from eval.training.embedder import make_tokenizer
from eval.training.encoder import Encoder, Plan, Size, Words, padded, train_for_questions
from eval.training.ranking import Example
from kb.features import FEATURES

WORDS = ("老人", "孩子", "补助", "低保", "申请", "走访", "残疾", "医院", "学校", "住房", "工资", "离婚")
SIZE = Size(layers=1, heads=2, feed=16, question_words=8, passage_words=12)
PLAN = Plan(question_steps=40, question_batch=8, pretraining_steps=2, pretraining_batch=4, both_steps=2, both_batch=4, rate=5e-3)


def texts_of(number: int) -> tuple[str, str]:
    """A question and its passage, which share no word."""
    asked = WORDS[number % 6] + WORDS[(number + 1) % 6]
    return asked, WORDS[6 + number % 6] * 2 + WORDS[6 + (number + 2) % 6]


PAIRS = [texts_of(number) for number in range(6)] * 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from safetensors.numpy import save_file

    tokenizer = make_tokenizer(text for pair in PAIRS for text in pair)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    table = np.random.default_rng(1).normal(size=(tokenizer.get_vocab_size(), 16)).astype(np.float16)
    save_file({"embedding.weight": table}, str(tmp_path / "model.safetensors"))
    return tmp_path


def test_an_untrained_encoder_gives_the_static_vectors(folder):
    words = Words(folder)
    encoder = Encoder(words.table, SIZE)
    questions = [question for question, _ in PAIRS[:6]]
    assert np.allclose(encoder.embed(words.ids(questions, 8)), words.static.embed(questions), atol=1e-5)


def test_padding_does_not_change_a_text(folder):
    words = Words(folder)
    encoder = Encoder(words.table, SIZE)
    for weight in encoder.net.parameters():
        weight.data.normal_(std=0.1)
    short, long = words.ids([WORDS[0], WORDS[1] * 4], 8)
    assert np.allclose(encoder.embed([short])[0], encoder.embed([short, long])[0], atol=1e-5)
    assert (padded([short, long])[0] < 0).sum() == len(long) - len(short)


def test_an_encoder_learns_what_static_vectors_cannot_know_and_the_same_every_time(folder):
    words = Words(folder)
    questions, passages = zip(*PAIRS[:6], strict=True)
    made = [Encoder(words.table, SIZE) for _ in range(2)]
    for encoder in made:
        train_for_questions(encoder, words, PAIRS, PLAN)
    before, after = ((vectors @ words.static.embed(passages).T).argmax(1) for vectors in (
        words.static.embed(questions), made[0].embed(words.ids(questions, 8)),
    ))  # fmt: skip
    assert (after == np.arange(6)).mean() > (before == np.arange(6)).mean()
    assert np.array_equal(*(encoder.embed(words.ids(questions, 8)) for encoder in made))


def test_every_way_is_measured_and_shown(folder):
    pytest.importorskip("lightgbm", exc_type=OSError)
    random = np.random.default_rng(1)
    passages = tuple(passage for _, passage in PAIRS[:6]) * 2
    blank = Example("judged", "", np.zeros((12, len(FEATURES)), np.float32), np.zeros(12, bool), False, passages)
    examples = [
        replace(blank, question=PAIRS[at % 6][0], rows=random.random(blank.rows.shape).astype(np.float32),
                right=np.arange(12) % 6 == at % 6, test=at % 2 == 1)
        for at in range(60)
    ]  # fmt: skip
    numbers = encoders.compare(examples, PAIRS, [], folder, SIZE, PLAN, 5)
    assert numbers["question_side"]["judged"][encoders.RANKING_VECTOR]["questions"] == 30
    assert numbers["both_sides"]["judged"][encoders.BOTH]["questions"] == 5
    assert set(tables.COSTS) == set(numbers["costs"]) and min(numbers["costs"].values()) >= 0
    assert set(numbers["question_side"]["judged"]) | set(numbers["both_sides"]["judged"]) == set(tables.ENCODERS)
    assert len(list(tables.encoders(numbers))) == 3
