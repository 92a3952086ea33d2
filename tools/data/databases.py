"""A table of a PostgreSQL or MySQL database, read in one read-only transaction into the embedded engine as `data`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.data.places import Place
from opsmith.tools.data.sql_text import first_line, literal, quoted

if TYPE_CHECKING:
    import duckdb

CONNECT_SECONDS = 15
BATCH = 50_000  # rows fetched at a time
# type names of PostgreSQL -> types of the embedded engine; others are read as text
_POSTGRES = {
    "int2": "SMALLINT", "int4": "INTEGER", "int8": "BIGINT", "oid": "BIGINT", "float4": "DOUBLE", "float8": "DOUBLE",
    "numeric": "DOUBLE", "money": "VARCHAR", "bool": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMP", "time": "TIME",
    "timestamptz": "TIMESTAMPTZ",
}  # fmt: skip


def read(connection: duckdb.DuckDBPyConnection, context: Context, place: Place) -> tuple[str, ...]:
    """Make `data` from the table that a place names; notes. NeedsAnswer when no table is named and there are several."""
    with tempfile.TemporaryDirectory(prefix="opsmith-database-") as folder:
        if place.kind == "postgresql":
            return _postgresql(connection, context, place, Path(folder))
        return _mysql(connection, context, place, Path(folder))


def _postgresql(connection: duckdb.DuckDBPyConnection, context: Context, place: Place, folder: Path) -> tuple[str, ...]:
    try:
        import psycopg
        from psycopg import sql
    except ImportError:
        raise ToolError("PostgreSQL needs its driver: pip install 'opsmith[postgres]'.") from None
    try:
        with psycopg.connect(place.address, connect_timeout=CONNECT_SECONDS) as server:
            server.read_only = True
            server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            listed = """SELECT table_schema, table_name FROM information_schema.tables
                        WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY table_schema <> 'public', 1, 2"""
            schema, table = _chosen(server.execute(listed).fetchall(), place, "public")
            source = sql.Identifier(schema, table)
            described = server.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(source)).description or ()
            kinds = {r[0]: r[1] for r in server.execute("SELECT oid, typname FROM pg_type").fetchall()}
            columns = [(d.name, _POSTGRES.get(kinds.get(d.type_code, ""), "VARCHAR")) for d in described]
            target = folder / "table.csv"
            with (
                target.open("wb") as out,
                server.cursor().copy(
                    sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')").format(source)
                ) as copied,
            ):
                for n, block in enumerate(copied):
                    out.write(block)
                    if n % 1000 == 0:
                        context.check()
    except psycopg.Error as error:
        raise ToolError(f"{place.shown} cannot be read: {first_line(error)}") from None
    lost = _from_csv(connection, target, columns)
    return (f"PostgreSQL table {schema}.{table}, read-only", *lost)


def _from_csv(connection: duckdb.DuckDBPyConnection, source: Path, columns: Sequence[tuple[str, str]]) -> list[str]:
    """A table from exact CSV (an empty cell in quotes is an empty text, one without is missing); notes on values out of range."""
    if not columns:
        raise ToolError("The table has no columns.")
    texts = ", ".join(f"{literal(f'c{n}')}: 'VARCHAR'" for n in range(len(columns)))
    read = (
        f"read_csv({literal(str(source))}, header = false, columns = {{{texts}}}, auto_detect = false, delim = ',', "
        "quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, max_line_size = 1000000000, "
        "parallel = false, strict_mode = true)"
    )
    made, checks = [], []
    for n, (name, kind) in enumerate(columns):
        cell = f"c{n}"
        if kind == "BOOLEAN":
            made.append(f"({cell} = 't') AS {quoted(name)}")
        elif kind == "VARCHAR":
            made.append(f"{cell} AS {quoted(name)}")
        else:
            value = f"TRY_CAST({cell} AS {kind})"
            if kind == "TIMESTAMPTZ":
                value = f"CAST(timezone('UTC', {value}) AS TIMESTAMP)"
            if kind in ("DATE", "TIMESTAMP", "TIMESTAMPTZ"):  # `infinity` is no day
                value = f"CASE WHEN isfinite({value}) THEN {value} END"
            made.append(f"{value} AS {quoted(name)}")
            checks.append((name, f"{cell} IS NOT NULL AND ({value}) IS NULL"))
    counted = ", ".join(f"count(*) FILTER ({c})" for _, c in checks) or "0"
    lost = connection.execute(f"SELECT {counted} FROM {read}").fetchone() or ()
    connection.execute(f"CREATE TABLE data AS SELECT {', '.join(made)} FROM {read}")
    counts = [(name, n) for (name, _), n in zip(checks, lost, strict=False) if n]
    return [f"{n:,} values of {name} read as missing: out of the range of this engine" for name, n in counts]


def _mysql(connection: duckdb.DuckDBPyConnection, context: Context, place: Place, folder: Path) -> tuple[str, ...]:
    import pyarrow as pa

    with _mysql_server(place) as server:
        import pymysql

        try:
            with server.cursor() as cursor:
                cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
                cursor.execute("SHOW TABLES")
                names = [("", r[0]) for r in cursor.fetchall()]
            _, table = _chosen(names, place, "")
            with server.cursor(pymysql.cursors.SSCursor) as cursor:
                cursor.execute(f"SELECT * FROM `{table.replace('`', '``')}`")
                titles = [(d[0], _arrow_type(pa, d[1])) for d in cursor.description]
                made = False
                while (rows := cursor.fetchmany(BATCH)) or not made:
                    context.check()
                    columns = zip(*rows, strict=True) if rows else [()] * len(titles)
                    arrays = [_values(pa, c, kind) for c, (_, kind) in zip(columns, titles, strict=True)]
                    connection.register("incoming", pa.Table.from_arrays(arrays, names=[t for t, _ in titles]))
                    how = "INSERT INTO data" if made else "CREATE TABLE data AS"
                    connection.execute(f"{how} SELECT * FROM incoming")
                    connection.unregister("incoming")
                    made = True
        except pymysql.MySQLError as error:
            raise ToolError(f"{place.shown} cannot be read: {_told(error)}") from None
    return (f"MySQL table {table}, read-only",)


@contextmanager
def _mysql_server(place: Place) -> Iterator[Any]:
    try:
        import pymysql
    except ImportError:
        raise ToolError("MySQL needs its driver: pip install 'opsmith[mysql]'.") from None
    parts = urlsplit(place.address)
    try:
        server = pymysql.connect(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 3306,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.strip("/")),
            connect_timeout=CONNECT_SECONDS,
            local_infile=False,
        )
    except (pymysql.MySQLError, OSError, ValueError) as error:
        raise ToolError(f"{place.shown} cannot be reached: {_told(error)}") from None
    try:
        yield server
    finally:
        server.close()


def _told(error: BaseException) -> str:
    """What a MySQL error says, without its number."""
    return str(error.args[1] if len(error.args) > 1 else error).splitlines()[0][:160]


def _arrow_type(pa: Any, code: int) -> Any:
    """The Arrow type for a type of MySQL; what has none is read as text."""
    from pymysql.constants import FIELD_TYPE as kind

    if code in (kind.TINY, kind.SHORT, kind.INT24, kind.LONG, kind.LONGLONG, kind.YEAR):
        return pa.int64()
    if code in (kind.FLOAT, kind.DOUBLE, kind.DECIMAL, kind.NEWDECIMAL):
        return pa.float64()
    if code in (kind.DATETIME, kind.TIMESTAMP):
        return pa.timestamp("us")
    return pa.date32() if code == kind.DATE else pa.string()


def _values(pa: Any, column: Sequence[Any], kind: Any) -> Any:
    """A column of Python values as Arrow; numbers beyond 64 bits and days such as 0000-00-00 are missing."""
    if pa.types.is_floating(kind):
        return pa.array([None if v is None else float(v) for v in column], kind)
    if pa.types.is_string(kind):
        return pa.array([None if v is None else v.hex() if isinstance(v, bytes) else str(v) for v in column], kind)
    if pa.types.is_integer(kind):
        return pa.array([v if v is None or -(1 << 63) <= v < 1 << 63 else None for v in column], kind)
    return pa.array([v if not isinstance(v, str) else None for v in column], kind)  # 0000-00-00 is no day


def _chosen(found: Sequence[tuple[str, str]], place: Place, usual: str) -> tuple[str, str]:
    """The schema and table that a place names, forgiving case."""
    known = [f"{s}.{t}" if s and s != usual else t for s, t in found]
    wanted = place.part.strip()
    if not wanted:
        if len(found) == 1:
            return found[0]
        if not found:
            raise ToolError(f"{place.shown} has no table that this user may read.")
        raise NeedsAnswer(
            f"{place.shown} has {len(found)} tables. Which one? Say it as {place.shown}:TABLE.",
            [f"{place.shown}:{n}" for n in known[:12]],
        )
    for exact in (True, False):
        for (schema, table), name in zip(found, known, strict=True):
            names = (name, table if schema == usual else "", f"{schema}.{table}")
            if wanted in names if exact else wanted.casefold() in [n.casefold() for n in names]:
                return schema, table
    raise ToolError(f"{place.shown} is no table of that database. It has: {', '.join(known[:20]) or 'none'}.")
