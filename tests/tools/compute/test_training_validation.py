"""A model measured on a file of its own: what is refused before training, and figures with their interval after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.train import train

from ..modelling import carry_out, customers, prices


@pytest.fixture
def place(project: Path) -> Context:
    customers().to_csv(project / "customers.csv", index=False)
    customers(120, seed=9).to_csv(project / "later.csv", index=False)
    return Context(project)


def test_the_figures_are_those_of_the_named_file(place: Context) -> None:
    from opsmith.tools.compute.training_score import score
    from opsmith.tools.data.table import open_table

    found = train("customers.csv", "left", algorithm="decision_tree", validation="later.csv", context=place)
    assert "measured on later.csv (120 rows)" in found.headline
    done = carry_out(place.project, found.actions[0])
    card = registry.get(place.project, "left_model")
    entry = card.metrics["auc"]
    assert entry["on"] == "later.csv, 120 rows" and "on later.csv, 120 rows" in done.message
    assert entry["interval"][0] < entry["value"] < entry["interval"][1]
    rows = open_table(place, "later.csv").pandas()
    own = score(registry.load(card), rows[["fee", "plan", "region"]], rows["left"], "binary")
    assert entry["value"] == pytest.approx(own["auc"], abs=1e-6)
    folded = card.validation["cross_validated"]["auc"]
    assert folded["on"].startswith("5 folds") and any(folded["on"] in said for said in card.insights)


def test_a_quantity_is_measured_too(project: Path) -> None:
    prices().to_csv(project / "p.csv", index=False)
    prices(90, seed=5).to_csv(project / "q.csv", index=False)
    (action,) = train("p.csv", "price", algorithm="ridge", validation="q.csv", context=Context(project)).actions
    carry_out(project, action)
    entry = registry.get(project, "price_model").metrics["rmse"]
    assert entry["on"] == "q.csv, 90 rows" and entry["interval"][0] < entry["value"] < entry["interval"][1]


def test_what_cannot_be_measured_on_is_said_before_training(place: Context) -> None:
    customers(10, seed=3).to_csv(place.project / "few.csv", index=False)
    customers(50, seed=3).drop(columns="fee").to_csv(place.project / "narrow.csv", index=False)
    customers(50, seed=3).assign(left="perhaps").to_csv(place.project / "other.csv", index=False)
    customers().to_csv(place.project / "copy.csv", index=False)
    for name, told in (("few.csv", "at least 20"), ("narrow.csv", "lacks fee"), ("other.csv", "perhaps"),
                       ("copy.csv", "very rows"), ("gone.csv", "gone.csv")):  # fmt: skip
        with pytest.raises(ToolError, match=told):
            train("customers.csv", "left", validation=name, context=place)


def test_rows_that_were_trained_on_are_told(place: Context) -> None:
    customers().head(60).to_csv(place.project / "part.csv", index=False)
    found = train("customers.csv", "left", validation="part.csv", context=place)
    (seen,) = [f for f in found.findings if f.id == "seen-rows"]
    assert seen.evidence["share"] == 1.0


def test_a_file_that_changed_after_the_preview_is_not_measured_on(place: Context) -> None:
    (action,) = train("customers.csv", "left", algorithm="decision_tree", validation="later.csv", context=place).actions
    customers(120, seed=10).to_csv(place.project / "later.csv", index=False)
    with pytest.raises(ToolError, match="changed after the preview"):
        carry_out(place.project, action)
    assert registry.versions(place.project, "left_model") == []
