"""Correct spelling with SymSpell, never touching names, entities, codes or the column's own vocabulary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from opsmith.tools.contract import ToolError

_WORD = re.compile(r"(?<![\w@#/.'’-])[a-z]{4,20}(?![\w@'’/-])")
_OWN = 5  # a word that a column uses this often is its vocabulary
_CERTAIN = 20_000_000  # occurrences in SymSpell's corpus that make a correction safe


@cache
def _speller() -> Any:
    """SymSpell with its English frequency dictionary (Garbe 2012; 82,765 words)."""
    try:
        from importlib.resources import files

        from symspellpy import SymSpell
    except ImportError:
        raise ToolError("Spelling needs the text extra. Install it with: pip install 'opsmith[text]'") from None
    speller = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
    speller.load_dictionary(str(files("symspellpy") / "frequency_dictionary_en_82_765.txt"), 0, 1)
    return speller


@cache
def _frequencies() -> dict[str, int]:
    try:
        from importlib.resources import files

        text = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    except ImportError:
        return {}
    return {line.split(" ")[0]: int(line.split(" ")[1]) for line in text.splitlines() if " " in line}


def frequency(word: str) -> int:
    """How often an English word occurs in SymSpell's corpus; 0 when it is no word."""
    return _frequencies().get(word, 0)


def own_vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """Words that these texts use often enough to be theirs, and every word that they write with a capital."""
    counts: Counter[str] = Counter()
    names: set[str] = set()
    for text in texts:
        for word in set(re.findall(r"[^\W\d_]{3,}", text)):
            counts[word.lower()] += 1
        names.update(w.lower() for w in re.findall(r"(?<=[a-z,] )[A-Z][a-z]{2,}", text))
    return frozenset({w for w, n in counts.items() if n >= _OWN and not frequency(w)} | names)


def corrected(text: str, keep: frozenset[str] = frozenset()) -> str:
    """Text with misspelt lower-case words corrected; words in `keep`, capitals, codes and short words stay.

    >>> corrected("I recieved teh wrong item, definately not happy")
    'I received the wrong item, definitely not happy'
    """
    return _WORD.sub(lambda m: m.group() if m.group() in keep else best_spelling(m.group()), _short_slips(text))


_SLIPS = {"teh": "the", "adn": "and", "taht": "that", "hte": "the", "waht": "what", "thsi": "this", "whcih": "which"}
_SLIP = re.compile(r"\b(?:" + "|".join(_SLIPS) + r")\b")


def _short_slips(text: str) -> str:
    return _SLIP.sub(lambda m: _SLIPS[m.group()], text)


@lru_cache(maxsize=100_000)
def best_spelling(word: str) -> str:
    """The one common word nearest to a word that is none; the word itself when in doubt."""
    if (
        frequency(word)
        or frequency(word.removesuffix("s"))
        or frequency(word.removesuffix("ed"))
        or frequency(word.removesuffix("ing"))
    ):
        return word
    from symspellpy import Verbosity

    allowed = 1 if len(word) < 6 else 2
    near = _speller().lookup(word, Verbosity.CLOSEST, max_edit_distance=allowed)
    if not near or near[0].term[0] != word[0]:
        return word
    best = near[0]
    rival = near[1] if len(near) > 1 else None
    if rival and rival.count * 4 > best.count and not _is_swap(word, best.term):
        return word
    return (
        best.term if best.count >= _CERTAIN / (10 if best.distance == 1 else 2) or _is_swap(word, best.term) else word
    )


def _is_swap(word: str, term: str) -> bool:
    """Two neighbouring letters exchanged or one doubled: the commonest slips of the hand."""
    return sorted(word) == sorted(term) or re.sub(r"(.)\1", r"\1", word) == re.sub(r"(.)\1", r"\1", term)
