"""What survives a restart besides the checkpoints: threads, approvals, journal, results, usage, seen events."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opsmith.agent.database import Database

SCHEMA_LOCK = 0x6F707374  # the advisory lock under which tables are made on PostgreSQL

_SCHEMA = """
CREATE TABLE IF NOT EXISTS threads (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, created TEXT NOT NULL, used TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS approvals (
    id TEXT PRIMARY KEY, thread TEXT NOT NULL, call_id TEXT NOT NULL, number INTEGER NOT NULL,
    kind TEXT NOT NULL, class TEXT NOT NULL, target TEXT NOT NULL, action TEXT NOT NULL, digest TEXT NOT NULL,
    before_state TEXT NOT NULL, tool TEXT NOT NULL, tool_arguments TEXT NOT NULL,
    proposed_by TEXT NOT NULL, proposed_at TEXT NOT NULL, expires TEXT NOT NULL, state TEXT NOT NULL,
    decided_by TEXT, decided_at TEXT, door TEXT, reason TEXT, handled INTEGER NOT NULL DEFAULT 0,
    UNIQUE (thread, call_id, number));
CREATE TABLE IF NOT EXISTS journal (
    approval_id TEXT PRIMARY KEY, thread TEXT NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL,
    state TEXT NOT NULL, started TEXT NOT NULL, finished TEXT, message TEXT, paths TEXT, data TEXT, undo TEXT);
CREATE TABLE IF NOT EXISTS results (
    handle TEXT PRIMARY KEY, thread TEXT NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL,
    result TEXT NOT NULL, made TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS usage (
    thread TEXT NOT NULL, at TEXT NOT NULL, model TEXT NOT NULL, input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL, seconds REAL NOT NULL);
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rules (folder TEXT PRIMARY KEY, by_whom TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS feedback (thread TEXT NOT NULL, at TEXT NOT NULL, by_whom TEXT NOT NULL, value TEXT NOT NULL)
"""


def now() -> str:
    """The present moment in UTC as ISO 8601 with microseconds, so that text order is time order."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Store:
    """The project's record of what was said, proposed, decided and done."""

    def __init__(self, project: Path, url: str = "") -> None:
        self.home = project / ".opsmith"
        self.home.mkdir(parents=True, exist_ok=True)
        ignore = self.home / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        self.database = Database(self.home, url)
        self.define(_SCHEMA)

    def define(self, schema: str) -> None:
        """Make tables that are not there yet (statements separated by semicolons); safe for workers that start together."""
        with self.database.transaction():
            if self.database.postgres:  # CREATE TABLE IF NOT EXISTS is not safe against itself there
                self.database.execute("SELECT pg_advisory_xact_lock(?)", (SCHEMA_LOCK,))
            self.database.script(schema)

    # -- threads

    def open_thread(self, thread: str, title: str = "") -> None:
        """Note that a thread exists and was used now."""
        moment = now()
        sql = """INSERT INTO threads VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET used = excluded.used"""
        self.database.execute(sql, (thread, title or thread, moment, moment))

    def threads(self) -> list[dict[str, Any]]:
        """Threads, last used first."""
        return self.database.rows("SELECT * FROM threads ORDER BY used DESC")

    def rename_thread(self, thread: str, title: str) -> None:
        self.database.execute("UPDATE threads SET title = ? WHERE id = ?", (title, thread))

    def delete_thread(self, thread: str) -> None:
        """Forget a thread's entry and results; approvals and journal stay, as they are the record of what was done."""
        with self.database.transaction():
            for table in ("results", "usage", "feedback"):
                self.database.execute(f"DELETE FROM {table} WHERE thread = ?", (thread,))
            self.database.execute("DELETE FROM threads WHERE id = ?", (thread,))

    @contextmanager
    def turn(self, thread: str) -> Iterator[None]:
        """One turn of a thread at a time, in whatever process: a file lock, or an advisory lock on PostgreSQL."""
        with self._locked(thread, wait=True):
            yield

    @contextmanager
    def turn_if_free(self, thread: str) -> Iterator[bool]:
        """The same without waiting: False when somebody else is in a turn of that thread."""
        with self._locked(thread, wait=False) as mine:
            yield mine

    @contextmanager
    def _locked(self, name: str, wait: bool) -> Iterator[bool]:
        if self.database.postgres:
            function = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
            found = self.database.row(f"SELECT {function}(hashtextextended(?, 0))::text AS mine", (name,))
            mine = wait or (found or {})["mine"] == "true"
            try:
                yield mine
            finally:
                if mine:
                    self.database.rows("SELECT pg_advisory_unlock(hashtextextended(?, 0))::text", (name,))
            return
        import fcntl
        import hashlib

        folder = self.home / "locks"
        folder.mkdir(exist_ok=True)
        with (folder / hashlib.sha256(name.encode()).hexdigest()[:24]).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    # -- results

    def keep_result(self, thread: str, tool: str, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> str:
        """Keep a tool's result whole; its handle, such as result:profile-3."""
        count = self.database.row("SELECT count(*) AS n FROM results WHERE tool = ?", (tool,))
        handle = f"result:{tool}-{(count or {'n': 0})['n'] + 1}"
        sql = "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (handle) DO NOTHING"
        while not self.database.execute(sql, (handle, thread, tool, _json(arguments), _json(result), now())):
            handle = f"{handle.partition('+')[0]}+{secrets.token_hex(3)}"  # another process took that number meanwhile
        return handle

    def result(self, handle: str) -> dict[str, Any] | None:
        """The whole result behind a handle."""
        name = handle if handle.startswith("result:") else f"result:{handle}"
        found = self.database.row("SELECT * FROM results WHERE handle = ?", (name,))
        return _decoded(found, "arguments", "result") if found else None

    def results(self, thread: str) -> list[dict[str, Any]]:
        """Results of a thread, oldest first."""
        rows = self.database.rows("SELECT * FROM results WHERE thread = ? ORDER BY made", (thread,))
        return [_decoded(r, "arguments", "result") for r in rows]

    # -- usage, seen events, rules, feedback

    def add_usage(self, thread: str, model: str, input_tokens: int, output_tokens: int, seconds: float) -> None:
        values = (thread, now(), model, input_tokens, output_tokens, seconds)
        self.database.execute("INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?)", values)

    def usage(self) -> list[dict[str, Any]]:
        """Tokens and seconds per day, thread and model."""
        return self.database.rows(
            """SELECT substr(at, 1, 10) AS day, thread, model, sum(input_tokens) AS input_tokens,
                      sum(output_tokens) AS output_tokens, sum(seconds) AS seconds, count(*) AS calls
               FROM usage GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
        )

    def first_time(self, event: str) -> bool:
        """Whether this event id is new; true once, in whatever process asks."""
        sql = "INSERT INTO seen VALUES (?, ?) ON CONFLICT (id) DO NOTHING"
        return self.database.execute(sql, (event, now())) == 1

    def allow_folder(self, folder: str, by: str) -> None:
        """Writing below this folder needs no question from now on."""
        sql = "INSERT INTO rules VALUES (?, ?, ?) ON CONFLICT (folder) DO NOTHING"
        self.database.execute(sql, (folder, by, now()))

    def allowed_folders(self) -> list[str]:
        return [r["folder"] for r in self.database.rows("SELECT folder FROM rules ORDER BY folder")]

    def add_feedback(self, thread: str, by: str, value: str) -> None:
        self.database.execute("INSERT INTO feedback VALUES (?, ?, ?, ?)", (thread, now(), by, value))

    # -- journal (written by agent/acting.py)

    def journal(self, limit: int = 50) -> list[dict[str, Any]]:
        """What was done, newest first."""
        rows = self.database.rows("SELECT * FROM journal ORDER BY started DESC LIMIT ?", (limit,))
        return [_decoded(r, "paths", "data", "undo") for r in rows]

    def journal_entry(self, approval_id: str) -> dict[str, Any] | None:
        found = self.database.row("SELECT * FROM journal WHERE approval_id = ?", (approval_id,))
        return _decoded(found, "paths", "data", "undo") if found else None

    def close(self) -> None:
        self.database.close()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _decoded(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {k: json.loads(v) if k in names and isinstance(v, str) else v for k, v in row.items()}
