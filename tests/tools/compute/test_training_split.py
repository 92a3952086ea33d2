"""How a table is split: time and groups are found, the past is never tested on, and what is asked for wins."""

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute import training, training_fit, training_split
from opsmith.tools.contract import ToolError

from ..modelling import customers, prices


def planted(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Days whose outcome follows a slow random walk that an hourly counter gives away to anybody who tests on the past."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(size=rows))
    when = pd.date_range("2024-01-01", periods=rows // 4, freq="D").repeat(4)
    return pd.DataFrame({"sold_on": when, "meter": np.arange(rows) + 0.5, "y": walk}).sample(frac=1, random_state=1)


def test_time_is_found_and_the_past_is_never_tested_on() -> None:
    frame = planted()
    made = training.plan(frame, "y")
    assert made.split == "time order" and made.time_column == "sold_on" and "sold_on" not in made.inputs
    rows = training.usable(frame, made)
    parts = list(training_split.folds(rows, rows["y"], made, 0))
    assert len(parts) == made.folds
    for train, test in parts:
        assert rows["sold_on"].iloc[train].max() < rows["sold_on"].iloc[test].min()  # also within one moment
    train, test = training_split.holdout(rows, rows["y"], made, 0)
    assert rows["sold_on"].iloc[train].max() < rows["sold_on"].iloc[test].min()


def test_the_planted_time_leak_flatters_random_folds_only() -> None:
    frame = planted()
    forward = training_fit.fit(frame, training.plan(frame, "y"), algorithm="decision_tree")
    chance = training_fit.fit(frame, training.plan(frame, "y", split="random"), algorithm="decision_tree")
    assert chance.metrics["r2"]["value"] > 0.9
    assert forward.metrics["r2"]["value"] < 0.3


def test_rows_in_an_order_of_their_own_are_taken_for_time() -> None:
    rng = np.random.default_rng(3)
    level = np.cumsum(rng.normal(size=600))
    frame = pd.DataFrame({"x": rng.normal(size=600), "y": level})
    made = training.plan(frame, "y")
    assert made.split == "time order" and made.time_column is None and "row order" in made.why
    shuffled = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    assert training.plan(shuffled, "y").split == "random"


def test_rows_sorted_by_the_outcome_are_not_taken_for_time() -> None:
    assert training.plan(customers(400).sort_values("left"), "left").split == "stratified random"
    assert training.plan(prices(400).sort_values("price"), "price").split == "random"


def test_repeated_customers_stay_together() -> None:
    frame = customers(300).assign(customer_id=np.arange(300) // 3)
    made = training.plan(frame, "left")
    assert made.split == "group" and made.group_column == "customer_id" and "customer_id" not in made.inputs
    rows = training.usable(frame, made)
    for train, test in training_split.folds(rows, rows["left"], made, 0):
        assert not set(rows["customer_id"].iloc[train]) & set(rows["customer_id"].iloc[test])


def test_what_is_asked_for_wins_and_nonsense_is_refused() -> None:
    frame = customers(200)
    assert training.plan(frame, "left", split="time").split == "time order"
    assert training.plan(planted(), "y", split="random").split == "random"
    with pytest.raises(ToolError, match="no way to split"):
        training.plan(frame, "left", split="sideways")
    with pytest.raises(ToolError, match="No column names a group"):
        training.plan(frame.drop(columns="customer_id"), "left", split="group")
    with pytest.raises(ToolError, match="cannot be put in order"):
        training.plan(frame.assign(day=None), "left", time_column="day")


@pytest.mark.parametrize("name", ["date_of_birth", "expires_date", "valid_until_date"])
def test_a_date_that_is_no_event_orders_nothing(name: str) -> None:
    days = pd.Series(pd.date_range("1950-01-01", periods=300, freq="D")).sample(frac=1, random_state=0)
    assert training.plan(customers(300).assign(**{name: days.to_numpy()}), "left").time_column is None
