"""Compose files, second part: health checks, order of starting, files beside, words of a closed set, published ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from opsmith.tools.compute.deployment.checks import composes, images
from opsmith.tools.compute.deployment.checks.documents import Document, Instruction, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.checks.pods import listed

At = tuple[Any, ...]
_DURATION = re.compile(r"(\d+(\.\d+)?(h|ms|us|ns|m|s))+|\d+")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_RESTART = re.compile(r"no|always|unless-stopped|on-failure(:\d+)?")
_CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")
_SLIM = re.compile(
    r"(^|/)(python|node|debian|ubuntu|openjdk|eclipse-temurin|golang|rust):[\w.-]*(slim|alpine|distroless|bookworm|jammy|noble)"
    r"|distroless|scratch"
)
_TOOLS = ("curl", "wget", "nc", "netcat")


def check(tree: Tree) -> Iterator[Fault]:
    """Faults of compose files that concern starting and health."""
    for document in tree.compose:
        services = document.get("services", default={})
        named = {n: s for n, s in services.items() if isinstance(s, dict)} if isinstance(services, dict) else {}
        for name, service in named.items():
            at = ("services", name)
            yield from _health(tree, document, at, service)
            yield from _order(document, at, service, named)
            yield from _words(document, at, service)
            yield from _files(tree, document, at, service)
            yield from _writable(tree, document, at, service)
        yield from _circle(document, named)
        yield from _clashes(document, named)
        yield from _top_files(tree, document)


def _health(tree: Tree, document: Document, at: At, service: dict[str, Any]) -> Iterator[Fault]:
    probe = service.get("healthcheck")
    if not isinstance(probe, dict) or probe.get("disable"):
        return
    here = (*at, "healthcheck")
    for key in ("interval", "timeout", "start_period", "start_interval"):
        value = probe.get(key)
        if value is not None and "$" not in str(value) and not _DURATION.fullmatch(str(value)):
            yield Fault(
                document.path,
                document.line(*here, key),
                "duration-unreadable",
                f"{key} {str(value)[:40]!r} is no duration.",
                "write it as 10s or 1m30s",
            )
    every, most = _seconds(probe.get("interval", "30s")), _seconds(probe.get("timeout", "30s"))
    if every is not None and most is not None and "timeout" in probe and most > every:
        yield Fault(document.path, document.line(*here, "timeout"), "probe-timeout",
                    f"The health check may take {probe['timeout']}, but is asked every {probe.get('interval', '30s')}.",
                    "set timeout below interval", "warning")  # fmt: skip
    test = probe.get("test")
    if isinstance(test, list) and test and test[0] not in ("CMD", "CMD-SHELL", "NONE"):
        yield Fault(document.path, document.line(*here, "test"), "health-form",
                    f"The list of a health check begins with CMD or CMD-SHELL, not {str(test[0])[:40]!r}.",
                    'put "CMD" first')  # fmt: skip
    text = " ".join(map(str, test)) if isinstance(test, list) else str(test or "")
    lines = _built(tree, document, service)
    yield from _tools(document, (*here, "test"), text, service, lines)
    ports = {t for *_, t in composes.targets(service) if t} | set(images.exposed(lines) if lines else {})
    said = service.get("environment")
    said = str(said.get("PORT", "")) if isinstance(said, dict) else ""
    ports |= {int(said)} if said.isdigit() else set()
    ports |= {int(p) for p in map(str, listed(service, "expose")) if p.isdigit()}
    asked = {int(p) for p in re.findall(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{2,5})", text)}
    if asked and ports and lines and not asked & ports:
        yield Fault(document.path, document.line(*here, "test"), "port-disagrees",
                    f"The health check asks port {min(asked)}, but {at[1]} listens on {', '.join(map(str, sorted(ports)))}.",
                    f"ask port {min(ports)}")  # fmt: skip


def _tools(
    document: Document, at: At, text: str, service: dict[str, Any], lines: list[Instruction] | None
) -> Iterator[Fault]:
    """A program that the image does not have: judged for images built here, and for slim images by name."""
    tool = next((t for t in _TOOLS if re.search(rf"(^|[\s\"';|&]){t}\s", text)), None)
    if tool is None:
        return
    steps = images.last_stage(lines) if lines else []
    base = steps[0].rest if steps else str(service.get("image", ""))
    installed = any(tool in step.rest for step in steps if step.word in ("RUN", "COPY"))
    alpine = "alpine" in base and tool in ("wget", "nc")  # BusyBox has these
    if (steps or not service.get("build")) and _SLIM.search(base) and not installed and not alpine:
        yield Fault(
            document.path,
            document.line(*at),
            "health-tool-missing",
            f"The health check calls {tool}, which {base.split()[0]} does not have.",
            'use what is there, such as python -c "import urllib.request as u; u.urlopen(...)", or install it',
        )


def _order(document: Document, at: At, service: dict[str, Any], named: dict[str, Any]) -> Iterator[Fault]:
    wanted = service.get("depends_on")
    for name, how in wanted.items() if isinstance(wanted, dict) else ():
        condition = how.get("condition") if isinstance(how, dict) else None
        here = (*at, "depends_on", name, "condition")
        if condition is not None and condition not in _CONDITIONS:
            yield Fault(document.path, document.line(*here), "word-unknown", f"There is no condition {condition}.",
                        f"use one of: {', '.join(_CONDITIONS)}")  # fmt: skip
        other = named.get(name, {})
        built_or_base = "build" in other or re.match(r"(postgres|mysql|mariadb|redis|mongo|rabbitmq|nginx|minio/|bitnami/)",
                                                     str(other.get("image", "")))  # fmt: skip
        probe = other.get("healthcheck")
        none = probe is None or (isinstance(probe, dict) and probe.get("disable"))
        if condition == "service_healthy" and other and none and built_or_base and "build" not in other:
            yield Fault(document.path, document.line(*here), "health-missing",
                        f"{at[1]} waits until {name} is healthy, but {name} has no health check.",
                        f"add a healthcheck to {name}, or wait for service_started")  # fmt: skip


def _circle(document: Document, named: dict[str, Any]) -> Iterator[Fault]:
    needs = {n: [d for d in (s.get("depends_on") or []) if d in named] if isinstance(s.get("depends_on"), (list, dict)) else []
             for n, s in named.items()}  # fmt: skip
    for name in needs:
        seen = {name}
        waiting = list(needs[name])
        while waiting:
            one = waiting.pop()
            if one == name:
                yield Fault(document.path, document.line("services", name, "depends_on"), "depends-in-a-circle",
                            f"{name} waits for itself, by way of {', '.join(needs[name])}.",
                            "remove one depends_on of the circle")  # fmt: skip
                return
            if one not in seen:
                seen.add(one)
                waiting += needs[one]


def _words(document: Document, at: At, service: dict[str, Any]) -> Iterator[Fault]:
    restart = service.get("restart")
    line = document.line(*at, "restart")
    if restart is False:
        yield Fault(
            document.path,
            line,
            "text-wanted",
            "restart: no is read as false, which is no text.",
            'put it in quotes: "no"',
        )
    elif restart is not None and "$" not in str(restart) and not _RESTART.fullmatch(str(restart)):
        told = f"There is no restart policy {str(restart)[:40]!r}."
        yield Fault(document.path, line, "word-unknown", told, "use no, always, on-failure or unless-stopped")
    for number, entry in enumerate(listed(service, "ports")):
        if isinstance(entry, int) and entry > 65535:
            yield Fault(document.path, document.line(*at, "ports", number), "port-out-of-range",
                        f"YAML reads this port pair as the number {entry}.", "put it in quotes")  # fmt: skip
    if service.get("network_mode") == "host" and listed(service, "ports"):
        yield Fault(
            document.path,
            document.line(*at, "ports"),
            "ports-with-host-network",
            f"{at[1]} uses the host's network, so its ports are not published.",
            "remove ports, or network_mode: host",
        )
    image = service.get("image")
    if isinstance(image, str) and "$" not in image and "build" not in service and "@sha256:" not in image:
        tag = image.rpartition("/")[2].partition(":")[2]
        if tag in ("", "latest"):
            yield Fault(
                document.path,
                document.line(*at, "image"),
                "image-not-pinned",
                f"{image} means whatever is newest when it is pulled.",
                "name a version, or better a digest",
                "warning",
            )


def _files(tree: Tree, document: Document, at: At, service: dict[str, Any]) -> Iterator[Fault]:
    given = service.get("env_file")
    for number, entry in enumerate(given if isinstance(given, list) else [given]):
        name = entry.get("path") if isinstance(entry, dict) else entry
        optional = isinstance(entry, dict) and entry.get("required") is False
        usual = isinstance(name, str) and name.removeprefix("./") in (".env",)  # kept out of repositories on purpose
        if isinstance(name, str) and not optional and not usual and not _there(tree, document, name):
            yield Fault(document.path, document.line(*at, "env_file", number), "file-missing",
                        f"{at[1]} reads {name}, which is not there.", "add it, or mark it required: false")  # fmt: skip


def _top_files(tree: Tree, document: Document) -> Iterator[Fault]:
    for part in ("secrets", "configs"):
        entries = document.get(part, default={})
        for name, entry in entries.items():
            file = entry.get("file") if isinstance(entry, dict) else None
            if isinstance(file, str) and not _there(tree, document, file) and _near(tree, document, file):
                yield Fault(document.path, document.line(part, name, "file"), "file-missing",
                            f"{name} is read from {file}, which is not there.",
                            f"name {_near(tree, document, file)}, or add the file")  # fmt: skip


def _there(tree: Tree, document: Document, name: str) -> bool:
    if "$" in name or name.startswith(("/", "~")) or "\n" in name:
        return True
    target = (tree.root / document.folder / name).resolve()
    return tree.root.resolve() not in target.parents or target.exists()


def _near(tree: Tree, document: Document, name: str) -> str:
    """A file beside whose name is nearly this one: a secret's file is often kept elsewhere, a slip is not."""
    from rapidfuzz import fuzz, process

    folder = (tree.root / document.folder / name).parent
    there = [p.name for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
    hit = process.extractOne(name.rpartition("/")[2], there, scorer=fuzz.ratio, score_cutoff=75)
    return str(hit[0]) if hit else ""


def _writable(tree: Tree, document: Document, at: At, service: dict[str, Any]) -> Iterator[Fault]:
    lines = _built(tree, document, service)
    if (
        service.get("read_only") is not True
        or not lines
        or not re.search(r"python|jdk|java|node", images.last_stage(lines)[0].rest)
    ):
        return
    given = service.get("tmpfs")
    places = [str(p).partition(":")[0] for p in (given if isinstance(given, list) else [given] if given else [])]
    places += [str(v.get("target")) if isinstance(v, dict) else str(v).split(":")[1] if ":" in str(v) else str(v)
               for v in listed(service, "volumes")]  # fmt: skip
    if not any(p.startswith(("/tmp", "/var/tmp")) for p in places):
        yield Fault(
            document.path,
            document.line(*at, "read_only"),
            "tmp-missing",
            f"{at[1]} is read-only and has nowhere to write: /tmp is not mounted.",
            "add tmpfs: [/tmp]",
            "warning",
        )


def _built(tree: Tree, document: Document, service: dict[str, Any]) -> list[Instruction] | None:
    """The Dockerfile that a service is built from, when it lies here."""
    build = service.get("build")
    if build is None:
        return None
    context = str(build.get("context", ".") if isinstance(build, dict) else build)
    file = str(build.get("dockerfile", "Dockerfile") if isinstance(build, dict) else "Dockerfile")
    path = (tree.root / document.folder / context / file).resolve()
    if tree.root.resolve() not in path.parents:
        return None
    return tree.dockerfiles.get(path.relative_to(tree.root.resolve()).as_posix())


def _clashes(document: Document, named: dict[str, Any]) -> Iterator[Fault]:
    """Host ports that two services take, ranges and host addresses included (equal ones are told elsewhere)."""
    taken: list[tuple[str, str, int, int, str]] = []
    for name, service in named.items():
        for number, published, host, _ in composes.targets(service):
            found = re.fullmatch(r"(\d+)(?:-(\d+))?", str(published or ""))
            if not found or not int(found[1]):
                continue
            low, high = int(found[1]), int(found[2] or found[1])
            anywhere = host in ("", "0.0.0.0")
            for other, address, first, last, text in taken:
                same = address == host or anywhere or address in ("", "0.0.0.0")
                exactly = address == host and text == published
                if other != name and same and low <= last and first <= high and not exactly:
                    yield Fault(document.path, document.line("services", name, "ports", number), "host-port-twice",
                                f"{other} and {name} both publish port {max(low, first)}.", "publish another port")  # fmt: skip
            taken.append((name, host, low, high, str(published)))


def _seconds(value: Any) -> float | None:
    if not _DURATION.fullmatch(str(value)) or str(value).isdigit():
        return None
    return sum(float(n) * _SECONDS[u] for n, u in re.findall(r"(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)", str(value)))
