"""Repeatable synthetic tables for a schema: the same values as the dialogue set's make_workspace.py."""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_WORDS = (
    "u shld call me b4 noon!!",
    "minor accident, speeding on A9",
    "Great product, thx",
    "arrived broken :(",
    "Ms Keller from Acme in Berlin asked again",
    "ok I guess",
    "water leak in the kitchen",
    "terrible support, never again!!!",
    "<b>love</b> it",
    "no comment",
)


def frame(name: str, columns: Mapping[str, str], rows: int = 200, shift: int = 0) -> pd.DataFrame:
    """A table whose values depend on its name, schema and shift only: some cells missing, three rows twice."""
    import pandas as pd

    rng = random.Random(zlib.crc32(name.encode()))
    made = pd.DataFrame({c: _values(kind, rows, rng, shift) for c, kind in columns.items()})
    for column, kind in columns.items():
        if kind in ("float", "str"):
            made.loc[rng.sample(range(rows), max(1, rows // 30)), column] = None
    return pd.concat([made, made.head(3)], ignore_index=True)


def save(table: pd.DataFrame, path: Path) -> None:
    """Write a table in the format of the path's ending; CSV where the ending names no other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    elif path.suffix == ".xlsx":
        table.to_excel(path, index=False)
    elif path.suffix == ".jsonl":
        table.to_json(path, orient="records", lines=True)
    else:
        table.to_csv(path, index=False)


def _values(kind: str, rows: int, rng: random.Random, shift: int) -> list[Any]:
    if kind == "id":
        return [f"P-{10000 + i}" for i in range(rows)]
    if kind == "bool":
        return [int(rng.random() < 0.3 + 0.1 * shift) for _ in range(rows)]
    if kind == "int":
        return [rng.randint(1, 50) + 5 * shift for _ in range(rows)]
    if kind == "float":
        return [round(rng.gauss(60 + 12 * shift, 15), 3) for _ in range(rows)]
    if kind == "date":
        import pandas as pd

        return list(pd.date_range("2025-01-01", periods=rows, freq="D").strftime("%Y-%m-%d"))
    if kind == "text":
        return [rng.choice(_WORDS) for _ in range(rows)]
    return [rng.choice("ABCDE"[: 3 + min(shift, 2)]) for _ in range(rows)]
