"""Spell out internet and office abbreviations, from a lexicon with a guard for each short form."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path

_WORD = re.compile(
    r"(?<![\w@#/.'’&-])(?:w/o|w/in|w/|b/c|[A-Za-z0-9]+(?:['’][A-Za-z]+)*)(?![\w@'’&]|-\w|/\w|\.\w)", re.UNICODE
)
_BEFORE = re.compile(r"([A-Za-z']+)\W*$")
_AFTER = re.compile(r"^\W*([A-Za-z']+)")
# a single letter after these words is a name for something, not a short word
_LABELS = frozenset(
    [
        "vitamin",
        "vitamins",
        "hepatitis",
        "plan",
        "option",
        "grade",
        "size",
        "type",
        "class",
        "model",
        "series",
        "group",
        "section",
        "part",
        "figure",
        "table",
        "team",
        "appendix",
        "room",
        "gate",
        "terminal",
        "line",
        "exit",
        "route",
        "unit",
        "zone",
        "block",
        "tier",
        "phase",
        "channel",
        "letter",
        "letters",
        "schedule",
        "form",
        "title",
        "article",
        "chapter",
        "version",
        "variant",
        "version",
        "column",
        "row",
        "drive",
        "bus",
        "train",
        "platform",
        "building",
        "hall",
        "category",
        "vit",
        "the",
        "a",
        "an",
    ]
)


@cache
def lexicon() -> dict[str, tuple[str, str]]:
    """Short form -> (long form, guard). Entries with the guard `never` are known to mean too many things."""
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return {row["short"]: (row["long"], row["guard"]) for row in csv.DictReader(file)}


def spell_out(text: str, extra: Mapping[str, str] | None = None, keep: frozenset[str] = frozenset()) -> str:
    """Text with its abbreviations spelled out where the context allows it.

    extra: the user's own short forms, which always apply. keep: words that are never touched.

    >>> spell_out("luv it, thx 4 u! But the U.S. and vitamin u stay")
    'love it, thanks 4 you! But the U.S. and vitamin u stay'
    """
    own = tuple(sorted((k.lower(), v) for k, v in (extra or {}).items()))
    return _WORD.sub(_replacer(own, keep), text)


@lru_cache(maxsize=64)
def _replacer(own: tuple[tuple[str, str], ...], keep: frozenset[str]) -> Callable[[re.Match[str]], str]:
    given, known = dict(own), lexicon()

    def replace(match: re.Match[str]) -> str:
        found = match.group()
        short = found.lower().replace("’", "'")
        if short in keep:
            return found
        if short in given:
            return _cased(given[short], found, match)
        entry = known.get(short)
        if entry is None or not _allowed(entry[1], found, match):
            return found
        return _cased(entry[0], found, match)

    return replace


def _allowed(guard: str, found: str, match: re.Match[str]) -> bool:
    """Whether the short form means its long form here."""
    if guard in ("any", "slash"):
        return True
    if guard == "never":
        return False
    text, before, after = match.string, match.string[: match.start()], match.string[match.end() :]
    left = _BEFORE.search(before[-30:])
    left_word = left.group(1).lower() if left else ""
    right = _AFTER.search(after[:30])
    right_word = right.group(1).lower() if right else ""
    if guard == "lower":
        return found.islower()
    if guard == "imguard":  # im, Im, but not IM (instant message)
        return found != "IM" and bool(right_word)
    if guard == "number":  # 3 hrs
        return bool(re.search(r"\d\s*$", before[-6:]))
    if guard == "number_after":
        return bool(re.match(r"\.?\s*\d", after))
    if guard == "alone":
        return text.strip(" .!?,").lower() == found.lower()
    if guard == "question":
        return bool(right_word) and "?" in after and not left_word and len(text) > 4
    if left_word in _LABELS and len(found) == 1:
        return False
    if found.isupper() and len(found) <= 2 and not _shouting(text):
        return found == "U" and bool(right_word or left_word) and not re.match(r"[.&-]|\s?[A-Z]\b", after)
    if guard == "word":
        return not re.match(r"\.[A-Za-z]|&", after)
    if guard == "between":  # how r u, salt n pepper
        return found.islower() and bool(left_word) and bool(right_word)
    return guard == "between_very" and found.islower() and right_word in _GRADED


_GRADED = frozenset(
    [
        "good",
        "bad",
        "nice",
        "happy",
        "sad",
        "poor",
        "slow",
        "fast",
        "easy",
        "hard",
        "disappointed",
        "pleased",
        "late",
        "hot",
        "cold",
        "big",
        "small",
        "cheap",
        "expensive",
        "useful",
    ]
)


def _shouting(text: str) -> bool:
    letters = [ch for ch in text if ch.isalpha()]
    return len(letters) > 8 and sum(ch.isupper() for ch in letters) > 0.7 * len(letters)


def _cased(long: str, found: str, match: re.Match[str]) -> str:
    """The long form in the capitals of the short one: U at the start of a sentence becomes You."""
    letters = [ch for ch in found if ch.isalpha()]
    if letters and all(ch.isupper() for ch in letters) and _shouting(match.string):
        return long.upper()
    begins = not match.string[: match.start()].strip() or bool(re.search(r"[.!?]\s+$", match.string[: match.start()]))
    return long[0].upper() + long[1:] if letters and letters[0].isupper() and (begins or len(letters) > 1) else long
