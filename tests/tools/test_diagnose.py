"""The diagnose tool: a cluster played by a small kubectl, no engine, and a change proposed as a diff."""

import json
import stat
import sys

import pytest

from opsmith.evals import stubs
from opsmith.evals.case import ModelFixture
from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.diagnose import diagnose

KILLED = {"items": [{
    "metadata": {"name": "churn-model-5c9-abc", "namespace": "ml"},
    "spec": {"containers": [{"name": "service", "image": "churn-model:v2", "resources": {"limits": {"memory": "96Mi"}}}]},
    "status": {"phase": "Running", "containerStatuses": [{
        "name": "service", "ready": False, "restartCount": 7,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]},
}]}  # fmt: skip


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "t.csv").write_text(
        "age,plan,left\n" + "".join(f"{20 + i},{'ab'[i % 2]},{i % 3 == 0}\n" for i in range(60))
    )
    stubs.register(
        tmp_path, "churn_model", ModelFixture(target="left", trained_on="t.csv", version=2), tmp_path / ".cache"
    )
    return Context(tmp_path)


def kubectl(place, answers):
    """A kubectl that answers from a table by its first two words, and writes down what it was asked."""
    (place.project / "answers.json").write_text(json.dumps(answers))
    program = place.project / "bin" / "kubectl"
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        f"open({str(place.project / 'asked.txt')!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        f"answers = json.load(open({str(place.project / 'answers.json')!r}))\n"
        "told = answers.get(' '.join(sys.argv[1:3]), answers.get(sys.argv[1], {'items': []}))\n"
        "if isinstance(told, str) and told.startswith('error'): sys.exit(told)\n"
        "print(told if isinstance(told, str) else json.dumps(told))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IEXEC)


def test_a_pod_killed_for_memory_is_found_in_its_last_state(place):
    kubectl(place, {"get pods": KILLED, "logs": "starting"})
    found = diagnose("churn_model", context=place)
    assert found.data["cause"] == "out-of-memory"
    assert "limit of 96Mi" in found.headline and "give it 160Mi memory" in found.headline
    assert ("last state", "exit code 137, OOMKilled true") in found.tables[0].rows
    asked = (place.project / "asked.txt").read_text()
    assert "--selector app.kubernetes.io/name=churn-model" in asked
    assert "logs churn-model-5c9-abc --tail=20 --previous --namespace ml" in asked
    assert all(line.split()[0] in ("get", "logs") for line in asked.splitlines()), "only looking"


def test_the_mending_change_is_proposed_as_a_diff_of_the_deployments_own_files(place):
    from opsmith.agent.effects import Place, effect_of
    from opsmith.tools.deploy import deploy

    kubectl(place, {"get pods": KILLED, "logs": ""})
    (written,) = deploy("churn_model", environment="on_prem", memory="96Mi", context=place).actions
    effect_of(written.kind).apply(written.arguments, Place(place.project, "a1", "me"))
    (action,) = diagnose("churn_model", context=place).actions
    assert action.kind == "write_files"
    assert "-" in action.preview.diff and "memory: 160Mi" in action.preview.diff
    assert "deploy/churn-model" in action.target


def test_nothing_to_look_at_is_said_with_the_reasons(place):
    found = diagnose("churn_model", context=place)
    assert found.data["cause"] is None
    assert "No Docker engine answers" in found.headline and "kubectl is not installed" in found.headline
    kubectl(place, {"get pods": "error: connection to the server was refused"})
    assert "connection to the server was refused" in diagnose("churn_model", context=place).headline
    kubectl(place, {"get pods": "no json"})
    assert "no JSON" in diagnose("churn_model", environment="cloud", context=place).headline


def test_which_model_is_asked_when_there_are_several(place):
    stubs.register(place.project, "other", ModelFixture(target="left", trained_on="t.csv"), place.project / ".cache")
    with pytest.raises(NeedsAnswer):
        diagnose(context=place)
    assert diagnose(name="churn-model-5c9-abc", context=place).data["name"] == "churn-model-5c9-abc"


def test_without_a_model_a_name_is_needed(tmp_path):
    with pytest.raises(ToolError, match="Name the container or pod"):
        diagnose(context=Context(tmp_path))


@pytest.mark.docker
def test_a_container_that_is_really_killed_for_memory(engine_client, tmp_path):
    """48 MB for a program that takes 200: the kernel kills it, its log is silent, the state tells."""
    program = "x = [bytearray(10_000_000) for _ in range(20)]"
    made = engine_client.containers.run("python:3.11-slim", ["python", "-c", program], detach=True, mem_limit="48m",
                                        memswap_limit="48m", name="opsmith-diagnose-test")  # fmt: skip
    try:
        made.wait(timeout=60)
        found = diagnose(name="opsmith-diagnose-test", environment="local", context=Context(tmp_path))
    finally:
        made.remove(force=True)
    assert found.data["cause"] == "out-of-memory"
    assert "limit of 48Mi" in found.headline
    assert found.data["evidence"][0]["text"] == "exit code 137, OOMKilled true"


@pytest.mark.docker
def test_a_container_that_ends_with_an_exception(engine_client, tmp_path):
    made = engine_client.containers.run("python:3.11-slim", ["python", "-c", "raise ValueError('no model here')"], detach=True,
                                        name="opsmith-diagnose-test-2")  # fmt: skip
    try:
        made.wait(timeout=60)
        found = diagnose(name="opsmith-diagnose-test-2", environment="local", context=Context(tmp_path))
    finally:
        made.remove(force=True)
    assert found.data["cause"] == "crash"
    assert "ValueError: no model here" in found.headline
