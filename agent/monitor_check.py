"""One check of one monitor: call the drift tool, hold its figures against the thresholds, propose what was agreed."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsmith.tools import registry
from opsmith.tools.compute import recent_files
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import monitors
from opsmith.tools.data.monitors import DISTANCES, Monitor


@dataclass(frozen=True)
class Checked:
    """What a check found. `breaches` is empty when all is within bounds."""

    verdict: str
    headline: str
    advice: str
    report: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    breaches: tuple[Mapping[str, Any], ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Which breach this is: the same one is not told twice."""
        return "; ".join(sorted(str(b.get("metric", "verdict")) for b in self.breaches))


def check_monitor(monitor: Monitor, context: Context) -> Checked:
    """Compare as the monitor says. ToolError when its tables, model or columns cannot be read."""
    result = registry.get("drift")(**_arguments(monitor, context), context=context)
    data = result.data
    values = _values(data)
    breaches: list[Mapping[str, Any]] = []
    for metric, threshold in monitor.thresholds.items():
        value = values.get(metric)
        if value is None:
            if metric in DISTANCES:
                value = 0.0
            else:
                raise ToolError(f"{metric} cannot be known yet: {_why_unknown(data)}")
        if monitors.breached(metric, value, threshold):
            moved = [c["name"] for c in data["columns"] if c["drifted"] and _distance(c, metric) > threshold]
            breaches.append({"metric": metric, "value": value, "threshold": threshold, "columns": moved})
    if not monitor.thresholds and data["verdict"] == "act":
        breaches.append({"verdict": "act"})
    report = result.files[0] if result.files else ""
    return Checked(data["verdict"], result.headline, data["advice"], report, values, tuple(breaches), data)


def _arguments(monitor: Monitor, context: Context) -> dict[str, Any]:
    kind = monitor.checks[0] if len(monitor.checks) == 1 else None
    given: dict[str, Any] = {
        "model": monitor.model, "reference": monitor.reference, "target": monitor.target, "kind": kind,
        "current": recent_files.newest(context, monitor.current)[-1] if monitor.current else None,
        "columns": list(monitor.columns),
    }  # fmt: skip
    return {name: value for name, value in given.items() if value}


def _values(data: Mapping[str, Any]) -> dict[str, float]:
    """The figure of every metric: the largest distance among columns that surely moved, or the realised score."""
    found = {}
    for metric in DISTANCES:
        found[metric] = max((_distance(c, metric) for c in data["columns"] if c["drifted"]), default=0.0)
    known = data["performance"].get("realised") or data["performance"].get("estimated") or {}
    found |= {name: float(told["value"]) for name, told in known.items()}
    if "accuracy" in found:
        found["error_rate"] = 1 - found["accuracy"]
    return found


def _distance(column: Mapping[str, Any], metric: str) -> float:
    if metric == "missing":
        return abs(column["missing"][1] - column["missing"][0])
    if metric == "chi2":
        return float(column["effect"])
    return float(column.get(metric, 0.0))


def _why_unknown(data: Mapping[str, Any]) -> str:
    known = data["performance"]
    if data.get("notes"):
        return str(data["notes"][0])
    return "no outcomes have arrived" if not known else f"known are {', '.join(sorted(_values(data)))}"


def propose_remedy(monitor: Monitor, context: Context, settings: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Approvals that start the remedy, and what was carried out already because the settings allow it ahead.

    An earlier version that is surely better on the watched outcomes is proposed first; else a retraining on recent data.
    Nothing but `retrain` is ever carried out here; moving the champion waits for a person whatever the settings say.
    """
    from opsmith.agent.acting import Acting
    from opsmith.agent.approvals import Approvals, Decision
    from opsmith.agent.audit import Audit
    from opsmith.agent.store import Store

    tool = registry.get("retrain")
    arguments, why = _going_back(monitor, context) or (_again(monitor, context), "")
    result = tool(**arguments, context=context)
    store = Store(context.project, str(settings.get("store.url", "")))
    try:
        approvals = Approvals(store, context.project, settings)
        acting = Acting(store, approvals, Audit(store.home), settings, None)
        thread, call = f"monitor-{monitor.name}", secrets.token_hex(8)
        waiting, done = [], []
        for number, action in enumerate(result.actions):
            notes = (why, *action.preview.notes) if why else action.preview.notes
            action = dataclasses.replace(
                action, arguments={**action.arguments, "monitor": monitor.name},
                preview=dataclasses.replace(action.preview, notes=notes),
            )  # fmt: skip
            proposal = approvals.propose(
                action, thread=thread, call_id=call, number=number, tool=tool.name, arguments=arguments,
                by=f"monitor {monitor.name}",
            )  # fmt: skip
            allowed = approvals.allowed_ahead(action) if action.kind == "retrain" else ""
            if allowed:
                approvals.decide(Decision(proposal.id, proposal.digest, "yes", "opsmith.toml", "settings", allowed))
                done.append(acting.perform(proposal.id).message)
            else:
                waiting.append(proposal.id)
        return waiting, done
    finally:
        store.close()


def _going_back(monitor: Monitor, context: Context) -> tuple[dict[str, Any], str] | None:
    """Arguments for a rollback to an earlier version that does surely better, and why; None when there is none."""
    from opsmith.tools.compute import earlier_versions
    from opsmith.tools.data.registry import get

    if not monitor.current or not monitor.model:
        return None
    rows = recent_files.newest(context, monitor.current)[-1]
    found = earlier_versions.better(context, get(context.project, monitor.model), rows, monitor.metric)
    if found is None:
        return None
    card, told = found
    why = (
        f"On {rows}, which neither learned from, version {card.version} reaches {told.metric} {told.challenger:.3g} and the "
        f"champion {told.champion:.3g} ({told.reason})."
    )
    return {"model": monitor.model, "action": "rollback", "version": card.version}, why


def _again(monitor: Monitor, context: Context) -> dict[str, Any]:
    """Arguments for a retraining: on the newest files of a pattern, the watched table, or the prediction log."""
    if not monitor.current:
        return {"model": monitor.model}
    return {"model": monitor.model, "dataset": recent_files.joined(context, monitor.current, monitor.learn_from)}


def still_waiting(context: Context, settings: Mapping[str, Any], approvals: Sequence[str]) -> list[str]:
    """Those of the approvals that nobody has answered yet."""
    from opsmith.agent.approvals import Approvals
    from opsmith.agent.store import Store

    if not approvals:
        return []
    store = Store(context.project, str(settings.get("store.url", "")))
    try:
        open_ones = {p.id for p in Approvals(store, context.project, settings).pending()}
    finally:
        store.close()
    return [a for a in approvals if a in open_ones]


def context_for(project: Path, settings: Mapping[str, Any]) -> Context:
    """The context in which checks run."""
    readable = tuple(Path(p).expanduser() for p in settings.get("readable", ()) if "://" not in p)
    return Context(project, readable, settings, seed=int(settings.get("seed", 0)))
