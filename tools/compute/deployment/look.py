"""Collect the state of a model's containers and pods: Docker's API and kubectl, reading only."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from opsmith.tools.compute.deployment import engine
from opsmith.tools.compute.deployment.observed import Observed, from_container, from_pod

KUBECTL_SECONDS = 15


def containers(names: Sequence[str]) -> tuple[list[Observed], str]:
    """The containers called so, made from an image called so, or labelled with such a model, newest first; and, where there
    is nothing to look at, why."""
    try:
        client = engine.connect(timeout=20)
    except engine.NoEngine as error:
        return [], str(error)
    try:
        found = [c for c in client.containers.list(all=True) if _is_one(c.attrs, names)]
        return [_one(client, c) for c in found], "" if found else "No container on this machine belongs to it."
    except OSError as error:
        return [], f"The Docker engine stopped answering ({str(error).splitlines()[0][:120]})."
    finally:
        client.close()


def pods(name: str, namespace: str | None) -> tuple[list[Observed], str]:
    """The pods of a deployment (label app.kubernetes.io/name), or the one pod called so; and why there are none."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        return [], "kubectl is not installed, so no cluster was asked."
    where = ["--namespace", namespace] if namespace else []
    listed, problem = _kubectl(kubectl, "get", "pods", "--selector", f"app.kubernetes.io/name={name}", *where)
    if problem:
        return [], problem
    found = listed.get("items", [])
    if not found:
        one, _ = _kubectl(kubectl, "get", "pods", "--field-selector", f"metadata.name={name}", *where)
        found = one.get("items", [])
    made = []
    for pod in found[:10]:
        called, its = str(pod["metadata"]["name"]), ["--namespace", str(pod["metadata"].get("namespace", "default"))]
        events, _ = _kubectl(kubectl, "get", "events", "--field-selector", f"involvedObject.name={called}", *its)
        restarted = any(s.get("restartCount") for s in pod.get("status", {}).get("containerStatuses") or ())
        log = _text(kubectl, "logs", called, "--tail=20", *(["--previous"] if restarted else []), *its)
        made.append(from_pod(pod, events.get("items", []), log))
    return made, "" if made else f"The cluster has no pod of {name}."


def _is_one(attrs: dict[str, Any], names: Sequence[str]) -> bool:
    config = attrs.get("Config", {})
    called = str(attrs.get("Name", "")).lstrip("/")
    image = str(config.get("Image", "")).rsplit("/", 1)[-1].split(":")[0]
    labels = config.get("Labels") or {}
    model = str(labels.get(engine.LABEL, "")).split(":")[0]
    service = str(labels.get("com.docker.compose.service", ""))
    return any(
        n in (called, image, model, service) or (str(attrs.get("Id", "")).startswith(n) and len(n) >= 12) for n in names
    )


def _one(client: Any, container: Any) -> Observed:
    log = container.logs(tail=20).decode("utf-8", "replace")
    stats, metrics = None, ""
    if container.attrs["State"]["Status"] == "running":
        stats = client.api.stats(container.id, stream=False, one_shot=True)
        metrics = _metrics(container.attrs)
    return from_container(container.attrs, log, stats, metrics)


def _metrics(attrs: dict[str, Any]) -> str:
    """The service's own counters, where its port is published on this machine."""
    for bound in (attrs.get("NetworkSettings", {}).get("Ports") or {}).values():
        for entry in bound or ():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{int(entry['HostPort'])}/metrics", timeout=2) as got:
                    return str(got.read(200_000).decode("utf-8", "replace"))
            except (OSError, urllib.error.URLError, ValueError):
                continue
    return ""


def _kubectl(kubectl: str, *words: str) -> tuple[dict[str, Any], str]:
    try:
        done = subprocess.run([kubectl, *words, "--output=json", "--request-timeout=5s"], capture_output=True, text=True,
                              timeout=KUBECTL_SECONDS)  # fmt: skip
    except subprocess.TimeoutExpired:
        return {}, f"kubectl did not answer within {KUBECTL_SECONDS} s."
    if done.returncode:
        last = done.stderr.strip().splitlines()
        return {}, f"kubectl could not ask the cluster: {last[-1][:200] if last else f'exit code {done.returncode}'}"
    try:
        return json.loads(done.stdout), ""
    except ValueError:
        return {}, "kubectl's answer was no JSON."


def _text(kubectl: str, *words: str) -> str:
    try:
        return subprocess.run([kubectl, *words], capture_output=True, text=True, timeout=KUBECTL_SECONDS).stdout
    except subprocess.TimeoutExpired:
        return ""
