"""What others' tools say of the written files: checkov, cfn-lint, a stand-in for AWS, the clouds' own command lines.

These tools live in environments of their own (`make checks-env`; OPSMITH_CHECKS and OPSMITH_AZURE name other folders) and
are never dependencies of Opsmith. Google Cloud and Azure are checked by syntax, schema and arguments; nothing is applied there.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from opsmith.agent.effects import Place, effect_of
from opsmith.evals import stubs
from opsmith.evals.case import ModelFixture
from opsmith.tools.compute.deployment import cloudformation
from opsmith.tools.compute.deployment.dumping import yaml_text
from opsmith.tools.compute.deployment.plan import make_plan
from opsmith.tools.compute.deployment.service import lock_for
from opsmith.tools.contract import Context
from opsmith.tools.deploy import deploy

from .rollouts import Rollout
from .test_scripts import CLOUDS, YES, of_cloud

ROOT = Path(__file__).resolve().parents[4]
HERE = Path(__file__).parent
TERRAFORM, MIRROR = shutil.which("terraform"), Path(os.environ.get("OPSMITH_TF_MIRROR", "/opt/tf-plugins"))
QUIET = {"AZURE_CORE_COLLECT_TELEMETRY": "0", "CHECKPOINT_DISABLE": "1", "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}


def tool(variable: str, folder: str, name: str) -> Path:
    """A program of one of the environments; the test is skipped without it (CI allows no skip)."""
    found = Path(os.environ.get(variable, ROOT / folder)) / "bin" / name
    if not found.is_file():
        pytest.skip(f"{name} is not in {folder} (make checks-env)")
    return found


@pytest.fixture
def checks():
    return lambda name: tool("OPSMITH_CHECKS", ".venv-checks", name)


def outside(python: Path, *words: str):
    done = subprocess.run([python, HERE / "outside.py", *words], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A project with a model's deployment for a cluster, autoscaler and workflow, as an approval wrote it."""
    project = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "evals" / "worlds" / "data" / "telco.csv", project)
    stubs.register(project, "churn_model", ModelFixture(target="Churn", trained_on="telco.csv"), project / ".cache")
    for number, asked in enumerate(({"environment": "on_prem"}, {"artifacts": ["workflow", "compose"]})):
        (action,) = deploy("churn_model", context=Context(project), **asked).actions
        effect_of(action.kind).apply(action.arguments, Place(project, f"outside-{number}", "me"))
    return project


@pytest.mark.slow
def test_checkov_finds_no_failure(written, checks):
    done = subprocess.run(
        [checks("checkov"), "-d", written, "--skip-download", "--quiet", "--compact", "-o", "json", "--framework", "dockerfile",
         "kubernetes", "github_actions"], capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    found = {part["check_type"]: part["summary"] for part in json.loads(done.stdout)}
    assert {kind: s["failed"] for kind, s in found.items()} == {"dockerfile": 0, "kubernetes": 0, "github_actions": 0}
    assert found["dockerfile"]["passed"] >= 40 and found["kubernetes"]["passed"] >= 80


@pytest.fixture(scope="module")
def amazon():
    """A stand-in for AWS on the loopback address."""
    server = tool("OPSMITH_CHECKS", ".venv-checks", "moto_server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [server, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
    )  # fmt: skip
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait(10)


@pytest.mark.slow
def test_cloudformation_is_clean_and_gives_the_service_that_was_planned(tmp_path, checks, amazon):
    for name, asked in (
        ("plain", {}),
        ("arm", {"environment": "edge"}),
        ("large", {"cpu": "4", "memory": "20Gi", "port": 9000}),
    ):
        plan = make_plan("churn_model", 2, asked, ("cloudformation",), {"max_queue": 40} if name == "plain" else None)
        (tmp_path / f"{name}.yaml").write_text(yaml_text(cloudformation.template(plan)))
    done = subprocess.run([checks("cfn-lint"), *tmp_path.glob("*.yaml")], capture_output=True, text=True, timeout=200)
    assert (done.returncode, done.stdout) == (0, "")
    made = outside(checks("python"), "stack", str(tmp_path / "plain.yaml"), amazon)
    assert made["status"] == "CREATE_COMPLETE" and made["service"]["desiredCount"] == 2
    (container,) = made["task"]["containerDefinitions"]
    assert container["image"] == made["image"] and container["portMappings"][0]["containerPort"] == 8080
    assert {"name": "MAX_QUEUE", "value": "40"} in container["environment"]


@pytest.mark.slow
def test_terraform_for_google_is_what_the_api_knows_and_azure_s_can_be_read(checks):
    templates = ROOT / "tools" / "templates" / "terraform"
    assert outside(checks("python"), "cloud-run", str(templates / "gcp.tf")) == []
    assert "azurerm_container_app.this" in outside(checks("python"), "parse", str(templates / "azure.tf"))


def calls_of(script: str, folder: Path, program: str) -> list[list[str]]:
    """How a cloud's script calls the cloud's own command line, from a roll-out that went through."""
    env, answers = of_cloud(script)
    ran = Rollout(folder, **CLOUDS[script][0]).run(script, "apply", typed=YES, answers=answers, **env)
    found = [c[1:] for c in ran.calls if c[0] == program]
    assert found
    return found


@pytest.mark.slow
def test_the_aws_command_line_knows_what_the_script_calls(tmp_path, checks, amazon):
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": amazon, "AWS_MAX_ATTEMPTS": "1"}
    for call in calls_of("aws-ecs.sh", tmp_path, "aws"):
        command = [checks("aws"), *call]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=15, env={**os.environ, **keys})
        except subprocess.TimeoutExpired:
            assert "wait" in call, "a wait for a service that is not there goes on; its arguments were taken"
        else:
            assert done.returncode != 252, f"{call}: {done.stderr}"


@pytest.mark.slow
def test_the_azure_command_line_knows_what_the_script_calls(tmp_path):
    az = tool("OPSMITH_AZURE", ".venv-azure", "az")
    env = {**os.environ, **QUIET, "AZURE_CONFIG_DIR": str(tmp_path / "config")}
    for call in calls_of("azure-container-apps.sh", tmp_path, "az"):
        done = subprocess.run([az, *call], capture_output=True, text=True, timeout=120, env=env)
        assert "az login" in done.stderr, f"{call}: {done.stderr}"
    wrong = subprocess.run([az, *call[:3], "--no-such-flag", "x"], capture_output=True, text=True, timeout=120, env=env)
    assert "az login" not in wrong.stderr


if shutil.which("gcloud"):

    @pytest.mark.slow
    def test_the_google_command_line_knows_what_the_script_calls(tmp_path):
        for call in calls_of("gcp-cloud-run.sh", tmp_path, "gcloud"):
            words = ["gcloud", "meta", "lint-gcloud-commands", "--command-string", " ".join(["gcloud", *call])]
            done = subprocess.run(words, capture_output=True, text=True, timeout=120, env={**os.environ, **QUIET})
            (told,) = json.loads(done.stdout)
            assert told["success"], f"{call}: {told['error_message']}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["onnx", "skops"])
def test_every_pinned_wheel_is_there_for_arm64(kind, tmp_path, checks):
    checks("python")  # where the outside checks run there is a network; the image itself is not built for arm64 here
    (tmp_path / "requirements.lock").write_text(lock_for(kind))
    uv = Path(sys.executable).parent / "uv"
    command = [uv, "pip", "install", "--dry-run", "--target", tmp_path / "none", "--require-hashes", "--no-deps",
               "--only-binary", ":all:", "--python-version", "3.11", "--python-platform"]  # fmt: skip
    for platform in ("aarch64-manylinux_2_28", "x86_64-manylinux_2_28"):
        done = subprocess.run(
            [*command, platform, "-r", tmp_path / "requirements.lock"], capture_output=True, text=True, timeout=200
        )
        assert done.returncode == 0, done.stderr[-1500:]


if TERRAFORM and (MIRROR / "registry.terraform.io/hashicorp/aws").is_dir():

    @pytest.mark.long
    def test_terraform_for_aws_is_applied_at_a_stand_in(tmp_path, checks, amazon):
        rollout = Rollout(tmp_path, platform="ecs")
        folder = rollout.folder / "terraform"
        ends = "".join(
            f'    {s} = "{amazon}"\n' for s in ("ec2", "ecs", "ecr", "iam", "logs", "elbv2", "appautoscaling", "sts")
        )
        (folder / "stand_in_override.tf").write_text(
            'provider "aws" {\n  access_key = "x"\n  secret_key = "x"\n  skip_credentials_validation = true\n'
            f"  skip_requesting_account_id = true\n  skip_metadata_api_check = true\n  endpoints {{\n{ends}  }}\n}}\n"
        )
        config = tmp_path / "terraformrc"
        config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{MIRROR}"\n  }}\n}}\n')
        network = outside_network(checks("python"), amazon)
        env = {**os.environ, **QUIET, "TF_CLI_CONFIG_FILE": str(config), "TF_VAR_region": "eu-west-1",
               "TF_VAR_vpc_id": network[0], "TF_VAR_subnet_ids": json.dumps(network[1:]),
               "TF_VAR_image_digest": "sha256:" + "a" * 64}  # fmt: skip
        # Autoscaling is left out: the stand-in does not finish its registration.
        only = ("-target", "aws_ecs_service.this", "-target", "aws_ecr_repository.this")
        for words in (("init", "-input=false"), ("apply", "-auto-approve", "-input=false", *only)):
            done = subprocess.run(
                [TERRAFORM, *words, "-no-color"], cwd=folder, capture_output=True, text=True, timeout=250, env=env
            )
            assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
        state = json.loads((folder / "terraform.tfstate").read_text())
        assert {"aws_ecs_service", "aws_ecs_task_definition", "aws_lb"} <= {r["type"] for r in state["resources"]}

    def outside_network(python: Path, endpoint: str) -> list[str]:
        """The stand-in's VPC and two subnets."""
        program = (
            "import boto3, json, sys; c = boto3.client('ec2', region_name='eu-west-1', endpoint_url=sys.argv[1], "
            "aws_access_key_id='x', aws_secret_access_key='x'); print(json.dumps([c.describe_vpcs()['Vpcs'][0]['VpcId'], "
            "*[s['SubnetId'] for s in c.describe_subnets()['Subnets'][:2]]]))"
        )
        return json.loads(
            subprocess.run([python, "-c", program, endpoint], capture_output=True, text=True, check=True).stdout
        )
