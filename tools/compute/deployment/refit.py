"""Sizes fitted again to what a service really got: the same procedure as `build`, changed only beyond a tenth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from opsmith.tools.compute.deployment.quantities import parse_quantity
from opsmith.tools.compute.deployment.sizing import Sizing, Step, size
from opsmith.tools.compute.deployment.traffic import Traffic
from opsmith.tools.contract import ToolError

THRESHOLD = 0.1  # a smaller change is noise and is not proposed
SIZES = ("cpu", "memory", "memory_limit", "replicas", "max_replicas", "concurrency", "max_queue")


@dataclass(frozen=True)
class Change:
    """One size: what it is, what the traffic asks for, and by which share they differ."""

    name: str
    now: str
    fitted: str
    share: float

    @property
    def worth(self) -> bool:
        """Whether it is proposed."""
        return abs(self.share) > THRESHOLD


def fitted(traffic: Traffic, measured: Mapping[str, Any], edge: bool) -> Sizing:
    """The sizes for this traffic. `measured`: the sizing that `build` left, or one that was fitted before.

    CPU a request and memory are those of the running service where the export has them, else the measured ones.
    Raises ToolError when what `build` measured is not there.
    """
    inputs = measured.get("inputs")
    if not isinstance(inputs, Mapping) or not inputs.get("cpu_per_request_s"):
        raise ToolError("The measurement of this version lacks its inputs. Build the container again, then ask again.")
    rate, objective = float(inputs["knee_rps"]), float(inputs["objective_ms"])
    cost = traffic.cpu_per_request or float(inputs["cpu_per_request_s"])
    # The requests under way at the knee, from which the concurrency target was made, give the mean answer time back.
    mean_ms = float(inputs.get("knee_mean_ms") or 1000 * float(measured.get("concurrency") or 1) / 0.7 / rate)
    p95 = min(objective, float(inputs.get("knee_p95_ms") or objective))
    count = int(traffic.requests) or 1
    rss = traffic.rss or int(inputs["rss_bytes"])
    step = Step(rate, 1.0, count, count, 0, 0, mean_ms, mean_ms, p95, p95, cost * count, 0, 0, rss)
    return size(
        [step], objective_ms=objective, rss=rss, cold_start_s=float(inputs["cold_start_s"]),
        peak_rate=max(traffic.peak_rate, 0.1), mean_rate=max(traffic.mean_rate, 0.01), edge=edge,
    )  # fmt: skip


def changes(now: Mapping[str, Any], sized: Sizing) -> tuple[Change, ...]:
    """Every size beside its fitted value; `now` holds the sizes that stand in the files, by the names of SIZES."""
    made = []
    for name in SIZES:
        if now.get(name) is None:
            continue
        before, after = _number(now[name]), _number(getattr(sized, name))
        if before:
            made.append(Change(name, str(now[name]), str(getattr(sized, name)), after / before - 1))
    return tuple(made)


def applied(measured: Mapping[str, Any], sized: Sizing, worth: tuple[Change, ...], traffic: Traffic) -> dict[str, Any]:
    """The measured sizing with the changes that are worth it, and where they come from."""
    new = {c.name: getattr(sized, c.name) for c in worth}
    if "replicas" in new:
        new["min_replicas"] = new["replicas"]
    if "cpu" in new:
        new |= {"cpu_limit": sized.cpu_limit, "capacity_rps": sized.capacity_rps}
    told = {
        "from": asdict(traffic),
        "proof": measured.get("measured_at"),
        "formulas": [asdict(f) for f in sized.formulas],
        "changed": [c.name for c in worth],
    }
    return {**measured, **new, "refit": told}


def _number(value: Any) -> float:
    found = parse_quantity(value)
    return float(found) if found is not None else 0.0
