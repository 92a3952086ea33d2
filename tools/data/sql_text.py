"""Names, texts and errors as they stand in SQL and in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def quoted(name: str) -> str:
    """A column name as an SQL identifier; no name can end the quoting.

    >>> quoted('a "b"')
    '"a ""b\"""'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__


def replace_columns(connection: duckdb.DuckDBPyConnection, replaced: str) -> None:
    """Put a view over `data` that shows some of its columns otherwise."""
    kind = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'data'").fetchone()
    views = connection.execute("SELECT count(*) FROM duckdb_views() WHERE view_name LIKE 'data%'").fetchone()
    under = f"data_{(views or (0,))[0]}"
    connection.execute(f"ALTER {'TABLE' if kind and kind[0] else 'VIEW'} data RENAME TO {under}")
    connection.execute(f"CREATE VIEW data AS SELECT * REPLACE ({replaced}) FROM {under}")
