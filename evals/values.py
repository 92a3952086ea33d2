"""Compare a found value with an expected one; an expected mapping with a $-key is a predicate."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

PREDICATES = ("$any", "$near", "$matches", "$contains", "$present", "$absent", "$min", "$max", "$length", "$set")


def fits(expected: Any, found: Any) -> bool:
    """Whether `found` is what is expected; mappings are subsets, a single value equals a list of one.

    >>> fits({"columns": {"$set": ["b", "a"]}}, {"columns": ["a", "b"], "n": 3})
    True
    >>> fits({"$near": 0.7, "$tolerance": 0.01}, 0.705)
    True
    >>> fits("age", ["age"])
    True
    """
    if isinstance(expected, Mapping):
        if any(str(key).startswith("$") for key in expected):
            return _predicate(expected, found)
        return isinstance(found, Mapping) and all(fits(value, found.get(key)) for key, value in expected.items())
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        return math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(expected, (int, float)) and isinstance(found, str):
        return _as_number(found) == float(expected)
    if isinstance(expected, list) or _is_list(found):
        mine, theirs = _listed(expected), _listed(found)
        return len(mine) == len(theirs) and all(fits(a, b) for a, b in zip(mine, theirs, strict=True))
    return expected == found or (isinstance(expected, str) and isinstance(found, str) and _same_path(expected, found))


def at(path: str, value: Any) -> Any:
    """What lies at a dotted path of keys and places; None where there is nothing.

    >>> at("columns.1.name", {"columns": [{"name": "a"}, {"name": "b"}]})
    'b'
    """
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part, value.get(int(part)) if part.isdigit() else None)
        elif _is_list(value) and part.lstrip("-").isdigit() and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _predicate(wanted: Mapping[str, Any], found: Any) -> bool:
    unknown = [k for k in wanted if k not in (*PREDICATES, "$tolerance")]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is no predicate; there are {', '.join(PREDICATES)}")
    return all(_holds(name, wanted[name], found, wanted) for name in wanted if name != "$tolerance")


def _holds(name: str, value: Any, found: Any, wanted: Mapping[str, Any]) -> bool:
    match name:
        case "$any":
            return any(fits(one, found) for one in value)
        case "$near":
            number = _as_number(found)
            return number is not None and abs(number - value) <= wanted.get("$tolerance", 1e-6)
        case "$matches":
            return found is not None and re.search(value, str(found), re.IGNORECASE) is not None
        case "$contains":
            return (
                any(fits(value, one) for one in found) if _is_list(found) else str(value).lower() in str(found).lower()
            )
        case "$present":
            return (found not in (None, "", [], {})) is bool(value)
        case "$absent":
            return (found in (None, "", [], {})) is bool(value)
        case "$min":
            number = _as_number(found)
            return number is not None and number >= value
        case "$max":
            number = _as_number(found)
            return number is not None and number <= value
        case "$length":
            return found is not None and hasattr(found, "__len__") and fits(value, len(found))
        case _:
            return {str(v) for v in _listed(value)} == {str(v) for v in _listed(found)}


def _listed(value: Any) -> list[Any]:
    return list(value) if _is_list(value) else [] if value in (None, "") else [value]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _as_number(value: Any) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        text = str(value).strip()
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None


def _same_path(a: str, b: str) -> bool:
    return a.removeprefix("./") == b.removeprefix("./")
