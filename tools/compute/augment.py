"""Make more training rows: noisy copies of texts, and interpolated rows of rare classes (SMOTE)."""

# ruff: noqa: E501  (patterns and word lists read better on one line)

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import numpy as np

from opsmith.tools.contract import ToolError

_NEAR_KEYS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk", "k": "jl", "l": "ko",
    "m": "nk", "n": "bm", "o": "ip", "p": "ol", "q": "wa", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe", "x": "zc",
    "y": "tu", "z": "xa",
}  # fmt: skip
_SAME = [
    "good great fine nice", "bad poor awful terrible", "big large huge", "small little tiny", "fast quick rapid", "happy glad pleased",
    "sad unhappy upset", "buy purchase", "cheap inexpensive", "expensive costly pricey", "love adore", "hate dislike", "broken damaged faulty",
    "begin start", "end finish", "help assist", "fix repair mend", "wrong incorrect", "right correct", "easy simple", "hard difficult",
    "beautiful lovely pretty", "excellent superb outstanding", "horrible dreadful", "tasty delicious yummy", "phone handset", "film movie",
    "staff employees", "wait delay", "problem issue trouble", "really truly very", "also too", "often frequently", "maybe perhaps",
    "answer reply respond", "send ship deliver", "return refund", "quick prompt", "smell odor", "funny amusing",
]  # fmt: skip
SYNONYMS = {word: [w for w in group.split() if w != word] for group in _SAME for word in group.split()}
_KEPT = frozenset(["not", "no", "never", "none", "nor", "cannot", "neither", "without", "n't", "but"])


def noisy(text: str, seed: int) -> str:
    """A copy of a text with a few words exchanged for synonyms and a slip of the hand or two; negation stays.

    >>> noisy("not a good phone at all", 1) == noisy("not a good phone at all", 1)
    True
    """
    chance = random.Random(seed)
    words = text.split(" ")
    for i, word in enumerate(words):
        bare = re.sub(r"\W", "", word).lower()
        if bare in _KEPT or bare.endswith("nt") or not bare:
            continue
        if bare in SYNONYMS and chance.random() < 0.5:
            other = chance.choice(SYNONYMS[bare])
            words[i] = re.sub(r"\w+", other.capitalize() if word[:1].isupper() else other, word, count=1)
        elif len(bare) > 4 and word.isalpha() and word.islower() and chance.random() < 0.08:
            words[i] = _slip(word, chance)
    return " ".join(words)


def _slip(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    how = chance.randrange(4)
    if how == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if how == 1:
        return word[:at] + word[at + 1 :]
    if how == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + chance.choice(_NEAR_KEYS.get(word[at], word[at])) + word[at + 1 :]


def smote_rows(
    table: np.ndarray, classes: np.ndarray, seed: int, categories: Sequence[int] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Rows that bring every class to the size of the largest: between neighbours of one class (Chawla et al. 2002).

    categories: positions of columns that hold words; a made row takes the word most of its neighbours have (SMOTE-NC).
    """
    try:
        from imblearn.over_sampling import SMOTE, SMOTENC
    except ImportError:
        raise ToolError("SMOTE needs the ml extra. Install it with: pip install 'opsmith[ml]'") from None
    counts = {c: int((classes == c).sum()) for c in np.unique(classes)}
    if len(counts) < 2:
        raise ToolError("The target has only one class, so there is no rare class to add rows to.")
    rarest = min(counts.values())
    if rarest < 2:
        name = min(counts, key=lambda c: counts[c])
        raise ToolError(
            f"The class {name!r} has a single row; SMOTE needs at least two. Leave it out or collect more rows."
        )
    near = min(5, rarest - 1)
    made = (
        SMOTENC(categorical_features=list(categories), random_state=seed, k_neighbors=near)
        if categories
        else SMOTE(random_state=seed, k_neighbors=near)
    )
    x, y = made.fit_resample(table, classes)
    return x[len(table) :], y[len(table) :]
