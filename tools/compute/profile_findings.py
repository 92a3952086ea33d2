"""What in a profile would cost the user most, worst first, each with its evidence and a sentence that mends it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_breaks import break_findings
from opsmith.tools.compute.profile_dates import date_findings, format_findings, pair_findings, seconds_of
from opsmith.tools.compute.profile_numbers import heaping, number_findings, short
from opsmith.tools.compute.profile_order import order_findings
from opsmith.tools.compute.profile_pairs import pair_of_columns_findings
from opsmith.tools.compute.profile_relations import relation_findings
from opsmith.tools.compute.profile_rows import row_findings
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.compute.profile_series import series_findings
from opsmith.tools.compute.profile_shapes import shape_findings
from opsmith.tools.compute.profile_target import Power, target_findings
from opsmith.tools.compute.profile_texts import text_findings
from opsmith.tools.contract import Finding

ORDER = {"critical": 0, "warning": 1, "info": 2}


def findings(
    p: TableProfile,
    sample: Sample,
    today: datetime.date,
    target: str | None = None,
    power: Sequence[Power] = (),
    guessed: bool = False,
    progress: Callable[[float, str], None] = lambda fraction, note: None,
    check: Callable[[], None] = lambda: None,
) -> tuple[Finding, ...]:
    """Everything worth knowing, critical first, then by how many rows it touches. today: what counts as the future."""
    if p.rows == 0:
        return (Finding("no_rows", "critical", f"{p.name} has a header but no rows.", fix=""),)
    found: list[Finding] = [f for note in p.notes if (f := _reading(p, note))]
    dates: list[tuple[ColumnProfile, np.ndarray]] = []
    blocks = _grouped(p, sample)
    for number, c in enumerate(p.columns):
        check()
        if number % 25 == 0:
            progress(0.65 + 0.25 * number / len(p.columns), f"findings in {c.name[:40]}")
        found += _of_column(c, p, sample)
        if c.kind == "date" and p.rows - c.missing > 3:
            seconds, _ = seconds_of(c, sample)
            dates.append((c, seconds))
            if c.is_text:
                found += format_findings(c, p, sample)
            swapped_in_text = any(f.id == "swapped_dates" and f.columns == (c.name,) for f in found)
            found += [
                f
                for f in date_findings(c, p, sample, seconds, today, blocks)
                if not (swapped_in_text and f.id in ("swapped_dates", "not_sorted", "future_dates"))
            ]
    found += pair_findings(dates, p, sample)
    found += [] if blocks or len(p.columns) > 400 else _along_the_rows(p, sample, dates, check)
    if len(p.columns) <= 400:
        found += [] if blocks else break_findings(p, sample, dates)
        found += series_findings(p, sample, dates)
        check()
        found += pair_of_columns_findings(p, sample)
    progress(0.92, "findings in rows and pairs of columns")
    found += shape_findings(p, sample)
    found += row_findings(p, sample)
    check()
    found += relation_findings(p, sample)
    found += heaping(p, sample)
    if target:
        found += target_findings(p, sample, target, list(power), guessed)
    if p.rows < 50:
        found.append(
            Finding("few_rows", "info", f"{p.rows} rows only: shares and tests say little.", (), {"share": 0.0})
        )
    return ranked(_without_echoes(found, target))


def ranked(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Critical first; inside of a severity by the share of rows touched."""
    return tuple(sorted(found, key=lambda f: (ORDER[f.severity], -float(f.evidence.get("share", 0) or 0))))


def _along_the_rows(
    p: TableProfile, sample: Sample, dates: Sequence[tuple[ColumnProfile, np.ndarray]], check: Callable[[], None]
) -> list[Finding]:
    """What changes along the rows, or along the one date that orders them."""
    clock = next(((c.name, s) for c, s in dates if np.isfinite(s).mean() > 0.95 and len(np.unique(s)) > 20), None)
    order = None
    if clock is not None:
        steps = np.diff(clock[1][np.isfinite(clock[1])])
        if (steps < 0).mean() > 0.05:
            order = np.argsort(clock[1], kind="stable")
    made: list[Finding] = []
    for c in p.columns:
        check()
        along = list(order_findings(c, p, sample, None, clock if order is None else None))
        if not along and order is not None and clock is not None and c.name != clock[0]:
            along = list(order_findings(c, p, sample, order, clock))
        made += along
    return made


def _grouped(p: TableProfile, sample: Sample) -> bool:
    """Whether the rows lie in blocks of one category after another, so that jumps along the rows mean nothing."""
    for c in p.columns:
        if c.kind in ("category", "code", "boolean", "text", "ordinal") and 2 <= c.distinct <= 0.2 * p.rows:
            codes = sample.codes(c.name)
            changes = int((np.diff(codes) != 0).sum())
            most = max((n for _, n in c.top), default=0) / max(1, p.rows)
            if changes <= 3 * c.distinct and most < 0.95 and sample.rows > 20 * changes:
                return True
    return False


def _of_column(c: ColumnProfile, p: TableProfile, sample: Sample) -> Iterable[Finding]:
    rows, name = p.rows, p.name
    if c.kind == "empty":
        yield Finding(
            "all_missing",
            "warning",
            f"{c.name} has no values at all.",
            (c.name,),
            {"share": 1.0},
            fix=f"drop column {c.name} in {name}",
        )
        return
    if c.kind == "constant" and rows > 1:
        value = c.top[0][0] if c.top else c.scalars.minimum
        yield Finding(
            "constant",
            "warning",
            f"{c.name} is always {str(value)[:60]}.",
            (c.name,),
            {"share": 1.0},
            fix=f"drop column {c.name} in {name}",
        )
    elif (
        rows >= 200
        and c.top
        and c.distinct >= 2
        and c.top[0][1] >= 0.995 * (rows - c.missing)
        and rows - c.missing > 0.5 * rows
    ):
        share = c.top[0][1] / (rows - c.missing)
        yield Finding(
            "near_constant",
            "info",
            f"{c.name} is {str(c.top[0][0])[:40]} in {share:.2%} of its rows; it can hardly tell rows apart.",
            (c.name,),
            {"share": 0.0, "count": c.top[0][1]},
            fix=f"drop column {c.name} in {name}",
        )
    if c.missing and c.missing >= 0.05 * rows:
        share = c.missing / rows
        yield Finding(
            "missing",
            "critical" if share > 0.5 else "warning",
            f"{c.name} is missing in {c.missing:,} of {rows:,} rows ({share:.0%}).",
            (c.name,),
            {"count": c.missing, "share": share},
            sample.rows_where(sample.codes(c.name) < 0),
            f"impute {c.name} in {name}",
        )
    if c.hidden:
        values = ", ".join(
            "blank" if isinstance(v, str) and not v.strip() else short(v) if isinstance(v, float) else repr(v)
            for v in list(c.placeholders)[:3]
        )
        yield Finding(
            "hidden_missing",
            "warning",
            f"{c.name} hides {c.hidden:,} missing values as {values}.",
            (c.name,),
            {"count": c.hidden, "share": c.hidden / rows},
            _rows_of(c, sample),
            f"clean {name}",
        )
    if c.is_text:
        yield from text_findings(c, p, sample)
    elif c.scalars.mean is not None or c.scalars.infinite:
        yield from number_findings(c, p, sample)
    if c.kind == "id" and rows - c.missing > 20 and c.distinct == rows - c.missing:
        yield Finding(
            "id", "info", f"{c.name} differs in every row; leave it out of models.", (c.name,), {"share": 0.0}
        )


def _rows_of(c: ColumnProfile, sample: Sample) -> tuple[int, ...]:
    if c.is_text:
        return sample.rows_where(sample.rows_of(c.name, set(c.placeholders)))
    return sample.rows_where(np.isin(sample.numbers(c.name), list(c.placeholders)))


def _reading(p: TableProfile, note: str) -> Finding | None:
    """A note on reading that concerns rows or columns is a finding too."""
    if any(words in note for words in ("set aside", "filled up", "header names", "cut off", "skipped")):
        return Finding("reading", "warning", f"While reading {p.name}: {note}.", (), {"share": 0.05})
    return None


def _without_echoes(found: Sequence[Finding], target: str | None) -> list[Finding]:
    """Each trouble once: a copy of the target is a leak, an unit change is no outlier, a stuck column not near constant."""
    loud: dict[str, set[str]] = {}
    for f in found:
        for column in f.columns:
            loud.setdefault(column, set()).add(f.id)
    kept: list[Finding] = []
    for f in found:
        ids = loud.get(f.columns[0], set()) if f.columns else set()
        rescaled = bool(ids & {"unit_change", "mixed_units", "outlier_burst"})
        if f.id in ("skewed", "capped", "outliers") and (rescaled or ("impossible" in ids and f.severity == "info")):
            continue
        if f.id == "outliers" and "wrong_sign" in ids and f.severity == "info":
            continue
        if f.id == "near_constant" and f.columns == (target,):
            continue
        if f.id == "skewed" and "outliers" in ids:
            continue
        if f.id == "outlier_burst" and any(k.id == "outlier_burst" and k.columns == f.columns for k in kept):
            continue
        if f.id == "near_constant" and ids & {"stuck"}:
            continue
        if f.id == "not_sorted" and ids & {"future_dates", "implausible_dates", "hidden_missing"}:
            continue
        if f.id in ("mixed_types", "numbers_as_text") and any(k.id == "repeated_header" for k in found):
            continue
        kept.append(f)
    return kept
