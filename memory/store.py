"""What the project remembers: facts in a SQLite record, found through a Chroma index that can always be rebuilt."""

from __future__ import annotations

import re
import sqlite3
import threading
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opsmith.memory import embedders
from opsmith.memory.index import Index
from opsmith.memory.redaction import mask, plain

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (
    id TEXT PRIMARY KEY, text TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, author TEXT NOT NULL,
    thread TEXT NOT NULL, at TEXT NOT NULL, replaces TEXT, replaced_by TEXT)
"""
_SUBJECT = re.compile(r"^(.{3,80}?)(?:\s+(?:is|are|was|means|equals|ist|heißt|es|est)\b|\s*[:=])", re.IGNORECASE)


class Memory:
    """Facts of one project. `record` (SQLite) is the truth; the index only finds.

    project: its folder. settings: flat settings (memory.chroma_url, memory.embeddings, base_url).
    """

    def __init__(self, project: Path, settings: Mapping[str, Any]) -> None:
        self.home = project / ".opsmith"
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._record = sqlite3.connect(
            self.home / "memory.db", check_same_thread=False, isolation_level=None, timeout=30
        )
        self._record.execute("PRAGMA journal_mode=WAL")
        self._record.execute("PRAGMA secure_delete=ON")
        self._record.execute(_SCHEMA)
        name = str(settings.get("memory.embeddings") or "hashed")
        self._index = Index(
            self.home, name, lambda: embedders.make(name, settings), str(settings.get("memory.chroma_url") or "")
        )

    def remember(self, note: Mapping[str, Any], author: str, thread: str) -> dict[str, Any]:
        """Keep a note {text, source, kind}; secrets masked. The same text is kept once; a fact with the same subject
        ("the label is …", "target: …") replaces the older one, which stays in the record as replaced."""
        text = mask(plain(str(note["text"]))).strip()
        kind = str(note.get("kind", "fact"))
        with self._lock:
            same = self._one("SELECT * FROM facts WHERE text = ? AND replaced_by IS NULL", (text,))
            if same:
                return same
            older = self._about_the_same(text, kind)
            fact = {
                "id": uuid.uuid4().hex[:12], "text": text, "source": str(note.get("source", "")), "kind": kind,
                "author": author, "thread": thread, "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "replaces": older["id"] if older else None, "replaced_by": None,
            }  # fmt: skip
            self._record.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", tuple(fact.values()))
            if older:
                self._record.execute("UPDATE facts SET replaced_by = ? WHERE id = ?", (fact["id"], older["id"]))
                self._index.remove([older["id"]])
            self._index.add([fact])
            return fact

    def correct(self, fact_id: str, text: str, author: str, thread: str) -> dict[str, Any]:
        """Replace one fact by another text; KeyError when there is none of that id."""
        with self._lock:
            older = self._one("SELECT * FROM facts WHERE id = ? AND replaced_by IS NULL", (fact_id,))
            if older is None:
                raise KeyError(fact_id)
            fact = self.remember({"text": text, "source": older["source"], "kind": older["kind"]}, author, thread)
            if fact["id"] != fact_id:
                self._record.execute("UPDATE facts SET replaced_by = ? WHERE id = ?", (fact["id"], fact_id))
                self._record.execute("UPDATE facts SET replaces = ? WHERE id = ?", (fact_id, fact["id"]))
                self._index.remove([fact_id])
            return fact

    def recall(self, topic: str, limit: int = 5) -> list[dict[str, Any]]:
        """The facts nearest to a topic, best first, each with `score` from 0 to 1; [] when nothing is near."""
        with self._lock:
            facts = self.facts()
            if not facts or not topic.strip():
                return []
            scores = self._index.scores(topic, facts, limit * 4)
            words = _words(topic)
            ranked = []
            for fact in facts:
                shared = len(words & _words(fact["text"])) / (len(words) or 1)
                score = max(scores.get(fact["id"], 0.0), 0.0) * 0.7 + shared * 0.3
                if score >= 0.12:
                    ranked.append({**fact, "score": round(score, 3)})
            return sorted(ranked, key=lambda f: (-f["score"], f["at"]))[:limit]

    def facts(self) -> list[dict[str, Any]]:
        """Every fact that holds, oldest first."""
        return self._all("SELECT * FROM facts WHERE replaced_by IS NULL ORDER BY at, id")

    def forget(self, ids: Sequence[str]) -> list[str]:
        """Delete facts and what they replaced from record and index, bytes overwritten; the texts that are gone."""
        with self._lock:
            gone: list[str] = []
            todo = list(ids)
            while todo:
                fact = self._one("SELECT * FROM facts WHERE id = ?", (todo.pop(),))
                if fact:
                    gone.append(fact["text"])
                    self._record.execute("DELETE FROM facts WHERE id = ?", (fact["id"],))
                    todo += [f["id"] for f in self._all("SELECT * FROM facts WHERE replaced_by = ?", (fact["id"],))]
            self._record.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._record.execute("VACUUM")
            self.rebuild()
            return gone

    def rebuild(self) -> int:
        """Make the index anew from the record; the number of facts in it."""
        with self._lock:
            facts = self.facts()
            self._index.rebuild(facts)
            return len(facts)

    def state(self) -> str:
        """How facts are found here, for the doctor."""
        return self._index.state()

    def close(self) -> None:
        with self._lock:
            self._index.close()
            self._record.close()

    def _about_the_same(self, text: str, kind: str) -> dict[str, Any] | None:
        subject = _SUBJECT.match(text)
        if kind not in ("fact", "decision") or subject is None:
            return None
        wanted = subject.group(1).casefold().strip()
        for fact in reversed(self.facts()):
            other = _SUBJECT.match(fact["text"])
            if fact["kind"] == kind and other and other.group(1).casefold().strip() == wanted:
                return fact
        return None

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        cursor = self._record.execute(sql, tuple(values))
        names = [d[0] for d in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _one(self, sql: str, values: Sequence[Any] = ()) -> dict[str, Any] | None:
        found = self._all(sql, values)
        return found[0] if found else None


_COMMON = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "is",
        "are",
        "was",
        "were",
        "for",
        "to",
        "in",
        "on",
        "at",
        "and",
        "or",
        "our",
        "we",
        "you",
        "i",
        "it",
        "this",
        "that",
        "what",
        "which",
        "how",
        "my",
        "me",
        "do",
        "did",
        "does",
        "with",
        "about",
    ]
)


def _words(text: str) -> set[str]:
    """Words that carry meaning, lower case, a plural s taken off."""
    found = re.findall(r"[\w.]+", text.casefold())
    return {w[:-1] if len(w) > 3 and w.endswith("s") else w for w in found if w not in _COMMON}
