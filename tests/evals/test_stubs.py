"""Models of worlds are real: registered, loadable, and they predict."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsmith.evals import stubs
from opsmith.evals.case import ModelFixture, World
from opsmith.evals.fixtures import Worlds
from opsmith.evals.loading import WORLDS
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.data.table import open_table

COLUMNS = {"id": "id", "size": "float", "kind": "str", "note": "text", "good": "bool", "n": "int"}


def project_with(tmp_path: Path, **models: ModelFixture) -> Path:
    world = World.model_validate({"files": {"a.csv": {"columns": COLUMNS}}, "models": models})
    Worlds(tmp_path / "worlds").copy(world, [], tmp_path / "project")
    return tmp_path / "project"


def test_versions_aliases_and_metrics_are_as_the_case_says(tmp_path: Path) -> None:
    fixture = ModelFixture(target="good", trained_on="a.csv", version=6, previous=5, metrics={"auc": 0.88})
    project = project_with(tmp_path, cancel_model=fixture)
    card = registry.get(project, "cancel_model")
    assert (card.version, card.task, card.target, card.data["path"]) == (6, "classification", "good", "a.csv")
    assert [c.version for c in registry.versions(project, "cancel_model")] == [5, 6]
    assert card.metrics["auc"]["value"] == 0.88
    assert "champion" in card.aliases


@pytest.mark.parametrize(
    ("target", "task"), [("good", "classification"), ("size", "regression"), ("kind", "classification")]
)
def test_the_pipeline_predicts(tmp_path: Path, target: str, task: str) -> None:
    project = project_with(tmp_path, m=ModelFixture(target=target, trained_on="a.csv"))
    card = registry.get(project, "m")
    assert card.task == task
    table = open_table(Context(project), "a.csv")
    frame = table.pandas()
    table.close()
    model = registry.load(card)
    assert len(model.predict(frame[[s["column"] for s in card.signature]])) == 203


def test_the_same_schema_is_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project_with(tmp_path, m=ModelFixture(target="good", trained_on="a.csv"))
    made = list((tmp_path / "worlds" / "stubs").iterdir())
    stubs.register(
        tmp_path / "project", "again", ModelFixture(target="good", trained_on="a.csv"), tmp_path / "worlds" / "stubs"
    )
    assert list((tmp_path / "worlds" / "stubs").iterdir()) == made


def test_real_data(tmp_path: Path) -> None:
    world = World.model_validate({"use": None, "files": {"telco.csv": {"data": "telco.csv"}},
                                  "models": {"churn_model": {"target": "Churn", "trained_on": "telco.csv"}}})  # fmt: skip
    Worlds(tmp_path / "worlds").copy(world, [WORLDS / "data"], tmp_path / "project")
    assert registry.get(tmp_path / "project", "churn_model").classes == ["No", "Yes"]


def test_a_model_whose_training_file_is_gone(tmp_path: Path) -> None:
    project = project_with(
        tmp_path, skip_net=ModelFixture(target="skipped", trained_on="songs.jsonl", metrics={"auc": 0.7})
    )
    card = registry.get(project, "skip_net")
    assert (card.target, card.data["path"]) == ("skipped", "songs.jsonl")
    assert not (project / "songs.jsonl").exists()


def test_a_target_with_one_value_is_told(tmp_path: Path) -> None:
    world = World.model_validate({"files": {"a.csv": {"table": [["x", "y"], [1, 1], [2, 1]]}},
                                  "models": {"m": {"target": "y", "trained_on": "a.csv"}}})  # fmt: skip
    with pytest.raises(ToolError, match="one value only"):
        Worlds(tmp_path / "worlds").copy(world, [], tmp_path / "project")
