"""The deploy tool: what was asked for lies in the files, edits stay, one setting changes just that, no name breaks a file."""

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsmith.tools.contract import Context, NeedsAnswer, Result, ToolError
from opsmith.tools.data import registry
from opsmith.tools.deploy import deploy

FIELDS = {"task": "classification", "target": "churn", "signature": [{"column": "age", "kind": "number", "nullable": False}],
          "metrics": {"auc": 0.8}, "data": {"path": "train.csv"}}  # fmt: skip
TEXTS = ["k8s", "hpa", "compose", "script"]


def register(project: Path, name: str, version: int = 1) -> None:
    file = project / "stub.skops"
    file.write_bytes(b"not a model")
    registry.register(project, {**FIELDS, "name": name, "version": version}, file, f"test-{name}-{version}")


@pytest.fixture
def place(project: Path) -> Context:
    register(project, "churn_model", 2)
    return Context(project)


def written(result: Result) -> dict[str, str]:
    """path -> text of the proposed files."""
    return {f["path"]: f["content"] for a in result.actions for f in a.arguments["files"] if "content" in f}


def carry_out(context: Context, result: Result) -> None:
    for path, text in written(result).items():
        target = context.project / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, newline="")


def object_of(result: Result, name: str) -> dict:
    return yaml.safe_load(written(result)[f"deploy/churn-model/k8s/base/{name}.yaml"])


def test_numbers_that_were_said_stand_in_the_manifest(place):
    made = deploy(model="churn_model", artifacts=["k8s"], replicas=4, memory="2Gi", cpu=1, port=7000, context=place)
    spec = object_of(made, "deployment")["spec"]
    container = spec["template"]["spec"]["containers"][0]
    assert spec["replicas"] == 4
    assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"] == "2Gi"
    assert container["resources"]["requests"]["cpu"] == "1"
    assert container["ports"][0]["containerPort"] == 7000 == object_of(made, "service")["spec"]["ports"][0]["port"]
    assert "deploy/churn-model/k8s/base/hpa.yaml" not in written(made), "exactly four were asked for"
    assert "replicas: 4" in made.actions[0].preview.diff


def test_one_kind_of_file_is_all_that_is_written(place):
    made = deploy(model="churn_model", artifacts=["hpa"], min_replicas=3, max_replicas=12, cpu_target=60, context=place)
    assert set(written(made)) == {"deploy/churn-model/k8s/base/hpa.yaml", "deploy/churn-model/opsmith-deploy.yaml"}
    spec = object_of(made, "hpa")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 12)
    assert spec["metrics"][0]["resource"]["target"]["averageUtilization"] == 60


def test_an_autoscaler_added_later_is_listed_for_kustomize(place):
    carry_out(place, deploy(model="churn_model", artifacts=["k8s"], replicas=2, context=place))
    made = deploy(model="churn_model", artifacts=["hpa"], max_replicas=5, context=place)
    assert "hpa.yaml" in object_of(made, "kustomization")["resources"]
    assert "deploy/churn-model/k8s/base/deployment.yaml" not in written(made)


def test_a_model_that_is_not_there_and_a_place_that_was_not_said_are_asked_for(place):
    with pytest.raises(NeedsAnswer) as asked:
        deploy(model="fraud", artifacts=["k8s"], context=place)
    assert asked.value.choices == ("churn_model",)
    with pytest.raises(NeedsAnswer, match="Where"):
        deploy(model="churn_model", context=place)
    register(place.project, "other")
    with pytest.raises(NeedsAnswer, match="Which model"):
        deploy(cloud="aws", context=place)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"memory": "10XB"}, "512Mi"), ({"port": 99999}, "65,535"), ({"min_replicas": 5, "max_replicas": 2}, "fewest"),
     ({"tag": "v1\nFROM evil"}, "tag"), ({"cloud": "aws", "environment": "edge"}, "cloud"), ({"cpu": "$(id)"}, "500m"),
     ({"platform": "eks", "cloud": "gcp"}, "eks"), ({"artifacts": ["helm"]}, "compose"), ({"version": "9"}, "version"),
     ({"output": "../outside"}, "outside"), ({"cpu_target": 250}, "100")],
)  # fmt: skip
def test_what_no_file_can_hold_is_refused_in_one_sentence(place, wrong, told):
    arguments = {"model": "churn_model", "artifacts": ["k8s"], **wrong}
    with pytest.raises(ToolError, match=told):
        deploy(**arguments, context=place)


def test_a_person_s_edits_stay_and_the_asked_change_is_made_beside_them(place):
    carry_out(place, deploy(model="churn_model", artifacts=["k8s"], replicas=2, context=place))
    path = place.project / "deploy/churn-model/k8s/base/deployment.yaml"
    path.write_text(path.read_text().replace("revisionHistoryLimit: 5", "revisionHistoryLimit: 9  # ours"))
    made = deploy(model="churn_model", memory="1 GiB", context=place)
    assert set(written(made)) == {
        "deploy/churn-model/k8s/base/deployment.yaml",
        "deploy/churn-model/opsmith-deploy.yaml",
    }
    text = written(made)["deploy/churn-model/k8s/base/deployment.yaml"]
    assert "revisionHistoryLimit: 9  # ours" in text
    assert text.count("memory: 1Gi") == 2
    assert made.data["kept_edits"] == ["k8s/base/deployment.yaml"]
    carry_out(place, made)
    again = deploy(model="churn_model", replicas=3, context=place)
    assert "revisionHistoryLimit: 9  # ours" in written(again)["deploy/churn-model/k8s/base/deployment.yaml"]
    assert "replicas: 3" in written(again)["deploy/churn-model/k8s/base/deployment.yaml"]


def test_an_edit_at_the_very_line_wins_and_is_told(place):
    carry_out(place, deploy(model="churn_model", artifacts=["k8s"], replicas=2, context=place))
    path = place.project / "deploy/churn-model/k8s/base/deployment.yaml"
    path.write_text(path.read_text().replace("replicas: 2\n", "replicas: 7\n"))
    made = deploy(model="churn_model", replicas=3, context=place)
    left_out = [f for f in made.findings if f.id.startswith("left-out")]
    assert "replicas: 7" in left_out[0].evidence["theirs"] and "replicas: 3" in left_out[0].evidence["ours"]
    assert "deploy/churn-model/k8s/base/deployment.yaml" not in written(made)


def test_a_file_that_was_there_before_is_never_written_over(place):
    target = place.project / "deploy/churn-model/compose.yaml"
    target.parent.mkdir(parents=True)
    target.write_text("services: {}\n")
    made = deploy(model="churn_model", artifacts=["compose"], context=place)
    assert "deploy/churn-model/compose.yaml" not in written(made)
    assert any("compose.yaml" in f.message for f in made.findings)


def test_asking_twice_changes_nothing(place):
    carry_out(place, deploy(model="churn_model", artifacts=["k8s", "compose"], context=place))
    again = deploy(model="churn_model", artifacts=["k8s", "compose"], context=place)
    assert again.actions == () and "Nothing changes" in again.headline


@pytest.mark.parametrize(
    ("asked", "script", "size"),
    [({"cloud": "aws"}, "aws-ecs.sh", {"cpu_units": 512, "memory_mib": 1024}),
     ({"cloud": "gcp", "memory": "6Gi"}, "gcp-cloud-run.sh", {"cpu": "2", "memory": "6144Mi"}),
     ({"cloud": "azure"}, "azure-container-apps.sh", {"cpu": 0.5, "memory": "1Gi"})],
)  # fmt: skip
def test_a_cloud_gets_terraform_in_sizes_that_are_on_offer(place, asked, script, size):
    made = written(deploy(model="churn_model", artifacts=["script"], replicas=3, context=place, **asked))
    values = json.loads(made["deploy/churn-model/terraform/terraform.tfvars.json"])
    assert {k: values[k] for k in size} == size and values["min_replicas"] == 3
    for name in (script, "terraform.sh", "common.sh", "kubernetes.sh"):
        assert f"deploy/churn-model/scripts/{name}" in made
    declared = set(re.findall(r'^variable "(\w+)"', made["deploy/churn-model/terraform/main.tf"], re.MULTILINE))
    assert set(values) <= declared, "every value has its variable"


def test_a_named_platform_gets_only_its_own_files(place):
    fargate = written(deploy(model="churn_model", platform="ecs", artifacts=["script"], context=place))
    cluster = written(deploy(model="churn_model", platform="gke", artifacts=["script", "k8s"], context=place))
    assert not any("kubernetes.sh" in name for name in fargate)
    assert not any("terraform" in name for name in cluster) and any("k8s/base" in name for name in cluster)


def test_a_dry_run_proposes_no_write(place):
    made = deploy(model="churn_model", artifacts=["compose"], dry_run=True, context=place)
    assert made.actions == () and made.headline.startswith("Would write")


def test_one_file_may_get_a_name_of_its_own(place):
    made = deploy(model="churn_model", artifacts=["compose"], output="docker-compose.yml", context=place)
    assert set(written(made)) == {"docker-compose.yml"}


def test_a_link_in_the_folder_leads_nowhere(place, tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text("mine")
    target = place.project / "deploy/churn-model/compose.yaml"
    target.parent.mkdir(parents=True)
    target.symlink_to(outside)
    with pytest.raises(ToolError):
        deploy(model="churn_model", artifacts=["compose"], context=place)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tag=st.text(max_size=12)
    | st.sampled_from(["v1\nFROM x", "v1 # c", '"', "'", "$(id)", "`id`", "a: b", "{{x}}", "v1.0-rc_2"]),
    memory=st.sampled_from(["512Mi", "1Gi\nfoo: bar", "1Gi # c", "$(x)", "2 GB"]),
    stage=st.sampled_from(["dev", "prod", "dev\nx: y", "$(x)"]),
)
def test_no_value_can_change_the_structure_of_a_file(place, tag, memory, stage):
    plain = deploy(model="churn_model", artifacts=TEXTS, tag="v1", memory="512Mi", stage="dev", context=place)
    try:
        made = deploy(model="churn_model", artifacts=TEXTS, tag=tag, memory=memory, stage=stage, context=place)
    except ToolError:
        return
    assert set(written(made)) == set(written(plain))
    for path, text in written(made).items():
        if path.endswith(".yaml") and not path.endswith("opsmith-deploy.yaml"):
            assert shape(yaml.safe_load(text)) == shape(yaml.safe_load(written(plain)[path])), path
        elif path.endswith(".env"):
            assert len(text.splitlines()) == len(written(plain)[path].splitlines())


@given(name=st.from_regex(registry.NAME, fullmatch=True))
def test_every_model_name_gives_a_name_that_kubernetes_takes(name):
    from opsmith.tools.compute.deployment import names

    assert names.DNS_LABEL.fullmatch(names.deployment_name(name))
    assert names.IMAGE.fullmatch(names.deployment_name(name))


def shape(value):
    """The keys and lengths of a document, without its values; the version label may be left off for an odd tag."""
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items() if k != "app.kubernetes.io/version"}
    if isinstance(value, list):
        return [shape(v) for v in value]
    return type(value).__name__
