"""From a load test to CPU, memory, replicas, autoscaling targets and probes: every value with its formula and inputs.

Sized on CPU seconds a request, because on a shared machine the rate a server reaches swings with its neighbours (measured:
threefold) while the CPU time of a request hardly does. Little's law (1961, doi:10.1287/opre.9.3.383) gives the
concurrency; the headroom and margins are the constants below.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MIB = 2**20
HEADROOM = 0.65  # share of the CPU request that a replica uses at its planned rate
PEAK_MARGIN = 1.5  # most replicas hold one and a half times the peak
MEMORY_REQUEST, MEMORY_LIMIT = 1.15, 1.5  # times the largest resident memory seen
MEMORY_ROUNDING = 32 * MIB
TEMPORARY = 16 * MIB  # /tmp lies in memory
LEAST_CPU, MOST_CPU, USUAL_CPU = 0.1, 1.0, 0.5  # one Python worker uses at most one core
MOST_THROTTLED = 0.05  # share of scheduler periods
CONCURRENCY = 0.7  # of the requests under way at the knee
LEAST_QUEUE, MOST_QUEUE = 16, 1024
PROBE_BUDGET = 3.0  # times the cold start
SCALE_DOWN_WINDOW = 300  # seconds


@dataclass(frozen=True)
class Step:
    """What one rate of the load test showed. Times in milliseconds, memory in bytes, cpu in seconds."""

    rate: float  # requests a second that were sent
    seconds: float
    sent: int
    answered: int  # with 200
    refused: int  # with 503
    errors: int  # everything else, and requests that never came back
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_seconds: float
    periods: int  # scheduler periods in which the container wanted CPU
    throttled: int  # of these, how many ran into its limit
    rss: int
    late_ms: float = 0.0  # how late the requests were sent (p95): a busy machine, not a slow server

    @property
    def cpu_per_request(self) -> float:
        """CPU seconds a request that was answered."""
        return self.cpu_seconds / self.answered if self.answered else math.inf

    @property
    def throttled_share(self) -> float:
        """Share of the periods that were throttled."""
        return self.throttled / self.periods if self.periods else 0.0

    def holds(self, objective_ms: float) -> bool:
        """Whether this rate is served: p95 within the objective, no error or refusal, hardly ever throttled."""
        return (
            self.answered > 0 and self.p95_ms <= objective_ms and self.errors == 0 and self.refused == 0
            and self.throttled_share <= MOST_THROTTLED
        )  # fmt: skip


@dataclass(frozen=True)
class Formula:
    """One value of the report: its name, how it follows, and what came out."""

    name: str
    formula: str
    value: str


@dataclass(frozen=True)
class Sizing:
    """What a deployment should ask for. `plan` is what make_plan of a deployment takes."""

    cpu: str
    cpu_limit: str
    memory: str
    memory_limit: str
    replicas: int
    min_replicas: int
    max_replicas: int
    cpu_target: int
    concurrency: int
    max_queue: int
    startup_budget_s: int
    scale_up_window_s: int
    scale_down_window_s: int
    scale_to_zero: bool
    capacity_rps: float  # planned rate of one replica
    inputs: Mapping[str, Any] = field(default_factory=dict)
    formulas: tuple[Formula, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"formulas": [asdict(f) for f in self.formulas]}


def knee(steps: Sequence[Step], objective_ms: float) -> Step | None:
    """The highest rate that holds, with every lower one holding too; None when not even the lowest does."""
    found = None
    for step in sorted(steps, key=lambda s: s.rate):
        if not step.holds(objective_ms):
            break
        found = step
    return found


def size(
    steps: Sequence[Step],
    *,
    objective_ms: float,
    rss: int,
    cold_start_s: float,
    peak_rate: float | None = None,
    mean_rate: float | None = None,
    cpu_request: float | None = None,
    memory_request: int | None = None,
    edge: bool = False,
) -> Sizing:
    """Size a deployment. Rates are requests a second of the whole service, `rss` and `memory_request` bytes.

    cold_start_s: from start to ready at the CPU request. Raises ValueError when no rate held the objective.
    """
    at = knee(steps, objective_ms)
    if at is None:
        raise ValueError(f"no rate was served within {objective_ms:g} ms")
    told: list[Formula] = []

    def tell(name: str, formula: str, value: Any, unit: str = "") -> None:
        told.append(Formula(name, formula, f"{value:.4g}{unit}" if isinstance(value, float) else f"{value}{unit}"))

    cost = at.cpu_per_request
    tell(
        "S, CPU seconds a request",
        f"CPU seconds / answers at the knee = {at.cpu_seconds:.3f} / {at.answered}",
        cost,
        " s",
    )
    least = 1 if edge else 2
    if cpu_request is not None:
        r = min(MOST_CPU, cpu_request)
        tell("r, CPU request", "as asked, at most 1 for one worker", r)
    elif peak_rate is not None:
        need = cost * peak_rate / (HEADROOM * least)
        r = min(MOST_CPU, max(LEAST_CPU, math.ceil(need * 20) / 20))
        tell(
            "r, CPU request",
            f"S · λ_peak / (ρ · {least} replicas) = {need:.3f}, in steps of 0.05 from {LEAST_CPU} to {MOST_CPU:g}",
            r,
        )
    else:
        r = USUAL_CPU
        tell("r, CPU request", "usual value, as no rate was given", r)
    capacity = min(r / cost, at.rate) * HEADROOM  # never planned beyond a rate that was seen to hold
    by_cpu = f"{r:g} / {cost:.5f}"
    tell(
        "c, planned rate of one replica",
        f"min(r / S, λ_knee) · ρ = min({by_cpu}, {at.rate:.1f}) · {HEADROOM}",
        capacity,
        "/s",
    )
    if peak_rate is None:
        peak = capacity * least
        tell("λ_peak", f"not given: what {least} replicas hold, {least} · c", peak, "/s")
    else:
        peak = peak_rate
        tell("λ_peak", "as asked", peak, "/s")
    mean = mean_rate if mean_rate is not None else peak / 2
    tell("λ_mean", "as asked" if mean_rate is not None else "not given: λ_peak / 2", mean, "/s")
    fewest = max(least, math.ceil(mean / capacity - 1e-9))
    most = max(fewest, math.ceil(peak * PEAK_MARGIN / capacity - 1e-9))
    tell("fewest replicas", f"max({least}, ⌈λ_mean / c⌉)", fewest)
    tell("most replicas", f"⌈λ_peak · {PEAK_MARGIN} / c⌉, at least the fewest", most)
    target = round(100 * HEADROOM)
    tell("HPA CPU target", f"100 ρ, percent of the CPU request; ρ = {HEADROOM}", target, " %")
    under_way = at.rate * at.mean_ms / 1000
    concurrency = max(1, round(CONCURRENCY * under_way))
    tell(
        "concurrency target",
        f"{CONCURRENCY} · λ_knee · W_knee = {CONCURRENCY} · {at.rate:.1f}/s · {at.mean_ms:.2f} ms (Little)",
        concurrency,
    )
    fits = int(objective_ms / 1000 / 2 / cost)
    queue = min(MOST_QUEUE, max(LEAST_QUEUE, 2 * concurrency, fits))
    tell(
        "queue limit, 503 above",
        f"max({LEAST_QUEUE}, 2 · concurrency target, what half the objective works off: {fits})",
        queue,
    )
    memory = _up(max(rss * MEMORY_REQUEST, memory_request or 0), MIB)
    limit = max(memory, _up(rss * MEMORY_LIMIT, MEMORY_ROUNDING) + TEMPORARY)
    tell(
        "memory request",
        f"largest rss {rss / MIB:.0f}Mi · {MEMORY_REQUEST}" + (", or as asked" if memory_request else ""),
        memory // MIB,
        "Mi",
    )
    tell(
        "memory limit",
        f"rss · {MEMORY_LIMIT}, up to the next {MEMORY_ROUNDING // MIB}Mi, + {TEMPORARY // MIB}Mi for /tmp",
        limit // MIB,
        "Mi",
    )
    budget = max(10, math.ceil(PROBE_BUDGET * cold_start_s))
    tell("startup probe budget", f"{PROBE_BUDGET:g} · cold start {cold_start_s:.2f} s, at least 10 s", budget, " s")
    up = max(15, math.ceil(cold_start_s))
    tell("scale-up window", "the cold start, at least 15 s", up, " s")
    zero = cold_start_s * 1000 <= objective_ms
    tell(
        "scale to zero",
        f"only if the cold start is within the objective of {objective_ms:g} ms",
        "yes" if zero else "no",
    )
    return Sizing(
        cpu=_cores(r), cpu_limit=_cores(max(r, MOST_CPU)), memory=f"{memory // MIB}Mi", memory_limit=f"{limit // MIB}Mi",
        replicas=fewest, min_replicas=fewest, max_replicas=most, cpu_target=target, concurrency=concurrency, max_queue=queue,
        startup_budget_s=budget, scale_up_window_s=up, scale_down_window_s=SCALE_DOWN_WINDOW, scale_to_zero=zero,
        capacity_rps=capacity, formulas=tuple(told),
        inputs={"objective_ms": objective_ms, "cpu_per_request_s": cost, "knee_rps": at.rate, "knee_p95_ms": at.p95_ms, 
                "knee_mean_ms": at.mean_ms,
                "rss_bytes": rss, "cold_start_s": cold_start_s, "peak_rate": peak, "peak_rate_given": peak_rate is not None,
                "mean_rate": mean, "headroom": HEADROOM, "edge": edge},
    )  # fmt: skip


def proof_file(project: Path, model: str, version: int | str) -> Path:
    """Where the measurement of a version is kept."""
    return project / ".opsmith" / "proofs" / f"{model}-{version}.json"


def measured(project: Path, model: str, version: int | str) -> dict[str, Any] | None:
    """What `build` measured of this version (the values of Sizing), None when nothing was."""
    try:
        found = json.loads(proof_file(project, model, version).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    sizing = found.get("sizing")
    if not isinstance(sizing, dict) or found.get("proof_version") != 1:
        return None
    return {**sizing, "startup_seconds": sizing["inputs"]["cold_start_s"], "measured_at": found.get("at")}


def _up(value: float, step: int) -> int:
    return math.ceil(value / step - 1e-9) * step


def _cores(cores: float) -> str:
    return f"{round(cores * 1000)}m" if cores != int(cores) else str(int(cores))
