"""What columns tell about one another: exchanged for some rows, sums and products that do not hold, one group in another unit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_numbers import alike, short
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding

MOST = 16  # columns of numbers that are compared pair by pair
TRIED = 300  # rows on which sums and products are tried first


def pair_of_columns_findings(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Findings about pairs and triples of columns and about single rows that only other rows explain."""
    if sample.rows < 60:
        return
    numbers = [
        c
        for c in p.columns
        if c.kind in ("number", "integer", "money", "percent", "latitude", "longitude") and not c.is_text and c.distinct > 10
    ][:MOST]  # fmt: skip
    yield from _exchanged_numbers(p, sample, numbers)
    yield from _exchanged_words(p, sample)
    yield from _given_to_others(p, sample)
    yield from _arithmetic(p, sample, [c for c in numbers if c.kind not in ("latitude", "longitude")])
    yield from _scaled_groups(p, sample, numbers)
    yield from _unnamed_total(p, sample, numbers)


def _exchanged_numbers(p: TableProfile, sample: Sample, numbers: Sequence[ColumnProfile]) -> Iterable[Finding]:
    """A pair of which one is the greater in nearly all rows, and in few it is the other by just as much."""
    for a, b in combinations(numbers, 2):
        x, y = sample.numbers(a.name), sample.numbers(b.name)
        with np.errstate(invalid="ignore"):
            more, less = x > y, x < y
        if less.sum() < more.sum():
            (a, x), (b, y), more = (b, y), (a, x), less
        few, many = int(more.sum()), int(max(1, np.isfinite(x - y).sum()))
        if not max(5, 0.003 * many) <= few <= 0.08 * many:
            continue
        usual = np.isfinite(x - y) & ~more
        ahead, behind = (y - x)[usual], (x - y)[more]
        back = np.quantile(ahead, (0.01, 0.25)), float(np.median(behind))
        # by chance the few would lie near the edge; exchanged, they differ by as much as the others
        if back[0][0] < 0.02 * back[0][1] or back[1] < back[0][1] or alike(behind, ahead) > 0.0:
            continue
        fits = [_inside(y[more], x[usual]), _inside(x[more], y[usual])]
        if min(fits) < 0.9:
            continue
        yield Finding(
            "swapped_columns",
            "warning",
            f"{a.name} and {b.name} look exchanged in {few * sample.step:,} rows: {a.name} is the smaller in all others, and "
            "these fit only when turned round.",
            (a.name, b.name),
            {"count": few * sample.step, "share": few / many},
            sample.rows_where(more),
            f"show rows of {p.name} where {a.name} > {b.name}",
        )


def _inside(values: np.ndarray, others: np.ndarray) -> float:
    """The share of values that lie in the range of others but for its outermost hundredths."""
    low, high = np.quantile(others, (0.005, 0.995))
    margin = 0.05 * (high - low)
    return float(np.mean((values >= low - margin) & (values <= high + margin)))


def _exchanged_words(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """A pair of categories of which each holds the words of the other in the same few rows."""
    words = [c for c in p.columns if c.is_text and c.kind in ("category", "code", "ordinal") and c.distinct <= 500][
        :MOST
    ]
    counts = {c.name: sample.counts(c.name) for c in words}
    for a, b in combinations(words, 2):
        mine, theirs = counts[a.name], counts[b.name]
        shared = mine.keys() & theirs.keys()
        foreign_a = {w for w in shared if theirs[w] > 5 * mine[w]}
        foreign_b = {w for w in shared if mine[w] > 5 * theirs[w]}
        if not foreign_a or not foreign_b or len(foreign_a) + len(foreign_b) < len(shared):
            continue
        both = sample.rows_of(a.name, foreign_a) & sample.rows_of(b.name, foreign_b)
        n = int(both.sum())
        if 2 <= n <= 0.1 * sample.rows:
            yield Finding(
                "swapped_columns",
                "warning",
                f"{a.name} and {b.name} look exchanged in {n * sample.step:,} rows: each holds the words of the other there.",
                (a.name, b.name),
                {"count": n * sample.step, "share": n / sample.rows},
                sample.rows_where(both),
                f"show rows of {p.name} by {a.name} and {b.name}",
            )


def _given_to_others(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """A column that follows from another, but for few of its values, where it changes once along the rows and for good."""
    keys = [
        c
        for c in p.columns
        if c.kind in ("id", "code", "integer", "category") and 10 <= c.distinct <= 0.25 * sample.rows
    ][:8]
    others = [c for c in p.columns if c.kind in ("category", "text", "code", "date", "id") and c.distinct >= 2][:20]
    for a in keys:
        codes = sample.codes(a.name)
        order = np.argsort(codes, kind="stable")
        order = order[codes[order] >= 0]
        group = codes[order]
        sizes = np.bincount(group)
        big = sizes >= 4
        if big.sum() < 10:
            continue
        start = np.cumsum(sizes) - sizes
        for b in others:
            if b is a or b.distinct > a.distinct * 1.5 or b.distinct < 3:
                continue
            there = sample.codes(b.name)[order]
            change = np.flatnonzero((group[1:] == group[:-1]) & (there[1:] != there[:-1])) + 1
            changes = np.bincount(group[change], minlength=len(sizes))
            moved = big & (changes > 0)
            n = int(moved.sum())
            if not 3 <= n <= 0.15 * big.sum():
                continue
            once = change[(changes[group[change]] == 1) & big[group[change]]]
            inside = once - start[group[once]]
            lasting = (inside >= 2) & (sizes[group[once]] - inside >= 2)
            if lasting.sum() < 0.7 * n:
                continue
            values = [str(sample.levels(a.name)[k])[:40] for k in group[once[lasting]][:3].tolist()]
            rows = np.sort(sample.positions[order[once[lasting]]])
            yield Finding(
                "reassigned",
                "warning",
                f"{a.name} determines {b.name}, but for {n:,} values (such as {', '.join(values)}) it changes once and for "
                f"good, first at row {rows[0]:,}: given to others?",
                (a.name, b.name),
                {"count": n, "share": n / int(big.sum()), "row": int(rows[0])},
                tuple(int(r) for r in rows[:5]),
                f"show rows of {p.name} where {a.name} is {values[0]}",
            )


def _arithmetic(p: TableProfile, sample: Sample, numbers: Sequence[ColumnProfile]) -> Iterable[Finding]:
    """A column that is the sum or the product of two others in nearly all rows, and not in few."""
    wide = [c for c in numbers if (c.scalars.std or 0) > 0]
    held = {c.name: sample.numbers(c.name) for c in wide}
    tried = np.linspace(0, sample.rows - 1, min(TRIED, sample.rows)).astype(int)
    told: set[str] = set()
    for a, b in combinations(wide, 2):
        for word, sign in (("times", "×"), ("plus", "+")):
            made = _made(held[a.name][tried], held[b.name][tried], sign)
            for c in wide:
                if c in (a, b) or c.name in told or not _follows(made, held[c.name][tried], c):
                    continue
                full = _made(held[a.name], held[b.name], sign)
                known = np.isfinite(full - held[c.name])
                wrong = known & (np.abs(full - held[c.name]) > _tolerance(held[c.name], c))
                n = int(wrong.sum())
                told.add(c.name)
                if 0 < n <= 0.05 * known.sum():
                    yield Finding(
                        "arithmetic_violated",
                        "warning",
                        f"{c.name} is {a.name} {word} {b.name} in all rows but {n * sample.step:,}.",
                        (c.name, a.name, b.name),
                        {"count": n * sample.step, "share": n / max(1, int(known.sum()))},
                        sample.rows_where(wrong),
                        f"show rows of {p.name} where {c.name} is not {a.name} {sign} {b.name}",
                    )


def _made(a: np.ndarray, b: np.ndarray, sign: str) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        return a * b if sign == "×" else a + b


def _tolerance(values: np.ndarray, c: ColumnProfile) -> np.ndarray:
    """How far a figure may lie off by rounding: half a hundredth, or a millionth of it."""
    return np.maximum(0.0051 if (c.scalars.std or 0) > 1 else 1e-6, 1e-6 * np.abs(values))


def _follows(made: np.ndarray, values: np.ndarray, c: ColumnProfile) -> bool:
    known = np.isfinite(made - values)
    if known.sum() < 50:
        return False
    equal = np.abs(made - values)[known] <= _tolerance(values, c)[known]
    return bool(equal.mean() >= 0.93 and len(np.unique(values[known])) > 10)


def _scaled_groups(p: TableProfile, sample: Sample, numbers: Sequence[ColumnProfile]) -> Iterable[Finding]:
    """One value of a category where a column is many times what it is elsewhere, all other groups being alike."""
    groups = [c for c in p.columns if c.kind in ("category", "code", "boolean") and 3 <= c.distinct <= 30][:12]
    for c in numbers:
        values = sample.numbers(c.name)
        with np.errstate(invalid="ignore"):
            usable = np.isfinite(values) & (values > 0)
        if usable.sum() < 0.95 * np.isfinite(values).sum() or usable.sum() < 200:
            continue
        logs = np.log(np.where(usable, values, 1.0))
        for g in groups:
            codes = np.where(usable, sample.codes(g.name), -1)
            sizes = np.bincount(codes + 1, minlength=2)[1:]
            big = np.flatnonzero(sizes >= 20)
            if g.name == c.name or len(big) < 3:
                continue
            middles = np.array([np.median(logs[codes == k]) for k in big])
            far = int(np.argmax(np.abs(middles - np.median(middles))))
            rest = np.delete(middles, far)
            shift = float(middles[far] - np.median(rest))
            if abs(shift) < math.log(4) or np.ptp(rest) > 0.2 * abs(shift):
                continue
            inside = codes == big[far]
            others = (codes >= 0) & ~inside
            if inside.sum() > 0.5 * usable.sum() or alike(logs[inside] - shift, logs[others]) > 0.0:
                continue
            times = math.exp(abs(shift))
            n = int(inside.sum())
            yield Finding(
                "group_scale",
                "warning",
                f"{c.name} is about {short(times) if times < 1000 else f'{times:,.0f}'} times as "
                f"{'large' if shift > 0 else 'small'} where {g.name} is {sample.levels(g.name)[big[far]]!s:.40}, and alike in "
                "all other groups: another unit or currency there?",
                (c.name, g.name),
                {"count": n * sample.step, "share": n / sample.rows, "factor": round(math.exp(shift), 4)},
                sample.rows_where(inside),
                f"show {c.name} by {g.name} in {p.name}",
            )
            break


def _unnamed_total(p: TableProfile, sample: Sample, numbers: Sequence[ColumnProfile]) -> Iterable[Finding]:
    """A last row that holds the sums of the rows above it, without a word that says so."""
    sums = []
    for c in numbers:
        last = (sample.last.get(c.name) or [None])[-1]
        s = c.scalars
        if last is None or not isinstance(last, int | float) or s.mean is None or not np.isfinite(last) or last == 0:
            continue
        total = s.mean * (p.rows - c.missing)
        if abs(total - 2 * float(last)) <= 1e-6 * abs(float(last)) and p.rows > 10:
            sums.append(c.name)
    if sums:
        yield Finding(
            "total_row",
            "warning",
            f"The last row holds the sums of the rows above it ({', '.join(sums[:5])}), not data.",
            tuple(sums),
            {"count": 1, "share": 1 / p.rows},
            (p.rows - 1,),
            f"clean {p.name}",
        )
