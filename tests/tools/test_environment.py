"""Detection by evidence: every conclusion names its file, unknown is an answer, secrets stay where they are."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute.deployment.evidence import Machine, detect, targets
from opsmith.tools.contract import Context
from opsmith.tools.environment import environment

SECRET = "very-secret-value-1234"
KUBE = f"""
apiVersion: v1
current-context: gke_shop_europe-west1_prod
clusters:
- {{name: gke_shop_europe-west1_prod, cluster: {{server: "https://1.2.3.4", certificate-authority-data: {SECRET}}}}}
- {{name: rack, cluster: {{server: "https://kube.example.internal:6443"}}}}
- {{name: c1, cluster: {{server: "https://ABC.gr7.eu-west-1.eks.amazonaws.com"}}}}
- {{name: c2, cluster: {{server: "https://shop-dns.hcp.westeurope.azmk8s.io:443"}}}}
contexts:
- {{name: gke_shop_europe-west1_prod, context: {{cluster: gke_shop_europe-west1_prod, user: a}}}}
- {{name: rack, context: {{cluster: rack, user: b}}}}
- {{name: team-eks, context: {{cluster: c1, user: c}}}}
- {{name: team-aks, context: {{cluster: c2, user: c}}}}
- {{name: minikube, context: {{cluster: minikube, user: c}}}}
users:
- {{name: a, user: {{token: {SECRET}}}}}
"""
CPU_ARM = "processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\n"


@pytest.fixture
def place(tmp_path):
    for name in ("project", "home", "root"):
        (tmp_path / name).mkdir()
    return tmp_path


def put(place: Path, files: dict[str, str]) -> list:
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    return detect(place / "project", Machine(place / "home", place / "root", {}))


def test_nothing_there_is_unknown(place):
    assert targets(put(place, {})) == {}


def test_contexts_are_told_apart_and_no_token_is_read_out(place):
    found = put(place, {"home/.kube/config": KUBE})
    assert {(e.target, e.value.split(" ")[0].strip(",")) for e in found} == {
        ("gcp", "gke_shop_europe-west1_prod"), ("on_prem", "rack"), ("aws", "team-eks"), ("azure", "team-aks"), ("local",
        "minikube")}  # fmt: skip
    assert all(e.file == "~/.kube/config" for e in found)
    assert SECRET not in str(found) and "(current)" in str(found)


@pytest.mark.parametrize(
    ("files", "target", "value"),
    [({"home/.aws/config": f"[default]\nregion = eu-west-1\n[profile ml]\naws_secret_access_key = {SECRET}\n"}, "aws",
    "default, ml in eu-west-1"),
     ({"home/.config/gcloud/active_config": "work",
     "home/.config/gcloud/configurations/config_work": "[core]\nproject = shop\naccount = a@b.c\n"}, "gcp", "shop"),
     ({"home/.azure/azureProfile.json": json.dumps({"subscriptions": [{"name": "Team", "id": SECRET}]})}, "azure", "Team"),
     ({"project/infra/main.tf": 'provider "google" {\n  credentials = "x"\n}\n'}, "gcp", "google"),
     ({"project/.github/workflows/ship.yml": "steps:\n - uses: aws-actions/amazon-ecr-login@v2\n"}, "aws", "deploys to aws"),
     ({"project/cloudbuild.yaml": "steps: []\n"}, "gcp", "deploys to gcp"),
     ({"root/proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\x00"}, "edge", "Raspberry Pi 4 Model B Rev 1.4"),
     ({"root/proc/cpuinfo": CPU_ARM, "root/proc/meminfo": "MemTotal: 1000000 kB\n"}, "edge", "1.0 GiB"),
     ({"root/sys/class/dmi/id/sys_vendor": "Amazon EC2\n"}, "aws", "a virtual machine of Amazon EC2"),
     ({"root/var/run/docker.sock": ""}, "local", "Docker"),
     ({"project/docker-compose.yml": "services: {}\n"}, "local", "there")],
)  # fmt: skip
def test_each_conclusion_names_its_file(place, files, target, value):
    found = put(place, files)
    mine = [e for e in found if e.target == target]
    assert [e.value for e in mine] == [value]
    assert any(name.endswith(mine[0].file.lstrip("~/")) for name in files)
    assert SECRET not in str(found)


def test_hardware_python_and_locks_are_told_without_a_target(place):
    found = put(place, {"root/proc/cpuinfo": "processor : 0\nprocessor : 1\n", "root/proc/meminfo": "MemTotal: 16000000 kB\n",
                        "root/dev/nvidia0": "", "root/sys/fs/cgroup/memory.max": "2147483648\n", "project/uv.lock": "",
                        "project/pyproject.toml": '[project]\nrequires-python = ">=3.11"\n',
                        "project/k8s/a.yaml": "kind: Deployment\n"})  # fmt: skip
    told = {e.what: e.value for e in found}
    assert told["CPU"] == "amd64, 2 cores" and told["GPU"] == "NVIDIA" and told["Python"] == ">=3.11"
    assert told["Memory limit of this container"] == "2.0 GiB" and told["Python dependencies"] == "locked"
    assert targets(found) == {}


def test_what_opsmith_wrote_itself_is_no_evidence(place):
    assert put(place, {"project/deploy/churn/terraform/main.tf": 'provider "aws" {}\n'}) == []


@given(text=st.text(max_size=200))
def test_a_broken_configuration_file_is_passed_over(tmp_path_factory, text):
    place = tmp_path_factory.mktemp("odd")
    names = ("home/.kube/config", "home/.aws/config", "home/.azure/azureProfile.json",
    "home/.config/gcloud/configurations/config_default",
             "home/.config/gcloud/active_config", "root/proc/meminfo", "project/main.tf", "project/Dockerfile",
             "project/compose.yaml")  # fmt: skip
    assert isinstance(put(place, dict.fromkeys(names, text)), list)


def test_the_tool_answers_in_one_sentence_with_the_files_beside_it(project, monkeypatch, tmp_path):
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(KUBE.replace("rack", "datacentre"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    found = environment(context=Context(project))
    assert "on-premises (Kubernetes context: datacentre, in ~/.kube/config)" in found.headline
    assert found.data["targets"]["gcp"]["set_up"] and SECRET not in str(found.as_dict())
    assert found.actions == ()
