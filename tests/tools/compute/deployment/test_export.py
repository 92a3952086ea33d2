"""A registered model becomes the file that the service loads: ONNX when it answers alike, skops otherwise, never a pickle."""

import json
from pathlib import Path

import pytest

from opsmith.evals import stubs
from opsmith.evals.case import ModelFixture
from opsmith.tools.compute.deployment import export
from opsmith.tools.contract import ToolError
from opsmith.tools.data import registry

DATA = Path(__file__).resolve().parents[4] / "evals" / "worlds" / "data"


@pytest.fixture
def card(project):
    (project / "telco.csv").write_bytes((DATA / "telco.csv").read_bytes())
    stubs.register(project, "churn_model", ModelFixture(target="Churn", trained_on="telco.csv"), project / ".cache")
    return registry.get(project, "churn_model")


def test_the_export_is_checked_on_rows_of_the_training_data_and_made_once(card, project, monkeypatch):
    made = export.exported(card, project)
    assert made.format == "onnx"
    assert made.classes == ("No", "Yes")
    assert made.check["labels_differ"] == 0
    assert made.check["difference"] <= export.TOLERANCE
    assert made.check["on"] == "rows of telco.csv"
    monkeypatch.setattr(export, "_export", lambda *_: pytest.fail("converted again"))
    assert export.exported(card, project) == made


def test_without_the_training_data_rows_are_made_up_from_the_signature(card, project):
    (project / "telco.csv").unlink()
    frame, told = export.sample_rows(card, project, 50)
    assert told == "rows made up from the signature"
    assert set(frame.columns) == {s["column"] for s in card.signature}
    assert export.exported(card, project).format == "onnx"


def test_a_model_that_answers_differently_as_onnx_stays_skops_and_says_why(card, project, monkeypatch):
    monkeypatch.setattr(export, "TOLERANCE", 1e-12)
    made = export.exported(card, project)
    assert made.format == "skops"
    assert made.content == card.model_file.read_bytes()
    assert "differed by up to" in made.reason
    assert set(made.trusted) <= set(registry.TRUSTED)


def test_a_model_without_an_onnx_form_stays_skops(card, project, monkeypatch):
    def refuse(*_):
        raise RuntimeError("no converter for this part")

    monkeypatch.setattr(export, "_convert", refuse)
    made = export.exported(card, project)
    assert (made.format, "no converter for this part" in made.reason) == ("skops", True)


def test_a_pickle_is_never_read(card, project):
    manifest = Path(card.folder) / "manifest.json"
    told = json.loads(manifest.read_text())
    told["file"]["format"] = "pkl"
    manifest.write_text(json.dumps(told))
    (Path(card.folder) / "model.pkl").write_bytes(b"cos\nsystem\n(S'touch /tmp/owned'\ntR.")
    with pytest.raises(ToolError, match=r"stored as \.pkl, which is not loaded"):
        export.exported(registry.get(project, "churn_model"), project)


def test_a_model_file_that_was_swapped_is_not_exported(card, project):
    card.model_file.write_bytes(b"other bytes")
    with pytest.raises(ToolError, match="not the one that was registered"):
        export.exported(card, project)
