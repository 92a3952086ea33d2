"""What each column of a table is to a feature search: number, category, text or date, or left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from opsmith.tools.compute.training import Plan, plan
from opsmith.tools.contract import ToolError


@dataclass(frozen=True)
class Roles:
    """The columns by kind. kinds: every usable column -> number, category, text or date; plan: how a model is trained."""

    plan: Plan
    kinds: dict[str, str]
    left_out: tuple[tuple[str, str], ...]

    def of(self, kind: str) -> list[str]:
        """Names of the columns of a kind, in the table's order."""
        return [name for name, k in self.kinds.items() if k == kind]


def roles(
    frame: pd.DataFrame,
    target: str,
    columns: Sequence[str] = (),
    exclude: Sequence[str] = (),
    *,
    time: str | None = None,
    groups: str | None = None,
    like: Plan | None = None,
    seed: int = 0,
) -> Roles:
    """Decide what each column is, and how rows are held out. ToolError when the target cannot be learned.

    time, groups: columns that the split follows; else it is found as for a training. like: a plan whose split is kept.
    """
    if all(str(c) == target for c in frame.columns):
        raise ToolError(f"There is no column beside {target} to make features from.")
    split: dict[str, Any] = {"time_column": time, "group_column": groups}
    if like is not None:
        split = {
            "split": like.split,
            "why": like.why,
            "time_column": like.time_column,
            "group_column": like.group_column,
        }
    made = plan(frame, target, columns=columns, exclude=exclude, seed=seed, **split)
    kinds: dict[str, str] = {}
    left = dict(made.left_out)
    for name in [str(c) for c in (columns or frame.columns)]:
        if name == target or name in exclude:
            continue
        if name in made.numeric:
            kinds[name] = "number"
        elif name in made.texts:
            kinds[name] = "text"
        elif name in made.categories:
            kinds[name] = "date" if is_date(frame[name]) else "category"
        elif name in left and is_date(frame[name]):
            kinds[name] = "date"
            left.pop(name)
        elif left.get(name) == "differs in nearly every row" and _wordy(frame[name]):
            kinds[name] = "text"  # names and short notes: no category, but their words may tell something
            left.pop(name)
    return Roles(made, kinds, tuple(left.items()))


def is_date(values: pd.Series[Any]) -> bool:
    """Whether a column holds dates, stored as such or as text in a layout that reads as one."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return True
    if pd.api.types.is_numeric_dtype(values):
        return False
    sample = values.dropna().astype(str).head(200)
    if sample.empty or not sample.str.contains(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{4}-\d{2}", regex=True).mean() > 0.9:
        return False
    return bool(pd.to_datetime(sample, errors="coerce", format="mixed").notna().mean() > 0.9)


def target_values(values: pd.Series[Any], task: str) -> tuple[np.ndarray, list[Any]]:
    """The outcome as floats: 0 and 1 for two classes, class numbers for several, the quantity else; and the classes."""
    if task == "regression":
        return pd.to_numeric(values, errors="coerce").to_numpy(float), []
    codes, levels = pd.factorize(values, sort=True)
    return codes.astype(float), [v.item() if hasattr(v, "item") else v for v in levels]


def _wordy(values: pd.Series[Any]) -> bool:
    sample = values.dropna().astype(str).head(500)
    return bool(len(sample) and sample.str.contains(r"[^\W\d_]{2,}\W+[^\W\d_]{2,}", regex=True).mean() > 0.5)
