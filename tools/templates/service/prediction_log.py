"""The prediction log: one JSON line a row, written by a thread of its own so that no request ever waits for a disk.

MODEL/predictions-2026-11-25T10-HOST-1.jsonl: request_id, time (UTC), model, version, in_COLUMN one each, prediction,
score, latency_ms. MODEL/outcomes-...jsonl: request_id, time, outcome. A file a day-hour, a new one beyond 64 MiB, the
oldest removed beyond the total that is allowed. When the queue is full, rows are dropped and counted, never waited for.
"""

from __future__ import annotations

import json
import math
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import logs

MOST_WAITING = 10_000  # rows
MOST_FILE_BYTES = 64 << 20


class PredictionLog:
    """`on` says whether the folder can be written; a service whose folder cannot still answers."""

    def __init__(
        self, folder: Path, model: str, version: str, most_bytes: int, count: Callable[[str, int], None]
    ) -> None:
        self._folder, self._model, self._version = folder / model, model, version
        self._most_bytes, self._count = most_bytes, count
        self._waiting: deque[tuple[str, Sequence[Any]]] = deque()
        self._rows = 0
        self._wake, self._stop, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._part: dict[str, tuple[str, int]] = {}  # kind -> (hour, number of the file within it)
        self.on = self._usable()
        self._thread = threading.Thread(target=self._work, name="prediction-log", daemon=True)
        if self.on:
            self._thread.start()

    def add(self, ids: Sequence[str], columns: Mapping[str, list[Any]], answers: Any, latency_ms: float) -> None:
        """Queue the rows of one answer; dropped when too many wait."""
        self._put("predictions", len(ids), (time.time(), ids, columns, answers, latency_ms))

    def add_outcomes(self, outcomes: Sequence[Mapping[str, Any]]) -> bool:
        """Queue outcomes; False when too many rows wait, so that the sender tries again."""
        return self._put("outcomes", len(outcomes), (time.time(), outcomes))

    def close(self) -> None:
        """Write what waits and stop."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _put(self, kind: str, rows: int, item: Sequence[Any]) -> bool:
        if not self.on:
            return False
        with self._lock:
            if self._rows + rows > MOST_WAITING:
                self._count("dropped", rows)
                return False
            self._rows += rows
            self._waiting.append((kind, item))
        self._wake.set()
        return True

    def _usable(self) -> bool:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            probe = self._folder / f".probe-{os.getpid()}"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            logs.say("warning", "the prediction log is off", folder=str(self._folder), reason=error.strerror)
            return False
        return True

    def _work(self) -> None:
        """Every quarter of a second, what came in, in one write a kind of row."""
        while not self._stop.wait(0.25) or self._waiting:
            self._wake.wait(None if not self._stop.is_set() else 0)
            self._wake.clear()
            with self._lock:
                taken, self._rows = list(self._waiting), 0
                self._waiting.clear()
            for kind in ("predictions", "outcomes"):
                lines = [line for k, item in taken if k == kind for line in self._lines(kind, item)]
                if lines:
                    self._write(kind, lines)

    def _lines(self, kind: str, item: Sequence[Any]) -> list[str]:
        moment = datetime.fromtimestamp(item[0], UTC).replace(tzinfo=None).isoformat() + "Z"
        if kind == "outcomes":
            return [
                json.dumps({"request_id": o["request_id"], "time": moment, "outcome": o["outcome"]}) for o in item[1]
            ]
        _, ids, columns, answers, latency = item
        made = []
        for number, request_id in enumerate(ids):
            row = {"request_id": request_id, "time": moment, "model": self._model, "version": self._version}
            for name, values in columns.items():
                value = values[number]
                row["in_" + name] = None if isinstance(value, float) and math.isnan(value) else value
            row["prediction"] = answers.predictions[number]
            row["score"] = answers.scores[number] if answers.scores else None
            row["latency_ms"] = round(latency, 3)
            made.append(json.dumps(row, ensure_ascii=False))
        return made

    def _write(self, kind: str, lines: list[str]) -> None:
        hour = datetime.now(UTC).strftime("%Y-%m-%dT%H")
        name, number = self._part.get(kind, (hour, 1))
        if name != hour:
            number = 1
        data = ("\n".join(lines) + "\n").encode()
        try:
            path = self._path(kind, hour, number)
            while path.exists() and path.stat().st_size + len(data) > MOST_FILE_BYTES:
                number += 1
                path = self._path(kind, hour, number)
            with path.open("ab") as out:
                out.write(data)
            self._part[kind] = (hour, number)
            self._count("written", len(lines))
            self._make_room(path)
        except OSError as error:
            self._count("failed", len(lines))
            logs.say("error", "the prediction log cannot be written", reason=error.strerror, rows=len(lines))

    def _path(self, kind: str, hour: str, number: int) -> Path:
        return self._folder / f"{kind}-{hour}-{socket.gethostname()}-{number}.jsonl"

    def _make_room(self, current: Path) -> None:
        """Remove the oldest files of predictions while the folder holds more than is allowed."""
        files = sorted(self._folder.glob("predictions-*.jsonl"))
        total = sum(f.stat().st_size for f in files)
        for file in files:
            if total <= self._most_bytes or file == current:
                return
            total -= file.stat().st_size
            file.unlink()
            logs.say("warning", "an old part of the prediction log was removed", file=file.name)
