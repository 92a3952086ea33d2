"""Compose files: references, ports, limits in one place, secrets in plain sight."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from opsmith.tools.compute.deployment.checks import images, secrets
from opsmith.tools.compute.deployment.checks.documents import Document, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.checks.pods import listed

_SIZE = re.compile(r"\d+(\.\d+)?\s*([bkmg]|[kmg]b|[kmg]ib)?", re.IGNORECASE)
_OLD_LIMITS = ("mem_limit", "cpus", "pids_limit", "cpu_quota", "mem_reservation")


def check(tree: Tree) -> Iterator[Fault]:
    """Faults of compose files."""
    for document in tree.compose:
        services = document.get("services", default={})
        taken: dict[tuple[str, str], str] = {}
        for name, service in (services if isinstance(services, dict) else {}).items():
            if not isinstance(service, dict):
                continue
            at = ("services", name)
            yield from _references(document, at, service)
            yield from _ports(document, at, name, service, taken)
            yield from _limits(document, at, service)
            yield from _environment(document, at, service)
            yield from _image_ports(tree, document, at, service)


def targets(service: dict[str, Any]) -> Iterator[tuple[int, str | None, str, int | None]]:
    """(index, published port, host address, container port) of each entry of `ports`."""
    for number, entry in enumerate(listed(service, "ports")):
        if isinstance(entry, dict):
            target = entry.get("target")
            yield (
                number,
                _text(entry.get("published")),
                str(entry.get("host_ip") or ""),
                target if isinstance(target, int) else None,
            )
            continue
        parts = str(entry).partition("/")[0].rsplit(":", 2)
        host = parts[0] if len(parts) == 3 else ""
        published = parts[-2] if len(parts) > 1 else None
        yield number, published, host, int(parts[-1]) if parts[-1].isdigit() else None


def _references(document: Document, at: tuple[Any, ...], service: dict[str, Any]) -> Iterator[Fault]:
    services = document.get("services", default={})
    wanted = service.get("depends_on")
    for name in wanted if isinstance(wanted, (list, dict)) else []:
        if name not in services:
            number = wanted.index(name) if isinstance(wanted, list) else name
            yield Fault(document.path, document.line(*at, "depends_on", number), "service-missing",
                        f"{at[1]} depends on {name}, which is no service here.",
                        f"use one of: {', '.join(services)}")  # fmt: skip
    for key, top, rule in (("networks", "networks", "network-missing"), ("secrets", "secrets", "secret-undefined"),
                           ("configs", "configs", "config-undefined")):  # fmt: skip
        known = document.get(top, default={})
        entries = service.get(key)
        for number, entry in enumerate(entries if isinstance(entries, (list, dict)) else []):
            name = entry.get("source") if isinstance(entry, dict) else entry
            if name and name != "default" and name not in known:
                yield Fault(document.path, document.line(*at, key, number), rule,
                f"{at[1]} uses {name}, which is not under {top}.",
                            f"add {name} under {top} at the top level")  # fmt: skip
    known = document.get("volumes", default={})
    for number, entry in enumerate(listed(service, "volumes")):
        if isinstance(entry, dict):
            name = entry.get("source") if entry.get("type") == "volume" else None
        else:
            first = str(entry).partition(":")
            name = first[0] if first[1] and re.fullmatch(r"[A-Za-z0-9][\w.-]*", first[0]) else None
        if name and name not in known:
            yield Fault(document.path, document.line(*at, "volumes", number), "volume-undefined",
                        f"{at[1]} mounts the volume {name}, which is not under volumes.",
                        f"add {name} under volumes at the top level")  # fmt: skip


def _ports(
    document: Document, at: tuple[Any, ...], name: str, service: dict[str, Any], taken: dict[tuple[str, str], str]
) -> Iterator[Fault]:
    for number, published, host, target in targets(service):
        line = document.line(*at, "ports", number)
        for port in (published, target):
            if port is not None and str(port).isdigit() and not 1 <= int(port) <= 65535:
                yield Fault(
                    document.path, line, "port-out-of-range", f"{port} is no port.", "use a number from 1 to 65535"
                )
        if published and str(published).isdigit() and int(published) > 0:
            key = (host, str(published))
            if key in taken and taken[key] != name:
                yield Fault(document.path, line, "host-port-twice", f"{taken[key]} and {name} both publish port {published}.",
                            "publish another port")  # fmt: skip
            taken.setdefault(key, name)


def _limits(document: Document, at: tuple[Any, ...], service: dict[str, Any]) -> Iterator[Fault]:
    limits = document.get(*at, "deploy", "resources", "limits")
    old = [k for k in _OLD_LIMITS if k in service]
    if isinstance(limits, dict) and old:
        yield Fault(document.path, document.line(*at, old[0]), "limits-in-two-places",
                    f"{old[0]} and deploy.resources.limits stand side by side; the engine refuses the file.",
                    "keep deploy.resources.limits only (pids: there stands for pids_limit)")  # fmt: skip
    sizes = [((*at, "mem_limit"), service.get("mem_limit"))]
    for part in ("limits", "reservations"):
        sizes.append(
            ((*at, "deploy", "resources", part, "memory"), document.get(*at, "deploy", "resources", part, "memory"))
        )
    for place, value in sizes:
        if value is not None and "$" not in str(value) and not _SIZE.fullmatch(str(value).strip()):
            yield Fault(document.path, document.line(*place), "quantity-unreadable", f"{str(value)[:40]!r} is no size.",
                        "write it as 512M or 1G")  # fmt: skip
    low, high = (document.get(*at, "deploy", "resources", part, "cpus") for part in ("reservations", "limits"))
    if _number(low) is not None and _number(high) is not None and _number(low) > _number(high):  # type: ignore[operator]
        yield Fault(document.path, document.line(*at, "deploy", "resources", "reservations", "cpus"), "request-above-limit",
                    f"{at[1]} reserves {low} CPU, more than its limit {high}.", "lower the reservation")  # fmt: skip


def _environment(document: Document, at: tuple[Any, ...], service: dict[str, Any]) -> Iterator[Fault]:
    values = service.get("environment")
    if isinstance(values, dict):
        yield from secrets.in_mapping(document, (*at, "environment"), values)
    for number, entry in enumerate(values if isinstance(values, list) else []):
        name, _, value = str(entry).partition("=")
        yield from secrets.in_text(document.path, document.line(*at, "environment", number), name, value)
    build = service.get("build")
    arguments = build.get("args") if isinstance(build, dict) else None
    if isinstance(arguments, dict):
        yield from secrets.in_mapping(document, (*at, "build", "args"), arguments)


def _image_ports(tree: Tree, document: Document, at: tuple[Any, ...], service: dict[str, Any]) -> Iterator[Fault]:
    """What compose publishes must be what the image that it builds listens on."""
    build = service.get("build")
    if build is None:
        return
    context = str(build.get("context", ".") if isinstance(build, dict) else build)
    if "$" in context or "://" in context:
        return
    file = str(build.get("dockerfile", "Dockerfile") if isinstance(build, dict) else "Dockerfile")
    folder = (tree.root / document.folder / context).resolve()
    if isinstance(build, dict) and "dockerfile_inline" in build:
        return
    if tree.root.resolve() not in (folder, *folder.parents):
        return
    path = (folder / file).resolve()
    if not path.is_file():
        if list(tree.root.rglob("Dockerfile*")) or not tree.record:
            yield Fault(document.path, document.line(*at, "build"), "dockerfile-missing",
                        f"{at[1]} is built from {context}, where there is no {file}.",
                        "correct context or dockerfile")  # fmt: skip
        return
    lines = tree.dockerfiles.get(path.relative_to(tree.root.resolve()).as_posix())
    ports = images.exposed(lines) if lines else {}
    said = service.get("environment")
    said = said.get("PORT") if isinstance(said, dict) else None
    for number, _, _, target in targets(service):
        if ports and target is not None and target not in ports and str(said) != str(target):
            yield Fault(document.path, document.line(*at, "ports", number), "port-disagrees",
                        f"{at[1]} publishes container port {target}, but its image exposes {', '.join(map(str, ports))}.",
                        f"use {min(ports)} on the right-hand side")  # fmt: skip
    if (
        said is not None
        and str(said).isdigit()
        and not any(t == int(said) for *_, t in targets(service))
        and listed(service, "ports")
    ):
        yield Fault(document.path, document.line(*at, "environment", "PORT"), "port-disagrees",
                    f"PORT is {said}, but {at[1]} publishes another container port.", f"publish {said}")  # fmt: skip


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
