"""The steps of one operation that a person asked for: one builder an operation, `plain_steps` for all that need none."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from opsmith.tools.compute.cells import is_number, is_text, shown
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.recipe_types import hidden_missing, typed
from opsmith.tools.compute.recipe_wants import Asked, Want
from opsmith.tools.compute.steps.categories import MAX_DISTINCT, merged_spellings
from opsmith.tools.compute.steps.duplicates import looks_like_key
from opsmith.tools.contract import Finding, NeedsAnswer, ToolError


def plain_steps(want: Want) -> list[Step]:
    options: dict[str, Any] = {}
    if want.name == "abbreviations" and want.asked.mapping:
        options["extra"] = dict(want.asked.mapping)
    if want.name in ("abbreviations", "spelling") and want.asked.keywords:
        options["keep"] = list(want.asked.keywords)
    return [Step(want.name, tuple(want.columns), options, "asked for")]


def _dedupe(want: Want) -> list[Step]:
    how = {"near": "fuzzy", "approximate": "fuzzy"}.get(want.method or "", want.method or "")
    how = how or ("fuzzy" if want.asked.threshold is not None else "exact")
    options: dict[str, Any] = {"method": how, "keep": "first"}
    if how == "fuzzy":
        options["threshold"] = _share(want.asked.threshold) or 0.92
    key = tuple(want.asked.columns) if want.asked.columns else tuple(n for n in want.looks if want.asked.exclude)
    return [Step("dedupe", key, options, "asked for")]


def _impute(want: Want) -> list[Step]:
    """Placeholders are made missing and texts of numbers read first; then numbers and words are filled in their ways."""
    steps = _read_as_numbers(want)
    chosen = [
        c
        for c in want.columns
        if (want.looks[c].missing or want.asked.columns) and c not in want.asked.by and c != want.asked.target
    ]
    options: dict[str, Any] = {"by": list(want.asked.by)} if want.asked.by else {}
    if want.asked.value is not None or want.method in ("constant", "zero"):
        value = "0" if want.method == "zero" else want.asked.value
        return [*steps, Step("impute", tuple(chosen), {"method": "constant", "value": value, **options}, "asked for")]
    numbers = [c for c in chosen if want.looks[c].is_number]
    others = [c for c in chosen if not want.looks[c].is_number]
    if want.asked.columns and others and want.method in ("mean", "median", "knn", "iterative") and not numbers:
        raise ToolError(
            f"{others[0]} holds no numbers, so it has no {want.method}. Ask for the mode, or a constant value."
        )
    if not chosen:
        want.findings.append(Finding("nothing-missing", "info", "No cell is missing in these columns."))
    if numbers:
        steps.append(Step("impute", tuple(numbers), {"method": want.method or "median", **options}, "asked for"))
    if others:
        worded = tuple(c for c in others if want.asked.columns or want.looks[c].is_category)
        if worded:
            steps.append(
                Step(
                    "impute",
                    worded,
                    {"method": "mode" if want.method not in ("forward",) else want.method, **options},
                    "asked for",
                )
            )
    return steps


def _read_as_numbers(want: Want) -> list[Step]:
    """Steps that make placeholders missing, and that read the texts of columns that really hold numbers."""
    steps: list[Step] = []
    for column in want.columns:
        look = want.looks[column]
        if not look.is_text or look.is_free_text or column in want.asked.by or column == want.asked.target:
            continue
        trial = replace(look, values=dict(look.values))
        found: list[Finding] = []
        made = [*hidden_missing(trial, found), *typed(trial, want.asked.day_first, found)]
        if trial.is_number:
            want.looks[column] = trial
            want.findings.extend(found)
            steps += made
        else:
            steps += hidden_missing(look, want.findings)
    return steps


def _drop_columns(want: Want) -> list[Step]:
    options = {"above": _share(want.asked.threshold)} if want.asked.threshold is not None else {}
    return [Step("drop_columns", tuple(want.columns), options, "asked for")]


def _drop_missing(want: Want) -> list[Step]:
    return [
        Step("drop_missing", tuple(want.asked.columns), {"how": "all" if want.method == "all" else "any"}, "asked for")
    ]


def _rename(want: Want) -> list[Step]:
    names = {k: v for k, v in want.asked.mapping.items() if k in want.looks} if want.asked.mapping else {}
    for column in () if names else want.columns:
        new = re.sub(r"\W+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column)).strip("_").lower() or "column"
        while new in names.values() or (new in want.looks and new != column):
            new += "_2"
        if new != column:
            names[column] = new
    if want.asked.mapping and not names:
        raise ToolError(
            f"None of {', '.join(want.asked.mapping)} is a column. There are: {', '.join(list(want.looks)[:12])}."
        )
    return [Step("rename", (), {"names": names}, "asked for")]


_FILLS = frozenset(("median", "mean", "mode", "constant", "knn", "iterative", "forward", "zero"))


def _cast(want: Want) -> list[Step]:
    if want.method and want.method not in _FILLS:  # `parse dates and fill gaps by the median`: not a type
        to = {"float": "number", "numeric": "number", "int": "integer", "bool": "boolean", "string": "text", "str": "text",
              "timestamp": "datetime"}.get(want.method, want.method)  # fmt: skip
        if not want.asked.columns:
            raise NeedsAnswer(f"Which columns should become {to}?", list(want.looks)[:12])
        options: dict[str, Any] = {"to": to}
        if to in ("date", "datetime") and want.asked.day_first is not None:
            options["day_first"] = want.asked.day_first
        elif to in ("number", "integer", "date", "datetime"):
            steps = [s for c in want.columns for s in typed(want.looks[c], want.asked.day_first, want.findings)]
            steps = [s for s in steps if s.step == "cast"]
            if len(steps) == len(want.columns) and all(s.options["to"] in (to, "integer", "date") for s in steps):
                return [Step("cast", s.columns, {**s.options, "to": to}, s.reason) for s in steps]
        return [Step("cast", tuple(want.columns), options, "asked for")]
    return [
        s
        for c in want.columns
        for s in [
            *hidden_missing(want.looks[c], want.findings),
            *typed(want.looks[c], want.asked.day_first, want.findings),
        ]
    ]


def _missing(want: Want) -> list[Step]:
    if want.asked.keywords:
        options = {
            "tokens": list(want.asked.keywords),
            "values": [float(k) for k in want.asked.keywords if re.fullmatch(r"-?\d+(\.\d+)?", k)],
        }
        return [Step("missing", tuple(want.columns), options, "asked for")]
    return [s for c in want.columns for s in hidden_missing(want.looks[c], want.findings)]


def _map_values(want: Want) -> list[Step]:
    if want.asked.mapping:
        wanted = [
            c
            for c in want.columns
            if want.asked.columns or set(want.asked.mapping) & {shown(v) for v in want.looks[c].values}
        ]
        return [Step("map_values", tuple(wanted), {"mapping": dict(want.asked.mapping)}, "asked for")]
    steps = []
    for column in want.columns:
        look = want.looks[column]
        mapping = merged_spellings(look.values) if look.is_text and len(look.values) <= MAX_DISTINCT else {}
        if mapping:
            steps.append(
                Step("map_values", (column,), {"mapping": mapping}, f"{len(mapping)} spellings of the same value")
            )
    if not steps:
        want.findings.append(
            Finding("nothing-to-merge", "info", "No two spellings of one value were found in these columns.")
        )
    return steps


def _punctuation(want: Want) -> list[Step]:
    marks = "".join(k for k in want.asked.keywords if len(k) == 1 and not k.isalnum())
    options: dict[str, Any] = {"how": "remove"} if want.method in ("remove", "strip", "drop") or marks else {}
    return [Step("punctuation", tuple(want.columns), {**options, "marks": marks} if marks else options, "asked for")]


def _emoji(want: Want) -> list[Step]:
    return [
        Step(
            "strip_emoji",
            tuple(want.columns),
            {"how": "describe" if want.method in ("describe", "words") else "drop"},
            "asked for",
        )
    ]


def _outliers(want: Want) -> list[Step]:
    steps = _read_as_numbers(want)
    numeric = tuple(c for c in want.columns if want.looks[c].is_number and c != want.asked.target)
    if not numeric:
        raise ToolError("None of these columns holds numbers, so there are no outliers to look for.")
    options: dict[str, Any] = {"action": "clip", "rule": "iqr", "k": want.asked.threshold or 3.0}
    if want.method in ("drop", "remove"):
        options["action"] = "drop"
    elif want.method in ("missing", "null"):
        options["action"] = "missing"
    elif want.method in ("iqr", "sigma", "zscore", "quantile"):
        options["rule"] = {"zscore": "sigma"}.get(want.method, want.method)
        options["k"] = want.asked.threshold or {"quantile": 0.01}.get(want.method, 3.0)
    return [*_needed(steps, numeric), Step("outliers", numeric, options, "asked for")]


def _needed(steps: Sequence[Step], columns: Sequence[str]) -> list[Step]:
    """Those steps that are about these columns."""
    return [s for s in steps if set(s.columns) <= set(columns)]


def _pii(want: Want) -> list[Step]:
    texts = tuple(c for c in want.columns if is_text(want.looks[c].stored))
    return [
        Step(
            "mask_pii",
            texts,
            {"how": want.method if want.method in ("mask", "hash", "drop") else "mask", **_kinds(want.asked)},
            "asked for",
        )
    ]


def _kinds(asked: Asked) -> dict[str, Any]:
    return {"kinds": list(asked.keywords)} if asked.keywords else {}


def _embed(want: Want) -> list[Step]:
    return [
        Step(
            "embed",
            tuple(want.columns),
            {"method": want.method or want.asked.algorithm or "hashed", "dimensions": want.asked.n or 0},
            "asked for",
        )
    ]


def _entities(want: Want) -> list[Step]:
    how = {"method": want.method} if want.method in ("llm", "spacy", "rules") else {}
    return [Step("entities", tuple(want.columns), {**_kinds(want.asked), **how}, "asked for")]


def _augment(want: Want) -> list[Step]:
    """Noisy copies of texts, or SMOTE rows; a lone category named with it is the target to balance."""
    named = want.columns if want.asked.columns else []
    target = want.asked.target
    if (
        target is None
        and len(named) == 1
        and not want.looks[named[0]].is_free_text
        and len(want.looks[named[0]].values) <= 20
    ):
        target, named = named[0], []
    rest = [c for c in named or list(want.looks) if c != target]
    texts = [c for c in rest if want.looks[c].is_free_text] or [c for c in named if want.looks[c].is_text]
    how = want.method if want.method in ("text", "smote") else "text" if texts and not (target and named) else "smote"
    if how == "smote" and not target:
        raise NeedsAnswer("Which column is the target whose rare classes should get more rows?", list(want.looks)[:12])
    mixable = [
        c
        for c in rest
        if (is_number(want.looks[c].stored) and not looks_like_key(c, want.looks[c].stored))
        or want.looks[c].is_category
    ]
    options = {"method": how, "target": target, "rows": want.asked.n or 0}
    return [Step("augment", tuple(texts if how == "text" else mixable), options, "asked for")]


def _scale(want: Want) -> list[Step]:
    if want.name == "scale":
        steps = _read_as_numbers(want)
        chosen = tuple(c for c in want.columns if want.looks[c].is_number and c != want.asked.target)
        return [*_needed(steps, chosen), Step("scale", chosen, {"method": want.method or "standard"}, "asked for")]
    chosen = tuple(
        c for c in want.columns if (want.asked.columns or want.looks[c].is_category) and c != want.asked.target
    )
    return [Step("encode", chosen, {"method": want.method or "onehot", "target": want.asked.target}, "asked for")]


def _range(want: Want) -> list[Step]:
    from opsmith.tools.compute.steps.ranges import possible_range

    steps = []
    for column in want.columns:
        bounds = possible_range(column)
        if bounds and want.looks[column].is_number:
            steps.append(Step("range", (column,), {"min": bounds[0], "max": bounds[1]}, "values that cannot be"))
    return steps


BUILDERS: dict[str, Callable[[Want], Sequence[Step]]] = {
    "dedupe": _dedupe, "impute": _impute, "drop_columns": _drop_columns, "drop_missing": _drop_missing, "rename": _rename,
    "cast": _cast, "missing": _missing, "map_values": _map_values, "punctuation": _punctuation, "strip_emoji": _emoji,
    "outliers": _outliers, "mask_pii": _pii, "embed": _embed, "entities": _entities, "augment": _augment, "scale": _scale,
    "encode": _scale, "range": _range,
}  # fmt: skip


def _share(threshold: float | None) -> float | None:
    """A threshold as a share: 90 means 0.9."""
    return threshold if threshold is None or threshold <= 1 else threshold / 100
