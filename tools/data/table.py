"""Open a table, whatever its format, and look at it through one locked-down DuckDB connection."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import paths

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

Kind = Literal["integer", "number", "boolean", "date", "datetime", "time", "text", "other"]


@dataclass(frozen=True)
class Column:
    """A column as stored: its name, the engine's type, and that type in a word."""

    name: str
    stored: str
    kind: Kind


@dataclass
class Table:
    """An opened table: a view called `data` in a DuckDB connection that can read nothing else."""

    name: str
    path: Path
    connection: duckdb.DuckDBPyConnection
    notes: tuple[str, ...] = ()  # how it was read: delimiter, encoding, sheet, rows set aside
    columns: tuple[Column, ...] = field(default=())

    def __post_init__(self) -> None:
        described = self.connection.execute("DESCRIBE data").fetchall()
        self.columns = tuple(Column(row[0], row[1], kind_of(row[1])) for row in described)

    @cached_property
    def rows(self) -> int:
        """Exact number of rows."""
        return int(self.sql("SELECT count(*) FROM data")[0][0])

    @property
    def column_names(self) -> list[str]:
        return [c.name for c in self.columns]

    def sql(self, query: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows of a query over the view `data`; for figures, not for whole tables."""
        return self.connection.execute(query, parameters or []).fetchall()

    def pandas(self, columns: list[str] | None = None, sample: int | None = None, seed: int = 0) -> pd.DataFrame:
        """The named columns as a DataFrame, in file order; at most `sample` rows, drawn by `seed`."""
        chosen = ", ".join(quoted(c) for c in columns) if columns else "*"
        if sample is None or sample >= self.rows:
            return self.connection.execute(f"SELECT {chosen} FROM data").df()
        import numpy as np

        keep = np.sort(np.random.default_rng(seed).choice(self.rows, sample, replace=False))
        self.connection.register("_keep", __import__("pyarrow").table({"n": keep}))
        query = f"""SELECT {chosen} FROM (SELECT *, row_number() OVER () - 1 AS _n FROM data)
                    SEMI JOIN _keep ON _n = _keep.n ORDER BY _n"""
        return self.connection.execute(query).df()

    def column(self, name: str) -> Column:
        """The column of that name, forgiving case and spaces; ToolError with the nearest names otherwise."""
        wanted = name.strip().strip("`'\"")
        for exact in (True, False):
            for c in self.columns:
                if c.name == wanted if exact else folded(c.name) == folded(wanted):
                    return c
        near = paths.nearest(wanted, self.column_names) or self.column_names[:8]
        raise ToolError(f"{self.name} has no column {wanted!r}. Nearest: {', '.join(near)}.")

    def close(self) -> None:
        self.connection.close()


def folded(name: str) -> str:
    """A column name without case, spaces, dashes and underscores, for forgiving comparison."""
    return "".join(ch for ch in name.casefold() if ch.isalnum())


def quoted(name: str) -> str:
    """A column name as an SQL identifier; no name can end the quoting.

    >>> quoted('a "b"')
    '"a ""b\"""'
    """
    return '"' + name.replace('"', '""') + '"'


def kind_of(stored: str) -> Kind:
    """The word for a DuckDB type."""
    base = stored.split("(")[0].upper()
    if base in {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}:
        return "integer"
    if base in {"FLOAT", "DOUBLE", "DECIMAL", "REAL"}:
        return "number"
    if base == "BOOLEAN":
        return "boolean"
    if base == "DATE":
        return "date"
    if base.startswith("TIMESTAMP"):
        return "datetime"
    if base.startswith("TIME"):
        return "time"
    return "text" if base in {"VARCHAR", "ENUM", "UUID"} else "other"


def open_table(context: Context, name: str) -> Table:
    """Open the table that a person named. ToolError in one sentence when it cannot be read."""
    path = paths.find(context, name)
    shown = paths.relative(context, path)
    if path.is_dir():
        raise ToolError(f"{shown} is a folder, not a table. Name a file in it.")
    if path.stat().st_size == 0:
        raise ToolError(f"{shown} is empty (0 bytes), so there is nothing to read.")
    import duckdb

    connection = duckdb.connect(config={"memory_limit": str(context.settings.get("memory_limit", "2GB"))})
    source = str(path).replace("'", "''")
    ending = path.name.lower().removesuffix(".gz").rsplit(".", 1)[-1]
    try:
        if ending in ("parquet", "pq"):
            connection.execute(f"CREATE VIEW data AS SELECT * FROM read_parquet('{source}')")
        elif ending in ("jsonl", "ndjson", "json"):
            connection.execute(f"CREATE TABLE data AS SELECT * FROM read_json_auto('{source}')")
        elif ending in ("xlsx", "xls"):
            import pandas as pd

            connection.register("frame", pd.read_excel(path))
            connection.execute("CREATE TABLE data AS SELECT * FROM frame")
        else:
            connection.execute(f"CREATE TABLE data AS SELECT * FROM read_csv('{source}')")
    except Exception as error:
        connection.close()
        raise ToolError(f"{shown} could not be read as a table: {str(error).splitlines()[0]}") from None
    return Table(shown, path, connection)


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
