"""Chinese text for matching: normalization, segmentation and numerals. The only file that knows jieba.

Segmentation is jieba's dictionary path without its HMM: the HMM invents words that depend on the sentence around them,
so that a question and a law would be cut differently; out-of-dictionary runs fall apart into single characters instead,
which always match. `rjieba` gives the identical cut about twenty times faster.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

TERMS_FOLDER = Path(__file__).resolve().parent.parent / "corpus" / "terms"
_NORMALIZATION_VERSION = "1"
_WORD = re.compile(r"[0-9a-z]+|[㐀-鿿]+")
_VARIANTS = str.maketrans({"〇": "零", "○": "零", "Ｏ": "零"})
_lock = threading.Lock()


def normalize(text: str) -> str:
    """`text` for matching only: full-width to half-width, lower case, 〇 to 零. Length may change."""
    return unicodedata.normalize("NFKC", text.translate(_VARIANTS)).lower()


def words(text: str) -> list[str]:
    """The words of `text` in order; punctuation and spaces are dropped."""
    cut = _segmenter().cut
    return [word for run in _WORD.findall(normalize(text)) for word in (cut(run, False) if run[0] > "z" else [run])]


def cut(normalized: str) -> list[str]:
    """The words and punctuation of a text that is normalized already: half the time of `words`."""
    found: list[str] = _segmenter().cut(normalized, False)
    return found


def search_words(text: str) -> list[str]:
    """Words for the keyword index and for questions: `words` without function words, and the parts of long words.

    生活保障金 also gives 生活, 保障: a question that uses the part finds the whole.
    """
    return [part for word in content_words(text) for part in (word, *word_parts(word))]


def content_words(text: str) -> list[str]:
    """`words` without function words."""
    stop = _stop_words()
    return [word for word in words(text) if word not in stop]


@lru_cache(maxsize=50_000)
def word_parts(word: str) -> tuple[str, ...]:
    """The dictionary words of two or three characters inside a longer word."""
    if len(word) < 3 or word[0] <= "z":
        return ()
    known = _segmenter().has_word
    spans = (word[i : i + n] for n in (2, 3) if n < len(word) for i in range(len(word) - n + 1))
    return tuple(part for part in spans if known(part))


# --- numerals ---------------------------------------------------------------------------------------------------

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0, "○": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def parse_numeral(text: str) -> int | None:
    """The value of a Chinese or Arabic numeral below 100,000 (一千零七十九, 二〇二一, 廿三, １５); None if it is none."""
    text = unicodedata.normalize("NFKC", text.strip()).replace("廿", "二十").replace("卅", "三十")
    if re.fullmatch(r"\d{1,5}", text):
        return int(text)
    if not text or any(c not in _DIGITS and c not in _UNITS and c != "万" for c in text):
        return None
    if len(text) > 1 and all(c in _DIGITS for c in text):  # read digit by digit, as in years
        return int("".join(str(_DIGITS[c]) for c in text))
    if text.count("万") > 1:
        return None
    high, wan, low = text.rpartition("万")
    return (_below_ten_thousand(high) * 10_000 if wan else 0) + _below_ten_thousand(low)


def _below_ten_thousand(text: str) -> int:
    total, digit = 0, 0
    for c in text:
        if c in _UNITS:
            total += (digit or 1) * _UNITS[c]
            digit = 0
        else:
            digit = _DIGITS[c]
    return total + digit


def numeral(value: int) -> str:
    """`value` (1 to 9999) as laws write it: 15 → 十五, 110 → 一百一十, 1079 → 一千零七十九."""
    result, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            result += ("零" if zero and result else "") + "零一二三四五六七八九"[digit] + name
            zero = False
        else:
            zero = True
    return result.removeprefix("一") if result.startswith("一十") else result


# --- the segmenter ----------------------------------------------------------------------------------------------


def _user_words() -> list[str]:
    path = TERMS_FOLDER / "userdict.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


DICTIONARY_HASH = hashlib.sha256("\n".join([_NORMALIZATION_VERSION, *_user_words()]).encode()).hexdigest()[:16]
_USER_WORD_FREQUENCY = 20_000
_segmenter_instance: Any = None


def _segmenter() -> Any:
    global _segmenter_instance
    if _segmenter_instance is None:
        with _lock:
            if _segmenter_instance is None:
                import rjieba

                segmenter = rjieba.Jieba()
                for word in _user_words():
                    segmenter.add_word(word, _USER_WORD_FREQUENCY, "n")
                _segmenter_instance = segmenter
    return _segmenter_instance


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    path = TERMS_FOLDER / "stopwords.txt"
    return frozenset(path.read_text(encoding="utf-8").split()) if path.exists() else frozenset()
