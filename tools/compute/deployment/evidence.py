"""Where could this run, by evidence: each conclusion names the file that shows it, and no secret in a file is read out."""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

LARGEST = 1_000_000  # bytes; a configuration file is smaller
MOST_FILES = 300
SMALL = 4 * 2**30  # bytes of memory below which a machine counts as an edge device
_SKIPPED = {".git", ".opsmith", ".venv", "node_modules", "__pycache__", ".terraform"}
_CLUSTERS = (
    ("aws", "eks", re.compile(r"arn:aws[\w-]*:eks:|\.eks\.amazonaws\.com")),
    ("gcp", "gke", re.compile(r"^gke_|container\.googleapis\.com|\.gke\.goog")),
    ("azure", "aks", re.compile(r"\.azmk8s\.io")),
    ("local", "", re.compile(r"^(minikube|kind-|k3d-|docker-desktop|rancher-desktop|colima|microk8s|orbstack)|"
                             r"//(localhost|127\.|\[::1\])")),
)  # fmt: skip
_TERRAFORM = {"aws": "aws", "google": "gcp", "google-beta": "gcp", "azurerm": "azure", "azuread": "azure"}
_CI = (
    ("aws", re.compile(r"aws-actions/|\baws (ecr|ecs|eks|s3|lambda)\b|amazonaws\.com")),
    ("gcp", re.compile(r"google-github-actions/|\bgcloud \w|pkg\.dev/|gcr\.io/")),
    ("azure", re.compile(r"\bazure/(login|aks|webapps|container-apps)|\baz (acr|aks|containerapp)\b|azurecr\.io")),
)
_CI_FILES = {
    ".gitlab-ci.yml": "", "Jenkinsfile": "", ".circleci/config.yml": "", "cloudbuild.yaml": "gcp", "app.yaml": "",
    "buildspec.yml": "aws", "samconfig.toml": "aws", "cdk.json": "aws", "azure-pipelines.yml": "azure", "skaffold.yaml": "",
}  # fmt: skip
_LOCKS = (
    "requirements.lock",
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "conda-lock.yml",
    "pixi.lock",
    "requirements.txt",
    "environment.yml",
)


@dataclass(frozen=True)
class Evidence:
    """One conclusion: what, which value, the file that shows it, and the target (or "") that it speaks for."""

    what: str
    value: str
    file: str
    target: str = ""
    weight: int = 1  # 3: it is set up here; 2: files for it are here; 1: a hint


@dataclass(frozen=True)
class Machine:
    """The roots to look in, so that a test can hand in others: home folder, file system, environment variables."""

    home: Path
    root: Path
    variables: Mapping[str, str]


def detect(project: Path, machine: Machine) -> list[Evidence]:
    """Everything that was found, strongest first."""
    found = [
        *_kubeconfig(machine), *_cloud_tools(machine), *_hardware(machine), *_inside(machine), *_docker(machine),
        *_project(project),
    ]  # fmt: skip
    return sorted(found, key=lambda e: (-e.weight, e.what, e.file))


def targets(found: list[Evidence]) -> dict[str, int]:
    """Target (local, on_prem, edge, aws, gcp, azure) -> weight of its strongest evidence, strongest first."""
    weights: dict[str, int] = {}
    for evidence in found:
        if evidence.target:
            weights[evidence.target] = max(weights.get(evidence.target, 0), evidence.weight)
    return dict(sorted(weights.items(), key=lambda item: (-item[1], item[0])))


def _kubeconfig(machine: Machine) -> Iterator[Evidence]:
    named = machine.variables.get("KUBECONFIG", "")
    places = [Path(p) for p in named.split(":") if p] or [machine.home / ".kube" / "config"]
    for place in places:
        value = _yaml(place)
        if not isinstance(value, dict):
            continue
        shown = _shown(place, machine)
        servers = {
            c.get("name"): str((c.get("cluster") or {}).get("server", "")) for c in _dicts(value.get("clusters"))
        }
        for context in _dicts(value.get("contexts")):
            name = str(context.get("name", ""))
            cluster = (
                str((context.get("context") or {}).get("cluster", ""))
                if isinstance(context.get("context"), dict)
                else ""
            )
            target, platform = _cluster(name, cluster, servers.get(cluster, ""))
            mark = " (current)" if name == value.get("current-context") else ""
            told = f"{name}{mark}" + (f", {platform}" if platform else "")
            yield Evidence("Kubernetes context", told, shown, target, 3)


def _cluster(name: str, cluster: str, server: str) -> tuple[str, str]:
    for target, platform, pattern in _CLUSTERS:
        if any(pattern.search(text) for text in (name, cluster, server)):
            return target, platform
    return "on_prem", ""


def _cloud_tools(machine: Machine) -> Iterator[Evidence]:
    """Only named fields are taken: profile, region, project, subscription; files of credentials are not opened."""
    config = machine.home / ".aws" / "config"
    parsed = _ini(config)
    if parsed is not None:
        names = ", ".join(s.removeprefix("profile ") for s in parsed.sections()[:5]) or "no profile"
        regions = sorted({parsed[s]["region"] for s in parsed.sections() if "region" in parsed[s]})
        yield Evidence(
            "AWS profiles", names + (f" in {', '.join(regions)}" if regions else ""), _shown(config, machine), "aws", 3
        )
    folder = machine.home / ".config" / "gcloud"
    active = (_text(folder / "active_config") or "default").strip()
    config = folder / "configurations" / f"config_{active}"
    parsed = _ini(config) if re.fullmatch(r"[\w-]+", active) else None
    if parsed is not None:
        project = parsed.get("core", "project", fallback="no project")
        region = parsed.get("run", "region", fallback=parsed.get("compute", "region", fallback=""))
        yield Evidence(
            "gcloud project", project + (f" in {region}" if region else ""), _shown(config, machine), "gcp", 3
        )
    profile = machine.home / ".azure" / "azureProfile.json"
    try:
        listed = json.loads((_text(profile) or "null").lstrip("﻿"))
    except ValueError:
        listed = None
    if isinstance(listed, dict):
        subscriptions = [str(s.get("name", "")) for s in _dicts(listed.get("subscriptions"))]
        yield Evidence(
            "Azure subscriptions",
            ", ".join(subscriptions[:5]) or "none",
            _shown(profile, machine),
            "azure",
            3 if subscriptions else 1,
        )


def _hardware(machine: Machine) -> Iterator[Evidence]:
    cpu = _text(machine.root / "proc/cpuinfo") or ""
    cores = len(re.findall(r"^processor\s*:", cpu, re.MULTILINE))
    arm = bool(re.search(r"^CPU architecture\s*:\s*8|^CPU implementer", cpu, re.MULTILINE))
    if cores:
        yield Evidence("CPU", f"{'arm64' if arm else 'amd64'}, {cores} cores", "/proc/cpuinfo", "", 1)
    memory = re.search(r"^MemTotal:\s*(\d+) kB", _text(machine.root / "proc/meminfo") or "", re.MULTILINE)
    size = int(memory[1]) * 1024 if memory else 0
    if size:
        yield Evidence("Memory", f"{size / 2**30:.1f} GiB", "/proc/meminfo", "", 1)
    for name in ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"):
        limit = (_text(machine.root / name) or "").strip()
        if limit.isdigit() and 0 < int(limit) < (size or 2**62):
            yield Evidence("Memory limit of this container", f"{int(limit) / 2**30:.1f} GiB", f"/{name}", "", 1)
    board = (_text(machine.root / "proc/device-tree/model") or "").strip("\x00\n ")
    if board:
        yield Evidence("Board", board[:80], "/proc/device-tree/model", "edge", 3)
    elif arm and 0 < size < SMALL:
        yield Evidence("Small ARM machine", f"{size / 2**30:.1f} GiB", "/proc/meminfo", "edge", 2)
    for name, told in (("proc/driver/nvidia/version", "NVIDIA"), ("dev/nvidia0", "NVIDIA"), ("dev/kfd", "AMD")):
        if (machine.root / name).exists():
            yield Evidence("GPU", told, f"/{name}", "", 1)
            break


def _inside(machine: Machine) -> Iterator[Evidence]:
    """What this very machine is: a cloud's, or a pod."""
    vendor = (_text(machine.root / "sys/class/dmi/id/sys_vendor") or "").strip()
    product = (_text(machine.root / "sys/class/dmi/id/product_name") or "").strip()
    for word, target in (("Amazon EC2", "aws"), ("Google", "gcp"), ("Microsoft Corporation", "azure")):
        if vendor.startswith(word) and (target != "azure" or product == "Virtual Machine"):
            yield Evidence("This machine", f"a virtual machine of {vendor}", "/sys/class/dmi/id/sys_vendor", target, 2)
    if (machine.root / "var/run/secrets/kubernetes.io/serviceaccount/namespace").exists():
        yield Evidence(
            "This machine", "a pod in Kubernetes", "/var/run/secrets/kubernetes.io/serviceaccount/namespace", "", 1
        )


def _docker(machine: Machine) -> Iterator[Evidence]:
    for name in ("var/run/docker.sock", "run/podman/podman.sock"):
        if (machine.root / name).exists():
            yield Evidence("Container engine", "Podman" if "podman" in name else "Docker", f"/{name}", "local", 2)
            return


def _project(project: Path) -> Iterator[Evidence]:
    for number, path in enumerate(_files(project)):
        if number >= MOST_FILES:
            return
        name = path.relative_to(project).as_posix()
        if name.startswith(("deploy/", "models/", "monitors/")):
            continue
        yield from _file(path, name)


def _file(path: Path, name: str) -> Iterator[Evidence]:
    lower = path.name.lower()
    if lower.endswith((".tf", ".tf.json")):
        text = _text(path) or ""
        for provider in dict.fromkeys(re.findall(r"provider\s+\"([\w-]+)\"|\"?hashicorp/([\w-]+)\"?", text)):
            target = _TERRAFORM.get(provider[0] or provider[1])
            if target:
                yield Evidence("Terraform provider", provider[0] or provider[1], name, target, 2)
    elif "dockerfile" in lower:
        base = re.search(r"^FROM\s+(?:--platform=\S+\s+)?(\S+)", _text(path) or "", re.MULTILINE | re.IGNORECASE)
        arm = "arm64" in (_text(path) or "")[:2000]
        yield Evidence("Dockerfile", f"from {base[1]}" if base else "without FROM", name, "edge" if arm else "", 1)
    elif re.fullmatch(r"(docker-)?compose([.-][\w.-]+)?\.ya?ml", lower):
        yield Evidence("Compose file", "there", name, "local", 1)
    elif name.startswith(".github/workflows/") or name in _CI_FILES:
        text = _text(path) or ""
        clouds = [cloud for cloud, pattern in _CI if pattern.search(text)] or [_CI_FILES.get(name, "")]
        for cloud in clouds:
            yield Evidence("CI file", f"deploys to {cloud}" if cloud else "there", name, cloud, 2 if cloud else 1)
    elif path.name in _LOCKS:
        yield Evidence("Python dependencies", "locked" if "lock" in lower else "listed", name, "", 1)
    elif path.name == ".python-version":
        yield Evidence("Python", (_text(path) or "").strip()[:20], name, "", 1)
    elif name == "pyproject.toml":
        wanted = re.search(r"^requires-python\s*=\s*[\"']([^\"']+)", _text(path) or "", re.MULTILINE)
        if wanted:
            yield Evidence("Python", wanted[1], name, "", 1)
    elif lower.endswith((".yaml", ".yml")) and re.search(
        r"^kind:\s*(Deployment|StatefulSet|Kustomization)\b", _text(path) or "", re.MULTILINE
    ):
        yield Evidence("Kubernetes manifest", "there", name, "", 1)


def _files(project: Path) -> Iterator[Path]:
    import os

    for root, folders, files in os.walk(project):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED)
        for name in sorted(files):
            path = Path(root) / name
            if not path.is_symlink() and name.lower().endswith(
                (
                    ".tf",
                    ".json",
                    ".yaml",
                    ".yml",
                    ".toml",
                    ".lock",
                    ".txt",
                    "jenkinsfile",
                    "dockerfile",
                    ".python-version",
                    ".dockerfile",
                )
            ):
                yield path


def _text(path: Path) -> str | None:
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(LARGEST).decode("utf-8", errors="replace")
    except OSError:
        return None


def _yaml(path: Path) -> Any:
    text = _text(path)
    try:
        return yaml.safe_load(text) if text else None
    except (yaml.YAMLError, RecursionError):
        return None


def _ini(path: Path) -> configparser.ConfigParser | None:
    text = _text(path)
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parsed.read_string(text or "")
    except configparser.Error:
        return None
    return parsed if text else None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _shown(path: Path, machine: Machine) -> str:
    return f"~/{path.relative_to(machine.home).as_posix()}" if path.is_relative_to(machine.home) else str(path)
