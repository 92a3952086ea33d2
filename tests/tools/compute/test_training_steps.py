"""A recipe and a feature set as first steps: fitted inside the fold, without the outcome, and the outcome read alike."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsmith.tools.compute import training, training_fit, training_steps
from opsmith.tools.compute.recipe import read_recipe

RECIPE = """version: 1
dataset: raw.csv
steps:
- {step: trim, columns: [plan, bought], options: {}, reason: spaces}
- {step: cast, columns: [fee, bought], options: {to: number}, reason: numbers as text}
- {step: impute, columns: [fee], options: {method: median}, reason: gaps}
- {step: rename, columns: [note], options: {names: {note: remark}}, reason: name}
- {step: lowercase, columns: [remark], options: {}, reason: case}
- {step: dedupe, columns: [], options: {}, reason: copies}
"""


def raw(rows: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    fee = rng.normal(50, 10, rows).round(2)
    fees = [f"${v:,.2f}" if i % 7 else "" for i, v in enumerate(fee)]
    plan = rng.choice([" month", "month ", "year"], rows)
    bought = [f" {v} " for v in (rng.random(rows) < 1 / (1 + np.exp(-(fee - 50) / 4))).astype(int)]
    return pd.DataFrame({"fee": fees, "plan": plan, "note": "X", "bought": bought})


def test_the_recipe_leaves_out_what_a_row_does_not_bring() -> None:
    steps = {s.step: s.columns for s in read_recipe(training_steps.without(RECIPE, {"bought", "note"})).steps}
    assert steps == {"trim": ("plan",), "cast": ("fee",), "impute": ("fee",), "dedupe": ()}
    assert training_steps.without(RECIPE, set()) == RECIPE


def test_the_outcome_is_read_as_the_recipe_reads_it_and_inputs_stay_raw() -> None:
    frame = raw()
    read = training_steps.with_target(frame, "bought", RECIPE)
    assert sorted(read["bought"].unique()) == [0, 1]
    assert read["fee"].equals(frame["fee"]) and read["plan"].equals(frame["plan"])
    assert training_steps.with_target(frame, "plan", "").equals(frame)


def test_an_outcome_is_never_filled() -> None:
    frame = raw()
    read = training_steps.with_target(frame, "fee", RECIPE)
    assert read["fee"].dtype == float and int(read["fee"].isna().sum()) == int((frame["fee"] == "").sum()) > 0


def test_what_the_first_steps_learn_comes_from_the_training_rows_of_the_fold() -> None:
    frame = training_steps.with_target(raw(), "bought", RECIPE)
    made = training.plan(frame, "bought", recipe=RECIPE)
    rows = training.usable(frame, made)
    x, y = training.inputs_of(rows, made), training.target_of(rows, made)
    trial = training_fit.cross_validate(rows, x, y, made, "decision_tree", 0, lambda: None)
    assert trial.last is not None
    fitted, test = trial.last
    numbers = pd.to_numeric(rows["fee"].str.replace("$", ""), errors="coerce")
    inside = float(numbers.drop(index=test).median())
    learnt = [part for part in fitted.named_steps["clean"].fitted_ if part]
    assert str(round(inside, 4))[:6] in str(learnt), (inside, learnt)
    assert list(x.columns) == ["fee", "plan", "note"]
