"""Open a table, whatever its format, and look at it through one locked-down DuckDB connection."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import paths
from opsmith.tools.data.sql_text import first_line, literal, quoted, replace_columns

if TYPE_CHECKING:
    import tempfile

    import duckdb
    import pandas as pd
    import pyarrow as pa

    from opsmith.tools.data.places import Place

_DAMAGE = re.compile(r"Failed to read file|[Pp]arquet|[Tt]hrift|[Cc]orrupt|snappy|ZSTD|decompress")
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
    files: tuple[Path, ...] = ()  # the files of a folder or of a pattern
    kept: tempfile.TemporaryDirectory[str] | None = None  # what was fetched or unpacked for it
    holds: ClassVar[int] = 20_000_000  # rows up to which a whole column may be held; distributed tables hold none

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
        with self._readable():
            return self.connection.execute(query, parameters or []).fetchall()

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """A damaged part of a file, met while it is read, becomes one sentence."""
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            # the engine's errors about files share no class: some are plain, some name the file
            if type(error) is duckdb.Error or isinstance(error, duckdb.IOException) or _DAMAGE.search(str(error)):
                raise ToolError(f"{self.name} is damaged and cannot be read to its end: {first_line(error)}") from None
            raise

    def answer(self, query: str, limit: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column titles and at most `limit` rows of a query that somebody asked; `stop` ends it from another thread."""
        with self._readable():
            cursor = self.connection.execute(query)
            return [d[0] for d in cursor.description], cursor.fetchmany(limit)

    def stop(self) -> None:
        """End the question that is being answered."""
        self.connection.interrupt()

    def arrow(self, query: str) -> pa.Table:
        """Rows of a query over the view `data` as Arrow columns; for a sample that is held, not for whole tables."""
        with self._readable():
            return self.connection.sql(query).to_arrow_table()

    def batches(self, query: str, rows: int) -> Iterator[pa.RecordBatch]:
        """Rows of a query over the view `data`, in file order, at most so many at a time."""
        yield from self.connection.sql(query).to_arrow_reader(rows)

    def frame(self, query: str) -> pd.DataFrame:
        """Rows of a query over the view `data` as a DataFrame; for a sample, not for whole tables."""
        with self._readable():
            return self.connection.execute(query).df()

    def register(self, name: str, rows: pa.Table) -> None:
        """Put rows that are held beside the table: `sql` answers questions over `name` too."""
        self.connection.register(name, rows)

    def unregister(self, name: str) -> None:
        """Take rows away that were put beside the table."""
        self.connection.unregister(name)

    def pandas(self, columns: list[str] | None = None, sample: int | None = None, seed: int = 0) -> pd.DataFrame:
        """The named columns as a DataFrame, in file order; at most `sample` rows, drawn by `seed`."""
        chosen = ", ".join(quoted(c) for c in columns) if columns else "*"
        if sample is None or sample >= self.rows:
            return self.connection.execute(f"SELECT {chosen} FROM data").df()
        import numpy as np

        keep = np.sort(np.random.default_rng(seed).choice(self.rows, sample, replace=False))
        self.connection.register("_keep", __import__("pyarrow").table({"n": keep}))
        numbered = "(SELECT *, row_number() OVER () - 1 AS _row FROM data) AS numbered"
        inner = f"SELECT * FROM {numbered} SEMI JOIN _keep ON numbered._row = _keep.n ORDER BY _row"
        chosen = chosen if columns else "* EXCLUDE (_row)"
        return self.connection.execute(f"SELECT {chosen} FROM ({inner})").df()

    def state(self) -> list[Any]:
        """What tells whether the table's files are as they were; empty where that cannot be seen (a database, a bucket)."""
        files = list(self.files) or ([self.path] if self.path.is_file() else [])
        return [[str(f), (s := f.stat()).st_mtime_ns, s.st_size] for f in files]

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
        if self.kept is not None:
            self.kept.cleanup()


def folded(name: str) -> str:
    """A column name without case, spaces, dashes and underscores, for forgiving comparison."""
    return "".join(ch for ch in name.casefold() if ch.isalnum())


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


def open_table(context: Context, name: str, sheet: str | None = None, *, dates: bool = True) -> Table:
    """Open the table that a person named: a file, a folder, `sales/*.csv`, `book.xlsx:Sheet` or `shop.sqlite:table`.

    dates: whether dates in delimited text are read as such; without, they stay text.
    The connection can afterwards read nothing but this table. ToolError in one sentence when it cannot be read.
    """
    from opsmith.tools.data import folders, places

    place = places.place_of(context, name)
    if place is not None:
        return _open_place(context, place)
    if folders.is_pattern(context, name):
        path, files = folders.matching(context, name)
        part, shown = None, name.strip().strip("`'\"")
    else:
        path, part = _path_and_part(context, name)
        part, shown = sheet or part, paths.relative(context, path)
        files = folders.inside_folder(context, path, shown) if path.is_dir() else [path]
    for file in files:
        if file.stat().st_size == 0 and len(files) == 1:
            raise ToolError(f"{shown} is empty (0 bytes), so there is nothing to read.")
    connection = _connect(context)
    try:
        on_spark = _on_spark(context, connection, path, files, shown)
        if on_spark is not None:
            return on_spark
        notes = _load_all(connection, context, path, files, shown, part, dates)
        _looked_for_nan(connection, sum(f.stat().st_size for f in files), shown)
        table = _locked(connection, f"{shown}:{part}" if part else shown, path, notes)
        table.files = tuple(files)
        return table
    except BaseException:
        connection.close()
        raise


def _locked(connection: duckdb.DuckDBPyConnection, shown: str, path: Path, notes: tuple[str, ...]) -> Table:
    """The table of a connection that can from now on read nothing else."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    table = Table(shown, path, connection, notes)
    if not table.columns:
        raise ToolError(f"{shown} has no columns.")
    return table


def _open_place(context: Context, place: Place) -> Table:
    """A table of a database or of object storage, which the `readable` setting opens."""
    import tempfile

    from opsmith.tools.data import databases, stores

    connection = _connect(context)
    kept = tempfile.TemporaryDirectory(prefix="opsmith-objects-")

    def load(one: duckdb.DuckDBPyConnection, path: Path, files: list[Path]) -> tuple[str, ...]:
        return _load_all(one, context, path, files, place.shown, None)

    try:
        if place.kind in ("postgresql", "mysql"):
            notes = databases.read(connection, context, place)
        else:
            notes = stores.read(connection, context, place, Path(kept.name), load)
        _looked_for_nan(connection, NAN_CHECK + 1, place.shown)
        table = _locked(connection, place.shown, Path(place.shown), notes)
    except BaseException:
        connection.close()
        kept.cleanup()
        raise
    table.kept = kept
    return table


def _on_spark(
    context: Context, connection: duckdb.DuckDBPyConnection, path: Path, files: Sequence[Path], shown: str
) -> Table | None:
    """The table on Apache Spark where the setting asks for it and Spark can read the files, else None."""
    engine = str(context.settings.get("engine") or "duckdb")
    if engine not in ("duckdb", "spark"):
        raise ToolError(f"engine is {engine!r}; it is duckdb or spark.")
    if engine == "duckdb":
        return None
    from opsmith.tools.data.spark_table import open_on_spark

    return open_on_spark(context, connection, path, files, shown)


def _load_all(
    connection: duckdb.DuckDBPyConnection,
    context: Context,
    path: Path,
    files: Sequence[Path],
    shown: str,
    part: str | None,
    dates: bool = True,
) -> tuple[str, ...]:
    """Make `data` from one file or from several of one kind; notes on how they were read."""
    from opsmith.tools.data import folders

    if list(files) == [path]:
        return _load(connection, context, path, shown, part, dates)
    if folders.kind_of_file(files[0]) == "parquet":
        return folders.read_parquet(connection, path, files, shown)

    def load(one: duckdb.DuckDBPyConnection, file: Path, name: str) -> tuple[str, ...]:
        return _load(one, context, file, name, None, dates)

    return folders.read_each(connection, context, path, files, shown, load)


NAN_CHECK = 800 << 20  # bytes of a file up to which it is looked through for NaN when it is opened


def _looked_for_nan(connection: duckdb.DuckDBPyConnection, size: int, shown: str) -> None:
    """`_without_nan`; what cannot be read then is one sentence."""
    import duckdb

    try:
        _without_nan(connection, size)
    except duckdb.Error as error:
        raise ToolError(f"{shown} is damaged and cannot be read: {first_line(error)}") from None


def _without_nan(connection: duckdb.DuckDBPyConnection, size: int) -> None:
    """Let NaN count as missing, as everybody means it: aggregates of a column with one NaN would all be NaN."""
    described = connection.execute("DESCRIBE data").fetchall()
    floats = [row[0] for row in described if row[1] in ("DOUBLE", "FLOAT")]
    if not floats:
        return
    replaced = ", ".join(f"CASE WHEN isnan({quoted(n)}) THEN NULL ELSE {quoted(n)} END AS {quoted(n)}" for n in floats)
    if size <= NAN_CHECK:  # look once, and leave the table alone where there is none
        seen = connection.execute(
            f"SELECT {' OR '.join(f'coalesce(bool_or(isnan({quoted(n)})), false)' for n in floats)} FROM data"
        )
        if not (seen.fetchone() or (False,))[0]:
            return
    replace_columns(connection, replaced)


def _path_and_part(context: Context, name: str) -> tuple[Path, str | None]:
    """The file, and the sheet or table after a colon."""
    head, colon, part = name.rpartition(":")
    if colon and head and "/" not in part and "\\" not in part and paths.is_table(Path(head)):
        return paths.find(context, head), part
    return paths.find(context, name), None


def _connect(context: Context) -> duckdb.DuckDBPyConnection:
    import duckdb

    spill = context.home / "cache" / "duckdb"
    limit = str(context.settings.get("memory_limit") or "2GB")
    try:
        # Bytes of files stay with the system, which keeps them too: DuckDB would fill its whole limit with them.
        connection = duckdb.connect(config={"memory_limit": limit, "enable_external_file_cache": "false"})
    except duckdb.Error:
        raise ToolError(f"memory_limit is {limit!r}; it takes a size such as 2GB.") from None
    if context.home.is_dir():
        connection.execute(f"SET temp_directory = {literal(str(spill))}")
    return connection


def _load(
    connection: duckdb.DuckDBPyConnection, context: Context, path: Path, shown: str, part: str | None, dates: bool
) -> tuple[str, ...]:
    """Make `data` from the file, by its kind; notes on how it was read."""
    from opsmith.tools.data import delimited, formats

    name = path.name.lower()
    if name.endswith(".zip"):
        import tempfile

        with tempfile.TemporaryDirectory(prefix="opsmith-zip-") as folder:
            inner = formats.unpack_zip(path, shown, Path(folder))
            inside = f"{shown} ({inner.name})"
            notes = _load(connection, context, inner, inside, part, dates)
            formats.hold(connection)
            return (f"unpacked {inner.name}", *notes)
    bare = name.removesuffix(".gz").removesuffix(".zst")
    if bare.endswith((".parquet", ".pq")):
        return _parquet(connection, path, shown)
    if bare.endswith((".json", ".jsonl", ".ndjson")):
        return formats.read_json(connection, path, shown)
    if bare.endswith((".xlsx", ".xlsm", ".xls")):
        return formats.read_excel(connection, path, shown, part)
    if bare.endswith((".sqlite", ".sqlite3", ".db", ".duckdb")):
        return formats.read_database(connection, path, shown, part)
    if bare.endswith((".feather", ".arrow")):
        return _arrow(connection, path, shown)
    return delimited.read(connection, path, shown, dates)


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path, shown: str) -> tuple[str, ...]:
    connection.execute(f"SET allowed_paths = [{literal(str(path))}]")
    try:
        connection.execute(
            f"CREATE VIEW data AS SELECT * FROM read_parquet({literal(str(path))}, hive_partitioning = false)"
        )
        connection.execute("SELECT * FROM data LIMIT 0").fetchall()  # one row would decode a whole row group
    except Exception as error:
        raise ToolError(f"{shown} cannot be read as Parquet: {first_line(error)}") from None
    return ()


def _arrow(connection: duckdb.DuckDBPyConnection, path: Path, shown: str) -> tuple[str, ...]:
    import duckdb
    import pyarrow as pa
    import pyarrow.feather

    try:
        found = pyarrow.feather.read_table(path)
        found.validate(full=True)  # texts that are no texts would be met later, somewhere else
        connection.register("incoming", found)
        connection.execute("CREATE TABLE data AS SELECT * FROM incoming")
        connection.unregister("incoming")
    except (pa.ArrowException, OSError, duckdb.Error) as error:
        raise ToolError(f"{shown} cannot be read as an Arrow file: {first_line(error)}") from None
    return ()


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
