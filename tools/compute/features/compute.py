"""Compute formulas over a table: fitted once, applied to any rows, cross-fitted where the outcome is learned from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from opsmith.tools.compute.features import formulas
from opsmith.tools.compute.features.expression import (
    Call,
    Column,
    Node,
    Number,
    Text,
    expected,
    function_of,
    learns,
)

INNER_FOLDS = 5
_READERS: Mapping[str, Callable[[Any], np.ndarray]] = {
    "number": formulas.number, "category": formulas.category, "text": formulas.text, "date": formulas.date,
}  # fmt: skip


class Rows:
    """A table as the formulas read it: every column in the kind asked for, read once."""

    def __init__(self, frame: pd.DataFrame, whole: Rows | None = None, places: np.ndarray | None = None):
        self._frame, self._whole, self._places = frame, whole, places
        self._read: dict[tuple[str, str], np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._frame) if self._places is None else len(self._places)

    @property
    def names(self) -> list[str]:
        """The columns of the table."""
        return [str(c) for c in self._frame.columns]

    def column(self, name: str, kind: str) -> np.ndarray:
        key = (name, kind)
        if key not in self._read:
            if self._whole is None or self._places is None:
                self._read[key] = _READERS[kind](self._frame[name])
            else:
                self._read[key] = self._whole.column(name, kind)[self._places]
        return self._read[key]

    def take(self, rows: np.ndarray) -> Rows:
        """Some of the rows; only the columns that a formula asks for are cut out, and none is read twice."""
        places = rows if self._places is None else self._places[rows]
        return Rows(self._frame, self if self._whole is None else self._whole, places)


Fitted = list[dict[str, Any]]  # one entry for every call that learns, in the order of `walk`


def fit(node: Node, rows: Rows, target: np.ndarray | None) -> tuple[np.ndarray, Fitted]:
    """The values on the rows learned from, and what was learned. The values are not cross-fitted."""
    states: Fitted = []

    def learn(call: Call, values: Sequence[Any]) -> dict[str, Any]:
        function = function_of(call)
        assert function.fit is not None
        states.append(function.fit(_past(values, rows) if function.past else values, target))
        return states[-1]

    return _values(node, rows, learn), states


def apply(node: Node, rows: Rows, fitted: Fitted) -> np.ndarray:
    """The values on any rows, from what was learned."""
    ready = iter(fitted)
    return _values(node, rows, lambda call, values: next(ready))


def fit_crossed(node: Node, rows: Rows, target: np.ndarray, seed: int = 0) -> tuple[np.ndarray, Fitted]:
    """Like `fit`, but where a formula learns from the outcome every row's value comes from the other rows.

    So the values that a model is trained on look like those it will meet (cross-fitting, as in scikit-learn's TargetEncoder).
    """
    values, fitted = fit(node, rows, target)
    if learns(node) != "target" or len(rows) < 2 * INNER_FOLDS:
        return values, fitted
    values = np.array(values)
    order = np.random.default_rng(seed).permutation(len(rows))
    for part in np.array_split(order, INNER_FOLDS):
        rest = np.setdiff1d(order, part)
        _, states = fit(node, rows.take(rest), target[rest])
        values[part] = apply(node, rows.take(part), states)
    return values, fitted


def _values(node: Node, rows: Rows, state: Callable[[Call, Sequence[Any]], dict[str, Any]]) -> np.ndarray:
    value = _value(node, rows, state, "number")  # a column alone is a feature only as a number
    return np.full(len(rows), value) if np.ndim(value) == 0 else np.asarray(value)


def _value(node: Node, rows: Rows, state: Callable[[Call, Sequence[Any]], dict[str, Any]], wanted: str) -> Any:
    if isinstance(node, (Number, Text)):
        return node.value
    if isinstance(node, Column):
        return rows.column(node.name, wanted)
    function = function_of(node)
    values = [_value(a, rows, state, kind) for a, kind in zip(node.arguments, expected(node), strict=True)]
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        if function.fit is None:
            return function.apply(*values)
        learned = state(node, values)
        return function.apply(*(_past(values, rows) if function.past else values), learned=learned)


def _past(values: Sequence[Any], rows: Rows) -> list[Any]:
    """The arguments of a function over earlier rows, with one group for all where none is named."""
    whole = list(values)
    return whole if len(whole) == 4 else [*whole, np.full(len(rows), "", dtype=object)]
