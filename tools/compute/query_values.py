"""The values that stand in the cells of a table's text columns, found by how people say them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from opsmith.tools.data.table import Column, Table, folded, quoted

MOST_VALUES = 1500  # values of one column that are kept, the most frequent first
MOST_COLUMNS = 80
LOOKED_AT = 2_000_000  # rows from which values are collected; a value that is rarer is still found by looking it up


class ValueIndex:
    """Values of the text columns by their folded spelling, read from the table when first asked."""

    def __init__(self, table: Table):
        self.table = table

    @cached_property
    def _known(self) -> dict[str, list[tuple[Column, Any]]]:
        known: dict[str, list[tuple[Column, Any]]] = {}
        for column in [c for c in self.table.columns if c.kind in ("text", "boolean")][:MOST_COLUMNS]:
            for value in _frequent(self.table, column):
                text = str(value)
                if 0 < len(text) <= 80 and folded(text):
                    known.setdefault(folded(text), []).append((column, value))
        return known

    def exactly(self, text: str) -> list[tuple[Column, Any]]:
        """Columns that hold this text, upper and lower case and punctuation forgiven."""
        hits = self._known.get(folded(text), [])
        return [h for h in hits if str(h[1]) == text] or hits

    def said(self, text: str, spelling: str | None = None) -> list[tuple[Column, Any]]:
        """As `exactly`, a plural forgiven: `Phones`, `Bachelor`."""
        key = folded(spelling or text)
        if not key:
            return []
        for form in (
            key,
            key.removesuffix("s"),
            key + "s",
            key.removesuffix("es"),
            key[:-3] + "y" if key.endswith("ies") else key,
        ):
            if form and form in self._known and (form == key or len(form) > 2):
                return self.exactly(form) if form == key else self._known[form]
        return []

    def nearly(self, word: str) -> list[tuple[Column, Any]]:
        """Values one slip of the hand away from a word of five letters or more."""
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        most = 1 if len(word) < 8 else 2
        hit = process.extractOne(folded(word), list(self._known), scorer=DamerauLevenshtein.distance, score_cutoff=most)
        return self._known[hit[0]] if hit and len(hit[0]) >= 5 and hit[0][0] == word[0] else []

    def near(self, word: str, limit: int = 4) -> list[str]:
        """Values and their columns that look like a word, to offer when nothing fits."""
        from rapidfuzz import process

        hits = process.extract(folded(word), list(self._known), limit=limit, score_cutoff=72)
        return [f"{self._known[k][0][0].name} = {self._known[k][0][1]}" for k, _, _ in hits]


def _frequent(table: Table, column: Column) -> list[Any]:
    name = quoted(column.name)
    sql = f"SELECT v FROM (SELECT {name} AS v FROM data LIMIT {LOOKED_AT}) WHERE v IS NOT NULL GROUP BY v ORDER BY count(*) DESC, v LIMIT {MOST_VALUES}"
    return [r[0] for r in table.sql(sql)]


def looked_up(table: Table, text: str) -> list[tuple[Column, Any]]:
    """Text columns with a cell that equals the text, whatever its case; each with the value as it stands there."""
    columns = [c for c in table.columns if c.kind == "text"][:MOST_COLUMNS]
    if not columns or not text.strip():
        return []
    pieces = [
        f"(SELECT {n}, any_value({quoted(c.name)}) FROM data WHERE lower({quoted(c.name)}) = lower(?))"
        for n, c in enumerate(columns)
    ]
    rows = table.sql(" UNION ALL ".join(pieces), [text.strip()] * len(columns))
    return [(columns[n], value) for n, value in rows if value is not None]
