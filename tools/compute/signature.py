"""Rows against what a model was trained on: what is missing, extra, of another kind, never seen or out of range."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.compute.training import inputs_of
from opsmith.tools.compute.training_run import card_plan
from opsmith.tools.contract import Finding, ToolError
from opsmith.tools.data import paths
from opsmith.tools.data.registry import ModelCard
from opsmith.tools.data.table import folded

if TYPE_CHECKING:
    import pandas as pd

UNREADABLE = 0.1  # share of cells that are no numbers from which a column is refused
OUTSIDE = 0.01  # share of rows outside the range of training that is worth a word


def renamed(card: ModelCard, names: Sequence[str], shown: str) -> dict[str, str]:
    """The model's column -> the table's, forgiving case and spaces. ToolError that lists the columns it lacks."""
    by_fold = {folded(n): n for n in names}
    found, missing = {}, []
    for entry in card.signature:
        column = str(entry["column"])
        there = column if column in names else by_fold.get(folded(column))
        if there is None:
            missing.append(column)
        else:
            found[column] = there
    if missing:
        raise ToolError(
            f"{shown} lacks {', '.join(missing[:6])}, which {card.name} version {card.version} was trained with. "
            f"It has: {', '.join(list(names)[:8])}."
        )
    return found


def read(card: ModelCard, frame: pd.DataFrame, shown: str) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The inputs as the model takes them, and what a person should know about them.

    Numbers kept as text are read as training read them, blanks as missing. Raises ToolError for a column that holds
    words where the model expects numbers.
    """
    names = renamed(card, [str(c) for c in frame.columns], shown)
    frame = frame.rename(columns={there: column for column, there in names.items() if there != column})
    plan = card_plan(card)
    x = inputs_of(frame, plan)
    found: list[Finding] = []
    moved = [f"{there} is taken to be {column}" for column, there in names.items() if there != column]
    if moved:
        found.append(Finding("renamed", "info", f"In {shown}, {', '.join(moved[:5])}."))
    for entry in card.signature:
        found += _column(card, entry, frame[str(entry["column"])], x, shown, raw=bool(plan.recipe or plan.features))
    known = {*names.values(), *names, card.target}
    extra = [str(c) for c in frame.columns if str(c) not in known]
    if extra:
        more = f" and {len(extra) - 4} more" if len(extra) > 4 else ""
        found.append(
            Finding("extra", "info", f"{card.name} does not use {', '.join(extra[:4])}{more}.", tuple(extra[:20]))
        )
    return x, tuple(found)


def _column(
    card: ModelCard, entry: Mapping[str, Any], given: Any, x: pd.DataFrame, shown: str, raw: bool
) -> list[Finding]:
    import pandas as pd

    name, found = str(entry["column"]), []
    if raw:
        return _raw_numbers(card, entry, given, shown)
    values = x[name]
    if entry["kind"] == "number":
        present = given.notna() & (given.astype(str).str.strip() != "")
        bad = present & pd.to_numeric(given, errors="coerce").isna()
        if bad.any() and bad.sum() > UNREADABLE * max(1, int(present.sum())):
            raise ToolError(
                f"{name} holds text in {shown} (such as {str(given[bad].iloc[0])[:40]!r}), but {card.name} expects numbers "
                "there. Clean it first."
            )
        if bad.any():
            such = repr(str(given[bad].iloc[0])[:40])
            told = f"{name} has {int(bad.sum()):,} values that are no numbers, such as {such}; taken as missing."
            found.append(Finding("unreadable", "warning", told, (name,), {"rows": int(bad.sum())}))
        low, high = entry.get("range") or (-np.inf, np.inf)
        outside = ((values < low) | (values > high)).sum()
        if outside > OUTSIDE * len(values):
            told = f"{name} is outside {low:g} to {high:g}, the range of training, in {outside / len(values):.0%} of the rows."
            found.append(Finding("range", "warning", told, (name,), {"rows": int(outside)}))
    levels = entry.get("levels")
    if entry["kind"] == "category" and levels and len(levels) < 200:
        counts = values.dropna().astype(str).value_counts()
        unseen = counts[[v for v in counts.index if v not in set(map(str, levels))]]
        if len(unseen):
            told = f"{name} has values the model never saw: {', '.join(map(str, unseen.index[:4]))} ({int(unseen.sum()):,} rows)."
            found.append(Finding("unseen", "warning", told, (name,), {"rows": int(unseen.sum())}))
    blank = int(values.isna().sum()) if entry["kind"] != "text" else 0
    if blank and not entry.get("nullable") and pd.isna(values).any() and not any(f.id == "unreadable" for f in found):
        told = f"{name} is missing in {blank:,} rows; the model never saw it missing."
        found.append(Finding("missing", "warning", told, (name,), {"rows": blank}))
    return found


def _raw_numbers(card: ModelCard, entry: Mapping[str, Any], given: Any, shown: str) -> list[Finding]:
    """For a model that begins with steps of its own: a column that came as numbers and now holds words is refused."""
    import pandas as pd

    present = given.dropna()
    if entry["kind"] != "number" or pd.api.types.is_numeric_dtype(given) or present.empty:
        return []
    bad = present[pd.to_numeric(present, errors="coerce").isna()]
    if len(bad) > UNREADABLE * len(present):
        raise ToolError(
            f"{entry['column']} holds text in {shown} (such as {str(bad.iloc[0])[:40]!r}), but {card.name} was trained on "
            "numbers there. Clean it first."
        )
    return []


def unseen_inside(card: ModelCard, pipeline: Any, x: pd.DataFrame) -> tuple[Finding, ...]:
    """Values that a model with steps of its own never saw, looked for after these steps; () for other models."""
    if not (card.recipe.get("cleaning") or card.recipe.get("features")):
        return ()
    inner = pipeline.calibrated_classifiers_[0].estimator if hasattr(pipeline, "calibrated_classifiers_") else pipeline
    own = sum(name not in ("columns", "model") for name, _ in inner.steps)
    last = inner if "columns" in inner.named_steps else inner.named_steps["model"].estimators_[0]
    ready = inner[:own].transform(x)
    found = []
    for name, encoder, columns in last.named_steps["columns"].transformers_:
        if name != "categories":
            continue
        for column, levels in zip(columns, encoder.categories_, strict=True):
            counts = ready[column].dropna().astype(str).value_counts()
            strange = counts[[v for v in counts.index if v not in set(map(str, levels))]]
            if len(strange):
                named = ", ".join(map(str, strange.index[:4]))
                told = f"{column} has values the model never saw: {named} ({int(strange.sum()):,} rows)."
                found.append(Finding("unseen", "warning", told, (column,), {"rows": int(strange.sum())}))
    return tuple(found)


def typed(card: ModelCard, values: str | Mapping[str, Any]) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """One row from values typed as `fee=80, plan=month`; what was not given is missing.

    Raises ToolError for a name that is no input (with the nearest ones) or a word where a number belongs.
    """
    import pandas as pd

    given = dict(values) if isinstance(values, Mapping) else _pairs(values)
    if not given:
        raise ToolError("No values were given. Write them as column=value, column=value.")
    columns = [str(e["column"]) for e in card.signature]
    by_fold = {folded(c): c for c in columns}
    row: dict[str, Any] = dict.fromkeys(columns)
    for name, value in given.items():
        column = by_fold.get(folded(str(name)))
        if column is None:
            near = paths.nearest(str(name), columns) or columns[:8]
            raise ToolError(f"{card.name} has no input {name!r}. Nearest: {', '.join(near)}.")
        row[column] = value
    for entry in card.signature:
        value = row[str(entry["column"])]
        if entry["kind"] == "number" and value is not None and _number(value) is None:
            raise ToolError(f"{entry['column']} takes a number, and {value!r} is none.")
        if entry["kind"] == "number":
            row[str(entry["column"])] = _number(value)
    frame = pd.DataFrame([row])
    x, found = read(card, frame, "what you typed")
    absent = [c for c in columns if row[c] is None]
    found = tuple(f for f in found if f.id != "missing")
    if absent:
        found = (
            *found,
            Finding("absent", "warning", f"{', '.join(absent[:8])} not given; taken as missing.", tuple(absent)),
        )
    return x, found


def _pairs(text: str) -> dict[str, str]:
    """`fee=80, plan: month` -> {fee: 80, plan: month}; a value may be quoted to hold a comma."""
    pairs = re.findall(r"([^=:,;]+?)\s*[=:]\s*(\"[^\"]*\"|'[^']*'|[^,;]*)(?:[,;]|$)", text)
    return {name.strip().strip("`'\""): value.strip().strip("\"'") for name, value in pairs if value.strip()}


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return float(value)
    try:
        return float(str(value).strip().rstrip("%€$£ ").lstrip("€$£ ").replace(" ", ""))
    except ValueError:
        return None
