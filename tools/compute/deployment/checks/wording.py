"""Values of a closed set, numbers with bounds, and kinds with their API: what a server refuses whatever stands around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opsmith.tools.compute.deployment.checks.documents import Document, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.checks.objects import REMOVED
from opsmith.tools.compute.deployment.checks.pods import Pods, all_pods, listed

# kind -> API groups that serve it
APIS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Pod", "Service", "ConfigMap", "Secret", "Namespace", "ServiceAccount", "PersistentVolumeClaim",
                     "PersistentVolume", "ReplicationController", "Endpoints", "LimitRange", "ResourceQuota"), ("v1",)),
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"), ("apps/v1",)),
    **dict.fromkeys(("Job", "CronJob"), ("batch/v1",)),
    "HorizontalPodAutoscaler": ("autoscaling/v1", "autoscaling/v2"),
    "PodDisruptionBudget": ("policy/v1",),
    **dict.fromkeys(("NetworkPolicy", "Ingress", "IngressClass"), ("networking.k8s.io/v1",)),
    **dict.fromkeys(("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), ("rbac.authorization.k8s.io/v1",)),
    "StorageClass": ("storage.k8s.io/v1",), "PriorityClass": ("scheduling.k8s.io/v1",),
    "CustomResourceDefinition": ("apiextensions.k8s.io/v1",),
}  # fmt: skip
# groups that are Kubernetes' own: another group may have a kind of the same name
_OWN_GROUPS = (
    "",
    "apps",
    "batch",
    "autoscaling",
    "policy",
    "extensions",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
)

_POLICIES = ("Always", "IfNotPresent", "Never")
_WORDS: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (  # (kinds, path, words)
    (("Service",), ("spec", "type"), ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")),
    (("Service",), ("spec", "sessionAffinity"), ("None", "ClientIP")),
    (("Service",), ("spec", "externalTrafficPolicy"), ("Cluster", "Local")),
    (("Deployment",), ("spec", "strategy", "type"), ("RollingUpdate", "Recreate")),
    (("StatefulSet", "DaemonSet"), ("spec", "updateStrategy", "type"), ("RollingUpdate", "OnDelete")),
    (("CronJob",), ("spec", "concurrencyPolicy"), ("Allow", "Forbid", "Replace")),
    (("PersistentVolume",), ("spec", "persistentVolumeReclaimPolicy"), ("Retain", "Delete", "Recycle")),
)
_LEAST: tuple[tuple[tuple[str, ...], tuple[str, ...], int], ...] = (  # (kinds, path, the least it may be)
    (("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"), ("spec", "replicas"), 0),
    (("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet"), ("spec", "revisionHistoryLimit"), 0),
    (("Job",), ("spec", "backoffLimit"), 0),
    (("CronJob",), ("spec", "jobTemplate", "spec", "backoffLimit"), 0),
    (("CronJob",), ("spec", "successfulJobsHistoryLimit"), 0),
    (("CronJob",), ("spec", "failedJobsHistoryLimit"), 0),
    (("HorizontalPodAutoscaler",), ("spec", "minReplicas"), 1),
    (("HorizontalPodAutoscaler",), ("spec", "maxReplicas"), 1),
    (("HorizontalPodAutoscaler",), ("spec", "targetCPUUtilizationPercentage"), 1),
)


def check(tree: Tree) -> Iterator[Fault]:
    """Words and numbers that no server takes."""
    for document in tree.objects:
        yield from _api(document)
        yield from _texts(document)
        for kinds, at, words in _WORDS:
            if document.kind in kinds:
                yield from word(document, at, words)
        for kinds, at, least in _LEAST:
            if document.kind in kinds:
                yield from number(document, at, least)
    for pods in all_pods(tree):
        yield from _pod(pods)
    for document in tree.kinds("Deployment"):
        if document.get("spec", "strategy", "type") == "Recreate" and document.get("spec", "strategy", "rollingUpdate"):
            yield Fault(
                document.path,
                document.line("spec", "strategy", "rollingUpdate"),
                "strategy-two-ways",
                "Recreate and rollingUpdate exclude each other.",
                "remove rollingUpdate, or the type Recreate",
            )
        ready, deadline = (
            document.get("spec", "minReadySeconds", default=0),
            document.get("spec", "progressDeadlineSeconds"),
        )
        if isinstance(ready, int) and isinstance(deadline, int) and deadline <= ready:
            yield Fault(document.path, document.line("spec", "progressDeadlineSeconds"), "deadline-too-short",
                        f"progressDeadlineSeconds {deadline} is not more than minReadySeconds {ready}.",
                        f"set it above {ready}")  # fmt: skip


def word(document: Document, at: tuple[Any, ...], words: tuple[str, ...]) -> Iterator[Fault]:
    """A value that must be one of a few words."""
    value = document.get(*at)
    if value is not None and value not in words:
        near = next((w for w in words if w.casefold() == str(value).casefold()), None)
        yield Fault(document.path, document.line(*at), "word-unknown",
                    f"{at[-1]} is {str(value)[:40]!r}, which Kubernetes does not know.",
                    f"write {near}" if near else f"use one of: {', '.join(words)}")  # fmt: skip


def number(document: Document, at: tuple[Any, ...], least: int) -> Iterator[Fault]:
    """A value that must be a whole number, not below `least`."""
    value = document.get(*at)
    if value is None or (isinstance(value, str) and "$" in value):
        return
    if not isinstance(value, int) or isinstance(value, bool):
        yield Fault(
            document.path,
            document.line(*at),
            "number-wanted",
            f"{at[-1]} is {str(value)[:40]!r}, which is no whole number.",
            f"write a number without quotes, {least} or more",
        )
    elif value < least:
        yield Fault(document.path, document.line(*at), "number-too-small", f"{at[-1]} {value} is not allowed.",
                    f"use {least} or more")  # fmt: skip


def _api(document: Document) -> Iterator[Fault]:
    group = document.api.rpartition("/")[0]
    wanted = APIS.get(document.kind)
    if (document.api, document.kind) in REMOVED:
        return  # told as removed, for the cluster's version
    if wanted and group in _OWN_GROUPS and document.api not in wanted:
        yield Fault(document.path, document.line("apiVersion"), "api-wrong",
                    f"No Kubernetes serves {document.kind} as {document.api}.", f"use apiVersion: {wanted[-1]}")  # fmt: skip
    elif not wanted and group in _OWN_GROUPS:
        near = next((k for k in APIS if k.casefold() == document.kind.casefold()), None) or _nearest(document.kind)
        if near:
            yield Fault(document.path, document.line("kind"), "kind-unknown", f"There is no kind {document.kind}.",
                        f"write kind: {near}")  # fmt: skip


def _nearest(kind: str) -> str | None:
    from rapidfuzz.distance import DamerauLevenshtein

    hits = [k for k in APIS if DamerauLevenshtein.distance(k, kind) <= 2 and len(kind) > 5]
    return hits[0] if hits else None


def _texts(document: Document) -> Iterator[Fault]:
    """Annotations, a ConfigMap's data and node selectors take texts only."""
    places: list[tuple[Any, ...]] = [("metadata", "annotations"), ("spec", "template", "metadata", "annotations"),
                                     ("spec", "template", "spec", "nodeSelector")]  # fmt: skip
    if document.kind == "ConfigMap":
        places.append(("data",))
    for at in places:
        values = document.get(*at, default={})
        for key, value in values.items():
            if isinstance(value, (int, float)) or (isinstance(value, (dict, list)) and at[-1] != "nodeSelector"):
                shown = str(value).lower() if isinstance(value, bool) else str(value)[:40]
                yield Fault(document.path, document.line(*at, key), "text-wanted",
                            f"{key} is {shown}, which is no text.", f'put it in quotes: "{shown}"')  # fmt: skip


def _pod(pods: Pods) -> Iterator[Fault]:
    owner, at = pods.owner, pods.spec_at
    policy = {"Job": ("OnFailure", "Never"), "CronJob": ("OnFailure", "Never"), "Pod": ("Always", "OnFailure", "Never")}
    allowed = policy.get(owner.kind, ("Always",))
    said = pods.spec("restartPolicy")
    if said is not None and said not in allowed:
        yield Fault(owner.path, owner.line(*at, "restartPolicy"), "restart-policy",
                    f"The pods of a {owner.kind} cannot have restartPolicy {said}.", f"use {allowed[0]}")  # fmt: skip
    if said is None and owner.kind in ("Job", "CronJob"):
        yield Fault(owner.path, owner.line(*at), "restart-policy", f"The pods of a {owner.kind} need a restartPolicy.",
                    "add restartPolicy: OnFailure")  # fmt: skip
    yield from number(owner, (*at, "terminationGracePeriodSeconds"), 0)
    yield from word(owner, (*at, "dnsPolicy"), ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"))
    for n, _ in enumerate(listed(pods.spec(default={}), "tolerations")):
        yield from word(owner, (*at, "tolerations", n, "operator"), ("Exists", "Equal", "Lt", "Gt"))
        yield from word(owner, (*at, "tolerations", n, "effect"), ("NoSchedule", "PreferNoSchedule", "NoExecute"))
    for n, spread in enumerate(listed(pods.spec(default={}), "topologySpreadConstraints")):
        yield from number(owner, (*at, "topologySpreadConstraints", n, "maxSkew"), 1)
        yield from word(
            owner, (*at, "topologySpreadConstraints", n, "whenUnsatisfiable"), ("DoNotSchedule", "ScheduleAnyway")
        )
        labels = (spread.get("labelSelector") or {}).get("matchLabels") if isinstance(spread, dict) else None
        if isinstance(labels, dict) and any(str(pods.labels.get(k)) != str(v) for k, v in labels.items()):
            yield Fault(owner.path, owner.line(*at, "topologySpreadConstraints", n, "labelSelector"), "spread-selects-nothing",
                        f"The spread rule of {owner.name} counts pods with labels that its own pods do not have.",
                        "use the labels of the pod template")  # fmt: skip
    for place, _, _ in pods.containers():
        yield from word(owner, (*place, "imagePullPolicy"), _POLICIES)
        for n, _ in enumerate(owner.get(*place, "ports", default=[])):
            yield from word(owner, (*place, "ports", n, "protocol"), ("TCP", "UDP", "SCTP"))
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            for key, least in (("periodSeconds", 1), ("timeoutSeconds", 1), ("failureThreshold", 1), ("successThreshold", 1),
                               ("initialDelaySeconds", 0)):  # fmt: skip
                yield from number(owner, (*place, probe, key), least)
            yield from word(owner, (*place, probe, "httpGet", "scheme"), ("HTTP", "HTTPS"))
