"""What is odd about the rows: copies, near copies, keys that repeat, empty rows, totals and headers among the data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from opsmith.tools.compute.profile import TableProfile
from opsmith.tools.compute.profile_copies import near_copies
from opsmith.tools.compute.profile_kinds import named_like_id
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding, Severity
from opsmith.tools.data.sql_text import literal, quoted

_TOTAL = re.compile(r"^\s*(grand )?(total|sum|summe|gesamt|subtotal|average|mittelwert)s?\s*:?\s*$", re.IGNORECASE)


def row_findings(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Findings about whole rows."""
    yield from _copies(p)
    yield from _keys(p, sample)
    yield from near_copies(p, sample)
    yield from _strange_rows(p, sample)


def _copies(p: TableProfile) -> Iterable[Finding]:
    if not p.duplicate_rows:
        return
    share = p.duplicate_rows / p.rows
    about = f"about {p.duplicate_rows:,} (± {p.duplicate_error:,.0f})" if p.duplicate_error else f"{p.duplicate_rows:,}"
    yield Finding(
        "duplicates",
        "warning" if share > 0.001 else "info",
        f"{about} of {p.rows:,} rows equal an earlier row ({share:.1%}).",
        (),
        {"count": p.duplicate_rows, "share": share},
        fix=f"deduplicate {p.name}",
    )


def _keys(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Columns meant as keys whose values repeat or are missing."""
    for c in p.columns:
        present = p.rows - c.missing
        if (
            present < 20
            or c.kind
            in (
                "constant",
                "empty",
                "boolean",
                "number",
                "latitude",
                "longitude",
                "money",
                "percent",
                "phone",
                "email",
                "url",
                "ip",
                "date",
            )
            or c.distinct_is_rough
        ):
            continue
        named = named_like_id(c.name) or c.kind == "id"
        running = (
            c.stored in ("BIGINT", "INTEGER")
            and c.distinct > 0.97 * present
            and c.scalars.maximum - c.scalars.minimum < 1.1 * present
            and present > 100
        )
        same_length = (
            c.is_text and c.scalars.length_max == c.scalars.length_min and c.distinct > 0.97 * present and present > 100
        )
        if not (named or running or same_length) or c.distinct < 0.9 * present:
            continue
        repeated = present - c.distinct
        if repeated == p.duplicate_rows and repeated:
            continue  # whole rows repeat; said already
        if repeated:
            name = quoted(c.name)
            worst = sample.table.sql(
                f"SELECT {name}, count(*) FROM data WHERE {name} IS NOT NULL GROUP BY 1 HAVING count(*) > 1 ORDER "
                "BY 2 DESC, 1 LIMIT 3"
            )
            yield Finding(
                "key_violated",
                "critical",
                f"{c.name} looks like a key, but {repeated:,} rows repeat an earlier value (such as "
                f"{', '.join(str(w[0]) for w in worst)}).",
                (c.name,),
                {"count": repeated, "share": repeated / p.rows},
                _rows_of(sample, c.name, [w[0] for w in worst]),
                f"show rows of {p.name} where {c.name} is {worst[0][0] if worst else ''}",
            )
        elif 0 < c.missing <= 0.05 * p.rows and named:
            yield Finding(
                "key_missing",
                "warning",
                f"{c.name} identifies rows but is missing in {c.missing:,} of them.",
                (c.name,),
                {"count": c.missing, "share": c.missing / p.rows},
                sample.rows_where(sample.codes(c.name) < 0),
            )


def _rows_of(sample: Sample, name: str, values: Sequence[Any]) -> tuple[int, ...]:
    wanted = set(map(str, values))
    return sample.rows_where(sample.rows_of(name, {v for v in sample.levels(name) if str(v) in wanted}))


def _strange_rows(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Rows without any value, repeated headers, totals at the end."""
    if len(p.columns) < 2 or not sample.rows:
        return
    empty = np.ones(sample.rows, bool)
    header = np.zeros(sample.rows, int)
    total: set[int] = set()
    for c in p.columns[:300]:
        empty &= sample.codes(c.name) < 0
        if c.is_text:
            again = sample.levels_among(c.name, [c.name.strip().lower()])
            if again.any():
                header += np.r_[again, False][sample.codes(c.name)]
            last = sample.last.get(c.name) or sample.texts(c.name)[-3:]
            total |= {n - len(last) for n, v in enumerate(last) if v is not None and _TOTAL.match(v)}
    if empty.any():
        n = int(empty.sum()) * sample.step
        told = f"{n:,} row{'s are' if n > 1 else ' is'} empty from end to end."
        yield _of_rows("empty_rows", "warning", told, n, sample.rows_where(empty), p, f"drop empty rows of {p.name}")
    twice = header >= min(2, len(p.columns))
    again_at = sample.rows_where(twice) if twice.any() or sample.whole else _header_at(p, sample)
    if again_at:
        n = max(int(twice.sum()) * sample.step, len(again_at))
        times = f"{n:,} time{'s' if n > 1 else ''}"
        told = f"The header stands again among the rows ({times}), so numbers were read as text."
        yield _of_rows("repeated_header", "critical", told, n, again_at, p, f"clean {p.name}")
    if total:
        rows = tuple(p.rows + n for n in sorted(total))
        told = "The last rows hold totals, not data."
        yield _of_rows("total_row", "warning", told, len(total), rows, p, f"clean {p.name}")


def _of_rows(
    id: str, severity: Severity, message: str, count: int, rows: tuple[int, ...], p: TableProfile, fix: str
) -> Finding:
    """A finding about whole rows."""
    return Finding(id, severity, message, (), {"count": count, "share": count / p.rows}, rows, fix)


def _header_at(p: TableProfile, sample: Sample) -> tuple[int, ...]:
    """Where the header stands among the rows that were not looked at: columns whose full list of values holds their name."""
    found = []
    for c in p.columns:
        if c.is_text and len(c.values) >= c.distinct:
            found += [(c.name, v) for v in c.values if str(v).strip().casefold() == c.name.strip().casefold()]
    if len(found) < 2:
        return ()
    where = " AND ".join(f"{quoted(name)} = {literal(str(value))}" for name, value in found[:4])
    rows = sample.table.sql(
        f"SELECT n FROM (SELECT row_number() OVER () - 1 AS n, * FROM data) AS numbered WHERE {where} ORDER BY n LIMIT 5"
    )
    return tuple(int(r[0]) for r in rows)


def candidate_keys(p: TableProfile, sample: Sample, most: int = 5) -> list[tuple[str, ...]]:
    """Columns, or pairs of columns, that tell every row apart; exact for tables looked at as a whole."""
    usable = [
        c
        for c in p.columns
        if not c.missing
        and c.kind not in ("constant", "empty", "number", "money", "percent")
        and not c.distinct_is_rough
    ]
    single: list[tuple[str, ...]] = [(c.name,) for c in usable if c.distinct == p.rows and p.rows > 1]
    if single or not sample.whole or p.duplicate_rows or sample.rows < 2:
        return single[:most]
    usable = sorted(usable, key=lambda c: -c.distinct)[:14]
    found: list[tuple[str, ...]] = []
    for a, b in combinations(usable, 2):
        if a.distinct * b.distinct >= p.rows:
            pair = sample.codes(a.name) * (b.distinct + 1) + sample.codes(b.name)
            if len(np.unique(pair)) == p.rows:
                found.append((a.name, b.name))
    return found[:most]
