"""What models once answered about texts, kept by the content's hash: nothing is asked or paid for twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

_AT_ONCE = 500


class Answers:
    """A cache in one SQLite file below .opsmith/; without a folder it holds nothing and keeps nothing.

    about: whose answers, such as `embed:text-embedding-3-small` or `entities:gpt-4.1-mini:person,place:1`; what changes
    the answer belongs into it.
    """

    def __init__(self, folder: Path | str | None, about: str):
        self.path = Path(folder) / "answers.sqlite" if folder else None
        self.about = about

    def known(self, texts: Iterable[str]) -> dict[str, bytes]:
        """The kept answers of those texts that have one."""
        if self.path is None or not self.path.exists():
            return {}
        keys = {self.key(t): t for t in texts}
        found: dict[str, bytes] = {}
        with closing(sqlite3.connect(self.path, timeout=30)) as store:
            wanted = list(keys)
            for start in range(0, len(wanted), _AT_ONCE):
                part = wanted[start : start + _AT_ONCE]
                marks = ", ".join("?" * len(part))
                rows = store.execute(f"SELECT key, answer FROM answers WHERE key IN ({marks})", part)
                found.update({keys[key]: answer for key, answer in rows})
        return found

    def keep(self, answers: Mapping[str, bytes]) -> None:
        """Keep the answers of these texts; one that is there already stays."""
        if self.path is None or not answers:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=30)) as store, store:
            store.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer BLOB NOT NULL)")
            store.executemany(
                "INSERT OR IGNORE INTO answers VALUES (?, ?)", [(self.key(t), a) for t, a in answers.items()]
            )

    def key(self, text: str) -> str:
        """sha256 over whose answers these are, and the text."""
        return hashlib.sha256(f"{self.about}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
