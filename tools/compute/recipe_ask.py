"""Turn what a person asked for (operations, columns, method, ...) into the steps of a recipe."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from opsmith.tools.compute.cells import is_number, is_text, shown
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.recipe_look import ColumnLook, look_at
from opsmith.tools.compute.recipe_propose import Proposal
from opsmith.tools.compute.recipe_run import Stage
from opsmith.tools.compute.recipe_types import hidden_missing, typed
from opsmith.tools.compute.steps import step_names
from opsmith.tools.compute.steps.categories import MAX_DISTINCT, merged_spellings
from opsmith.tools.contract import Finding, NeedsAnswer, ToolError
from opsmith.tools.data import paths

TEXT_STEPS = frozenset(
    [
        "fix_text",
        "strip_html",
        "strip_emoji",
        "contractions",
        "abbreviations",
        "punctuation",
        "repeats",
        "spelling",
        "stop_words",
        "language",
        "sentences",
        "entities",
        "embed",
    ]
)
_OTHER_NAMES = {
    "deduplicate": "dedupe", "duplicates": "dedupe", "drop_duplicates": "dedupe", "fill": "impute", "fillna": "impute",
    "dropna": "drop_missing", "html": "strip_html", "emoji": "strip_emoji", "typos": "spelling", "spell": "spelling",
    "whitespace": "trim", "lower": "lowercase", "pii": "mask_pii", "anonymize": "mask_pii",
        "embeddings": "embed", "embedding": "embed",
    "normalize": "scale", "normalise": "scale", "mojibake": "fix_text", "encoding": "fix_text",
    "types": "cast", "ner": "entities",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The arguments of one call of `clean` that name operations."""

    operations: tuple[str, ...]
    columns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    method: str | None = None
    keywords: tuple[str, ...] = ()
    target: str | None = None
    n: int | None = None
    threshold: float | None = None
    algorithm: str | None = None
    by: tuple[str, ...] = ()
    value: str | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    day_first: bool | None = None


@dataclass(frozen=True)
class Want:
    """One operation of a call, with what its builder looks at."""

    name: str
    columns: list[str]
    asked: Asked
    looks: dict[str, ColumnLook]
    findings: list[Finding]
    method: str | None


def operation_name(name: str) -> str:
    """The step that an operation means. ToolError with the nearest names when there is none."""
    wanted = re.sub(r"[\s-]+", "_", name.strip().lower())
    wanted = _OTHER_NAMES.get(wanted, wanted)
    if wanted not in step_names():
        near = paths.nearest(wanted, step_names()) or step_names()
        raise ToolError(
            f"There is no cleaning operation {name!r}. Nearest: {', '.join(near[:3])}. All: {', '.join(step_names())}."
        )
    return wanted


def asked_steps(stage: Stage, asked: Asked, seen: dict[str, ColumnLook] | None = None) -> Proposal:
    """The steps asked for, in the order asked. NeedsAnswer when a column or a value has to be named first.

    seen: the columns as they stand by then, when earlier steps have changed them.
    """
    made = Proposal()
    looks = {n: c for n, c in (seen or look_at(stage)).items() if n not in asked.exclude}
    methods = _share_out(asked)
    for name in map(operation_name, asked.operations):
        build: Callable[[Want], Sequence[Step]] = _BUILDERS.get(name, _plain)
        made.steps += build(Want(name, _columns(name, asked, looks), asked, looks, made.findings, methods.get(name)))
    return made


def _share_out(asked: Asked) -> dict[str, str]:
    """The method belongs to the operations that have one."""
    names = [operation_name(o) for o in asked.operations]
    return {n: asked.method.lower() for n in names if asked.method and n in _BUILDERS} if asked.method else {}


def _columns(name: str, asked: Asked, looks: dict[str, ColumnLook]) -> list[str]:
    """The named columns, or the ones that the operation is for."""
    if asked.columns:
        return [c for c in asked.columns if c in looks]
    if name in TEXT_STEPS:
        free = [n for n, c in looks.items() if c.is_free_text]
        texts = [n for n, c in looks.items() if c.is_text]
        chosen = free or texts
        if not chosen:
            raise ToolError("The table has no text column for this. Name the column to work on.")
        if name in ("embed", "entities") and len(chosen) > 1:
            raise NeedsAnswer(f"Which text column is meant: {', '.join(chosen[:8])}?", chosen[:8])
        return chosen
    if name in ("trim", "lowercase"):
        return [n for n, c in looks.items() if c.is_text]
    if name in ("drop_columns",):
        raise NeedsAnswer("Which columns should be dropped?", list(looks)[:12])
    return list(looks)


def _plain(want: Want) -> list[Step]:
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
    chosen = [
        c
        for c in want.columns
        if (want.looks[c].missing or want.asked.columns) and c not in want.asked.by and c != want.asked.target
    ]
    options: dict[str, Any] = {"by": list(want.asked.by)} if want.asked.by else {}
    if want.asked.value is not None or want.method in ("constant", "zero"):
        value = "0" if want.method == "zero" else want.asked.value
        return [Step("impute", tuple(chosen), {"method": "constant", "value": value, **options}, "asked for")]
    numbers = [c for c in chosen if want.looks[c].is_number]
    others = [c for c in chosen if not want.looks[c].is_number]
    if want.asked.columns and others and want.method in ("mean", "median", "knn", "iterative") and not numbers:
        raise ToolError(
            f"{others[0]} holds no numbers, so it has no {want.method}. Ask for the mode, or a constant value."
        )
    if not chosen:
        want.findings.append(Finding("nothing-missing", "info", "No cell is missing in these columns."))
    steps = []
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


def _cast(want: Want) -> list[Step]:
    if want.method:
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
    return [Step("outliers", numeric, options, "asked for")]


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
    texts = [c for c in want.columns if want.looks[c].is_free_text] or [
        c for c in want.columns if want.asked.columns and want.looks[c].is_text
    ]
    how = want.method or ("text" if texts else "smote")
    if how == "smote" and not want.asked.target:
        raise NeedsAnswer("Which column is the target whose rare classes should get more rows?", list(want.looks)[:12])
    chosen = (
        texts
        if how != "smote"
        else [c for c in want.columns if is_number(want.looks[c].stored) and c != want.asked.target]
    )
    return [
        Step(
            "augment",
            tuple(chosen),
            {"method": how, "target": want.asked.target, "rows": want.asked.n or 0},
            "asked for",
        )
    ]


def _scale(want: Want) -> list[Step]:
    if want.name == "scale":
        chosen = tuple(c for c in want.columns if want.looks[c].is_number and c != want.asked.target)
        return [Step("scale", chosen, {"method": want.method or "standard"}, "asked for")]
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


_BUILDERS: dict[str, Callable[[Want], Sequence[Step]]] = {
    "dedupe": _dedupe, "impute": _impute, "drop_columns": _drop_columns, "drop_missing": _drop_missing, "rename": _rename,
    "cast": _cast, "missing": _missing, "map_values": _map_values, "punctuation": _punctuation, "strip_emoji": _emoji,
    "outliers": _outliers, "mask_pii": _pii, "embed": _embed, "entities": _entities, "augment": _augment, "scale": _scale,
    "encode": _scale, "range": _range,
}  # fmt: skip


def _share(threshold: float | None) -> float | None:
    """A threshold as a share: 90 means 0.9."""
    return threshold if threshold is None or threshold <= 1 else threshold / 100
