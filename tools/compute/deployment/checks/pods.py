"""The pod templates of Kubernetes objects, wherever they lie in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opsmith.tools.compute.deployment.checks.documents import Document, Tree

_TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Rollout": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
SCALABLE = ("Deployment", "StatefulSet", "ReplicaSet", "Rollout")


@dataclass(frozen=True)
class Pods:
    """The template of the pods of one object."""

    owner: Document
    at: tuple[str, ...]

    @property
    def labels(self) -> Mapping[str, Any]:
        found = self.owner.get(*self.at, "metadata", "labels", default={})
        return found if isinstance(found, dict) else {}

    @property
    def spec_at(self) -> tuple[str, ...]:
        return (*self.at, "spec")

    def spec(self, *keys: Any, default: Any = None) -> Any:
        """A value of the pod's spec."""
        return self.owner.get(*self.spec_at, *keys, default=default)

    def containers(self) -> Iterator[tuple[tuple[Any, ...], dict[str, Any], bool]]:
        """(path, container, whether it is an init container)."""
        for kind in ("containers", "initContainers"):
            listed = self.spec(kind, default=[])
            for number, container in enumerate(listed if isinstance(listed, list) else []):
                if isinstance(container, dict):
                    yield (*self.spec_at, kind, number), container, kind == "initContainers"

    def ports(self) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        """(path, port) of every container port."""
        return [((*at, "ports", n), port) for at, container, init in self.containers() if not init
                for n, port in enumerate(listed(container, "ports")) if isinstance(port, dict)]  # fmt: skip


def listed(value: Any, key: str) -> list[Any]:
    """The list below a key; [] when there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def all_pods(tree: Tree) -> list[Pods]:
    """Every pod template of a tree."""
    return [Pods(d, _TEMPLATES[d.kind]) for d in tree.objects if d.kind in _TEMPLATES]


def selected(tree: Tree, labels: Any, near: Document) -> list[Pods]:
    """The pod templates in the namespace of `near` that carry all these labels."""
    if not isinstance(labels, dict) or not labels:
        return []
    return [p for p in all_pods(tree) if p.owner.namespace == near.namespace
            and all(str(p.labels.get(k)) == str(v) for k, v in labels.items())]  # fmt: skip


def replicas(tree: Tree, owner: Document) -> int | None:
    """The fewest replicas an object runs with: of its autoscaler, else its own, else 1; None when it has none."""
    if owner.kind not in SCALABLE:
        return None
    for scaler in tree.kinds("HorizontalPodAutoscaler"):
        if scaler.get("spec", "scaleTargetRef", "name") == owner.name:
            least = scaler.get("spec", "minReplicas", default=1)
            return least if isinstance(least, int) else None
    own = owner.get("spec", "replicas", default=1)
    return own if isinstance(own, int) else None
