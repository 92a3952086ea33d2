"""All semantic checks over a folder, each fault once, in the order of the files."""

from __future__ import annotations

from pathlib import Path

from opsmith.tools.compute.deployment.checks import (
    agreement,
    clouds,
    composes,
    composes_health,
    containers,
    images,
    images_start,
    kustomize,
    networks,
    objects,
    references,
    scaling,
    terraforms,
    wording,
    workflows,
    workloads,
)
from opsmith.tools.compute.deployment.checks.documents import Tree, read_tree
from opsmith.tools.compute.deployment.checks.fault import Fault

NEWEST = 37  # Kubernetes 1.37


def faults(root: Path, version: int = NEWEST) -> list[Fault]:
    """Everything wrong in a folder or file, for a cluster of version 1.`version`."""
    return faults_of(read_tree(root), version)


def faults_of(tree: Tree, version: int = NEWEST) -> list[Fault]:
    """Everything wrong in files that were read already."""
    found = [*tree.faults, *objects.check(tree, version)]
    for part in (workloads, containers, wording, references, networks, scaling, kustomize, images, images_start, composes,
                 composes_health, clouds, agreement, workflows, terraforms):  # fmt: skip
        found += part.check(tree)
    return sorted(set(found))
