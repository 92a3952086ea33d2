"""What a table is like: every column's figures, what people mean by it, and how columns and rows relate."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opsmith.tools.compute.profile_kinds import HIDDEN, PATTERNS, meaning
from opsmith.tools.compute.profile_placeholders import placeholders
from opsmith.tools.compute.profile_sample import Sample, draw, is_small
from opsmith.tools.data import aggregates, aggregates_arrow
from opsmith.tools.data.aggregates import NUMERIC, QUANTILES, Scalars
from opsmith.tools.data.table import Column, Table, quoted

BINS = 24
TOP = 12
LISTED = 5000  # distinct values up to which all values of a text column are counted, to find their spellings


@dataclass(frozen=True)
class ColumnProfile:
    """One column. kind: what people mean by it, why and how sure; missing: stored gaps, hidden: the disguised.

    top: the most frequent values with counts. placeholders: value -> count of what stands for missing. patterns: of the
    `looked` values looked at, how many are written how. outliers: values beyond three interquartile distances.
    """

    name: str
    stored: str
    kind: str
    why: str
    confidence: float
    missing: int
    distinct: int
    scalars: Scalars
    top: tuple[tuple[Any, int], ...] = ()
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    patterns: Mapping[str, int] = field(default_factory=dict)
    looked: int = 0
    outliers: int = 0
    placeholders: Mapping[Any, int] = field(default_factory=dict)
    values: Mapping[Any, int] = field(default_factory=dict)  # all values of a short list, else those looked at

    @property
    def hidden(self) -> int:
        """Values that stand for missing without being stored as such."""
        return sum(self.placeholders.values())

    @property
    def distinct_is_rough(self) -> bool:
        """Whether the number of distinct values is an estimate."""
        return self.scalars.distinct_error > 0

    @property
    def is_text(self) -> bool:
        return self.stored in ("VARCHAR", "UUID") or self.stored.startswith("ENUM")


@dataclass(frozen=True)
class TableProfile:
    """A whole table. duplicate_error: how far the number of duplicate rows may be off (95 %), 0 when it is exact."""

    name: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    duplicate_rows: int
    duplicate_error: float
    correlations: Mapping[tuple[str, str], float]
    notes: tuple[str, ...]
    looked: int  # rows looked at closely

    def column(self, name: str) -> ColumnProfile:
        return next(c for c in self.columns if c.name == name)


def profile_table(
    table: Table,
    progress: Callable[[float, str], None],
    check: Callable[[], None],
    kinds: Mapping[str, str] | None = None,
    sample: Sample | None = None,
) -> tuple[TableProfile, Sample]:
    """Profile every column; the sample is returned for whoever looks for findings.

    progress(fraction, note); check() raises when the person stopped the turn. kinds: column -> kind that a person said.
    """
    columns = table.columns
    progress(0.02, f"counting {len(columns)} columns")
    if sample is None and is_small(table):
        sample = draw(table)
    held = sample is not None and sample.whole
    figures = (
        aggregates_arrow.scalars(sample.arrow, columns)
        if held and sample
        else aggregates.scalars(table, columns, check)
    )
    progress(
        0.3, f"{table.rows:,} rows × {len(columns)} columns, {sum(s.missing for s in figures.values()):,} missing cells"
    )
    sample = sample or draw(table)
    check()
    tops = _tops(table, columns, figures, sample, check)
    edges = {c.name: e for c in columns if c.kind in NUMERIC and (e := _edges(figures[c.name], c))}
    counts = _histograms(table, sample, edges)
    progress(0.5, "ways of writing")
    texts = [c.name for c in columns if c.kind == "text" and figures[c.name].missing < table.rows]
    patterns = sample.patterns(PATTERNS, texts) if texts else {}
    outliers = _outliers(sample, [c for c in columns if c.name in edges], figures)
    check()
    hidden = _hidden_words(table, texts, tops, figures)
    made = []
    for c in columns:
        s, top = figures[c.name], tops[c.name][0]
        looked = int((sample.codes(c.name) >= 0).sum()) if c.kind == "text" else table.rows - s.missing
        counted = sum(n for w, n in hidden.get(c.name, {}).items()) if sample.whole else 0
        said = (kinds or {}).get(c.name)
        means = meaning(c, s, table.rows, top, patterns.get(c.name, {}), max(0, looked - counted))
        stands = hidden.get(c.name) or (placeholders(sample, c, s) if c.kind in NUMERIC else {})
        made.append(
            ColumnProfile(
                c.name,
                c.stored,
                said or means.kind,
                "a person said so" if said else means.why,
                1.0 if said else round(means.confidence, 2),
                s.missing,
                s.distinct,
                s,
                tuple(top[:TOP]),
                edges.get(c.name, ()),
                tuple(counts.get(c.name, ())),
                patterns.get(c.name, {}),
                looked,
                outliers.get(c.name, 0),
                stands,
                tops[c.name][1],
            )
        )
    check()
    progress(0.6, "duplicate rows and correlations")
    duplicates, error = aggregates.duplicate_rows(table) if len(columns) <= 300 else _whole_duplicates(sample)
    numeric = [c.name for c in made if c.kind in ("number", "integer", "money", "percent") and (c.scalars.std or 0) > 0]
    related = _correlations(table, sample, numeric) if table.rows > 2 else {}
    return (
        TableProfile(table.name, table.rows, tuple(made), duplicates, error, related, table.notes, sample.rows),
        sample,
    )


def _tops(
    table: Table, columns: Sequence[Column], figures: Mapping[str, Scalars], sample: Sample, check: Callable[[], None]
) -> dict[str, tuple[list[tuple[Any, int]], dict[Any, int]]]:
    """column -> (most frequent values, all values of a short list); exact."""
    found: dict[str, tuple[list[tuple[Any, int]], dict[Any, int]]] = {}
    for c in columns:
        s = figures[c.name]
        listed = c.kind in ("text", "boolean", "integer", "other", "time") or s.distinct <= 50
        if not listed or not s.distinct:
            found[c.name] = ([], {})
        elif sample.whole:
            counted = sample.counts(c.name)
            top = sorted(counted.items(), key=lambda i: (-i[1], _order(i[0])))[:TOP]
            found[c.name] = (top, counted if c.kind == "text" or len(counted) <= LISTED else {})
        else:
            check()
            short = s.distinct <= LISTED
            all_values = aggregates.top_values(table, c.name, LISTED if short else TOP)
            seen = dict(all_values) if short else (sample.counts(c.name) if c.kind == "text" else {})
            found[c.name] = (all_values[:TOP], seen)
    return found


def _order(value: Any) -> tuple[int, Any]:
    return (0, value) if isinstance(value, (int, float)) else (1, str(value))


def _edges(s: Scalars, column: Column) -> tuple[float, ...] | None:
    if s.mean is None or s.minimum is None:
        return None
    low, high = float(s.minimum), float(s.maximum)
    if column.kind == "integer" and high - low < BINS and high > low:
        return (*(low + n for n in range(int(high - low) + 1)), high + 1.0)
    return tuple(aggregates.even_edges(low, high, BINS))


def _histograms(table: Table, sample: Sample, edges: Mapping[str, Sequence[float]]) -> dict[str, list[int]]:
    if not sample.whole:
        return aggregates.histograms(table, edges)
    made = {}
    for name, e in edges.items():
        values = sample.numbers(name)
        values = values[np.isfinite(values)]
        inner = np.searchsorted(np.asarray(e[:-1]), values, side="right") - 1
        made[name] = np.bincount(inner[inner >= 0], minlength=len(e) - 1)[: len(e) - 1].tolist()
    return made


def _outliers(sample: Sample, columns: Sequence[Column], figures: Mapping[str, Scalars]) -> dict[str, int]:
    """Values beyond three times the distance between the quartiles (Tukey's far-out fences); exact, one query a part."""
    fences = {}
    for c in columns:
        s = figures[c.name]
        if s.quantiles and (spread := s.quantile(0.75) - s.quantile(0.25)) > 0 and math.isfinite(spread):
            fences[c.name] = (s.quantile(0.25) - 3 * spread, s.quantile(0.75) + 3 * spread)
    found: dict[str, int] = {}
    names = list(fences)
    if sample.whole:
        with np.errstate(invalid="ignore"):
            return {
                n: int((np.isfinite(v := sample.numbers(n)) & ((v < low) | (v > high))).sum())
                for n, (low, high) in fences.items()
            }
    for start in range(0, len(names), aggregates.PART):
        part = names[start : start + aggregates.PART]
        pieces = [
            f"count(*) FILTER (isfinite({quoted(n)}::DOUBLE) AND "
            f"({quoted(n)} < ({fences[n][0]!r}::DOUBLE) OR {quoted(n)} > ({fences[n][1]!r}::DOUBLE)))"
            for n in part
        ]
        found |= dict(zip(part, map(int, sample.table.sql(f"SELECT {', '.join(pieces)} FROM data")[0]), strict=True))
    return found


def _hidden_words(
    table: Table, texts: Sequence[str], tops: Mapping[str, Any], figures: Mapping[str, Scalars]
) -> dict[str, dict[Any, int]]:
    """column -> word that stands for missing -> count; exact: from the list of all values, or counted."""
    found: dict[str, dict[Any, int]] = {}
    words = set(HIDDEN)
    for name in texts:
        seen = {v: n for v, n in tops[name][1].items() if str(v).strip().casefold() in words}
        if seen and len(tops[name][1]) < figures[name].distinct:
            listed = ", ".join("'" + w.replace("'", "''") + "'" for w in HIDDEN)
            c = quoted(name)
            rows = table.sql(
                f"SELECT {c}, count(*) FROM data WHERE lower(trim({c})) IN ({listed}) GROUP BY 1 ORDER BY 2 DESC"
            )
            seen = {r[0]: int(r[1]) for r in rows}
        if seen:
            found[name] = seen
    return found


def _correlations(table: Table, sample: Sample, names: Sequence[str], limit: int = 40) -> dict[tuple[str, str], float]:
    if not sample.whole:
        return aggregates.correlations(table, names, limit)
    found = {}
    chosen = list(names)[:limit]
    for n, a in enumerate(chosen):
        x = sample.numbers(a)
        for b in chosen[n + 1 :]:
            y = sample.numbers(b)
            both = np.isfinite(x) & np.isfinite(y)
            u, v = x[both], y[both]
            if len(u) > 1:
                u, v = u - u.mean(), v - v.mean()
                with np.errstate(over="ignore", invalid="ignore"):
                    size = math.sqrt(float(u @ u)) * math.sqrt(float(v @ v))
                    r = float(u @ v) / size if 0 < size < math.inf else math.nan
                if r == r:
                    found[a, b] = max(-1.0, min(1.0, r))
    return found


def _whole_duplicates(sample: Sample) -> tuple[int, float]:
    """Duplicate rows of a very wide table, from the rows held."""
    codes = np.stack([sample.codes(n) for n in sample.by_name], axis=1)
    repeated = sample.rows - len(np.unique(codes, axis=0))
    return repeated * sample.step, 0.0 if sample.whole else float(sample.step * 3)


def quantile_names() -> tuple[str, ...]:
    """p1, p5, … for the quantiles of a profile."""
    return tuple(f"p{round(q * 100)}" for q in QUANTILES)
