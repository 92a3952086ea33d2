"""Autoscalers and disruption budgets: limits that agree, targets that exist, a pod that may leave."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from opsmith.tools.compute.deployment.checks.documents import Document, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.checks.pods import all_pods, replicas, selected
from opsmith.tools.compute.deployment.quantities import parse_quantity


def check(tree: Tree) -> Iterator[Fault]:
    """Faults of autoscalers (HPA, KEDA) and PodDisruptionBudgets."""
    for document in tree.kinds("HorizontalPodAutoscaler", "ScaledObject"):
        yield from _limits(document)
        yield from _target(tree, document)
        yield from _metrics(tree, document)
    yield from _two_on_one(tree)
    for document in tree.kinds("PodDisruptionBudget"):
        yield from _budget(tree, document)


def _names(scaler: Document) -> tuple[str, str, tuple[str, ...], int]:
    """(key of the fewest, key of the most, path of the target, fewest by default)."""
    if scaler.kind == "ScaledObject":
        return "minReplicaCount", "maxReplicaCount", ("spec", "scaleTargetRef"), 0
    return "minReplicas", "maxReplicas", ("spec", "scaleTargetRef"), 1


def _limits(scaler: Document) -> Iterator[Fault]:
    fewest, most, _, default = _names(scaler)
    low, high = scaler.get("spec", fewest, default=default), scaler.get("spec", most)
    if high is None and scaler.kind == "HorizontalPodAutoscaler":
        yield Fault(scaler.path, scaler.line("spec"), "scaler-limit-missing", f"{scaler.name} has no maxReplicas.",
                    f"add maxReplicas, at least {low}")  # fmt: skip
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield Fault(scaler.path, scaler.line("spec", fewest), "scaler-limits-crossed",
                    f"{fewest} {low} is more than {most} {high}.", f"set {most} to {low} or more")  # fmt: skip


def _target(tree: Tree, scaler: Document) -> Iterator[Fault]:
    _, _, at, _ = _names(scaler)
    kind, name = scaler.get(*at, "kind", default="Deployment"), scaler.get(*at, "name")
    known = [d for d in tree.objects if d.kind == kind and d.namespace == scaler.namespace]
    if not known and not any(d.kind in ("Deployment", "StatefulSet") for d in tree.objects):
        return  # an autoscaler alone: what it scales is somewhere else
    said = scaler.get(*at, "apiVersion")
    if scaler.kind == "HorizontalPodAutoscaler" and said is not None and kind in ("Deployment", "StatefulSet") \
            and said != "apps/v1":  # fmt: skip
        yield Fault(scaler.path, scaler.line(*at, "apiVersion"), "api-wrong",
                    f"No Kubernetes serves {kind} as {said}.", "use apiVersion: apps/v1")  # fmt: skip
    if name not in [d.name for d in known]:
        near = ", ".join(sorted(d.name for d in known)) or f"no {kind} in the namespace {scaler.namespace}"
        yield Fault(scaler.path, scaler.line(*at, "name"), "scaler-target-missing",
                    f"The {scaler.kind} {scaler.name} scales {kind} {name}, which is not in these files.",
                    f"name one that is: {near}")  # fmt: skip


def _metrics(tree: Tree, scaler: Document) -> Iterator[Fault]:
    """A share of a request can only be taken where every container requests something."""
    targets = [p for p in all_pods(tree) if p.owner.namespace == scaler.namespace
               and p.owner.name == scaler.get("spec", "scaleTargetRef", "name")]  # fmt: skip
    wanted: list[tuple[tuple[Any, ...], str]] = []
    if scaler.get("spec", "targetCPUUtilizationPercentage"):
        wanted.append((("spec", "targetCPUUtilizationPercentage"), "cpu"))
    for n, metric in enumerate(scaler.get("spec", "metrics", default=[])):
        resource = metric.get("resource") if isinstance(metric, dict) else None
        if isinstance(resource, dict):
            target = resource.get("target") if isinstance(resource.get("target"), dict) else {}
            at = ("spec", "metrics", n, "resource")
            if (target or {}).get("type") == "Utilization":
                wanted.append(((*at, "name"), str(resource.get("name"))))
            kind = (target or {}).get("type")
            field = {"Utilization": "averageUtilization", "AverageValue": "averageValue", "Value": "value"}.get(
                str(kind)
            )
            if kind is not None and (field is None or field not in (target or {})):
                yield Fault(scaler.path, scaler.line(*at, "target"), "metric-target",
                            f"A target of type {kind} needs {field or 'another type'}, which is not there.",
                            f"add {field}" if field else "use type Utilization, AverageValue or Value")  # fmt: skip
            share = (target or {}).get("averageUtilization")
            if isinstance(share, (int, float)) and share < 1:
                yield Fault(scaler.path, scaler.line(*at, "target", "averageUtilization"), "number-too-small",
                            f"averageUtilization {share} is not allowed: it counts in percent.", "use 65 for 65 %")  # fmt: skip
            value = (target or {}).get("averageValue")
            if value is not None and parse_quantity(value) is None:
                yield Fault(scaler.path, scaler.line(*at, "target", "averageValue"), "quantity-unreadable",
                            f"{str(value)[:40]!r} is no quantity.", "write it as 500m or 512Mi")  # fmt: skip
    for n, trigger in enumerate(scaler.get("spec", "triggers", default=[])):
        if isinstance(trigger, dict) and trigger.get("type") in ("cpu", "memory"):
            wanted.append((("spec", "triggers", n, "type"), str(trigger["type"])))
    for at, name in wanted:
        for pods in targets:
            for place, container, init in pods.containers():
                parts = [pods.owner.get(*place, "resources", part, default={}) for part in ("limits", "requests")]
                given = {**parts[0], **parts[1]}
                if not init and name not in given:
                    yield Fault(scaler.path, scaler.line(*at), "scaler-without-request",
                                f"It scales on a share of the {name} request, but {container.get('name')} requests no {name}.",
                                f"give every container of {pods.owner.name} a {name} request")  # fmt: skip


def _two_on_one(tree: Tree) -> Iterator[Fault]:
    seen: dict[tuple[str, str, str], Document] = {}
    for scaler in tree.kinds("HorizontalPodAutoscaler", "ScaledObject"):
        kind = str(scaler.get("spec", "scaleTargetRef", "kind", default="Deployment"))
        key = (scaler.namespace, kind, str(scaler.get("spec", "scaleTargetRef", "name")))
        first = seen.setdefault(key, scaler)
        optional = "/optional/" in f"/{scaler.path}" or "/optional/" in f"/{first.path}"
        if first is not scaler and first.name != scaler.name and not optional:
            yield Fault(scaler.path, scaler.line("spec", "scaleTargetRef"), "two-scalers",
                        f"{first.kind} {first.name} and {scaler.kind} {scaler.name} both scale {key[2]}; they "
                        f"work against each other.",
                        "keep one, with all metrics in it")  # fmt: skip


def _budget(tree: Tree, budget: Document) -> Iterator[Fault]:
    """A budget that never lets a pod go blocks every drain of a node."""
    least, most = budget.get("spec", "minAvailable"), budget.get("spec", "maxUnavailable")
    if least is not None and most is not None:
        yield Fault(budget.path, budget.line("spec", "maxUnavailable"), "budget-two-ways",
                    "minAvailable and maxUnavailable exclude each other.", "keep maxUnavailable: 1")  # fmt: skip
        return
    if most in (0, "0", "0%") and most is not False:
        yield Fault(budget.path, budget.line("spec", "maxUnavailable"), "budget-blocks-eviction",
                    "maxUnavailable 0 lets no pod go, so no node can be drained.", "set maxUnavailable to 1")  # fmt: skip
        return
    for pods in selected(tree, budget.get("spec", "selector", "matchLabels"), budget):
        count = replicas(tree, pods.owner)
        needed = _needed(least, count)
        if needed is not None and count is not None and needed >= count > 0:
            yield Fault(budget.path, budget.line("spec", "minAvailable"), "budget-blocks-eviction",
                        f"minAvailable {least} of {count} replicas of {pods.owner.name} lets no pod go, so no "
                        f"node can be drained.",
                        "use maxUnavailable: 1 instead")  # fmt: skip


def _needed(least: Any, count: int | None) -> int | None:
    if count is None or least is None:
        return None
    if isinstance(least, int):
        return least
    text = str(least)
    return math.ceil(count * int(text[:-1]) / 100) if text.endswith("%") and text[:-1].isdigit() else None
