"""What the target of a model needs to know: its balance, columns that give it away, rows that contradict each other."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_copies import alike_rows, rare_values, sum_hashes
from opsmith.tools.compute.profile_kinds import named_like_id
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding

GIVES_AWAY = 0.97  # Gini (2 AUC - 1) or R² of one column alone that no honest input reaches
_AFTER = re.compile(
    r"result|outcome|resolved|closed|cancel|refund|paid|settle|claim_(amount|paid)|final|after|post_|decision|status|approved|reject|discharge|churn_|left_|exit|end_",
    re.IGNORECASE,
)
NAMED = (
    "target",
    "label",
    "y",
    "class",
    "outcome",
    "churn",
    "churned",
    "default",
    "fraud",
    "is_fraud",
    "survived",
    "response",
    "converted",
)


@dataclass(frozen=True)
class Power:
    """How well one column alone tells the target, out of fold: Gini for a class, R² for a quantity; with its 95 % interval."""

    column: str
    power: float
    low: float
    high: float


def guessed_target(p: TableProfile) -> str | None:
    """The column that is called like a target, when exactly one is and it is a class."""
    fits = [c for c in p.columns if c.name.strip().casefold() in NAMED and 2 <= c.distinct <= 20]
    return fits[0].name if len(fits) == 1 else None


def target_balance(c: ColumnProfile) -> list[tuple[Any, int]]:
    """Counts of the target's values when it is a class; [] for a quantity."""
    if c.distinct > 20 or (c.kind == "number" and c.distinct > 10):
        return []
    return list(c.values.items()) if len(c.top) < c.distinct and len(c.values) == c.distinct else list(c.top)


def powers(p: TableProfile, sample: Sample, target: str) -> list[Power]:
    """Every column's power over the target on the rows looked at, strongest first; ids and the target itself left out."""
    t = p.column(target)
    y, known = _target_values(t, sample)
    if known.sum() < 40 or not np.std(y[known]) > 0:
        return []
    found = []
    for c in p.columns:
        if (
            c.name == target
            or c.kind in ("id", "constant", "empty", "text")
            or (c.is_text and c.distinct > 0.3 * p.rows)
        ):
            continue
        power = _power(_groups(c, sample), y, known, bool(target_balance(t)))
        if power is not None:
            error = 1.96 * (1 - power**2) / math.sqrt(max(4, known.sum()) - 3)
            found.append(
                Power(c.name, round(power, 4), round(max(-1.0, power - error), 4), round(min(1.0, power + error), 4))
            )
    return sorted(found, key=lambda f: -f.power)


def _target_values(t: ColumnProfile, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """The target as a number: 1 for the rarer (or last) class of a class target, and which rows have one."""
    balance = target_balance(t)
    codes = sample.codes(t.name)
    if balance:
        counts = np.bincount(codes[codes >= 0])
        order = np.argsort(counts)
        rare = order[counts[order] > 0][0]
        return (codes == rare).astype(float), codes >= 0
    values = sample.numbers(t.name)
    return np.where(np.isfinite(values), values, 0.0), np.isfinite(values)


def _groups(c: ColumnProfile, sample: Sample) -> np.ndarray:
    """A column as at most some hundred groups; missing is a group of its own."""
    if c.is_text or c.distinct <= 60 or c.kind in ("category", "code", "boolean"):
        return sample.codes(c.name) + 1
    values = sample.numbers(c.name)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.zeros(len(values), int)
    edges = np.unique(np.quantile(finite, np.linspace(0, 1, 61)))
    return np.where(np.isfinite(values), np.searchsorted(edges, np.nan_to_num(values), side="right"), 0)


def _power(groups: np.ndarray, y: np.ndarray, known: np.ndarray, a_class: bool) -> float | None:
    """Gini or R² of the mean of the target by group, each fold told by the other two."""
    g, t = groups[known], y[known]
    fold = (np.arange(len(g)) * 7919) % 3
    told = np.empty(len(t))
    size = int(g.max()) + 1
    for k in range(3):
        inside, outside = fold == k, fold != k
        total = np.bincount(g[outside], weights=t[outside], minlength=size)
        number = np.bincount(g[outside], minlength=size)
        mean = t[outside].mean()
        told[inside] = ((total + 2 * mean) / (number + 2))[g[inside]]
    if not a_class:
        spread = float(((t - t.mean()) ** 2).sum())
        return 1 - float(((t - told) ** 2).sum()) / spread if spread > 0 else None
    positive = t == 1
    n, m = int(positive.sum()), int((~positive).sum())
    if n < 8 or m < 8:
        return None
    _, ranks = np.unique(told, return_inverse=True)
    counts = np.bincount(ranks)
    middle = np.cumsum(counts) - counts / 2 + 0.5
    auc = (float(middle[ranks][positive].sum()) - n * (n + 1) / 2) / (n * m)
    return 2 * auc - 1


def target_findings(
    p: TableProfile, sample: Sample, target: str, power: list[Power], guessed: bool
) -> Iterable[Finding]:
    """Findings about the target."""
    c = p.column(target)
    taken = " (taken for the target by its name)" if guessed else ""
    if c.missing and not guessed:
        yield Finding(
            "target_missing",
            "critical",
            f"The target {target} is missing in {c.missing:,} rows; they cannot be used for training.",
            (target,),
            {"count": c.missing, "share": c.missing / p.rows},
            sample.rows_where(sample.codes(target) < 0),
        )
    balance = target_balance(c)
    if 2 <= len(balance) <= 20:
        value, count = min(balance, key=lambda b: b[1])
        share = count / max(1, sum(n for _, n in balance))
        if share < 0.1 / max(1, len(balance) - 1) or count < 10:
            yield Finding(
                "imbalance",
                "warning",
                f"Only {share:.1%} of rows have {target} = {value}{taken}: use AUC or average precision, not accuracy.",
                (target,),
                {"count": count, "share": share},
            )
    for f in power:
        if f.power >= GIVES_AWAY or (f.power >= 0.9 and _AFTER.search(f.column)):
            measure = "Gini" if balance else "R²"
            yield Finding(
                "leak",
                "critical",
                f"{f.column} alone predicts {target}{taken} almost perfectly ({measure} {f.power:.3f}): it "
                "probably leaks the outcome.",
                (f.column, target),
                {"power": f.power, "share": f.power},
                fix=f"train a model for {target} on {p.name} without {f.column}",
            )
    yield from _contradictions(p, sample, target)
    yield from _missing_tells(p, sample, target)


def _contradictions(p: TableProfile, sample: Sample, target: str) -> Iterable[Finding]:
    """Rows equal in every input with different targets."""
    inputs = [
        c
        for c in p.columns
        if c.name != target
        and c.kind not in ("id", "constant", "empty")
        and not (named_like_id(c.name) and c.distinct > 0.9 * p.rows)
    ]
    if len(inputs) < 2 or sample.rows < 20:
        return
    alike = alike_rows(p, sample, inputs)
    if alike is None or not alike.sample.rows:
        return
    held = alike.sample
    hashes = sum_hashes([held.codes(c.name) for c in inputs])
    different, group = np.unique(hashes, return_inverse=True)
    labels = held.codes(target)
    pairs = np.unique(np.stack([group, labels], axis=1)[labels >= 0], axis=0)
    several = np.bincount(pairs[:, 0], minlength=int(group.max()) + 1) > 1
    seldom = alike.seldom.copy()
    for mask in rare_values(inputs, p, held).values():
        seldom |= mask
    rows = several[group] & seldom
    groups = len(np.unique(group[rows]))
    repeated = held.rows - len(different)
    if groups >= 3 and rows.sum() >= 0.003 * alike.rows and repeated < 0.3 * alike.rows:
        n = int(rows.sum()) * held.step
        yield Finding(
            "conflicting_labels",
            "warning",
            f"{'about ' if held.step > 1 else ''}{n:,} rows agree in every input but not in {target} "
            f"({groups * held.step:,} groups): at most one of each is right.",
            (target,),
            {"count": n, "share": n / p.rows},
            held.rows_where(rows),
            f"deduplicate {p.name}",
        )


def _missing_tells(p: TableProfile, sample: Sample, target: str) -> Iterable[Finding]:
    """Columns whose gaps depend on the target."""
    y, known = _target_values(p.column(target), sample)
    if known.sum() < 200:
        return
    for c in p.columns:
        gaps = sample.codes(c.name) < 0
        few = int((gaps & known).sum())
        if c.name == target or few < 20 or (~gaps & known).sum() < 20:
            continue
        inside, outside = y[gaps & known], y[~gaps & known]
        spread = math.sqrt(inside.var() / len(inside) + outside.var() / len(outside))
        difference = float(inside.mean() - outside.mean())
        if spread > 0 and abs(difference) > 6 * spread and abs(difference) > 0.2 * float(np.std(y[known])) * 2:
            yield Finding(
                "missing_tells_target",
                "warning",
                f"Whether {c.name} is missing says something about {target} (mean {inside.mean():.3g} where "
                f"missing, {outside.mean():.3g} elsewhere): keep a column that marks the gaps, and ask why.",
                (c.name, target),
                {"count": few * sample.step, "share": few / max(1, known.sum())},
            )
