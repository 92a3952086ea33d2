"""Why a container does not do what it should: rules in a fixed order, the first that fits is the cause, quoted evidence.

The order goes from what names itself in the state (killed for memory, image not pulled) to what has to be concluded from
logs and counters. The kernel's kill for memory leaves an empty log, so the state is read before the log.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from opsmith.tools.compute.deployment.observed import Observed, Quote

MIB = 2**20
STEP = 32 * MIB
MOST_THROTTLED = 0.25
MOST_REFUSED = 0.2
FEW_REQUESTS = 20
SLOW_START_FACTOR = 3


@dataclass(frozen=True)
class Cause:
    """One cause. `change`: settings of the deployment that mend it (as the deploy tool takes them); `fix`: in words."""

    id: str
    sentence: str
    evidence: tuple[Quote, ...]
    fix: str
    change: Mapping[str, Any] = field(default_factory=dict)


def diagnose(seen: Observed, measured: Mapping[str, Any] | None = None) -> Cause | None:
    """The cause, or None when nothing is wrong. measured: sizes that a proof of the image found."""
    for rule in RULES:
        found = rule(seen, measured or {})
        if found is not None:
            return found
    return None


def _image_pull(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    if not seen.waiting or seen.waiting.where not in (
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "ErrImageNeverPull",
    ):
        return None
    quotes = (seen.waiting, *_events(seen, "pull", "Failed to pull"))
    text = " ".join(q.text.lower() for q in quotes)
    if "unauthorized" in text or "denied" in text or "401" in text or "403" in text:
        why, fix = "the registry refused the credentials", f"give the cluster a pull secret for {seen.image}"
    elif "not found" in text or "manifest unknown" in text:
        why, fix = "the registry does not have it", f"push {seen.image}, or correct the tag"
    elif "no such host" in text or "i/o timeout" in text or "lookup" in text:
        why, fix = "the registry cannot be reached", "check the registry's name and the cluster's way to it"
    else:
        why, fix = "it cannot be pulled", f"check that {seen.image} can be pulled from the cluster"
    return Cause(
        "image-pull", f"{seen.name} does not start because the image {seen.image} cannot be pulled: {why}.", quotes, fix
    )


def _out_of_memory(seen: Observed, measured: Mapping[str, Any]) -> Cause | None:
    if not seen.oom_killed:
        return None
    state = f"exit code {seen.exit_code}, OOMKilled true" if seen.exit_code is not None else "OOMKilled true"
    quotes = [Quote("last state", state)]
    limit, wanted = seen.memory_limit, None
    if limit:
        quotes.append(Quote("memory limit", f"{limit / MIB:.0f}Mi"))
        wanted = math.ceil(max(limit * 1.5, limit + 64 * MIB) / STEP) * STEP // MIB
    if measured.get("memory_limit"):
        quotes.append(Quote("the proof of the image measured", f"a limit of {measured['memory_limit']}"))
        known = _mebibytes(measured["memory_limit"])
        if limit is None or known * MIB > limit:
            wanted = known
    told = f" of {limit / MIB:.0f}Mi" if limit else ""
    fix = f"give it {wanted}Mi memory" if wanted else "set a memory limit that the build measured"
    return Cause("out-of-memory", f"{seen.name} was killed because it used more memory than its limit{told}.", tuple(quotes), fix,
                 {"memory": f"{wanted}Mi"} if wanted else {})  # fmt: skip


def _configuration(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    if not seen.waiting or seen.waiting.where not in (
        "CreateContainerConfigError",
        "CreateContainerError",
        "State.Error",
        "RunContainerError",
    ):
        return None
    return Cause("configuration", f"{seen.name} cannot be created: {seen.waiting.text[:200]}.", (seen.waiting,),
                 "create what is missing, or correct its name")  # fmt: skip


def _not_scheduled(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    found = _events(seen, "FailedScheduling")
    if seen.status != "pending" or not found:
        return None
    short = re.search(r"Insufficient (cpu|memory)", found[-1].text)
    fix = (
        f"ask for less {short[1]}, or add a node" if short else "add a node that fits, or loosen what the pod asks for"
    )
    return Cause(
        "not-scheduled", f"{seen.name} waits because no node can take it: {found[-1].text[:160]}", found[-1:], fix
    )


def _evicted(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    if not seen.waiting or seen.waiting.where != "Evicted":
        return None
    return Cause("evicted", f"{seen.name} was moved away by its node: {seen.waiting.text[:200]}", (seen.waiting,),
                 "raise its memory request to what it uses, so that the node plans for it")  # fmt: skip


def _wrong_model(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    line = _line(seen, r'"not started"')
    if line is None:
        return None
    reason = re.search(r'"reason": "((?:[^"\\]|\\.)*)"', line)
    told = reason[1] if reason else line
    return Cause("wrong-model", f"{seen.name} refuses to start: {told[:200]}.", (Quote("log", line),),
                 "deploy the model again, so that model, manifest and lock file belong together")  # fmt: skip


def _wrong_architecture(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    line = _line(seen, r"exec format error")
    if line is None:
        return None
    return Cause("wrong-architecture", f"{seen.name} was built for another processor than the machine has.",
                 (Quote("log", line),),
                 "build the image on (or for) the machine's architecture")  # fmt: skip


def _missing_module(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    line = _line(seen, r"(ModuleNotFoundError|ImportError): ")
    if line is None or seen.status == "running":
        return None
    return Cause("missing-module", f"{seen.name} ends at its start: {line[-160:]}.", (Quote("log", line),),
                 "add the package to requirements.lock with its hash and build again")  # fmt: skip


def _read_only(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    line = _line(seen, r"Read-only file system|Permission denied|EROFS|EACCES")
    if line is None or seen.status == "running":
        return None
    return Cause("not-writable", f"{seen.name} ends because it cannot write: {line[-160:]}.", (Quote("log", line),),
                 "mount a writable volume at the folder that it names, or write to /tmp or /var/lib/predictions")  # fmt: skip


def _port_mismatch(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    """The service listens on PORT; whoever asks another port is refused."""
    if seen.ready or seen.health == "healthy":
        return None
    listens = seen.port_variable
    asked = {f"{k} asks": p for k, p in seen.probe_ports.items() if isinstance(p, int)}
    asked |= {f"published is {p}": p for p in seen.ports if seen.place == "docker"}
    wrong = {k: p for k, p in asked.items() if listens is not None and p != listens}
    if not wrong:
        return None
    quotes = (
        Quote("environment", f"PORT={listens}"),
        *(Quote(k, str(p)) for k, p in wrong.items()),
        *_events(seen, "refused")[-1:],
    )
    told = " and ".join(f"{k.split(' is ')[0]} {p}" for k, p in wrong.items())
    return Cause("port-mismatch", f"{seen.name} listens on port {listens}, but {told}.",
                 quotes, f"use one port everywhere: use port {listens}", {"port": listens})  # fmt: skip


def _probe(seen: Observed, measured: Mapping[str, Any]) -> Cause | None:
    failed = _events(seen, "probe failed", "Unhealthy")
    if seen.place == "docker":
        if seen.health != "unhealthy":
            return None
        quote = Quote("health check", seen.health_output or "failed three times")
        return Cause(
            "probe",
            f"{seen.name} runs, but its health check fails.",
            (quote,),
            "read its log; /readyz tells what is not ready",
        )
    if not failed or seen.ready:
        return None
    last = failed[-1]
    if re.search(r"(Startup|Liveness) probe failed", last.text) and seen.restarts:
        cold = measured.get("startup_seconds")
        quotes = (last, Quote("restarts", str(seen.restarts))) + (
            (Quote("measured cold start", f"{cold:.1f} s"),) if cold else ()
        )
        return Cause("probe-kills", f"{seen.name} is restarted because it does not answer its probe in time.", quotes,
                     f"allow {math.ceil(SLOW_START_FACTOR * cold)} s for the start" if cold
                     else "give the startup probe more time, or the container more CPU")  # fmt: skip
    return Cause("probe", f"{seen.name} gets no traffic because its probe fails: {last.text[:160]}", (last,),
                 "read its log; /readyz tells what is not ready")  # fmt: skip


def _crash(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    if not seen.exit_code or (seen.status == "running" and not seen.restarts):
        return None
    raised = _line(seen, r"^\w*(\.\w+)*(Error|Exception)\b") or (seen.log[-1] if seen.log else "")
    quotes = [Quote("last state", f"exit code {seen.exit_code}, {seen.restarts} restarts")]
    if raised:
        quotes.append(Quote("log", raised))
    known = {1: "its program failed", 2: "its program was called wrongly", 126: "its command cannot be executed",
             127: "its command was not found", 137: "it was killed (not for memory)", 139: "it crashed (segmentation fault)",
             143: "it was told to stop"}  # fmt: skip
    why = known.get(seen.exit_code, f"it ended with {seen.exit_code}")
    again = f" again and again ({seen.restarts} restarts)" if seen.restarts > 1 else ""
    return Cause("crash", f"{seen.name} ends{again}: {why}{': ' + raised[-160:] if raised else ''}.", tuple(quotes),
                 "mend what the quoted line says, then build again")  # fmt: skip


def _throttled(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    if seen.throttled_share <= MOST_THROTTLED or seen.periods < 20:
        return None
    quote = Quote("cgroup", f"throttled in {seen.throttled} of {seen.periods} periods")
    limit = seen.cpu_limit
    wanted = min(1.0, math.ceil(limit * 2 * 10) / 10) if limit else None
    more = wanted is not None and limit is not None and wanted > limit
    fix = f"give it {wanted:g} CPU" if more else "add a replica, as one worker cannot use more than one CPU"
    return Cause("throttled", f"{seen.name} is slow because it runs into its CPU limit{f' of {limit:g}' if limit else ''} in "
                 f"{seen.throttled_share:.0%} of the time.", (quote,), fix, {"cpu": f"{wanted:g}"} if more else {})  # fmt: skip


def _wrong_requests(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    total, wrong = sum(seen.answers.values()), seen.answers.get(422, 0)
    if total < FEW_REQUESTS or wrong / total < MOST_REFUSED:
        return None
    return Cause("wrong-requests", f"{wrong / total:.0%} of the requests to {seen.name} do not fit the model's signature.",
                 (Quote("/metrics", f"{wrong} of {total} prediction requests were answered 422"),),
                 "look at the body of a 422: it names row, column and what was expected")  # fmt: skip


def _overloaded(seen: Observed, _: Mapping[str, Any]) -> Cause | None:
    total, refused = sum(seen.answers.values()), seen.answers.get(503, 0)
    if total < FEW_REQUESTS or refused / total < 0.05:
        return None
    quote = Quote("/metrics", f"{refused} of {total} prediction requests were answered 503")
    told = f"{refused / total:.0%} of the requests to {seen.name} were refused because too many were under way."
    return Cause("overloaded", told, (quote,), "add a replica")  # fmt: skip


RULES: tuple[Callable[[Observed, Mapping[str, Any]], Cause | None], ...] = (
    _image_pull, _out_of_memory, _configuration, _not_scheduled, _evicted, _wrong_model, _wrong_architecture, _missing_module,
    _read_only, _port_mismatch, _probe, _crash, _throttled, _overloaded, _wrong_requests,
)  # fmt: skip


def _events(seen: Observed, *words: str) -> tuple[Quote, ...]:
    return tuple(e for e in seen.events if any(w in e.where or w in e.text for w in words))


def _line(seen: Observed, pattern: str) -> str | None:
    return next((line for line in reversed(seen.log) if re.search(pattern, line)), None)


def _mebibytes(text: Any) -> int:
    from opsmith.tools.compute.deployment.quantities import parse_quantity

    number = parse_quantity(text)
    return int(number // MIB) if number is not None else 0
