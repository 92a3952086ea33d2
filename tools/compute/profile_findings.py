"""What in a profile would cost the user most, worst first, each with its evidence and a sentence that mends it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from opsmith.tools.compute.profile import ColumnProfile, TableProfile, sentinels
from opsmith.tools.contract import Finding
from opsmith.tools.data.table import Table, quoted

ORDER = {"critical": 0, "warning": 1, "info": 2}


def findings(profile: TableProfile, table: Table, target: str | None) -> tuple[Finding, ...]:
    """Everything worth knowing, critical first, then by how many rows it touches."""
    found: list[Finding] = []
    if profile.rows == 0:
        return (Finding("no_rows", "critical", f"{profile.name} has a header but no rows.", fix=""),)
    for column in profile.columns:
        found += _of_column(column, profile, table)
    found += _of_table(profile, table)
    if target:
        found += _of_target(profile, table, target)
    return tuple(sorted(found, key=lambda f: (ORDER[f.severity], -float(f.evidence.get("share", 0)))))


def _of_column(c: ColumnProfile, profile: TableProfile, table: Table) -> Iterable[Finding]:
    rows, name = profile.rows, profile.name
    present = rows - c.missing
    if c.kind == "empty":
        yield Finding(
            "all_missing",
            "warning",
            f"{c.name} has no values at all.",
            (c.name,),
            {"share": 1.0},
            fix=f"drop column {c.name} in {name}",
        )
        return
    if c.kind == "constant" and rows > 1:
        yield Finding(
            "constant",
            "warning",
            f"{c.name} is always {c.top[0][0] if c.top else c.scalars.minimum}.",
            (c.name,),
            {"share": 1.0},
            fix=f"drop column {c.name} in {name}",
        )
    if c.missing and c.missing >= 0.05 * rows:
        share = c.missing / rows
        severity: Any = "critical" if share > 0.5 else "warning"
        yield Finding(
            "missing",
            severity,
            f"{c.name} is missing in {c.missing:,} of {rows:,} rows ({share:.0%}).",
            (c.name,),
            {"count": c.missing, "share": share},
            fix=f"impute {c.name} in {name}",
        )
    if c.hidden:
        values = _hidden_values(c, table)
        yield Finding(
            "hidden_missing",
            "warning",
            f"{c.name} hides {c.hidden:,} missing values as {values}.",
            (c.name,),
            {"count": c.hidden, "share": c.hidden / rows},
            fix=f"clean {name}",
        )
    if c.stored == "VARCHAR" and present:
        yield from _text_problems(c, profile, present)
    if c.scalars.infinite:
        yield Finding(
            "infinite",
            "critical",
            f"{c.name} holds {c.scalars.infinite:,} infinite values.",
            (c.name,),
            {"count": c.scalars.infinite, "share": c.scalars.infinite / rows},
            fix=f"clean {name}",
        )
    if c.outliers and c.outliers <= 0.02 * rows and c.kind in ("number", "integer"):
        yield Finding(
            "outliers",
            "info",
            f"{c.name} has {c.outliers:,} far-out values ({_number(c.scalars.minimum)} to {_number(c.scalars.maximum)}, middle {_number(c.scalars.quantiles[2])}).",
            (c.name,),
            {"count": c.outliers, "share": c.outliers / rows},
            fix=f"clip outliers of {c.name} in {name}",
        )
    if c.kind == "id" and present > 20:
        yield Finding(
            "id", "info", f"{c.name} differs in every row; leave it out of models.", (c.name,), {"share": 0.0}
        )


def _text_problems(c: ColumnProfile, profile: TableProfile, present: int) -> Iterable[Finding]:
    name, rows = profile.name, profile.rows
    held = present - c.hidden
    share = c.patterns.get("number", 0) / held if held else 0.0
    grouped = (
        (c.patterns.get("grouped", 0) + c.patterns.get("money", 0) + c.patterns.get("percent", 0)) / held
        if held
        else 0.0
    )
    if 0.7 <= share <= 1.0 or grouped >= 0.5:
        odd = present - c.patterns.get("number", 0)
        yield Finding(
            "numbers_as_text",
            "warning",
            f"{c.name} is stored as text though its values are numbers ({odd:,} are not plain numbers).",
            (c.name,),
            {"count": present, "share": max(share, grouped)},
            fix=f"convert {c.name} to a number in {name}",
        )
    elif c.patterns.get("date", 0) >= 0.6 * held and held > 3:
        yield Finding(
            "dates_as_text",
            "warning",
            f"{c.name} holds dates stored as text.",
            (c.name,),
            {"count": c.patterns["date"], "share": c.patterns["date"] / rows},
            fix=f"convert {c.name} to dates in {name}",
        )
    for kind in ("email", "phone", "iban", "card"):
        if c.patterns.get(kind, 0) >= max(3, 0.5 * held) and c.kind not in ("number", "date"):
            yield Finding(
                "pii",
                "warning",
                f"{c.name} holds personal data ({kind}).",
                (c.name,),
                {"count": c.patterns[kind], "share": c.patterns[kind] / rows},
                fix=f"mask {c.name} in {name}",
            )
            break
    if c.patterns.get("padded", 0) > 0 and c.kind == "category":
        yield Finding(
            "padded",
            "info",
            f"{c.name} has {c.patterns['padded']:,} values with blanks around them.",
            (c.name,),
            {"count": c.patterns["padded"], "share": c.patterns["padded"] / rows},
            fix=f"trim {c.name} in {name}",
        )
    variants = _variants(c)
    if variants:
        shown = "; ".join(" / ".join(v) for v in variants[:3])
        yield Finding(
            "variants",
            "warning",
            f"{c.name} spells the same value differently: {shown}.",
            (c.name,),
            {"groups": len(variants), "share": 0.1},
            fix=f"merge the spellings of {c.name} in {name}",
        )


def _variants(c: ColumnProfile) -> list[list[str]]:
    """Values among the most frequent that differ by case, blanks or punctuation only."""
    groups: dict[str, list[str]] = {}
    for value, _ in c.top if c.kind in ("category", "boolean") else ():
        folded = re.sub(r"[^\w]", "", str(value).casefold())
        if folded:
            groups.setdefault(folded, []).append(str(value))
    return [g for g in groups.values() if len(g) > 1]


def _hidden_values(c: ColumnProfile, table: Table) -> str:
    if c.stored == "VARCHAR":
        from opsmith.tools.compute.profile import HIDDEN

        words = ", ".join("'" + w.replace("'", "''") + "'" for w in HIDDEN)
        col = quoted(c.name)
        rows = table.sql(
            f"SELECT {col}, count(*) n FROM data WHERE lower(trim({col})) IN ({words}) GROUP BY 1 ORDER BY n DESC LIMIT 3"
        )
        return ", ".join("blank" if not str(r[0]).strip() else repr(str(r[0])) for r in rows)
    return ", ".join(_number(v) for v, _ in sentinels(table, c.name, c.scalars))


def _of_table(profile: TableProfile, table: Table) -> Iterable[Finding]:
    rows = profile.rows
    if profile.duplicate_rows:
        share = profile.duplicate_rows / rows
        severity: Any = "warning" if share > 0.001 else "info"
        yield Finding(
            "duplicates",
            severity,
            f"{profile.duplicate_rows:,} of {rows:,} rows equal an earlier row ({share:.1%}).",
            (),
            {"count": profile.duplicate_rows, "share": share},
            fix=f"deduplicate {profile.name}",
        )
    for (a, b), r in profile.correlations.items():
        if abs(r) > 0.999:
            yield Finding(
                "redundant",
                "info",
                f"{a} and {b} carry the same information (correlation {r:.3f}).",
                (a, b),
                {"r": r, "share": 0.0},
            )
    for note in profile.notes:
        if "set aside" in note or "filled up" in note or "header names" in note:
            yield Finding("reading", "warning", f"While reading {profile.name}: {note}.", (), {"share": 0.05})
    if rows < 50:
        yield Finding("few_rows", "info", f"{rows} rows only: shares and tests say little.", (), {"share": 0.0})


def _of_target(profile: TableProfile, table: Table, target: str) -> Iterable[Finding]:
    c = next(x for x in profile.columns if x.name == target)
    if c.missing:
        yield Finding(
            "target_missing",
            "critical",
            f"The target {target} is missing in {c.missing:,} rows; they cannot be used for training.",
            (target,),
            {"count": c.missing, "share": c.missing / profile.rows},
        )
    balance = target_balance(c, profile.rows)
    if balance and len(balance) <= 10:
        value, count = min(balance, key=lambda b: b[1])
        share = count / max(1, sum(n for _, n in balance))
        if share < 0.1:
            yield Finding(
                "imbalance",
                "warning",
                f"Only {share:.1%} of rows have {target} = {value}: use AUC or average precision, not accuracy.",
                (target,),
                {"count": count, "share": share},
            )
    for name, power in _leaks(profile, table, c):
        yield Finding(
            "leak",
            "critical",
            f"{name} alone predicts {target} almost perfectly ({power:.3f} of 1): it probably leaks the outcome.",
            (name, target),
            {"power": power, "share": power},
            fix=f"train a model for {target} on {profile.name} without {name}",
        )


def target_balance(c: ColumnProfile, rows: int) -> list[tuple[Any, int]]:
    """Counts of the target's values when it is a class; [] for a quantity."""
    if c.distinct > 20 or (c.kind in ("number",) and c.distinct > 10):
        return []
    return list(c.top)


def _leaks(profile: TableProfile, table: Table, target: ColumnProfile) -> Sequence[tuple[str, float]]:
    """Columns that alone tell the target: share of the target's uncertainty that their groups explain, out of 1."""
    found = []
    t = quoted(target.name)
    if target.distinct > 20:
        for (a, b), r in profile.correlations.items():
            if target.name in (a, b) and abs(r) > 0.98:
                found.append((b if a == target.name else a, abs(r)))
        return found
    base = _entropy([n for _, n in target.top])
    for c in profile.columns:
        if c.name == target.name or c.kind in ("id", "constant", "empty") or base <= 0:
            continue
        key = quoted(c.name)
        if c.distinct > 50:
            if c.edges and c.stored != "VARCHAR":
                steps = (
                    f"CASE WHEN CAST({quoted(c.name)} AS DOUBLE) > {x!r} THEN 1 ELSE 0 END" for x in c.scalars.quantiles
                )
                key = " + ".join(steps)
            else:
                continue
        counts: dict[Any, list[int]] = {}
        for group, _, n in table.sql(f"SELECT {key} AS g, {t}, count(*) FROM data WHERE {t} IS NOT NULL GROUP BY 1, 2"):
            counts.setdefault(group, []).append(int(n))
        total = sum(map(sum, counts.values()))
        left = sum(sum(ns) / total * _entropy(ns) for ns in counts.values())
        if 1 - left / base > 0.9:
            found.append((c.name, 1 - left / base))
    return found


def _entropy(counts: Sequence[int]) -> float:
    total = sum(counts)
    return -sum(n / total * math.log(n / total) for n in counts if n) if total else 0.0


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
