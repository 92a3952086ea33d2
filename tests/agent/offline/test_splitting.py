"""What a message is cut into, and what stays one wish."""

from __future__ import annotations

import pytest

from opsmith.agent.offline.dialogue import Dialogue
from opsmith.agent.offline.splitting import pieces_of

from .said import calls, shop


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("profile customers.csv, then train churned", ["profile customers.csv", "train churned"]),
        ("dedupe customers.csv; deploy churn_model to aws", ["dedupe customers.csv", "deploy churn_model to aws"]),
        ("check orders.csv and remove its duplicates", ["check orders.csv", "remove its duplicates"]),
        ("how many age values are missing in customers.csv? fill them with the mean",
         ["how many age values are missing in customers.csv", "fill them with the mean"]),
    ],
)  # fmt: skip
def test_steps_are_cut(said: str, parts: list[str]) -> None:
    assert pieces_of(said, shop(), Dialogue()) == parts


@pytest.mark.parametrize(
    "said",
    [
        "lowercase and trim region in customers.csv",
        "mean age and monthly fee by region in customers.csv",
        "whenever psi between customers.csv and june.csv exceeds 0.2, retrain churn_model automatically",
        "remember that june is odd, then again it may be fine",
        "train churned on customers.csv, keep all rows of one region together",
        "drop the column note from customers.csv and save as anonymous.csv",
        "score june.csv with churn_model, write the result to scores.parquet",
        "the model got worse, roll churn_model back",
        'map "N, S" and "then" in region to north',
    ],
)
def test_one_wish_stays_whole(said: str) -> None:
    assert pieces_of(said, shop(), Dialogue()) == [said]


@pytest.mark.parametrize(
    ("said", "tools"),
    [
        ("erst ein überblick über orders.csv, dann ein modell für churned mit customers.csv", ["profile", "train"]),
        ("limpia los duplicados de orders.csv y luego entrena un modelo para churned", ["clean", "train"]),
        ("nettoie orders.csv puis entraîne un modèle pour churned", ["clean", "train"]),
        ("分析 orders.csv，然后训练一个预测 churned 的模型", ["profile", "train"]),
    ],
)
def test_steps_in_other_languages(said: str, tools: list[str]) -> None:
    assert [t for t, _ in calls(said, catalogue=shop(models=[], files=("customers.csv", "orders.csv")))] == tools
