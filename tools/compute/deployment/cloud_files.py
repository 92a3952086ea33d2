"""Scripts and Terraform of a plan: fixed texts of ours beside one settings file that a dumper wrote."""

from __future__ import annotations

import shlex
from importlib import resources

from opsmith.tools.compute.deployment import pairs
from opsmith.tools.compute.deployment.dumping import json_text
from opsmith.tools.compute.deployment.plan import CLUSTERS, Assumption, DeployPlan

SERVERLESS = {"aws": "ecs", "gcp": "cloud_run", "azure": "container_apps"}
_FILES = {
    "ecs": ("aws-ecs.sh", "aws.tf"),
    "cloud_run": ("gcp-cloud-run.sh", "gcp.tf"),
    "container_apps": ("azure-container-apps.sh", "azure.tf"),
}
_REGISTRIES = {
    "aws": "ACCOUNT.dkr.ecr.REGION.amazonaws.com",
    "gcp": "REGION-docker.pkg.dev/PROJECT/models",
    "azure": "REGISTRY.azurecr.io",
}


def script_files(plan: DeployPlan) -> dict[str, str]:
    """Path below the deployment folder -> text of its scripts and Terraform."""
    chosen = ["common.sh"]
    if plan.cloud is None or _cluster_wanted(plan):
        chosen.append("kubernetes.sh" if _cluster_wanted(plan) else "compose.sh")
    serverless = _serverless(plan)
    files = {}
    if serverless:
        script, terraform = _FILES[serverless]
        chosen += [script, "terraform.sh"]
        files["terraform/main.tf"] = _template("terraform", terraform)
        files["terraform/terraform.tfvars.json"] = json_text(variables(plan, serverless))
    files |= {f"scripts/{name}": _template("scripts", name) for name in chosen}
    return files | {"scripts/settings.env": settings(plan)}


def settings(plan: DeployPlan) -> str:
    """The values that the scripts read; quoted for the shell."""
    values = {
        "NAME": plan.name,
        "MODEL": plan.model,
        "IMAGE": plan.image,
        "TAG": plan.tag,
        "PORT": plan.port,
        "ARCHITECTURE": plan.architecture,
    }
    return "".join(f"{key}={shlex.quote(str(value))}\n" for key, value in values.items())


def variables(plan: DeployPlan, platform: str) -> dict[str, object]:
    """Terraform variables of a platform that the plan knows; the account's own are asked for by Terraform."""
    shared: dict[str, object] = {
        "name": plan.name,
        "port": plan.port,
        "min_replicas": plan.min_replicas,
        "max_replicas": plan.max_replicas,
        **({"max_queue": plan.max_queue} if plan.max_queue else {}),
    }
    if platform == "ecs":
        cpu, memory = pairs.fargate(plan.cpu, plan.memory_limit)
        return shared | {"cpu_units": cpu, "memory_mib": memory, "cpu_target": plan.cpu_target,
                         "architecture": "ARM64" if plan.architecture == "arm64" else "X86_64"}  # fmt: skip
    if platform == "cloud_run":
        cores, mib = pairs.cloud_run(plan.cpu, plan.memory_limit)
        return shared | {"cpu": cores, "memory": mib, "concurrency": int((plan.sizing or {}).get("concurrency") or 20)}
    quarter, gi = pairs.container_apps(plan.cpu, plan.memory_limit)
    return shared | {"cpu": quarter, "memory": gi, "concurrency": int((plan.sizing or {}).get("concurrency") or 20)}


def assumptions(plan: DeployPlan) -> list[Assumption]:
    """What the cloud files take for granted."""
    serverless = _serverless(plan)
    if serverless is None:
        return []
    given = variables(plan, serverless)
    size = {k: given[k] for k in ("cpu_units", "memory_mib", "cpu", "memory") if k in given}
    told = ", ".join(f"{k} {v}" for k, v in size.items())
    return [
        Assumption("Size on " + serverless, told, f"the smallest pair on offer that holds {plan.cpu} CPU and {plan.memory_limit}",
                   "edit `terraform/terraform.tfvars.json`, or ask for another size"),
        Assumption("Network", "private: nothing answers from the internet", "default",
                   "set the variables at the top of `terraform/main.tf`"),
        Assumption("Terraform state", "local file", "default", "add a `backend` block before the first apply"),
    ]  # fmt: skip


def commands(plan: DeployPlan) -> list[str]:
    """What an operator types, in order."""
    typed = []
    if _serverless(plan):
        script = _FILES[str(_serverless(plan))][0]
        typed += [f"bash scripts/{script} {what}" for what in ("plan", "apply", "rollback")]
    if _cluster_wanted(plan):
        registry = _REGISTRIES.get(plan.cloud or "", "registry.example.com/team")
        typed += [
            f"REGISTRY={registry} CONTEXT=my-cluster bash scripts/kubernetes.sh {what} dev"
            for what in ("plan", "apply", "rollback")
        ]
    if not typed:
        typed = [f"bash scripts/compose.sh {what}" for what in ("plan", "apply", "rollback")]
    return typed


def serverless_script(plan: DeployPlan) -> str | None:
    """The script that rolls out to the plan's serverless platform, None where it has none."""
    platform = _serverless(plan)
    return _FILES[platform][0] if platform else None


def _serverless(plan: DeployPlan) -> str | None:
    if plan.cloud is None or plan.platform in CLUSTERS:
        return None
    return plan.platform or SERVERLESS[plan.cloud]


def _cluster_wanted(plan: DeployPlan) -> bool:
    return "k8s" in plan.artifacts or plan.platform in CLUSTERS or plan.environment == "on_prem" or (
        plan.cloud is not None and plan.platform is None)  # fmt: skip


def _template(folder: str, name: str) -> str:
    return resources.files(f"opsmith.tools.templates.{folder}").joinpath(name).read_text(encoding="utf-8")
