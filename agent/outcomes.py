"""Add to a prediction log: what really happened (`opsmith log-outcome`), and predictions of callers without a service."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opsmith.tools.contract import ToolError
from opsmith.tools.data import prediction_log


def log_outcome(project: Path, model: str, request_id: str, outcome: Any, time: datetime | None = None) -> Path:
    """Say what really came of one prediction; the file it was added to. A later one for the same request replaces it.

    outcome: the true label or value. time: when it became known (UTC), now when not given. ToolError when the model
    has no prediction log, as the outcome could never be joined.
    """
    if not prediction_log.exists(project, model):
        known = sorted(p.name for p in (project / prediction_log.FOLDER).glob("*") if p.is_dir())
        told = f" There are logs of {', '.join(known)}." if known else ""
        raise ToolError(f"{model} has no prediction log, so there is nothing to add an outcome to.{told}")
    if not str(request_id).strip():
        raise ToolError("An outcome needs the request_id of its prediction.")
    row = {"request_id": str(request_id), "time": (time or datetime.now(UTC)), "outcome": outcome}
    return append(project, model, "outcomes", [row])


def append(project: Path, model: str, kind: str, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Append rows as JSON lines to today's file of that kind (`predictions` or `outcomes`); its path.

    The rows are one write to a file opened for appending, so readers and other writers never meet half of them;
    after a crash at most one line is cut, which readers skip.
    """
    path = prediction_log.folder(project, model) / f"{kind}-{datetime.now(UTC).date().isoformat()}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps({k: _plain(v) for k, v in row.items()}, ensure_ascii=False) + "\n" for row in rows)
    number = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(number).st_size
        cut = size > 0 and os.pread(number, 1, size - 1) != b"\n"
        os.write(number, (b"\n" if cut else b"") + text.encode())
        os.fsync(number)
    finally:
        os.close(number)
    return path


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return moment.replace(tzinfo=None).isoformat() + "Z"
    if hasattr(value, "item"):
        value = value.item()  # a NumPy scalar
    if isinstance(value, float) and value != value:
        return None
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
