"""The Kubernetes objects of a plan, as plain dicts: hardened, probed, spread, scaled, and changed per stage by Kustomize."""

from __future__ import annotations

import math
from typing import Any

from opsmith.tools.compute.deployment.plan import DeployPlan
from opsmith.tools.compute.deployment.service_contract import (
    LIVE_PATH,
    LOG_FOLDER,
    LOG_VARIABLE,
    METRICS_PATH,
    PORT_VARIABLE,
    QUEUE_VARIABLE,
    READY_PATH,
    THREADS_VARIABLE,
    USER,
)

NAME_LABEL = "app.kubernetes.io/name"
ASSUMED_START = 20.0  # seconds until ready, until `build` has measured it
PROBE_EVERY = 2
LOG_SIZE = "1Gi"

Object = dict[str, Any]


def base(plan: DeployPlan) -> dict[str, Object]:
    """File name -> object of k8s/base, kustomization included."""
    objects = {
        "namespace.yaml": _object("v1", "Namespace", plan, labels=_pod_security()),
        "serviceaccount.yaml": _object("v1", "ServiceAccount", plan) | {"automountServiceAccountToken": False},
        "deployment.yaml": deployment(plan),
        "service.yaml": service(plan),
        "pdb.yaml": _object("policy/v1", "PodDisruptionBudget", plan) | {"spec": _disruption(plan)},
        "networkpolicy.yaml": _object("networking.k8s.io/v1", "NetworkPolicy", plan) | {"spec": _network(plan)},
    }
    if plan.autoscaled:
        objects["hpa.yaml"] = autoscaler(plan)
    return {**objects, "kustomization.yaml": kustomization(plan, list(objects))}


def kustomization(plan: DeployPlan, resources: list[str]) -> Object:
    """The list of the base's files."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": plan.name,
        "resources": resources,
    }


def overlays(plan: DeployPlan) -> dict[str, Object]:
    """File name below k8s/overlays -> kustomization of dev, staging and prod."""
    made = {}
    for stage in ("dev", "staging", "prod"):
        overlay: Object = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": f"{plan.name}-{stage}",
            "resources": ["../../base"],
            "labels": [{"pairs": {"opsmith.dev/stage": stage}}],
            "images": [{"name": plan.image, "newName": plan.image, "newTag": plan.tag}],
        }
        if stage == "dev":
            overlay["patches"] = [patch("Deployment", plan, _small(plan))]
            if plan.autoscaled:
                overlay["patches"].append(
                    patch("HorizontalPodAutoscaler", plan, [replace("/spec/minReplicas", 1),
                                                             replace("/spec/maxReplicas", min(2, plan.max_replicas))])
                )  # fmt: skip
        made[f"{stage}/kustomization.yaml"] = overlay
    return made


def deployment(plan: DeployPlan) -> Object:
    """The Deployment: three probes, limits, no privileges, a read-only root."""
    pod: Object = {
        "serviceAccountName": plan.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 30,
        "securityContext": _pod_security_context(plan),
        "topologySpreadConstraints": [_spread(plan, "topology.kubernetes.io/zone"), _spread(plan, "kubernetes.io/hostname")],
        "containers": [_container(plan)],
        "volumes": [
            {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
            {"name": "predictions", "emptyDir": {"sizeLimit": LOG_SIZE}},
        ],
    }  # fmt: skip
    if plan.architecture == "arm64":
        pod["nodeSelector"] = {"kubernetes.io/arch": "arm64"}
    notes = {
        "opsmith.dev/model": f"{plan.model} version {plan.version}",
        "checkov.io/skip1": "CKV_K8S_43=the rollout script and the workflow set the digest that was built",
    }
    scraped = {"prometheus.io/scrape": "true", "prometheus.io/path": METRICS_PATH, "prometheus.io/port": str(plan.port)}
    made = _object("apps/v1", "Deployment", plan, annotations=notes)
    made["spec"] = {
        "replicas": plan.replicas,
        "revisionHistoryLimit": 5,
        "progressDeadlineSeconds": 600,
        "selector": {"matchLabels": _selector(plan)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {"metadata": {"labels": common_labels(plan), "annotations": scraped}, "spec": pod},
    }
    return made


def service(plan: DeployPlan) -> Object:
    """The Service inside the cluster, on the port of the container."""
    made = _object("v1", "Service", plan)
    port = {"name": "http", "port": plan.port, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}
    made["spec"] = {"type": "ClusterIP", "selector": _selector(plan), "ports": [port]}
    return made


def autoscaler(plan: DeployPlan) -> Object:
    """HPA on CPU: quick up (not before a new replica could be ready), slow down (five minutes)."""
    made = _object("autoscaling/v2", "HorizontalPodAutoscaler", plan)
    up = [{"type": "Percent", "value": 100, "periodSeconds": 60}, {"type": "Pods", "value": 2, "periodSeconds": 60}]
    made["spec"] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": plan.name},
        "minReplicas": plan.min_replicas,
        "maxReplicas": plan.max_replicas,
        "metrics": [{"type": "Resource", "resource": {
            "name": "cpu", "target": {"type": "Utilization", "averageUtilization": plan.cpu_target}}}],
        "behavior": {
            "scaleUp": {"stabilizationWindowSeconds": math.ceil(start_seconds(plan)), "policies": up},
            "scaleDown": {"stabilizationWindowSeconds": 300,
                          "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}]},
        },
    }  # fmt: skip
    return made


def start_seconds(plan: DeployPlan) -> float:
    """Cold start in seconds: measured by `build`, else assumed."""
    return float((plan.sizing or {}).get("cold_start_s") or ASSUMED_START)


def start_budget(plan: DeployPlan) -> int:
    """Failed start-up probes that are allowed: three times the cold start."""
    measured = (plan.sizing or {}).get("startup_budget_s")
    return max(5, math.ceil(float(measured or 3 * start_seconds(plan)) / PROBE_EVERY))


def _container(plan: DeployPlan) -> Object:
    def probe(path: str, every: int, timeout: int, failures: int) -> Object:
        return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": every, "timeoutSeconds": timeout,
                "failureThreshold": failures}  # fmt: skip

    return {
        "name": "service",
        "image": plan.image_reference,
        "imagePullPolicy": "Always",
        "ports": [{"name": "http", "containerPort": plan.port, "protocol": "TCP"}],
        "env": [
            {"name": PORT_VARIABLE, "value": str(plan.port)},
            {"name": LOG_VARIABLE, "value": LOG_FOLDER},
            {"name": THREADS_VARIABLE, "value": "1"},
            *([{"name": QUEUE_VARIABLE, "value": str(plan.max_queue)}] if plan.max_queue else []),
        ],
        "resources": {
            "requests": {"cpu": plan.cpu, "memory": plan.memory, "ephemeral-storage": "256Mi"},
            "limits": {"cpu": plan.cpu_limit, "memory": plan.memory_limit, "ephemeral-storage": "2Gi"},
        },
        "startupProbe": probe(READY_PATH, PROBE_EVERY, 2, start_budget(plan)),
        "readinessProbe": probe(READY_PATH, 5, 2, 2),
        "livenessProbe": probe(LIVE_PATH, 10, 5, 3),
        # Endpoints are taken away while the container still answers, so that no request is lost.
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, {"name": "predictions", "mountPath": LOG_FOLDER}],
    }


def _pod_security_context(plan: DeployPlan) -> Object:
    context: Object = {
        "runAsNonRoot": True, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip
    if plan.port < 1024:  # a safe sysctl since 1.22; without it only root may listen there
        context["sysctls"] = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": str(plan.port)}]
    return context


def _spread(plan: DeployPlan, key: str) -> Object:
    return {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": _selector(plan)}}  # fmt: skip


def _disruption(plan: DeployPlan) -> Object:
    return {"maxUnavailable": 1, "selector": {"matchLabels": _selector(plan)}}


def _network(plan: DeployPlan) -> Object:
    """In: the own namespace, and namespaces labelled for it. Out: nothing, as the service calls nobody."""
    return {
        "podSelector": {"matchLabels": _selector(plan)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{
            "from": [{"podSelector": {}}, {"namespaceSelector": {"matchLabels": {"opsmith.dev/may-call": plan.name}}}],
            "ports": [{"protocol": "TCP", "port": plan.port}],
        }],
        "egress": [],
    }  # fmt: skip


def _pod_security() -> dict[str, str]:
    return {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


def _selector(plan: DeployPlan) -> dict[str, str]:
    return {NAME_LABEL: plan.name}


def common_labels(plan: DeployPlan) -> dict[str, str]:
    """The labels of every object."""
    labels = {NAME_LABEL: plan.name, "app.kubernetes.io/component": "model", "app.kubernetes.io/managed-by": "opsmith"}
    if len(plan.tag) <= 63 and plan.tag[0].isalnum() and plan.tag[-1].isalnum():
        labels["app.kubernetes.io/version"] = plan.tag
    return labels


def _object(
    version: str,
    kind: str,
    plan: DeployPlan,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
) -> Object:
    meta: Object = {"name": plan.name, "labels": common_labels(plan) | (labels or {})}
    if kind != "Namespace":
        meta["namespace"] = plan.name
    if annotations:
        meta["annotations"] = annotations
    return {"apiVersion": version, "kind": kind, "metadata": meta}


def _small(plan: DeployPlan) -> list[Object]:
    """What dev changes in the Deployment: one replica, and images that were built on the node itself."""
    return [
        replace("/spec/replicas", 1),
        replace("/spec/template/spec/containers/0/imagePullPolicy", "IfNotPresent"),
    ]


def replace(path: str, value: Any) -> Object:
    """One operation of such a patch."""
    return {"op": "replace", "path": path, "value": value}


def patch(kind: str, plan: DeployPlan, operations: Any) -> Object:
    """A Kustomize patch of the plan's object of a kind: operations, or an object to merge."""
    from opsmith.tools.compute.deployment.dumping import yaml_text

    return {"target": {"kind": kind, "name": plan.name}, "patch": yaml_text(operations)}
