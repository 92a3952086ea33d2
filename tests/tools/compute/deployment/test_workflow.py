"""The GitHub workflow: by its schema, without inputs that reach a shell, stages in order, no secret in it."""

import json

import pytest
import yaml

from opsmith.tools.compute.deployment import workflow
from opsmith.tools.compute.deployment.dumping import yaml_text
from opsmith.tools.compute.deployment.plan import make_plan
from opsmith.tools.contract import Context
from opsmith.tools.deploy import deploy
from opsmith.tools.validate import validate
from tests.tools.test_deploy import carry_out, register

PLACES = [{"environment": "on_prem"}, {"environment": "local"}, {"environment": "edge"}, {"cloud": "aws"}, {"cloud": "gcp"},
          {"cloud": "azure"}, {"platform": "eks"}, {"platform": "gke"}, {"platform": "aks"}]  # fmt: skip


def made(project, asked):
    plan = make_plan("churn_model", 2, asked, ("dockerfile", "k8s", "script", "workflow"))
    return workflow.workflow(plan, project, project / "deploy" / "churn-model"), plan


@pytest.mark.parametrize("asked", PLACES, ids=str)
def test_it_passes_the_schema_and_takes_no_input_into_a_shell(project, asked):
    found, plan = made(project, asked)
    text = yaml_text(found)
    (project / ".github" / "workflows").mkdir(parents=True)
    (project / ".github" / "workflows" / "deploy-churn-model.yml").write_text(text)
    judged = validate(path=".", context=Context(project))
    assert judged.findings == () and "GitHub workflow schema: 1 files" in judged.data["checked"]
    assert yaml.safe_load(text)["on"]["workflow_dispatch"] == {}
    for job in found["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), "what GitHub fills in comes through env only"
    assert tuple(found["jobs"]) == ("prove", *workflow.stages(plan))


def test_stages_wait_for_one_another_and_for_their_reviewers(project):
    jobs = made(project, {"platform": "eks"})[0]["jobs"]
    assert [(j.get("needs"), j.get("environment")) for j in jobs.values()] == [
        (None, None), ("prove", "dev"), ("dev", "staging"), ("staging", "prod")]  # fmt: skip
    assert jobs["prod"]["permissions"] == {"contents": "read", "id-token": "write"}
    assert "secrets." not in json.dumps(jobs), "clouds are entered without a stored key"


def test_it_lies_where_github_looks_and_follows_a_changed_port(project):
    register(project, "churn_model", 2)
    context = Context(project)
    carry_out(context, deploy(model="churn_model", artifacts=["workflow"], context=context))
    target = project / ".github" / "workflows" / "deploy-churn-model.yml"
    assert "127.0.0.1:8080" in target.read_text()
    target.write_text(target.read_text().replace("timeout-minutes: 20", "timeout-minutes: 25"))
    carry_out(context, deploy(model="churn_model", port=9000, context=context))
    assert "127.0.0.1:9000" in target.read_text() and "timeout-minutes: 25" in target.read_text()
