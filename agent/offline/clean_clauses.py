"""A cleaning of several parts: each clause of the sentence with the operation, the columns and the details of its own."""

from __future__ import annotations

import re
from typing import Any

from opsmith.agent.offline import operations as ops
from opsmith.agent.offline.slots import EXCLUDE, Scene

_BREAK = re.compile(
    r"[,;:]\s+(?:and\s+|then\s+|also\s+)*|\.\s+|\s+(?:and then|and also|and|then|und|y|et)\s+", re.IGNORECASE
)
_NAME = r"(?:`([^`]+)`|\"([^\"]+)\"|'([^']+)'|([^\W\d][\w-]*))"
_VALUE = r"(?:`([^`]+)`|\"([^\"]*)\"|'([^']*)'|([^\s,;`\"']*[^\s,;.`\"'?!]))"
_RENAMED = re.compile(
    rf"^[`'\"]?\s*(?:columns?\s+)?(?:to|as|into|->|=>|=|simply|just|zu|in)\s+(?:be called\s+)?{_NAME}", re.IGNORECASE
)
_REPLACED = re.compile(
    rf"(?:\b(?:replace|map|change|recode|turn|swap)\s+(?:the values?\s+|every\s+|all\s+)?|,\s*(?:and\s+)?|\band\s+){_VALUE}\s*(?:\s(?:with|by|to|into|for)\s|->|=>)\s*{_VALUE}",
    re.IGNORECASE,
)
_CONSTANT = re.compile(
    rf"\b(?:fill|replace|impute|patch|plug|substitute|set)\b.*?\b(?:with|by|to|as)\s+(?:the\s+(?:value|word|text|string|constant)\s+|a\s+|an\s+)?{_VALUE}",
    re.IGNORECASE,
)
_NO_CONSTANT = re.compile(
    r"^(?:the|its?|their|median|means?|mode|average|avg|zero|0|most|k-?nn|neighbou?rs?|class|group|column|an?|each|every|values?|something|forward|interpolat\w*|typical|linear\w*|iterative\w*|regression|missing|null|nan)$",
    re.IGNORECASE,
)

_TYPES = {
    "integer": r"int(?:eger)?s?|whole numbers?", "number": r"floats?|numbers?|numeric|doubles?|decimals?", "datetime": r"date ?times?|timestamps?",
    "date": r"dates?", "boolean": r"bool(?:ean)?s?", "text": r"text|strings?|str",
}  # fmt: skip
_TYPE = re.compile(
    rf"\b(?:to|into|as|be|become)\s+(?:an?\s+|proper\s+|real\s+|true\s+)*({'|'.join(_TYPES.values())})\b", re.IGNORECASE
)

_JOINED = re.compile(
    r"\b(?:and|then|also|und|please|the|(?:(?:in|of|from|for|clean)\s+)?FILE|(?:(?:in|into|to|as)\s+)?OUT)\b"
)


_OF_TEXT = {
    "lowercase", "punctuation", "trim", "strip_html", "strip_emoji", "abbreviations", "contractions", "spelling", "stop_words",
    "repeats", "fix_text", "mask_pii",
}  # fmt: skip


def parts_of(scene: Scene, by: list[str]) -> list[dict[str, Any]]:
    """The changes that a sentence names one after the other, when they differ in their columns or details; else none.

    by: columns that gaps are filled within, which no operation works on.
    """
    found: list[dict[str, Any]] = []
    shared = False
    there = _columns_there(scene)
    for start, end in _clauses(scene):
        wanted = operations_in(scene, start, end)
        if not wanted:
            return []  # a part that is not understood: the sentence is read as a whole
        marks = [m for m in scene.found.columns if start <= m.start < end and m.value not in by]
        out = [m for m in marks if EXCLUDE.search(scene.text[start : m.start][-45:])]
        if out and not {"drop_columns", "drop_missing", "outliers"} & set(wanted):
            return []
        words = re.findall(r"[^\W\d]\w*", _JOINED.sub(" ", _masked(scene, start, end)))
        columns = [m.value for m in marks] or [there[w] for w in words if w in there and there[w] not in by]
        shared = shared or (not columns and len(words) == 1)
        if not columns and found and _OF_TEXT.issuperset(wanted) and found[-1]["operation"] in _OF_TEXT:
            columns = found[-1]["columns"]  # `lowercase the note and remove its punctuation`
        found += [
            {"operation": name, "columns": list(dict.fromkeys(columns)), **details(scene, name, start, end)}
            for name in wanted
        ]
    named = {tuple(f["columns"]) for f in found}
    if len(found) < 2 or len(named) < 2 or shared:  # `trim and lowercase the note`: one list of columns for all
        return []
    if any(f["operation"] == "impute" for f in found) and by:
        found = [{**f, "by": by} if f["operation"] == "impute" else f for f in found]
    return found


def operations_of(scene: Scene) -> list[str]:
    """The operations that the clauses ask for, each read alone (`remove duplicates and fill the missing ages`); [] if one asks none."""
    each = [operations_in(scene, start, end) for start, end in _clauses(scene)]
    return list(dict.fromkeys(name for names in each for name in names)) if all(each) else []


def operations_in(scene: Scene, start: int, end: int) -> list[str]:
    """The operations of one clause."""
    return ops.clean_operations(_masked(scene, start, end))


def _columns_there(scene: Scene) -> dict[str, str]:
    """Columns of the file that the sentence names, by their name in lower case."""
    files = scene.files() or (scene.paths if len(scene.paths) == 1 else scene.state.files[:1])
    return {c["name"].casefold(): c["name"] for c in scene.columns_of(files[0])} if files else {}


def details(scene: Scene, name: str, start: int = 0, end: int | None = None) -> dict[str, Any]:
    """What one operation of a sentence needs besides its columns: new names, old and new values, the filling."""
    text = scene.text[start : len(scene.text) if end is None else end]
    if name == "rename":
        new = {}
        for m in scene.found.columns:
            if start <= m.start < start + len(text) and (
                named := _RENAMED.search(scene.text[m.end : start + len(text)])
            ):
                new[m.value] = next(g for g in named.groups() if g)
        return {"mapping": new} if new else {}
    if name == "cast":
        said = {to for m in _TYPE.finditer(text) for to, words in _TYPES.items() if re.fullmatch(words, m[1], re.I)}
        return {"method": said.pop()} if len(said) == 1 else {}
    if name == "map_values":
        columns = {m.value.casefold() for m in scene.found.columns}
        pairs = [[g for g in m.groups() if g is not None] for m in _REPLACED.finditer(scene.raw or text)]
        made = {p[0]: p[1] for p in pairs if len(p) == 2 and p[0].casefold() not in columns}
        return {"mapping": made} if made else {}
    if name == "impute":
        method = ops.impute_method(text)
        if method:
            return {"method": method}
        filled = _CONSTANT.search(text)
        value = next((g for g in filled.groups() if g is not None), "") if filled else ""
        if value and not _NO_CONSTANT.match(value):
            return {"method": "constant", "value": value}
    return {}


def _clauses(scene: Scene) -> list[tuple[int, int]]:
    """Spans of the sentence that each ask for something; what asks for nothing belongs to what it follows."""
    names = [(m.start, m.end) for m in (*scene.found.columns, *scene.found.files)]
    quotes = [m.span() for m in re.finditer(r"`[^`]*`|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)", scene.text)]
    cuts = [0]
    for m in _BREAK.finditer(scene.text):
        if not any(a < m.end() and m.start() < b for a, b in (*names, *quotes)):
            cuts.append(m.end())
    spans: list[tuple[int, int]] = []
    for start, end in zip(cuts, [*cuts[1:], len(scene.text)], strict=True):
        asks = bool(ops.clean_operations(_masked(scene, start, end)))
        if spans and not (asks and ops.clean_operations(_masked(scene, *spans[-1]))):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _masked(scene: Scene, start: int, end: int) -> str:
    """A part of the sentence in lower case, its columns as COL, its files as FILE, those to write as OUT."""
    found = scene.found
    named = ((found.columns, "COL"), (found.files, "FILE"), (found.outputs, "OUT"))
    marks = [(m.start, m.end, mark) for every, mark in named for m in every]
    text, at = "", start
    for a, b, mark in sorted(marks):
        if a >= at and b <= end:
            text, at = text + scene.text[at:a].lower() + mark, b
    return text + scene.text[at:end].lower()
