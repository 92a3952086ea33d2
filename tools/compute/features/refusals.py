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

_CERTAIN, _SUSPECT = 0.96, 0.8  # share of a column that outcomes of later rows explain
_STEPS = 7  # later rows
_LEAK_CELLS = 120_000  # that columns are tested on one by one: a leak shows in few rows
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
    most = max(1_000, _LEAK_CELLS // max(1, len(found.kinds)))
    some = frame if len(frame) <= most else frame.sample(most, random_state=seed)
    for name, strength in leaks(some, found.plan, seed):
        refused.append(
            Refusal(name, "leak", "critical", f"{name} alone predicts {target} almost perfectly ({strength:.3f} of 1): it "
                    "leaks the outcome and is refused.", {"power": strength})
        )  # fmt: skip
    told = {r.column for r in refused}
    for name, share in time_leaks(frame, found, target).items():
        if name in told:
            continue
        sure = share > _CERTAIN
        what = (
            f"{name} holds {target} of later rows: it looks into the future and is refused."
            if sure
            else f"{name} follows {target} of later rows ({share:.0%} of it is explained by them). If it was recorded after "
            f"{target}, leave it out."
        )
        refused.append(Refusal(name, "time-leak", "critical" if sure else "warning", what, {"explained": share}))
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


def time_leaks(frame: pd.DataFrame, found: Roles, target: str) -> dict[str, float]:
    """Numbers that the outcomes of the next seven rows explain, far better than the outcomes until then do: column -> R².

    Rows are taken in time order, within the groups of a panel (several rows a date); from 0.8 on.
    """
    y, _ = target_values(frame[target], found.plan.task)
    if found.plan.task == "multiclass" or len(y) < 100:
        return {}
    order, follows = _in_order(frame, found, target)
    y = y[order]
    count = len(y)
    nexts = np.column_stack([_shifted(y, -k, follows) for k in range(1, _STEPS + 1)])
    before = np.column_stack([_shifted(y, k, follows) for k in range(_STEPS + 1)])
    numbers = found.of("number")
    if not numbers or count < 3 * _STEPS + 50:
        return {}
    leaks_: dict[str, float] = {}
    for name in numbers:
        if name not in frame:
            continue
        x = number(frame[name])[order]
        ahead, behind = _explained(x, nexts), _explained(x, before)
        if ahead > _SUSPECT and (1 - ahead) < (1 - behind) / 3 and ahead - behind > 0.02:
            leaks_[name] = ahead
    return leaks_


def _in_order(frame: pd.DataFrame, found: Roles, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers in time order, and the group of each; file order and one group where the table has no dates."""
    import pandas as pd

    one = np.zeros(len(frame), dtype=int)
    dates = [found.plan.time_column] if found.plan.time_column else found.of("date")[:1]
    if not dates or dates[0] is None or not is_date(frame[dates[0]]):
        return np.arange(len(frame)), one
    when = date(frame[dates[0]])
    codes = one
    if len(np.unique(when)) < 0.9 * len(when):  # several rows a date: a panel, if some column tells them apart
        words = [found.plan.group_column, *found.of("category"), *(c for c, _ in found.left_out)]
        for name in [w for w in words if w and w in frame and w != target]:
            groups = pd.factorize(frame[name])[0]
            if len(pd.MultiIndex.from_arrays([groups, when]).unique()) > 0.99 * len(frame):
                codes = groups
                break
    order = np.lexsort((when, codes))
    return order, codes[order]


def _shifted(y: np.ndarray, steps: int, groups: np.ndarray) -> np.ndarray:
    """Each row's value so many rows earlier (later where negative) in its group; missing beyond the group's ends."""
    moved = np.full(len(y), np.nan)
    if steps >= 0:
        moved[steps:] = np.where(groups[steps:] == groups[: len(y) - steps], y[: len(y) - steps], np.nan)
    else:
        moved[:steps] = np.where(groups[:steps] == groups[-steps:], y[-steps:], np.nan)
    return moved


def _explained(x: np.ndarray, by: np.ndarray) -> float:
    """Share of a column's variance that a linear combination of other columns explains, adjusted for their number."""
    whole = ~(np.isnan(x) | np.isnan(by).any(axis=1))
    rows = int(whole.sum())
    if rows < 50 + by.shape[1] or not x[whole].std() > 0:
        return 0.0
    design = np.column_stack([np.ones(rows), by[whole]])
    found, *_ = np.linalg.lstsq(design, x[whole], rcond=None)
    left = float(np.var(x[whole] - design @ found)) / float(np.var(x[whole]))
    return max(0.0, 1 - left * (rows - 1) / max(1, rows - design.shape[1]))
