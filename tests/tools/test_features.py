"""Features end to end: suggestions are read-only and measured, copies are proposed, files agree with one another."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from opsmith.agent.effects import Place
from opsmith.agent.effects.files import EFFECTS
from opsmith.tools.contract import Action, Context, NeedsAnswer, Result, ToolError
from opsmith.tools.features import features

WORLD = Path(__file__).resolve().parents[2] / "evals" / "worlds" / "data"


def run(project: Path, *args: Any, **kwargs: Any) -> Result:
    return features(*args, context=Context(project=project), **kwargs)


def carried_out(project: Path, action: Action) -> None:
    write = next(e for e in EFFECTS if e.kind == action.kind)
    place = Place(project, "a1", "me")
    place.kept.mkdir(parents=True, exist_ok=True)
    write.apply(action.arguments, place)


def copied(project: Path, name: str, into: str | None = None) -> str:
    (project / (into or name)).write_bytes((WORLD / name).read_bytes())
    return into or name


@pytest.fixture
def charges(project: Path) -> Path:
    copied(project, "insurance.csv")
    return project


def test_suggestions_are_measured_and_propose_nothing(charges: Path) -> None:
    result = run(charges, "insurance.csv", target="charges")
    assert not result.actions
    assert "smoker" in result.data["features"][0]["expression"]
    linear = result.data["scores"]["linear"]
    assert linear["after"] > 0.84 > linear["before"]
    assert result.data["features"][0]["interval"][0] > 0
    assert (charges / result.files[0]).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_generate_writes_copy_set_transformer_and_module_that_agree(charges: Path) -> None:
    result = run(charges, "insurance.csv", target="charges", operations=["generate"], algorithm="ridge")
    (action,) = result.actions
    assert not (charges / "insurance_features.csv").exists()
    carried_out(charges, action)
    written = pd.read_csv(charges / "insurance_features.csv")
    names = [f["name"] for f in result.data["features"]]
    from opsmith.tools.compute.features.transformer import load

    raw = pd.read_csv(charges / "insurance.csv")
    made = load(charges / result.data["files"]["transformer"]).transform(raw)[names]
    spec = importlib.util.spec_from_file_location("made", charges / result.data["files"]["module"])
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    by_module = module.add_features(raw)[names]
    np.testing.assert_allclose(made.to_numpy(), by_module.to_numpy())
    np.testing.assert_allclose(made.to_numpy(), written[names].to_numpy(), rtol=1e-6)
    assert list(written.columns) == [*raw.columns, *names]


def test_a_written_set_applies_to_the_next_file(charges: Path) -> None:
    first = run(charges, "insurance.csv", target="charges", operations=["generate"], algorithm="ridge")
    carried_out(charges, first.actions[0])
    june = pd.read_csv(charges / "insurance.csv").head(7).drop(columns="charges")
    june.loc[0, "smoker"] = None
    june.to_csv(charges / "june.csv", index=False)
    result = run(charges, "june.csv", operations=["apply"])
    assert result.data["output"] == "june_features.csv"
    carried_out(charges, result.actions[0])
    assert len(pd.read_csv(charges / "june_features.csv")) == 7


def test_the_leak_is_refused_with_the_reason(project: Path) -> None:
    copied(project, "policies.csv")
    result = run(project, "policies.csv", target="had_claim")
    assert [f.columns for f in result.findings if f.id == "leak"] == [("claim_amount",)]
    assert "claim_amount" not in str(result.data["features"])


def test_evaluate_ranks_the_columns_and_names_the_leak(project: Path) -> None:
    copied(project, "titanic.csv")
    result = run(project, "titanic.csv", target="survived", operations=["evaluate"])
    assert result.data["columns"][0]["column"] == "sex"
    assert not result.actions


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"operations": ["suggest"]}, "should the features help to predict"),
        ({"operations": ["evaluate"]}, "ranked"),
        ({"operations": ["generate"]}, "should the features help to predict"),
    ],
)
def test_without_a_target_it_asks_with_choices(charges: Path, arguments: dict[str, Any], word: str) -> None:
    with pytest.raises(NeedsAnswer, match=word) as asked:
        run(charges, "insurance.csv", **arguments)
    assert "charges" in asked.value.choices


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"operations": ["fly"]}, "cannot do 'fly'"),
        ({"target": "chargs"}, "Nearest: charges"),
        ({"operations": ["scale"], "columns": ["smoker"]}, "holds no numbers"),
        ({"operations": ["scale"], "method": "sideways"}, "no scaling called"),
        ({"operations": ["pca"], "n": 40}, "40 components do not work"),
        ({"operations": ["scale"], "output": "insurance.csv"}, "never overwritten"),
        ({"operations": ["scale"], "output": "out.exe"}, "cannot be written"),
        ({"target": "charges", "metric": "auc"}, "does not measure"),
        ({"feature_set": "nothing.yaml"}, "no feature set"),
    ],
)
def test_a_refusal_is_one_clear_sentence(charges: Path, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(ToolError, match=told):
        run(charges, "insurance.csv", **arguments)


def test_scaling_needs_no_target_and_leaves_the_original(charges: Path) -> None:
    before = (charges / "insurance.csv").read_bytes()
    result = run(charges, "insurance.csv", operations=["scale"], columns=["bmi"], method="standard")
    carried_out(charges, result.actions[0])
    made = pd.read_csv(charges / result.data["output"])
    assert abs(made["bmi"].mean()) < 1e-6 and abs(made["bmi"].std(ddof=0) - 1) < 1e-6
    assert (charges / "insurance.csv").read_bytes() == before


def test_pca_replaces_the_columns_and_says_how_much_is_kept(project: Path) -> None:
    copied(project, "bad_drivers.csv")
    result = run(project, "bad_drivers.csv", operations=["pca"], n=2)
    assert 0 < sum(result.data["explained"]) <= 1
    carried_out(project, result.actions[0])
    made = pd.read_csv(project / "bad_drivers_features.csv")
    raw = pd.read_csv(project / "bad_drivers.csv")
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    wanted = PCA(2).fit_transform(StandardScaler().fit_transform(raw[result.data["columns"]]))
    np.testing.assert_allclose(np.abs(made[["pc1", "pc2"]].to_numpy()), np.abs(wanted), rtol=1e-5, atol=1e-7)


def test_keywords_score_without_a_target_and_no_is_heard(project: Path) -> None:
    (project / "calls.csv").write_text(
        "id,notes\n"
        + "\n".join(
            f'{i},"{t}"' for i, t in enumerate(["Speeding fine, two accidents", "no accidents so far", ""] * 20)
        ),
        encoding="utf-8",
    )
    result = run(
        project, "calls.csv", operations=["keyword_risk"], columns=["notes"], keywords=["speeding", "accident"]
    )
    carried_out(project, result.actions[0])
    made = pd.read_csv(project / "calls_features.csv")
    assert made["notes_risk"].tolist()[:3] == [2.0, 0.0, 0.0]


def test_dont_write_means_no_proposal(charges: Path) -> None:
    for operations in (["scale"], ["pca"], ["encode"]):
        assert not run(charges, "insurance.csv", operations=operations, dry_run=True).actions


def test_why_a_feature_is_useful_is_told_by_its_outcome(charges: Path) -> None:
    result = run(charges, "insurance.csv", target="charges", operations=["explain"], n=1, algorithm="ridge")
    assert "smoker" in result.headline
    outcomes = [part["outcome"] for part in result.data["parts"]]
    assert max(outcomes) > 2 * min(outcomes)
    assert not result.actions


def test_columns_known_at_an_event_are_asked_for(charges: Path) -> None:
    with pytest.raises(NeedsAnswer, match="known at signup"):
        run(charges, "insurance.csv", target="charges", known_at="signup")


def test_a_list_without_one_does_not_claim_the_score_of_all(charges: Path) -> None:
    whole = run(charges, "insurance.csv", target="charges", algorithm="ridge")
    left = run(charges, "insurance.csv", target="charges", algorithm="ridge", skip=["1"])
    first = whole.data["features"][0]["name"]
    assert left.headline.startswith(f"Without {first}, ") and "With all of them: " in left.headline
    assert first not in [f["name"] for f in left.data["features"]] and left.data["scores"] == {}
