"""The operator's README of a deployment: what lies there, how to run it, every assumption and how to change it."""

from __future__ import annotations

from collections.abc import Sequence

from opsmith.tools.compute.deployment import cloud_files, cloudformation
from opsmith.tools.compute.deployment.kubernetes_optional import PROMETHEUS
from opsmith.tools.compute.deployment.plan import DeployPlan
from opsmith.tools.compute.deployment.service_contract import (
    LIVE_PATH,
    LOG_FOLDER,
    METRICS_PATH,
    READY_PATH,
)

_WHAT = {
    "dockerfile": "`Dockerfile`, `service/`, `model/`: the image; `docker build .` in this folder makes it.",
    "requirements": "`requirements.lock`: every package with version and sha256.",
    "compose": "`compose.yaml`: one hardened container on the loopback address of this machine.",
    "k8s": "`k8s/base`, `k8s/overlays/{dev,staging,prod}`: Kubernetes objects, changed per stage by Kustomize.",
    "hpa": "`k8s/base/hpa.yaml`: the autoscaler.",
    "keda": "`k8s/optional/keda`: a KEDA autoscaler; the overlays take it in place of the HPA.",
    "kserve": "`k8s/optional/kserve`: the same image as a KServe InferenceService; apply it instead of an overlay.",
    "cloudformation": "`cloudformation/service.yaml`: ECS Fargate as a CloudFormation template, in place of `terraform/`.",
    "workflow": "`.github/workflows/deploy-NAME.yml` at the top of the repository: build, prove, roll out stage by stage.",
    "script": "`scripts/`, `terraform/`: the way into the target; nothing changes before a typed yes.",
}
_ALWAYS = (
    ("Callers in the cluster", "pods of the same namespace, and of namespaces labelled `opsmith.dev/may-call: NAME`",
     "label another namespace, or edit `k8s/base/networkpolicy.yaml`", "k8s"),
    ("Calls out of the container", "none; the service calls nobody", "add egress rules to `networkpolicy.yaml`", "k8s"),
    ("Prediction log", f"at `{LOG_FOLDER}` in an emptyDir of 1Gi: lost with the pod",
     "put a PersistentVolumeClaim in place of the emptyDir, or collect the files", "k8s"),
    ("Metrics server", "is installed in the cluster; the autoscaler reads CPU from it", "install it, or scale by hand", "hpa"),
    ("KEDA", f"is installed; Prometheus answers at {PROMETHEUS} and may call the pods",
     "edit `serverAddress` in `k8s/optional/keda/scaledobject.yaml`; label Prometheus' namespace `opsmith.dev/may-call: NAME`",
     "keda"),
    ("KServe", "is installed; the namespace NAME is there", "kubectl apply -f k8s/base/namespace.yaml", "kserve"),
    ("GitHub environments", "one a stage, with required reviewers: their yes is the confirmation; accounts, clusters and "
     "registries are variables of the environment, no key is stored for a cloud (OpenID Connect)",
     "edit the workflow; a runner of your own is used where there is no cloud", "workflow"),
    ("Published port", "on 127.0.0.1 only", "change `host_ip` in `compose.yaml`, behind a proxy with TLS", "compose"),
    ("Authentication and TLS", "come from what stands in front (ingress, gateway, load balancer)", "configure them there", ""),
)  # fmt: skip


def readme(plan: DeployPlan, kinds: Sequence[str]) -> str:
    """Markdown for whoever runs it."""
    place = " on ".join(filter(None, (plan.platform, plan.cloud))) or (plan.environment or "any place").replace(
        "_", "-"
    )
    lines = [
        f"# {plan.name}",
        "",
        f"Serves `{plan.model}` version {plan.version} as `{plan.image_reference}` ({plan.architecture}), for {place}.",
        "Written by Opsmith. Edit what you like: your edits are seen and kept when it writes again.",
        "",
        "## What lies here",
        "",
        *[f"- {_WHAT[kind].replace('NAME', plan.name)}" for kind in _WHAT if kind in kinds],
        "- `opsmith-deploy.yaml`: what was asked for, assumed and measured, and the sha256 of every file written.",
        "",
        "## Run it",
        "",
        *_steps(plan, kinds),
        "",
        f"It answers `POST /predict`, `POST /v2/models/{plan.model}/infer`; live `{LIVE_PATH}`, ready `{READY_PATH}`, "
        f"figures `{METRICS_PATH}`; all on port {plan.port}.",
        "",
        "## Assumptions",
        "",
        "| What | Value | Why | To change it |",
        "| --- | --- | --- | --- |",
        *[f"| {a.name} | {a.value} | {a.why} | tell Opsmith: “{a.change}” |" for a in plan.assumptions],
        *[
            f"| {what} | {value.replace('NAME', plan.name)} | default | {change.replace('NAME', plan.name)} |"
            for what, value, change, kind in _ALWAYS
            if not kind or kind in kinds
        ],
        *[
            f"| {a.name} | {a.value} | {a.why} | {a.change} |"
            for a in cloud_files.assumptions(plan)
            if "script" in kinds
        ],
        "",
        "## Sizes",
        "",
        _sizes(plan),
    ]
    return "\n".join(lines) + "\n"


def _steps(plan: DeployPlan, kinds: Sequence[str]) -> list[str]:
    blocks: list[str] = []
    if "compose" in kinds:
        blocks += ["docker compose up --build --wait", f"curl http://127.0.0.1:{plan.port}{READY_PATH}"]
    if "k8s" in kinds and "script" not in kinds:
        blocks += ["kubectl diff -k k8s/overlays/dev", "kubectl apply -k k8s/overlays/dev"]
    if "script" in kinds:
        blocks += cloud_files.commands(plan)
    if "cloudformation" in kinds:
        blocks += cloudformation.commands(plan)
    if not blocks:
        blocks = [f"docker build -t {plan.image_reference} ."]
    return ["```sh", *blocks, "```"]


def _sizes(plan: DeployPlan) -> str:
    told = (
        f"CPU {plan.cpu} (limit {plan.cpu_limit}), memory {plan.memory} (limit {plan.memory_limit}), "
        f"{plan.min_replicas} to {plan.max_replicas} replicas at {plan.cpu_target}% CPU."
    )
    if plan.sizing:
        return told + " Measured on this very image: inputs and formulas stand in `opsmith-deploy.yaml`."
    return told + " **Not measured.** “build the container” measures them and proposes what it found."
