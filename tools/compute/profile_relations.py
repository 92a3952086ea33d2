"""How columns hang together: copies, dependencies and their exceptions, associations across types, gaps together."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding
from opsmith.tools.data.table import quoted

WIDEST = 40  # columns compared pair by pair
LEVELS = 60  # values of a category compared pair by pair


@dataclass(frozen=True)
class Association:
    """How strongly two columns hang together, from 0 to 1, and by which measure."""

    a: str
    b: str
    strength: float
    measure: str  # pearson, cramers_v (bias-corrected, Bergsma 2013) or eta (correlation ratio)


def relation_findings(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Findings about pairs of columns."""
    copies = list(_copies(p, sample))
    for group in copies:
        yield Finding(
            "duplicated_column",
            "warning",
            f"{group[0]} and {', '.join(group[1:])} hold the same values in every row.",
            tuple(group),
            {"share": 0.02 * len(group)},
            fix=f"drop column {group[1]} in {p.name}",
        )
    same = {frozenset((a, b)) for g in copies for a in g for b in g if a != b}
    for group in _together(p, same):
        yield Finding(
            "redundant",
            "info",
            f"{', '.join(group[:-1])} and {group[-1]} carry nearly the same information (correlation above 0.999).",
            tuple(group),
            {"share": 0.0},
        )
    yield from _broken_dependencies(p, sample)
    yield from _missing_together(p, sample)


def _copies(p: TableProfile, sample: Sample) -> Iterable[list[str]]:
    """Groups of columns with equal values in every row; confirmed on the whole table."""
    groups: dict[int, list[ColumnProfile]] = {}
    for c in p.columns:
        if c.kind in ("constant", "empty") or c.distinct < 2:
            continue
        s = c.scalars
        codes = sample.codes(c.name)
        held = hash((codes.tobytes(), c.distinct, c.missing, c.is_text, s.mean, str(s.minimum), s.length_mean))
        groups.setdefault(held, []).append(c)
    for members in groups.values():
        alike: list[list[ColumnProfile]] = []
        for c in members:
            for same in alike:
                if _equal(same[0].name, c.name, sample):
                    same.append(c)
                    break
            else:
                alike.append([c])
        yield from ([c.name for c in same] for same in alike if len(same) > 1)


def _equal(a: str, b: str, sample: Sample) -> bool:
    """Whether two columns whose codes agree hold the same values in every row of the table."""
    if [str(v) for v in sample.levels(a)[:1000]] != [str(v) for v in sample.levels(b)[:1000]]:
        return False
    if sample.whole:
        return list(map(str, sample.levels(a))) == list(map(str, sample.levels(b)))
    return not sample.count(f"{quoted(a)}::VARCHAR IS DISTINCT FROM {quoted(b)}::VARCHAR")


def _together(p: TableProfile, same: set[frozenset[str]]) -> list[list[str]]:
    """Groups of columns linked by correlations above 0.999, biggest first; exact copies count once."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for (a, b), r in p.correlations.items():
        if abs(r) > 0.999 and frozenset((a, b)) not in same:
            parent[root(a)] = root(b)
    groups: dict[str, list[str]] = {}
    for name in parent:
        groups.setdefault(root(name), []).append(name)
    return sorted((g for g in groups.values() if len(g) > 1), key=len, reverse=True)


def dependencies(p: TableProfile, sample: Sample) -> list[tuple[str, str, int]]:
    """(a, b, exceptions): a determines b in the rows looked at, but for that many; only where it is no accident."""
    columns = [
        c
        for c in p.columns
        if c.kind not in ("constant", "empty", "text", "number", "date") and 2 <= c.distinct <= 3000
    ]
    columns = sorted(columns, key=lambda c: c.distinct)[:WIDEST]
    found: list[tuple[str, str, int]] = []
    for a in columns:
        ka = sample.codes(a.name)
        size = int(ka.max()) + 2 if len(ka) else 1
        if a.distinct > 0.2 * sample.rows or a.distinct < 4 or a.kind == "id":
            continue
        for b in columns:
            if a is b or b.distinct > a.distinct:
                continue
            kb = sample.codes(b.name)
            both = (ka >= 0) & (kb >= 0)
            n = int(both.sum())
            if n < 50:
                continue
            width = int(kb.max()) + 1
            table = np.bincount(ka[both] * width + kb[both], minlength=size * width)[: size * width].reshape(
                size, width
            )
            best = table.max(axis=1)
            wrong = n - int(best.sum())
            common = int(table.sum(axis=0).max())
            if wrong > 0.01 * n or common > 0.9 * n:
                continue
            # how many rows would break a chance rule: those beyond the commonest value of b
            sizes = table.sum(axis=1)
            odd = sizes - best
            if wrong and (
                wrong > 0.05 * (n - common)
                or (best[sizes > 0] < 0.85 * sizes[sizes > 0]).any()
                or (wrong > 4 and odd.max() > 0.6 * wrong)
            ):
                continue
            if a.distinct == b.distinct and found and any(x == b.name and y == a.name for x, y, _ in found):
                continue
            found.append((a.name, b.name, wrong))
    return found


def _broken_dependencies(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    best: dict[str, tuple[str, str, int]] = {}
    for rule in dependencies(p, sample):
        if rule[1] not in best or rule[2] < best[rule[1]][2]:
            best[rule[1]] = rule
    for a, b, wrong in [r for r in best.values() if r[2]][:6]:
        ka, kb = sample.codes(a), sample.codes(b)
        usual: dict[int, int] = {}
        for group in np.unique(ka[ka >= 0]):
            inside = kb[(ka == group) & (kb >= 0)]
            if len(inside):
                usual[int(group)] = int(np.bincount(inside).argmax())
        expected = np.array([usual.get(int(x), -1) for x in ka])
        mask = (ka >= 0) & (kb >= 0) & (expected >= 0) & (kb != expected)
        yield Finding(
            "dependency_violated",
            "warning",
            f"{a} determines {b} in all rows but {wrong * sample.step:,}: those contradict the others.",
            (a, b),
            {"count": wrong * sample.step, "share": wrong / max(1, sample.rows)},
            sample.rows_where(mask),
            f"show rows of {p.name} by {a} and {b}",
        )


def _missing_together(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Columns whose gaps lie in the same rows."""
    groups: dict[bytes, list[str]] = {}
    for c in p.columns:
        gaps = sample.codes(c.name) < 0
        if 0.01 < gaps.mean() < 0.99:
            groups.setdefault(np.packbits(gaps).tobytes(), []).append(c.name)
    for names in groups.values():
        if len(names) > 1:
            gaps = sample.codes(names[0]) < 0
            shown = ", ".join(names[:6]) + (" …" if len(names) > 6 else "")
            yield Finding(
                "missing_together",
                "info",
                f"{shown} are missing in the same rows ({gaps.mean():.1%}).",
                tuple(names),
                {"share": float(gaps.mean()) / 10, "count": int(gaps.sum()) * sample.step},
                sample.rows_where(gaps),
            )


def associations(p: TableProfile, sample: Sample, most: int = 30) -> list[Association]:
    """The strongest associations of pairs of columns, across types, on the rows looked at."""
    found = [Association(a, b, abs(r), "pearson") for (a, b), r in p.correlations.items()]
    numbers = [
        c
        for c in p.columns
        if c.kind in ("number", "integer", "money", "percent") and not c.is_text and (c.scalars.std or 0) > 0
    ][:WIDEST]
    levels = [
        c for c in p.columns if c.kind in ("category", "boolean", "ordinal", "code") and 2 <= c.distinct <= LEVELS
    ][:WIDEST]
    for n, a in enumerate(levels):
        for b in levels[n + 1 :]:
            v = cramers_v(sample.codes(a.name), sample.codes(b.name))
            if v > 0.05:
                found.append(Association(a.name, b.name, v, "cramers_v"))
        for b in numbers:
            e = eta(sample.codes(a.name), sample.numbers(b.name))
            if e > 0.05:
                found.append(Association(a.name, b.name, e, "eta"))
    return sorted(found, key=lambda x: -x.strength)[:most]


def cramers_v(a: np.ndarray, b: np.ndarray) -> float:
    """Bias-corrected Cramér's V of two arrays of codes (-1: missing), 0 to 1."""
    both = (a >= 0) & (b >= 0)
    n = int(both.sum())
    if n < 20:
        return 0.0
    _, x = np.unique(a[both], return_inverse=True)
    _, y = np.unique(b[both], return_inverse=True)
    r, k = int(x.max()) + 1, int(y.max()) + 1
    if r < 2 or k < 2:
        return 0.0
    table = np.bincount(x * k + y, minlength=r * k).reshape(r, k)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    chi2 = float(((table - expected) ** 2 / expected).sum())
    phi2 = max(0.0, chi2 / n - (r - 1) * (k - 1) / (n - 1))
    rows, columns = r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)
    return math.sqrt(min(1.0, phi2 / max(1e-12, min(rows - 1, columns - 1))))


def eta(groups: np.ndarray, values: np.ndarray) -> float:
    """Correlation ratio of numbers in groups, adjusted for the number of groups (epsilon), 0 to 1."""
    both = (groups >= 0) & np.isfinite(values)
    n = int(both.sum())
    if n < 20:
        return 0.0
    _, g = np.unique(groups[both], return_inverse=True)
    v = values[both]
    k = int(g.max()) + 1
    sizes = np.bincount(g)
    means = np.bincount(g, weights=v) / sizes
    total = float(((v - v.mean()) ** 2).sum())
    within = float(((v - means[g]) ** 2).sum())
    if total <= 0 or n <= k:
        return 0.0
    return math.sqrt(max(0.0, 1 - within / (n - k) / (total / (n - 1))))
