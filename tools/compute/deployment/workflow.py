"""A GitHub Actions workflow of a plan: the image is built and proved, then rolled out stage by stage.

Each stage is a GitHub environment, so its required reviewers give the yes that the scripts ask for elsewhere. Nobody's
input reaches a shell: the workflow takes no inputs, and names come from strict grammars. No secret stands in it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from opsmith.tools.compute.deployment import cloud_files
from opsmith.tools.compute.deployment.plan import CLUSTERS, STAGES, DeployPlan

Step = dict[str, Any]

CHECKOUT: Step = {"uses": "actions/checkout@v4", "with": {"persist-credentials": False}}
# What signs in at a cloud without a stored key (OpenID Connect), by cloud: the variables lie in the GitHub environment.
_SIGN_IN: dict[str, Step] = {
    "aws": {"uses": "aws-actions/configure-aws-credentials@v4",
            "with": {"role-to-assume": "${{ vars.AWS_ROLE }}", "aws-region": "${{ vars.AWS_REGION }}"}},
    "gcp": {"uses": "google-github-actions/auth@v2",
            "with": {"workload_identity_provider": "${{ vars.GCP_IDENTITY_PROVIDER }}",
                     "service_account": "${{ vars.GCP_SERVICE_ACCOUNT }}"}},
    "azure": {"uses": "azure/login@v2",
              "with": {"client-id": "${{ vars.AZURE_CLIENT_ID }}", "tenant-id": "${{ vars.AZURE_TENANT_ID }}",
                       "subscription-id": "${{ vars.AZURE_SUBSCRIPTION_ID }}"}},
}  # fmt: skip
_CLUSTER: dict[str, list[Step]] = {
    "aws": [{"name": "Reach the cluster and the registry",
             "run": 'aws eks update-kubeconfig --name "$CLUSTER" --alias cluster\n'
                    'aws ecr get-login-password | docker login --username AWS --password-stdin "${REGISTRY%%/*}"\n',
             "env": {"CLUSTER": "${{ vars.CLUSTER }}"}}],
    "gcp": [{"uses": "google-github-actions/setup-gcloud@v2"},
            {"name": "Reach the cluster and the registry",
             "run": "gcloud components install gke-gcloud-auth-plugin --quiet\n"
                    'gcloud container clusters get-credentials "$CLUSTER" --location "$LOCATION"\n'
                    'kubectl config rename-context "$(kubectl config current-context)" cluster\n'
                    'gcloud auth configure-docker "${REGISTRY%%/*}" --quiet\n',
             "env": {"CLUSTER": "${{ vars.CLUSTER }}", "LOCATION": "${{ vars.GCP_LOCATION }}"}}],
    "azure": [{"name": "Reach the cluster and the registry",
               "run": 'az aks get-credentials --name "$CLUSTER" --resource-group "$GROUP" --context cluster\n'
                      'az acr login --name "${REGISTRY%%.*}"\n',
               "env": {"CLUSTER": "${{ vars.CLUSTER }}", "GROUP": "${{ vars.AZURE_RESOURCE_GROUP }}"}}],
}  # fmt: skip
_VARIABLES = {
    "aws": {"TF_VAR_region": "AWS_REGION", "TF_VAR_vpc_id": "VPC_ID", "TF_VAR_subnet_ids": "SUBNET_IDS"},
    "gcp": {"TF_VAR_project": "GCP_PROJECT", "TF_VAR_region": "GCP_REGION"},
    "azure": {"TF_VAR_subscription_id": "AZURE_SUBSCRIPTION_ID", "TF_VAR_location": "AZURE_LOCATION",
              "TF_VAR_registry_name": "AZURE_REGISTRY"},
}  # fmt: skip


def path(plan: DeployPlan, project: Path, folder: Path) -> str:
    """Where GitHub looks for it, relative to the deployment's folder."""
    return os.path.relpath(project / ".github" / "workflows" / f"deploy-{plan.name}.yml", folder)


def workflow(plan: DeployPlan, project: Path, folder: Path) -> dict[str, Any]:
    """The workflow as a mapping. `folder` is the deployment's, below the repository's root `project`."""
    place = os.path.relpath(folder, project)
    jobs: dict[str, Any] = {"prove": _prove(plan, place)}
    before = "prove"
    for stage, steps in _roll_outs(plan, place).items():
        jobs[stage] = {
            "needs": before,
            "if": "github.ref == 'refs/heads/main'",
            "runs-on": "ubuntu-latest" if plan.cloud else "self-hosted",
            "timeout-minutes": 60,
            "environment": stage,
            "permissions": {"contents": "read", **({"id-token": "write"} if plan.cloud else {})},
            "env": _environment(plan),
            "steps": [CHECKOUT, *steps],
        }
        before = stage
    return {
        "name": f"deploy {plan.name}",
        "on": {"push": {"branches": ["main"], "paths": [f"{place}/**"]},
               "pull_request": {"paths": [f"{place}/**"]}, "workflow_dispatch": {}},
        "permissions": {"contents": "read"},
        "concurrency": {"group": f"deploy-{plan.name}-${{{{ github.ref }}}}", "cancel-in-progress": False},
        "jobs": jobs,
    }  # fmt: skip


def stages(plan: DeployPlan) -> tuple[str, ...]:
    """The GitHub environments that the workflow rolls out to, in order."""
    if _script(plan) is None:
        return ()
    return STAGES if _script(plan) == "kubernetes.sh" else ("prod",)


def _prove(plan: DeployPlan, place: str) -> dict[str, Any]:
    """Build, run as hardened as in production, ask once."""
    run = (
        "docker run --detach --name service --read-only --tmpfs /tmp:noexec,nosuid,size=64m --cap-drop ALL "
        f'--security-opt no-new-privileges --pids-limit 128 --memory {plan.memory_bytes // 2**20}m --cpus "$CPUS" '
        f"--publish 127.0.0.1:{plan.port}:{plan.port} {plan.name}:proof\n"
    )
    ask = (
        "curl --fail --silent --show-error --retry 30 --retry-delay 1 --retry-all-errors "
        f"http://127.0.0.1:{plan.port}/readyz\n"
        "curl --fail --silent --show-error --header 'Content-Type: application/json' "
        f'--data "@{place}/service/sample_request.json" http://127.0.0.1:{plan.port}/predict\n'
        "docker stop --time 30 service\n"
        "test \"$(docker inspect --format '{{.State.ExitCode}}' service)\" = 0\n"
    )
    return {
        "runs-on": "ubuntu-latest",
        "timeout-minutes": 20,
        "steps": [
            CHECKOUT,
            {"name": "Build", "run": f"docker build --tag {plan.name}:proof {place}\n"},
            {"name": "Run it hardened", "run": run, "env": {"CPUS": _cores(plan)}},
            {"name": "Ready, one prediction, a clean stop", "run": ask},
            {"name": "What it said", "if": "failure()", "run": "docker logs --tail 50 service\n"},
        ],
    }


def _roll_outs(plan: DeployPlan, place: str) -> dict[str, list[Step]]:
    script = _script(plan)
    if script is None:
        return {}
    sign_in = [_SIGN_IN[plan.cloud]] if plan.cloud else []
    if script == "kubernetes.sh":
        reach = _CLUSTER[plan.cloud] if plan.cloud else [_registry_login()]
        context = {"env": {"CONTEXT": "cluster"}} if plan.cloud else {}
        command = f"bash {place}/scripts/{script} apply"
        return {stage: [*sign_in, *reach, {"name": f"Roll out to {stage}", "run": f"{command} {stage}\n", **context}]
                for stage in STAGES}  # fmt: skip
    terraform = {"uses": "hashicorp/setup-terraform@v3", "with": {"terraform_wrapper": False}}
    extra = [{"uses": "google-github-actions/setup-gcloud@v2"}] if plan.cloud == "gcp" else []
    return {"prod": [*sign_in, *extra, terraform,
                     {"name": "Roll out", "run": f"bash {place}/scripts/{script} apply\n"}]}  # fmt: skip


def _script(plan: DeployPlan) -> str | None:
    """The script that rolls out; None where there is none to run from elsewhere (a laptop, a device)."""
    if "script" not in plan.artifacts:
        return None
    if plan.platform in CLUSTERS or plan.environment == "on_prem":
        return "kubernetes.sh"
    return cloud_files.serverless_script(plan)


def _environment(plan: DeployPlan) -> dict[str, str]:
    """What the scripts read: the yes, which the environment's reviewers gave, and the account's own values."""
    said = {"CONFIRMED": plan.name}
    if _script(plan) == "kubernetes.sh":
        return said | {"REGISTRY": "${{ vars.REGISTRY }}"} | ({} if plan.cloud else {"CONTEXT": "${{ vars.CONTEXT }}"})
    values = _VARIABLES[str(plan.cloud)]
    return said | {"SMOKE": "${{ vars.SMOKE }}"} | {key: f"${{{{ vars.{name} }}}}" for key, name in values.items()}


def _registry_login() -> Step:
    return {"name": "Sign in at the registry",
            "run": 'printf "%s" "$TOKEN" | docker login --username "$ACCOUNT" --password-stdin "${REGISTRY%%/*}"\n',
            "env": {"ACCOUNT": "${{ vars.REGISTRY_ACCOUNT }}", "TOKEN": "${{ secrets.REGISTRY_TOKEN }}"}}  # fmt: skip


def _cores(plan: DeployPlan) -> str:
    from opsmith.tools.compute.deployment.quantities import parse_quantity

    return f"{float(parse_quantity(plan.cpu_limit) or 0):g}"
