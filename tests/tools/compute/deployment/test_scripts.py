"""Every script: plan changes nothing, a yes is typed, apply is tested, a failure goes back, and twice is as once."""

import json

import pytest

from .rollouts import DIGEST, EARLIER, Rollout

CLOUDS = {
    "aws-ecs.sh": ({"platform": "ecs"}, {"TF_VAR_region": "eu-west-1", "TF_VAR_vpc_id": "vpc-1", "TF_VAR_subnet_ids": "[]"},
                   "123.dkr.ecr.eu-west-1.amazonaws.com/churn-model", "123.dkr.ecr.eu-west-1.amazonaws.com/churn-model"),
    "gcp-cloud-run.sh": ({"platform": "cloud_run"}, {"TF_VAR_project": "p", "TF_VAR_region": "europe-west1"},
                         "europe-west1-docker.pkg.dev/p/churn-model", "europe-west1-docker.pkg.dev/p/churn-model/churn-model"),
    "azure-container-apps.sh": ({"platform": "container_apps"},
                                {"TF_VAR_subscription_id": "s", "TF_VAR_location": "westeurope",
                                 "TF_VAR_registry_name": "models"},
                                "models.azurecr.io", "models.azurecr.io/churn-model"),
}  # fmt: skip
YES = "churn-model\n" * 5


def of_cloud(script, before=""):
    _, env, repository, image = CLOUDS[script]
    return env, [
        {"words": ["terraform", "repository"], "says": repository},
        {"words": ["terraform", "image_digest", "output"], "says": before},
        {"words": ["terraform", "output", "url"], "says": "https://service.example.com"},
        {"words": ["docker", "inspect"], "says": f"{image}@{DIGEST}\n"},
        {"words": ["gcloud", "print-identity-token"], "says": "token"},
    ]


@pytest.fixture(params=CLOUDS)
def cloud(request, tmp_path):
    return request.param, Rollout(tmp_path, **CLOUDS[request.param][0])


def test_a_plan_of_a_cloud_changes_nothing(cloud):
    script, rollout = cloud
    env, answers = of_cloud(script)
    ran = rollout.run(script, "plan", answers=answers, **env)
    assert ran.code == 0 and ran.did("terraform", "plan")
    assert not ran.did("terraform", "apply") and not ran.did("docker")


def test_another_word_than_the_name_changes_nothing(cloud):
    script, rollout = cloud
    env, answers = of_cloud(script)
    ran = rollout.run(script, "apply", typed="yes\n", answers=answers, **env)
    assert ran.code == 3 and "Nothing was changed." in ran.said
    assert not ran.did("terraform", "apply") and not ran.did("docker", "push")


def test_a_cloud_gets_registry_image_service_and_smoke_test_in_this_order(cloud):
    script, rollout = cloud
    env, answers = of_cloud(script, EARLIER)
    ran = rollout.run(script, "apply", typed=YES, answers=answers, **env)
    assert ran.code == 0, ran.said
    steps = ran.order(("terraform", "plan", "-target"), ("docker", "build"), ("docker", "push"),
                      ("terraform", "plan", f"image_digest={DIGEST}"), ("terraform", "apply", "/all"),
                      ("curl", "/v2/health/ready"), ("curl", "/v2/models/churn_model/ready"),
                      ("curl", "sample_request.json"))  # fmt: skip
    assert steps == sorted(steps)
    assert (rollout.folder / "terraform" / "previous-digest").read_text().strip() == EARLIER
    again = rollout.run(script, "apply", typed=YES, answers=of_cloud(script, DIGEST)[1], **env)
    assert again.code == 0 and (rollout.folder / "terraform" / "previous-digest").read_text().strip() == EARLIER
    back = rollout.run(script, "rollback", typed=YES, answers=answers, **env)
    assert back.code == 0 and back.did("terraform", "plan", f"image_digest={EARLIER}")


def test_a_tag_that_is_there_already_is_taken_as_it_is(cloud):
    script, rollout = cloud
    env, answers = of_cloud(script)
    ran = rollout.run(script, "apply", typed=YES, answers=[{"words": ["docker", "push"], "code": 1}, *answers], **env)
    assert ran.code == 0 and ran.did("docker", "pull")


def test_a_failed_smoke_test_brings_the_earlier_image_back(cloud):
    script, rollout = cloud
    env, answers = of_cloud(script, EARLIER)
    ran = rollout.run(
        script, "apply", typed=YES, answers=[{"words": ["curl"], "code": 22, "times": 1}, *answers], **env
    )
    assert ran.code == 1 and f"Going back to {EARLIER}" in ran.said
    assert ran.did("terraform", "plan", f"image_digest={EARLIER}")
    first = rollout.run(
        script, "apply", typed=YES, answers=[{"words": ["curl"], "code": 22}, *of_cloud(script)[1]], **env
    )
    assert first.code == 2 and "nothing from before" in first.said


def test_an_unset_account_is_asked_for(cloud):
    script, rollout = cloud
    assert "say which" in rollout.run(script, "plan").said


PUSHED = {"words": ["docker", "inspect"], "says": f"registry.example.com/team/churn-model@{DIGEST}"}


@pytest.fixture
def cluster(tmp_path):
    return Rollout(tmp_path, environment="on_prem")


def test_a_cluster_is_planned_without_a_change(cluster):
    ran = cluster.run("kubernetes.sh", "plan", "dev", answers=[{"words": ["diff"], "code": 1}], CONTEXT="c")
    assert ran.code == 0 and ran.did("kubectl", "diff") and not ran.did("kubectl", "apply")
    assert not list((cluster.folder / "k8s").glob("rollout.*")), "the temporary folder is gone"


def test_a_cluster_gets_the_digest_and_goes_back_when_the_smoke_test_fails(cluster):
    env = {"CONTEXT": "c", "REGISTRY": "registry.example.com/team"}
    ran = cluster.run("kubernetes.sh", "apply", "prod", typed=YES, answers=[PUSHED], **env)
    assert ran.code == 0, ran.said
    steps = ran.order(("docker", "push"), ("kubectl", "diff"), ("kubectl", "apply"), ("rollout", "status"),
                      ("port-forward",), ("curl", "sample_request.json"))  # fmt: skip
    assert steps == sorted(steps) and not ran.did("rollout", "undo")
    failed = cluster.run(
        "kubernetes.sh", "apply", "prod", typed=YES, answers=[PUSHED, {"words": ["curl"], "code": 22}], **env
    )
    assert failed.code == 1 and failed.did("rollout", "undo")
    no = cluster.run("kubernetes.sh", "apply", "prod", typed="no\n", answers=[PUSHED], **env)
    assert no.code == 3 and not no.did("docker", "push")


def test_production_is_not_rolled_out_by_a_tag(cluster):
    ran = cluster.run("kubernetes.sh", "apply", "prod", typed=YES, CONTEXT="c")
    assert ran.code == 2 and "by the digest" in ran.said and not ran.did("kubectl", "apply")


def test_a_machine_of_its_own_is_built_run_tested_and_taken_back(tmp_path):
    local = Rollout(tmp_path, environment="local")
    assert not local.run("compose.sh", "plan").did("up")
    ran = local.run("compose.sh", "apply", typed=YES)
    steps = ran.order(("docker", "compose", "build"), ("docker", "up", "--wait"), ("curl", "sample_request.json"))
    assert ran.code == 0 and steps == sorted(steps)
    runs = {"words": ["ps", "--quiet"], "says": "abc"}
    failed = local.run(
        "compose.sh", "apply", typed=YES, answers=[runs, {"words": ["docker", "up"], "code": 1, "times": 1}]
    )
    assert failed.code == 1 and failed.did("docker", "tag", "churn-model:before") and failed.did("up", "--no-build")
    assert local.run("compose.sh", "apply", typed="\n").code == 3


def test_the_calls_are_noted_as_they_were_made(tmp_path):
    ran = Rollout(tmp_path, environment="local").run("compose.sh", "plan")
    assert json.dumps(ran.calls[0]).startswith('["docker", "compose", "--project-directory"')
