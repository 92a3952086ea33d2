"""Follow a model's prediction log row by row between checks: changes of score, error and latency, and single odd requests."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

from opsmith.tools.compute.streaming import ODD, OddRequests, Stream
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import prediction_log
from opsmith.tools.data.monitors import Monitor
from opsmith.tools.data.table import Table, quoted

MOST_ROWS = 100_000  # of one look
MOST_REQUESTS = 5_000  # of one look, the newest: how odd each of them is
MOST_NAMED = 3
_NO_INPUTS = frozenset(
    ("request_id", "time", "model", "version", "prediction", "score", "latency_ms", "outcome", "known_at")
)
ALL_NEW = 0.1  # share of odd requests from which on not they but the usual has changed


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
        with closing(prediction_log.open_log(context, monitor.model)) as log:
            rows, errors, position = _since(log, kept)
            requests = _requests(log, kept["position"].get("time", ""))
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
    sentence, kept["streams"]["requests"] = _odd(monitor.model, requests, kept["streams"].get("requests"))
    told += [sentence] if sentence else []
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    part.write_text(json.dumps({"position": position, "streams": kept["streams"]}), encoding="utf-8")
    part.replace(place)
    return told


def _odd(model: str, requests: list[tuple[str, dict[str, float]]], state: Any) -> tuple[str, dict[str, Any]]:
    """A sentence about the requests that are unlike the usual ones (or nothing), and the state to keep."""
    watch = OddRequests.restored(state) if state else OddRequests()
    odd: list[tuple[float, str]] = []
    for name, numbers in requests:
        score = watch.score(numbers)
        if score >= ODD:
            odd.append((score, f"{name} ({watch.farthest(numbers)})"))
    if not odd:
        return "", watch.state()
    if len(odd) >= max(10, ALL_NEW * len(requests)):
        told = f"{len(odd):,} of {len(requests):,} new requests to {model} are unlike those before; what is usual is learned anew"
        return told, OddRequests().state()
    odd.sort(reverse=True)
    named = ", ".join(text for _, text in odd[:MOST_NAMED])
    more = f" and {len(odd) - MOST_NAMED:,} more" if len(odd) > MOST_NAMED else ""
    word = "request" if len(odd) == 1 else "requests"
    return f"odd {word} to {model}: {named}{more}, {odd[0][0]:.1f} times as far out as any usual one", watch.state()


def _requests(log: Table, since: str) -> list[tuple[str, dict[str, float]]]:
    """The newest requests after a moment of our own keeping, in order of time: id and the inputs that are numbers."""
    numbers = ("number", "integer", "boolean")
    inputs = [c.name for c in log.columns if c.name not in _NO_INPUTS and c.kind in numbers]
    if not inputs or "time" not in log.column_names:
        return []
    values = ", ".join(f"CAST({quoted(c)} AS DOUBLE)" for c in inputs)
    later = f"WHERE time > TIMESTAMP '{since}'" if since else ""
    rows = log.sql(
        f"SELECT CAST(request_id AS VARCHAR), {values} FROM data {later} ORDER BY time DESC LIMIT {MOST_REQUESTS}"
    )
    return [(r[0], {n: v for n, v in zip(inputs, r[1:], strict=True) if v is not None}) for r in reversed(rows)]


def _since(log: Table, kept: dict[str, Any]) -> tuple[dict[str, list[float]], list[float], dict[str, str]]:
    """New scores and latencies in order of their time, new errors in order of the outcomes' arrival, and the new place."""
    there = {c.name: c.kind for c in log.columns}
    place = dict(kept["position"])
    found: dict[str, list[float]] = {}
    for name in ("score", "latency_ms"):
        if there.get(name) in ("number", "integer"):
            found[name] = [float(v) for (v,) in log.sql(_new(name, "time", place.get("time", "")))]
    miss = "CAST(CAST(outcome AS VARCHAR) <> CAST(prediction AS VARCHAR) AS DOUBLE)"
    if there.get("prediction") == "number":
        miss = "abs(TRY_CAST(outcome AS DOUBLE) - prediction)"
    errors = [float(v) for (v,) in log.sql(_new(miss, "known_at", place.get("known_at", ""), "outcome IS NOT NULL"))]
    latest = log.sql("SELECT CAST(max(time) AS VARCHAR), CAST(max(known_at) AS VARCHAR) FROM data")[0]
    return (
        found,
        errors,
        {"time": latest[0] or place.get("time", ""), "known_at": latest[1] or place.get("known_at", "")},
    )


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
