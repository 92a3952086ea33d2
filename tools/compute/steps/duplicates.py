"""The step `dedupe`: rows that say the same are kept once, exactly equal or alike, at any size."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from opsmith.tools.compute.cells import ROW, Batch, is_number, is_text
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, Source, StepKind
from opsmith.tools.contract import ToolError
from opsmith.tools.data.table import quoted

_BLOCK = 200  # rows that share a block key beyond this say nothing
METHODS = ("exact", "loose", "fuzzy")


def _fit_dedupe(source: Source, step: Step) -> Fitted:
    """Row numbers to drop. method exact: equal cells; loose: equal but for case, spaces and punctuation; fuzzy: alike.

    The named columns are the key (all columns without any). The first row of each group stays, the last with keep=last.
    """
    method = str(step.options.get("method", "exact"))
    if method not in METHODS:
        raise ToolError(f"There is no way to compare rows called {method!r}. Methods: {', '.join(METHODS)}.")
    named = list(step.columns) or [n for n in source.schema.names if n != ROW]
    drop = equal_rows(source, named, method != "exact", step.options.get("keep") == "last")
    if method == "fuzzy":
        drop |= alike_rows(source, named, float(step.options.get("threshold", 0.92)), drop)
    return {"drop": sorted(drop)}


def equal_rows(source: Source, columns: list[str], loose: bool, last: bool = False) -> set[int]:
    """Rows equal to an earlier (or later) one in these columns; missing equals missing."""
    keys = ", ".join(_loose(source, c) if loose else quoted(c) for c in columns)
    order = "DESC" if last else "ASC"
    found = source.arrow(
        f"""SELECT {ROW} FROM (SELECT {ROW}, row_number() OVER (PARTITION BY {keys} ORDER BY {ROW} {order}) AS n FROM data)
            WHERE n > 1"""
    )
    return set(found[ROW].to_pylist())


def _loose(source: Source, column: str) -> str:
    name = quoted(column)
    if not is_text(source.schema.field(column).type):
        return name
    kept = rf"regexp_replace(lower(strip_accents({name})), '(\p{{N}})[.,:-](\p{{N}})', '\1%\2', 'g')"  # 1.5 is not 15
    return rf"regexp_replace({kept}, '[^\p{{L}}\p{{N}}+#%]', '', 'g')"


def alike_rows(source: Source, columns: list[str], threshold: float, without: set[int]) -> set[int]:
    """Rows whose text is at least `threshold` alike (0 to 1) to an earlier row's, all other cells being equal.

    Candidates come from three block keys (first words sorted, start, end), compared by token-sorted edit distance.
    Rows whose digits differ are never alike: `Item 1` is not `Item 2`.
    """
    from rapidfuzz import fuzz

    texts = [c for c in columns if is_text(source.schema.field(c).type)]
    others = [c for c in columns if c not in texts]
    if not texts:
        return set()
    joined = "concat_ws(' ', " + ", ".join(_words(c) for c in texts) + ")"
    same = (
        "concat_ws('|', " + ", ".join(f"coalesce({quoted(c)}::VARCHAR, '')" for c in others) + ")" if others else "''"
    )
    pairs = source.sql(
        f"""WITH rows AS (
              SELECT {ROW} AS r, {joined} AS t, {same} AS s, regexp_replace({joined}, '[^0-9]', '', 'g') AS d FROM data),
            tokens AS (SELECT *, list_aggregate(list_sort(string_split(t, ' ')), 'string_agg', '') AS o FROM rows WHERE t <> ''),
            keys AS (SELECT r, t, s, d,
                unnest([left(o, 8), 's' || left(replace(t, ' ', ''), 6), 'e' || right(replace(t, ' ', ''), 6)]) AS k
                     FROM tokens),
            small AS (SELECT * FROM keys QUALIFY count(*) OVER (PARTITION BY k, s, d) BETWEEN 2 AND {_BLOCK})
            SELECT DISTINCT a.r, b.r, a.t, b.t FROM small a JOIN small b ON a.k = b.k AND a.s = b.s AND a.d = b.d AND a.r < b.r
            WHERE abs(length(a.t) - length(b.t)) <= greatest(length(a.t), length(b.t)) * {2 * (1 - threshold)}
            ORDER BY 1, 2"""
    )
    parent: dict[int, int] = {}
    for number, (a, b, one, other) in enumerate(pairs):
        if number % 10_000 == 0:
            source.check()
        if a in without or b in without or fuzz.token_sort_ratio(one, other) < threshold * 100:
            continue
        first, second = _root(parent, a), _root(parent, b)
        parent[max(first, second)] = min(first, second)
    return {row for row in parent if _root(parent, row) != row}


def _words(column: str) -> str:
    return rf"trim(regexp_replace(lower(strip_accents({quoted(column)})), '[^\p{{L}}\p{{N}}]+', ' ', 'g'))"


def _root(parent: dict[int, int], row: int) -> int:
    while parent.get(row, row) != row:
        row = parent[row]
    return row


def _dedupe(batch: Batch, step: Step, fitted: Fitted) -> None:
    drop = np.asarray(fitted["drop"], dtype=np.int64)
    if len(drop):
        batch.keep(~np.isin(batch.rows(), drop))


def looks_like_key(column: str, kind: Any) -> bool:
    """Whether a column's name says that it identifies the row."""
    return bool(re.search(r"(^|[_\s])(id|uuid|guid|key|no|nr|number|code|index)$", column.lower())) or (
        column.lower().endswith("id") and is_number(kind)
    )


KINDS = (StepKind("dedupe", _dedupe, _fit_dedupe, changes="rows", whole_rows=True),)
