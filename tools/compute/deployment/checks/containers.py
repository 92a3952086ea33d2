"""What stands in one container: environment, image, probes, mounts, and rights that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from opsmith.tools.compute.deployment.checks.documents import Tree
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.checks.pods import Pods, all_pods, listed

At = tuple[Any, ...]
_IMAGE = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::\d+)?/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
    r"(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)
_ENV_NAME = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_FIELDS = re.compile(
    r"metadata\.(name|namespace|uid|(labels|annotations)(\['[^']+'\])?)|spec\.(nodeName|serviceAccountName)"
    r"|status\.(hostIP|hostIPs|podIP|podIPs)"
)
# programs that write to /tmp as they work, and services that are most likely run by one of them
_NEEDS_TMP = re.compile(
    r"\b(python3?|gunicorn|uvicorn|java|jupyter|mlflow|bentoml|torchserve|tritonserver|streamlit|celery|sklearn|model|predict\w*"
    r"|scor(er|ing)|inference)\b|PYTHON|OMP_NUM_THREADS|JAVA_|GUNICORN|UVICORN"
)


def check(tree: Tree) -> Iterator[Fault]:
    """Faults within single containers."""
    for pods in all_pods(tree):
        for at, container, init in pods.containers():
            yield from _itself(pods, at, container)
            yield from _environment(pods, at, container)
            yield from _mounts(pods, at, container)
            yield from _rights(tree, pods, at, container)
            yield from _probes(pods, at, container, init)
            yield from _ports(pods, at, container)
        yield from _volumes(pods)


def _fault(pods: Pods, at: At, rule: str, message: str, fix: str, severity: Any = "critical") -> Fault:
    return Fault(pods.owner.path, pods.owner.line(*at), rule, message, fix, severity)


def _itself(pods: Pods, at: At, container: dict[str, Any]) -> Iterator[Fault]:
    name, image = container.get("name"), container.get("image")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        key = (*at, "name") if name is not None else at
        yield _fault(pods, key, "name-invalid", f"{str(name)[:60]!r} cannot name a container.",
                     "use lower-case letters, digits and dashes, at most 63")  # fmt: skip
    if image is None:
        yield _fault(pods, at, "image-missing", f"The container {name} has no image.", "add image: NAME:VERSION")
    elif isinstance(image, str) and "$" not in image and not _IMAGE.fullmatch(image):
        yield _fault(pods, (*at, "image"), "image-unreadable", f"{image[:80]!r} is no image reference.",
                     "write registry/name:version in lower-case letters, without spaces")  # fmt: skip


def _environment(pods: Pods, at: At, container: dict[str, Any]) -> Iterator[Fault]:
    seen: set[str] = set()
    for n, entry in enumerate(listed(container, "env")):
        if not isinstance(entry, dict):
            continue
        name, value, here = str(entry.get("name", "")), entry.get("value"), (*at, "env", n)
        if name in seen:
            yield _fault(pods, (*here, "name"), "env-twice", f"{name} stands twice in the environment; the later one wins.",
                         f"keep one {name}")  # fmt: skip
        seen.add(name)
        if not _ENV_NAME.fullmatch(name):
            yield _fault(pods, (*here, "name"), "env-name-invalid", f"{name[:60]!r} cannot name a variable.",
                         "use letters, digits and underscores, no digit first")  # fmt: skip
        if isinstance(value, (int, float)):
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            yield _fault(pods, (*here, "value"), "text-wanted", f"The value of {name} is {shown}, which is no text.",
                         f'put it in quotes: "{shown}"')  # fmt: skip
        source = entry.get("valueFrom")
        if source and value not in (None, ""):
            yield _fault(
                pods, (*here, "valueFrom"), "env-two-ways", f"{name} has both a value and valueFrom.", "keep one"
            )
        field = source.get("fieldRef") if isinstance(source, dict) else None
        path = field.get("fieldPath") if isinstance(field, dict) else None
        if path is not None and not _FIELDS.fullmatch(str(path)):
            yield _fault(pods, (*here, "valueFrom", "fieldRef", "fieldPath"), "field-unknown",
                         f"A pod gives no field {str(path)[:60]!r} to its environment.",
                         "use metadata.name, metadata.namespace, spec.nodeName, status.podIP")  # fmt: skip


def _mounts(pods: Pods, at: At, container: dict[str, Any]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for n, mount in enumerate(listed(container, "volumeMounts")):
        path = str(mount.get("mountPath", "")) if isinstance(mount, dict) else ""
        here = (*at, "volumeMounts", n, "mountPath")
        if not path.startswith("/") and not re.match(r"[A-Za-z]:\\", path) and "$" not in path:
            yield _fault(
                pods, here, "mount-relative", f"mountPath {path[:60]!r} does not begin at the root.", f"write /{path}"
            )
        if path.rstrip("/") in seen:
            yield _fault(pods, here, "mount-twice", f"{container.get('name')} mounts two volumes at {path}.",
                         "give each a path of its own")  # fmt: skip
        seen[path.rstrip("/")] = str(mount.get("name")) if isinstance(mount, dict) else ""


def _volumes(pods: Pods) -> Iterator[Fault]:
    """Volumes that stand twice, come from nowhere, or that no container mounts."""
    containers = [c for _, c, _ in pods.containers()]
    mounted = {m.get("name") for c in containers for key in ("volumeMounts", "volumeDevices") for m in listed(c, key)
               if isinstance(m, dict)}  # fmt: skip
    there = {v.get("name") for v in listed(pods.spec(default={}), "volumes") if isinstance(v, dict)}
    slips = mounted - there and pods.owner.kind != "StatefulSet"  # a mount that misses its volume is told as such
    seen: set[str] = set()
    for n, volume in enumerate(listed(pods.spec(default={}), "volumes")):
        if not isinstance(volume, dict) or not volume.get("name"):
            continue
        name, here = str(volume["name"]), (*pods.spec_at, "volumes", n)
        if name in seen:
            yield _fault(
                pods, (*here, "name"), "volume-twice", f"Two volumes are called {name}.", "give each a name of its own"
            )
        elif name not in mounted and containers and not slips:
            yield _fault(pods, (*here, "name"), "volume-not-mounted", f"No container mounts the volume {name}.",
                         f"add a volumeMount called {name}, or remove the volume", "warning")  # fmt: skip
        seen.add(name)
        sources = [k for k in volume if k != "name"]
        if len(sources) > 1:
            yield _fault(
                pods,
                here,
                "volume-two-sources",
                f"The volume {name} comes from {' and '.join(map(str, sources))}.",
                "keep one",
            )


def _rights(tree: Tree, pods: Pods, at: At, container: dict[str, Any]) -> Iterator[Fault]:
    found = container.get("securityContext")
    own: dict[str, Any] = found if isinstance(found, dict) else {}
    merged = {**pods.spec("securityContext", default={}), **own}
    here = (*at, "securityContext")
    if own.get("privileged") is True and own.get("allowPrivilegeEscalation") is False:
        yield _fault(pods, (*here, "privileged"), "rights-contradict",
                     "privileged: true and allowPrivilegeEscalation: false exclude each other.", "remove privileged")  # fmt: skip
    if merged.get("runAsNonRoot") is True and merged.get("runAsUser") == 0:
        key = (*here, "runAsUser") if "runAsUser" in own else (*pods.spec_at, "securityContext", "runAsUser")
        yield _fault(pods, key, "rights-contradict", "runAsNonRoot: true and runAsUser: 0 exclude each other; no pod starts.",
                     "use another user, such as 10001")  # fmt: skip
    for part in ("add", "drop"):
        capabilities = own.get("capabilities") if isinstance(own.get("capabilities"), dict) else {}
        for n, word in enumerate(listed(capabilities, part)):
            if not re.fullmatch(r"[A-Z_]+", str(word)) or str(word).startswith("CAP_"):
                yield _fault(pods, (*here, "capabilities", part, n), "capability-unknown", f"There is no capability {word}.",
                             f"write {str(word).upper().removeprefix('CAP_')}")  # fmt: skip
    if merged.get("readOnlyRootFilesystem") is True and not _writes(pods, container) and _needs_tmp(tree, container):
        yield _fault(pods, (*here, "readOnlyRootFilesystem"), "tmp-missing",
                     f"{container.get('name')} has a read-only root and nowhere to write: no writable volume at /tmp.",
                     "mount an emptyDir at /tmp", "warning")  # fmt: skip


def _writes(pods: Pods, container: dict[str, Any]) -> bool:
    volumes = {v.get("name"): v for v in listed(pods.spec(default={}), "volumes") if isinstance(v, dict)}
    fixed = ("configMap", "secret", "downwardAPI", "projected")
    for mount in listed(container, "volumeMounts"):
        if (
            isinstance(mount, dict)
            and not mount.get("readOnly")
            and str(mount.get("mountPath", "")).startswith(("/tmp", "/var/tmp"))
        ):
            return not any(k in volumes.get(mount.get("name"), {}) for k in fixed)
    return any(isinstance(e, dict) and e.get("name") == "TMPDIR" for e in listed(container, "env"))


def _needs_tmp(tree: Tree, container: dict[str, Any]) -> bool:
    names = [e.get("name") for e in listed(container, "env") if isinstance(e, dict)]
    said = " ".join(
        map(str, [container.get("image"), *listed(container, "command"), *listed(container, "args"), *names])
    )
    starts = [
        line.rest for lines in tree.dockerfiles.values() for line in lines if line.word in ("FROM", "CMD", "ENTRYPOINT")
    ]
    return bool(_NEEDS_TMP.search(said)) or (len(tree.dockerfiles) == 1 and bool(_NEEDS_TMP.search(" ".join(starts))))


def _probes(pods: Pods, at: At, container: dict[str, Any], init: bool) -> Iterator[Fault]:
    sidecar = container.get("restartPolicy") == "Always"
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe, here = container.get(name), (*at, name)
        if not isinstance(probe, dict):
            continue
        if init and not sidecar:
            yield _fault(pods, here, "init-probe", f"The init container {container.get('name')} ends, so it has no {name}.",
                         f"remove the {name}")  # fmt: skip
        ways = [k for k in ("httpGet", "tcpSocket", "exec", "grpc") if k in probe]
        if len(ways) != 1:
            told = " and ".join(ways) or "nothing"
            yield _fault(
                pods,
                (*here, ways[-1]) if ways else here,
                "probe-handler",
                f"The {name} asks by {told}; it must be exactly one way.",
                "keep one of httpGet, tcpSocket, exec, grpc",
            )
        http = probe.get("httpGet")
        path = http.get("path") if isinstance(http, dict) else None
        if path is not None and not str(path).startswith("/"):
            yield _fault(pods, (*here, "httpGet", "path"), "probe-path", f"The {name} asks {str(path)[:60]!r}, which is no path.",
                         f"write /{path}")  # fmt: skip
        if name != "readinessProbe" and probe.get("successThreshold") not in (None, 1):
            yield _fault(pods, (*here, "successThreshold"), "probe-threshold", f"The successThreshold of a {name} must be 1.",
                         "remove it")  # fmt: skip
        timeout, period = probe.get("timeoutSeconds", 1), probe.get("periodSeconds", 10)
        if isinstance(timeout, int) and isinstance(period, int) and timeout > period > 0:
            yield _fault(pods, (*here, "timeoutSeconds"), "probe-timeout",
                         f"The {name} may take {timeout} s, but is asked every {period} s.",
                         f"set timeoutSeconds to {period} or less", "warning")  # fmt: skip


def _ports(pods: Pods, at: At, container: dict[str, Any]) -> Iterator[Fault]:
    seen: set[tuple[Any, str]] = set()
    for n, port in enumerate(listed(container, "ports")):
        if not isinstance(port, dict):
            continue
        key = (port.get("containerPort"), str(port.get("protocol", "TCP")))
        if key in seen and port.get("hostIP") is None:
            yield _fault(pods, (*at, "ports", n, "containerPort"), "port-twice",
                         f"{container.get('name')} names port {key[0]} twice.", "keep one of them")  # fmt: skip
        seen.add(key)
