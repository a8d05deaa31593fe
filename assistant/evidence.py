"""Whether what was found is enough to answer: decided before anything is written.

The signs are few and can be read (`shegong ask --explain`); a logistic regression weighs them. Its weights and the two
thresholds are fitted by `python -m eval fit-refusal` on questions with and without an answer and kept in
`assistant/rules/refusal.json`; a site that changes its corpus or model fits its own, which lies in its data folder.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from kb.embedder import builtin_embedder
from kb.errors import SettingsError
from kb.knowledge_base import SearchResult
from kb.matching import coverage, kinds_of, said
from kb.models import Hit
from kb.query import Query

Verdict = Literal["answers", "touches", "none"]

RULES = Path(__file__).resolve().parent / "rules"
KEPT = RULES / "refusal.json"
SITE_FILE = "refusal.json"  # in the data folder
_NEAR = 0.55  # an inner product from which a passage counts as wholly near
_LOOKED_AT = 5
_RESEMBLES = 0.42
_LONG = 40  # words from which a question counts as long
_RARE = 8.0  # a rarity that few words of a knowledge base reach


@dataclass(frozen=True)
class Wording:
    """Whether a question is worded like those that such documents answer: a logistic regression on its vector.

    `vector` belongs to the built-in model, which reads the wording even where a site searches with another.
    """

    bias: float
    vector: tuple[float, ...]

    def likeness(self, question: str) -> float:
        """0 to 1."""
        return _sigmoid(self.bias + float(builtin_embedder().embed_question(question) @ np.array(self.vector, dtype=np.float32)))


@dataclass(frozen=True)
class Calibration:
    """How signs are weighed: probability = sigmoid(bias + Σ weight · sign).

    From `answers` on the knowledge base holds the answer, from `touches` on something close to it.
    """

    bias: float
    weights: Mapping[str, float]
    answers: float
    touches: float
    wording: Wording

    def shares(self, signs: Mapping[str, float]) -> Mapping[str, float]:
        """What each sign that is there adds to the balance or takes from it, strongest first."""
        added = {name: self.weights.get(name, 0.0) * value for name, value in signs.items() if value}
        return dict(sorted(added.items(), key=lambda each: -abs(each[1])))

    @classmethod
    def read(cls, file: Path) -> Calibration:
        """The calibration kept in `file`. Raises SettingsError where it is damaged."""
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            weights = {str(name): float(weight) for name, weight in kept["weights"].items()}
            wording = Wording(float(kept["wording"]["bias"]), tuple(float(each) for each in kept["wording"]["vector"]))
            return cls(float(kept["bias"]), weights, float(kept["answers"]), float(kept["touches"]), wording)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError(f"拒答设置 {file.name} 无法读取。请重新拟合，或删除它以使用自带的设置。") from error

    def write(self, file: Path) -> None:
        """Keep it in `file`."""
        kept = {
            "bias": self.bias,
            "answers": self.answers,
            "touches": self.touches,
            "weights": dict(self.weights),
            "wording": {"bias": self.wording.bias, "vector": " ".join(f"{each:.3f}" for each in self.wording.vector).split()},
        }
        file.write_text(json.dumps(kept, ensure_ascii=False) + "\n", encoding="utf-8")


def calibration_for(data_folder: Path) -> Calibration:
    """The site's own calibration where it has fitted one, else the built-in one. Raises SettingsError."""
    own = data_folder / SITE_FILE
    return Calibration.read(own) if own.exists() else builtin_calibration()


@lru_cache(maxsize=1)
def builtin_calibration() -> Calibration:
    """The calibration that ships with the project."""
    return Calibration.read(KEPT)


@dataclass(frozen=True)
class Evidence:
    """The signs by name, each about 0 to 1, and how likely an answer is held, 0 to 1."""

    signs: Mapping[str, float]
    confidence: float
    verdict: Verdict

    @property
    def enough(self) -> bool:
        """Whether to answer rather than to say that nothing was found."""
        return self.verdict != "none"


def weigh(found: SearchResult, calibration: Calibration) -> Evidence:
    """What the first hits offer for the question."""
    signs = signs_of(found, calibration.wording)
    confidence = _sigmoid(calibration.bias + sum(calibration.shares(signs).values()))
    verdict: Verdict = "none"
    if confidence >= calibration.touches:
        verdict = "answers" if confidence >= calibration.answers else "touches"
    return Evidence(signs, confidence, verdict)


def signs_of(found: SearchResult, wording: Wording) -> Mapping[str, float]:
    """The signs, named as a reader sees them."""
    query, hits = found.query, found.hits[:_LOOKED_AT]
    near = [max(0.0, hit.found_by.get("vector", 0.0)) for hit in hits] or [0.0]
    covered = [coverage(query, hit.passage.text, _context(hit), 0.9) for hit in hits] or [0.0]
    together = " ".join(f"{_context(hit)} {hit.passage.text}" for hit in hits)
    kinds = kinds_of(query.text)
    return {
        "问法像资料答得了的": wording.likeness(query.text),
        "最近一段的相似度": max(near),
        "第一段的相似度": near[0],
        "前五段的相似度": sum(near) / len(near),
        "一段覆盖的问题": max(covered),
        "第一段覆盖的问题": covered[0],
        "前五段合起来没提到的": 1 - coverage(query, together),
        "没提到的最少见的词": _rarest_unsaid(query, together),
        "排序分": math.tanh(hits[0].found_by.get("ranking", 0.0) / 4) if hits else -1.0,
        "排序分拉开": _lead(hits),
        "两路都找到": float(bool(hits) and {"keyword", "vector"} <= set(hits[0].found_by)),
        "问什么有什么": float(any(k.wants.search(hit.passage.text) for k in kinds for hit in hits[:2])) if kinds else 0.5,
        "同一文件多段": _agreeing(hits),
        "问题很短": 1 / (1 + len(query.words)),
        "问题很长": min(1.0, len(query.words) / _LONG),
        "资料里没有的词": _unknown(query),
        **{beyond.name: float(beyond.asks.search(query.text) is not None) for beyond in beyond_law()},
    }


def resemblance(query: Query, hit: Hit) -> float:
    """How far one passage resembles a question, 0 to 1: its words count for six tenths, its vector for the rest."""
    near = min(1.0, max(0.0, hit.found_by.get("vector", 0.0)) / _NEAR)
    return 0.6 * coverage(query, hit.passage.text, _context(hit), 0.9) + 0.4 * near


def resembles(query: Query, hit: Hit, share: float = 1.0) -> bool:
    """Whether one passage is close enough to be worth a word."""
    return resemblance(query, hit) >= share * _RESEMBLES


@dataclass(frozen=True)
class Beyond:
    """A kind of question that documents seldom answer."""

    name: str
    asks: re.Pattern[str]


@lru_cache(maxsize=1)
def beyond_law() -> tuple[Beyond, ...]:
    """The kept list."""
    rows = tomllib.loads((RULES / "beyond.toml").read_text(encoding="utf-8"))["beyond"]
    return tuple(Beyond(row["name"], re.compile(row["asks"])) for row in rows)


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, value))))


def _context(hit: Hit) -> str:
    return " ".join((hit.document.title, *hit.passage.headings))


def _rarest_unsaid(query: Query, text: str) -> float:
    unsaid = (word.importance for word in query.words if said(word, text) < 1)
    return min(1.0, max(unsaid, default=0.0) / _RARE)


def _unknown(query: Query) -> float:
    """Share of the question's words that hardly any passage has."""
    return sum(word.importance >= _RARE for word in query.words) / max(len(query.words), 1)


def _lead(hits: Sequence[Hit]) -> float:
    scores = [hit.found_by.get("ranking", 0.0) for hit in hits]
    return math.tanh((scores[0] - scores[-1]) / 4) if len(scores) > 1 else 0.0


def _agreeing(hits: Sequence[Hit]) -> float:
    first = hits[0].document.id if hits else ""
    return sum(hit.document.id == first for hit in hits) / max(len(hits), 1)
