"""What a container or pod shows from outside, in one shape, from `docker inspect` or kubectl's JSON. Nothing is judged here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LAST_LINES = 20


@dataclass(frozen=True)
class Quote:
    """Something that was really said, and where."""

    where: str
    text: str


@dataclass(frozen=True)
class Observed:
    """One container. Sizes in bytes; unknown values are None or empty."""

    name: str
    place: str  # docker or kubernetes
    image: str = ""
    status: str = ""  # running, exited, waiting, pending ...
    exit_code: int | None = None  # of the last end
    oom_killed: bool = False
    restarts: int = 0
    waiting: Quote | None = None  # why it does not run: reason and message
    health: str = ""
    health_output: str = ""
    ready: bool | None = None
    memory_limit: int | None = None
    cpu_limit: float | None = None
    port_variable: int | None = None  # PORT in its environment
    ports: tuple[int, ...] = ()  # declared or published container ports
    probe_ports: Mapping[str, Any] = field(default_factory=dict)  # probe -> port number or name
    events: tuple[Quote, ...] = ()
    log: tuple[str, ...] = ()
    periods: int = 0
    throttled: int = 0
    answers: Mapping[int, int] = field(default_factory=dict)  # status -> requests, from /metrics

    @property
    def throttled_share(self) -> float:
        """Share of the scheduler periods in which it ran into its CPU limit."""
        return self.throttled / self.periods if self.periods else 0.0


def from_container(
    inspect: Mapping[str, Any], log: str = "", stats: Mapping[str, Any] | None = None, metrics: str = ""
) -> Observed:
    """A container from `docker inspect`, its log, `docker stats` (one shot) and its /metrics page."""
    state, host = inspect.get("State", {}), inspect.get("HostConfig", {})
    config = inspect.get("Config", {})
    health = state.get("Health") or {}
    checks = health.get("Log") or []
    throttling = ((stats or {}).get("cpu_stats") or {}).get("throttling_data") or {}
    published = {int(p.split("/")[0]) for p in (host.get("PortBindings") or {})}
    exposed = {int(p.split("/")[0]) for p in (config.get("ExposedPorts") or {})}
    ended = state.get("Status") in ("exited", "dead") or (state.get("Status") == "restarting")
    return Observed(
        name=str(inspect.get("Name", "")).lstrip("/"), place="docker", image=str(config.get("Image", "")),
        status=str(state.get("Status", "")), exit_code=int(state.get("ExitCode", 0)) if ended else None,
        oom_killed=bool(state.get("OOMKilled")), restarts=int(inspect.get("RestartCount", 0)),
        waiting=Quote("State.Error", state["Error"]) if state.get("Error") else None,
        health=str(health.get("Status", "")), health_output=str(checks[-1].get("Output", ""))[:300] if checks else "",
        memory_limit=int(host.get("Memory") or 0) or None, cpu_limit=(host.get("NanoCpus") or 0) / 1e9 or None,
        port_variable=_port(config.get("Env") or ()), ports=tuple(sorted(published or exposed)), log=_lines(log),
        periods=int(throttling.get("periods", 0)), throttled=int(throttling.get("throttled_periods", 0)),
        answers=_answers(metrics),
    )  # fmt: skip


def from_pod(pod: Mapping[str, Any], events: Sequence[Mapping[str, Any]] = (), log: str = "") -> Observed:
    """The container of a pod that is worst off, from `kubectl get pod -o json`, its events and its (previous) log."""
    spec, status = pod.get("spec", {}), pod.get("status", {})
    statuses = sorted(
        status.get("containerStatuses") or (), key=lambda s: (bool(s.get("ready")), -int(s.get("restartCount", 0)))
    )
    now = statuses[0] if statuses else {}
    declared = next(
        (c for c in spec.get("containers", ()) if c.get("name") == now.get("name")), (spec.get("containers") or [{}])[0]
    )
    waiting = (now.get("state") or {}).get("waiting")
    ended = (now.get("state") or {}).get("terminated") or (now.get("lastState") or {}).get("terminated") or {}
    limits = (declared.get("resources") or {}).get("limits") or {}
    probes = {k: declared[k].get("httpGet", declared[k].get("tcpSocket", {})).get("port")
              for k in ("startupProbe", "livenessProbe", "readinessProbe") if k in declared}  # fmt: skip
    named = {p.get("name"): p.get("containerPort") for p in declared.get("ports") or ()}
    told: Quote | None = None
    if waiting:
        told = Quote(str(waiting.get("reason", "")), str(waiting.get("message", "")))
    elif status.get("reason"):
        told = Quote(str(status["reason"]), str(status.get("message", "")))
    return Observed(
        name=str(pod.get("metadata", {}).get("name", "")), place="kubernetes", image=str(declared.get("image", "")),
        status="waiting" if waiting else str(status.get("phase", "")).lower(), exit_code=ended.get("exitCode"),
        oom_killed=ended.get("reason") == "OOMKilled", restarts=int(now.get("restartCount", 0)), waiting=told,
        ready=now.get("ready"), memory_limit=_size(limits.get("memory")), cpu_limit=_cores(limits.get("cpu")),
        port_variable=next((int(e["value"]) for e in declared.get("env") or () if e.get("name") == "PORT"
                            and str(e.get("value", "")).isdigit()), None),
        ports=tuple(sorted(p for p in named.values() if p)), probe_ports={k: named.get(p, p) for k, p in probes.items() if p},
        events=tuple(Quote(f"event {e.get('reason', '')}", str(e.get("message", ""))) for e in events), log=_lines(log),
    )  # fmt: skip


def _lines(log: str) -> tuple[str, ...]:
    return tuple(line.rstrip()[:400] for line in log.splitlines() if line.strip())[-LAST_LINES:]


def _port(environment: Sequence[str]) -> int | None:
    found = next((e.split("=", 1)[1] for e in environment if e.startswith("PORT=")), "")
    return int(found) if found.isdigit() else None


def _answers(metrics: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for status, count in re.findall(
        r'^model_requests_total\{path="/(?:predict|v2/infer)",status="(\d+)"\} ([\d.e+]+)', metrics, re.MULTILINE
    ):
        found[int(status)] = found.get(int(status), 0) + int(float(count))
    return found


def _size(text: Any) -> int | None:
    from opsmith.tools.compute.deployment.quantities import parse_quantity

    number = parse_quantity(text)
    return int(number) if number is not None else None


def _cores(text: Any) -> float | None:
    from opsmith.tools.compute.deployment.quantities import parse_quantity

    number = parse_quantity(text)
    return float(number) if number is not None else None
