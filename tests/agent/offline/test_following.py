"""What a message changes of the one before: figures, groups, pending actions, answers."""

from __future__ import annotations

from typing import Any

import pytest

from .said import call, shop, words

MEAN = "mean age in customers.csv"


@pytest.mark.parametrize(
    ("said", "columns", "agg"),
    [
        ([MEAN, "by region"], ["age", "region"], "mean"),
        ([MEAN, "by region", "max instead"], ["age", "region"], "max"),
        ([MEAN, "by region", "same for monthly fee"], ["monthly fee", "region"], "mean"),
        ([MEAN, "by region", "and monthly fee?"], ["monthly fee", "region"], "mean"),
        ([MEAN, "by region", "per note instead"], ["age", "note"], "mean"),
    ],
)
def test_questions_go_on(said: list[str], columns: list[str], agg: str) -> None:
    tool, given = call(*said)
    assert (tool, given["columns"], given["agg"]) == ("query", columns, agg)


def pending(tool: str, **arguments: Any) -> dict[str, Any]:
    return shop(pending=[{"id": "a1", "kind": tool, "summary": tool, "tool": tool, "arguments": arguments}])


@pytest.mark.parametrize(
    ("tool", "known", "said", "wanted"),
    [
        (
            "deploy",
            {"model": "churn_model", "artifacts": ["k8s"]},
            "give it 1 GiB",
            {"memory": "1GiB", "artifacts": ["k8s"]},
        ),
        ("deploy", {"model": "churn_model", "artifacts": ["k8s"]}, "use port 9000", {"port": 9000}),
        ("deploy", {"model": "churn_model", "artifacts": ["k8s"]}, "only the HPA", {"artifacts": ["hpa"]}),
        ("deploy", {"model": "churn_model", "artifacts": ["k8s"], "replicas": 2}, "better four", {"replicas": 4}),
        (
            "predict",
            {"model": "churn_model", "dataset": "june.csv"},
            "cutoff 0.9",
            {"threshold": 0.9, "dataset": "june.csv"},
        ),
        ("train", {"dataset": "customers.csv", "target": "age"}, "sorry, I meant churned", {"target": "churned"}),
        (
            "train",
            {"dataset": "customers.csv", "target": "churned", "exclude": ["note"]},
            "region too",
            {"exclude": ["note", "region"], "target": "churned"},
        ),
        ("monitor", {"model": "churn_model", "schedule": "daily"}, "hourly instead", {"schedule": "hourly"}),
    ],
)
def test_what_waits_is_changed(tool: str, known: dict[str, Any], said: str, wanted: dict[str, Any]) -> None:
    made, given = call(said, catalogue=pending(tool, **known))
    assert made == tool
    assert {k: given.get(k) for k in wanted} == wanted


@pytest.mark.parametrize("said", ["yes", "yes please", "approved", "ja"])
def test_a_stray_yes_is_told_that_nothing_waits(said: str) -> None:
    assert "Nothing waits" in words(said)


def test_an_answer_fills_what_was_asked() -> None:
    tool, given = call("train a model on customers.csv", "churned", "random forest please")
    assert (tool, given["target"], given["algorithm"]) == ("train", "churned", "random_forest")
