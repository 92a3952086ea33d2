"""The registry: whole versions or none, aliases moved in one step, and no file that could run code is ever read."""

import json
import pickle
from pathlib import Path

import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.train import train

from ..modelling import carry_out, customers


class Bomb:
    """A pickle that writes a file when it is loaded."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (Path.write_text, (self.path, "boom"))


@pytest.fixture
def card(project: Path) -> registry.ModelCard:
    customers(120).to_csv(project / "c.csv", index=False)
    carry_out(project, train("c.csv", "left", algorithm="decision_tree", context=Context(project)).actions[0])
    return registry.get(project, "left_model")


@pytest.mark.parametrize("ending", ["skops", "pkl", "joblib"])
def test_a_malicious_pickle_does_nothing(card: registry.ModelCard, project: Path, ending: str) -> None:
    marker = project / "boom.txt"
    bomb = project / f"model.{ending}"
    bomb.write_bytes(pickle.dumps(Bomb(marker)))
    with pytest.raises(ToolError, match="not loaded"):
        registry.load_file(bomb)
    assert not marker.exists()


def test_a_file_that_was_exchanged_is_not_loaded(card: registry.ModelCard, project: Path) -> None:
    assert registry.load(card).predict is not None
    card.model_file.write_bytes(pickle.dumps(Bomb(project / "boom.txt")))
    with pytest.raises(ToolError, match="not the one that was registered"):
        registry.load(card)
    assert not (project / "boom.txt").exists()


def test_registering_twice_for_one_approval_gives_one_version(card: registry.ModelCard, project: Path) -> None:
    fields = {"name": "left_model", "task": "binary", "target": "left", "signature": [], "metrics": {}, "data": {}}
    again = registry.register(project, fields, card.model_file, card.approval_id)
    assert again.version == 1 and len(registry.versions(project, "left_model")) == 1
    assert registry.register(project, fields, card.model_file, "other").version == 2
    assert registry.aliases_of(project, "left_model") == {"champion": 1}


def test_a_half_written_version_is_not_seen(card: registry.ModelCard, project: Path) -> None:
    (project / "models" / ".left_model-x").mkdir()
    (project / "models" / "left_model" / "2").mkdir()
    assert [c.version for c in registry.versions(project, "left_model")] == [1]
    assert [c.name for c in registry.list_models(project)] == ["left_model"]


def test_versions_by_number_and_alias_and_what_changed(card: registry.ModelCard, project: Path) -> None:
    carry_out(project, train("c.csv", "left", algorithm="naive_bayes", context=Context(project)).actions[0], "n2")
    registry.set_alias(project, "left_model", "challenger", 2)
    assert registry.get(project, "left_model", "challenger").version == 2
    changed = {what for what, *_ in registry.difference(card, registry.get(project, "left_model", 2))}
    assert "algorithm" in changed and "rows" not in changed
    with pytest.raises(ToolError, match="It has: 1, 2"):
        registry.get(project, "left_model", 7)


def test_the_manifest_says_where_the_model_comes_from(card: registry.ModelCard) -> None:
    told = json.loads((Path(card.folder) / "manifest.json").read_text())
    assert told["data"]["path"] == "c.csv" and told["data"]["rows"] == 120 and len(told["file"]["sha256"]) == 64
    assert told["approved_by"] == "ada" and "scikit-learn" in told["libraries"] and told["validation"]["why"]
    assert (Path(card.folder) / "report.html").exists()


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 65])
def test_names_that_are_no_names(name: str) -> None:
    with pytest.raises(ToolError, match="cannot name a model"):
        registry.check_name(name)
