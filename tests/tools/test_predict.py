"""The predict tool: a file or typed values against the signature, and predictions written only after the yes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.predict import predict
from opsmith.tools.train import train

from .modelling import carry_out, customers, prices


@pytest.fixture
def place(project: Path) -> Context:
    customers().to_csv(project / "customers.csv", index=False)
    customers(60, seed=5).drop(columns="left").to_csv(project / "new.csv", index=False)
    context = Context(project)
    (action,) = train("customers.csv", "left", algorithm="decision_tree", context=context).actions
    carry_out(project, action)
    return context


def test_predictions_are_written_after_the_yes(place: Context) -> None:
    found = predict("left_model", "new.csv", output="scored.csv", context=place)
    assert "60 predictions" in found.headline
    assert not (place.project / "scored.csv").exists()
    carry_out(place.project, found.actions[0], "b2")
    scored = pd.read_csv(place.project / "scored.csv")
    assert len(scored) == 60 and set(scored["prediction"]) == {"yes", "no"}
    assert scored["score"].between(0, 1).all()
    assert (scored["model_version"] == "left_model v1").all()


def test_a_threshold_moves_the_line(place: Context) -> None:
    strict = predict("left_model", "new.csv", threshold="90%", n=60, dry_run=True, context=place)
    lax = predict("left_model", "new.csv", threshold=0.1, n=60, dry_run=True, context=place)
    assert strict.actions == () == lax.actions

    def said(result) -> int:
        at = result.tables[0].columns.index("prediction")
        return sum(row[at] == "yes" for row in result.tables[0].rows)

    assert said(strict) < said(lax)


@pytest.mark.parametrize("threshold", ["often", "150%", -0.1])
def test_a_threshold_that_is_no_probability(place: Context, threshold: object) -> None:
    with pytest.raises(ToolError, match=r"probability|between 0 and 1"):
        predict("left_model", "new.csv", threshold=threshold, context=place)


def test_a_lacking_column_is_named_and_order_and_extras_do_not_matter(place: Context) -> None:
    rows = customers(30, seed=6).drop(columns="left")
    rows.drop(columns="fee").to_csv(place.project / "short.csv", index=False)
    with pytest.raises(ToolError, match="lacks fee"):
        predict("left_model", "short.csv", context=place)
    rows.to_csv(place.project / "plain.csv", index=False)
    rows[["region", "plan", "customer_id", "fee"]].assign(more=1).to_csv(place.project / "mixed.csv", index=False)

    def scores(name: str) -> list:
        table = predict("left_model", name, n=30, dry_run=True, context=place).tables[0]
        at = table.columns.index("score")
        return [row[at] for row in table.rows]

    assert scores("plain.csv") == scores("mixed.csv")


def test_values_never_seen_are_told_and_text_for_numbers_is_refused(place: Context) -> None:
    customers(30, seed=7).assign(plan="decade").to_csv(place.project / "decade.csv", index=False)
    found = predict("left_model", "decade.csv", context=place)
    assert any(f.columns == ("plan",) and "decade" in f.message for f in found.findings)
    customers(30, seed=7).assign(fee="high").to_csv(place.project / "words.csv", index=False)
    with pytest.raises(ToolError, match="fee holds text"):
        predict("left_model", "words.csv", context=place)


def test_unknown_models_and_empty_files_are_said_plainly(place: Context) -> None:
    with pytest.raises(ToolError, match="Nearest: left_model"):
        predict("left_modl", "new.csv", context=place)
    customers(0).to_csv(place.project / "none.csv", index=False)
    with pytest.raises(ToolError, match="no rows|has no"):
        predict("left_model", "none.csv", context=place)


def test_a_quantity_has_no_threshold(place: Context) -> None:
    prices().to_csv(place.project / "prices.csv", index=False)
    (action,) = train("prices.csv", "price", algorithm="ridge", context=place).actions
    carry_out(place.project, action, "p1")
    assert "mean" in predict("price_model", "prices.csv", dry_run=True, context=place).headline
    with pytest.raises(ToolError, match="does not apply"):
        predict("price_model", "prices.csv", threshold=0.5, context=place)


def test_what_is_not_typed_is_taken_as_usual_and_said(place: Context) -> None:
    said = predict("left_model", values="fee=95", context=place)
    told = {f.id: f.message for f in said.findings}
    assert "Not given, so taken as usual in" in told["usual"] and "plan " in told["usual"] and "absent" not in told
    assert "missing" not in said.headline and said.data["reasons"].startswith("fee=95")


def test_a_quantity_comes_with_how_far_held_out_predictions_were_off(project: Path) -> None:
    from .modelling import prices

    prices().to_csv(project / "prices.csv", index=False)
    carry_out(project, train("prices.csv", "price", algorithm="ridge", context=Context(project)).actions[0])
    told = predict("price_model", values="size=60, floor=2", context=Context(project))
    assert "nine of ten held-out predictions were within" in told.headline
    assert 5 < told.data["within"] < 20  # the noise of the prices is 6
