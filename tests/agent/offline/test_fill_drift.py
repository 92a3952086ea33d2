"""Drift and monitors, as sentences say them."""

from __future__ import annotations

from typing import Any

import pytest

from .said import call


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
