"""Every file of a deployment by its kind: path below deploy/NAME/ -> bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opsmith.tools.compute.deployment import cloud_files, cloudformation, kubernetes, kubernetes_optional, workflow
from opsmith.tools.compute.deployment.compose import compose
from opsmith.tools.compute.deployment.dumping import yaml_text
from opsmith.tools.compute.deployment.plan import DeployPlan
from opsmith.tools.data.registry import ModelCard

LOCK = "requirements.lock"
KUSTOMIZATION = "kustomization.yaml"


def files_of(
    kinds: Sequence[str], plan: DeployPlan, card: ModelCard, project: Path, folder: Path
) -> dict[str, dict[str, bytes]]:
    """kind -> its files, for a folder that may hold some already.

    The image's files (dockerfile, requirements) are made with the model itself, so they take a while.
    """
    made: dict[str, dict[str, bytes]] = {}
    if {"dockerfile", "requirements"} & set(kinds):
        from opsmith.tools.compute.deployment.service import service_files

        image = service_files(card, plan, project)
        made["requirements"] = {LOCK: image[LOCK]}
        made["dockerfile"] = {k: v for k, v in image.items() if k != LOCK} | {LOCK: image[LOCK]}
    for kind in kinds:
        if kind not in ("dockerfile", "requirements"):
            made[kind] = {name: text.encode() for name, text in _text_files(kind, plan, project, folder).items()}
    return {kind: made[kind] for kind in kinds}


def _text_files(kind: str, plan: DeployPlan, project: Path, folder: Path) -> dict[str, str]:
    if kind == "compose":
        return {"compose.yaml": yaml_text(compose(plan))}
    if kind == "hpa":
        files = {"k8s/base/hpa.yaml": yaml_text(kubernetes.autoscaler(plan))}
        listed = {f"k8s/base/{KUSTOMIZATION}": yaml_text(kubernetes.base(plan)[KUSTOMIZATION])}
        return files | (listed if (folder / "k8s" / "base" / KUSTOMIZATION).exists() else {})
    if kind == "script":
        return cloud_files.script_files(plan)
    if kind == "cloudformation":
        return {cloudformation.FILE: yaml_text(cloudformation.template(plan))}
    if kind == "workflow":
        return {workflow.path(plan, project, folder): yaml_text(workflow.workflow(plan, project, folder))}
    if kind == "kserve":
        return _yaml_files(kubernetes_optional.KSERVE, kubernetes_optional.kserve(plan))
    overlays = _yaml_files("k8s/overlays", kubernetes_optional.overlays(plan))
    if kind == "keda":
        listed = overlays if (folder / "k8s" / "overlays").is_dir() else {}
        return _yaml_files(kubernetes_optional.KEDA, kubernetes_optional.keda(plan)) | listed
    return _yaml_files("k8s/base", kubernetes.base(plan)) | overlays


def _yaml_files(place: str, objects: Mapping[str, Any]) -> dict[str, str]:
    return {f"{place}/{name}": yaml_text(value) for name, value in objects.items()}
