"""Compare two windows of data from plan to verdict: the one function that the tool, the monitor and benchmarks call."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from opsmith.tools.compute import drift_measures as measures
from opsmith.tools.compute import drift_reference
from opsmith.tools.compute.change_points import change_point, first_lasting
from opsmith.tools.compute.domain_classifier import ROWS, Separation, encoded, separation
from opsmith.tools.compute.drift_causes import repeat_faults, schema_faults, unit_faults
from opsmith.tools.compute.drift_columns import ColumnDrift, compare, words_that_moved
from opsmith.tools.compute.drift_counts import Counts, count
from opsmith.tools.compute.drift_dependence import PairDrift, changed_pairs
from opsmith.tools.compute.drift_plan import ColumnPlan, Window, matched, sample
from opsmith.tools.compute.drift_verdict import Judgement, Reason, contributions, judge
from opsmith.tools.compute.reconstruction import Reconstruction, reconstruction
from opsmith.tools.contract import Context, ToolError


@dataclass(frozen=True)
class Comparison:
    """All that was found between a reference and a current window."""

    reference: str
    current: str
    rows: tuple[int, int]
    plans: tuple[ColumnPlan, ...]
    columns: tuple[ColumnDrift, ...]
    lacking: tuple[str, ...]
    added: tuple[str, ...]
    faults: tuple[Reason, ...]
    pairs: tuple[PairDrift, ...]
    separation: Separation | None
    rebuilt: Reconstruction | None
    before: Counts
    now: Counts
    timeline: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # psi by stretch, of the columns that moved
    turned: str = ""  # where in the current window the data first looked lastingly different

    def column(self, name: str) -> ColumnDrift:
        return next(c for c in self.columns if c.name == name)

    def judge(self, **more: Any) -> Judgement:
        """The verdict over this comparison and what else is known; see `drift_verdict.judge`."""
        return judge(
            self.columns, faults=self.faults, pairs=self.pairs, separation=self.separation, rebuilt=self.rebuilt, **more
        )


def compare_windows(
    context: Context,
    reference: Window,
    current: Window,
    *,
    columns: Sequence[str] = (),
    target: str | None = None,
    psi: float = 0.1,
    importance: Mapping[str, float] | None = None,
    multivariate: bool = True,
    keep: Path | None = None,
) -> Comparison:
    """Compare two windows. keep: a folder for the reference's counts, so that the next time only `current` is read.

    Raises ToolError when a window is empty or the tables have no column in common.
    """
    context.progress(0.05, f"reading {reference.name}")
    known = drift_reference.summary(reference, columns, context.seed, keep)
    context.check()
    plans, lacking, added = matched(known.plans, current.table)
    _refuse_nothing(reference, current, known.counts.rows, plans)
    context.progress(0.4, f"reading {current.name}")
    by_time = next((p.other for p in plans if p.role == "time"), None)
    now = count(current, plans, by_time=by_time, stretches=True)
    if not now.rows:
        raise ToolError(f"{current.name} has no rows, so there is nothing to compare with {reference.name}.")
    context.check()
    found = compare(plans, known.counts, now, psi=psi, target=target)
    timeline, turned, found = _over_time(plans, known.counts, now, found, psi, ends=by_time is not None)
    found = contributions(found, importance or {})
    scored = any(c.part == "prediction" for c in found)
    faults = schema_faults(
        [*plans, *(p for p in known.plans if p.name in lacking)], lacking, current.table, target, scored=scored
    )
    faults += unit_faults(reference, current, plans, found)
    if not columns and not lacking:
        faults += repeat_faults(known.counts, now)
    pairs: list[PairDrift] = []
    apart = rebuilt = None
    if multivariate:
        context.progress(0.7, "comparing how columns go together")
        pairs, apart, rebuilt = _together(
            context, known, current, plans, found, always=bool(context.settings.get("drift.classifier_always", False))
        )
    context.progress(0.95, "judging")
    return Comparison(
        reference.name, current.name, (known.counts.rows, now.rows), tuple(plans), tuple(found), tuple(lacking),
        tuple(added) if not columns else (), tuple(faults), tuple(pairs), apart, rebuilt, known.counts, now, timeline, turned,
    )  # fmt: skip


def _refuse_nothing(reference: Window, current: Window, rows: int, plans: Sequence[ColumnPlan]) -> None:
    if not rows:
        raise ToolError(f"{reference.name} has no rows, so there is nothing to compare {current.name} with.")
    if not plans:
        first, second = reference.table.column_names[:5], current.table.column_names[:5]
        raise ToolError(
            f"{reference.name} and {current.name} have no column in common: "
            f"{', '.join(first)} against {', '.join(second)}. Name tables with the same columns."
        )


def _together(
    context: Context,
    known: drift_reference.Reference,
    current: Window,
    plans: Sequence[ColumnPlan],
    found: Sequence[ColumnDrift],
    *,
    always: bool,
) -> tuple[list[PairDrift], Separation | None, Reconstruction | None]:
    """Changed pairs from even samples of both windows; the domain classifier and the reconstruction error too where these
    leave a doubt, or always."""
    usable = {c.name for c in found if c.part != "outside" and c.role in ("number", "category")}
    chosen = [p for p in plans if p.name in usable and p.name in known.sample.columns][:60]
    if len(chosen) < 2:
        return [], None, None
    sampled = sample(current, [p.other for p in chosen], drift_reference.SAMPLE, context.seed)
    sampled.columns = [p.name for p in chosen]  # type: ignore[assignment]
    before = known.sample[[p.name for p in chosen]]
    numeric = [p.name for p in chosen if p.role == "number"]
    pairs = changed_pairs(numeric, _numbers(before, numeric), _numbers(sampled, numeric))
    context.check()
    if not always and (pairs or any(c.size in ("moderate", "large") for c in found)):
        return pairs, None, None  # the data is known to have moved, and by which columns
    old, new = _thinned(before), _thinned(sampled)
    table = encoded(old, new)
    return pairs, separation(old, new, context.seed, table), reconstruction(old, new, context.seed, table)


def _thinned(frame: Any) -> Any:
    """At most ROWS rows, evenly over the whole frame."""
    return frame.iloc[np.unique(np.linspace(0, len(frame) - 1, min(ROWS, len(frame))).astype(int))]


def _numbers(frame: Any, names: Sequence[str]) -> np.ndarray:
    import pandas as pd

    if not names:
        return np.empty((len(frame), 0))
    values = [pd.to_numeric(frame[n], errors="coerce").to_numpy(dtype=float, na_value=np.nan) for n in names]
    table = np.column_stack(values)
    table[~np.isfinite(table)] = np.nan
    return table


def _over_time(
    plans: Sequence[ColumnPlan], before: Counts, now: Counts, found: list[ColumnDrift], psi: float, *, ends: bool
) -> tuple[dict[str, tuple[float, ...]], str, list[ColumnDrift]]:
    """Psi of the moved columns by stretch of the current table, where each began to move, and where the whole did.

    ends: stretches follow a time column, so a column whose last three stretches all moved far has moved far, even when
    the whole window dilutes it.
    """
    if not now.stretches:
        return {}, "", found
    by_name = {p.name: p for p in plans}
    timeline: dict[str, tuple[float, ...]] = {}
    done = []
    for c in found:
        if c.drifted and c.role != "text" and not (c.role == "category" and by_name[c.name].distinct > 50):
            series = _by_stretch(by_name[c.name], before, now)
            timeline[c.name] = tuple(round(v, 4) for v in series)
            at = change_point(series, least=0.02)
            c = dataclasses.replace(c, since=now.starts[at] if at else "")
            if ends and at and c.size != "large" and min(series[-3:]) >= 2 * psi:
                c = dataclasses.replace(c, size="large")
        done.append(c)
    worst = [max((timeline[n][i] for n in timeline), default=0.0) for i in range(len(now.stretches))]
    first = first_lasting(worst, 2 * psi) if any(c.size != "none" for c in done) else None
    return timeline, now.starts[first] if first is not None else "", done


def _by_stretch(plan: ColumnPlan, before: Counts, now: Counts) -> list[float]:
    """How far each stretch lies from the reference, missing values counted as a bin of their own; as psi."""
    first, parts = before.columns[plan.name], [s.columns[plan.name] for s in now.stretches]
    if plan.role == "category":
        levels = dict.fromkeys([*first.levels, *(level for c in parts for level in c.levels)])
        rows = [[*(c.levels.get(level, 0) for level in levels), c.missing] for c in (first, *parts)]
    else:
        rows = [[*c.bins, c.missing] for c in (first, *parts)]
    counts = np.asarray(rows, float)
    return measures.psi_of(counts[0], counts[1:]).tolist()


def words(comparison: Comparison, name: str) -> tuple[list[str], list[str]]:
    """The words of a text column that rose and fell most."""
    return words_that_moved(comparison.before.columns[name], comparison.now.columns[name])
