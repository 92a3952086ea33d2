"""The profile as plain JSON (version 1) and as a digest of a few lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from opsmith.tools.compute.profile import ColumnProfile, TableProfile, quantile_names
from opsmith.tools.compute.profile_relations import Association
from opsmith.tools.compute.profile_target import Power, target_balance
from opsmith.tools.contract import Finding

VERSION = 1
LOOKED_AT = ("patterns", "associations", "dependencies", "target.power")  # not counted over all rows of a large table


def as_data(
    p: TableProfile,
    related: Sequence[Association] = (),
    keys: Sequence[tuple[str, ...]] = (),
    rules: Sequence[tuple[str, str, int]] = (),
    target: str | None = None,
    power: Sequence[Power] = (),
) -> dict[str, Any]:
    """The published shape (docs/schemas/profile.schema.json); exact but for what has an `_error` or is in `looked_at`."""
    data: dict[str, Any] = {
        "version": VERSION,
        "table": p.name,
        "rows": p.rows,
        "rows_looked_at": p.looked,
        "looked_at": list(LOOKED_AT) if p.looked < p.rows else [],
        "columns": [column_data(c, p.rows) for c in p.columns],
        "duplicate_rows": p.duplicate_rows,
        "correlations": [
            {"a": a, "b": b, "r": round(r, 4)}
            for (a, b), r in sorted(p.correlations.items(), key=lambda i: -abs(i[1]))[:20]
        ],
        "associations": [{"a": x.a, "b": x.b, "strength": round(x.strength, 4), "measure": x.measure} for x in related],
        "candidate_keys": [list(k) for k in keys],
        "dependencies": [{"determines": a, "determined": b, "exceptions": n} for a, b, n in rules[:20]],
        "notes": list(p.notes),
    }
    if p.duplicate_error:
        data["duplicate_rows_error"] = round(p.duplicate_error)
    if target:
        balance = target_balance(p.column(target))
        data["target"] = {"name": target}
        if balance:
            data["target"]["balance"] = {str(v): n for v, n in balance}
        if power:
            data["target"]["power"] = [asdict(f) for f in power[:20]]
            data["target"]["power_measure"] = "gini" if balance else "r2"
    return data


def column_data(c: ColumnProfile, rows: int) -> dict[str, Any]:
    """One column of the published shape."""
    s = asdict(c.scalars)
    left_out = ("missing", "distinct", "distinct_error", "quantiles")
    made: dict[str, Any] = {
        "name": c.name,
        "kind": c.kind,
        "stored": c.stored,
        "why": c.why,
        "confidence": c.confidence,
        "missing": c.missing,
        "missing_share": round(c.missing / rows, 4) if rows else 0.0,
        "hidden_missing": c.hidden,
        "distinct": c.distinct,
        "outliers": c.outliers,
        **{k: _finite(v) for k, v in s.items() if v is not None and v != () and k not in left_out},
    }
    if c.scalars.distinct_error:
        made["distinct_error"] = round(c.scalars.distinct_error, 4)
    if c.placeholders:
        made["placeholders"] = {str(k): n for k, n in list(c.placeholders.items())[:10]}
    if c.scalars.quantiles:
        made["quantiles"] = dict(zip(quantile_names(), map(_finite, c.scalars.quantiles), strict=True))
    made["top"] = [
        {"value": v if isinstance(v, (int, float, bool)) else str(v)[:80], "count": n} for v, n in c.top[:10]
    ]
    made["histogram"] = {"edges": list(c.edges), "counts": list(c.counts)} if c.counts else None
    shapes = {k: n for k, n in c.patterns.items() if n}
    if shapes:
        made["patterns"] = {"looked_at": c.looked, **shapes}
    return made


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (int, str, bool)) or value is None else str(value)


def digest(p: TableProfile, found: Sequence[Finding], limit: int = 1200) -> str:
    """The profile in at most `limit` letters (about a quarter as many tokens): size, columns with kinds, worst findings.

    A language model plans with it, and memory keeps it, so no value of the user's rows is in it.
    """
    head = f"{p.name}: {p.rows:,} rows, {len(p.columns)} columns, {p.duplicate_rows:,} duplicate rows."
    parts = []
    for c in p.columns:
        gaps = (c.missing + c.hidden) / p.rows if p.rows else 0
        parts.append(f"{c.name} ({c.kind}{f', {gaps:.0%} missing' if gaps >= 0.005 else ''})")
    told = [f"{f.id} ({', '.join(f.columns[:3])})" if f.columns else f.id for f in found if f.severity != "info"]
    columns, issues = "", ""
    for n, part in enumerate(parts):
        if len(columns) + len(part) > limit // 2:
            columns += f", and {len(parts) - n} more"
            break
        columns += f"{', ' if columns else ''}{part}"
    for n, name in enumerate(told):
        if len(head) + len(columns) + len(issues) + len(name) > limit - 60:
            issues += f", and {len(told) - n} more"
            break
        issues += f"{', ' if issues else ''}{name}"
    return f"{head} Columns: {columns}. Findings: {issues or 'none'}."[:limit]
