"""On a real engine: the image is built, runs hardened, answers like the model, is loaded and sized, and nothing stays behind."""

import dataclasses
import json
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from opsmith.agent.effects import Place, effect_of
from opsmith.agent.effects.container_run import Running, answers
from opsmith.evals import stubs
from opsmith.evals.case import ModelFixture
from opsmith.tools.build import build
from opsmith.tools.compute.deployment import engine, sizing
from opsmith.tools.compute.deployment.service import service_files
from opsmith.tools.contract import Cancelled, Context, ToolError
from opsmith.tools.data import registry

DATA = Path(__file__).resolve().parents[3] / "evals" / "worlds" / "data"


def project_with_model(folder, data="telco.csv", target="Churn", name="proof_model"):
    shutil.copy(DATA / data, folder)
    stubs.register(folder, name, ModelFixture(target=target, trained_on=data, version=2), folder / ".cache")
    return Context(folder)


def left_behind(client, approval):
    wanted = {"label": f"{engine.PROOF}={approval}"}
    return [*client.containers.list(all=True, filters=wanted), *client.volumes.list(filters=wanted)]


def test_without_an_engine_a_yes_ends_with_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    (action,) = build("proof_model", context=project_with_model(tmp_path)).actions
    with pytest.raises(ToolError, match="No Docker engine answers on this machine"):
        effect_of(action.kind).apply(action.arguments, Place(tmp_path, "a0", "me"))


@pytest.fixture(scope="module")
def proved(engine_client, tmp_path_factory):
    """The whole of it, once: context, action, outcome, what progress said."""
    context = project_with_model(tmp_path_factory.mktemp("proof"))
    (action,) = build("proof_model", seconds=2, latency=500, context=context).actions
    said = []
    place = Place(context.project, "proof-test-1", "me", progress=lambda fraction, note: said.append((fraction, note)))
    outcome = effect_of(action.kind).apply(action.arguments, place)
    yield context, action, outcome, said, place
    engine_client.images.remove("proof-model:v2", force=True)


@pytest.mark.docker
def test_the_image_is_built_proved_and_sized(engine_client, proved):
    context, _, outcome, said, _ = proved
    facts = outcome.data
    assert facts["compared"]["differ"] == 0 and facts["compared"]["rows"] == 100
    assert facts["exit_code"] == 0
    assert facts["sizing"]["cpu"] and facts["rss"] < 200 * sizing.MIB
    assert facts["steps"][0]["errors"] == facts["again"]["errors"] == 0
    assert "answers like the model in all 100 rows" in outcome.message
    fractions = [f for f, _ in said if f is not None]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert any("FROM python:3.11-slim" in note for _, note in said)
    assert not left_behind(engine_client, "proof-test-1")
    assert sizing.measured(context.project, "proof_model", 2)["memory_limit"] == facts["sizing"]["memory_limit"]
    report = (context.project / outcome.paths[-1]).read_text()
    assert report.startswith("<!doctype html>") and "http://" not in report and "knee" in report
    assert "Successfully built" in (context.project / outcome.paths[0]).read_text()


@pytest.mark.docker
def test_the_next_deployment_uses_what_was_measured(proved):
    from opsmith.tools.deploy import deploy

    context, _, outcome, _, _ = proved
    found = deploy("proof_model", environment="on_prem", context=context)
    assert found.data["measured"] is True
    assert found.data["memory"] == outcome.data["sizing"]["memory_limit"]


@pytest.mark.docker
def test_it_runs_without_rights_and_without_a_network(engine_client, proved):
    _, _, outcome, _, _ = proved
    image = outcome.data["image"]
    with Running(
        engine_client, image, model="proof_model:2", approval="proof-test-2", port=8080, cpus=1, memory=128 << 20
    ) as running:
        running.wait_ready(60, lambda: None)
        status = running.container.exec_run("cat /proc/self/status").output.decode()
        assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status
        assert running.container.exec_run("id -u").output == b"10001\n"
        for path in ("/app/x", "/opt/venv/x", "/x"):
            assert b"Read-only file system" in running.container.exec_run(["touch", path]).output
        assert running.container.exec_run(["touch", "/var/lib/predictions/x"]).exit_code == 0
        health = running.container.exec_run(["python", "-I", "-S", "/app/service/healthcheck.py"])
        assert health.exit_code == 0
        began = running.usage()
        assert began.rss > 10 * sizing.MIB and began.cpu > 0
    made = engine_client.containers.run(image, detach=True, network_mode="none", read_only=True)
    try:
        for _ in range(100):
            if made.exec_run(["python", "-I", "-S", "/app/service/healthcheck.py"]).exit_code == 0:
                break
            time.sleep(0.1)
        else:
            pytest.fail(made.logs().decode())
        assert b"ORT_DISABLE_TELEMETRY" in made.exec_run("env").output
    finally:
        made.remove(force=True, v=True)


@pytest.mark.docker
def test_a_limit_that_is_too_small_is_seen_as_such(engine_client, proved):
    _, _, outcome, _, _ = proved
    how = {"model": "proof_model:2", "approval": "proof-test-3", "port": 8080, "cpus": 1, "memory": 24 << 20}
    refused = pytest.raises(ToolError, match="used more memory than its limit")
    with Running(engine_client, outcome.data["image"], **how) as running, refused:
        running.wait_ready(60, lambda: None)
    assert not left_behind(engine_client, "proof-test-3")


@pytest.mark.docker
def test_an_image_that_answers_otherwise_is_not_trusted(engine_client, proved, tmp_path):
    """The deployment folder holds another model's file under this model's name: built, compared, refused, untagged."""
    context = project_with_model(tmp_path)
    (tmp_path / "other").mkdir()
    other = project_with_model(tmp_path / "other")
    frame = (other.project / "telco.csv").read_text().splitlines()
    (other.project / "telco.csv").write_text("\n".join(frame[:120]) + "\n")
    stubs.register(
        other.project,
        "another",
        ModelFixture(target="Churn", trained_on="telco.csv", version=2),
        other.project / ".cache",
    )
    wrong = registry.get(other.project, "another")
    plan = SimpleNamespace(port=8080, image_reference="proof-model:bad")
    for name, content in service_files(dataclasses.replace(wrong, name="proof_model"), plan, other.project).items():
        path = context.project / "deploy" / "proof-model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (action,) = build("proof_model", tag="bad", seconds=2, context=context).actions
    assert action.arguments["folder"] == "deploy/proof-model"
    with pytest.raises(ToolError, match="does not answer like proof_model version 2"):
        effect_of(action.kind).apply(action.arguments, Place(context.project, "proof-test-4", "me"))
    assert not left_behind(engine_client, "proof-test-4")
    assert not any("proof-model:bad" in image.tags for image in engine_client.images.list())


@pytest.mark.docker
def test_a_build_that_fails_names_the_step_and_leaves_no_container(engine_client, tmp_path):
    context = project_with_model(tmp_path)
    folder = tmp_path / "deploy" / "proof-model"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\nRUN python -c 'import nothing_of_that_name'\n")
    (action,) = build("proof_model", tag="broken", context=context).actions
    before = len(engine_client.containers.list(all=True))
    with pytest.raises(ToolError) as error:
        effect_of(action.kind).apply(action.arguments, Place(tmp_path, "proof-test-5", "me"))
    assert "failed at Step 2/" in str(error.value) and "nothing_of_that_name" in str(error.value)
    assert len(engine_client.containers.list(all=True)) == before


@pytest.mark.docker
def test_a_stopped_build_stops_and_cleans_up(engine_client, tmp_path):
    context = project_with_model(tmp_path)
    (action,) = build("proof_model", tag="stopped", seconds=2, context=context).actions
    told = []
    place = Place(
        tmp_path,
        "proof-test-6",
        "me",
        progress=lambda f, n: told.append(n),
        cancelled=lambda: any("comparing" in t for t in told),
    )
    with pytest.raises(Cancelled):
        effect_of(action.kind).apply(action.arguments, place)
    assert not left_behind(engine_client, "proof-test-6")
    engine_client.images.remove("proof-model:stopped", force=True)


@pytest.mark.docker
def test_undo_takes_the_image_and_its_measurement_away(engine_client, proved):
    context, action, outcome, _, place = proved
    engine_client.images.get("proof-model:v2").tag("proof-model", "kept")
    told = effect_of(action.kind).undo(json.loads(json.dumps(outcome.undo)), place)
    assert "proof-model:v2" in told
    assert sizing.measured(context.project, "proof_model", 2) is None
    with pytest.raises(ToolError, match="another image now"):
        effect_of(action.kind).undo(outcome.undo, place)
    engine_client.images.get("proof-model:kept").tag("proof-model", "v2")
    engine_client.images.remove("proof-model:kept")
    assert not answers(1, "/readyz")
