"""Objects as such: names and labels that Kubernetes takes, API versions that the target version serves, port numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from opsmith.tools.compute.deployment.checks.documents import Document, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.names import DNS_LABEL

_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_RFC_1035 = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LABEL_KEY = re.compile(r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_FREE_NAMES = {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "APIService"}
_AS_LABEL = {"Namespace", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod"}

# (apiVersion, kind) -> (removed in 1.N, what to write instead); https://kubernetes.io/docs/reference/using-api/deprecation-guide/
REMOVED: dict[tuple[str, str], tuple[int, str]] = {
    ("extensions/v1beta1", "Deployment"): (16, "apps/v1"), ("apps/v1beta1", "Deployment"): (16, "apps/v1"),
    ("apps/v1beta2", "Deployment"): (16, "apps/v1"), ("apps/v1beta1", "StatefulSet"): (16, "apps/v1"),
    ("apps/v1beta2", "StatefulSet"): (16, "apps/v1"), ("extensions/v1beta1", "DaemonSet"): (16, "apps/v1"),
    ("apps/v1beta2", "DaemonSet"): (16, "apps/v1"), ("extensions/v1beta1", "ReplicaSet"): (16, "apps/v1"),
    ("apps/v1beta2", "ReplicaSet"): (16, "apps/v1"), ("extensions/v1beta1", "NetworkPolicy"): (16, "networking.k8s.io/v1"),
    ("extensions/v1beta1", "PodSecurityPolicy"): (16, "Pod Security Admission labels"),
    ("extensions/v1beta1", "Ingress"): (22, "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "Ingress"): (22, "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "IngressClass"): (22, "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "Role"): (22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding"): (22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"): (22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"): (22, "rbac.authorization.k8s.io/v1"),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): (22, "apiextensions.k8s.io/v1"),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration"): (22, "admissionregistration.k8s.io/v1"),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"): (22, "admissionregistration.k8s.io/v1"),
    ("batch/v1beta1", "CronJob"): (25, "batch/v1"), ("policy/v1beta1", "PodDisruptionBudget"): (25, "policy/v1"),
    ("policy/v1beta1", "PodSecurityPolicy"): (25, "Pod Security Admission labels"),
    ("discovery.k8s.io/v1beta1", "EndpointSlice"): (25, "discovery.k8s.io/v1"),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): (25, "autoscaling/v2"),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): (26, "autoscaling/v2"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema"): (29, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema"): (32, "flowcontrol.apiserver.k8s.io/v1"),
}  # fmt: skip


def check(tree: Tree, version: int) -> Iterator[Fault]:
    """Faults of objects by themselves, for a cluster of version 1.`version`."""
    for document in tree.objects:
        yield from _name(document)
        yield from _labels(document, ("metadata", "labels"))
        yield from _labels(document, ("spec", "template", "metadata", "labels"))
        gone = REMOVED.get((document.api, document.kind))
        if gone and version >= gone[0]:
            yield Fault(document.path, document.line("apiVersion"), "api-removed",
                        f"{document.api} {document.kind} was removed in Kubernetes 1.{gone[0]}; the cluster is 1.{version}.",
                        f"use {gone[1]}")  # fmt: skip
    for document in tree.kinds("Service"):
        yield from _service_ports(document)


def _name(document: Document) -> Iterator[Fault]:
    name = document.get("metadata", "name")
    if name is None:
        if not document.get("metadata", "generateName") and document.kind != "Kustomization":
            yield Fault(document.path, document.line("metadata"), "name-missing", f"This {document.kind} has no name.",
                        "add metadata.name")  # fmt: skip
        return
    if document.kind in _FREE_NAMES:
        return
    if document.kind == "Service":
        good, rule = (
            _RFC_1035.fullmatch(str(name)),
            "a letter first, then lower-case letters, digits and dashes, at most 63",
        )
    elif document.kind in _AS_LABEL:
        good, rule = DNS_LABEL.fullmatch(str(name)), "lower-case letters, digits and dashes, at most 63"
        if not good and document.kind not in ("Namespace", "CronJob") and "." in str(name):
            good = _SUBDOMAIN.fullmatch(str(name))
    else:
        good, rule = _SUBDOMAIN.fullmatch(str(name)), "lower-case letters, digits, dashes and dots, at most 253"
    if not good or len(str(name)) > 253 or (document.kind == "CronJob" and len(str(name)) > 52):
        yield Fault(document.path, document.line("metadata", "name"), "name-invalid",
                    f"{str(name)[:80]!r} cannot name a {document.kind}.", f"use {rule}: {_suggested(str(name))}")  # fmt: skip


def _labels(document: Document, at: tuple[str, ...]) -> Iterator[Fault]:
    labels = document.get(*at, default={})
    for key, value in (labels if isinstance(labels, dict) else {}).items():
        if not isinstance(value, str) and value is not None:
            yield Fault(document.path, document.line(*at, key), "label-not-text",
                        f"The label {key} is {value!r}, which is no text.", f'put it in quotes: "{value}"')  # fmt: skip
        elif not _LABEL_KEY.fullmatch(str(key)) or not _LABEL_VALUE.fullmatch(value or ""):
            yield Fault(document.path, document.line(*at, key), "label-invalid",
                        f"{str(key)[:60]}: {str(value)[:80]} cannot be a label.",
                        "use at most 63 letters, digits, dashes, dots and underscores, a letter or digit at "
                        "both ends")  # fmt: skip


def _service_ports(service: Document) -> Iterator[Fault]:
    for number, port in enumerate(service.get("spec", "ports", default=[])):
        at = ("spec", "ports", number)
        for key, low, high in (("port", 1, 65535), ("targetPort", 1, 65535), ("nodePort", 30000, 32767)):
            value = port.get(key) if isinstance(port, dict) else None
            chosen = key == "nodePort" and value == 0  # Kubernetes chooses one
            if isinstance(value, int) and not chosen and not low <= value <= high:
                yield Fault(service.path, service.line(*at, key), "port-out-of-range", f"{key} {value} is not allowed.",
                            f"use a number from {low} to {high}")  # fmt: skip


def _suggested(name: str) -> str:
    made: Any = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50].strip("-")
    return made or "my-service"
