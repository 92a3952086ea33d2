"""What Slack asked for, kept until it is done: messages and answers in order, whatever worker takes them.

An event is written here before Slack gets its acknowledgement, so a retried or doubled one is known at once, and nothing
is lost when a worker dies: its row is found again by the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from opsmith.agent.store import Store, now

SCHEMA = """
CREATE TABLE IF NOT EXISTS slack_jobs (
    id TEXT PRIMARY KEY, thread TEXT NOT NULL, place TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,
    state TEXT NOT NULL, at TEXT NOT NULL, done TEXT);
CREATE INDEX IF NOT EXISTS slack_jobs_open ON slack_jobs (state, thread, place);
CREATE TABLE IF NOT EXISTS slack_threads (
    thread TEXT PRIMARY KEY, team TEXT NOT NULL, channel TEXT NOT NULL, root TEXT NOT NULL, starter TEXT NOT NULL,
    status TEXT NOT NULL, stop TEXT NOT NULL, used TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS slack_cards (
    approval TEXT PRIMARY KEY, thread TEXT NOT NULL, channel TEXT NOT NULL, ts TEXT NOT NULL, root TEXT NOT NULL,
    digest TEXT NOT NULL, shown TEXT NOT NULL)
"""

Kind = Literal["message", "decision"]


@dataclass(frozen=True)
class Job:
    """One thing to do in a thread. place: Slack's timestamp, which orders the jobs of a thread."""

    id: str
    thread: str
    place: str
    kind: Kind
    payload: Mapping[str, Any] = field(default_factory=dict)
    begun: bool = False  # a worker had begun it and died


class Queue:
    """The jobs, threads and cards of the Slack door, in the project's store."""

    def __init__(self, project: Path, url: str = "") -> None:
        self.store = Store(project, url)
        self.store.define(SCHEMA)
        self._db = self.store.database

    def put(self, job: Job) -> bool:
        """Keep a job; False when it is known already (a retry, or the same message as another event)."""
        sql = "INSERT INTO slack_jobs VALUES (?, ?, ?, ?, ?, 'waiting', ?, NULL) ON CONFLICT (id) DO NOTHING"
        payload = json.dumps(dict(job.payload), ensure_ascii=False)
        return self._db.execute(sql, (job.id, job.thread, job.place, job.kind, payload, now())) == 1

    def take(self, thread: str) -> Job | None:
        """The oldest open job of a thread. Only for who holds the thread's lock: one found running was left by the dead."""
        sql = "SELECT * FROM slack_jobs WHERE thread = ? AND state IN ('waiting', 'running') ORDER BY place, at LIMIT 1"
        row = self._db.row(sql, (thread,))
        if row is None:
            return None
        self._db.execute("UPDATE slack_jobs SET state = 'running' WHERE id = ?", (row["id"],))
        begun = row["state"] == "running"
        return Job(row["id"], row["thread"], row["place"], row["kind"], json.loads(row["payload"]), begun)

    def finish(self, job_id: str, state: str = "done") -> None:
        """The job is over: done, failed or stopped. What was said is not kept here any longer."""
        sql = "UPDATE slack_jobs SET state = ?, done = ?, payload = '{}' WHERE id = ?"
        self._db.execute(sql, (state, now(), job_id))

    def waits(self, thread: str) -> bool:
        """Whether something is open in a thread."""
        sql = "SELECT id FROM slack_jobs WHERE thread = ? AND state IN ('waiting', 'running') LIMIT 1"
        return self._db.row(sql, (thread,)) is not None

    def open_threads(self) -> list[str]:
        """Threads in which something is to be done, the longest waiting first."""
        sql = """SELECT thread FROM slack_jobs WHERE state IN ('waiting', 'running') GROUP BY thread ORDER BY min(at)"""
        return [r["thread"] for r in self._db.rows(sql)]

    def newer(self, job: Job) -> bool:
        """Whether a person wrote again in the thread since this message."""
        sql = """SELECT id FROM slack_jobs WHERE thread = ? AND state = 'waiting' AND kind = 'message' AND place > ?"""
        return self._db.row(sql, (job.thread, job.place)) is not None

    def forget_old(self, days: int = 14) -> int:
        """Delete what was finished long ago; Slack retries an event for an hour at most. How many jobs are gone."""
        limit = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        return self._db.execute("DELETE FROM slack_jobs WHERE done IS NOT NULL AND done < ?", (limit,))

    # -- threads

    def own(self, thread: str, team: str, channel: str, root: str, starter: str) -> None:
        """This thread is one of ours from now on; plain replies in it are for us."""
        sql = """INSERT INTO slack_threads VALUES (?, ?, ?, ?, ?, '', '', ?)
                 ON CONFLICT (thread) DO UPDATE SET used = excluded.used"""
        self._db.execute(sql, (thread, team, channel, root, starter, now()))

    def owned(self, thread: str) -> dict[str, Any] | None:
        """Where a thread of ours lies in Slack, and its status; None when it is not ours."""
        return self._db.row("SELECT * FROM slack_threads WHERE thread = ?", (thread,))

    def set_status(self, thread: str, status: str) -> None:
        self._db.execute("UPDATE slack_threads SET status = ? WHERE thread = ?", (status, thread))

    def idle(self, hours: float) -> list[dict[str, Any]]:
        """Threads that nobody wrote in for so long, not closed yet."""
        limit = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
        sql = "SELECT * FROM slack_threads WHERE used < ? AND status NOT IN ('closed', 'processing')"
        return self._db.rows(sql, (limit,))

    def stop(self, thread: str, place: str) -> None:
        """A person pressed stop at that moment: what waits from before is dropped, what runs is told."""
        self._db.execute("UPDATE slack_threads SET stop = ? WHERE thread = ?", (place, thread))
        sql = "UPDATE slack_jobs SET state = 'stopped', done = ? WHERE thread = ? AND state = 'waiting' AND place <= ?"
        self._db.execute(sql, (now(), thread, place))

    def stopped(self, job: Job) -> bool:
        """Whether somebody pressed stop after this message was written."""
        row = self.owned(job.thread)
        return row is not None and row["stop"] > job.place

    # -- cards

    def keep_card(self, approval: str, thread: str, channel: str, ts: str, root: str, digest: str) -> None:
        """Remember where an approval's card stands and what it showed."""
        sql = """INSERT INTO slack_cards VALUES (?, ?, ?, ?, ?, ?, 'pending') ON CONFLICT (approval) DO NOTHING"""
        self._db.execute(sql, (approval, thread, channel, ts, root, digest))

    def card(self, approval: str) -> dict[str, Any] | None:
        return self._db.row("SELECT * FROM slack_cards WHERE approval = ?", (approval,))

    def outdated_cards(self) -> list[dict[str, Any]]:
        """Cards that show another state than their approval has, with the approval's row."""
        self._db.execute("UPDATE approvals SET state = 'expired' WHERE state = 'pending' AND expires < ?", (now(),))
        return self._db.rows(
            """SELECT c.channel, c.ts, c.shown, a.* FROM slack_cards c JOIN approvals a ON a.id = c.approval
               WHERE c.shown <> a.state"""
        )

    def card_shows(self, approval: str, state: str, before: str) -> bool:
        """Claim the rewriting of a card from one state to the next; False when another worker has it."""
        sql = "UPDATE slack_cards SET shown = ? WHERE approval = ? AND shown = ?"
        return self._db.execute(sql, (state, approval, before)) == 1

    def close(self) -> None:
        self.store.close()
