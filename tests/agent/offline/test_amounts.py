"""Trials, time, costs, values, load and limits in sentences."""

from __future__ import annotations

import pytest

from opsmith.agent.offline import amounts, grammar
from opsmith.agent.offline.signs import overlap, signs


def test_time() -> None:
    assert amounts.minutes("tune for 5 minutes") == 5
    assert amounts.minutes("at most 2 hours") == 120
    assert amounts.minutes("take half an hour") == 30
    assert amounts.seconds("in 20 seconds") == 20
    assert amounts.minutes("in 20 columns") is None


@pytest.mark.parametrize(
    ("said", "limit"),
    [
        ("cut at .4", 0.4),
        ("80% or more", "80%"),
        ("more than 30 percent risk", "30%"),
        ("psi tops 0.25", 0.25),
        ("0.3 is enough", 0.3),
        ("set the limit of that one to 0.8", 0.8),
        ("worse than 80%", "80%"),
    ],
)
def test_limits(said: str, limit: object) -> None:
    assert amounts.cut(said) == limit


def test_values_and_load() -> None:
    assert amounts.values("say for tenure=3, Contract=Month-to-month?") == "tenure=3, Contract=Month-to-month"
    assert amounts.values("threshold=0.4") is None
    assert amounts.load("50 requests per second under 100 ms for 20 seconds") == {
        "rate": 50,
        "latency": 100,
        "seconds": 20,
    }


def test_what_is_no_longer_wished() -> None:
    assert grammar.schedule(grammar.wished("hourly instead of every 6 hours")) == "hourly"
    assert grammar.schedule(grammar.wished("every 6 hours, not 12")) == "6h"


def test_signs_are_always_as_many() -> None:
    assert len(signs("")) == len(signs("train xgboost for COL with 5 folds?"))
    assert overlap("when is a trip late?", ["we call a trip late after 6 minutes"]) == 1
    assert overlap("hello", ["we call a trip late"]) == 0
