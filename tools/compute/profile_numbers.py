"""What is odd about a column of numbers: outliers, other units, a stuck sensor, a ceiling, rounding, wrong signs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import numpy as np

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding

_LIMITS = (  # names that promise a range
    (r"(^|_)age(_|$|s$)|^alter$", 0, 125, "an age"),
    (r"(^|[_ ])(lat|latitude)$", -90, 90, "a latitude"),
    (r"(^|[_ ])(lon|lng|longitude)$", -180, 180, "a longitude"),
    (r"(percent|pct|percentage)", -100, 100, "a percentage"),
    (r"(^|_)(prob|probability|proba)($|_)", 0, 1, "a probability"),
    (r"(^|_)month($|_num)", 0, 12, "a month"),
    (r"(^|_)hour$", 0, 24, "an hour"),
)


def number_findings(c: ColumnProfile, p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Findings of one column of numbers."""
    s = c.scalars
    if s.infinite:
        yield Finding(
            "infinite",
            "critical",
            f"{c.name} holds {s.infinite:,} infinite values; means and models break on them.",
            (c.name,),
            {"count": s.infinite, "share": s.infinite / p.rows},
            sample.rows_where(np.isinf(sample.numbers(c.name))),
            f"clean {p.name}",
        )
    values = sample.numbers(c.name).copy()
    for word in c.placeholders:
        values[values == word] = np.nan
    known = np.isfinite(values)
    if known.sum() < 20 or s.distinct < 3 or c.kind in ("id", "code", "constant"):
        return
    clean = values[known]
    factor = _other_unit(clean)
    if factor:
        where, text, share = factor
        mask = known & where(values)
        yield Finding(
            "mixed_units",
            "warning",
            f"{c.name} seems to mix units: {share:.0%} of the values are about {text} the others.",
            (c.name,),
            {"share": share, "count": int(mask.sum())},
            sample.rows_where(mask),
            f"clean {p.name}",
        )
    elif c.kind in ("number", "integer", "category", "money", "percent"):
        yield from _outliers(c, p, sample, values)
    yield from _wrong_sign(c, p, sample, values)
    yield from _impossible(c, p, sample, values)
    if s.distinct > 60:
        yield from _ceiling(c, p, clean)
        if not factor and _skewed(clean):
            yield Finding(
                "skewed",
                "info",
                f"{c.name} is strongly skewed (middle {short(s.quantile(0.5))}, top 1 % from "
                f"{short(s.quantile(0.99))}); take its logarithm for linear models.",
                (c.name,),
                {"share": 0.0, "skew": s.skew},
            )


def _outliers(c: ColumnProfile, p: TableProfile, sample: Sample, values: np.ndarray) -> Iterable[Finding]:
    """Values that stand apart from a light-tailed bulk, or are cut off from it by a wide gap; a heavy tail is neither."""
    mask, apart = far_out(values)
    count = int(mask.sum())
    if not count:
        return
    bulk = values[np.isfinite(values) & ~mask]
    told = count * sample.step
    low, high = float(bulk.min()), float(bulk.max())
    if not sample.whole:
        told = (
            sample.count(
                f'"{c.name.replace(chr(34), chr(34) * 2)}" < ({low - (high - low):.17g}::DOUBLE) OR '
                f'"{c.name.replace(chr(34), chr(34) * 2)}" > ({high + (high - low):.17g}::DOUBLE)'
            )
            or told
        )
    shown = sorted({float(v) for v in values[mask]}, key=lambda v: -abs(v - np.median(bulk)))[:3]
    rows = sample.positions[mask]
    if count >= 5 and sample.rows >= 200:
        window = int(rows[-1] - rows[0]) + 1
        inner = rows[len(rows) // 20 : len(rows) - len(rows) // 20]
        window = min(window, int(inner[-1] - inner[0]) + 1)
        if window <= 0.05 * p.rows and count >= 0.25 * window / sample.step:
            yield Finding(
                "outlier_burst",
                "warning",
                f"{c.name} has {told:,} far-out values in one stretch, rows {inner[0]:,} to {inner[-1]:,} (such "
                f"as {', '.join(short(v) for v in shown)}).",
                (c.name,),
                {"count": told, "share": told / p.rows, "from_row": int(inner[0]), "to_row": int(inner[-1])},
                sample.rows_where(mask),
                f"clip outliers of {c.name} in {p.name}",
            )
            return
    yield Finding(
        "outliers",
        "warning" if apart else "info",
        f"{c.name} has {told:,} far-out value{'s' if told != 1 else ''} (such as "
        f"{', '.join(short(v) for v in shown)}; the rest lies between {short(low)} and {short(high)}).",
        (c.name,),
        {"count": told, "share": told / p.rows},
        sample.rows_where(mask),
        f"clip outliers of {c.name} in {p.name}",
    )


def far_out(values: np.ndarray) -> tuple[np.ndarray, bool]:
    """(mask of far-out values, whether a wide gap cuts them off), on the scale, plain or logarithmic, that is less skewed."""
    nothing = np.zeros(len(values), bool), False
    known = np.isfinite(values)
    clean = values[known]
    if len(clean) < 50:
        return nothing
    plain = values.astype(float)
    scaled = plain
    q = np.quantile(clean, (0.03, 0.25, 0.5, 0.75, 0.97))
    if q[3] <= q[1]:
        return _cut_off(values, known) if q[4] > q[0] else nothing
    if clean.min() > 0 and _lean(np.quantile(np.log(clean), (0.05, 0.5, 0.95))) < _lean(
        np.quantile(clean, (0.05, 0.5, 0.95))
    ):
        scaled = np.where(known, np.log(np.where(known, plain, 1.0)), np.nan)
        q = np.quantile(scaled[known], (0.03, 0.25, 0.5, 0.75, 0.97))
    spread = q[3] - q[1]
    if spread <= 0:
        return nothing
    with np.errstate(invalid="ignore"):
        mask = known & ((scaled < q[1] - 3 * spread) | (scaled > q[3] + 3 * spread))
    if scaled is not plain:
        mask &= plain > math.exp(q[2])  # below the middle a logarithm makes small values look far away
    light = (q[4] - q[0]) / spread < 3.4 and _lean(np.quantile(scaled[known], (0.05, 0.5, 0.95))) < 0.35
    cut, apart = _cut_off(values, known)
    if apart:
        return cut | (mask if light else False), True
    return (mask, False) if light and 0 < mask.sum() <= 0.03 * known.sum() else nothing


def _lean(q: np.ndarray) -> float:
    """How lopsided three quantiles are: 0 for a symmetric column, towards 1 for a skewed one."""
    return abs(float((q[2] - q[1]) - (q[1] - q[0]))) / max(float(q[2] - q[0]), 1e-300)


def _cut_off(values: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, bool]:
    """The few values beyond a gap so wide that a power-law tail would hardly leave it."""
    middle = float(np.median(values[known]))
    with np.errstate(invalid="ignore"):
        away = np.where(known, np.abs(values - middle), 0.0)
    most = max(1, int(0.02 * known.sum()))
    order = np.sort(away[known])[::-1][: most + 1]
    floor = float(np.quantile(away[known], 0.75)) or float(np.quantile(away[known], 0.97))
    if floor <= 0 or len(order) < 2:
        return np.zeros(len(values), bool), False
    ratios = order[:-1] / np.maximum(order[1:], floor)
    for k, ratio in enumerate(ratios, 1):
        if ratio >= (10 if k == 1 else 4 if k == 2 else 3) and order[k - 1] > 6 * floor:
            return known & (away >= order[k - 1]), True
    return np.zeros(len(values), bool), False


def _other_unit(clean: np.ndarray):  # type: ignore[no-untyped-def]
    """(test, words, share) when the values fall into two alike groups, one a multiple of the other; None otherwise."""
    positive = clean[clean > 0]
    if len(positive) < 100 or len(positive) < 0.98 * len(clean):
        return None
    logs = np.sort(np.log(positive))
    gaps = np.diff(logs)
    lower, upper = int(0.02 * len(logs)), int(0.98 * len(logs))
    if upper - lower < 20:
        return None
    at = lower + int(np.argmax(gaps[lower:upper]))
    if gaps[at] < 0.35:
        return None
    below, above = logs[: at + 1], logs[at + 1 :]
    if len(below) < 15 or len(above) < 15 or gaps[at] < 4 * (np.quantile(below, 0.9) - np.quantile(below, 0.1)) / 10:
        return None
    shift = float(np.median(above) - np.median(below))
    if len(np.unique(below)) < 10 or len(np.unique(above)) < 10 or alike(below + shift, above) > 0.0:
        return None
    edge = math.exp(float(logs[at] + gaps[at] / 2))
    minor_above = len(above) < len(below)
    times = math.exp(shift)
    text = f"{times:,.3g} times" if minor_above else f"1/{times:,.3g} of"
    share = min(len(above), len(below)) / len(logs)
    return (lambda v: v > edge) if minor_above else (lambda v: (v > 0) & (v < edge)), text, share


def alike(a: np.ndarray, b: np.ndarray) -> float:
    """By how much the Kolmogorov-Smirnov distance of two samples passes its 99.9 % bound for equal distributions (0: alike)."""
    both = np.sort(np.concatenate([a, b]))
    distance = float(
        np.abs(
            np.searchsorted(np.sort(a), both, "right") / len(a) - np.searchsorted(np.sort(b), both, "right") / len(b)
        ).max()
    )
    bound = 1.95 * math.sqrt((len(a) + len(b)) / (len(a) * len(b))) + 0.03
    return max(0.0, distance - bound)


def _wrong_sign(c: ColumnProfile, p: TableProfile, sample: Sample, values: np.ndarray) -> Iterable[Finding]:
    """A few negative values that would be ordinary without their sign, in a column that is positive."""
    with np.errstate(invalid="ignore"):
        negative, positive = values < 0, values > 0
    few, many = int(negative.sum()), int(positive.sum())
    if not few or few > 0.03 * (few + many) or many < 50:
        return
    middle = float(np.median(-values[negative]))
    low, edge = np.quantile(values[positive], (0.10, 0.01))
    if middle >= low and edge > 0 and (few >= 3 or edge > 0.2 * float(np.median(values[positive]))):
        yield Finding(
            "wrong_sign",
            "warning",
            f"{c.name} is negative in {few * sample.step:,} rows and positive in all others; the sizes are "
            "ordinary, so the sign looks wrong.",
            (c.name,),
            {"count": few * sample.step, "share": few / max(1, few + many)},
            sample.rows_where(negative),
            f"clean {p.name}",
        )


def _impossible(c: ColumnProfile, p: TableProfile, sample: Sample, values: np.ndarray) -> Iterable[Finding]:
    for pattern, low, high, noun in _LIMITS:
        if re.search(pattern, c.name, re.IGNORECASE):
            with np.errstate(invalid="ignore"):
                mask = (values < low) | (values > high)
                inside = ((values >= low) & (values <= high)).sum()
            if mask.any() and inside > 0.8 * np.isfinite(values).sum():
                yield Finding(
                    "impossible",
                    "warning",
                    f"{c.name} has {int(mask.sum()) * sample.step:,} values that {noun} cannot have (such as "
                    f"{short(float(values[mask][0]))}).",
                    (c.name,),
                    {"count": int(mask.sum()) * sample.step, "share": float(mask.mean())},
                    sample.rows_where(mask),
                    f"clean {p.name}",
                )
            return


def _ceiling(c: ColumnProfile, p: TableProfile, clean: np.ndarray) -> Iterable[Finding]:
    """A pile of equal values at the very top or bottom of a column that else varies finely."""
    unique, counts = np.unique(clean, return_counts=True)
    if len(unique) < 60:
        return
    for at, near, word in ((-1, counts[-21:-1], "above"), (0, counts[1:21], "below")):
        value, count = float(unique[at]), int(counts[at])
        if (value == 0.0 and word == "below") or count < max(20, 0.01 * len(clean)):
            continue
        if count > 10 * near.max() and count > 4 * np.quantile(counts, 0.99):
            yield Finding(
                "capped",
                "info",
                f"{c.name} stops at {short(value)}, where {count / len(clean):.1%} of the values lie: it looks "
                f"cut off {word}.",
                (c.name,),
                {"count": count, "share": count / len(clean), "limit": value},
                fix=f"describe {c.name} in {p.name}",
            )


def heaping(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Columns of whole numbers that prefer round ones: people estimated instead of measuring (digit preference)."""
    found: dict[str, tuple[float, int]] = {}
    for c in p.columns:
        if c.kind not in ("integer", "number") or c.is_text or c.distinct < 60:
            continue
        values = sample.numbers(c.name)
        clean = values[np.isfinite(values) & ~np.isin(values, list(c.placeholders))]
        whole = clean[(clean == np.round(clean)) & (clean != 0) & (np.abs(clean) < 1e15)]
        if len(whole) < max(200, 0.95 * len(clean)) or np.quantile(whole, 0.9) - np.quantile(whole, 0.1) < 30:
            continue
        for unit, expected in ((10, 0.1), (5, 0.2)):
            share = float(np.mean(whole % unit == 0))
            if expected + 0.2 <= share < 0.98 and len(np.unique(whole[whole % unit != 0])) > 16:
                found[c.name] = share, unit
                break
    if found:
        told = ", ".join(f"{name} ({share:.0%} multiples of {unit})" for name, (share, unit) in found.items())
        yield Finding(
            "heaping",
            "info",
            f"Round numbers are preferred in {told}; they look estimated or rounded by hand.",
            tuple(found),
            {"share": 0.0, "columns": {k: v[0] for k, v in found.items()}},
        )


def _skewed(clean: np.ndarray) -> bool:
    low, middle, high = np.quantile(clean, (0.01, 0.5, 0.99))
    return bool(low >= 0 and middle > 0 and high / middle > 50)


def short(value: float | int) -> str:
    """A figure as people read it."""
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        value = int(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
