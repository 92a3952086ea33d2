"""Follow a model's prediction log row by row between checks: changes of the score, the error and the latency."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from opsmith.tools.compute.streaming import Stream
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import prediction_log
from opsmith.tools.data.monitors import Monitor

MOST_ROWS = 100_000  # of one look


def follow(monitor: Monitor, context: Context) -> list[str]:
    """What changed in the rows that came since the last look, in sentences; nothing without a prediction log.

    The place in the log and the detectors' states are kept in .opsmith/monitors/NAME-stream.json, replaced whole, so a
    crash repeats rows of one look at most, and never loses any.
    """
    if monitor.model is None or not prediction_log.exists(context.project, monitor.model):
        return []
    try:
        import river  # noqa: F401
    except ImportError:
        return []
    place = context.home / "monitors" / f"{monitor.name}-stream.json"
    kept = _read(place)
    try:
        rows, errors, position = _since(context, monitor.model, kept)
    except ToolError:
        return []
    told = []
    for name, values in {**rows, "error": errors}.items():
        stream = Stream.restored(kept["streams"][name]) if name in kept["streams"] else Stream()
        for change in stream.feed(values):
            word = "rose" if change.after > change.before else "fell"
            told.append(
                f"{name} of {monitor.model} {word} from {change.before:.3g} to {change.after:.3g} "
                f"at its value {change.position:,} ({change.detector})"
            )
        kept["streams"][name] = stream.state()
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    part.write_text(json.dumps({"position": position, "streams": kept["streams"]}), encoding="utf-8")
    part.replace(place)
    return told


def _since(
    context: Context, model: str, kept: dict[str, Any]
) -> tuple[dict[str, list[float]], list[float], dict[str, str]]:
    """New scores and latencies in order of their time, new errors in order of the outcomes' arrival, and the new place."""
    table = prediction_log.open_log(context, model)
    try:
        there = {c.name: c.kind for c in table.columns}
        place = dict(kept["position"])
        found: dict[str, list[float]] = {}
        for name in ("score", "latency_ms"):
            if there.get(name) in ("number", "integer"):
                found[name] = [float(v) for (v,) in table.sql(_new(name, "time", place.get("time", "")))]
        miss = "CAST(CAST(outcome AS VARCHAR) <> CAST(prediction AS VARCHAR) AS DOUBLE)"
        if there.get("prediction") == "number":
            miss = "abs(TRY_CAST(outcome AS DOUBLE) - prediction)"
        errors = [
            float(v) for (v,) in table.sql(_new(miss, "known_at", place.get("known_at", ""), "outcome IS NOT NULL"))
        ]
        latest = table.sql("SELECT CAST(max(time) AS VARCHAR), CAST(max(known_at) AS VARCHAR) FROM data")[0]
        return (
            found,
            errors,
            {"time": latest[0] or place.get("time", ""), "known_at": latest[1] or place.get("known_at", "")},
        )
    finally:
        table.close()


def _new(value: str, moment: str, since: str, condition: str = "true") -> str:
    """SQL for the values that came after a moment of our own keeping."""
    later = f" AND {moment} > TIMESTAMP '{since}'" if since else ""
    return f"""SELECT v FROM (SELECT {value} AS v, {moment} AS came FROM data WHERE {condition}{later})
               WHERE v IS NOT NULL ORDER BY came LIMIT {MOST_ROWS}"""


def _read(place: Path) -> dict[str, Any]:
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
        return {"position": dict(kept["position"]), "streams": dict(kept["streams"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"position": {}, "streams": {}}
