"""Columns and candidates that would cheat: they tell the outcome, come after it, look ahead in time, or name the row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.compute.features.formulas import date, number
from opsmith.tools.compute.features.roles import Roles, is_date, target_values
from opsmith.tools.compute.leaks import leaks
from opsmith.tools.contract import Severity

if TYPE_CHECKING:
    import pandas as pd

_CERTAIN = 0.98  # correlation with the outcome of a later row, or with the outcome itself
_AFTERWARDS = re.compile(
    r"(^|[_\W])(claim_amount|payout|paid_out|settle\w*|resolution\w*|resolved\w*|closed\w*|cancel\w*_(date|at|reason)|churn_(date|reason)"
    r"|end_date|exit_date|outcome\w*|result\w*|actual\w*|chargeback\w*|default_date|recover\w*|refund\w*|discharge\w*)($|[_\W])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Refusal:
    """A column that is not used, or is used with a warning. kind: leak, time-leak, id or late."""

    column: str
    kind: str
    severity: Severity
    why: str
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def left_out(self) -> bool:
        return self.severity == "critical"


def refusals(frame: pd.DataFrame, found: Roles, target: str, seed: int = 0) -> list[Refusal]:
    """What must not be used to predict the target, and what a person should look at."""
    refused: list[Refusal] = []
    for name, strength in leaks(frame, found.plan, seed):
        refused.append(
            Refusal(name, "leak", "critical", f"{name} alone predicts {target} almost perfectly ({strength:.3f} of 1): it "
                    "leaks the outcome and is refused.", {"power": strength})
        )  # fmt: skip
    told = {r.column for r in refused}
    for name in _ahead(frame, found, target):
        if name not in told:
            refused.append(
                Refusal(name, "time-leak", "critical", f"{name} equals {target} of a later row: it looks into the future and is "
                        "refused.", {})
            )  # fmt: skip
    told = {r.column for r in refused}
    for name in found.kinds:
        if name not in told and _AFTERWARDS.search(name):
            refused.append(
                Refusal(
                    name,
                    "late",
                    "warning",
                    f"{name} is named like something recorded after {target}; if it is, leave it out.",
                )
            )
    for name, why in found.left_out:
        if "id" in why or "nearly every row" in why:
            refused.append(Refusal(name, "id", "info", f"{name} {why}, so it names rows and is not used."))
    return refused


def gives_away(values: np.ndarray, y: np.ndarray, task: str) -> bool:
    """Whether one candidate alone orders the outcome almost perfectly; such a find is a leak, not a feature."""
    both = ~np.isnan(values)
    if both.sum() < 50 or both.mean() < 0.5:
        return False
    x, truth = values[both].astype(float), y[both]
    if task == "regression":
        width = float(x.std() * truth.std())
        return width > 0 and abs(float(np.mean((x - x.mean()) * (truth - truth.mean())))) / width > 0.9925
    from scipy.stats import rankdata

    ranks = rankdata(x)
    for level in np.unique(truth):
        inside = truth == level
        count = int(inside.sum())
        if count < 10 or count == len(truth):
            continue
        area = (ranks[inside].sum() - count * (count + 1) / 2) / (count * (len(truth) - count))
        if max(area, 1 - area) > 0.985:
            return True
    return False


def _ahead(frame: pd.DataFrame, found: Roles, target: str) -> list[str]:
    """Numbers that equal the outcome of one of the next three rows in time order, and not that of the rows before."""
    y, _ = target_values(frame[target], found.plan.task)
    if found.plan.task == "multiclass" or len(y) < 100:
        return []
    order = np.arange(len(y))
    dates = [found.plan.time_column] if found.plan.time_column else found.of("date")[:1]
    if dates and dates[0] is not None and is_date(frame[dates[0]]):
        order = np.argsort(date(frame[dates[0]]), kind="stable")
    y = y[order]
    ahead = []
    for name in found.of("number"):
        x = number(frame[name])[order]
        for steps in (1, 2, 3):
            if _correlation(x[:-steps], y[steps:]) > _CERTAIN > _correlation(x[steps:], y[:-steps]):
                ahead.append(name)
                break
    return ahead


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    both = ~(np.isnan(a) | np.isnan(b))
    if both.sum() < 50:
        return 0.0
    x, y = a[both], b[both]
    width = float(x.std() * y.std())
    return abs(float(np.mean((x - x.mean()) * (y - y.mean())))) / width if width > 0 else 0.0
