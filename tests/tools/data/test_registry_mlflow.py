"""The mirror in a real MLflow store (SQLite, no server): runs, versions, signature, aliases, said in a sentence when it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opsmith.agent.effects import Place, effect_of
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry, registry_mlflow
from opsmith.tools.retrain import retrain
from opsmith.tools.train import train

from ..modelling import carry_out, customers

mlflow = pytest.importorskip("mlflow")


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One SQLite store: setting it up takes most of the time."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"


@pytest.mark.slow
def test_training_retraining_and_promotion_are_seen_in_mlflow(project: Path, uri: str) -> None:
    customers(120).to_csv(project / "c.csv", index=False)
    context = Context(project)
    action = train("c.csv", "left", algorithm="decision_tree", context=context).actions[0]
    done = carry_out(project, action, "m1", mlflow_tracking_uri=uri)
    assert "In MLflow it is left_model version 1." in done.message
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    card = registry.get(project, "left_model", 1)
    there = client.get_model_version_by_alias("left_model", "champion")
    assert int(there.version) == 1 and there.tags["opsmith.fingerprint"] == card.fingerprint
    assert there.tags["opsmith.dataset_sha256"] == card.data["sha256"] and there.tags["opsmith.approved_by"] == "ada"
    run = client.get_run(there.run_id)
    assert run.data.metrics["auc"] == pytest.approx(card.metrics["auc"]["value"]) and run.info.status == "FINISHED"
    assert run.data.params["target"] == "left" and run.data.params["algorithm"] == "decision_tree"
    kept = Path(client.download_artifacts(there.run_id, "model", str(project)))
    described = json.loads((kept / "MLmodel").read_text())
    inputs = json.loads(described["signature"]["inputs"])
    assert {(i["name"], i["type"]) for i in inputs} == {("fee", "double"), ("plan", "string"), ("region", "string")}
    assert (kept / "model.skops").read_bytes() == card.model_file.read_bytes()

    customers(120, seed=1).to_csv(project / "d.csv", index=False)
    carry_out(project, retrain("left_model", "d.csv", context=context).actions[0], "m2", mlflow_tracking_uri=uri)
    assert client.get_model_version_by_alias("left_model", "challenger").tags["opsmith.parent"] == "1"
    promoted = retrain("left_model", action="promote", version=2, context=context).actions[0]
    assert "MLflow's aliases were moved too" in carry_out(project, promoted, "m3", mlflow_tracking_uri=uri).message
    assert client.get_model_version_by_alias("left_model", "champion").tags["opsmith.version"] == "2"
    back = retrain("left_model", action="rollback", version=1, context=context).actions[0]
    carry_out(project, back, "m4", mlflow_tracking_uri=uri)
    assert client.get_model_version_by_alias("left_model", "champion").tags["opsmith.version"] == "1"
    # the same approval again, as after a crash, adds nothing
    assert registry_mlflow.publish(card, uri) == 1
    assert len(client.search_model_versions("name='left_model'")) == 2


def test_a_store_that_cannot_be_used_costs_a_sentence_and_not_the_model(project: Path) -> None:
    customers(120).to_csv(project / "c.csv", index=False)
    action = train("c.csv", "left", algorithm="decision_tree", context=Context(project)).actions[0]
    place = Place(project, "m1", "ada", {"seed": 0, "mlflow_tracking_uri": "nonsense://nowhere"})
    done = effect_of("train").apply(action.arguments, place)
    assert "It is registered here, but not in MLflow" in done.message
    assert registry.get(project, "left_model").version == 1


def test_without_a_server_nothing_is_said_of_mlflow(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    customers(120).to_csv(project / "c.csv", index=False)
    done = carry_out(project, train("c.csv", "left", algorithm="decision_tree", context=Context(project)).actions[0])
    assert "MLflow" not in done.message
    with pytest.raises(ToolError, match="cannot be used"):
        registry_mlflow.set_aliases("left_model", {}, "nonsense://nowhere")
