"""How a model is split, named, timed and costed, as sentences say it."""

from __future__ import annotations

import pytest

from .said import call


@pytest.mark.parametrize(
    ("tail", "wanted"),
    [
        ("ordered by signup_date", {"split": "time", "time_column": "signup_date"}),
        ("validate forward in time on signup_date", {"split": "time", "time_column": "signup_date"}),
        ("split by time", {"split": "time"}),
        ("keep all rows of one region together", {"split": "group", "group_column": "region"}),
        ("with a stratified split", {"split": "stratified"}),
        ("tune for 5 minutes", {"minutes": 5}),
        ("try 40 trials", {"n": 40}),
        ("a false alarm costs 5, a miss 50", {"false_alarm_cost": 5, "miss_cost": 50}),
        ("a miss costs 10 times a false alarm", {"miss_cost": 10}),
        ("leave out note", {"exclude": ["note"]}),
        ("w/o note", {"exclude": ["note"]}),
        ("judge by recall", {"metric": "recall"}),
    ],
)
def test_how_to_train(tail: str, wanted: dict[str, object]) -> None:
    tool, given = call(f"train a model for churned on customers.csv, {tail}")
    assert tool == "train" and given["target"] == "churned"
    assert {k: given.get(k) for k in wanted} == wanted


@pytest.mark.parametrize(
    "said", ["train churned on customers.csv as churn_v2", "train churned on customers.csv, call it churn_v2"]
)
def test_a_new_name_is_no_unknown_column(said: str) -> None:
    tool, given = call(said)
    assert (tool, given["model"]) == ("train", "churn_v2")
