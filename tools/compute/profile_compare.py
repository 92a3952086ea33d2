"""Two states of a table beside each other: before and after cleaning, this month and last, training and test part."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from opsmith.tools.compute.profile import ColumnProfile, TableProfile, profile_table
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.compute.profile_show import figure
from opsmith.tools.contract import Context, Finding, Table
from opsmith.tools.data.table import Table as Opened
from opsmith.tools.data.table import open_table, quoted


def compare_tables(
    context: Context, now: TableProfile, sample: Sample, reference: str, target: str | None
) -> tuple[dict[str, Any], list[Finding], Table]:
    """(what changed as plain values, findings, a table to show) against another table, opened by its name."""
    other = open_table(context, reference)
    try:
        before, _ = profile_table(other, lambda fraction, note: None, context.check)
        shared = _shared_rows(sample.table, other, now, before, target)
    finally:
        other.close()
    changes = list(_changes(before, now))
    data: dict[str, Any] = {
        "table": before.name,
        "rows": [before.rows, now.rows],
        "duplicate_rows": [before.duplicate_rows, now.duplicate_rows],
        "columns_added": [c.name for c in now.columns if c.name not in {b.name for b in before.columns}],
        "columns_gone": [b.name for b in before.columns if b.name not in {c.name for c in now.columns}],
        "changes": [{"column": n, "figure": f, "before": a, "now": b} for n, f, a, b in changes],
        "rows_in_both": shared,
    }
    rows = [
        ("(table)", "rows", f"{before.rows:,}", f"{now.rows:,}"),
        ("(table)", "duplicate rows", f"{before.duplicate_rows:,}", f"{now.duplicate_rows:,}"),
    ]
    rows += [(n, f, _text(a), _text(b)) for n, f, a, b in changes]
    return (
        data,
        list(_findings(before, now, shared, data)),
        Table(f"{before.name} → {now.name}", ("column", "figure", "before", "now"), tuple(rows)),
    )


def _changes(before: TableProfile, now: TableProfile) -> Iterable[tuple[str, str, Any, Any]]:
    """(column, figure, before, now) where a figure differs by more than rounding."""
    known = {c.name: c for c in before.columns}
    for c in now.columns:
        b = known.get(c.name)
        if b is None:
            continue
        for name, x, y in (
            ("stored as", b.stored, c.stored),
            ("kind", b.kind, c.kind),
            ("missing", b.missing, c.missing),
            ("hidden missing", b.hidden, c.hidden),
            ("distinct", b.distinct, c.distinct),
            ("outliers", b.outliers, c.outliers),
            ("minimum", b.scalars.minimum, c.scalars.minimum),
            ("mean", b.scalars.mean, c.scalars.mean),
            ("std", b.scalars.std, c.scalars.std),
            ("maximum", b.scalars.maximum, c.scalars.maximum),
        ):
            if x != y and not (
                isinstance(x, float) and isinstance(y, float) and abs(x - y) <= 1e-9 * max(abs(x), abs(y))
            ):
                yield c.name, name, _plain(x), _plain(y)


def _findings(
    before: TableProfile, now: TableProfile, shared: dict[str, int] | None, data: dict[str, Any]
) -> Iterable[Finding]:
    if data["columns_gone"]:
        yield Finding(
            "columns_gone",
            "warning",
            f"{now.name} lacks {', '.join(data['columns_gone'][:8])}, which {before.name} has.",
            tuple(data["columns_gone"][:8]),
            {"share": 0.5},
        )
    known = {c.name: c for c in before.columns}
    for c in now.columns:
        b = known.get(c.name)
        if b is not None and _family(b) != _family(c) and "empty" not in (b.kind, c.kind):
            yield Finding(
                "kind_changed",
                "warning",
                f"{c.name} is {c.kind} here and {b.kind} in {before.name}.",
                (c.name,),
                {"share": 0.5},
            )
    if shared and shared["rows"] > 0 and before.name != now.name:
        share = shared["rows"] / max(1, now.rows)
        yield Finding(
            "contamination",
            "critical" if share > 0.01 else "warning",
            f"{shared['rows']:,} of {now.rows:,} rows ({share:.1%}) stand in {before.name} too: as training and "
            "test parts they would flatter a model.",
            (),
            {"count": shared["rows"], "share": share},
            fix=f"deduplicate {now.name} against {before.name}",
        )


def _family(c: ColumnProfile) -> str:
    return {
        "integer": "number",
        "money": "number",
        "percent": "number",
        "constant": "",
        "ordinal": "category",
        "boolean": "category",
        "code": "category",
        "id": "category",
        "category": "category",
    }.get(c.kind, c.kind)


def _shared_rows(
    a: Opened, b: Opened, now: TableProfile, before: TableProfile, target: str | None
) -> dict[str, int] | None:
    """Rows of a that stand in b too, over the columns both have but ids and the target; None when too few columns are shared."""
    names = {c.name for c in before.columns}
    columns = [
        c for c in now.columns if c.name in names and c.kind not in ("id", "constant", "empty") and c.name != target
    ]
    if len(columns) < 2 or not now.rows or not before.rows or now.rows + before.rows > 5_000_000:
        return None
    hashed = "hash(" + ", ".join(f"{quoted(c.name)}::VARCHAR" for c in columns) + ")"
    theirs = b.arrow(f"SELECT DISTINCT {hashed} AS h FROM data")
    a.register("other_rows", theirs)
    try:
        both = a.sql(f"SELECT count(*) FROM (SELECT {hashed} AS h FROM data) WHERE h IN (SELECT h FROM other_rows)")[0][
            0
        ]
        distinct = a.sql(f"SELECT count(DISTINCT {hashed}) FROM data")[0][0]
    finally:
        a.unregister("other_rows")
    # where rows repeat by nature, rows in both tables prove nothing
    return {"rows": int(both), "columns": len(columns)} if distinct > 0.8 * now.rows else None


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, float, str)) else str(value)


def _text(value: Any) -> str:
    return "–" if value is None else figure(value)
