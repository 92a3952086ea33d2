"""What must be the same in every file of one deployment: port, image, user, and sizes that were measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opsmith.tools.compute.deployment.checks import composes, images
from opsmith.tools.compute.deployment.checks.documents import Tree
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.checks.pods import Pods, all_pods, listed
from opsmith.tools.compute.deployment.quantities import parse_quantity


def check(tree: Tree) -> Iterator[Fault]:
    """Disagreements between the files of a folder that is one deployment."""
    if len(tree.dockerfiles) == 1:
        path, lines = next(iter(tree.dockerfiles.items()))
        yield from _ports(tree, path, images.exposed(lines))
        yield from _user(tree, path, images.user(lines))
    yield from _settings(tree)
    yield from _images(tree)
    yield from _pinned(tree)
    yield from _measured(tree)


def _ports(tree: Tree, dockerfile: str, ports: dict[int, int]) -> Iterator[Fault]:
    own = [p for p in all_pods(tree) if _builds_it(tree, p)]
    for pods in own:
        for at, port in pods.ports():
            number = port.get("containerPort")
            set_here = {str(e.get("value")) for _, c, _ in pods.containers() for e in listed(c, "env")
                        if isinstance(e, dict) and e.get("name") == "PORT"}  # fmt: skip
            if ports and isinstance(number, int) and number not in ports and str(number) not in set_here:
                yield Fault(pods.owner.path, pods.owner.line(*at, "containerPort"), "port-disagrees",
                            f"containerPort is {number}, but {dockerfile} exposes {', '.join(map(str, ports))}.",
                            f"set containerPort to {min(ports)}")  # fmt: skip


def _builds_it(tree: Tree, pods: Pods) -> bool:
    """Whether the pods run the image of the folder's one Dockerfile: its name is the only one, or that of the record."""
    names = {_repository(c.get("image")) for _, c, init in pods.containers() if not init}
    if tree.record:
        return _repository(tree.record.get("image")) in names
    built = {_repository(s.get("image")) for d in tree.compose for s in _services(d) if s.get("build")}
    return bool(names & built) if built else len(all_pods(tree)) == 1 and len(names) == 1


def _user(tree: Tree, dockerfile: str, user: tuple[str, int] | None) -> Iterator[Fault]:
    for pods in all_pods(tree):
        if not _builds_it(tree, pods):
            continue
        for _, container, _ in pods.containers():
            context = container.get("securityContext") if isinstance(container.get("securityContext"), dict) else {}
            merged = {**pods.spec("securityContext", default={}), **(context or {})}
            if not merged.get("runAsNonRoot") or merged.get("runAsUser"):
                continue
            if user is None or user[0] in ("root", "0"):
                yield Fault(dockerfile, user[1] if user else 1, "user-is-root",
                            f"{pods.owner.name} must not run as root, but the image does.", "add USER 10001:10001")  # fmt: skip
            elif not user[0].isdigit():
                yield Fault(dockerfile, user[1], "user-not-numeric",
                            f"runAsNonRoot cannot be verified for the user {user[0]}; the pod will not start.",
                            "use a number: USER 10001:10001")  # fmt: skip


def _settings(tree: Tree) -> Iterator[Fault]:
    """Scripts call the port and the image that the manifests name."""
    ports = {p.get("containerPort") for pods in all_pods(tree) if _builds_it(tree, pods) for _, p in pods.ports()}
    ports |= {t for d in tree.compose for s in _services(d) if s.get("build") for *_, t in composes.targets(s)}
    for path, values in tree.settings.items():
        said = values.get("PORT")
        if said and said[0].isdigit() and ports - {None} and int(said[0]) not in ports:
            there = ", ".join(sorted(str(p) for p in ports if p))
            yield Fault(path, said[1], "port-disagrees", f"The scripts call port {said[0]}, the service listens on {there}.",
                        f"set PORT={there.partition(',')[0]}")  # fmt: skip


def _images(tree: Tree) -> Iterator[Fault]:
    """One image is called the same everywhere; Kustomize may rename it on purpose."""
    built: dict[str, tuple[str, str]] = {}
    if tree.record and isinstance(tree.record.get("image"), str):
        built[_repository(tree.record["image"])] = (tree.record["image"], "opsmith-deploy.yaml")
    for document in tree.compose:
        for service in _services(document):
            image = service.get("image")
            if service.get("build") and isinstance(image, str) and "$" not in image:
                built.setdefault(_repository(image), (image, document.path))
    places = [(d.path, d.line("services", n, "image"), s.get("image")) for d in tree.compose
              for n, s in (d.get("services", default={}) or {}).items() if isinstance(s, dict)]  # fmt: skip
    places += [
        (p.owner.path, p.owner.line(*at, "image"), c.get("image"))
        for p in all_pods(tree)
        for at, c, _ in p.containers()
    ]
    for path, line, image in places:
        if not isinstance(image, str) or "$" in image or "@" in image:
            continue
        known = built.get(_repository(image))
        if known and known[0] != image and "@" not in known[0]:
            yield Fault(path, line, "image-disagrees", f"This runs {image}, but {known[1]} has {known[0]}.",
                        f"use {known[0]} in both")  # fmt: skip


def _pinned(tree: Tree) -> Iterator[Fault]:
    """Production runs a digest: written there, or set by a script or workflow beside it."""
    sets = any("digest" in (tree.root / s).read_text(errors="replace") for s in tree.scripts)
    if sets:
        return
    for document in tree.kustomizations:
        if "prod" in document.path.rpartition("/")[0].rpartition("/")[2]:
            for number, image in enumerate(document.get("images", default=[])):
                if isinstance(image, dict) and not image.get("digest"):
                    yield Fault(document.path, document.line("images", number), "image-not-pinned",
                                f"Production runs {image.get('newName') or image.get('name')} by a tag, which can move.",
                                "set digest: sha256:… of the image that was tested", "warning")  # fmt: skip


def _measured(tree: Tree) -> Iterator[Fault]:
    """Limits and start-up budgets hold what `build` measured."""
    sizing = tree.record.get("sizing") if tree.record else None
    if not isinstance(sizing, dict):
        return
    need, start = parse_quantity(sizing.get("memory")), sizing.get("cold_start_s")
    for pods in all_pods(tree):
        if not _builds_it(tree, pods):
            continue
        for at, container, init in pods.containers():
            if init:
                continue
            limit = pods.owner.get(*at, "resources", "limits", "memory")
            size = parse_quantity(limit)
            if need is not None and size is not None and size < need:
                yield Fault(pods.owner.path, pods.owner.line(*at, "resources", "limits", "memory"), "memory-below-measured",
                            f"The limit {limit} is less than the {sizing.get('memory')} that was measured: it will be killed.",
                            f"set the limit to {sizing.get('memory_limit') or sizing.get('memory')}")  # fmt: skip
            probe = "startupProbe" if container.get("startupProbe") else "livenessProbe"
            budget = _budget(container.get(probe))
            if isinstance(start, (int, float)) and budget is not None and budget < start:
                yield Fault(pods.owner.path, pods.owner.line(*at, probe), "start-budget-short",
                            f"The {probe} gives up after {budget:g} s, but a cold start took {start:g} s.",
                            f"allow {3 * start:.0f} s: failureThreshold x periodSeconds of a startupProbe")  # fmt: skip


def _budget(probe: Any) -> float | None:
    if not isinstance(probe, dict):
        return None
    every, often, first = (
        probe.get("periodSeconds", 10),
        probe.get("failureThreshold", 3),
        probe.get("initialDelaySeconds", 0),
    )
    return float(first + every * often) if all(isinstance(n, (int, float)) for n in (every, often, first)) else None


def _services(document: Any) -> list[dict[str, Any]]:
    found = document.get("services", default={})
    return [s for s in found.values() if isinstance(s, dict)] if isinstance(found, dict) else []


def _repository(image: Any) -> str:
    if not isinstance(image, str):
        return ""
    plain = image.partition("@")[0]
    head, _, tail = plain.rpartition("/")
    return f"{head}/{tail.partition(':')[0]}".lstrip("/")
