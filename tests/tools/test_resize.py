"""The resize tool: a diff of the sizes that the traffic asks for, what was asked stays, and it is kept afterwards."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from opsmith.tools.compute.deployment.sizing import MIB, Step, proof_file, size
from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.data import prediction_log
from opsmith.tools.deploy import deploy
from opsmith.tools.resize import resize
from tests.tools.test_deploy import carry_out, register, written

STEP = Step(400, 5.0, 2000, 2000, 0, 0, 5.0, 4.0, 20.0, 30.0, 2.0, 100, 0, 80 * MIB)


@pytest.fixture
def place(project):
    register(project, "churn_model", 2)
    sized = size([STEP], objective_ms=100, rss=80 * MIB, cold_start_s=2, peak_rate=300, mean_rate=100)
    proof = proof_file(project, "churn_model", 2)
    proof.parent.mkdir(parents=True)
    proof.write_text(json.dumps({"proof_version": 1, "at": "2026-01-01", "sizing": sized.as_dict()}))
    context = Context(project)
    carry_out(context, deploy("churn_model", artifacts=["k8s"], context=context))
    return context


def log_of(context, rate, minutes=90):
    """A prediction log with so many requests a minute, of two rows each."""
    folder = prediction_log.folder(context.project, "churn_model")
    folder.mkdir(parents=True)
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    with (folder / "predictions-2026-03-01.jsonl").open("w") as out:
        for minute in range(minutes):
            for number in range(rate):
                moment = begin + timedelta(minutes=minute, milliseconds=500 * number)
                for row in range(2):
                    kept = prediction_log.record(f"r{minute}.{number}-{row}", "yes", {"age": 3}, model="churn_model", version=2,
                                                 time=moment, latency_ms=3.0)  # fmt: skip
                    out.write(json.dumps(kept) + "\n")


def test_a_quiet_log_makes_the_deployment_smaller_as_a_diff(place):
    log_of(place, 60)
    found = resize("churn_model", context=place)
    assert found.data["traffic"]["peak_rate"] == pytest.approx(1.0)
    assert "cpu" in found.data["changes"] and "max_replicas" in found.data["changes"]
    text = written(found)["deploy/churn-model/k8s/base/deployment.yaml"]
    assert yaml.safe_load(text)["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "100m"
    assert "-              cpu: 250m" in found.actions[0].preview.diff
    carry_out(place, found)
    again = resize("churn_model", context=place)
    assert again.actions == () and "still fit" in again.headline
    assert deploy("churn_model", artifacts=["k8s"], context=place).actions == (), "what was fitted is kept"


def test_what_a_person_asked_for_stays_and_is_told(place):
    carry_out(place, deploy("churn_model", cpu="300m", context=place))
    log_of(place, 60)
    found = resize("churn_model", context=place)
    assert "cpu" not in found.data["changes"]
    assert any(f.id == "asked-cpu" and "300m" in f.message for f in found.findings)


def test_a_prometheus_export_is_read_too(place):
    values = [[1_800_000_000 + 60 * n, str(60_000 * n)] for n in range(90)]
    result = [{"metric": {"__name__": "model_requests_total", "path": "/predict", "pod": "a"}, "values": values}]
    text = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})
    (place.project / "prometheus.json").write_text(text)
    found = resize("churn_model", dataset="prometheus.json", context=place)
    assert found.data["traffic"]["peak_rate"] == pytest.approx(1000, rel=0.05)
    assert {"cpu", "replicas", "max_replicas"} <= set(found.data["changes"])


def test_what_is_missing_is_said_in_one_sentence(place):
    with pytest.raises(ToolError, match="no prediction log"):
        resize("churn_model", context=place)
    with pytest.raises(ToolError, match="no file other.json"):
        resize("churn_model", dataset="other.json", context=place)
    register(place.project, "fraud")
    with pytest.raises(ToolError, match="Deploy it first"):
        resize("fraud", context=place)
    with pytest.raises(NeedsAnswer):
        resize(context=place)
    carry_out(place, deploy("fraud", artifacts=["k8s"], context=place))
    with pytest.raises(ToolError, match="never measured"):
        resize("fraud", context=place)
