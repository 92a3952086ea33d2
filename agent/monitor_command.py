"""`opsmith monitor run|list` and `opsmith log-outcome` on the command line."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from opsmith.agent import monitoring
from opsmith.agent.outcomes import log_outcome
from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    from opsmith.agent.arguments import Command


def command(given: Command) -> int:
    """Carry out the words; 0 when all is well, 1 for an error, 5 when a monitor is in breach."""
    return _outcome(given) if given.name == "log-outcome" else _monitor(given)


def _monitor(given: Command) -> int:
    parser = argparse.ArgumentParser("opsmith monitor", description="Run monitors, or list when they are due.")
    parser.add_argument("what", choices=("run", "list", "metrics"))
    parser.add_argument("names", nargs="*", help="only these monitors")
    parser.add_argument("--once", action="store_true", help="run now and end (for cron); 5 when one is in breach")
    parser.add_argument("--due", action="store_true", help="with --once: only those whose time has come")
    parser.add_argument("--port", type=int, help="serve Prometheus metrics on this port")
    told = parser.parse_args(given.words)
    if told.what == "metrics":
        from opsmith.agent.monitor_metrics import text

        _say(text(given.project))
        return 0
    if told.what == "list":
        for name, due in monitoring.next_due(given.project, datetime.now(UTC)):
            _say(f"{name}: next at {due:%Y-%m-%d %H:%M} UTC")
        return 0
    if told.once or told.names:
        runs = monitoring.run_once(given.project, told.names, due_only=told.due)
        for run in runs:
            _say(json.dumps({"version": 1, **asdict(run)}, ensure_ascii=False) if given.json else run.line())
        if not runs and not given.json:
            _say("No monitor was due." if told.due else "There is no enabled monitor. Say: watch MODEL daily.")
        states = {run.state for run in runs}
        return 1 if "error" in states else (5 if "breach" in states else 0)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    monitoring.run_monitors(given.project, say=_say, stop=stop, port=told.port)
    return 0


def _outcome(given: Command) -> int:
    parser = argparse.ArgumentParser("opsmith log-outcome", description="Say what really came of a prediction.")
    parser.add_argument("model_name", metavar="MODEL")
    parser.add_argument("request_id", nargs="?")
    parser.add_argument("outcome", nargs="?")
    parser.add_argument(
        "--file", help="JSON lines or CSV with request_id, outcome and perhaps time; - for standard input"
    )
    told = parser.parse_args(given.words)
    if told.file:
        return _outcomes(given, told)
    if told.request_id is None or told.outcome is None:
        raise ToolError("log-outcome takes MODEL REQUEST_ID OUTCOME, or MODEL --file outcomes.csv.")
    path = log_outcome(given.project, told.model_name, told.request_id, _value(told.outcome))
    _say(f"Noted in {path.relative_to(given.project)}.")
    return 0


def _outcomes(given: Command, told: Any) -> int:
    from opsmith.agent.outcomes import append
    from opsmith.tools.data import prediction_log

    if not prediction_log.exists(given.project, told.model_name):
        raise ToolError(f"{told.model_name} has no prediction log, so there is nothing to add outcomes to.")
    text = sys.stdin.read() if told.file == "-" else (given.project / told.file).read_text(encoding="utf-8")
    rows = _rows(text)
    bad = next((r for r in rows if not str(r.get("request_id") or "").strip() or "outcome" not in r), None)
    if bad is not None or not rows:
        raise ToolError(
            f"{told.file} needs the fields request_id and outcome in every row" + (f"; found {bad}." if bad else ".")
        )
    now = datetime.now(UTC).replace(tzinfo=None).isoformat() + "Z"
    kept = [{"request_id": str(r["request_id"]), "time": r.get("time") or now, "outcome": r["outcome"]} for r in rows]
    path = append(given.project, told.model_name, "outcomes", kept)
    _say(f"Noted {len(kept)} outcomes in {path.relative_to(given.project)}.")
    return 0


def _rows(text: str) -> list[dict[str, Any]]:
    if text.lstrip().startswith("{"):
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise ToolError(f"A line is no JSON: {error}") from None
    import csv
    import io

    return [
        {k: _value(v) if k == "outcome" else v for k, v in row.items()} for row in csv.DictReader(io.StringIO(text))
    ]


def _value(text: str | None) -> Any:
    """A number where it is one."""
    try:
        return int(text or "")
    except ValueError:
        pass
    try:
        return float(text or "")
    except ValueError:
        return text


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
