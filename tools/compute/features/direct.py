"""Features that are asked for by name: scaling, encoding, principal components and keyword scores. No search, no proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from opsmith.tools.compute.features import formulas_text
from opsmith.tools.compute.features.ask import Asking, Wish
from opsmith.tools.compute.features.compute import Rows
from opsmith.tools.compute.features.expression import Call, Column, Node, Number, Text, written
from opsmith.tools.compute.features.featureset import Entry, FeatureSet
from opsmith.tools.compute.features.roles import is_date
from opsmith.tools.compute.features.words import in_words, name_of
from opsmith.tools.compute.recipe import Recipe, Step
from opsmith.tools.compute.training import kind_of_input, task_of
from opsmith.tools.contract import NeedsAnswer, ToolError
from opsmith.tools.contract import Table as Shown

SCALINGS = {"standard": "standard", "zscore": "standard", "z-score": "standard", "minmax": "minmax", "min-max": "minmax",
            "robust": "robust", "quantile": "quantile", "log": "log"}  # fmt: skip
ENCODINGS = {"onehot": "onehot", "one-hot": "onehot", "one_hot": "onehot", "dummy": "onehot",
             "ordinal": "ordinal", "label": "ordinal", "target": "target", "mean": "target",
             "frequency": "frequency", "count": "frequency"}  # fmt: skip
# used when no words are given: what insurers, banks and support desks look for
RISK_WORDS = ("accident", "speeding", "crash", "collision", "injury", "damage", "claim", "fraud", "scam", "theft", "stolen",
              "urgent", "complaint", "complain", "refund", "cancel", "angry", "overdue", "default", "violation", "lawsuit",
              "broken", "danger", "reckless", "warning", "dispute", "chargeback", "threat", "emergency", "failure",
              "drunk")  # fmt: skip
_MOST_LEVELS = 50


@dataclass(frozen=True)
class Made:
    """Features ready to be computed, what to tell about them, and columns that they take the place of."""

    features: FeatureSet
    headline: str
    tables: tuple[Shown, ...] = ()
    drop: tuple[str, ...] = ()
    data: dict[str, Any] | None = None


def kind_of_column(values: pd.Series[Any]) -> str:
    """number, flag (two values), category, text, date, id or empty, without knowing a target."""
    present = values.dropna()
    if present.empty or present.nunique() < 2:
        return "empty"
    if is_date(values):
        return "date"
    kind, _ = kind_of_input(str(values.name), values)
    return "id" if not kind else "flag" if kind == "number" and present.nunique() == 2 else kind


def columns_for(asking: Asking, wish: Wish, kinds: Sequence[str], what: str) -> tuple[str, ...]:
    """The named columns, else all of these kinds but the target. ToolError when there is none or one does not fit."""
    found = {c: kind_of_column(asking.frame[c]) for c in asking.table.column_names}
    if wish.columns:
        for name in wish.columns:
            if "number" in kinds and found[name] not in ("number", "flag", "id"):
                raise ToolError(
                    f"{name} holds no numbers ({found[name]}), so it cannot be {what}. Name number columns, or encode it."
                )
        return tuple(c for c in wish.columns if c not in wish.exclude)
    chosen = tuple(c for c, kind in found.items() if kind in kinds and c not in wish.exclude and c != wish.target)
    if not chosen:
        raise ToolError(f"{asking.table.name} has no {' or '.join(kinds)} column that could be {what}.")
    return chosen


def steps(asking: Asking, wish: Wish, operations: Sequence[str], methods: Sequence[str]) -> Recipe:
    """Scaling and encoding as steps of a cleaning recipe, in the order asked for; ToolError for an unknown method."""
    made: list[Step] = []
    for operation in operations:
        if operation == "scale":
            method = _method(methods, SCALINGS, "standard", "scaling", operations)
            columns = columns_for(asking, wish, ("number",), "scaled")
            made.append(Step("scale", columns, {"method": method}, "asked for"))
        else:
            method = _method(methods, ENCODINGS, "onehot", "encoding", operations)
            columns = columns_for(asking, wish, ("category",), "encoded") if not wish.columns else wish.columns
            levels = {c: int(asking.frame[c].nunique()) for c in columns}
            wide = [c for c in columns if levels[c] > _MOST_LEVELS]
            if method == "onehot" and wish.columns == () and wide:
                columns = tuple(c for c in columns if c not in wide)
            if not columns:
                raise ToolError(
                    f"{', '.join(wide)} have more than {_MOST_LEVELS} values; use ordinal or frequency encoding."
                )
            options = {
                "method": method,
                **({"target": asking.target(wish, "is the outcome")} if method == "target" else {}),
            }
            made.append(Step("encode", columns, options, "asked for"))
    return Recipe(asking.table.name, tuple(made))


def _method(asked: Sequence[str], known: dict[str, str], default: str, what: str, operations: Sequence[str]) -> str:
    for name in asked:
        if name.strip().lower() in known:
            return known[name.strip().lower()]
    if asked and len(operations) == 1:
        raise ToolError(f"There is no {what} called {asked[0]!r}. Methods: {', '.join(dict.fromkeys(known.values()))}.")
    return default


def frequencies(asking: Asking, wish: Wish) -> Made:
    """How common each value is, as a number, in place of the value."""
    columns = wish.columns or columns_for(asking, wish, ("category",), "encoded")
    nodes: list[Node] = [Call("frequency", (Column(c),)) for c in columns]
    return Made(
        _set(asking, wish, nodes, dict.fromkeys(columns, "category"), [f"{c}_frequency" for c in columns]),
        f"{', '.join(columns)} of {asking.table.name} would be replaced by how common each value is.", drop=tuple(columns),
    )  # fmt: skip


def components(asking: Asking, wish: Wish) -> Made:
    """Principal components of standardised columns (missing counts as the mean), in place of these columns."""
    columns = columns_for(asking, wish, ("number",), "reduced to components")
    if len(columns) < 2:
        raise ToolError(
            f"Principal components need two or more number columns; {asking.table.name} has {len(columns)} to use."
        )
    most = min(len(columns), max(1, len(asking.frame)))
    if wish.n is not None and not 1 <= wish.n <= most:
        raise ToolError(f"{wish.n} components do not work for {len(columns)} columns; use 1 to {most}.")
    rows = Rows(asking.frame)
    table = np.column_stack([rows.column(c, "number") for c in columns])
    shares, loadings = variance_shares(table)
    count = wish.n or int(np.searchsorted(np.cumsum(shares), 0.9) + 1)
    nodes: list[Node] = [Call("component", (Number(float(i)), *map(Column, columns))) for i in range(1, count + 1)]
    taken = {c.casefold() for c in asking.table.column_names} - {c.casefold() for c in columns}
    names = [f"pc{i}" if f"pc{i}" not in taken else f"component_{i}" for i in range(1, count + 1)]
    kept = float(np.sum(shares[:count]))
    weights = [
        (
            name,
            round(float(shares[i]), 4),
            ", ".join(f"{columns[j]} {loadings[j, i]:+.2f}" for j in np.argsort(-np.abs(loadings[:, i]))[:4]),
        )
        for i, name in enumerate(names)
    ]
    data = {"components": count, "columns": list(columns), "explained": [round(float(s), 6) for s in shares[:count]]}
    headline = (
        f"{count} principal component{'s' if count > 1 else ''} of {len(columns)} number columns of {asking.table.name} keep "
        f"{kept:.0%} of their variance; they would take the place of these columns in a copy."
    )
    shown = Shown("Components", ("component", "share of variance", "strongest loadings"), tuple(weights))
    return Made(_set(asking, wish, nodes, dict.fromkeys(columns, "number"), names), headline, (shown,), columns, data)


def variance_shares(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of the variance of each principal component of standardised columns, and the loadings, largest first."""
    centred = np.nan_to_num(
        table - np.nan_to_num(np.nanmean(np.where(np.isnan(table).all(axis=0), 0.0, table), axis=0))
    )
    width = centred.std(axis=0)
    width[width < 1e-12] = 1.0
    values, vectors = np.linalg.eigh((centred / width).T @ (centred / width))
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    signs = np.sign(vectors[np.argmax(np.abs(vectors), axis=0), np.arange(vectors.shape[1])])
    return values / (values.sum() or 1.0), vectors * signs


def keyword_score(asking: Asking, wish: Wish) -> Made:
    """A score from a text column: learned weights where the outcome is known, else how many keywords are mentioned."""
    column = _text_column(asking, wish)
    keywords = tuple(dict.fromkeys(k.strip() for k in wish.keywords if k.strip()))
    texts = Rows(asking.frame).column(column, "text")
    if wish.target and wish.target != column:
        node = Call("keyword_risk", (Column(column), *map(Text, keywords)))
        task = task_of(asking.frame[wish.target].dropna())
        how = f"weights learned from {wish.target}"
    else:
        if not keywords:
            counts = {w: int(formulas_text.mentions(texts, w).sum()) for w in RISK_WORDS}
            keywords = tuple(w for w, n in sorted(counts.items(), key=lambda c: -c[1]) if n > 0)[:12]
        if not keywords:
            raise NeedsAnswer(
                f"Which words in {column} should raise the score? None of the usual risk words occurs in it."
            )
        node = Call("mentions", (Column(column), *map(Text, keywords)))
        task, how = "regression", "one point a keyword, words after no or without do not count"
    name = name_of(Call("keyword_risk", (Column(column),)), asking.table.column_names)
    held = tuple((k, int(formulas_text.mentions(texts, k).sum())) for k in keywords)
    shown = (Shown(f"Keywords in {column}", ("keyword", "rows"), held),) if held else ()
    silent = [k for k, n in held if n == 0]
    headline = f"{name} would score {column} of {asking.table.name}: {how}"
    headline += f"; {', '.join(silent)} never occur{'s' if len(silent) == 1 else ''}." if silent else "."
    found = _set(asking, wish, [node], {column: "text"}, [name])
    data = {
        "column": column,
        "keywords": list(keywords),
        "rows_with_a_keyword": int((formulas_text.mentions(texts, *keywords) > 0).sum()) if keywords else None,
    }
    return Made(replace(found, task=task), headline, shown, (), data)


def _text_column(asking: Asking, wish: Wish) -> str:
    named = [c for c in wish.columns if c != wish.target]
    if len(named) == 1:
        return named[0]
    found = [c for c in (named or asking.table.column_names) if kind_of_column(asking.frame[c]) == "text"]
    if len(found) == 1:
        return found[0]
    if not found:
        found = [c for c in asking.table.column_names if kind_of_column(asking.frame[c]) in ("category", "id")]
    raise NeedsAnswer(f"Which column of {asking.table.name} holds the text to score?", found[:8])


def _set(asking: Asking, wish: Wish, nodes: Sequence[Node], kinds: dict[str, str], names: Sequence[str]) -> FeatureSet:
    entries = tuple(Entry(name, written(node), meaning=in_words(node)) for name, node in zip(names, nodes, strict=True))
    return FeatureSet(asking.table.name, wish.target or "", "regression", "", kinds, entries)
