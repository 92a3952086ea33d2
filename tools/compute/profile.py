"""What a table is like: every column's figures, what people mean by it, and how columns and rows relate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opsmith.tools.compute.profile_figures import correlations, count
from opsmith.tools.compute.profile_kinds import HIDDEN, PATTERNS, meaning
from opsmith.tools.compute.profile_placeholders import placeholders
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.data.aggregates import NUMERIC, QUANTILES, Scalars
from opsmith.tools.data.aggregates_arrow import Figures
from opsmith.tools.data.table import Table, quoted


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
    counted_so_far: Callable[[Mapping[str, Figures]], None] = lambda figures: None,
) -> tuple[TableProfile, Sample]:
    """Profile every column; the sample is returned for whoever looks for findings.

    progress(fraction, note); check() raises when the person stopped the turn. kinds: column -> kind that a person said.
    counted_so_far: called with the figures by column whenever more columns of a large table have been counted.
    """
    columns = table.columns
    progress(0.02, f"counting {len(columns)} columns")
    counted = count(table, progress, check, counted_so_far)
    figures, sample = counted.figures, counted.sample
    gaps = sum(f.scalars.missing for f in figures.values())
    progress(0.5, f"{table.rows:,} rows × {len(columns)} columns, {gaps:,} missing cells; ways of writing")
    texts = [c.name for c in columns if c.kind == "text" and figures[c.name].scalars.missing < table.rows]
    patterns = sample.patterns(PATTERNS, texts) if texts else {}
    check()
    hidden = _hidden_words(table, texts, figures, sample)
    made = []
    for c in columns:
        f = figures[c.name]
        s = f.scalars
        looked = int((sample.codes(c.name) >= 0).sum()) if c.kind == "text" else table.rows - s.missing
        blank = sum(n for w, n in hidden.get(c.name, {}).items()) if sample.whole else 0
        said = (kinds or {}).get(c.name)
        means = meaning(c, s, table.rows, list(f.top), patterns.get(c.name, {}), max(0, looked - blank))
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
                f.top,
                f.edges,
                f.counts,
                patterns.get(c.name, {}),
                looked,
                f.outliers,
                stands,
                f.values,
            )
        )
    check()
    progress(0.6, "correlations")
    numeric = [c.name for c in made if c.kind in ("number", "integer", "money", "percent") and (c.scalars.std or 0) > 0]
    scalars = {name: f.scalars for name, f in figures.items()}
    related = correlations(table, sample, numeric, scalars) if table.rows > 2 else {}
    return (
        TableProfile(
            table.name,
            table.rows,
            tuple(made),
            counted.duplicates,
            counted.duplicate_error,
            related,
            table.notes,
            sample.rows,
        ),
        sample,
    )


def _hidden_words(
    table: Table, texts: Sequence[str], figures: Mapping[str, Figures], sample: Sample
) -> dict[str, dict[Any, int]]:
    """column -> word that stands for missing -> count; exact: from the list of all values, or counted."""
    found: dict[str, dict[Any, int]] = {}
    words = set(HIDDEN)
    for name in texts:
        values, partly = figures[name].values, len(figures[name].values) < figures[name].scalars.distinct
        if partly and not sample.levels_among(name, HIDDEN).any():
            continue
        seen = {v: n for v, n in values.items() if str(v).strip().casefold() in words}
        if seen and partly:
            listed = ", ".join("'" + w.replace("'", "''") + "'" for w in HIDDEN)
            c = quoted(name)
            rows = table.sql(
                f"SELECT {c}, count(*) FROM data WHERE lower(trim({c})) IN ({listed}) GROUP BY 1 ORDER BY 2 DESC"
            )
            seen = {r[0]: int(r[1]) for r in rows}
        if seen:
            found[name] = seen
    return found


def quantile_names() -> tuple[str, ...]:
    """p1, p5, … for the quantiles of a profile."""
    return tuple(f"p{round(q * 100)}" for q in QUANTILES)
