"""The train tool: it says how it would train, finds what would mislead, and proposes; only the yes trains."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.train import default_name, train

from .modelling import carry_out, customers, prices


@pytest.fixture
def place(project: Path) -> Context:
    customers().to_csv(project / "customers.csv", index=False)
    prices().to_csv(project / "prices.csv", index=False)
    return Context(project)


def test_it_looks_and_proposes_but_changes_nothing(place: Context) -> None:
    found = train("customers.csv", "left", context=place)
    (action,) = found.actions
    assert (action.kind, action.target) == ("train", "model:left_model")
    assert action.arguments["target"] == "left"
    assert "binary" in found.headline and "5-fold" in found.headline
    assert found.data["inputs"] == ["fee", "plan", "region"]  # the id is left out
    assert not (place.project / "models").exists()


def test_the_yes_registers_a_champion_with_honest_figures(place: Context) -> None:
    (action,) = train("customers.csv", "left", context=place).actions
    done = carry_out(place.project, action)
    card = registry.get(place.project, "left_model")
    assert card.version == 1 and card.aliases == ["champion"] and card.approved_by == "ada"
    assert 0.7 < card.metrics["auc"]["value"] < 0.99
    low, high = card.metrics["auc"]["interval"]
    assert low < card.metrics["auc"]["value"] < high
    assert card.data["rows"] == 240 and len(card.data["sha256"]) == 64
    assert "auc" in done.message and done.data["baselines"]["dummy"] == 0.5
    assert {s["column"]: s["kind"] for s in card.signature} == {
        "fee": "number",
        "plan": "category",
        "region": "category",
    }


def test_the_same_data_recipe_and_seed_give_the_same_fingerprint_and_metrics(place: Context) -> None:
    (action,) = train("customers.csv", "left", algorithm="decision_tree", context=place).actions
    carry_out(place.project, action, "first")
    carry_out(place.project, action, "second")
    one, two = registry.versions(place.project, "left_model")
    assert (one.version, two.version) == (1, 2)
    assert one.fingerprint == two.fingerprint and one.metrics == two.metrics
    (other,) = train("customers.csv", "left", algorithm="naive_bayes", context=place).actions
    carry_out(place.project, other, "third")
    assert registry.get(place.project, "left_model", 3).fingerprint != one.fingerprint


def test_a_column_that_gives_the_answer_away_is_named(place: Context) -> None:
    frame = customers()
    frame["refund_code"] = frame["left"].map({"yes": "R1", "no": "-"})
    frame.to_csv(place.project / "leaky.csv", index=False)
    found = train("leaky.csv", "left", context=place)
    (leak,) = [f for f in found.findings if f.id == "leak"]
    assert leak.columns == ("refund_code",) and leak.severity == "critical"
    again = train("leaky.csv", "left", exclude=["refund_code"], context=place)
    assert not [f for f in again.findings if f.id == "leak"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"dataset": "customers.csv", "target": "churned"}, "no column 'churned'"),
        ({"dataset": "customers.csv", "target": "left", "folds": 1}, "2 to 50"),
        ({"dataset": "gone.csv", "target": "left"}, "gone.csv"),
        ({"dataset": "customers.csv", "target": "left", "algorithm": "linear_regression"}, "quantities"),
        ({"dataset": "prices.csv", "target": "price", "algorithm": "logistic_regression"}, "classes"),
        ({"dataset": "customers.csv", "target": "left", "model": "../evil"}, "cannot name a model"),
        ({"dataset": "constant.csv", "target": "left"}, "always"),
        ({"dataset": "few.csv", "target": "left"}, "at least 10"),
    ],
)
def test_what_cannot_be_trained_is_said_in_one_sentence(place: Context, arguments: dict, told: str) -> None:
    customers().assign(left="no").to_csv(place.project / "constant.csv", index=False)
    customers(6).to_csv(place.project / "few.csv", index=False)
    with pytest.raises(ToolError, match=told):
        train(**arguments, context=place)


def test_a_regression_is_recognised_and_trained(place: Context) -> None:
    found = train("prices.csv", "price", algorithm="ridge", context=place)
    assert found.data["task"] == "regression"
    carry_out(place.project, found.actions[0])
    assert registry.get(place.project, "price_model").metrics["r2"]["value"] > 0.9


def test_a_file_that_changed_after_the_preview_is_not_trained_on(place: Context) -> None:
    (action,) = train("prices.csv", "price", context=place).actions
    prices(seed=4).to_csv(place.project / "prices.csv", index=False)
    with pytest.raises(ToolError, match="changed after the preview"):
        carry_out(place.project, action)
    assert registry.versions(place.project, "price_model") == []


def test_a_dry_run_only_tells(place: Context) -> None:
    assert train("prices.csv", "price", dry_run=True, context=place).actions == ()


def test_a_model_is_named_after_its_target() -> None:
    assert default_name("final grade") == "final_grade_model"
    assert default_name("日本") == "model_model"


def test_a_class_of_one_row_is_left_out_and_told(place: Context) -> None:
    frame = customers()
    frame["grade"] = ["odd", *(["low", "mid", "high"] * 80)[1:]]
    frame.to_csv(place.project / "grades.csv", index=False)
    found = train("grades.csv", "grade", algorithm="decision_tree", context=place)
    assert next(f.message for f in found.findings if f.id == "single").startswith("grade is odd in one row only")
    carry_out(place.project, found.actions[0])
    assert registry.get(place.project, "grade_model").classes == ["high", "low", "mid"]


def test_what_errors_cost_is_shown_before_and_the_threshold_after(place: Context) -> None:
    found = train("customers.csv", "left", algorithm="decision_tree", miss_cost=10, context=place)
    rows = dict(found.actions[0].preview.tables[0].rows)
    assert rows["errors cost"] == "false alarm 1, miss 10; the threshold follows"
    done = carry_out(place.project, found.actions[0])
    card = registry.get(place.project, "left_model")
    assert card.threshold is not None and card.threshold < 0.5
    assert f"It says yes from a probability of {card.threshold:.3g} on" in done.message
    assert any("a miss 10" in told for told in card.insights)


def test_small_trees_compete_where_rows_are_in_order_of_time() -> None:
    from opsmith.tools.compute.training import Plan
    from opsmith.tools.compute.training_pipeline import SMALL_TREES, untuned

    forward = Plan("binary", "y", ("a",), (), (), (), "time order", 5)
    assert SMALL_TREES in untuned("gradient_boosting", forward, 9000)
    assert len(untuned("gradient_boosting", Plan("binary", "y", ("a",), (), (), (), "random", 5), 9000)) == 1
    assert untuned("random_forest", forward, 9000) == [{}]
