"""Columns that a sentence means without naming them: `do sweeter wines get better marks?` is about sugar and quality."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from opsmith.agent.offline.found import Mention
from opsmith.agent.offline.words import STOP, folded, tokens

_CONTENT = re.compile(r"[^\W\d_]{3,}")


def by_meaning(text: str, columns: Sequence[Mapping[str, Any]], skip: Sequence[str] = ()) -> list[Mention]:
    """Mentions of columns by the meaning of single words, in the order of the text; a word that fits two is left.

    skip: names whose words say what the rows are (the file's own name) and therefore mean no column.
    """
    rows_are = {t for name in skip for t in tokens(name)}
    ours = {str(c["name"]): lines_of(tokens(str(c["name"]))) for c in columns}
    found: list[Mention] = []
    for m in _CONTENT.finditer(text):
        word = m.group().casefold()
        if word in STOP or folded(word) in rows_are:
            continue
        lines = lines_of([word])
        fits = {
            name: bool(tokens(word) and set(tokens(word)) & set(tokens(name)))
            for name, has in ours.items()
            if has & lines
        }
        exact = [name for name, same in fits.items() if same]
        chosen = exact if len(exact) == 1 else list(fits)
        if len(chosen) == 1 and chosen[0] not in {f.value for f in found}:
            found.append(Mention("column", chosen[0], m.start(), m.end(), "meaning"))
    return found


def lines_of(words: Sequence[str]) -> frozenset[int]:
    """The numbers of the meaning lines in which one of the words stands."""
    return frozenset(n for word in words for n in _lines(word))


@cache
def _lines(word: str) -> frozenset[int]:
    hits = set()
    for n, line in enumerate(_table()):
        if (
            word in line
            or folded(word) in line
            or (len(word) >= 5 and any(len(known) >= 5 and word.startswith(known) for known in line))
        ):
            hits.add(n)
    return frozenset(hits)


@cache
def _table() -> tuple[frozenset[str], ...]:
    text = (Path(__file__).parent / "data" / "meanings.txt").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return tuple(frozenset([*line, *(folded(w) for w in line)]) for line in lines)
