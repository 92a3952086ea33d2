"""Bring typed text into one shape: plain quotes, number words as digits, obvious typos of the field's words mended."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
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
    low = text.casefold()
    english = _english(re.findall(r"[^\W\d_]{4,}", low), keep)
    return re.sub(r"[^\W\d_]{4,}", lambda m: _mended_word(m.group(), keep, english), low)


def _english(words: Sequence[str], keep: frozenset[str]) -> bool:
    """Whether at least half of the words (lower case) beside the names that are there are common English or the field's."""
    own = [w for w in words if w not in keep]
    return sum(w in _common() or w in _field() for w in own) * 2 >= len(own)


_BARE = re.compile(r"(?<![\w./\\\-@=#:])[^\W\d_]{4,}(?![\w/\\@=]|[-.:]\w)")
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)")


_NAMED = re.compile(
    r"(?:\b(?:call(?:ed)?|name|named)(?: (?:it|them|this|that|the model|the file))?|\brenam\w+\b.{1,60}\b(?:to|as|into)|"
    r"\b(?:save|store|register)\b.{1,40}\bas)\s+[`'\"]?$",
    re.IGNORECASE,
)  # what stands behind is a name that the person makes up


def respelt(text: str, keep: frozenset[str]) -> str:
    """The text with slips of common words and of the field's words mended; names, quotes and paths stay as typed.

    keep: words (lower case) of the names that are there. Words of other languages stay, unless they are the field's.

    >>> respelt("trian a modle for `chrun`", frozenset())
    'train a model for `chrun`'
    """
    quotes = [m.span() for m in _QUOTED.finditer(text)]
    words = [m.group().casefold() for m in _BARE.finditer(text)]
    english = _english(words, keep)

    def mend(m: re.Match[str]) -> str:
        word, low = m.group(), m.group().casefold()
        if any(a <= m.start() < b for a, b in quotes) or _form_of(low, keep) or _NAMED.search(text[: m.start()]):
            return word
        name = word[0].isupper() and m.start() > 0 and not word.isupper()
        better = _nearest(low) if name and len(low) > 6 else low if name else _respelt_word(low, english)
        return word if better == low else better.capitalize() if word[0].isupper() and word[1:].islower() else better

    return _BARE.sub(mend, text)


def _form_of(word: str, keep: frozenset[str]) -> bool:
    """Whether a word is known, or a known one with another ending."""
    forms = {
        word,
        *(word[: -len(e)] for e in ("s", "es", "d", "ed", "er", "ers", "ing", "ly", "n", "en") if word.endswith(e)),
    }
    forms |= {f + "e" for f in forms if word.endswith(("ing", "er"))}
    if len(word) > 5 and word.endswith("iest"):
        return True  # a superlative: priciest
    forms |= {word[: -len(e)] + "y" for e in ("ies", "ied", "ier") if word.endswith(e)}
    forms |= {word[:-3], word[:-2], word[:-4]} if word.endswith("est") and len(word) > 6 else set()
    return any(len(f) > 2 and (f in keep or f in _common() or f in _field() or f in _meant()) for f in forms)


@cache
def _respelt_word(word: str, english: bool) -> str:
    """A word of the field that is a slip away; else a common word that is one slip away and begins alike."""
    from rapidfuzz.distance import DamerauLevenshtein

    near = _nearest(word, 2 if english else 1)
    if near != word:
        return near
    if not english or not word.isascii() or len(word) < 5:
        return word
    for known in _common_in_order():  # the most common first
        if abs(len(known) - len(word)) > 1 or len(known) < 4 or (known[0] != word[0] and sorted(known) != sorted(word)):
            continue
        if known.startswith(word) or word.startswith(known):
            continue
        swapped = len(known) == len(word) and sorted(known) == sorted(word)
        if (swapped or len(word) > 6) and DamerauLevenshtein.distance(word, known, score_cutoff=1) <= 1:
            return known
    return word


def _mended_word(word: str, keep: frozenset[str], english: bool) -> str:
    return word if not word.isascii() or _form_of(word, keep) else _nearest(word, 2 if english else 1)


@cache
def _nearest(word: str, most: int = 2) -> str:
    """The field's word that is at most so many slips away; short words may have one."""
    from rapidfuzz.distance import DamerauLevenshtein

    most = 1 if len(word) < 7 else most
    best, rank = word, (most + 1, True, True)
    for known in sorted(_field()):
        swapped = sorted(known) == sorted(word)
        if abs(len(known) - len(word)) > most or (known[0] != word[0] and known[:1] != word[1:2]):
            continue
        if len(word) >= 5 and (known.startswith(word) or word.startswith(known)):
            return word  # an ending and not a slip: regress, regression
        if len(known) < 4 or (len(word) == 4 and not swapped):
            continue
        found = DamerauLevenshtein.distance(word, known, score_cutoff=most)
        if found <= most and (found, not swapped, known[:2] != word[:2]) < rank:
            best, rank = known, (found, not swapped, known[:2] != word[:2])
    return best


@cache
def _field() -> frozenset[str]:
    """Words of the field that are worth mending to."""
    return frozenset(_words("field_words.txt"))


@cache
def _meant() -> frozenset[str]:
    """Words whose meaning for columns is known; they are no slips either."""
    return frozenset(_words("meanings.txt"))


@cache
def _common() -> frozenset[str]:
    """Common English words, which are never mended away."""
    return frozenset(_common_in_order())


@cache
def _common_in_order() -> tuple[str, ...]:
    return tuple(_words("common_words.txt"))


def _words(name: str) -> list[str]:
    return (Path(__file__).parent / "data" / name).read_text(encoding="utf-8").split()
