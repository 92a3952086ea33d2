"""What a cluster may have beside Kubernetes itself: a KEDA autoscaler in place of the HPA, or KServe in place of all of it."""

from __future__ import annotations

import math
from typing import Any

from opsmith.tools.compute.deployment import kubernetes
from opsmith.tools.compute.deployment.plan import DeployPlan

KEDA = "k8s/optional/keda"
KSERVE = "k8s/optional/kserve"
PROMETHEUS = "http://prometheus-server.monitoring.svc:80"  # an assumption; the README tells how to change it

Object = dict[str, Any]


def keda(plan: DeployPlan) -> dict[str, Object]:
    """File name -> object of a Kustomize component that takes the HPA away and scales by KEDA.

    CPU always; requests a second too once `build` has measured what a replica holds.
    """
    scaled: Object = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": plan.name, "namespace": plan.name, "labels": kubernetes.common_labels(plan)},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": plan.name},
            "minReplicaCount": plan.min_replicas,
            "maxReplicaCount": plan.max_replicas,
            "pollingInterval": 15,
            "cooldownPeriod": 300,
            "advanced": {
                "horizontalPodAutoscalerConfig": {"behavior": kubernetes.autoscaler(plan)["spec"]["behavior"]},
            },
            "triggers": [{"type": "cpu", "metricType": "Utilization", "metadata": {"value": str(plan.cpu_target)}}],
        },
    }
    rate = (plan.sizing or {}).get("capacity_rps")
    if rate:
        asked = {
            "serverAddress": PROMETHEUS,
            "query": _query(plan.name),
            "threshold": str(max(1, math.floor(float(rate)))),
        }
        scaled["spec"]["triggers"].append({"type": "prometheus", "metadata": asked})
    gone = {"$patch": "delete", "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": plan.name}}  # fmt: skip
    component: Object = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "resources": ["scaledobject.yaml"],
        "patches": [kubernetes.patch("HorizontalPodAutoscaler", plan, gone)],
    }
    return {"kustomization.yaml": component, "scaledobject.yaml": scaled}


def overlays(plan: DeployPlan) -> dict[str, Object]:
    """The overlays of `kubernetes`, with KEDA's component in them where it was asked for."""
    made = kubernetes.overlays(plan)
    if "keda" not in plan.artifacts:
        return made
    for path, overlay in made.items():
        overlay["components"] = [f"../../{KEDA.removeprefix('k8s/')}"]
        changes = []
        if path.startswith("dev/"):
            changes += [kubernetes.replace("/spec/minReplicaCount", 1),
                        kubernetes.replace("/spec/maxReplicaCount", min(2, plan.max_replicas))]  # fmt: skip
        if (plan.sizing or {}).get("capacity_rps"):
            changes.append(kubernetes.replace("/spec/triggers/1/metadata/query", _query(overlay["namespace"])))
        if changes:
            overlay.setdefault("patches", []).append(kubernetes.patch("ScaledObject", plan, changes))
    return made


def _query(namespace: str) -> str:
    """Predictions a second of all replicas, as the service counts them."""
    return f'sum(rate(model_requests_total{{namespace="{namespace}",path=~".*(predict|infer)"}}[1m]))'


def kserve(plan: DeployPlan) -> dict[str, Object]:
    """File name -> object: the same image as an InferenceService, by plain Deployments (no Knative needed)."""
    pod = kubernetes.deployment(plan)["spec"]["template"]["spec"]
    kept = ("automountServiceAccountToken", "enableServiceLinks", "terminationGracePeriodSeconds", "securityContext",
            "nodeSelector", "volumes")  # fmt: skip
    container = {**pod["containers"][0], "name": "kserve-container"}
    made: Object = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": plan.name,
            "namespace": plan.name,
            "labels": kubernetes.common_labels(plan),
            "annotations": {"serving.kserve.io/deploymentMode": "RawDeployment"},
        },
        "spec": {
            "predictor": {
                "minReplicas": plan.min_replicas,
                "maxReplicas": plan.max_replicas,
                "scaleMetric": "cpu",
                "scaleTarget": plan.cpu_target,
                "timeout": 30,
                **{key: pod[key] for key in kept if key in pod},
                "containers": [container],
            }
        },
    }
    return {"inferenceservice.yaml": made}
