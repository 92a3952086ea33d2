"""Columns that a sentence names: whole, by one telling word, or with a slip; and names that look like columns and are none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opsmith.agent.offline.found import Grounded, Mention
from opsmith.agent.offline.normalise import is_known_word
from opsmith.agent.offline.words import CAREFUL, GENERIC, SHORT, STOP, stem, tokens


def columns(found: Grounded, catalogue: Mapping[str, Any], chosen: Sequence[str]) -> None:
    """Add the columns of the chosen files (of all files when none is chosen) that the text names."""
    files = [f for f in catalogue.get("files", ()) if not chosen or f["path"] in chosen]
    names = list(dict.fromkeys(str(c["name"]) for f in files for c in f["columns"]))
    keys = {k for f in files for k in row_names(f)}
    for name in sorted(names, key=len, reverse=True):
        parts = [p for p in re.split(r"[\s_\-]+", name) if p]
        flexible = r"[\s_\-]+".join(re.escape(p) for p in parts)
        for m in re.finditer(rf"(?<![\w./]){flexible}(?:s|es|'s)?(?![\w]|\.\w)", found.text, re.IGNORECASE):
            if not found.covered(m.start(), m.end()) and _meant(found.text, m, name, key=name in keys):
                found.columns.append(Mention("column", name, m.start(), m.end()))
    _quoted_slips(found, names)
    _telling_words(found, names, keys, [stem(str(f["path"])) for f in files])


def row_names(file: Mapping[str, Any]) -> list[str]:
    """The columns that only name the rows: a first column of text, and what is called an id.

    Their words (`flights`, `students`) mostly speak of the rows and not of the column.
    """
    listed = file["columns"]
    named = [str(c["name"]) for c in listed if "id" in tokens(str(c["name"]))]
    first = str(listed[0]["name"]) if listed and listed[0].get("kind") == "text" else ""
    return [*named, first] if first else named


_BEFORE = re.compile(
    r"(?:\b(?:column|columns|of|in|by|per|for|on|the|is|predict|predicts|predicting|target|label|leave|leaving|leave out|w/o|omit|skip|keep|take|ignore|ignoring|exclude|excluding|without|drop|average|mean|sum|max|min|"
    r"median|each|every|and|vs|versus|impute|scale|encode|model|learn|just|only|from|between|use|using|not|column:|ohne|sin|sans|für|pro|je|nach|por|para|de|par|pour|sur|spalte|columna|colonne|total|highest|lowest|unique|distinct|what|different)|[:,(`'\"])\s*$",
    re.IGNORECASE,
)
_KEY_BEFORE = re.compile(
    r"(?:\b(?:columns?|by|per|each|every|unique|distinct|different|ignor\w*|exclud\w*|without|drop|leave|leave out|omit|skip|use|using|not|not from|but not|feed|include|predict|target|label)(?: the)?|[`'\"])\s*$",
    re.IGNORECASE,
)


def _meant(text: str, m: re.Match[str], name: str, *, key: bool) -> bool:
    """Whether a word that is a column's name is used as one and not as plain English."""
    low, before = name.casefold(), text[: m.start()]
    if len(name) < 3 and m.group() != name:
        return False
    if len(name) == 1 or (len(name) == 2 and low in STOP):
        return bool(re.search(r"(?:\bcolumns?\s+|[`'\"])$", before, re.IGNORECASE))
    if key and "_" not in m.group():
        after = text[m.end() :]
        if re.fullmatch(r"rows?|lines?|records?|entr(?:y|ies)", m.group(), re.IGNORECASE):
            return bool(re.search(r"[`'\"]\s*$|\bcolumns?\s+$", before)) or bool(re.match(r"\s+column\b", after))
        return bool(_KEY_BEFORE.search(before)) or bool(re.match(r"\s+column\b", after))
    if re.search(r"\bin\s+$", before, re.IGNORECASE) and low == "order":
        return False
    if re.search(r"\b(?:your|my|our)\s+$", before, re.IGNORECASE) and low in ("notes", "memory", "note"):
        return False
    if low not in CAREFUL:
        return True
    return bool(_BEFORE.search(before)) or (name != low and m.group() == name)


def _quoted_slips(found: Grounded, names: Iterable[str]) -> None:
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


def _telling_words(found: Grounded, names: Sequence[str], keys: Iterable[str], stems: Sequence[str]) -> None:
    """Single words: one that a single column's name has (`price` for `asking price`), or a typo of a name."""
    from rapidfuzz import fuzz

    there = {c.value for c in found.columns}
    open_names = [n for n in names if n not in keys and n not in there]
    words = {n: set(tokens(n)) for n in open_names}
    rows = {t for s in stems for t in tokens(s)} | {t for k in keys for t in tokens(k)}
    for m in re.finditer(r"(?<![\w./#-])[^\W\d_]{3,}(?![\w/]|\.\w)", found.text):
        low = m.group().casefold()
        if len(low) == 3 and low in SHORT:
            continue
        if found.covered(m.start(), m.end()) or low in STOP or low in GENERIC or low in CAREFUL:
            continue
        word = set(tokens(low))
        if re.search(r"\b(?:your|my)\s+$", found.text[: m.start()], re.IGNORECASE):
            continue
        if not word or word & rows:
            continue
        if any(_same_stem(low, r) for r in rows if len(r) >= 4):
            continue
        fits = [n for n in open_names if word <= words[n]] or [
            n for n in open_names if len(low) >= 6 and any(_same_stem(low, w) for w in words[n])
        ]
        if not fits and len(low) >= 5 and not is_known_word(low):
            scored = [(fuzz.ratio(low, n.casefold()), n) for n in open_names if len(n) >= 4]
            best = max(scored, default=(0.0, ""))
            fits = [best[1]] if best[0] >= 83 else []
        if len(fits) == 1 and fits[0] not in there:
            there.add(fits[0])
            found.columns.append(Mention("column", fits[0], m.start(), m.end(), "part"))


def _same_stem(word: str, name: str) -> bool:
    """Whether two words differ in their endings alone: `completion`, `completed`."""
    same = next((n for n, (a, b) in enumerate(zip(word, name, strict=False)) if a != b), min(len(word), len(name)))
    return same >= 5 and same >= max(len(word), len(name)) - 4 and word != name


def unknown_columns(found: Grounded, known: Iterable[str] = ()) -> None:
    """Identifiers with an underscore, and back-ticked names, that nothing in the catalogue has. known: its column names."""
    there = {t for name in known for t in tokens(name)}
    for m in re.finditer(r"(?<![\w./])[^\W\d]\w*_\w+(?![\w/]|\.\w)|`[^`]+`", found.text):
        if not found.covered(m.start(), m.end()):
            found.unknown_columns.append(m.group().strip("`"))
    if any(m.how == "exact" for m in found.files):
        for m in _OF_A_COLUMN.finditer(found.text):
            word = m.group(1).casefold()
            if (
                not found.covered(m.start(1), m.end(1))
                and word not in STOP | GENERIC | _NO_COLUMN
                and not (word.endswith("ing") or there & set(tokens(word)))
            ):
                found.unknown_columns.append(m.group(1))


# what is done to one column: `impute premium in claims.csv` names one even where no column is called so
_OF_A_COLUMN = re.compile(
    r"\b(?:impute|scale|rescale|encode|one-hot|standardi[sz]e|lower-?case|trim|z-?score|min-?max|winsori[sz]e|rename|cast)\s+"
    r"(?:the )?(?:column )?([^\W\d]\w{3,})\s+(?:in|of|from|with|to|by|using|column)\b",
    re.IGNORECASE,
)
_NO_COLUMN = frozenset(
    ["missing", "values", "nulls", "gaps", "blanks", "holes", "numeric", "numbers", "everything", "columns", "outliers", "rows",
     "categorical", "categories", "strings", "texts", "dates", "names", "whitespace", "spaces", "these", "those", "every", "each",
     "empty", "cells", "fields", "variables", "numerical", "continuous", "inputs", "entries", "records", "whole"]
)  # fmt: skip
