"""What changes along the rows: another unit from some row on, a column that stopped moving, values coarser than before."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_numbers import alike, short
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding


def order_findings(
    c: ColumnProfile,
    p: TableProfile,
    sample: Sample,
    order: np.ndarray | None = None,
    when: tuple[str, np.ndarray] | None = None,
) -> Iterable[Finding]:
    """Findings of one column along the rows; order: another order of the sampled rows; when: (name, seconds) of its date."""
    values = (
        sample.numbers(c.name)
        if not c.is_text
        else np.where(sample.codes(c.name) >= 0, sample.codes(c.name).astype(float), np.nan)
    )
    values = values.copy()
    for word in c.placeholders:
        if not c.is_text:
            values[values == word] = np.nan
    positions = sample.positions
    if order is not None:
        values, positions = values[order], positions[order]
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 120 or c.kind in ("id", "constant", "empty", "date"):
        return
    series, places = values[known], positions[known]

    def at(n: int) -> str:
        row = f"row {places[n]:,}"
        if when is None:
            return row
        moment = when[1][order][known][n] if order is not None else when[1][known][n]
        if not np.isfinite(moment):
            return row
        return f"{np.datetime64(int(moment), 's').astype('datetime64[D]')} ({row})"

    def stretch(id: str, first: int, last: int, message: str) -> Finding:
        rows = (last - first + 1) * sample.step
        start, end = int(places[first]), int(places[last])
        evidence = {"count": rows, "share": (last - first + 1) / len(series), "from_row": start, "to_row": end}
        fix = f"show rows {start} to {places[min(first + 5, last)]} of {p.name}"
        return Finding(id, "warning", message, (c.name,), evidence, (start, end), fix)

    stuck = stuck_run(series)
    if stuck:
        first, last = stuck
        until = "to the end" if last == len(series) - 1 else f"to {at(last)}"
        kept = "" if c.is_text else f" at {short(float(series[first]))}"
        rows = (last - first + 1) * sample.step
        yield stretch("stuck", first, last, f"{c.name} stops moving{kept} from {at(first)} {until}, {rows:,} rows.")
        return
    if c.is_text or c.kind in ("category", "code", "boolean", "ordinal") or c.distinct < 15:
        return
    change = _unit_change(series)
    if change:
        n, times, offset = change
        where = {"share": min(n, len(series) - n) / len(series), "row": int(places[n])}
        around = tuple(int(x) for x in places[max(0, n - 2) : n + 3])
        if times == 1.0 and offset is not None:
            yield Finding(
                "level_shift",
                "warning",
                f"{c.name} lies {short(abs(offset))} {'higher' if offset > 0 else 'lower'} from {at(n)} on, with the same "
                "spread: calibrated anew, or from another source?",
                (c.name,),
                {**where, "offset": offset},
                around,
                f"show rows {int(places[max(0, n - 3)])} to {int(places[min(n + 3, len(places) - 1)])} of {p.name}",
            )
            return
        how = f"about {times:.3g} times" if offset is None else f"about {times:.3g} times and {offset:+.3g}"
        yield Finding(
            "unit_change",
            "critical",
            f"{c.name} changes its scale at {at(n)}: from there on values are {how} those before, with the same "
            "spread; another unit?",
            (c.name,),
            {**where, "factor": times},
            around,
            f"clean {p.name}",
        )
        return
    burst = _burst(series)
    if burst:
        first, last = burst
        when_to = f"from {at(first)} to {at(last)} and then returns"
        yield stretch("outlier_burst", first, last, f"{c.name} is far from its usual level {when_to}.")
    coarser = _coarser(series)
    if coarser is not None:
        n, decimals = coarser
        kept = "no decimals" if not decimals else f"{decimals} decimal{'s' if decimals > 1 else ''} at most"
        told = f"has {kept}" if decimals >= 0 else f"comes in {short(10**-decimals)}s"
        yield Finding(
            "precision_change",
            "info",
            f"{c.name} {told} on one side of {at(n)} and is finer on the other; it was rounded there.",
            (c.name,),
            {"share": min(n, len(series) - n) / len(series), "row": int(places[n])},
        )


def stuck_run(
    series: np.ndarray, breaks: np.ndarray | None = None, only: float | None = None
) -> tuple[int, int] | None:
    """(first, last) of a run of equal values far longer than every other run of a column that otherwise moves.

    breaks: numbers beside the values; a run ends where they change. only: the one value whose runs count.
    """
    n = len(series)
    if n < 100:
        return None
    changes = series[1:] != series[:-1]
    if breaks is not None:
        changes |= breaks[1:] != breaks[:-1]
    ends = np.flatnonzero(np.r_[changes, True])
    lengths = np.diff(np.r_[-1, ends])
    if only is not None:
        ends, lengths = ends[series[ends] == only], lengths[series[ends] == only]
    if not len(lengths):
        return None
    longest = int(np.argmax(lengths))
    length = int(lengths[longest])
    if length < max(30 if only is None else 15, 0.01 * n) or (len(lengths) < 20 and only is None):
        return None
    others = np.delete(lengths, longest) if len(lengths) > 1 else np.ones(1)
    share = float(np.mean(series == series[ends[longest]]))
    outside = max(1e-3, (share * n - length) / max(1, n - length))  # how common the value is outside of its run
    expected = math.log(n) / math.log(1 / min(0.999, max(outside, 1 / n)))
    if length > 5 * expected and length > 8 * max(int(others.max()), 1) and np.mean(others) < 0.1 * length:
        return int(ends[longest] - length + 1), int(ends[longest])
    return None


def _unit_change(series: np.ndarray) -> tuple[int, float, float | None] | None:
    """(place, factor, offset) where the column jumps to another scale and keeps the shape of its distribution."""
    n = len(series)
    positive = bool((series > 0).all())
    work = np.log(series) if positive else series
    blocks = min(60, n // 30)
    size = n // blocks
    edges = np.r_[np.arange(blocks) * size, n]
    middles = np.median(work[: blocks * size].reshape(blocks, size), axis=1)
    # spreads of the blocks before and after each place, from running sums; medians only where they could matter
    k = np.arange(3, blocks - 2)
    level = middles - middles.mean()
    total, squares = np.cumsum(level), np.cumsum(level * level)
    before = np.maximum(squares[k - 1] / k - (total[k - 1] / k) ** 2, 0.0)
    rest = blocks - k
    after = np.maximum((squares[-1] - squares[k - 1]) / rest - ((total[-1] - total[k - 1]) / rest) ** 2, 0.0)
    noise = np.maximum(np.sqrt(np.maximum(before, after)), 1e-9)
    far = (level.max() - level.min()) / noise >= 6
    best, place = 0.0, 0
    for at, spread in zip(k[far].tolist(), noise[far].tolist(), strict=True):
        score = abs(float(np.median(middles[at:]) - np.median(middles[:at]))) / spread
        if score > best:
            best, place = score, at
    if best < 6:
        return None
    n_at = _sharpen(work, edges[place - 1], edges[min(place + 1, blocks)])
    before, after = work[:n_at], work[n_at:]
    if min(len(before), len(after)) < 60 or len(np.unique(before)) < 10 or len(np.unique(after)) < 10:
        return None
    # a true change of unit is abrupt: the medians of the rows just around it lie where those of the whole sides do
    jump = float(np.median(after) - np.median(before))
    near = min(200, len(before), len(after))
    here = float(np.median(after[:near]) - np.median(before[-near:]))
    if abs(here - jump) > 0.2 * abs(jump):
        return None
    if positive and abs(jump) > math.log(1.5) and alike(before + jump, after) == 0.0:
        return n_at, math.exp(jump), None
    low, high = series[:n_at], series[n_at:]
    spread_before, spread_after = (
        np.subtract(*np.quantile(low, (0.75, 0.25))),
        np.subtract(*np.quantile(high, (0.75, 0.25))),
    )
    if spread_before <= 0 or spread_after <= 0:
        return None
    times = float(spread_after / spread_before)
    offset = float(np.median(high) - times * np.median(low))
    moved = abs(float(np.median(high) - np.median(low))) / max(spread_before, spread_after)
    if (
        (times > 1.5 or times < 0.67)
        and moved > 1.0
        and alike((low - np.median(low)) / spread_before, (high - np.median(high)) / spread_after) == 0.0
    ):
        return n_at, times, offset
    if moved > 2.0 and 0.8 < times < 1.25 and alike(low - np.median(low), high - np.median(high)) == 0.0:
        return n_at, 1.0, float(np.median(high) - np.median(low))
    return None


def _sharpen(work: np.ndarray, first: int, last: int) -> int:
    """The row between first and last that splits low from high best."""
    part = work[first:last]
    total = np.cumsum(part)
    n = np.arange(1, len(part))
    left, right = total[:-1] / n, (total[-1] - total[:-1]) / (len(part) - n)
    score = n * (len(part) - n) * (left - right) ** 2
    return int(first + 1 + np.argmax(score)) if len(score) else int(first)


def _burst(series: np.ndarray) -> tuple[int, int] | None:
    """(first, last) of a short stretch far from the level on both its sides."""
    n = len(series)
    size = max(10, n // 200)
    blocks = n // size
    if blocks < 20:
        return None
    middles = np.median(series[: blocks * size].reshape(blocks, size), axis=1)
    # against the neighbourhood, so that a trend or a season is not taken for a burst
    around = _neighbourhood(middles)
    away = middles - around
    noise = 1.4826 * float(np.median(np.abs(away - np.median(away)))) or float(np.std(away)) * 0.1
    spread = float(np.subtract(*np.quantile(series, (0.75, 0.25))))
    far = np.flatnonzero((np.abs(away) > 12 * noise) & (np.abs(away) > 2.0 * spread))
    if (
        noise <= 0
        or spread <= 0
        or not len(far)
        or len(far) > max(3, 0.05 * blocks)
        or far[-1] - far[0] >= len(far) + 1
    ):
        return None
    first, last = int(far[0] * size), int(min(n - 1, (far[-1] + 1) * size - 1))
    inside, outside = series[first : last + 1], np.r_[series[:first], series[last + 1 :]]
    low, high = np.quantile(outside, (0.01, 0.99))
    return (first, last) if np.mean((inside < low) | (inside > high)) > 0.5 else None


def _neighbourhood(middles: np.ndarray) -> np.ndarray:
    """For each block the median of the five blocks from four before it on and the five from four after it on."""
    near = np.r_[-8:-3, 4:9] + np.arange(len(middles))[:, None]
    inside = (near >= 0) & (near < len(middles))
    return np.nanmedian(np.where(inside, middles[np.clip(near, 0, len(middles) - 1)], np.nan), axis=1)


def _coarser(series: np.ndarray) -> tuple[int, int] | None:
    """(place, decimals kept on the coarser side; -1 for tens) where finer digits end or begin for good."""
    for decimals in (0, 1, 2, 3, -1, -2):
        scaled = series * 10.0**decimals
        fine = np.abs(scaled - np.round(scaled)) > 1e-6 * np.maximum(1.0, np.abs(scaled))
        at = lasting_change(fine)
        if at is not None:
            return at, decimals
    return None


def lasting_change(fine: np.ndarray) -> int | None:
    """The place on one side of which a yes-or-no is nearly always no, and mostly yes on the other; None without one."""
    n = len(fine)
    total = np.cumsum(fine)
    if n < 100 or not 0.1 * n < total[-1] < 0.9 * n:
        return None
    k = np.arange(1, n)
    left, right = total[:-1] / k, (total[-1] - total[:-1]) / (n - k)
    at = int(np.argmax(np.abs(left - right) * np.minimum(k, n - k) ** 0.25)) + 1
    rates = sorted((float(fine[:at].mean()), float(fine[at:].mean())))
    return at if min(at, n - at) > 50 and rates[0] < 0.005 and rates[1] > 0.8 else None
