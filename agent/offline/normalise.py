"""Bring typed text into one shape: plain quotes, number words as digits, obvious typos of the field's words mended."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50, "hundred": 100,
    "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "zehn": 10, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5,
    "seis": 6, "diez": 10, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "dix": 10,
}  # fmt: skip
_CHINESE = {"两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}


def straightened(text: str) -> str:
    """Unicode composed, typographic quotes and dashes plain, white space single."""
    text = unicodedata.normalize("NFC", text)
    for fancy, plain in (
        ("“", '"'),
        ("”", '"'),
        ("„", '"'),
        ("‘", "'"),
        ("’", "'"),
        ("–", "-"),
        ("—", "-"),
        ("…", "..."),
        ("\u00a0", " "),
    ):
        text = text.replace(fancy, plain)
    return re.sub(r"\s+", " ", text).strip()


def with_digits(text: str) -> str:
    """Number words as digits.

    >>> with_digits("better four")
    'better 4'
    """
    spelt = re.sub(r"\b[^\W\d_]+\b", lambda m: _digits(m, text), text)
    spelt = re.sub(r"\bhalf an? (?=(cpu|core|vcpu))", "0.5 ", spelt, flags=re.IGNORECASE)
    return re.sub("[两二三四五六七八九十](?=个|份|行|条|折|天|小时)", lambda m: str(_CHINESE[m.group()]), spelt)


_COUNTED = re.compile(
    r"\s+(?:more |single |principal )?(?:replicas?|pods?|instances?|cop(?:y|ies)|cpus?|cores?|vcpus?|gb|gib?|components?|"
    r"folds?|hours?|days?|weeks?|minutes?|rows?|nodes?|to )",
    re.IGNORECASE,
)


def _digits(m: re.Match[str], text: str) -> str:
    """The number of a number word; `one` stays where it is a pronoun or part of a term (`the old one`, `one-hot`)."""
    word = m.group().casefold()
    if word == "one" and not _COUNTED.match(text, m.end()):
        return m.group()
    return str(_NUMBERS.get(word, m.group()))


def is_known_word(word: str) -> bool:
    """Whether a lower-case word is common English or a word of the field."""
    return word in _common() or word in _field()


def mended(text: str, keep: frozenset[str]) -> str:
    """Lower case with words that are one or two letters off a word of the field mended; `keep` are known names.

    >>> mended("modle for it plese", frozenset())
    'model for it please'
    """
    return re.sub(r"[^\W\d_]{4,}", lambda m: _mended_word(m.group(), keep), text.casefold())


def _mended_word(word: str, keep: frozenset[str]) -> str:
    if word in keep or word in _common() or word in _field() or not word.isascii():
        return word
    return _nearest(word)


@cache
def _nearest(word: str) -> str:
    from rapidfuzz.distance import DamerauLevenshtein

    most = 1 if len(word) < 7 else 2
    best, distance = word, most + 1
    for known in _field():
        if abs(len(known) - len(word)) > most or (known[0] != word[0] and len(word) < 6):
            continue
        if len(word) >= 5 and (known.startswith(word) or word.startswith(known)):
            return word  # an ending and not a slip: regress, regression
        found = DamerauLevenshtein.distance(word, known, score_cutoff=most)
        if found < distance or (found == distance and known[:2] == word[:2] and best[:2] != word[:2]):
            best, distance = known, found
    return best


@cache
def _field() -> tuple[str, ...]:
    """Words of the field that are worth mending to."""
    return tuple(sorted(set(_words("field_words.txt"))))


@cache
def _common() -> frozenset[str]:
    """Common English words, which are never mended away."""
    return frozenset(_words("common_words.txt"))


def _words(name: str) -> list[str]:
    return (Path(__file__).parent / "data" / name).read_text(encoding="utf-8").split()
