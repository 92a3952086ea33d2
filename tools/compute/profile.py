"""What a table is like: every column's figures, what people mean by it, and what it would cost to trust it blindly."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from opsmith.tools.data import aggregates
from opsmith.tools.data.aggregates import NUMERIC, TEMPORAL, Scalars
from opsmith.tools.data.table import Column, Table

HIDDEN = (
    "?", "n/a", "na", "nan", "none", "null", "nil", "-", "--", ".", "\\n", "unknown", "missing", "not available", "#n/a", "(blank)",
    "unbekannt", "tbd", "undefined", "",
)  # fmt: skip
SENTINELS = (-999.0, -9999.0, -99999.0, -99.0, -1.0, 999.0, 9999.0, 99999.0, 999999.0, -200.0)
PATTERNS = {
    "email": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    "url": r"(https?://|www\.)\S+",
    "ip": r"(\d{1,3}\.){3}\d{1,3}",
    "phone": r"\+?\(?\d{2,4}\)?[ ./-]?\d{2,5}[ ./-]\d{2,6}([ ./-]?\d{1,6})*",
    "iban": r"[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){3,7}( ?[A-Z0-9]{1,3})?",
    "card": r"\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}",
    "date": r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2})?)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( \d{1,2}:\d{2}(:\d{2})?)?|\d{1,2} [A-Za-z]{3,9} \d{4}|[A-Za-z]{3,9} \d{1,2},? \d{4}",
    "number": r"[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?",
    "grouped": r"[-+]?\d{1,3}([,. ']\d{3})+([.,]\d+)?",
    "money": r"([$€£¥]|USD|EUR|GBP) ?[-+]?\d[\d.,]*|[-+]?\d[\d.,]* ?([$€£¥]|USD|EUR|GBP)",
    "percent": r"[-+]?\d+([.,]\d+)? ?%",
    "padded": r"\s+.*|.*\s+",
}  # fmt: skip
BOOLEAN_WORDS = ({"yes", "no"}, {"true", "false"}, {"y", "n"}, {"t", "f"}, {"0", "1"}, {"ja", "nein"}, {"on", "off"})


@dataclass(frozen=True)
class ColumnProfile:
    """One column. kind: what people mean by it; why: the evidence; missing counts stored gaps, hidden the disguised."""

    name: str
    stored: str
    kind: str
    why: str
    missing: int
    hidden: int
    distinct: int
    scalars: Scalars
    top: tuple[tuple[Any, int], ...] = ()
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    patterns: Mapping[str, int] = field(default_factory=dict)
    outliers: int = 0


@dataclass(frozen=True)
class TableProfile:
    """A whole table."""

    name: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    duplicate_rows: int
    correlations: Mapping[tuple[str, str], float]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The published shape (docs/PROFILE.md): {rows, columns: [...], duplicate_rows, correlations, notes}."""
        return {
            "table": self.name,
            "rows": self.rows,
            "columns": [_column_dict(c, self.rows) for c in self.columns],
            "duplicate_rows": self.duplicate_rows,
            "correlations": [
                {"a": a, "b": b, "r": round(r, 4)}
                for (a, b), r in sorted(self.correlations.items(), key=lambda i: -abs(i[1]))[:20]
            ],
            "notes": list(self.notes),
        }


def profile_table(table: Table, progress: Callable[[float, str], None], check: Callable[[], None]) -> TableProfile:
    """Profile every column. progress(fraction, note); check() raises when the person stopped the turn."""
    progress(0.05, "counting")
    figures = aggregates.scalars(table, table.columns)
    made = []
    for number, column in enumerate(table.columns):
        check()
        progress(0.1 + 0.6 * number / len(table.columns), f"column {column.name[:40]}")
        made.append(_column(table, column, figures[column.name]))
    progress(0.75, "duplicate rows")
    duplicates = aggregates.duplicate_rows(table) if len(table.columns) <= 500 else 0
    progress(0.85, "correlations")
    numeric = [c.name for c in made if c.kind in ("number", "integer") and (c.scalars.std or 0) > 0]
    related = aggregates.correlations(table, numeric) if table.rows > 2 else {}
    return TableProfile(table.name, table.rows, tuple(made), duplicates, related, table.notes)


def _column(table: Table, column: Column, s: Scalars) -> ColumnProfile:
    rows = table.rows
    present = rows - s.missing
    top: list[tuple[Any, int]] = []
    if column.kind in ("text", "boolean", "integer", "other") or s.distinct <= 50:
        top = aggregates.top_values(table, column.name, 12)
    patterns = {}
    if column.kind == "text" and present:
        keyed = {k: (column.name, p) for k, p in PATTERNS.items()}
        patterns = {k: v for k, v in _patterns(table, column, keyed).items() if v}
    hidden = _hidden(table, column, s, top)
    kind, why = _meaning(column, s, present, top, patterns)
    edges, counts, outliers = (), (), 0
    if column.kind in NUMERIC and s.quantiles and present:
        low, high = float(s.minimum), float(s.maximum)
        if math.isfinite(low) and math.isfinite(high):
            edges = tuple(aggregates.even_edges(low, high, min(20, max(2, s.distinct))))
            counts = tuple(aggregates.histogram(table, column.name, edges))
            outliers = _outliers(table, column.name, s)
    return ColumnProfile(
        column.name,
        column.stored,
        kind,
        why,
        s.missing,
        hidden,
        s.distinct,
        s,
        tuple(top),
        edges,
        counts,
        patterns,
        outliers,
    )


def _patterns(table: Table, column: Column, keyed: dict[str, tuple[str, str]]) -> dict[str, int]:
    padded = keyed.pop("padded", None)
    found = aggregates.pattern_counts(table, keyed)
    if padded:
        from opsmith.tools.data.table import quoted

        name = quoted(column.name)
        found["padded"] = int(
            table.sql(f"SELECT count(*) FILTER ({name} <> trim({name}) AND trim({name}) <> '') FROM data")[0][0]
        )
    return found


def _hidden(table: Table, column: Column, s: Scalars, top: list[tuple[Any, int]]) -> int:
    """Values that stand for missing without being stored as such."""
    from opsmith.tools.data.table import quoted

    name = quoted(column.name)
    if column.kind == "text":
        words = ", ".join("'" + w.replace("'", "''") + "'" for w in HIDDEN)
        return int(table.sql(f"SELECT count(*) FILTER (lower(trim({name})) IN ({words})) FROM data")[0][0])
    if column.kind in NUMERIC and s.quantiles:
        return sum(count for _, count in sentinels(table, column.name, s))
    return 0


def sentinels(table: Table, column: str, s: Scalars) -> list[tuple[float, int]]:
    """Numbers such as -999 that stand alone, far outside of the rest, and repeat: (value, count)."""
    from opsmith.tools.data.table import quoted

    name = quoted(column)
    low, high = float(s.minimum), float(s.maximum)
    candidates = [v for v in SENTINELS if v in (low, high)]
    found = []
    for value in candidates:
        row = table.sql(
            f"""SELECT count(*) FILTER ({name} = {value}), min({name}) FILTER ({name} <> {value}),
                       max({name}) FILTER ({name} <> {value}), quantile_cont(CAST({name} AS DOUBLE), 0.5) FILTER ({name} <> {value}),
                       stddev_samp(CAST({name} AS DOUBLE)) FILTER ({name} <> {value}) FROM data"""
        )[0]
        count, rest_low, rest_high, _, spread = row
        if count < 2 or rest_low is None or not spread:
            continue
        gap = (float(rest_low) - value) if value == low else (value - float(rest_high))
        span = float(rest_high) - float(rest_low)
        alone = (
            gap > max(span * 0.5, 3 * spread)
            if value != -1.0
            else float(rest_low) >= 0 and gap >= 1 and count > 0.02 * table.rows and span > 10
        )
        if alone:
            found.append((value, int(count)))
    return found


def _meaning(
    column: Column, s: Scalars, present: int, top: list[tuple[Any, int]], patterns: Mapping[str, int]
) -> tuple[str, str]:
    """What people mean by the column, with the evidence."""
    if not present:
        return "empty", "no value is there"
    if s.distinct == 1:
        return "constant", "one value only"
    if column.kind in TEMPORAL:
        return "date", f"stored as {column.stored.lower()}"
    if column.kind == "boolean":
        return "boolean", "stored as boolean"
    words = {str(v).strip().casefold() for v, _ in top}
    if s.distinct == 2 and any(words <= pair for pair in BOOLEAN_WORDS):
        return "boolean", f"two values: {', '.join(sorted(words))}"
    if column.kind == "integer":
        if s.distinct == present and present > 20 and _named_like_id(column.name):
            return "id", "every value differs and the name says so"
        if _named_like_code(column.name) and s.distinct > 10:
            return "code", "whole numbers that name things"
        return (
            ("category", f"{s.distinct} whole numbers")
            if s.distinct <= 10 and present > 50
            else ("integer", "whole numbers")
        )
    if column.kind == "number":
        return "number", "stored as number"
    for kind in ("email", "url", "ip", "iban", "card", "date", "money", "percent", "grouped", "number", "phone"):
        if patterns.get(kind, 0) >= 0.8 * present:
            shown = {"grouped": "number", "date": "date"}.get(kind, kind)
            return shown, f"{patterns[kind]:,} of {present:,} values are written like it"
    if s.distinct == present and present > 20 and (s.length_max or 0) <= 40:
        return "id", "every value differs"
    if (s.length_mean or 0) > 25 and s.distinct > 0.3 * present:
        return "text", f"long and mostly different ({s.length_mean:.0f} letters on average)"
    return "category", f"{s.distinct:,} values that repeat"


def _named_like_id(name: str) -> bool:
    return re.search(r"(^|[_\s-])(id|key|uuid|guid|nr|no|number|index|rownames?)$|^id|[a-z]I[dD]$", name) is not None


def _named_like_code(name: str) -> bool:
    return re.search(r"\b(zip|postal|post|plz|phone|code)\b|(^|[_ ])(zip|postal|code)", name, re.IGNORECASE) is not None


def _outliers(table: Table, column: str, s: Scalars) -> int:
    """Values beyond three times the distance between the quartiles (Tukey's far-out fences)."""
    from opsmith.tools.data.table import quoted

    _, q1, _, q3, _ = s.quantiles
    spread = q3 - q1
    if spread <= 0:
        return 0
    name = f"CAST({quoted(column)} AS DOUBLE)"
    low, high = q1 - 3 * spread, q3 + 3 * spread
    return int(table.sql(f"SELECT count(*) FILTER ({name} < {low!r} OR {name} > {high!r}) FROM data")[0][0])


def _column_dict(column: ColumnProfile, rows: int) -> dict[str, Any]:
    s = asdict(column.scalars)
    figures = {k: v for k, v in s.items() if v not in (None, ()) and k not in ("missing", "distinct", "quantiles")}
    if column.scalars.quantiles:
        figures["quantiles"] = dict(zip(("p5", "p25", "p50", "p75", "p95"), column.scalars.quantiles, strict=True))
    return {
        "name": column.name,
        "kind": column.kind,
        "stored": column.stored,
        "why": column.why,
        "missing": column.missing,
        "missing_share": round(column.missing / rows, 4) if rows else 0.0,
        "hidden_missing": column.hidden,
        "distinct": column.distinct,
        "outliers": column.outliers,
        **figures,
        "top": [
            {"value": v if isinstance(v, (int, float, bool)) else str(v)[:80], "count": n} for v, n in column.top[:10]
        ],
        "histogram": {"edges": list(column.edges), "counts": list(column.counts)} if column.counts else None,
    }
