"""All semantic checks over a folder, each fault once, in the order of the files."""

from __future__ import annotations

from pathlib import Path

from opsmith.tools.compute.deployment.checks import (
    agreement,
    clouds,
    composes,
    images,
    kustomize,
    objects,
    references,
    scaling,
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
    for part in (workloads, references, scaling, kustomize, images, composes, clouds, agreement):
        found += part.check(tree)
    return sorted(set(found))
