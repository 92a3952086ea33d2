"""What breaks off along the rows: categories renamed or turned round, values missing for a stretch, times of day lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_order import lasting_change, stuck_run
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding

MOST_LEVELS = 30
UNLIKELY = 1e-7  # how likely what is told may be by chance


def break_findings(
    p: TableProfile, sample: Sample, dates: Sequence[tuple[ColumnProfile, np.ndarray]]
) -> Iterable[Finding]:
    """Findings along the rows of a table as it lies."""
    if sample.rows < 200:
        return
    for c in p.columns:
        if c.kind in ("category", "boolean", "ordinal", "code") and 2 <= c.distinct <= MOST_LEVELS:
            yield from _levels(c, p, sample)
    yield from _missing_stretches(p, sample)
    for c, seconds in dates:
        yield from _times_lost(c, sample, seconds)
    yield from _stuck_in_groups(p, sample)


def _levels(c: ColumnProfile, p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """One value that ends where another begins, or shares that change for good from one row on."""
    codes = sample.codes(c.name)
    known = np.flatnonzero(codes >= 0)
    n = len(known)
    if n < 200:
        return
    series = codes[known]
    width = int(series.max()) + 1
    total = np.bincount(series, minlength=width)
    places = np.arange(n)
    first = np.full(width, n)
    np.minimum.at(first, series, places)
    last = np.full(width, -1)
    np.maximum.at(last, series, places)
    spanning = int(((first < 0.2 * n) & (last > 0.8 * n)).sum())
    levels = sample.levels(c.name)
    for a in np.flatnonzero((total >= 15) & (last < 0.97 * n)).tolist():
        room = max(0.02 * n, 6 * float(last[a] + 1) / float(total[a]))  # rows within which chance leaves a value out
        for b in np.flatnonzero((total >= 15) & (np.abs(first - last[a]) < room)).tolist():
            at = int(first[b])
            share = max(at, int(last[a])) / n
            rates = total[a] / max(1, at), total[b] / max(1, n - at)
            chance = max(share ** float(total[a]), (1 - min(at, int(last[a])) / n) ** float(total[b]))
            alike = 0.5 < rates[0] / rates[1] < 2
            others = _apart(series, at, width, skip=(a, b))
            if a != b and spanning and alike and chance < UNLIKELY and others < 0.15:
                row = int(sample.positions[known[at]])
                yield Finding(
                    "level_change",
                    "warning",
                    f"{c.name} says {levels[a]!s:.40} up to row {row:,} and {levels[b]!s:.40} from there on, equally often: "
                    "the same under a new name?",
                    (c.name,),
                    {"share": float(total[b] / n), "row": row, "before": str(levels[a])[:40], "after": str(levels[b])[:40]},
                    (max(0, row - 1), row),
                    f"merge the spellings of {c.name} in {p.name}",
                )  # fmt: skip
                return
    if not spanning or width > 12:
        return
    cuts = np.unique(np.linspace(0.05 * n, 0.95 * n, 91).astype(int))
    running = np.cumsum(np.eye(width, dtype=np.int32)[series], axis=0)
    left = running[cuts - 1] / cuts[:, None]
    right = (running[-1] - running[cuts - 1]) / (n - cuts)[:, None]
    apart = np.abs(left - right).sum(axis=1) / 2
    best = int(np.argmax(apart))
    at, far = int(cuts[best]), float(apart[best])
    if far < 0.5:
        return
    steady = max(_apart(series[:at], at // 2, width), _apart(series[at:], (n - at) // 2, width))
    near = min(at, n - at, max(60, n // 50))
    here = _apart(series[at - near - n // 90 : at + near + n // 90], near + n // 90, width)
    if steady < 0.3 * far and here > 0.7 * far:
        row = int(sample.positions[known[at]])
        most = levels[int(np.argmax(left[best]))], levels[int(np.argmax(right[best]))]
        yield Finding(
            "level_change",
            "warning",
            f"{c.name} changes from mostly {most[0]!s:.40} to mostly {most[1]!s:.40} at about row {row:,}, for good: "
            "another meaning from there on?",
            (c.name,),
            {"share": min(at, n - at) / n, "row": row, "apart": round(far, 3)},
            (max(0, row - 1), row),
            f"show rows {max(0, row - 5)} to {row + 5} of {p.name}",
        )


def _apart(series: np.ndarray, at: int, width: int, skip: tuple[int, ...] = ()) -> float:
    """Total variation between the values before and after a place, from 0 to 1; some values left out."""
    if not 0 < at < len(series):
        return 1.0
    before = np.bincount(series[:at], minlength=width) / at
    after = np.bincount(series[at:], minlength=width) / (len(series) - at)
    apart = np.abs(before - after)
    apart[list(skip)] = 0.0
    return float(apart.sum() / 2)


def _missing_stretches(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Columns that have no value for a stretch of rows, far longer than gaps are elsewhere in them."""
    groups: dict[tuple[int, int], list[str]] = {}
    for c in p.columns[:400]:
        if not 0 < c.missing < 0.6 * p.rows:
            continue
        run = stuck_run((sample.codes(c.name) < 0).astype(float), only=1.0)
        if run is not None:
            groups.setdefault(run, []).append(c.name)
    for (first, last), names in groups.items():
        start, end = int(sample.positions[first]), int(sample.positions[last])
        shown = ", ".join(names[:6]) + (" …" if len(names) > 6 else "")
        where = "up to" if first == 0 else "from"
        rows = (
            f"row {end:,}" if first == 0 else f"row {start:,} " + ("on" if last == sample.rows - 1 else f"to {end:,}")
        )
        yield Finding(
            "missing_stretch",
            "info" if first == 0 else "warning",
            f"{shown} {'has' if len(names) == 1 else 'have'} no value {where} {rows} ({end - start + 1:,} rows in a row).",
            tuple(names),
            {"count": end - start + 1, "share": (last - first + 1) / sample.rows, "from_row": start, "to_row": end},
            (start, end),
            f"show rows {max(0, start - 3)} to {start + 3} of {p.name}",
        )


def _times_lost(c: ColumnProfile, sample: Sample, seconds: np.ndarray) -> Iterable[Finding]:
    """A column of moments that has midnights only on one side of a row."""
    known = np.flatnonzero(np.isfinite(seconds))
    at = lasting_change(seconds[known] % 86_400 != 0) if len(known) >= 200 else None
    if at is not None:
        row = int(sample.positions[known[at]])
        yield Finding(
            "precision_change",
            "info",
            f"{c.name} has a time of day on one side of row {row:,} only; it was cut to days there.",
            (c.name,),
            {"share": min(at, len(known) - at) / len(known), "row": row},
            (max(0, row - 1), row),
        )


def _stuck_in_groups(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """A column that stops moving for one device, station or shop, while the rows of the others lie between."""
    groups = [c for c in p.columns if c.kind in ("category", "code", "id") and 2 <= c.distinct <= 200][:4]
    numbers = [c for c in p.columns if c.kind in ("number", "integer") and not c.is_text and c.distinct > 30][:20]
    told: set[str] = set()
    for g in groups:
        codes = sample.codes(g.name)
        order = np.argsort(codes, kind="stable")
        order = order[codes[order] >= 0]
        for c in numbers:
            if c.name in told or c.name == g.name:
                continue
            values = sample.numbers(c.name)[order]
            known = np.isfinite(values)
            run = stuck_run(values[known], breaks=codes[order][known])
            if run is None:
                continue
            rows = sample.positions[order[known]][run[0] : run[1] + 1]
            level = sample.levels(g.name)[int(codes[order][known][run[0]])]
            between = (rows[-1] - rows[0]) / sample.step + 1
            if between < 1.3 * len(rows):
                continue  # in a row; said of the column as a whole
            told.add(c.name)
            value = float(values[known][run[0]])
            yield Finding(
                "stuck",
                "warning",
                f"{c.name} stops moving at {value:,.6g} where {g.name} is {level!s:.40}, rows {rows[0]:,} to {rows[-1]:,}.",
                (c.name, g.name),
                {"count": len(rows) * sample.step, "share": len(rows) / sample.rows, "from_row": int(rows[0])},
                (int(rows[0]), int(rows[-1])),
                f"show rows of {p.name} where {g.name} is {level}",
            )
