"""Features: related tables, formulas, time, and follow-ups of a suggestion."""

from __future__ import annotations

from typing import Any

import pytest

from opsmith.agent.offline.fill_features import formulas, numbered

from .said import call

FIRST = "suggest features for churned in customers.csv in 10 seconds"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (FIRST, {"operations": ["suggest"], "seconds": 10, "related": None}),
        (
            "suggest features for churned in customers.csv using orders.csv over customer_id",
            {"related": ["orders.csv"], "keys": ["customer_id"]},
        ),
        (
            "aggregate orders.csv over customer_id to predict churned in customers.csv",
            {"dataset": "customers.csv", "related": ["orders.csv"], "keys": ["customer_id"]},
        ),
        ("test log(age / 2) as a feature for churned in customers.csv", {"candidates": ["log(age / 2)"]}),
        (
            "is age * age a useful feature for churned in customers.csv?",
            {"candidates": ["age * age"], "dataset": "customers.csv"},
        ),
        (
            "rate note of customers.csv by how often refund, lawyer or cancel turn up",
            {"operations": ["keyword_risk"], "keywords": ["refund", "lawyer", "cancel"]},
        ),
    ],
)
def test_wishes(said: str, wanted: dict[str, Any]) -> None:
    tool, given = call(said)
    assert tool == "features"
    assert {k: given.get(k) for k in wanted} == wanted


@pytest.mark.parametrize(
    ("then", "wanted"),
    [
        (["why is the second one useful?"], {"operations": ["explain"], "n": 2}),
        (["drop the third"], {"operations": ["suggest"], "skip": ["3"]}),
        (["why is that useful?", "drop the third"], {"operations": ["suggest"], "skip": ["3"], "target": "churned"}),
        (["drop the third", "without feature 1"], {"skip": ["3", "1"]}),
        (["only use columns known at signup"], {"known_at": "signup", "target": "churned"}),
        (["only use columns known at signup: age, region"], {"target": "churned"}),
        (["do the same for next month's file june.csv"], {"operations": ["apply"], "dataset": "june.csv"}),
        (
            ["do the same for june.csv", "why is the first one useful?"],
            {"operations": ["explain"], "target": "churned"},
        ),
        (["ok generate them"], {"operations": ["generate"], "target": "churned"}),
    ],
)
def test_follow_ups(then: list[str], wanted: dict[str, Any]) -> None:
    tool, given = call(FIRST, *then)
    assert tool == "features"
    assert {k: given.get(k) for k in wanted} == wanted


def test_numbers_and_formulas_are_read() -> None:
    assert numbered("drop the third and #5") == [3, 5]
    assert formulas("try age * bmi and (a - b) as features for charges") == ["age * bmi", "(a - b)"]
    assert formulas("try it as a feature") == []
