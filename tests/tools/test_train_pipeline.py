"""From raw columns to a prediction: the project's recipe and features become part of the model that is registered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.clean import clean
from opsmith.tools.compute.features.featureset import Entry, FeatureSet
from opsmith.tools.contract import Context, Result, ToolError
from opsmith.tools.data import registry
from opsmith.tools.predict import predict
from opsmith.tools.retrain import retrain
from opsmith.tools.train import train

from .modelling import carry_out


def bookings(rows: int = 260, seed: int = 0) -> pd.DataFrame:
    """Rows as they come: fees as money in text, gaps, spaces, and an outcome that depends on fee over nights."""
    rng = np.random.default_rng(seed)
    fee, nights = rng.uniform(40, 400, rows).round(2), rng.integers(1, 9, rows)
    chance = 1 / (1 + np.exp(-(fee / nights - 60) / 12))
    return pd.DataFrame({
        "fee": [f"${v:,.2f}" if i % 11 else "" for i, v in enumerate(fee)], "nights": nights,
        "city": [f" {c}" if i % 5 == 0 else c for i, c in enumerate(rng.choice(["Rome", "Oslo", "Lima"], rows))],
        "cancelled": np.where(rng.random(rows) < chance, "Yes", "No"),
    })  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A project whose raw table has a recipe, a feature set made on the cleaned copy, and a model with both."""
    project = tmp_path_factory.mktemp("project")
    bookings().to_csv(project / "bookings.csv", index=False)
    context = Context(project)
    written = clean("bookings.csv", operations=["trim", "cast", "impute"], context=context)
    carry_out(project, written.actions[0], "w1")
    kinds = {"fee": "number", "nights": "number"}
    features = FeatureSet(
        "bookings_clean.csv", "cancelled", "binary", "auc", kinds, (Entry("a_night", "fee / nights"),)
    )
    (project / "features").mkdir()
    (project / "features" / "bookings.yaml").write_text(features.to_yaml())
    carry_out(project, proposal(context).actions[0], "t1")
    return context


def proposal(context: Context) -> Result:
    return train("bookings.csv", "cancelled", algorithm="logistic_regression", context=context)


def test_recipe_and_features_are_the_first_steps_of_one_pipeline(made: Context) -> None:
    shown = proposal(made)
    assert (
        "begins with",
        "the recipe and features/bookings.yaml of this project, inside the pipeline",
    ) in shown.actions[0].preview.tables[0].rows
    card = registry.get(made.project, "cancelled_model")
    pipeline = registry.load(card)
    assert list(pipeline.named_steps) == ["clean", "features", "shape", "columns", "model"]
    assert [s["column"] for s in card.signature] == ["fee", "nights", "city"]
    report = (Path(card.folder) / "report.html").read_text()
    assert "a_night" in report.split("Errors by segment")[1]  # segments are those of the cleaned columns and features
    assert "a_night" in pipeline.named_steps["features"].get_feature_names_out()


def test_raw_rows_are_predicted_as_they_come(made: Context) -> None:
    fresh = bookings(60, seed=5)
    fresh.drop(columns="cancelled").to_csv(made.project / "fresh.csv", index=False)
    result = predict("cancelled_model", "fresh.csv", context=made)
    carry_out(made.project, result.actions[0], "p1")
    written = pd.read_csv(made.project / "fresh_predictions.csv")
    pipeline = registry.load(registry.get(made.project, "cancelled_model"))
    own = pipeline.predict_proba(fresh[["fee", "nights", "city"]])[:, 1]
    assert np.allclose(written["score"], own, atol=1e-6)
    fee = pd.to_numeric(fresh["fee"].str.replace("$", ""), errors="coerce")
    known = fee.notna() & ((fee / fresh["nights"] - 60).abs() > 30)
    assert ((fee / fresh["nights"] > 60) == (written["prediction"] == "Yes"))[known].mean() > 0.9
    typed = predict("cancelled_model", values='fee="$380.00", nights=1, city=Rome', context=made)
    assert "says Yes" in typed.headline and "a_night" not in typed.headline


def test_raw_rows_are_held_against_what_the_steps_leave_of_them(made: Context) -> None:
    strange = bookings(40, seed=6).assign(city=[" Rome", "Paris"] * 20)
    strange.to_csv(made.project / "strange.csv", index=False)
    told = {f.id: f.message for f in predict("cancelled_model", "strange.csv", dry_run=True, context=made).findings}
    assert told["unseen"] == "city has values the model never saw: Paris (20 rows)."  # ` Rome` is Rome after the recipe
    bookings(40).assign(nights="two").to_csv(made.project / "words.csv", index=False)
    with pytest.raises(ToolError, match=r"nights holds text in words.csv .*was trained on numbers"):
        predict("cancelled_model", "words.csv", context=made)


def test_training_again_gives_the_same_model_and_a_challenger_inherits_the_steps(made: Context) -> None:
    carry_out(made.project, proposal(made).actions[0], "t2")
    first, second = registry.versions(made.project, "cancelled_model")[:2]
    assert first.fingerprint == second.fingerprint and first.metrics == second.metrics
    bookings(220, seed=9).to_csv(made.project / "july.csv", index=False)
    asked = retrain("cancelled_model", "july.csv", context=made)
    carry_out(made.project, asked.actions[0], "r1")
    third = registry.versions(made.project, "cancelled_model")[-1]
    assert third.recipe["cleaning"] == first.recipe["cleaning"] and third.recipe["features"] == first.recipe["features"]
    assert list(registry.load(third).named_steps) == ["clean", "features", "shape", "columns", "model"]
    assert third.comparison["recommendation"] in ("promote", "keep", "wait") and third.comparison["rows"] == 44


def test_a_column_that_a_step_names_and_new_data_lacks_leaves_the_recipe(made: Context) -> None:
    bookings(120, seed=2).drop(columns="city").to_csv(made.project / "nocity.csv", index=False)
    asked = retrain("cancelled_model", "nocity.csv", context=made)
    assert any(f.id == "vanished" for f in asked.findings)
    assert "city" not in asked.actions[0].arguments["cleaning"]


def test_an_excluded_column_of_the_recipe_does_not_stop_a_training(made: Context) -> None:
    shown = train("bookings.csv", "cancelled", exclude=["city"], algorithm="decision_tree", context=made)
    assert shown.data["inputs"] == ["fee", "nights"]


def test_an_outcome_written_as_money_is_read_by_the_recipe(made: Context) -> None:
    shown = train("bookings.csv", "fee", algorithm="ridge", context=made)
    assert shown.data["task"] == "regression" and "fee" not in shown.data["inputs"]


def test_training_on_the_cleaned_copy_points_to_the_raw_table(made: Context) -> None:
    shown = train("bookings_clean.csv", "cancelled", algorithm="decision_tree", context=made)
    told = {f.id: f for f in shown.findings}["cleaned-copy"]
    assert "bookings.csv" in told.message and told.fix == "train a model for cancelled on bookings.csv"
