"""Cases like a situation that someone describes.

Two things speak for a case. One is the words it shares with the situation, each counted once however often the situation
repeats it: names and places recur in a report, what was done is said once. The other is what the case was about: its
labels are its topics and, in a judgment, the charges that the court names. The situation has none, so they are predicted
from the cases held, by ridge regression of the labels on the words of the situation. A few hundred words make that a small
system, solved for each situation anew: nothing is trained ahead, and a case just taken in counts at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kb.chinese import content_words
from kb.models import Document

Scores = npt.NDArray[np.float64]

_SATURATION = 0.6  # k1 of BM25
_LENGTH = 0.4  # b of BM25
_RIDGE = 0.3
_LABEL_CASES = 3  # a label of fewer cases can not be predicted
_LABEL_WEIGHT = 1.0
_HOLDS = "本院认为"
_CHARGE = re.compile(r"(?:犯|构成)([㐀-鿿、]{2,25}?)罪")
_NO_CHARGE = re.compile(r"被告|本院|指控|犯罪|行为|上述|以上|共同|数罪|所犯|已|其")


@dataclass(frozen=True)
class Likeness:
    """How like each case is to a situation, in the order of the cases: by shared `words`, by likely `labels`, in `total`.

    `rarity` is that of each word of the situation that the cases know.
    """

    words: Scores
    labels: Scores
    rarity: Mapping[str, float]

    @property
    def total(self) -> Scores:
        """Both scores, each as a share of the best of all cases, added up."""
        return _share(self.words) + _LABEL_WEIGHT * _share(self.labels)

    def said(self, text: str) -> float:
        """How much of the situation stands in `text`: the rarity of the words they share, summed."""
        return sum(self.rarity.get(word, 0.0) for word in set(content_words(text)))


class SimilarCases:
    """Cases, ready to be compared with situations. Holds word counts, no texts."""

    def __init__(self, cases: Iterable[Document]) -> None:
        """Count the words of `cases` and read their labels."""
        counts, found = [], []
        self.ids: list[str] = []
        for case in cases:
            self.ids.append(case.id)
            counts.append(Counter(content_words(case.text)))
            found.append(labels(case))
        self._lengths = np.array([each.total() for each in counts], dtype=float)
        self._postings = _postings(counts)
        self._labels = _one_column_per_label(found)

    def likeness(self, situation: str) -> Likeness:
        """How like each case is to `situation`; all zero where no word of it is known."""
        asked = [word for word in dict.fromkeys(content_words(situation)) if word in self._postings]
        if not asked:
            nothing = np.zeros(len(self.ids))
            return Likeness(nothing, nothing, {})
        times = self._times(asked)
        rarity = self._rarity(times)
        likely = self._likely(times, rarity)
        return Likeness(self._bm25(times, rarity), likely, dict(zip(asked, map(float, rarity), strict=True)))

    def _times(self, words: Sequence[str]) -> Scores:
        """How often each word stands in each case, shape (cases, words)."""
        times = np.zeros((len(self.ids), len(words)))
        for column, word in enumerate(words):
            cases, counts = self._postings[word]
            times[cases, column] = counts
        return times

    def _rarity(self, times: Scores) -> Scores:
        """Inverse document frequency of each word (Robertson and Zaragoza 2009, eq. 3.3)."""
        frequency = (times > 0).sum(axis=0)
        rarity: Scores = np.log1p((len(times) - frequency + 0.5) / (frequency + 0.5))
        return rarity

    def _bm25(self, times: Scores, rarity: Scores) -> Scores:
        """BM25 of each case, every word of the situation once (Robertson and Zaragoza 2009, eq. 3.15)."""
        norm = _SATURATION * (1 - _LENGTH + _LENGTH * self._lengths / max(self._lengths.mean(), 1.0))
        scores: Scores = (times * (_SATURATION + 1) / (times + norm[:, None])) @ rarity
        return scores

    def _likely(self, times: Scores, rarity: Scores) -> Scores:
        """For each case the sum of the predicted weights of its labels.

        Ridge regression W = (XᵀX + λI)⁻¹Xᵀ(Y - mean), X the tf-idf of the situation's words in each case, (1 + ln n)·idf
        over the length of the case, Y its labels (Hoerl and Kennard, Technometrics 12(1), 1970).
        """
        if not self._labels.shape[1]:
            return np.zeros(len(self.ids))
        known = np.where(times > 0, 1 + np.log(np.maximum(times, 1)), 0) * rarity / self._norms[:, None]
        mean = self._labels.mean(axis=0)
        system = known.T @ known + _RIDGE * np.eye(known.shape[1])
        weights = np.linalg.solve(system, known.T @ (self._labels - mean))
        predicted = rarity / np.linalg.norm(rarity) @ weights + mean
        scores: Scores = self._labels @ predicted
        return np.maximum(scores, 0)

    @cached_property
    def _norms(self) -> Scores:
        """The Euclidean length of each case's tf-idf over all its words."""
        squares = np.zeros(len(self.ids))
        for cases, counts in self._postings.values():
            rarity = np.log1p((len(squares) - len(cases) + 0.5) / (len(cases) + 0.5))
            squares[cases] += ((1 + np.log(counts)) * rarity) ** 2
        return np.sqrt(np.maximum(squares, 1e-12))


def labels(case: Document) -> frozenset[str]:
    """What a case was about: its topics, and the charges that a judgment names where the court holds (罪 left off)."""
    held = case.text[max(case.text.rfind(_HOLDS), 0) :]
    charges = (found for found in _CHARGE.findall(held) if not _NO_CHARGE.search(found))
    return frozenset((*case.facts.topics, *charges))


def _postings(counts: Sequence[Counter[str]]) -> Mapping[str, tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]]:
    """For each word the cases it stands in and how often."""
    cases: dict[str, list[int]] = {}
    times: dict[str, list[int]] = {}
    for at, words in enumerate(counts):
        for word, count in words.items():
            cases.setdefault(word, []).append(at)
            times.setdefault(word, []).append(count)
    return {word: (np.array(cases[word], dtype=np.int32), np.array(times[word], dtype=np.int32)) for word in cases}


def _one_column_per_label(found: Sequence[frozenset[str]]) -> Scores:
    """1 where a case has a label, shape (cases, labels); labels of too few cases are left out."""
    often = Counter(label for each in found for label in each)
    column = {label: at for at, label in enumerate(label for label in sorted(often) if often[label] >= _LABEL_CASES)}
    marks = np.zeros((len(found), len(column)))
    for row, each in enumerate(found):
        marks[row, [column[label] for label in each if label in column]] = 1
    return marks


def _share(scores: Scores) -> Scores:
    best = scores.max(initial=0.0)
    return scores / best if best > 0 else scores
