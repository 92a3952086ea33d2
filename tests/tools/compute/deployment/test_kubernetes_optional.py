"""KEDA and KServe objects: by the schemas of their own CRDs, one autoscaler in every rendered stage."""

import subprocess

import pytest
import yaml

from opsmith.tools.compute.deployment import kubernetes_optional, validators
from opsmith.tools.compute.deployment.checks.documents import read_documents
from opsmith.tools.compute.deployment.dumping import yaml_text
from opsmith.tools.compute.deployment.plan import make_plan
from opsmith.tools.contract import Context
from opsmith.tools.deploy import deploy
from opsmith.tools.validate import validate
from tests.tools.test_deploy import carry_out, register

SIZED = {"cpu": "250m", "cpu_limit": "1", "memory": "80Mi", "memory_limit": "112Mi", "replicas": 2, "max_replicas": 4,
         "capacity_rps": 123.7, "max_queue": 40, "cold_start_s": 2.0, "concurrency": 3}  # fmt: skip


def plan(sizing=None, **asked):
    return make_plan("churn_model", 2, asked, ("k8s", "keda", "kserve"), sizing)


@pytest.mark.parametrize("sizing", [None, SIZED])
@pytest.mark.parametrize("asked", [{}, {"port": 80}, {"environment": "edge"}, {"replicas": 3}])
def test_the_objects_pass_the_schemas_of_their_crds(sizing, asked):
    made = plan(sizing, **asked)
    for value in (
        kubernetes_optional.keda(made)["scaledobject.yaml"],
        kubernetes_optional.kserve(made)["inferenceservice.yaml"],
    ):
        (document,), _ = read_documents(yaml_text(value), "x.yaml")
        validator = validators._custom(document.api, document.kind)
        assert [e.message for e in validator.iter_errors(document.value)] == []


def test_a_measured_rate_scales_beside_the_cpu():
    triggers = kubernetes_optional.keda(plan(SIZED))["scaledobject.yaml"]["spec"]["triggers"]
    assert [t["type"] for t in triggers] == ["cpu", "prometheus"]
    assert triggers[1]["metadata"]["threshold"] == "123"
    assert [t["type"] for t in kubernetes_optional.keda(plan())["scaledobject.yaml"]["spec"]["triggers"]] == ["cpu"]


def test_a_misspelt_key_of_a_custom_resource_is_found_at_its_line(project):
    text = yaml_text(kubernetes_optional.keda(plan())["scaledobject.yaml"]).replace("maxReplicaCount", "maxReplicas")
    (project / "scaledobject.yaml").write_text(text)
    found = validate(path="scaledobject.yaml", context=Context(project))
    line = text.splitlines().index("  maxReplicas: 6") + 1
    assert any("maxReplicas" in f.message and f":{line} " in f.message for f in found.findings)
    assert not [u for u in found.data["not_checked"] if "ScaledObject" in u]


if validators.program("kubectl"):

    def test_every_stage_is_rendered_with_one_autoscaler(project):
        kubectl = validators.program("kubectl")
        register(project, "churn_model", 2)
        context = Context(project)
        carry_out(context, deploy(model="churn_model", artifacts=["k8s", "hpa"], context=context))
        carry_out(context, deploy(model="churn_model", artifacts=["keda"], context=context))
        for stage, fewest in (("dev", 1), ("staging", 2), ("prod", 2)):
            folder = project / "deploy" / "churn-model" / "k8s" / "overlays" / stage
            done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=True)
            objects = list(yaml.safe_load_all(done.stdout))
            (scaler,) = [o for o in objects if o["kind"] in ("HorizontalPodAutoscaler", "ScaledObject")]
            assert scaler["kind"] == "ScaledObject" and scaler["spec"]["minReplicaCount"] == fewest
            assert scaler["metadata"]["namespace"] == f"churn-model-{stage}"


def test_what_was_measured_reaches_the_service_s_queue():
    container = kubernetes_optional.kserve(plan(SIZED))["inferenceservice.yaml"]["spec"]["predictor"]["containers"][0]
    assert {"name": "MAX_QUEUE", "value": "40"} in container["env"]
