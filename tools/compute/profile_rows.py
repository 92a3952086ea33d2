"""What is odd about the rows: copies, near copies, keys that repeat, empty rows, totals and headers among the data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_kinds import named_like_id
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding
from opsmith.tools.data.table import quoted

_TOTAL = re.compile(r"^\s*(grand )?(total|sum|summe|gesamt|subtotal|average|mittelwert)s?\s*:?\s*$", re.IGNORECASE)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def row_findings(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Findings about whole rows."""
    yield from _copies(p)
    yield from _keys(p, sample)
    yield from _near_copies(p, sample)
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
    held = sample.arrow.column(name).to_pylist()
    wanted = set(map(str, values))
    return sample.rows_where(np.fromiter((str(v) in wanted for v in held), bool, len(held)))


def _hash(codes: np.ndarray, seed: int) -> np.ndarray:
    with np.errstate(over="ignore"):
        h = (codes.astype(np.uint64) + np.uint64(seed * 2654435761 + 1)) * _MULTIPLIER
        h ^= h >> np.uint64(29)
        h *= np.uint64(0xBF58476D1CE4E5B9)
        h ^= h >> np.uint64(32)
    return h


def _folded_codes(c: ColumnProfile, sample: Sample) -> np.ndarray:
    """Codes that agree where texts agree but for case, blanks and marks, and numbers but for the fourth digit."""
    if c.is_text:
        codes = sample.codes(c.name)
        encoded = sample.arrow.column(c.name).combine_chunks().dictionary_encode()
        folded: dict[str, int] = {}
        translate = np.array(
            [
                folded.setdefault("".join(ch for ch in str(v).casefold() if ch.isalnum()), len(folded))
                for v in encoded.dictionary.to_pylist()
            ]
            + [-1]
        )
        return translate[codes]
    values = sample.numbers(c.name)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(values == 0, 1.0, 10.0 ** (np.floor(np.log10(np.abs(values))) - 3))
        rounded = np.where(np.isfinite(values), np.round(values / size) * size, -1e300)
    return np.unique(rounded, return_inverse=True)[1]


def _near_copies(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Rows that equal another but for an id, for case and blanks, or for one single cell."""
    if not sample.whole or sample.rows < 20 or len(p.columns) > 300:
        return
    columns = [c for c in p.columns if c.kind not in ("constant", "empty")]
    ids = [c for c in columns if c.kind == "id" or (named_like_id(c.name) and c.distinct > 0.9 * p.rows)]
    others = [c for c in columns if c not in ids]
    if len(others) < 3 or not _identifying(others, p):
        return
    exact = sum_hashes([sample.codes(c.name) for c in others])
    rare = rare_values(others, p, sample)
    seldom = np.zeros(sample.rows, bool)
    for mask in rare.values():
        seldom |= mask
    folded_parts = [_hash(_folded_codes(c, sample), n) for n, c in enumerate(others)]
    with np.errstate(over="ignore"):
        folded = np.asarray(np.sum(folded_parts, axis=0, dtype=np.uint64))
    again = _repeats(exact)
    if ids and again.sum() > p.duplicate_rows:
        n = int(again.sum()) - p.duplicate_rows
        yield Finding(
            "near_duplicates",
            "warning" if (again & seldom).sum() >= 0.5 * again.sum() else "info",
            f"{n:,} rows equal an earlier row in everything but {', '.join(c.name for c in ids[:3])}.",
            tuple(c.name for c in ids[:3]),
            {"count": n, "share": n / p.rows},
            sample.rows_where(again),
            f"deduplicate {p.name} ignoring {ids[0].name}",
        )
    alike = _repeats(folded) & ~again & seldom
    one_cell = np.zeros(sample.rows, bool)
    changed: dict[str, int] = {}
    if len(others) >= 4:
        first = _keep_first(folded)
        for n, c in enumerate(others):
            rest = [o for o in others if o is not c]
            if not _identifying(rest, p):
                continue
            with np.errstate(over="ignore"):
                without = folded[first] - folded_parts[n][first]
            # where one fine column follows from the others, rows that differ in a small category alike are no copies
            others_rare = sum((m.astype(int) for name, m in rare.items() if name != c.name), np.zeros(sample.rows, int))
            hit = _repeats(without) & (others_rare[first] >= (2 if c.distinct <= 10 else 1))
            if 0 < hit.sum() <= 0.1 * sample.rows:
                one_cell[first[hit]] = True
                changed[c.name] = int(hit.sum())
    one_cell &= ~again
    near = alike | one_cell if one_cell.sum() >= max(3, 0.0025 * sample.rows) else alike
    if near.any() and near.sum() <= 0.2 * sample.rows and (near.sum() > 1 or sample.rows < 1000):
        where = f" (most often {max(changed, key=lambda k: changed[k])} differs)" if changed and not alike.any() else ""
        yield Finding(
            "near_duplicates",
            "warning",
            f"{int(near.sum()):,} rows are nearly copies of another: they differ only in case, blanks, rounding "
            f"or one cell{where}.",
            (),
            {"count": int(near.sum()), "share": float(near.mean())},
            sample.rows_where(near),
            f"deduplicate {p.name}",
        )


def _identifying(columns: Sequence[ColumnProfile], p: TableProfile) -> bool:
    """Whether equal values in these columns are hardly chance: enough of them vary finely, so that rows differ by nature."""
    chance = 0.0
    fine = 0
    for c in columns:
        present = max(1, p.rows - c.missing)
        if c.kind == "date" or present < 0.5 * p.rows:
            continue
        most = max([n for _, n in c.top], default=0) / present
        counted = sum((n / present) ** 2 for _, n in c.top) + max(0.0, 1 - sum(n for _, n in c.top) / present) / max(
            1, c.distinct
        )
        agree = max(counted, 1.0 / max(1, c.distinct), most**2 if c.top else 0.0)
        chance += np.log(min(1.0, agree))
        fine += c.distinct > 0.3 * present
    return fine >= 1 and chance + 2 * np.log(p.rows) < np.log(0.05)


def rare_values(columns: Sequence[ColumnProfile], p: TableProfile, sample: Sample) -> dict[str, np.ndarray]:
    """Where a finely varying column holds a value that hardly any other row has: two rows that share it do not by chance."""
    masks = {}
    for c in columns:
        if c.kind != "date" and c.distinct > 0.3 * p.rows:
            codes = sample.codes(c.name)
            masks[c.name] = (codes >= 0) & (np.bincount(codes + 1)[codes + 1] <= 3)
    return masks


def sum_hashes(codes: Sequence[np.ndarray]) -> np.ndarray:
    """One 64-bit number a row from the codes of its columns."""
    with np.errstate(over="ignore"):
        return np.asarray(np.sum([_hash(c, n) for n, c in enumerate(codes)], axis=0, dtype=np.uint64))


def _repeats(hashes: np.ndarray) -> np.ndarray:
    """True where a value stood in an earlier row already."""
    mask = np.ones(len(hashes), bool)
    mask[np.unique(hashes, return_index=True)[1]] = False
    return mask


def _keep_first(hashes: np.ndarray) -> np.ndarray:
    return np.sort(np.unique(hashes, return_index=True)[1])


def _strange_rows(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Rows without any value, repeated headers, totals at the end."""
    if len(p.columns) < 2 or not sample.rows:
        return
    empty = np.ones(sample.rows, bool)
    header = np.zeros(sample.rows, int)
    total = np.zeros(sample.rows, bool)
    for c in p.columns[:300]:
        empty &= sample.codes(c.name) < 0
        if c.is_text:
            texts = sample.texts(c.name)
            name = c.name.strip().casefold()
            header += np.fromiter((t is not None and t.strip().casefold() == name for t in texts), bool, len(texts))
            last = max(0, len(texts) - 3)
            for n in range(last, len(texts)):
                total[n] |= texts[n] is not None and _TOTAL.match(texts[n]) is not None  # type: ignore[arg-type]
    if empty.any():
        n = int(empty.sum()) * sample.step
        yield Finding(
            "empty_rows",
            "warning",
            f"{n:,} row{'s are' if n > 1 else ' is'} empty from end to end.",
            (),
            {"count": n, "share": n / p.rows},
            sample.rows_where(empty),
            f"drop empty rows of {p.name}",
        )
    again = header >= min(2, len(p.columns))
    if again.any():
        n = int(again.sum()) * sample.step
        yield Finding(
            "repeated_header",
            "critical",
            f"The header stands again among the rows ({n:,} times), so numbers were read as text.",
            (),
            {"count": n, "share": n / p.rows},
            sample.rows_where(again),
            f"clean {p.name}",
        )
    if total.any():
        yield Finding(
            "total_row",
            "warning",
            "The last rows hold totals, not data.",
            (),
            {"count": int(total.sum()), "share": 1 / p.rows},
            sample.rows_where(total),
            f"clean {p.name}",
        )


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
