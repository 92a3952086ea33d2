"""What a monitor remembers between runs: last run, breaches in a row, alerts told and alerts still to be delivered."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opsmith.agent.effects.messages import Alert
from opsmith.tools.data.monitors import Monitor

KEPT_RUNS = 100


@dataclass
class MonitorState:
    """Kept as JSON in .opsmith/monitors/NAME.json, replaced whole."""

    last_run: str = ""
    breaches: int = 0  # in a row
    goods: int = 0  # in a row
    alerted: bool = False
    alerted_at: str = ""
    fingerprint: str = ""
    waiting: list[dict[str, Any]] = field(default_factory=list)  # alerts not delivered yet
    proposed: list[str] = field(default_factory=list)  # approvals that this breach asked for
    runs: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def load(cls, project: Path, name: str) -> MonitorState:
        """The state on disk; a fresh one when there is none or it is damaged."""
        try:
            kept = json.loads(_path(project, name).read_text(encoding="utf-8"))
            return cls(**{f.name: kept[f.name] for f in dataclasses.fields(cls) if f.name in kept})
        except (OSError, ValueError, TypeError):
            return cls()

    def save(self, project: Path, name: str) -> None:
        path = _path(project, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        self.runs = self.runs[-KEPT_RUNS:]
        part.write_text(json.dumps(dataclasses.asdict(self), ensure_ascii=False, default=str), encoding="utf-8")
        part.replace(path)

    def note(self, monitor: Monitor, *, breached: bool, fingerprint: str, now: datetime) -> str:
        """Count one run; what is to be told: `breach`, `recovered` or nothing.

        A breach is told after `monitor.after` in a row, and again only when it is another one or `repeat_hours` have
        passed; it is over after `monitor.recover` good runs in a row.
        """
        if breached:
            self.breaches, self.goods = self.breaches + 1, 0
            if self.breaches < monitor.after:
                return ""
            told_ago = (now - _moment(self.alerted_at)).total_seconds() / 3600 if self.alerted_at else float("inf")
            if self.alerted and fingerprint == self.fingerprint and told_ago < monitor.repeat_hours:
                return ""
            self.alerted, self.alerted_at, self.fingerprint = True, now.isoformat(), fingerprint
            return "breach"
        self.goods, self.breaches = self.goods + 1, 0
        if self.alerted and self.goods >= monitor.recover:
            self.alerted, self.alerted_at, self.fingerprint, self.proposed = False, "", "", []
            return "recovered"
        return ""

    def wait(self, alert: Alert) -> None:
        """Keep an alert until it is delivered."""
        self.waiting.append(dataclasses.asdict(alert))

    def undelivered(self) -> list[Alert]:
        return [
            Alert(**{**a, "breaches": tuple(a.get("breaches", ())), "approvals": tuple(a.get("approvals", ()))})
            for a in self.waiting
        ]


def quiet(hours: str, now: datetime) -> bool:
    """Whether a local time lies in quiet hours such as 22-7 (from 22:00 until 7:00); never with an empty text.

    >>> quiet("22-7", datetime(2026, 1, 1, 23)), quiet("22-7", datetime(2026, 1, 1, 7)), quiet("", datetime(2026, 1, 1))
    (True, False, False)
    """
    first, _, last = hours.partition("-")
    if not (first.strip().isdigit() and last.strip().isdigit()):
        return False
    start, end = int(first) % 24, int(last) % 24
    if start <= end:
        return start <= now.hour < end
    return now.hour >= start or now.hour < end


def _path(project: Path, name: str) -> Path:
    return project / ".opsmith" / "monitors" / f"{name}.json"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
