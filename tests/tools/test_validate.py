"""The validate tool: our own files pass every validator, anybody's files are judged with line and fix, gaps are said."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from opsmith.tools.compute.deployment import validators
from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.deploy import deploy
from opsmith.tools.validate import validate
from tests.tools.test_deploy import carry_out, register

GOOD = yaml.safe_load((Path(__file__).parents[1] / "data" / "deployments" / "well_formed.yaml").read_text())

OLD = (
    "apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\nmetadata: {name: worker}\n"
    "spec: {scaleTargetRef: {kind: Deployment, name: worker}, maxReplicas: 3}\n"
)


@pytest.fixture
def place(project: Path) -> Context:
    register(project, "churn_model", 2)
    return Context(project)


def put(context: Context, files: dict[str, str]) -> None:
    for name, text in files.items():
        target = context.project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


@pytest.mark.parametrize(
    "asked", [{}, {"replicas": 4}, {"port": 80, "memory": "2Gi"}, {"min_replicas": 3, "max_replicas": 12}]
)
def test_what_deploy_writes_passes_every_check(place, asked):
    carry_out(place, deploy(model="churn_model", artifacts=["k8s", "compose", "script"], context=place, **asked))
    found = validate(model="churn_model", context=place)
    assert found.findings == () and found.data["ok"], found.findings
    assert found.data["versions"] == ["1.25", "1.37"]
    told = " ".join(found.data["checked"])
    assert "Kubernetes schemas (strict)" in told and "compose schema" in told


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_what_deploy_writes_for_a_cloud_passes_too(place, cloud):
    carry_out(place, deploy(model="churn_model", artifacts=["k8s", "hpa", "script"], cloud=cloud, context=place))
    found = validate(model="churn_model", context=place)
    assert found.findings == (), found.findings


@pytest.mark.parametrize("name", [n for n in GOOD if n not in ("chart", "goapp", "compose")])
def test_manifests_of_others_are_left_in_peace(place, name):
    put(place, {f"files/{k}": v for k, v in GOOD[name].items()})
    found = validate(path="files", context=place)
    ours = [f for f in found.findings if f.evidence["by"] not in ("hadolint", "kustomize")]
    assert ours == [], ours


def test_every_schema_error_is_told_not_only_the_first(place):
    text = (
        GOOD["guestbook"]["frontend.yaml"]
        .replace("replicas: 3", "replicas: many")
        .replace("type: LoadBalancer", "typ: LoadBalancer")
    )
    put(place, {"k8s/frontend.yaml": text.replace("- containerPort: 80", "- containerPort: 80\n          hostPrt: 1")})
    found = validate(path="k8s", version="1.31", context=place)
    lines = {f.evidence["line"]: f for f in found.findings if f.id == "kubernetes-schema"}
    assert len(lines) == 3 and not found.data["ok"]
    assert all("Fix:" in f.message and f.message.startswith("k8s/frontend.yaml:") for f in lines.values())


def test_a_kind_that_kubernetes_lost_is_an_error_and_one_of_others_is_not_checked(place):
    widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: mine}\nspec: {size: 3}\n"
    put(place, {"k8s/worker.yaml": GOOD["keda"]["worker.yaml"], "k8s/old.yaml": OLD, "k8s/widget.yaml": widget})
    found = validate(path="k8s", context=place)
    assert [f.id for f in found.findings] == ["api-removed"]
    assert any("Widget has no schema" in line for line in found.data["not_checked"])
    assert not any("ScaledObject" in line for line in found.data["not_checked"])


def test_a_compose_file_and_a_workflow_are_judged_by_their_schemas(place):
    workflow = "name: x\non: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    stepz: []\n"
    put(
        place,
        {"compose.yaml": "services:\n  a:\n    image: x:1\n    prots: ['1:1']\n", ".github/workflows/ci.yml": workflow},
    )
    found = validate(path=".", context=place)
    assert {(f.evidence["path"], f.evidence["by"]) for f in found.findings} == {
        ("compose.yaml", "compose schema"), (".github/workflows/ci.yml", "GitHub workflow schema")}  # fmt: skip


def test_a_dockerfile_is_linted(place):
    put(place, {"Dockerfile": "FROM ubuntu:latest\nRUN sudo apt-get install curl\nEXPOSE 80000\n"})
    found = validate(context=place)
    assert {"DL3004", "DL3007", "port-out-of-range"} <= {f.id for f in found.findings}


@pytest.mark.parametrize("missing", ["hadolint", "shellcheck", "kubectl", "terraform"])
def test_a_missing_program_is_said_and_stops_nothing(place, missing, monkeypatch):
    there = validators.program
    monkeypatch.setattr(validators, "program", lambda name: None if name in (missing, "kustomize") else there(name))
    put(place, {"x/Dockerfile": "FROM a:1\n", "x/run.sh": "#!/bin/sh\nls\n", "x/main.tf": 'variable "a" {}\n'})
    put(place, {f"x/{k}": v for k, v in GOOD["overlays"].items()})
    found = validate(path="x", context=place)
    told = {"hadolint": "Dockerfiles", "shellcheck": "Shell", "kubectl": "Kustomize", "terraform": "Terraform"}[missing]
    assert any(line.startswith(told) for line in found.data["not_checked"])


def test_what_is_to_be_checked_is_asked_for(place):
    with pytest.raises(NeedsAnswer, match="Which"):
        validate(context=place)
    with pytest.raises(NeedsAnswer, match="nowhere"):
        validate(path="nowhere", context=place)
    with pytest.raises(NeedsAnswer, match="no deployment files"):
        validate(model="churn_model", context=place)
    put(place, {"empty/readme.txt": "x"})
    with pytest.raises(ToolError, match="holds no"):
        validate(path="empty", context=place)
    with pytest.raises(ToolError, match="version"):
        validate(path="empty", version="latest", context=place)
    with pytest.raises(ToolError, match="outside"):
        validate(path="../..", context=place)


def test_the_one_deployment_there_is_needs_no_name(place):
    carry_out(place, deploy(model="churn_model", artifacts=["compose"], context=place))
    assert validate(context=place).data["path"] == "deploy/churn-model"


def test_a_failed_check_ends_with_exit_code_five(place):
    put(
        place,
        {"bad/hpa.yaml": OLD.replace("v2beta2", "v2").replace("maxReplicas: 3", "minReplicas: 9, maxReplicas: 3")},
    )
    command = [sys.executable, "-m", "opsmith.agent", "--project", str(place.project), "run", "validate", "--path"]
    bad = subprocess.run([*command, "bad"], capture_output=True, text=True, timeout=120)
    assert bad.returncode == 5, bad.stderr
    assert "minReplicas 9" in " ".join(bad.stdout.split())
