"""Workloads one by one: selectors, containers, quantities, probes, images, secrets in plain sight."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from opsmith.tools.compute.deployment.checks import secrets
from opsmith.tools.compute.deployment.checks.documents import Document, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.checks.pods import Pods, all_pods, listed
from opsmith.tools.compute.deployment.quantities import parse_quantity

_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?")


def check(tree: Tree) -> Iterator[Fault]:
    """Faults within single workloads."""
    for pods in all_pods(tree):
        yield from _selector(pods)
        yield from _rollout(pods.owner)
        yield from _pod(pods)
        for at, container, init in pods.containers():
            yield from _resources(pods.owner, at, container)
            yield from _mounts(pods, at, container)
            yield from secrets.in_environment(pods.owner, (*at, "env"), container.get("env"))
            yield from _image(pods.owner, at, container)
            if not init:
                yield from _probes(pods, at, container)
    for document in tree.kinds("PersistentVolumeClaim"):
        yield from _quantity(document, ("spec", "resources", "requests", "storage"))
    for document in tree.kinds("Secret"):
        yield from secrets.in_secret(document)
    for document in tree.kinds("ConfigMap"):
        yield from secrets.in_mapping(document, ("data",), document.get("data"))


def _selector(pods: Pods) -> Iterator[Fault]:
    owner = pods.owner
    if owner.kind not in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout"):
        return
    wanted = owner.get("spec", "selector", "matchLabels")
    if not isinstance(wanted, dict):
        if not owner.get("spec", "selector") and owner.kind != "Rollout":
            yield Fault(owner.path, owner.line("spec"), "selector-missing", f"{owner.kind} {owner.name} has no selector.",
                        "add spec.selector.matchLabels with the labels of the pod template")  # fmt: skip
        return
    for key, value in wanted.items():
        if str(pods.labels.get(key)) != str(value):
            there = f"{key}: {pods.labels[key]}" if key in pods.labels else f"no label {key}"
            yield Fault(owner.path, owner.line("spec", "selector", "matchLabels", key), "selector-mismatch",
                        f"The selector of {owner.name} wants {key}: {value}, its pods have {there}.",
                        f"give selector and template.metadata.labels the same {key}")  # fmt: skip


def _rollout(owner: Document) -> Iterator[Fault]:
    surge = owner.get("spec", "strategy", "rollingUpdate", "maxSurge")
    gone = owner.get("spec", "strategy", "rollingUpdate", "maxUnavailable")
    if _zero(surge) and _zero(gone):
        yield Fault(owner.path, owner.line("spec", "strategy", "rollingUpdate"), "rollout-stuck",
                    "maxSurge and maxUnavailable are both 0, so no pod can ever be replaced.", "set maxSurge to 1")  # fmt: skip
    if owner.kind == "CronJob":
        schedule = owner.get("spec", "schedule", default="")
        if not is_cron(str(schedule)):
            yield Fault(owner.path, owner.line("spec", "schedule"), "schedule-unreadable",
                        f"{str(schedule)[:40]!r} is no cron schedule of five fields.", 'write it as "0 6 * * *"')  # fmt: skip


def _pod(pods: Pods) -> Iterator[Fault]:
    owner, seen, ports = pods.owner, set(), {}
    for at, container, _ in pods.containers():
        name = container.get("name")
        if name in seen:
            yield Fault(owner.path, owner.line(*at, "name"), "container-twice", f"Two containers are called {name}.",
                        "give each container a name of its own")  # fmt: skip
        seen.add(name)
    for at, port in pods.ports():
        number, name = port.get("containerPort"), port.get("name")
        if not _is_port(number):
            yield Fault(owner.path, owner.line(*at, "containerPort"), "port-out-of-range",
                        f"containerPort {number} is no port.", "use a number from 1 to 65535")  # fmt: skip
        if name is not None and not _PORT_NAME.fullmatch(str(name)):
            yield Fault(owner.path, owner.line(*at, "name"), "port-name-invalid",
                        f"{name!r} cannot name a port.", "use at most 15 lower-case letters, digits and dashes")  # fmt: skip
        if name is not None and name in ports:
            yield Fault(owner.path, owner.line(*at, "name"), "port-name-twice", f"Two ports are called {name}.",
                        "give each port a name of its own")  # fmt: skip
        ports[name] = number
    grace = pods.spec("terminationGracePeriodSeconds", default=30)
    for at, _, _ in pods.containers():
        command = pods.owner.get(*at, "lifecycle", "preStop", "exec", "command", default=[])
        seconds = pods.owner.get(*at, "lifecycle", "preStop", "sleep", "seconds")
        if isinstance(command, list) and len(command) == 2 and command[0] == "sleep" and str(command[1]).isdigit():
            seconds = int(command[1])
        if isinstance(seconds, int) and isinstance(grace, int) and seconds >= grace:
            yield Fault(owner.path, owner.line(*at, "lifecycle", "preStop"), "stop-cut-short",
                        f"preStop sleeps {seconds} s, but the pod is killed after {grace} s.",
                        f"set terminationGracePeriodSeconds above {seconds}")  # fmt: skip


def _resources(owner: Document, at: tuple[Any, ...], container: dict[str, Any]) -> Iterator[Fault]:
    resources = container.get("resources")
    if not isinstance(resources, dict):
        return
    for part in ("requests", "limits"):
        for name in resources.get(part) or {} if isinstance(resources.get(part), dict) else {}:
            yield from _quantity(owner, (*at, "resources", part, name))
    requests: Any
    limits: Any
    requests, limits = (resources.get(k) if isinstance(resources.get(k), dict) else {} for k in ("requests", "limits"))
    for name, asked in (requests or {}).items():
        most = (limits or {}).get(name)
        low, high = parse_quantity(asked), parse_quantity(most)
        if low is not None and high is not None and low > high:
            yield Fault(owner.path, owner.line(*at, "resources", "requests", name), "request-above-limit",
                        f"{container.get('name')} requests {asked} {name}, more than its limit {most}.",
                        f"lower the request to {most}, or raise the limit")  # fmt: skip


def _mounts(pods: Pods, at: tuple[Any, ...], container: dict[str, Any]) -> Iterator[Fault]:
    owner = pods.owner
    volumes = {v.get("name") for v in listed(pods.spec(default={}), "volumes") if isinstance(v, dict)}
    claims = owner.get("spec", "volumeClaimTemplates", default=[])
    volumes |= {owner.get("spec", "volumeClaimTemplates", n, "metadata", "name") for n in range(len(claims))}
    for number, mount in enumerate(listed(container, "volumeMounts")):
        if isinstance(mount, dict) and mount.get("name") not in volumes:
            yield Fault(owner.path, owner.line(*at, "volumeMounts", number, "name"), "volume-missing",
                        f"{container.get('name')} mounts the volume {mount.get('name')}, which the pod does not have.",
                        f"add a volume called {mount.get('name')} under spec.volumes")  # fmt: skip
    for number, volume in enumerate(listed(pods.spec(default={}), "volumes")):
        if isinstance(volume, dict) and isinstance(volume.get("emptyDir"), dict):
            yield from _quantity(owner, (*pods.spec_at, "volumes", number, "emptyDir", "sizeLimit"))


def _probes(pods: Pods, at: tuple[Any, ...], container: dict[str, Any]) -> Iterator[Fault]:
    owner, ports = pods.owner, [p for p in listed(container, "ports") if isinstance(p, dict)]
    numbers, names = {p.get("containerPort") for p in ports}, {p.get("name") for p in ports}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        for way in ("httpGet", "tcpSocket", "grpc"):
            port = owner.get(*at, probe, way, "port")
            if port is None or (not ports and isinstance(port, int)):
                continue
            if port not in (numbers if isinstance(port, int) else names):
                there = ", ".join(str(p.get("name") or p.get("containerPort")) for p in ports) or "none"
                yield Fault(owner.path, owner.line(*at, probe, way, "port"), "probe-port-missing",
                            f"The {probe} asks port {port}, which {container.get('name')} does not expose (it has: {there}).",
                            f"use one of the container's ports: {there}")  # fmt: skip
    for number, entry in enumerate(listed(container, "env")):
        said = str(entry.get("value", "")) if isinstance(entry, dict) and entry.get("name") == "PORT" else ""
        if said.isdigit() and ports and int(said) not in numbers:
            yield Fault(owner.path, owner.line(*at, "env", number), "port-disagrees",
                        f"PORT is {said}, but the container exposes {', '.join(map(str, sorted(map(str, numbers))))}.",
                        "set PORT and containerPort to the same number")  # fmt: skip


def _image(owner: Document, at: tuple[Any, ...], container: dict[str, Any]) -> Iterator[Fault]:
    image = container.get("image")
    if not isinstance(image, str) or "@sha256:" in image or "$" in image:
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if tag in ("", "latest"):
        yield Fault(owner.path, owner.line(*at, "image"), "image-not-pinned",
                    f"{image} means whatever is newest when the pod starts.", "name a version, or better a digest",
                    "warning")  # fmt: skip


def _quantity(document: Document, at: tuple[Any, ...]) -> Iterator[Fault]:
    value = document.get(*at)
    if value is not None and str(value).startswith("-"):
        yield Fault(document.path, document.line(*at), "quantity-negative", f"{str(value)[:40]} is below zero.",
                    "write it as 500m, 0.5, 512Mi or 1Gi")  # fmt: skip
    elif value is not None and parse_quantity(value) is None:
        yield Fault(document.path, document.line(*at), "quantity-unreadable", f"{str(value)[:40]!r} is no quantity.",
                    "write it as 500m, 0.5, 512Mi or 1Gi")  # fmt: skip


def _is_port(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535


def _zero(value: Any) -> bool:
    return value in (0, "0", "0%") and value is not False


def is_cron(text: str) -> bool:
    """Whether five fields (or a name such as @daily) say a time that comes.

    >>> is_cron("0 6 * * mon-fri"), is_cron("0 25 * * *"), is_cron("0 0 30 2 *")
    (True, False, False)
    """
    if re.fullmatch(r"@(yearly|annually|monthly|weekly|daily|midnight|hourly)", text.strip()):
        return True
    fields = text.split()
    part = r"(\*|\?|[0-9A-Za-z]+(-[0-9A-Za-z]+)?)(/[0-9]+)?"
    if len(fields) != 5 or not all(re.fullmatch(rf"{part}(,{part})*", f) for f in fields):
        return False
    day, month = fields[2], fields[3]
    if (
        day.isdigit()
        and month.isdigit()
        and fields[4] == "*"
        and int(day) > {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}.get(int(month), 31)
    ):
        return False
    highest = (59, 23, 31, 12, 7)
    return all(int(n) <= top for f, top in zip(fields, highest, strict=True) for n in re.findall(r"(?<!/)\b\d+\b", f))
