"""Drift and monitors, as sentences say them."""

from __future__ import annotations

from typing import Any

import pytest

from .said import call, calls, shop


@pytest.mark.parametrize(
    ("said", "tool", "wanted"),
    [
        ("did the scores of churn_model shift on june.csv", "drift", {"kind": "prediction", "current": "june.csv"}),
        ("has june.csv drifted from customers.csv?", "drift", {"reference": "customers.csv", "current": "june.csv"}),
        ("hourly instead of every 6 hours for the churn_model watch", "monitor", {"schedule": "hourly"}),
        (
            "page us the moment churn_model's recall is worse than 80%",
            "monitor",
            {"threshold": 0.8, "channel": "pagerduty"},
        ),
        (
            "let churn_model retrain by itself once psi tops 0.25",
            "monitor",
            {"threshold": 0.25, "auto_retrain": True, "metric": "psi"},
        ),
    ],
)
def test_arguments(said: str, tool: str, wanted: dict[str, Any]) -> None:
    made, given = call(said)
    assert made == tool
    assert {k: given.get(k) for k in wanted} == wanted


def test_a_comparison_becomes_a_watch() -> None:
    tool, given = call("compare customers.csv and june.csv for drift", "check that every day")
    assert tool == "monitor"
    assert (given["reference"], given["current"], given["schedule"]) == ("customers.csv", "june.csv", "daily")


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("has shifted.csv drifted from customers 2024.csv?", "customers 2024.csv"),
        ("did shifted.csv move against customers 2024.csv?", "customers 2024.csv"),
        ("has customers 2024.csv drifted from shifted.csv?", "shifted.csv"),
        ("has train.csv drifted from prod.csv?", "train.csv"),  # names that tell their age outweigh the order
    ],
)
def test_a_year_in_one_name_alone_does_not_turn_the_words_round(text: str, reference: str) -> None:
    files = ("customers 2024.csv", "shifted.csv", "train.csv", "prod.csv")
    ((tool, arguments),) = calls(text, catalogue=shop(files=files))
    assert (tool, arguments["reference"]) == ("drift", reference)
