"""What a running service really got: requests a second by minute, CPU and memory, from a Prometheus export or the prediction log.

Older minutes weigh less, by half every 24 hours, as the vertical pod autoscaler of Kubernetes weighs its histogram.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsmith.tools.contract import ToolError

MINUTE = 60.0
HALF_LIFE = 24 * 3600.0  # seconds
PEAK = 0.99  # weighted share of the minutes that the peak rate covers
FEWEST_MINUTES = 60
REQUESTS, CPU, MEMORY = "model_requests_total", "process_cpu_seconds_total", "process_resident_memory_bytes"
_ALSO = {
    "container_cpu_usage_seconds_total": CPU,
    "container_memory_rss": MEMORY,
    "container_memory_working_set_bytes": MEMORY,
}
HOW = (
    "Ask Prometheus' /api/v1/query_range for "
    f'{{__name__=~"{REQUESTS}|{CPU}|{MEMORY}"}} with step=60 over a day or more and save its JSON answer'
)


@dataclass(frozen=True)
class Traffic:
    """Rates a second of the whole service; times in Unix seconds; CPU in seconds, memory in bytes of one replica."""

    source: str
    start: float
    end: float
    minutes: int
    requests: float
    mean_rate: float
    peak_rate: float
    cpu_per_request: float | None = None
    rss: int | None = None


def of_counts(source: str, counts: Mapping[int, float], **more: Any) -> Traffic:
    """From minute (Unix time / 60) -> requests; minutes between that are missing had none.

    Raises ToolError when there are fewer minutes than FEWEST_MINUTES.
    """
    first, last = min(counts, default=0), max(counts, default=0)
    minutes = last - first + 1 if counts else 0
    if minutes < FEWEST_MINUTES:
        raise ToolError(
            f"{source} covers {minutes} minutes; sizes are fitted to {FEWEST_MINUTES} or more, better to several days."
        )
    rates, weights = [], []
    for minute in range(first, last + 1):
        rates.append(counts.get(minute, 0.0) / MINUTE)
        weights.append(2.0 ** (-(last - minute) * MINUTE / HALF_LIFE))
    mean = sum(r * w for r, w in zip(rates, weights, strict=True)) / sum(weights)
    return Traffic(source, first * MINUTE, (last + 1) * MINUTE, minutes, sum(counts.values()), mean,
                   _weighted_quantile(rates, weights, PEAK), **more)  # fmt: skip


def of_prometheus(source: str, text: str) -> Traffic:
    """From the JSON answer of query_range (one, a list of them, or one by name). ToolError tells what it lacks."""
    series = _series(source, text)
    asked = [s for s in series if s[0] == REQUESTS and re.search(r"(predict|infer)$", str(s[1].get("path", "predict")))]
    if not asked:
        named = ", ".join(sorted({s[0] for s in series})[:5]) or "no series"
        raise ToolError(f"{source} has no {REQUESTS} (it has {named}). {HOW}.")
    counts: dict[int, float] = defaultdict(float)
    for _, _, values in asked:
        for end, gain, seconds in _gains(values):
            # Spread over the minutes between two samples, as a step may be longer than one.
            steps = max(1, round(seconds / MINUTE))
            for step in range(steps):
                counts[int(end // MINUTE) - step] += gain / steps
    pods = {_pod(labels) for _, labels, _ in asked}
    spent = [s for s in series if s[0] == CPU and _pod(s[1]) in pods]
    seconds = sum(gain for _, _, values in spent for _, gain, _ in _gains(values))
    total = sum(counts.values())
    sizes = [v for name, labels, values in series if name == MEMORY and _pod(labels) in pods for _, v in values]
    return of_counts(source, counts, cpu_per_request=seconds / total if spent and total and seconds else None,
                     rss=int(max(sizes)) if sizes else None)  # fmt: skip


def _series(source: str, text: str) -> list[tuple[str, Mapping[str, str], list[tuple[float, float]]]]:
    """(name, labels, [(time, value)]) of everything in the file."""
    try:
        found = json.loads(text)
    except ValueError:
        raise ToolError(f"{source} is no JSON. {HOW}.") from None
    answers: list[tuple[str, Any]] = [("", found)]
    if isinstance(found, list):
        answers = [("", part) for part in found]
    elif isinstance(found, dict) and "data" not in found:
        answers = [(str(name), part) for name, part in found.items()]
    made: list[tuple[str, Mapping[str, str], list[tuple[float, float]]]] = []
    for name, answer in answers:
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict) or data.get("resultType") != "matrix":
            raise ToolError(f"{source} is no answer of query_range (resultType matrix). {HOW}.")
        for result in data.get("result", []):
            labels = dict(result.get("metric", {}))
            called = str(labels.get("__name__") or name)
            made.append((_ALSO.get(called, called), labels, _numbers(result.get("values", []))))
    return made


def _numbers(values: Sequence[Any]) -> list[tuple[float, float]]:
    made = []
    for pair in values:
        try:
            at, value = float(pair[0]), float(pair[1])
        except (TypeError, ValueError, IndexError):
            continue
        if math.isfinite(at) and math.isfinite(value):
            made.append((at, value))
    return sorted(made)


def _gains(values: Sequence[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """(end, how much a counter grew, seconds) between samples; a counter that fell has started again from nothing."""
    return [(t1, v1 - v0 if v1 >= v0 else v1, t1 - t0)
            for (t0, v0), (t1, v1) in itertools.pairwise(values) if t1 > t0]  # fmt: skip


def _pod(labels: Mapping[str, str]) -> str:
    return str(labels.get("pod") or labels.get("instance") or "")


def _weighted_quantile(values: Sequence[float], weights: Sequence[float], share: float) -> float:
    ranked = sorted(zip(values, weights, strict=True))
    whole, seen = sum(weights), 0.0
    for value, weight in ranked:
        seen += weight
        if seen >= share * whole - 1e-12:
            return value
    return ranked[-1][0]
