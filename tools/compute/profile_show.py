"""The profile as small tables, charts and a headline, for a terminal of 80 or 200 columns and for Slack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_relations import Association
from opsmith.tools.compute.profile_target import Power, target_balance
from opsmith.tools.contract import Chart, Finding, Table
from opsmith.tools.data.aggregates import Scalars
from opsmith.tools.data.aggregates_arrow import Figures
from opsmith.tools.data.table import Table as Opened

_BLOCKS = "▁▂▃▄▅▆▇█"


def headline(p: TableProfile, found: Sequence[Finding]) -> str:
    """One sentence: how big, how many duplicates, how much to act on."""
    serious = sum(f.severity != "info" for f in found)
    told = f"{serious} finding{'s' if serious != 1 else ''} to act on." if serious else "nothing that needs mending."
    copies = f"{p.duplicate_rows:,} duplicate row{'s' if p.duplicate_rows != 1 else ''}"
    looked = f" (patterns from {p.looked:,} evenly spaced rows)" if p.looked < p.rows else ""
    return f"{p.name}: {p.rows:,} rows × {len(p.columns)} columns, {copies}; {told}{looked}"


def columns_table(columns: Sequence[ColumnProfile], rows: int, found: Sequence[Finding]) -> Table:
    """One line a column, as a person reads it; a mark where a finding concerns it."""
    marks: dict[str, str] = {}
    for f in found:
        for name in f.columns:
            marks.setdefault(name, {"critical": "✖", "warning": "▲", "info": "•"}[f.severity])
    lines = []
    for c in columns:
        gaps = c.missing + c.hidden
        share = _share(gaps, rows)
        about = "~" if c.scalars.distinct_error else ""
        lines.append((marks.get(c.name, ""), c.name, c.kind, share, f"{about}{c.distinct:,}", spark(shape(c)), span(c)))
    return Table(
        "Columns",
        ("", "column", "kind", "gaps", "distinct", "shape", "low … middle … high"),
        tuple(lines),
    )


def counted_so_far(table: Opened, figures: Mapping[str, Figures]) -> tuple[str, Table]:
    """(headline, a line a column) while columns are still being counted."""
    lines = []
    for c in table.columns:
        f = figures.get(c.name)
        if f is None:
            lines.append((c.name, c.kind, "…", "…", "", ""))
            continue
        s = f.scalars
        gaps = _share(s.missing, table.rows)
        drawn = spark(_steps(f.counts)) if f.counts else spark([n for _, n in f.top[:8]]) if s.distinct <= 50 else ""
        about = "~" if s.distinct_error else ""
        lines.append((c.name, c.kind, gaps, f"{about}{s.distinct:,}", drawn, _span(s, f.top)))
    return (
        f"{table.name}: {table.rows:,} rows × {len(table.columns)} columns, {len(figures)} counted; findings follow.",
        Table("Columns so far", ("column", "stored", "gaps", "distinct", "shape", "low … middle … high"), tuple(lines)),
    )


def _share(count: int, rows: int) -> str:
    """A part of all rows; empty for none, never 0%."""
    if not count or not rows:
        return ""
    return "<1%" if count < 0.01 * rows else f"{count / rows:.0%}"


def shape(c: ColumnProfile) -> tuple[int, ...]:
    """Counts to draw: the histogram of numbers in twelve steps, or the most frequent values."""
    if c.counts:
        return _steps(c.counts)
    return tuple(n for _, n in c.top[:8]) if c.kind in ("category", "boolean", "ordinal") else ()


def span(c: ColumnProfile) -> str:
    """What a column ranges over, in a few letters."""
    return _span(c.scalars, c.top)


def _steps(counts: Sequence[int]) -> tuple[int, ...]:
    if len(counts) <= 12:
        return tuple(counts)
    step = len(counts) / 12
    return tuple(sum(counts[round(n * step) : round((n + 1) * step)]) for n in range(12))


def _span(s: Scalars, top: Sequence[tuple[Any, int]]) -> str:
    if s.mean is not None and s.quantiles:
        return f"{figure(s.minimum)} … {figure(s.quantile(0.5))} … {figure(s.maximum)}"
    if s.minimum is not None:
        return f"{str(s.minimum)[:19]} … {str(s.maximum)[:19]}"
    return ", ".join(str(v)[:18].replace("\n", " ") for v, _ in top[:3])


def balance_table(p: TableProfile, target: str, power: Sequence[Power]) -> list[Table]:
    """The target's balance, and which columns tell most about it alone."""
    c = p.column(target)
    balance = target_balance(c)
    tables = []
    if balance:
        total = sum(n for _, n in balance)
        tables.append(
            Table(f"Target {target}", ("value", "rows", "share"), tuple((v, n, f"{n / total:.1%}") for v, n in balance))
        )
    if power:
        name = "Gini" if balance else "R²"
        rows = tuple((f.column, round(f.power, 3), f"{f.low:.2f} … {f.high:.2f}") for f in power[:8])
        tables.append(Table(f"What one column alone tells about {target}", ("column", name, "95 % interval"), rows))
    return tables


def related_table(
    related: Sequence[Association], keys: Sequence[tuple[str, ...]], rules: Sequence[tuple[str, str, int]]
) -> Table:
    """The strongest associations, candidate keys and dependencies."""
    measures = {"pearson": "correlation", "cramers_v": "Cramér's V", "eta": "correlation ratio"}
    rows: list[tuple[Any, ...]] = [
        (f"{x.a} ~ {x.b}", round(x.strength, 3), measures[x.measure]) for x in related[:6] if x.strength >= 0.3
    ]
    rows += [(f"{a} → {b}", n, "determines; exceptions") for a, b, n in rules[:3]]
    rows += [(" + ".join(k), None, "tells every row apart") for k in keys[:2]]
    return Table("Relations", ("columns", "strength", "how"), tuple(rows))


def charts_of(columns: Sequence[ColumnProfile]) -> list[Chart]:
    """Histograms, when few columns are shown."""
    charts = []
    for c in columns if len(columns) <= 3 else ():
        if c.counts:
            middles = tuple(round((a + b) / 2, 4) for a, b in zip(c.edges[:-1], c.edges[1:], strict=True))
            charts.append(Chart(c.name, "histogram", middles, {"rows": tuple(float(n) for n in c.counts)}))
        elif c.top:
            charts.append(
                Chart(c.name, "bar", tuple(str(v)[:40] for v, _ in c.top), {"rows": tuple(float(n) for _, n in c.top)})
            )
    return charts


def spark(counts: Sequence[int]) -> str:
    """One block a count, its height the count; what is not zero is never invisible.

    >>> spark([0, 1, 4, 8])
    ' ▁▄█'
    """
    top = max(counts, default=0)
    return "".join(" " if not n else _BLOCKS[min(7, int(n / top * 7.999))] for n in counts) if top else ""


def figure(value: Any) -> str:
    """A number in few letters: four digits that count; whole numbers whole."""
    if isinstance(value, float):
        if value == int(value) and abs(value) < 1e12:
            return f"{int(value):,}"
        return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
