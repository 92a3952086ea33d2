"""The step `map_values`, and the proposal behind it: spellings of one category become one spelling."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping

from opsmith.tools.compute.cells import Batch, is_text, shown
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, StepKind
from opsmith.tools.compute.text_spelling import frequency

MAX_DISTINCT = 3000
_COMMON = 1_000_000  # occurrences in the speller's corpus that make a word common
_RARE = 0.05  # a spelling error is at most this share of the spelling it stands for


def _map_values(batch: Batch, step: Step, fitted: Fitted) -> None:
    """Replace values by options.mapping; every other value stays."""
    mapping = {str(k): v for k, v in step.options.get("mapping", {}).items()}
    for column in step.columns:
        if is_text(batch.table.schema.field(column).type):
            batch.map(column, lambda v: None if v in mapping and mapping[v] is None else str(mapping.get(v, v)))
        else:
            known = batch.table.schema.field(column).type
            batch.map(column, lambda v: _as_stored(mapping[shown(v)], v) if shown(v) in mapping else v, known)


def _as_stored(new: object, old: object) -> object:
    return None if new is None else type(old)(new)  # type: ignore[call-arg]


def folded_value(text: str) -> str:
    """A value without case, accents, spaces and punctuation; marks that carry meaning (+, #, %, all in codes) stay.

    >>> folded_value("  New-York ") == folded_value("NEW YORK")
    True
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    if len(plain.strip()) <= 3 or any(ch.isdigit() for ch in plain):
        return "".join(plain.split())  # in codes and ranges every mark counts: A- is not A, 2-10 is not 210
    return "".join(ch for ch in plain if ch.isalnum() or ch in "+#%&<>=*/.,")


def merged_spellings(values: Mapping[str, int]) -> dict[str, str]:
    """Which value should be written how: {spelling: the usual spelling}, from distinct values and their counts.

    First values that differ only in case, accents, spaces or punctuation; then rare values one or two keystrokes
    from a frequent one. Values whose digits differ, short codes and pairs of frequent values are never merged.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for value in values:
        groups[folded_value(value).rstrip(".,") or value].append(value)
    mapping: dict[str, str] = {}
    totals: dict[str, int] = {}
    for members in groups.values():
        usual = max(members, key=lambda v: (values[v], _tidiness(v), v))
        totals[usual] = sum(values[m] for m in members)
        mapping.update({m: usual for m in members if m != usual})
    mapping_typos = _typos(totals)
    for rare, usual in mapping_typos.items():
        mapping[rare] = usual
    return {k: mapping_typos.get(v, v) for k, v in mapping.items()}


def _typos(totals: Mapping[str, int]) -> dict[str, str]:
    """Rare values a keystroke away from a frequent value (two from eight letters on), by Damerau-Levenshtein."""
    from rapidfuzz.distance import DamerauLevenshtein

    ordered = sorted(totals, key=lambda v: -totals[v])
    # what `_keystrokes` refuses anyway is never compared: values with digits, and other first letters
    frequent: dict[str, list[str]] = defaultdict(list)
    for usual in [v for v in ordered if totals[v] >= 10][:400]:
        if usual and not any(ch.isdigit() for ch in usual):
            frequent[usual[0]].append(usual)
    found: dict[str, str] = {}
    most = max(totals.values(), default=0) * _RARE
    for rare in ordered:
        if len(rare) < 4 or totals[rare] > most or any(ch.isdigit() for ch in rare):
            continue
        best: tuple[int, int, str] | None = None
        for usual in frequent.get(rare[0], ()):
            allowed = _keystrokes(rare, usual)
            if (
                usual == rare
                or not allowed
                or totals[rare] > totals[usual] * _RARE
                or abs(len(usual) - len(rare)) > allowed
            ):
                continue
            distance = DamerauLevenshtein.distance(rare.lower(), usual.lower(), score_cutoff=allowed)
            if distance <= allowed and not _is_other_word(rare, usual):
                best = min(best or (9, 0, ""), (distance, -totals[usual], usual))
        if best:
            found[rare] = best[2]
    return found


_OPPOSITES = re.compile(r"^(un|in|im|ir|dis|non|mis|de|fe|wo|ab|an)(?=.)", re.IGNORECASE)


def _is_other_word(rare: str, usual: str) -> bool:
    """Whether both are words of their own: with another beginning (male, female), both common, or too short to tell."""
    a, b = rare.lower(), usual.lower()
    if len(a.split()) == len(b.split()) > 1:
        return any(_is_other_word(x, y) for x, y in zip(a.split(), b.split(), strict=True) if x != y)
    if min(len(a), len(b)) < 4 or (frequency(a) > _COMMON and frequency(b) > _COMMON):
        return True
    return _OPPOSITES.sub("", a) == b or _OPPOSITES.sub("", b) == a


def _keystrokes(rare: str, usual: str) -> int:
    """How many slips of the hand may lie between two values: none between codes or when the first letters differ.

    Two real names are often two letters apart (Sunwest and Skywest, Conroe and Monroe), slips rarely are.
    """
    if rare[0] != usual[0] or any(ch.isdigit() for ch in rare + usual):
        return 0
    words, others = rare.lower().split(), usual.lower().split()
    if len(words) == len(others) > 1:
        differing = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
        return _keystrokes(*differing[0]) if len(differing) == 1 else 0
    swapped = sorted(rare.lower()) == sorted(usual.lower())
    alike = min(len(rare), len(usual)) >= 9 and rare[:3].lower() == usual[:3].lower()
    return 2 if swapped or alike else 1


def _tidiness(text: str) -> int:
    """Prefer `New York` to `NEW YORK` to `new york` when both are equally frequent."""
    return 2 * (text[:1].isupper() and not text.isupper()) + (text == text.strip())


KINDS = (StepKind("map_values", _map_values),)
