"""Delimited text on Spark, read as its shape says: types from every cell, rows with other numbers of fields counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opsmith.tools.data.csv_shape import CsvShape

# a column takes the first of these in which every filled cell can be read, else it stays text
_PATTERNS = {
    "bigint": r"^[-+]?\d{1,18}$",
    "double": r"(?i)^([-+]?((\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|inf(inity)?)|nan)$",
    "date": r"^\d{4}-\d{1,2}-\d{1,2}$",
    "timestamp_ntz": r"^\d{4}-\d{1,2}-\d{1,2}[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$",
}
_BROKEN = "_opsmith_broken"


def read_text(session: Any, paths: Sequence[str], shape: CsvShape, names: Sequence[str]) -> tuple[Any, tuple[str, ...]]:
    """A Spark DataFrame of the files, and notes on how they were read. One pass finds the types."""
    from pyspark.sql import functions as f

    schema = ", ".join(f"`{n.replace('`', '``')}` string" for n in [*names, _BROKEN])
    read = (
        session.read.schema(schema)
        .option("sep", shape.delimiter)
        .option("header", str(shape.header).lower())
        .option("quote", '"' if shape.quoted else "")
        .option("escape", '"' if shape.quoted else "")
        .option("multiLine", str(shape.multiline).lower())
        .option("mode", "PERMISSIVE")
        .option("columnNameOfCorruptRecord", _BROKEN)
        .csv(list(paths))
    )
    columns = [f.col(f"`{n.replace('`', '``')}`") for n in names]
    cells = [f.when(f.trim(c) != "", c) for c in columns]
    asked = [f.count_if(f.col(_BROKEN).isNotNull())]
    for cell in cells:
        plain = f.replace(f.trim(cell), f.lit(","), f.lit(".")) if shape.decimal == "," else f.trim(cell)
        asked.append(f.count(cell))
        asked += [f.count_if(plain.rlike(p) & plain.try_cast(t).isNotNull()) for t, p in _PATTERNS.items()]
    found = read.agg(*asked).collect()[0]
    width = 1 + len(_PATTERNS)
    made = []
    for n, (name, cell) in enumerate(zip(names, cells, strict=True)):
        filled, *fits = found[1 + n * width : 1 + (n + 1) * width]
        kind = next((k for k, fit in zip(_PATTERNS, fits, strict=True) if filled and fit == filled), "string")
        plain = (
            f.replace(f.trim(cell), f.lit(","), f.lit("."))
            if shape.decimal == "," and kind == "double"
            else f.trim(cell)
        )
        made.append((cell if kind == "string" else plain.try_cast(kind)).alias(name))
    notes = list(shape.notes())
    if found[0]:
        notes.append(f"{found[0]} row{'s' if found[0] > 1 else ''} had not {shape.columns} fields; filled up or cut")
    return read.select(*made), tuple(notes)
