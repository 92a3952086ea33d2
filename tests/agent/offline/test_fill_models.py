"""Predict, retrain, deploy and build, as sentences say them."""

from __future__ import annotations

from typing import Any

import pytest

from .said import call


@pytest.mark.parametrize(
    ("said", "tool", "wanted"),
    [
        ("what would churn_model say for age=30, region=north?", "predict", {"values": "age=30, region=north"}),
        ("predict june.csv with churn_model and explain each prediction", "predict", {"explain": True}),
        (
            "write everybody that churn_model gives 80% or more in june.csv to risky.csv",
            "predict",
            {"threshold": "80%", "output": "risky.csv"},
        ),
        ("github actions workflow to deploy churn_model", "deploy", {"artifacts": ["workflow"]}),
        ("k8s manifests with keda for churn_model", "deploy", {"artifacts": ["k8s", "keda"]}),
        ("kserve inference service for churn_model", "deploy", {"artifacts": ["kserve"]}),
        ("deploy churn_model to cloud run", "deploy", {"cloud": "gcp", "platform": "cloud_run"}),
        ("compose for churn_model with 256 megs", "deploy", {"memory": "256MB", "artifacts": ["compose"]}),
        ("build churn_model for 50 requests per second under 100 ms", "build", {"rate": 50, "latency": 100}),
        ("churn_model v3 misbehaves, go back to 2", "retrain", {"action": "rollback", "version": 2}),
        ("churn_model: v2 please, v3 is junk", "retrain", {"action": "rollback", "version": 2}),
        (
            "would churn_model get better if it saw june.csv? compare only",
            "retrain",
            {"action": "compare", "dataset": "june.csv"},
        ),
        ("retrain churn_model on june.csv with 30 trials", "retrain", {"n": 30}),
    ],
)
def test_arguments(said: str, tool: str, wanted: dict[str, Any]) -> None:
    made, given = call(said)
    assert made == tool
    assert {k: given.get(k) for k in wanted} == wanted


@pytest.mark.parametrize("said", ["what changed between v2 and v3?", "who approved v2?", "Womit wurde v2 trainiert?"])
def test_questions_about_versions_go_to_the_registry(said: str) -> None:
    assert call(said)[0] == "recall"


def test_the_champion_vs_a_challenger_is_a_comparison() -> None:
    assert call("champion vs challenger for churn_model on june.csv")[0] == "retrain"
