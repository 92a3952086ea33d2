"""Prove an image: run it hardened, compare its answers with the model's own, load it, size it, and load it again as sized."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from opsmith.agent.effects.container_run import Running
from opsmith.tools.compute.deployment import export, sizing
from opsmith.tools.compute.deployment.quantities import parse_quantity
from opsmith.tools.contract import ToolError
from opsmith.tools.data import registry

READY_SECONDS = 120.0
COMPARED_ROWS = 100
BODIES = 50
FIRST_RATE, FIRST_SECONDS = 20.0, 3.0
GROWTH, MOST_STEPS = 2.5, 8  # each rate is so much higher than the one before
MOST_RATE = 1500.0  # a second; beyond it the generator would be measured
WARM_UP_SECONDS = 2.0
DISTURBED = 0.1  # a step is measured again when requests were sent later than this share of the objective
TRIES = 3  # neighbours on the machine can only make a run slower, so the first good one counts; all are told


@dataclass
class Proof:
    """Everything that was seen."""

    image_bytes: int = 0
    format: str = ""
    compared: dict[str, Any] = field(default_factory=dict)
    cold_start_s: float = 0.0
    cold_start_at_request_s: float = 0.0
    steps: list[sizing.Step] = field(default_factory=list)
    rss: int = 0
    sized: sizing.Sizing | None = None
    again: sizing.Step | None = None  # the load under the computed limits
    again_passed: bool = False
    again_tries: int = 0
    exit_code: int = -1
    stop_s: float = 0.0
    objective_ms: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the proof file."""
        plain = asdict(self)
        plain["sizing"] = self.sized.as_dict() if self.sized else None
        plain.pop("sized")
        return plain


@dataclass(frozen=True)
class Wanted:
    """What the proof is to show. Rates a second of the whole service; memory in bytes, cpu in cores."""

    card: registry.ModelCard
    image: str
    approval: str
    port: int
    objective_ms: float
    step_seconds: float
    peak_rate: float | None = None
    cpu: float | None = None
    memory: int | None = None
    edge: bool = False


def prove(
    client: Any, wanted: Wanted, project: Any, progress: Callable[[float, str], None], check: Callable[[], None]
) -> Proof:
    """Run, compare, load, size, run again under what was sized. Raises ToolError when the image does not hold up."""
    proof = Proof(objective_ms=wanted.objective_ms)
    proof.image_bytes = int(client.images.get(wanted.image).attrs["Size"])
    frame, told = export.sample_rows(wanted.card, project, BODIES * 4)
    rows = [r for r in export.as_json_rows(frame) if _sendable(r, wanted.card)] or export.as_json_rows(frame)
    bodies = [json.dumps({"rows": [row]}) for row in rows[:BODIES]]
    with _started(client, wanted, cpus=1.0, memory=1 << 30) as running:
        progress(0.0, "waiting until the container is ready")
        proof.cold_start_s = running.wait_ready(READY_SECONDS, check)
        running.watch_memory()
        progress(0.1, f"comparing answers with the model's own on {min(COMPARED_ROWS, len(rows))} rows")
        proof.compared = compare(wanted.card, frame, rows[:COMPARED_ROWS], running.port, told)
        proof.format = str(proof.compared.pop("format"))
        proof.steps = _climb(running, bodies, wanted, progress, check)
        proof.rss = max([running.peak_rss, *(s.rss for s in proof.steps)])
        if running.out_of_memory():
            raise ToolError(f"The container of {wanted.card.name} ran out of 1 GiB of memory under load.")
        proof.exit_code, proof.stop_s = running.stop()
    try:
        proof.sized = _sized(proof, wanted, proof.cold_start_s)
    except ValueError:
        first = proof.steps[0]
        raise ToolError(
            f"Even {first.rate:g} requests a second are not answered within {wanted.objective_ms:g} ms by one replica with one "
            f"CPU (p95 {first.p95_ms:.1f} ms, {first.errors} errors). Allow a longer latency, or use a lighter model."
        ) from None
    request = float(parse_quantity(proof.sized.cpu) or 1)
    progress(0.8, f"measuring the cold start with {proof.sized.cpu} CPU")
    memory = int(parse_quantity(proof.sized.memory_limit) or 0)
    with _started(client, wanted, cpus=request, memory=memory) as running:
        proof.cold_start_at_request_s = running.wait_ready(READY_SECONDS, check)
    proof.sized = _sized(proof, wanted, proof.cold_start_at_request_s)
    _again(client, wanted, proof, bodies, progress, check)
    return proof


def _again(
    client: Any,
    wanted: Wanted,
    proof: Proof,
    bodies: list[str],
    progress: Callable[[float, str], None],
    check: Callable[[], None],
) -> None:
    """The load of one replica at its share of the peak, under the very limits that were computed."""
    assert proof.sized is not None
    memory = int(parse_quantity(proof.sized.memory_limit) or 0)
    cpus = float(parse_quantity(proof.sized.cpu_limit) or 1)
    share = proof.sized.inputs["peak_rate"] / max(1, proof.sized.min_replicas)
    rate = min(share, proof.sized.capacity_rps)
    progress(
        0.85,
        f"loading again under the limits: {rate:.0f}/s with {proof.sized.cpu_limit} CPU and {proof.sized.memory_limit}",
    )
    environment = {"MAX_QUEUE": str(proof.sized.max_queue)}
    with _started(client, wanted, cpus=cpus, memory=memory, environment=environment) as running:
        running.wait_ready(READY_SECONDS, check)
        running.watch_memory()
        _shoot(running, bodies, rate, WARM_UP_SECONDS)
        oom = False
        while not (oom or proof.again_passed) and proof.again_tries < TRIES:
            check()
            shot = _shoot(running, bodies, rate, wanted.step_seconds * 2)
            proof.again = replace(shot, rss=max(shot.rss, running.peak_rss))
            proof.again_tries += 1
            oom = running.out_of_memory()
            proof.again_passed = not oom and shot.holds(wanted.objective_ms)
        if oom:
            raise ToolError(f"Under the computed limit of {proof.sized.memory_limit} the container ran out of memory.")


def _started(
    client: Any, wanted: Wanted, *, cpus: float, memory: int, environment: dict[str, str] | None = None
) -> Running:
    model = f"{wanted.card.name}:{wanted.card.version}"
    return Running(client, wanted.image, model=model, approval=wanted.approval, port=wanted.port, cpus=cpus, memory=memory,
                   environment={"PORT": str(wanted.port), "MAX_QUEUE": "256", **(environment or {})})  # fmt: skip


def _sized(proof: Proof, wanted: Wanted, cold_start: float) -> sizing.Sizing:
    return sizing.size(proof.steps, objective_ms=wanted.objective_ms, rss=proof.rss, cold_start_s=cold_start,
                       peak_rate=wanted.peak_rate, cpu_request=wanted.cpu, memory_request=wanted.memory,
                       edge=wanted.edge)  # fmt: skip


def _climb(
    running: Running,
    bodies: list[str],
    wanted: Wanted,
    progress: Callable[[float, str], None],
    check: Callable[[], None],
) -> list[sizing.Step]:
    """Steps of a rising rate until one does not hold, and one between the last that held and that one."""
    _shoot(running, bodies, FIRST_RATE, WARM_UP_SECONDS)
    steps = [_shoot(running, bodies, FIRST_RATE, FIRST_SECONDS)]
    rate = FIRST_RATE
    while steps[-1].holds(wanted.objective_ms) and len(steps) < MOST_STEPS and rate < MOST_RATE:
        check()
        rate = min(MOST_RATE, rate * GROWTH)
        progress(0.15 + 0.08 * len(steps), f"loading with {rate:.0f} requests a second")
        steps.append(_undisturbed(running, bodies, rate, wanted))
    if len(steps) > 1 and not steps[-1].holds(wanted.objective_ms):
        between = (steps[-2].rate + steps[-1].rate) / 2
        steps.append(_undisturbed(running, bodies, between, wanted))
    return sorted(steps, key=lambda s: s.rate)


def _undisturbed(running: Running, bodies: list[str], rate: float, wanted: Wanted) -> sizing.Step:
    """One step; again, a few times, when it failed while the machine was so busy that requests were sent late."""
    for _ in range(TRIES):
        step = _shoot(running, bodies, rate, wanted.step_seconds)
        if step.holds(wanted.objective_ms) or step.late_ms < DISTURBED * wanted.objective_ms:
            break
    return step


def _shoot(running: Running, bodies: list[str], rate: float, seconds: float) -> sizing.Step:
    before = running.usage()
    job = {"port": running.port, "path": "/predict", "bodies": bodies, "rate": rate, "seconds": seconds}
    done = subprocess.run([sys.executable, "-m", "opsmith.agent.effects.open_loop"], input=json.dumps(job), text=True,
                          capture_output=True, timeout=seconds + 60)  # fmt: skip
    if done.returncode:
        raise ToolError(f"The load generator failed: {done.stderr.strip().splitlines()[-1:]}")
    after, shot = running.usage(), json.loads(done.stdout)
    return sizing.Step(
        rate, shot["seconds"], shot["sent"], shot["answered"], shot["refused"], shot["errors"], shot["mean_ms"], shot["p50_ms"],
        shot["p95_ms"], shot["p99_ms"], after.cpu - before.cpu, after.periods - before.periods,
        after.throttled - before.throttled, max(after.rss, running.peak_rss), shot["late_ms"],
    )  # fmt: skip


def compare(
    card: registry.ModelCard, frame: Any, rows: Sequence[dict[str, Any]], port: int, told: str
) -> dict[str, Any]:
    """Send the rows by both protocols; ToolError unless every answer is the model's own within the tolerance."""
    import pandas as pd

    asked = _as_frame(rows, frame)
    said, chances = export.answers_of(registry.load(card), asked)
    got = post(port, "/predict", {"rows": list(rows)})["predictions"]
    named = post(port, f"/v2/models/{card.name}/infer", _tensors(rows, card))
    about = json.loads(_get(port, f"/v2/models/{card.name}"))
    labels = [p["prediction"] for p in got]
    if card.task == "regression":
        spread = float(pd.Series(said).std()) or 1.0
        gap = max(abs(float(a) - float(b)) for a, b in zip(labels, said, strict=True)) / spread
        differ = 0
    else:
        expected = _expected(card, said, chances)
        differ = sum(str(a) != str(b) for a, b in zip(labels, expected, strict=True))
        gap = (
            max((abs(p["score"] - c[1]) for p, c in zip(got, chances, strict=True)), default=0.0)
            if chances is not None and "score" in got[0]
            else 0.0
        )
    if named["outputs"][0]["data"] != labels:
        raise ToolError(
            "The answers of /predict and of the Open Inference path are not the same; the image is not trusted."
        )
    if differ or gap > export.TOLERANCE:
        raise ToolError(
            f"The container does not answer like {card.name} version {card.version}: {differ} of {len(rows)} rows differ, the "
            f"largest difference is {gap:.2g} (allowed: {export.TOLERANCE:g}). The image is not trusted."
        )
    return {
        "rows": len(rows),
        "differ": differ,
        "difference": gap,
        "tolerance": export.TOLERANCE,
        "on": told,
        "format": about["platform"],
    }


def _expected(card: registry.ModelCard, said: Any, chances: Any) -> list[Any]:
    if card.threshold is None or chances is None or chances.shape[1] != 2:
        return list(said.tolist())
    return [card.classes[int(c[1] >= card.threshold)] for c in chances]


def _as_frame(rows: Sequence[dict[str, Any]], frame: Any) -> Any:
    """The rows as the model itself takes them."""
    import pandas as pd

    made = pd.DataFrame(list(rows), columns=list(frame.columns)).astype({c: frame[c].dtype for c in frame.columns})
    return made.where(made.notna(), float("nan"))


def _tensors(rows: Sequence[dict[str, Any]], card: registry.ModelCard) -> dict[str, Any]:
    return {"id": "proof", "inputs": [
        {"name": s["column"], "shape": [len(rows), 1], "datatype": "FP64" if s["kind"] == "number" else "BYTES",
         "data": [row[s["column"]] for row in rows]} for s in card.signature
    ]}  # fmt: skip


def _sendable(row: dict[str, Any], card: registry.ModelCard) -> bool:
    """Whether the signature allows the row (no gap where training never had one)."""
    return all(row[s["column"]] is not None or s.get("nullable", True) for s in card.signature)


def post(port: int, path: str, body: Any) -> Any:
    """The JSON answer of a POST on the loopback address. ToolError for any status but 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        got = connection.getresponse()
        text = got.read().decode("utf-8", "replace")
        if got.status != 200:
            raise ToolError(f"The container answered {got.status} to {path}: {text[:300]}")
        return json.loads(text)
    finally:
        connection.close()


def _get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()
