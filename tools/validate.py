"""Judge deployment files, Opsmith's own or anybody's: every fault with its line and what to write instead."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from opsmith.tools.contract import Context, Finding, NeedsAnswer, Result, Table, ToolError, tool

MOST_SHOWN = 200


@tool(
    intent="deploy",
    examples=(
        "validate deploy/churn-model",
        "check my kubernetes manifests",
        "are the files in k8s/ all right for Kubernetes 1.29?",
        "lint the Dockerfile",
    ),
    reads=("files", "process"),
)
def validate(
    path: str | None = None,
    model: str | None = None,
    artifacts: list[str] = [],  # noqa: B006 - read only; pydantic copies it
    version: str | None = None,
    *,
    context: Context,
) -> Result:
    """Check Dockerfiles, compose files, Kubernetes manifests, scripts, Terraform and workflows, and how they fit together.

    path: a folder or one file, written by Opsmith or not. model: check the deployment of this model. artifacts: only
    these kinds (dockerfile, compose, k8s, hpa, script, workflow). version: the cluster's Kubernetes version such as 1.31;
    when not given, the oldest and the newest known ones are checked. What could not be checked is listed, and a critical
    finding makes `opsmith run validate` end with exit code 5.
    """
    from opsmith.tools.compute.deployment import validators
    from opsmith.tools.compute.deployment.checks.documents import read_tree
    from opsmith.tools.compute.deployment.checks.run import faults_of

    root, shown = _root(context, path, model)
    versions = _versions(version, validators.known_versions())
    context.progress(0.1, "reading the files")
    tree = read_tree(root)
    counted = _counted(tree)
    if not any(counted.values()) and not tree.faults:
        raise ToolError(f"{shown} holds no Dockerfile, compose file, manifest, script, workflow or Terraform to check.")
    context.check()
    context.progress(0.4, "running the validators")
    report = validators.validate(tree, versions)
    faults = sorted({*faults_of(tree, max(versions)), *report.faults})
    faults = [f for f in faults if _is_wanted(f.path, artifacts)]
    critical = sum(f.severity == "critical" for f in faults)
    findings = tuple(_finding(shown, f) for f in faults[:MOST_SHOWN])
    told = ", ".join(f"{n} {what}" for what, n in counted.items() if n)
    if faults:
        headline = f"{shown}: {critical} of {len(faults)} findings must be mended ({told})." if critical else (
            f"{shown}: nothing is broken, {len(faults)} things could be better ({told}).")  # fmt: skip
    else:
        headline = f"{shown}: nothing is wrong ({told})."
    checked = ["Opsmith's own checks across files", *report.checked]
    rows = [(c, "yes") for c in checked] + [(u, "not checked") for u in report.unchecked]
    data = {
        "path": shown, "ok": critical == 0, "critical": critical, "warnings": len(faults) - critical,
        "versions": [f"1.{v}" for v in versions], "checked": checked, "not_checked": report.unchecked, "files": counted,
        "faults": [vars(f) for f in faults[:MOST_SHOWN]],
    }  # fmt: skip
    return Result(headline, data, findings, tables=(Table("What was checked", ("what", "checked"), tuple(rows)),))


def _root(context: Context, path: str | None, model: str | None) -> tuple[Path, str]:
    from opsmith.tools.compute.deployment.names import deployment_name
    from opsmith.tools.data import paths

    if path is None and model is not None:
        path = f"deploy/{deployment_name(model)}"
        if not (context.project / path).is_dir():
            raise NeedsAnswer(
                f"There are no deployment files of {model} in {path}. Which folder is to be checked?", _folders(context)
            )
    if path is None:
        known = _folders(context)
        if len(known) == 1:
            path = known[0]
        elif not known and _loose(context):
            path = "."
        else:
            raise NeedsAnswer("Which folder or file is to be checked?", known)
    root = paths.confined(context, path)
    if not root.exists():
        raise NeedsAnswer(
            f"There is no {path} in this project. Which folder or file is to be checked?", _folders(context)
        )
    return root, paths.relative(context, root)


def _folders(context: Context) -> list[str]:
    folder = context.project / "deploy"
    found = sorted(p.name for p in folder.iterdir() if p.is_dir() and p.name != "monitors") if folder.is_dir() else []
    return [f"deploy/{name}" for name in found]


def _loose(context: Context) -> bool:
    """Whether deployment files lie in the project itself, as they do in most projects."""
    names = (
        "Dockerfile",
        "compose.yaml",
        "compose.yml",
        "docker-compose.yml",
        "docker-compose.yaml",
        "k8s",
        "kubernetes",
        "manifests",
    )
    return any((context.project / n).exists() for n in names)


def _versions(said: str | None, known: tuple[int, int]) -> tuple[int, ...]:
    if said is None:
        return known
    found = re.fullmatch(r"v?1\.(\d{1,2})(\.\d+)?", said.strip())
    if not found:
        raise ToolError(f"{said[:30]!r} is no Kubernetes version. Write it as 1.{known[1]}.")
    if not known[0] <= int(found[1]) <= known[1]:
        raise ToolError(f"Schemas are here for Kubernetes 1.{known[0]} to 1.{known[1]}, not for {said.strip()}.")
    return (int(found[1]),)


_KINDS = {
    "dockerfile": r"(^|/)[^/]*dockerfile[^/]*$",
    "compose": r"(^|/)(docker-)?compose[^/]*\.ya?ml$",
    "script": r"\.(sh|bash|env|tf)$|tfvars\.json$",
    "workflow": r"workflow[^/]*(/[^/]+)?\.ya?ml$",
    "hpa": r"hpa[^/]*\.ya?ml$",
}


def _is_wanted(path: str, artifacts: list[str]) -> bool:
    if not artifacts:
        return True
    kinds = {k for k, pattern in _KINDS.items() if re.search(pattern, path, re.IGNORECASE)} or {"k8s"}
    return bool(kinds & {a.strip().lower() for a in artifacts}) or ("k8s" in artifacts and "hpa" in kinds)


def _counted(tree: Any) -> dict[str, int]:
    return {
        "Kubernetes objects": len(tree.objects), "kustomizations": len(tree.kustomizations), "compose files": len(tree.compose),
        "Dockerfiles": len(tree.dockerfiles), "scripts": len(tree.scripts), "workflows": len(tree.workflows),
        "Terraform folders": len(tree.terraform), "Helm templates or other unread files": len(tree.unread),
        "other files": len(tree.others),
    }  # fmt: skip


def _finding(shown: str, fault: Any) -> Finding:
    path = fault.path if shown.endswith(fault.path) else f"{shown}/{fault.path}".removeprefix("./")
    where = f"{path}:{fault.line}"
    message = f"{where} {fault.message} Fix: {fault.fix}."
    evidence = {"path": path, "line": fault.line, "rule": fault.rule, "by": fault.by, "fix": fault.fix}
    return Finding(fault.rule, fault.severity, message, evidence=evidence)
