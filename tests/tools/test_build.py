"""The build tool proposes with and without an engine, asks which model, and refuses numbers that cannot be."""

import pytest

from opsmith.evals import stubs
from opsmith.evals.case import ModelFixture
from opsmith.tools.build import build
from opsmith.tools.contract import Context, NeedsAnswer, ToolError


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A project with one small model, and no engine."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    (tmp_path / "t.csv").write_text(
        "age,plan,left\n" + "".join(f"{20 + i},{'ab'[i % 2]},{i % 3 == 0}\n" for i in range(60))
    )
    stubs.register(
        tmp_path, "churn_model", ModelFixture(target="left", trained_on="t.csv", version=2), tmp_path / ".cache"
    )
    return Context(tmp_path)


def test_without_an_engine_it_says_so_in_one_sentence_and_still_shows_what_would_be_done(place):
    found = build("churn_model", context=place)
    assert found.headline.startswith("No Docker engine answers on this machine (its socket does not exist).")
    assert found.findings[0].id == "no-engine"
    (action,) = found.actions
    assert (action.kind, action.target) == ("build_container", "image:churn-model:v2")
    assert "compare" in {row[0] for row in action.preview.tables[0].rows}
    assert action.arguments["version"] == 2
    assert found.data["format"] == "onnx"
    assert found.data["check"]["labels_differ"] == 0


def test_the_only_model_is_meant_when_none_is_named_and_one_of_two_is_asked_for(place):
    assert build(context=place).data["model"] == "churn_model"
    stubs.register(place.project, "other", ModelFixture(target="left", trained_on="t.csv"), place.project / ".cache")
    with pytest.raises(NeedsAnswer) as asked:
        build(context=place)
    assert asked.value.choices == ("churn_model", "other")


def test_what_was_asked_reaches_the_action(place):
    (action,) = build(
        "churn_model", tag="rc1", port=9000, cpu="0.25", memory="1 GiB", rate=120, latency=40, context=place
    ).actions
    assert action.arguments["image"] == "churn-model:rc1"
    asked = {k: action.arguments[k] for k in ("port", "cpu", "memory", "rate", "latency_ms")}
    assert asked == {"port": 9000, "cpu": 0.25, "memory": 1 << 30, "rate": 120, "latency_ms": 40.0}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"port": 99999}, "port is from 1 to 65,535"),
        ({"latency": 0}, "latency is from 1"),
        ({"tag": "a b"}, "cannot be an image's tag"),
        ({"memory": "10XB"}, "no amount of memory"),
        ({"model": "churn_modle"}, "Nearest: churn_model"),
        ({"version": 9}, "has no version 9"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(place, asked, told):
    with pytest.raises(ToolError, match=told):
        build(**{"model": "churn_model", **asked}, context=place)


def test_a_project_without_models_is_told_to_train_one(tmp_path):
    with pytest.raises(ToolError, match="Train one first"):
        build(context=Context(tmp_path))


def test_a_dry_run_proposes_nothing(place):
    assert build("churn_model", dry_run=True, context=place).actions == ()
