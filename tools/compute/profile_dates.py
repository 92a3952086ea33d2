"""What is odd about dates: in the future, long ago, day and month swapped, written in several ways, gaps, out of order."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from opsmith.tools.compute.cells_dates import order_of, read_date
from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding
from opsmith.tools.data.table import quoted

DAY = 86_400.0
READ = 20_000  # different dates in text up to which all of a large table are read
_PLANNED = re.compile(
    r"due|expir|valid|until|next|plan|schedul|end|deadline|renew|matur|forecast|target|term", re.IGNORECASE
)
_STAND_INS = {
    (1, 1, 1),
    (1753, 1, 1),
    (1899, 12, 30),
    (1899, 12, 31),
    (1900, 1, 1),
    (1970, 1, 1),
    (2099, 12, 31),
    (2999, 12, 31),
    (9999, 12, 31),
    (2999, 1, 1),
    (2100, 1, 1),
    (9999, 1, 1),
}


def seconds_of(c: ColumnProfile, sample: Sample) -> tuple[np.ndarray, bool]:
    """(seconds since 1970 of a column of dates, NaN where there is none; whether the day comes first in text)."""
    if not c.is_text:
        return sample.numbers(c.name), False
    read, day_first = _read_dates({str(v): n for v, n in sample.counts(c.name).items()})
    return np.array([read.get(t, np.nan) if t is not None else np.nan for t in sample.texts(c.name)]), day_first


def _read_dates(counts: dict[str, int]) -> tuple[dict[str, float], bool]:
    """(text -> seconds since 1970 of those that are dates, whether the day comes first)."""
    day_first = bool(getattr(order_of(counts), "day_first", False))
    read: dict[str, float] = {}
    for text in counts:
        moment = read_date(text, day_first)
        if moment is not None:
            plain = moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment.tzinfo else moment
            read[text] = (plain - datetime.datetime(1970, 1, 1)).total_seconds()
    return read, day_first


def date_findings(
    c: ColumnProfile, p: TableProfile, sample: Sample, seconds: np.ndarray, today: datetime.date, grouped: bool = False
) -> Iterable[Finding]:
    """Findings of one column of dates. grouped: rows lie in blocks of a category, so their order in time means nothing."""
    known = np.isfinite(seconds)
    if not known.any():
        return
    stands, mask = _stand_ins(seconds, known)
    if stands:
        yield Finding(
            "hidden_missing",
            "warning",
            f"{c.name} hides {int(mask.sum()) * sample.step:,} missing values as {', '.join(stands)}.",
            (c.name,),
            {"count": int(mask.sum()) * sample.step, "share": float(mask.mean())},
            sample.rows_where(mask),
            f"clean {p.name}",
        )
        known &= ~mask
    limit = ((today - datetime.date(1970, 1, 1)).days + 2) * DAY
    with np.errstate(invalid="ignore"):
        future = known & (seconds > limit)
    ahead = int(future.sum())
    if ahead and ahead <= 0.3 * known.sum() and not _PLANNED.search(c.name):
        yield Finding(
            "future_dates",
            "warning",
            f"{c.name} has {ahead * sample.step:,} dates in the future (up to {_day(np.nanmax(seconds[future]))}).",
            (c.name,),
            {"count": ahead * sample.step, "share": ahead / len(seconds)},
            sample.rows_where(future),
            f"clean {p.name}",
        )
    rest = known & ~future
    with np.errstate(invalid="ignore"):
        old = rest & (seconds < -3_786_912_000)  # 1850
        if old.any():
            rest &= ~old
        elif rest.sum() > 50 and not grouped:
            low, high = np.quantile(seconds[rest], (0.01, 0.99))
            old = rest & (seconds < low - max(3 * (high - low), 20 * 365 * DAY))
            rest &= ~old
    if old.any() and old.sum() <= 0.1 * known.sum():
        yield Finding(
            "implausible_dates",
            "warning",
            f"{c.name} has {int(old.sum()) * sample.step:,} dates long before the rest (such as "
            f"{_day(np.nanmin(seconds[old]))}).",
            (c.name,),
            {"count": int(old.sum()) * sample.step, "share": float(old.mean())},
            sample.rows_where(old),
            f"clean {p.name}",
        )
    swapped = _swapped(seconds, rest, ahead)
    if swapped is not None:
        yield Finding(
            "swapped_dates",
            "critical",
            f"{c.name} has day and month swapped in about {int(swapped.sum()) * sample.step:,} rows: they only "
            "fit the others when exchanged.",
            (c.name,),
            {"count": int(swapped.sum()) * sample.step, "share": float(swapped.mean())},
            sample.rows_where(swapped),
            f"clean {p.name}",
        )
    elif rest.sum() > 50:
        yield from _order(c, p, sample, seconds, rest)
    if rest.sum() >= 60 and swapped is None and (sample.whole or not c.is_text or c.distinct <= READ):
        yield from _gaps(c, p, seconds[rest] if sample.whole else _days(c, sample, seconds[rest]))


def _stand_ins(seconds: np.ndarray, known: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Dates such as 1900-01-01 that repeat and stand for missing."""
    days = np.floor(seconds / DAY)
    counted = Counter(days[known].tolist())
    mask = np.zeros(len(seconds), bool)
    told = []
    inner = np.quantile(days[known], (0.1, 0.9)) if known.sum() > 20 else (np.inf, -np.inf)
    for day, count in counted.items():
        moment = _moment(day * DAY)
        if moment is None or (moment.year, moment.month, moment.day) not in _STAND_INS:
            continue
        if count >= 2 and (day < inner[0] - 3650 or day > inner[1] + 3650):
            mask |= known & (days == day)
            told.append(moment.date().isoformat())
    return told, mask


def _swapped(seconds: np.ndarray, known: np.ndarray, ahead: int) -> np.ndarray | None:
    """The rows whose date fits only with day and month exchanged: in a nearly sorted column, or outside its range."""
    places = np.flatnonzero(known)
    if len(places) < 60:
        return None
    days = np.floor(seconds[places] / DAY)
    moments = days.astype("int64").astype("datetime64[D]")
    year = moments.astype("datetime64[Y]")
    month = (moments.astype("datetime64[M]") - year.astype("datetime64[M]")).astype(int) + 1
    day = (moments - moments.astype("datetime64[M]")).astype(int) + 1
    can = (day <= 12) & (day != month)
    other = np.full(len(days), np.nan)
    other[can] = (
        (year[can].astype("datetime64[M]") + (day[can] - 1).astype("timedelta64[M]")).astype("datetime64[D]")
        + (month[can] - 1).astype("timedelta64[D]")
    ).astype("int64")
    padded = np.pad(days, 12, mode="edge")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 25), axis=1) if len(days) <= 60_000 else None
    result = np.zeros(len(seconds), bool)
    if around is not None:
        off, fixed = np.abs(days - around), np.abs(other - around)
        ordinary = float(np.median(off))
        spread = float(np.quantile(days, 0.95) - np.quantile(days, 0.05))
        if ordinary <= 0.02 * spread and spread > 40:
            bad = off > max(15.0, 8 * ordinary)
            good = bad & (fixed <= max(6.0, 5 * ordinary))
            if good.sum() >= 4 and good.sum() >= 0.7 * bad.sum() and good.sum() < 0.45 * len(days):
                result[places[good]] = True
                return result
            return None
    low, high = np.quantile(days, (0.1, 0.9))
    width = high - low
    if width > 300:
        return None
    margin = 0.25 * width + 3  # a column of dates reaches little further than its inner 80 %
    outside = (days < low - margin) | (days > high + margin)
    back = outside & (other >= low - margin) & (other <= high + margin)
    if back.sum() >= 5 and back.sum() >= 0.85 * outside.sum():
        result[places[back]] = True
        return result
    return None


def _order(
    c: ColumnProfile, p: TableProfile, sample: Sample, seconds: np.ndarray, known: np.ndarray
) -> Iterable[Finding]:
    """A few rows out of place in a table that is sorted by this date."""
    places = np.flatnonzero(known)
    series = seconds[places]
    steps = np.diff(series)
    for direction in (1, -1):
        back = steps * direction < 0
        forward = steps * direction > 0
        if 0 < back.sum() <= 0.02 * len(steps) and forward.sum() > 20 * back.sum():
            mask = np.zeros(len(seconds), bool)
            mask[places[np.flatnonzero(back) + 1]] = True
            yield Finding(
                "not_sorted",
                "info",
                f"Rows follow {c.name}, but {int(back.sum())} step{'s' if back.sum() > 1 else ''} of "
                f"{len(steps):,} go back in time.",
                (c.name,),
                {"count": int(back.sum()), "share": float(back.mean())},
                sample.rows_where(mask),
                f"sort {p.name} by {c.name}",
            )


def _days(c: ColumnProfile, sample: Sample, looked_at: np.ndarray) -> np.ndarray:
    """Seconds that stand for all rows of a large table: every day with a row, as often as the rows looked at tell."""
    low, high = float(looked_at.min()), float(looked_at.max())
    name = quoted(c.name)
    if c.is_text:
        written = sample.table.sql(f"SELECT {name}, count(*) FROM data WHERE {name} IS NOT NULL GROUP BY 1")
        moments = _read_dates({str(text): int(n) for text, n in written})[0]
        days = [(moments[text] // DAY, n) for text, n in written if text in moments]
    else:
        days = sample.table.sql(
            f"SELECT epoch({name}::DATE)::BIGINT // 86400, count(*) FROM data WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
    found = [(d * DAY, min(n, 1000)) for d, n in days if low - 2 * DAY <= d * DAY <= high + DAY]
    return np.repeat(*map(np.array, zip(*found, strict=True))) if 0 < len(found) < 20_000 else looked_at[:0]


def _gaps(c: ColumnProfile, p: TableProfile, seconds: np.ndarray) -> Iterable[Finding]:
    """Days (or months) without a row in a column that else has them all; weekends are no gap where none is there."""
    if len(seconds) < 60:
        return
    days = np.unique(np.floor(seconds / DAY)).astype("int64")
    steps = np.diff(days)
    if len(days) >= 40 and np.median(steps) == 1:
        span = int(days[-1] - days[0]) + 1
        weekend = (days + 3) % 7 >= 5
        working = weekend.mean() < 0.02
        every = np.arange(days[0], days[-1] + 1)
        wanted = every[(every + 3) % 7 < 5] if working else every
        missing = np.setdiff1d(wanted, days)
        if not len(missing) or len(missing) > 0.3 * len(wanted):
            return
        index = np.searchsorted(wanted, missing)
        runs = np.split(missing, np.flatnonzero(np.diff(index) > 1) + 1)
        longest = max(runs, key=len)
        a_day = len(seconds) / len(days)
        needed = 3 if working else 2 if a_day < 1.5 else 1
        # with few rows a day, a day without one is chance; so are thin days at both ends of the range
        near = np.abs(np.floor(seconds / DAY) - float(np.median(longest))) <= 5 + len(longest)
        each = np.unique(np.floor(seconds / DAY), return_counts=True)[1]
        even = bool(a_day >= 2 and np.quantile(each, 0.05) >= 0.6 * np.median(each))  # as many rows every day
        dense = near.sum() / 10 >= 8 or even
        if (a_day < 1.5 or dense) and len(longest) >= needed and (a_day < 1.5 or even or len(missing) <= 0.1 * span):
            many = f"; {len(missing)} days are missing altogether" if len(missing) > len(longest) else ""
            yield Finding(
                "date_gap",
                "warning" if len(longest) > 2 else "info",
                f"{c.name} has no row from {_day(longest[0] * DAY)} to {_day(longest[-1] * DAY)} ({len(longest)} "
                f"{'working ' if working else ''}day{'s' if len(longest) > 1 else ''}){many}.",
                (c.name,),
                {"count": len(missing), "share": len(missing) / len(wanted), "longest": len(longest)},
                fix=f"trend of rows by day in {p.name}",
            )


def format_findings(c: ColumnProfile, p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Dates kept as text: in one layout, in several, or day first in some rows and month first in others."""
    counts = {str(v): n for v, n in sample.counts(c.name).items()}
    layouts: Counter[str] = Counter()
    first_big = second_big = 0
    for text, n in counts.items():
        layout = re.sub(r"[A-Za-z]+", "A", re.sub(r"\d{4}", "Y", text.strip()))
        layouts[re.sub(r"\d+", "9", layout)] += n
        parts = re.match(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{2,4})", text.strip())
        if parts:
            first_big += n * (int(parts[1]) > 12)
            second_big += n * (int(parts[2]) > 12)
    held = sum(counts.values())
    layouts = Counter({k: n for k, n in layouts.items() if re.search(r"[9Y]", k)})
    if first_big and second_big and min(first_big, second_big) >= max(2, 0.002 * held):
        few = min(first_big, second_big)
        yield Finding(
            "swapped_dates",
            "critical",
            f"{c.name} writes the day first in some rows and the month first in others ({first_big:,} against "
            f"{second_big:,} that can be told); the rest is ambiguous.",
            (c.name,),
            {"count": few * sample.step, "share": few / max(1, held)},
            fix=f"convert {c.name} to dates in {p.name}",
        )
    common = [k for k, n in layouts.items() if n >= max(2, 0.005 * held)]
    mixed = len(common) > 1
    yield Finding(
        "mixed_dates" if mixed else "dates_as_text",
        "warning",
        f"{c.name} holds dates stored as text{f', in {len(common)} different layouts' if mixed else ''}.",
        (c.name,),
        {"count": held * sample.step, "share": min(1.0, held * sample.step / max(1, p.rows)), "layouts": len(common)},
        fix=f"convert {c.name} to dates in {p.name}",
    )


def pair_findings(
    dates: Sequence[tuple[ColumnProfile, np.ndarray]], p: TableProfile, sample: Sample
) -> Iterable[Finding]:
    """Pairs of dates of which one follows the other in nearly all rows, and not in a few."""
    for n, (a, x) in enumerate(dates[:12]):
        for b, y in dates[n + 1 : 12]:
            both = np.isfinite(x) & np.isfinite(y)
            if both.sum() < 50:
                continue
            ahead, behind = both & (x > y), both & (x < y)
            first, second, wrong = (a, b, ahead) if ahead.sum() < behind.sum() else (b, a, behind)
            if 0 < wrong.sum() <= 0.03 * both.sum():
                yield Finding(
                    "order_violated",
                    "warning",
                    f"{second.name} comes before {first.name} in {int(wrong.sum()) * sample.step:,} rows, after "
                    "it in all others.",
                    (first.name, second.name),
                    {"count": int(wrong.sum()) * sample.step, "share": float(wrong.sum() / both.sum())},
                    sample.rows_where(wrong),
                    f"show rows of {p.name} where {second.name} < {first.name}",
                )


def _moment(seconds: float) -> datetime.datetime | None:
    try:
        return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=float(seconds))
    except (OverflowError, ValueError):
        return None


def _day(seconds: float) -> str:
    moment = _moment(seconds)
    return moment.date().isoformat() if moment else "far away"
