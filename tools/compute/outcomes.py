"""Bring predictions and what really happened together: from one table, from two joined by a key, or by asking the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.compute.drift_plan import Window, sample
from opsmith.tools.compute.performance import Labelled, labelled
from opsmith.tools.contract import ToolError
from opsmith.tools.data.table import Table, folded

if TYPE_CHECKING:
    import pandas as pd

ROWS = 20_000
_SAID = re.compile(r"^(y_?)?(pred|predict|predicted|prediction|predictions|y_?hat)", re.I)
_CHANCE = re.compile(r"(proba|probability|score|confidence|chance)", re.I)
_TIME = ("date", "datetime")


@dataclass(frozen=True)
class Scored:
    """A table's columns that say what a model answered; empty where there are none."""

    predicted: str = ""
    score: str = ""


def scored(table: Table, target: str | None = None) -> Scored:
    """Find prediction and score columns by name and kind."""
    said, chance = "", ""
    for c in table.columns:
        if c.name == target:
            continue
        if (
            _CHANCE.search(c.name)
            and c.kind in ("number", "integer")
            and (_SAID.match(c.name) or folded(c.name) == "score")
        ):
            chance = chance or c.name
        elif _SAID.match(c.name):
            said = said or c.name
    return Scored(said or chance, chance if said else "")


@dataclass(frozen=True)
class Period:
    """One window's rows as far as judging predictions needs them."""

    frame: pd.DataFrame  # features, and the columns below
    data: Labelled | None  # None while outcomes are unknown
    predicted: np.ndarray | None
    score: np.ndarray | None
    parts: np.ndarray | None  # 0 ... 11 in time order, where a time column is
    starts: tuple[str, ...] = ()
    share_known: float = 1.0


def period(
    window: Window,
    target: str | None,
    features: Sequence[str],
    *,
    predict: Callable[[pd.DataFrame], tuple[Any, Any]] | None = None,
    outcomes: Table | None = None,
    key: str | None = None,
    seed: int = 0,
) -> Period:
    """Predictions and outcomes of a window, at most 20,000 rows evenly drawn.

    predict: asks the model when the table holds no predictions. outcomes: another table with the target, joined by
    `key` or the one identifier that both have. ToolError when nothing tells what was predicted or how to join.
    """
    import pandas as pd

    table = window.table
    found = scored(table, target)
    times = [c.name for c in table.columns if c.kind in _TIME and c.name != "known_at"]
    there = set(table.column_names)
    logged = "outcome" if target is not None and target not in there and {"outcome", "known_at"} <= there else ""
    keys = _keys(table, outcomes, key) if outcomes is not None else []
    wanted = dict.fromkeys(
        [*(f for f in features if f in there), *keys, *times[:1], found.predicted, found.score, target or "", logged]
    )
    frame = sample(window, [name for name in wanted if name in there], ROWS, seed)
    if logged:
        frame = frame.rename(columns={logged: str(target)})
    known = 1.0
    if outcomes is not None and target is not None:
        frame, known = _joined(frame, outcomes, keys, target)
    said = frame[found.predicted].to_numpy() if found.predicted else None
    chance = frame[found.score].to_numpy(float) if found.score else None
    if said is None and predict is not None and len(frame):
        said, chance = predict(frame)
    has_target = target is not None and target in frame.columns
    data = None
    if said is not None and has_target:
        actual = frame[target]
        fine = (actual.notna() & pd.Series(said, index=frame.index).notna()).to_numpy()
        known *= float(fine.mean()) if len(fine) else 0.0
        if fine.any():
            data = labelled(actual[fine], said[fine], chance[fine] if chance is not None else None)
            frame, said = frame[fine].reset_index(drop=True), said[fine]
            chance = chance[fine] if chance is not None else None
    parts, starts = _parts(frame, times[0] if times else "")
    return Period(frame, data, said, chance, parts, starts, known)


def _parts(frame: pd.DataFrame, time: str) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Twelve parts of equal size in time order (row order without a time column)."""
    number = min(12, len(frame) // 100)
    if number < 3:
        return None, ()
    if time and frame[time].notna().all():
        rank = frame[time].rank(method="first").to_numpy()
        parts = np.minimum(((rank - 1) * number // len(frame)).astype(int), number - 1)
        starts = frame[time].groupby(parts).min()
        return parts, tuple(str(s).removesuffix(" 00:00:00")[:19] for s in starts)
    parts = np.minimum(np.arange(len(frame)) * number // len(frame), number - 1)
    return parts, tuple(f"part {i + 1} of {number}" for i in range(number))


def _keys(table: Table, outcomes: Table, key: str | None) -> list[str]:
    if key:
        return [table.column(key).name]
    there = {folded(c.name): c.name for c in outcomes.columns}
    shared = [c.name for c in table.columns if folded(c.name) in there]
    named = [n for n in shared if re.search(r"(^|[_\s-])(id|uuid|key|request_id)$|[a-z]Id$", n, re.I)]
    if len(named) >= 1:
        return named[:1]
    if len(shared) == 1:
        return shared
    raise ToolError(
        f"{table.name} and {outcomes.name} share no column that identifies a row, so predictions and outcomes cannot be "
        "joined. Give both the same id column."
    )


def _joined(frame: pd.DataFrame, outcomes: Table, keys: list[str], target: str) -> tuple[pd.DataFrame, float]:
    """The frame with the outcome beside it; the share of rows whose outcome is known. The last outcome of a key counts."""
    own = [outcomes.column(k).name for k in keys]
    truth = outcomes.pandas([*own, outcomes.column(target).name])
    truth.columns = [*keys, "_outcome"]  # type: ignore[assignment]
    left, right = frame.copy(), truth.drop_duplicates(keys, keep="last").copy()
    for k in keys:  # 7, 7.0 and "7" are one key
        left[k] = left[k].astype(str).str.removesuffix(".0")
        right[k] = right[k].astype(str).str.removesuffix(".0")
    joined = (
        left.drop(columns=[target], errors="ignore")
        .merge(right, on=keys, how="left")
        .rename(columns={"_outcome": target})
    )
    known = float(joined[target].notna().mean()) if len(joined) else 0.0
    if not known:
        raise ToolError(
            f"No {keys[0]} of the predictions occurs in {outcomes.name}, so outcomes cannot be joined. "
            f"Check that both mean the same {keys[0]}."
        )
    return joined, known
