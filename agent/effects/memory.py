"""Forget facts: gone from the record, the index, results and conversations; the audit keeps hashes only."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opsmith.agent.effects import Effect, Outcome, Place
from opsmith.tools.contract import ToolError


def _state(arguments: Mapping[str, Any], project: Path) -> str:
    return json.dumps(arguments["facts"], sort_keys=True)


def _forget(arguments: Mapping[str, Any], place: Place) -> Outcome:
    wanted = dict(arguments["facts"])
    texts = {f["id"]: f["text"] for f in place.memory.facts() if f["id"] in wanted}
    for fact_id, text in texts.items():
        if hashlib.sha256(text.encode()).hexdigest() != wanted[fact_id]:
            raise ToolError("A fact was changed after the preview. Ask again to see it anew.")
    gone = place.memory.forget(list(texts))
    for text in gone:
        purge_text(place.home, text)
    return Outcome(
        f"Forgot {len(wanted)} facts." if len(wanted) != 1 else "Forgot one fact.", (), {"facts": sorted(wanted)}
    )


def purge_text(home: Path, text: str) -> int:
    """Overwrite a text in every SQLite file under .opsmith, plain or as JSON writes it; the number of cells changed.

    Each copy is replaced by as many bytes of `x`, so that checkpoints (length-prefixed msgpack) stay readable.
    """
    changed = 0
    forms = {text.encode(), json.dumps(text)[1:-1].encode(), json.dumps(text, ensure_ascii=False)[1:-1].encode()}
    for path in home.glob("*.db"):
        connection = sqlite3.connect(path, timeout=30)
        try:
            connection.execute("PRAGMA secure_delete=ON")
            changed += sum(_purge_table(connection, table, forms) for table in _tables(connection))
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("VACUUM")
        finally:
            connection.close()
    return changed


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [
        r[0]
        for r in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    ]


def _purge_table(connection: sqlite3.Connection, table: str, forms: set[bytes]) -> int:
    columns = [r[1] for r in connection.execute(f'PRAGMA table_info("{table}")')]
    changed = 0
    for column in columns:
        for form in forms:
            sql = f'SELECT rowid, "{column}" FROM "{table}" WHERE instr(CAST("{column}" AS BLOB), ?) > 0'
            for row, value in connection.execute(sql, (form,)).fetchall():
                raw = value if isinstance(value, bytes) else str(value).encode()
                clean: bytes | str = raw.replace(form, b"x" * len(form))
                if isinstance(value, str):
                    clean = bytes(clean).decode()  # type: ignore[arg-type]
                connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (clean, row))
                changed += 1
    return changed


EFFECTS = (Effect("forget", "forget", _state, _forget),)
