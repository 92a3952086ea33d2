"""A table on Apache Spark: the same questions as of a table on the embedded engine, computed where Spark runs.

No more than a sample or the figures of a question ever come here. Rows that are held beside the table (a sample) are asked
in a small embedded connection.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data.spark_sql import spark_sql, tables_of
from opsmith.tools.data.sql_text import first_line, quoted
from opsmith.tools.data.table import Column, Table, kind_of

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

    from opsmith.tools.data.csv_shape import CsvShape

EXACT_QUANTILES = 2_000_000  # rows up to which quantiles are exact on Spark
MOST_HELD = 2_000_000  # rows that may come here as a DataFrame, for what scikit-learn needs
_STORED = {"string": "VARCHAR", "bigint": "BIGINT", "int": "INTEGER", "smallint": "SMALLINT", "tinyint": "TINYINT"}
_MOMENTS = ("timestamp", "timestamp_ntz", "timestamp_ltz")


def spark_session(context: Context) -> Any:
    """The process's Spark session on the master that the setting names; started once, which takes many seconds."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ToolError("engine is spark, but PySpark is not installed: pip install 'opsmith[spark]'.") from None
    from pyspark.errors import PySparkException

    master = str(context.settings.get("spark_master") or "local[2]")
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    context.progress(0.0, f"starting Spark on {master}")
    local = master.startswith("local")
    built = SparkSession.builder.master(master).appName("opsmith")
    chosen = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
    }
    if local:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        chosen |= {
            "spark.driver.memory": _spark_size(str(context.settings.get("memory_limit") or "2GB")),
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.shuffle.partitions": "4",
        }
    for name, value in chosen.items():
        built = built.config(name, value)
    try:
        return built.getOrCreate()
    except (PySparkException, OSError, RuntimeError) as error:
        raise ToolError(f"Spark could not be started on {master}: {first_line(error)}. Is Java installed?") from None


def _spark_size(limit: str) -> str:
    """A memory limit as the JVM writes it: 2GB is 2g."""
    return limit.strip().lower().replace(" ", "").removesuffix("ib").removesuffix("b")


@dataclass
class SparkTable(Table):
    """An opened table whose view `data` lives in a Spark session of its own."""

    session: Any = None
    holds: ClassVar[int] = 0  # rows that may be held here whole

    def __post_init__(self) -> None:
        schema = self.session.table("data").schema
        stored = {f.name: f.dataType.simpleString() for f in schema.fields}
        named = {n: "TIMESTAMP" if s in _MOMENTS else _STORED.get(s, s.upper()) for n, s in stored.items()}
        self.columns = tuple(Column(n, s, kind_of(s)) for n, s in named.items())
        self._here, self.connection = self.connection, _Elsewhere()  # type: ignore[assignment]

    @cached_property
    def _offsets(self) -> list[int]:
        """How many rows lie before each partition, so that rows can be numbered without moving them."""
        counted = self._collected("SELECT spark_partition_id(), count(*) FROM data GROUP BY 1")
        sizes = {int(r[0]): int(r[1]) for r in counted}
        offsets, before = [], 0
        for part in range(max(sizes, default=0) + 1):
            offsets.append(before)
            before += sizes.get(part, 0)
        return offsets

    @cached_property
    def rows(self) -> int:
        """Exact number of rows."""
        return int(self._collected("SELECT count(*) FROM data")[0][0])

    def _said(self, query: str, parameters: Sequence[Any] = ()) -> str:
        offsets = self._offsets if "row_number" in query.lower() else [0]
        return spark_sql(query, self.column_names, offsets, self.rows > EXACT_QUANTILES, parameters)

    def _collected(self, said: str) -> list[tuple[Any, ...]]:
        return [tuple(r) for r in self._run(said).collect()]

    def _run(self, said: str) -> Any:
        from pyspark.errors import PySparkException

        try:
            return _Asked(self.session.sql(said), self.name)
        except PySparkException as error:
            raise ToolError(f"Spark cannot compute this for {self.name}: {first_line(error)}") from None

    def _is_here(self, query: str) -> bool:
        return "data" not in tables_of(query)

    def sql(self, query: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows of a query: over `data` from Spark, over rows that are held from the embedded connection."""
        if self._is_here(query):
            return self._here.execute(query, parameters or []).fetchall()
        return self._collected(self._said(query, parameters or []))

    def answer(self, query: str, limit: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column titles and at most `limit` rows of a question; `stop` ends it from another thread."""
        context = self.session.sparkContext
        context.addJobTag(self._tag)
        try:
            asked = self._run(self._said(query))
            return list(asked.frame.columns), [tuple(r) for r in asked.collect()][:limit]
        finally:
            context.removeJobTag(self._tag)

    def stop(self) -> None:
        """End the question that is being answered."""
        self.session.sparkContext.cancelJobsWithTag(self._tag)

    @property
    def _tag(self) -> str:
        return f"opsmith-{id(self)}"

    def arrow(self, query: str) -> pa.Table:
        """Rows of a query as Arrow columns."""
        if self._is_here(query):
            return self._here.sql(query).to_arrow_table()
        return self._run(self._said(query)).arrow()

    def batches(self, query: str, rows: int) -> Iterator[pa.RecordBatch]:
        """Rows of a query, at most so many at a time; asked of small tables only."""
        yield from self.arrow(query).to_batches(rows)

    def frame(self, query: str) -> pd.DataFrame:
        """Rows of a query as a DataFrame."""
        return self.arrow(query).to_pandas()

    def pandas(self, columns: list[str] | None = None, sample: int | None = None, seed: int = 0) -> pd.DataFrame:
        """The named columns as a DataFrame, at most `sample` rows; ToolError above MOST_HELD rows."""
        chosen = ", ".join(quoted(c) for c in columns) if columns else "*"
        if sample is None or sample >= self.rows:
            if self.rows > MOST_HELD:
                raise ToolError(
                    f"{self.name} has {self.rows:,} rows, more than fit one machine at once. Name a part of it, or a sample."
                )
            return self.frame(f"SELECT {chosen} FROM data")
        import numpy as np

        keep = np.sort(np.random.default_rng(seed).choice(self.rows, sample, replace=False))
        step = max(1, self.rows // sample)
        named = ", ".join(quoted(c) for c in columns or self.column_names)
        numbered = "SELECT *, row_number() OVER () - 1 AS _row FROM data"
        if step == 1:
            listed = ", ".join(map(str, keep.tolist()))
            return self.frame(f"SELECT {named} FROM ({numbered}) WHERE _row IN ({listed}) ORDER BY _row")
        # one row of each stretch of `step` rows, its place in the stretch drawn by the seed
        place = seed % step
        return self.frame(
            f"SELECT {named} FROM ({numbered}) WHERE _row % {step} = {place} ORDER BY _row LIMIT {sample}"
        )

    def register(self, name: str, rows: pa.Table) -> None:
        """Put rows that are held beside the table."""
        self._here.register(name, rows)

    def unregister(self, name: str) -> None:
        """Take rows away that were put beside the table."""
        self._here.unregister(name)

    def state(self) -> list[Any]:
        """Nothing is kept of a table on Spark: how it was counted differs."""
        return []

    def close(self) -> None:
        self.session.catalog.dropTempView("data")
        self._here.close()


@dataclass
class _Asked:
    """A question that Spark has understood; computing it may still fail."""

    frame: Any
    name: str

    def _got(self, how: str) -> Any:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        try:
            return getattr(self.frame, how)()
        except (PySparkException, Py4JError) as error:
            raise ToolError(f"Spark could not compute this for {self.name}: {first_line(error)}") from None

    def collect(self) -> list[Any]:
        return self._got("collect")  # type: ignore[no-any-return]

    def arrow(self) -> pa.Table:
        return self._got("toArrow")


class _Elsewhere:
    """Stands where the embedded connection is: the rows are not on this machine."""

    def __getattr__(self, name: str) -> Any:
        raise ToolError("This step needs the rows on one machine, and engine is spark. Set engine to duckdb for it.")


def open_on_spark(
    context: Context, here: duckdb.DuckDBPyConnection, path: Path, files: Sequence[Path], shown: str
) -> SparkTable | None:
    """The files on Spark; None for those that only the embedded engine reads (Excel, JSON, databases, other encodings)."""
    from opsmith.tools.data.folders import keys_of, kind_of_file

    kind = kind_of_file(files[0])
    if kind not in ("parquet", "csv") or any(f.name.lower().endswith(".zip") for f in files):
        return None
    how = _text_alike(files, shown) if kind == "csv" else None
    if kind == "csv" and (how is None or any(keys_of(f, path) for f in files)):
        return None
    names = [f"file://{f}" for f in files]  # a cluster must see the project's folder under the same path
    base = f"file://{path}" if path.is_dir() else ""
    return open_spark(context, here, names, shown, path, how, base)


def _text_alike(files: Sequence[Path], shown: str) -> tuple[CsvShape, list[str]] | None:
    """How all the text files are written and their column names, when Spark can read them; else None."""
    from opsmith.tools.data.csv_shape import shape_of
    from opsmith.tools.data.delimited import column_names

    first: tuple[CsvShape, list[str]] | None = None
    for file in files:
        shape = shape_of(file, shown)
        names = column_names(file, shape)
        if shape.rewrite or len(names) != shape.columns or file.name.lower().endswith(".zst"):
            return None
        if first is None:
            first = shape, names
        elif (shape.delimiter, shape.quoted, shape.header, shape.decimal, names) != (
            first[0].delimiter, first[0].quoted, first[0].header, first[0].decimal, first[1],
        ):  # fmt: skip
            return None
    return first


def open_spark(
    context: Context,
    here: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    shown: str,
    path: Path,
    how: tuple[CsvShape, list[str]] | None = None,
    base: str = "",
) -> SparkTable:
    """Open Parquet files or, told how they are written, text files.

    names: addresses that Spark reads. base: the folder that `key=value` folders start from.
    """
    from pyspark.errors import PySparkException

    session = spark_session(context).newSession()
    notes: tuple[str, ...] = (f"{len(names)} files",) if len(names) > 1 else ()
    try:
        if how is None:
            reader = session.read.option("mergeSchema", "true") if len(names) > 1 else session.read
            found = (reader.option("basePath", base) if base else reader).parquet(*names)
        else:
            from opsmith.tools.data.spark_text import read_text

            found, told = read_text(session, names, *how)
            notes += told
        _with_missing(found).createOrReplaceTempView("data")
    except PySparkException as error:
        raise ToolError(f"{shown} cannot be read by Spark: {first_line(error)}") from None
    return SparkTable(shown, path, here, (*notes, "engine spark"), session=session)


def _with_missing(found: Any) -> Any:
    """The rows with NaN as missing and moments without a time zone, as on the embedded engine."""
    from pyspark.sql import functions as f

    chosen = []
    for field in found.schema.fields:
        kind, column = field.dataType.simpleString(), f.col("`" + field.name.replace("`", "``") + "`")
        if kind in ("double", "float"):
            column = f.when(~f.isnan(column), column)
        elif kind == "timestamp":
            column = column.cast("timestamp_ntz")
        chosen.append(column.alias(field.name))
    return found.select(*chosen)
