"""The validators of the field, each where it is installed: schemas, Dockerfile and shell linters, Terraform, Kustomize."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from opsmith.tools.compute.deployment.checks.documents import Document, Tree, read_documents
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.checks.objects import REMOVED

SECONDS = 120
_CUSTOM = {
    ("keda.sh/v1alpha1", "ScaledObject"): "keda-scaledobject",
    ("serving.kserve.io/v1beta1", "InferenceService"): "kserve-inferenceservice",
}
_GROUPS = ("", "apps", "batch", "autoscaling", "policy", "extensions")


@dataclass
class Report:
    """What was found, by what, and what could not be looked at."""

    faults: list[Fault] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


def validate(tree: Tree, versions: tuple[int, ...]) -> Report:
    """Every validator over a tree, for clusters of versions 1.N."""
    report = Report()
    rendered = _rendered(tree, report)
    _kubernetes(tree, rendered, versions, report)
    _schemas(tree, report)
    _hadolint(tree, report)
    _shellcheck(tree, report)
    _terraform(tree, report)
    report.unchecked += tree.unread
    report.faults = sorted(set(report.faults))
    return report


def program(name: str) -> str | None:
    """A program on the path, or installed beside this Python."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.is_file() else shutil.which(name)


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> tuple[int, str, str] | None:
    """(exit code, output, errors) of a read-only program; None when it takes too long or does not start."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, errors="replace",
                              stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})})  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.returncode, done.stdout, done.stderr


def _rendered(tree: Tree, report: Report) -> list[Document]:
    """The objects of every overlay as Kustomize renders them."""
    overlays = [d for d in tree.kustomizations if any(".." in str(r) for r in d.get("resources", default=[]))]
    if not overlays:
        return []
    kubectl, kustomize = program("kubectl"), program("kustomize")
    if not kubectl and not kustomize:
        report.unchecked.append("Kustomize overlays: neither kubectl nor kustomize is installed here")
        return []
    found: list[Document] = []
    for overlay in overlays:
        start = [kustomize, "build"] if kustomize else [str(kubectl), "kustomize"]
        done = run([*map(str, start), overlay.folder or "."], tree.root)
        if done is None:
            report.unchecked.append(f"{overlay.path}: Kustomize did not answer")
        elif done[0]:
            told = re.sub(r"'?/\S*/'?", "", done[2].strip().splitlines()[-1] if done[2].strip() else "it failed")
            report.faults.append(Fault(overlay.path, 1, "kustomize-build", f"Kustomize cannot build this: {told[:300]}.",
                                       "correct the files that it lists", by="kustomize"))  # fmt: skip
        else:
            documents, _ = read_documents(done[1], overlay.path)
            found += [Document(overlay.path, d.value, {(): 1}) for d in documents]
    report.checked.append(f"kustomize build: {len(overlays)} overlays")
    return found


def _kubernetes(tree: Tree, rendered: list[Document], versions: tuple[int, ...], report: Report) -> None:
    documents = [d for d in [*tree.objects, *rendered] if d.api and d.kind]
    if not documents:
        return
    if find_spec("kubernetes_validate") is None:
        report.unchecked.append(
            "Kubernetes schemas: kubernetes-validate is not installed (pip install 'opsmith[validate]')"
        )
        return
    kinds: set[str] = set()
    for document in documents:
        for version in versions:
            validator = _validator(version, document.kind, document.api) or _custom(document.api, document.kind)
            if validator is None:
                _unknown_kind(document, version, kinds, report)
                continue
            report.faults += list(_schema_faults(document, validator, f"kubernetes 1.{version}", "kubernetes-schema"))
    told = ", ".join(f"1.{v}" for v in versions)
    report.checked.append(f"Kubernetes schemas (strict) for {told}: {len(documents)} objects")


def _unknown_kind(document: Document, version: int, seen: set[str], report: Report) -> None:
    """A kind of Kubernetes itself that a version does not have is an error; one of somebody else's is not checked."""
    what = f"{document.api} {document.kind}"
    group = document.api.partition("/")[0] if "/" in document.api else ""
    if group in _GROUPS or group.endswith(".k8s.io"):
        if (document.api, document.kind) not in REMOVED:  # that one is told with what to write instead
            report.faults.append(Fault(document.path, document.line("apiVersion"), "api-unknown",
                                       f"Kubernetes 1.{version} has no {what}.", "correct apiVersion or kind",
                                       by=f"kubernetes 1.{version}"))  # fmt: skip
    elif what not in seen:
        seen.add(what)
        report.unchecked.append(f"{document.path}: {what} has no schema here (a custom resource)")


@cache
def _definitions(version: int) -> Any:
    from kubernetes_validate import utils

    return utils.schema_contents(
        f"kubernetes-json-schema/v{_full(version)}-local-strict/_definitions.json", f"1.{version}"
    )


@cache
def _full(version: int) -> str:
    from kubernetes_validate import utils

    return next((v for v in utils.all_versions() if v.split(".")[:2] == ["1", str(version)]), f"1.{version}.0")


@cache
def _validator(version: int, kind: str, api: str) -> Any:
    """All errors of an object, where the package's own function stops at the first; None when the kind is unknown."""
    import jsonschema
    from kubernetes_validate import utils
    from referencing import Registry, Resource

    short = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api)
    if not re.fullmatch(r"[a-z0-9-]+", short) or not re.fullmatch(r"[A-Za-z0-9]+", kind):
        return None
    name = f"kubernetes-json-schema/v{_full(version)}-local-strict/{kind.lower()}-{short}.json"
    try:
        schema = utils.schema_contents(name, f"1.{version}")
    except (FileNotFoundError, utils.VersionNotSupportedError):
        return None
    registry: Any = Resource.from_contents(_definitions(version)) @ (Resource.from_contents(schema) @ Registry())
    return jsonschema.Draft202012Validator(schema, registry=registry)


@cache
def _custom(api: str, kind: str) -> Any:
    """The schema of a custom resource that Opsmith writes itself; None for all others."""
    import jsonschema

    name = _CUSTOM.get((api, kind))
    if name is None:
        return None
    text = resources.files("opsmith.tools.templates.schemas").joinpath(f"{name}.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def known_versions() -> tuple[int, int]:
    """The oldest and the newest version 1.N whose schemas are here; (25, 37) without kubernetes-validate."""
    if find_spec("kubernetes_validate") is None:
        return 25, 37
    from kubernetes_validate import utils

    numbers = [int(v.split(".")[1]) for v in utils.all_versions()]
    return min(numbers), max(numbers)


def _schemas(tree: Tree, report: Report) -> None:
    """Compose files and GitHub workflows by the schemas that check-jsonschema carries."""
    wanted = [(d, "vendor.compose-spec", "compose") for d in tree.compose]
    wanted += [(d, "vendor.github-workflows", "GitHub workflow") for d in tree.workflows]
    if not wanted:
        return
    if find_spec("check_jsonschema") is None:
        report.unchecked.append(
            "Compose and workflow schemas: check-jsonschema is not installed (pip install 'opsmith[validate]')"
        )
        return
    import jsonschema
    from check_jsonschema.builtin_schemas import get_builtin_schema

    for document, name, told in wanted:
        schema = get_builtin_schema(name)
        validator = jsonschema.validators.validator_for(schema)(schema)
        value = document.value
        if told != "compose" and isinstance(value, dict) and True in value:
            value = {("on" if k is True else k): v for k, v in value.items()}  # YAML 1.1 reads `on` as true
        shown = Document(document.path, value, document.lines)
        report.faults += list(_schema_faults(shown, validator, f"{told} schema", "schema"))
    for told in dict.fromkeys(t for _, _, t in wanted):
        report.checked.append(f"{told} schema: {sum(t == told for _, _, t in wanted)} files")


def _schema_faults(document: Document, validator: Any, by: str, rule: str) -> Iterator[Fault]:
    from jsonschema.exceptions import best_match

    for error in validator.iter_errors(document.value):
        # A choice of shapes says nothing by itself; the nearest of its errors does.
        while error.context and (nearer := best_match(error.context)) is not None:
            error = nearer
        place = [p if isinstance(p, (str, int)) else str(p) for p in error.absolute_path]
        where = ".".join(map(str, place)) or "the document"
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            place += [k for k in error.instance if k not in error.schema.get("properties", {})][
                :1
            ]  # the line of that key
        yield Fault(
            document.path, document.line(*place), rule, f"{where}: {_short(error.message)}.", _schema_fix(error), by=by
        )


def _schema_fix(error: Any) -> str:
    if error.validator == "additionalProperties":
        return "remove the unknown key, or correct its spelling or place"
    if error.validator == "required":
        return "add the missing key"
    if error.validator in ("type", "oneOf", "anyOf"):
        return (
            f"write a value of type {error.validator_value}"
            if error.validator == "type"
            else "write one of the shapes allowed"
        )
    return f"see the schema: {error.validator}"


def _short(message: str) -> str:
    """The message without the value it is about, which may be long or secret."""
    if len(message) <= 160:
        return message.rstrip(".")
    return "…" + message[-150:].rstrip(".")


_SEVERITY: dict[str, Literal["warning", "critical"]] = {"error": "critical"}


def _take(report: Report, name: str, prefix: str, looked_at: str, done: tuple[int, str, str] | None) -> None:
    """The errors and warnings of a program that answers with a JSON list; no answer is told as not checked."""
    try:
        listed = json.loads(done[1]) if done else None
    except ValueError:
        listed = None
    if listed is None:
        report.unchecked.append(f"{looked_at}: {name} did not answer")
        return
    rule = "hadolint rule " if name == "hadolint" else "shellcheck "
    for item in listed:
        if item["level"] in ("error", "warning"):
            code = f"{prefix}{item['code']}"
            report.faults.append(Fault(str(item["file"]), int(item["line"]), code, _sentence(item["message"]),
                                       f"see {rule}{code}", _SEVERITY.get(item["level"], "warning"), name))  # fmt: skip


def _hadolint(tree: Tree, report: Report) -> None:
    if not tree.dockerfiles:
        return
    binary = program("hadolint")
    if binary is None:
        report.unchecked.append("Dockerfiles: hadolint is not installed (pip install 'opsmith[validate]')")
        return
    for path in tree.dockerfiles:
        _take(report, "hadolint", "", path, run([binary, "--no-fail", "--format", "json", path], tree.root))
    report.checked.append(f"hadolint: {len(tree.dockerfiles)} Dockerfiles")


def _shellcheck(tree: Tree, report: Report) -> None:
    if not tree.scripts:
        return
    binary = program("shellcheck")
    if binary is None:
        report.unchecked.append("Shell scripts: shellcheck is not installed here")
        return
    words = [binary, "--format", "json", "--severity", "warning", *tree.scripts]
    _take(report, "shellcheck", "SC", "Shell scripts", run(words, tree.root))
    report.checked.append(f"shellcheck: {len(tree.scripts)} scripts")


def _terraform(tree: Tree, report: Report) -> None:
    """`terraform validate` where its providers are on this machine; else only that it can be parsed."""
    if not tree.terraform:
        return
    binary = program("terraform")
    if binary is None:
        report.unchecked.append("Terraform: terraform is not installed here")
        return
    for folder in tree.terraform:
        with tempfile.TemporaryDirectory(prefix="opsmith-terraform-") as scratch:
            copy = Path(scratch) / "files"
            shutil.copytree(tree.root / folder, copy)
            state = {"TF_DATA_DIR": f"{scratch}/data", "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
            done = (
                run([binary, "init", "-backend=false", "-input=false", "-no-color"], copy, state)
                if _mirrored()
                else None
            )
            if done is None or done[0]:
                parsed = run([binary, "fmt", "-list=false", "-write=false", "-no-color"], copy, state)
                if parsed and parsed[0] == 2:
                    report.faults.append(Fault(_first_file(tree, folder), 1, "terraform-syntax",
                                               _sentence(parsed[2].strip().splitlines()[-1]), "correct the syntax",
                                               by="terraform"))  # fmt: skip
                report.checked.append(f"terraform syntax: {folder or '.'}")
                report.unchecked.append(
                    f"{folder or '.'}: Terraform arguments (its providers are not on this machine); not applied"
                )
                continue
            answer = run([binary, "validate", "-json", "-no-color"], copy, state)
            for item in json.loads(answer[1] or "{}").get("diagnostics", []) if answer else []:
                place = item.get("range") or {}
                name = "/".join(filter(None, (folder, str(place.get("filename") or "main.tf"))))
                told = " ".join(filter(None, (item.get("summary"), item.get("detail"))))
                report.faults.append(Fault(name, int((place.get("start") or {}).get("line", 1)), "terraform",
                _sentence(told)[:300],
                                           "see the provider's documentation", _SEVERITY.get(item["severity"], "warning"),
                                           "terraform"))  # fmt: skip
            report.checked.append(f"terraform validate: {folder or '.'}")
            report.unchecked.append(f"{folder or '.'}: Terraform was not applied (no account is touched)")


def _mirrored() -> bool:
    """Whether Terraform finds providers without the network."""
    named = os.environ.get("TF_CLI_CONFIG_FILE") or str(Path.home() / ".terraformrc")
    try:
        return "filesystem_mirror" in Path(named).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _first_file(tree: Tree, folder: str) -> str:
    found = sorted((tree.root / folder).glob("*.tf"))
    return found[0].relative_to(tree.root).as_posix() if found else folder


def _sentence(text: str) -> str:
    plain = " ".join(str(text).split())
    return plain if plain.endswith(".") else plain + "."
