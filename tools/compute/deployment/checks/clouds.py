"""Cloud files: CPU and memory in pairs that are on offer (Fargate, Cloud Run, Container Apps), limits that agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opsmith.tools.compute.deployment import pairs
from opsmith.tools.compute.deployment.checks import secrets
from opsmith.tools.compute.deployment.checks.documents import Document, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.quantities import MIB, parse_quantity


def check(tree: Tree) -> Iterator[Fault]:
    """Faults of task definitions, CloudFormation, Knative services, container apps and Terraform variables."""
    for document in [*tree.others, *tree.objects]:
        yield from _task(document, (), document.value)
        for name, resource in (
            document.get("Resources", default={}).items() if isinstance(document.get("Resources"), dict) else ()
        ):
            if isinstance(resource, dict) and resource.get("Type") == "AWS::ECS::TaskDefinition":
                yield from _task(document, ("Resources", name, "Properties"), resource.get("Properties"))
        if document.path.endswith("terraform.tfvars.json"):
            yield from _variables(document)
            yield from secrets.in_mapping(document, (), document.value)
    for document in tree.objects:
        if document.kind == "Service" and document.api.startswith("serving.knative.dev/"):
            yield from _knative(document)
    for document in tree.others:
        template = document.get("properties", "template", "containers")
        if isinstance(template, list):
            yield from _container_app(document, ("properties", "template", "containers"), template)
        yield from _scale(document, ("properties", "template", "scale"), "minReplicas", "maxReplicas")


def _task(document: Document, at: tuple[Any, ...], task: Any) -> Iterator[Fault]:
    if not isinstance(task, dict):
        return
    lower = {str(k)[:1].lower() + str(k)[1:]: k for k in task}
    compatible = task.get(lower.get("requiresCompatibilities", ""))
    if not isinstance(compatible, list) or "FARGATE" not in compatible:
        return
    cpu_key, memory_key = lower.get("cpu"), lower.get("memory")
    if cpu_key is None or memory_key is None:
        yield Fault(document.path, document.line(*at), "fargate-pair", "A Fargate task needs cpu and memory.",
                    "add cpu 512 and memory 1024")  # fmt: skip
        return
    units, mib = _units(task[cpu_key], 1024), _units(task[memory_key], 1024)
    if units is None or mib is None:
        return  # a reference, such as !Ref
    fault = pairs.fargate_fault(units, mib)
    if fault:
        yield Fault(document.path, document.line(*at, memory_key if units in pairs.FARGATE else cpu_key), "fargate-pair",
                    fault[0].upper() + fault[1:] + ".", _pair(units, mib))  # fmt: skip


def _pair(units: int, mib: int) -> str:
    for known, sizes in pairs.FARGATE.items():
        fits = [s for s in sizes if s >= mib]
        if known >= units and fits:
            return f"use {known} CPU units with {fits[0]} MiB"
    return "use 16384 CPU units with 122880 MiB, the largest on offer"


def _variables(document: Document) -> Iterator[Fault]:
    units, mib = document.get("cpu_units"), document.get("memory_mib")
    if isinstance(units, int) and isinstance(mib, int) and pairs.fargate_fault(units, mib):
        yield Fault(document.path, document.line("memory_mib"), "fargate-pair",
                    pairs.fargate_fault(units, mib) + ".", _pair(units, mib))  # fmt: skip
    cpu, memory = document.get("cpu"), document.get("memory")
    if isinstance(cpu, str) and memory is not None:
        yield from _cloud_run(document, ("memory",), cpu, memory, document.get("concurrency", default=1))
    elif isinstance(cpu, (int, float)) and memory is not None:
        yield from _apps_pair(document, ("memory",), float(cpu), memory)
    yield from _scale(document, (), "min_replicas", "max_replicas")


def _scale(document: Document, at: tuple[str, ...], fewest: str, most: str) -> Iterator[Fault]:
    low, high = document.get(*at, fewest), document.get(*at, most)
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield Fault(document.path, document.line(*at, fewest), "scaler-limits-crossed",
                    f"{fewest} {low} is more than {most} {high}.", f"set {most} to {low} or more")  # fmt: skip


def _knative(document: Document) -> Iterator[Fault]:
    spec = ("spec", "template", "spec")
    concurrency = document.get(*spec, "containerConcurrency", default=1)
    notes = document.get("spec", "template", "metadata", "annotations", default={})
    low, high = (notes.get(f"autoscaling.knative.dev/{k}") for k in ("minScale", "maxScale"))
    if str(low).isdigit() and str(high).isdigit() and int(low) > int(high) > 0:
        yield Fault(document.path, document.line("spec", "template", "metadata", "annotations"), "scaler-limits-crossed",
                    f"minScale {low} is more than maxScale {high}.", f"set maxScale to {low} or more")  # fmt: skip
    for number, container in enumerate(document.get(*spec, "containers", default=[])):
        limits = document.get(*spec, "containers", number, "resources", "limits", default={})
        if isinstance(container, dict) and isinstance(limits, dict) and "cpu" in limits and "memory" in limits:
            at = (*spec, "containers", number, "resources", "limits", "memory")
            yield from _cloud_run(document, at, limits["cpu"], limits["memory"], concurrency)


def _cloud_run(document: Document, at: tuple[Any, ...], cpu: Any, memory: Any, concurrency: Any) -> Iterator[Fault]:
    cores, size = parse_quantity(cpu), parse_quantity(memory)
    if cores is None or size is None:
        bad = cpu if cores is None else memory
        yield Fault(document.path, document.line(*at), "quantity-unreadable", f"{str(bad)[:40]!r} is no quantity.",
                    "write it as 1 and 512Mi")  # fmt: skip
        return
    fault = pairs.cloud_run_fault(float(cores), float(size / MIB), concurrency if isinstance(concurrency, int) else 1)
    if fault:
        yield Fault(document.path, document.line(*at), "cloud-run-pair", fault[0].upper() + fault[1:] + ".",
                    "use 1 CPU with up to 4Gi, 2 with up to 8Gi, 4 with 2Gi to 16Gi")  # fmt: skip


def _container_app(document: Document, at: tuple[Any, ...], containers: list[Any]) -> Iterator[Fault]:
    for number, container in enumerate(containers):
        resources = container.get("resources") if isinstance(container, dict) else None
        if isinstance(resources, dict) and "cpu" in resources and "memory" in resources:
            yield from _apps_pair(document, (*at, number, "resources", "memory"), resources["cpu"], resources["memory"])


def _apps_pair(document: Document, at: tuple[Any, ...], cpu: Any, memory: Any) -> Iterator[Fault]:
    cores, size = parse_quantity(cpu), parse_quantity(memory)
    if cores is None or size is None:
        return
    fault = pairs.container_apps_fault(float(cores), float(size / MIB))
    if fault:
        yield Fault(document.path, document.line(*at), "container-apps-pair", fault + ".",
                    f"use {float(cores):g} CPU with {float(cores) * 2:g}Gi")  # fmt: skip


def _units(value: Any, per: int) -> int | None:
    """CPU units or MiB: 512, "512", ".5 vCPU", "1 GB"."""
    text = str(value).strip().lower()
    number, unit = text.rstrip(" abcdefghijklmnopqrstuvwxyz"), text.lstrip("0123456789. ")
    try:
        return int(float(number) * (per if unit in ("vcpu", "gb") else 1)) if unit in ("", "vcpu", "gb") else None
    except ValueError:
        return None
