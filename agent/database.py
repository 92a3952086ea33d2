"""One small door to the store's database: SQLite in the project by default, PostgreSQL by a setting."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opsmith.tools.contract import ToolError


class Database:
    """Runs SQL written with `?` on either engine; every call is thread-safe, `transaction` is exclusive."""

    def __init__(self, home: Path, url: str = "") -> None:
        self._lock = threading.RLock()
        self.postgres = url.startswith(("postgres://", "postgresql://"))
        if url and not self.postgres:
            raise ToolError(
                f"store.url is {url.split(':')[0]}:…, which is not known. Use postgresql://… or leave it empty."
            )
        self._url = url
        self._connection: Any = _postgres(url) if self.postgres else _sqlite(home / "opsmith.db")

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; the number of rows it changed."""
        with self._lock:
            return int(self._run(sql, values).rowcount)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of a query as dictionaries."""
        with self._lock:
            cursor = self._run(sql, values)
            names = [d[0] for d in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def row(self, sql: str, values: Sequence[Any] = ()) -> dict[str, Any] | None:
        """The first row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside happen together or not at all; SQLite takes the write lock at once."""
        with self._lock:
            self._run("BEGIN" if self.postgres else "BEGIN IMMEDIATE", ())
            try:
                yield
            except BaseException:
                self._run("ROLLBACK", ())
                raise
            self._run("COMMIT", ())

    def script(self, sql: str) -> None:
        """Run several statements separated by semicolons (the schema)."""
        with self._lock:
            for statement in filter(None, (part.strip() for part in sql.split(";"))):
                self._run(statement, ())

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _run(self, sql: str, values: Sequence[Any]) -> Any:
        if self.postgres:
            if self._connection.closed and not sql.startswith(
                ("COMMIT", "ROLLBACK")
            ):  # the server was restarted meanwhile
                self._connection = _postgres(self._url)
            if not values:
                return self._connection.execute(sql)
            return self._connection.execute(sql.replace("%", "%%").replace("?", "%s"), tuple(values))
        return self._connection.execute(sql, tuple(values))


def _sqlite(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # an intent row must be on disk before the effect starts
    connection.execute("PRAGMA secure_delete=ON")
    return connection


def _postgres(url: str) -> Any:
    try:
        import psycopg
    except ImportError:
        raise ToolError(
            "store.url names PostgreSQL, but its driver is missing: pip install 'opsmith[postgres]'."
        ) from None
    try:
        return psycopg.connect(url, autocommit=True)
    except psycopg.OperationalError as error:
        raise ToolError(f"The PostgreSQL store could not be reached: {str(error).splitlines()[0]}") from None
