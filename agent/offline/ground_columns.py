"""Columns that a sentence names, and names that look like columns and are none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opsmith.agent.offline.found import Grounded, Mention
from opsmith.agent.offline.words import WORDS_TOO


def columns(found: Grounded, catalogue: Mapping[str, Any], chosen: Sequence[str]) -> None:
    files = [f for f in catalogue.get("files", ()) if not chosen or f["path"] in chosen]
    names = {c["name"] for f in files for c in f["columns"]}
    for name in sorted(names, key=len, reverse=True):
        parts = [p for p in re.split(r"[\s_\-]+", name) if p]
        flexible = r"[\s_\-]+".join(re.escape(p) for p in parts)
        for m in re.finditer(rf"(?<![\w./]){flexible}(?:s|es|'s)?(?![\w]|\.\w)", found.text, re.IGNORECASE):
            if not found.covered(m.start(), m.end()) and _meant(found.text, m, name):
                found.columns.append(Mention("column", name, m.start(), m.end()))
    _near_columns(found, names)


_BEFORE = re.compile(
    r"(?:\b(?:column|columns|of|in|by|per|for|on|the|is|predict|predicting|target|label|ignore|ignoring|exclude|excluding|without|drop|average|mean|sum|max|min|"
    r"median|each|every|and|vs|versus|impute|scale|encode|model|learn|just|only|from|between|use|using|not|column:|total|highest|lowest|unique|distinct)|[:,(`'\"])\s*$",
    re.IGNORECASE,
)


def _meant(text: str, m: re.Match[str], name: str) -> bool:
    """Whether a word that is a column's name is used as one and not as plain English."""
    low = name.casefold()
    if len(name) < 3 and m.group() != name:
        return False
    if re.search(r"\bin\s+$", text[: m.start()], re.IGNORECASE) and low == "order":
        return False
    if low not in WORDS_TOO:
        return True
    return bool(_BEFORE.search(text[: m.start()])) or (name != low and m.group() == name)


def _near_columns(found: Grounded, names: Iterable[str]) -> None:
    """Identifiers and quoted names that are a slip away from a column."""
    from rapidfuzz import fuzz

    known = {n.casefold(): n for n in names}
    for m in re.finditer(r"[^\W\d]\w*_\w+|`[^`]+`|\"[^\"]+\"", found.text):
        if found.covered(m.start(), m.end()):
            continue
        wanted = m.group().strip("`\"'").casefold()
        best = max(((fuzz.ratio(wanted, low), name) for low, name in known.items()), default=(0.0, ""))
        if best[0] >= 84:
            found.columns.append(Mention("column", best[1], m.start(), m.end(), "part"))


def unknown_columns(found: Grounded) -> None:
    """Identifiers with an underscore, and back-ticked names, that nothing in the catalogue has."""
    for m in re.finditer(r"(?<![\w./])[^\W\d]\w*_\w+(?![\w/]|\.\w)|`[^`]+`", found.text):
        if not found.covered(m.start(), m.end()):
            found.unknown_columns.append(m.group().strip("`"))
