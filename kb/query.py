"""A question made ready for search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class QuestionWord:
    """A content word of a question; `importance` is its rarity, `counterparts` are terms that say the same."""

    word: str
    importance: float
    counterparts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Query:
    """A question as the indexes take it: `weights` of the words to search, `vector` of shape (dimension,)."""

    text: str
    words: tuple[QuestionWord, ...]
    weights: Mapping[str, float]
    vector: npt.NDArray[np.float32]
