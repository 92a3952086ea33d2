"""Steps of a message, two readings where one is not sure, and what is asked."""

from __future__ import annotations

import pytest

from .said import call, calls, shop


def test_steps_hand_on_what_they_make() -> None:
    made = calls("dedupe customers.csv into c.csv, then train churned on it, finally write a Dockerfile")
    assert [t for t, _ in made] == ["clean", "train", "deploy"]
    assert made[1][1]["dataset"] == "c.csv"
    assert made[2][1]["model"] == "churned_model"


def test_it_is_the_column_of_the_step_before() -> None:
    (_, _), (tool, given) = calls("count the blanks in churned of customers.csv, and then fit a model for it")
    assert (tool, given["target"]) == ("train", "churned")


def test_how_rows_are_kept_together_is_no_step() -> None:
    assert [t for t, _ in calls("train churned on customers.csv, keep all rows of one region together")] == ["train"]


def test_an_unclear_message_offers_two_readings() -> None:
    tool, given = call("blorb the frumious")
    assert tool == "ask" and not given.get("tool")
    assert (
        len(given["choices"]) == 3
        and given["choices"][0] in given["question"]
        and given["choices"][1] in given["question"]
    )
    assert call(given["choices"][0])[0] != "decline"


@pytest.mark.parametrize("said", ["overview of sales.csv", "dedupe sales.csv", "mean age in sales.csv"])
def test_the_same_name_in_two_folders_is_asked_about(said: str) -> None:
    there = shop(files=("sales.csv", "old/sales.csv"))
    tool, given = call(said, catalogue=there)
    assert tool == "ask" and sorted(given["choices"]) == ["old/sales.csv", "sales.csv"]
    assert call("overview of old/sales.csv", catalogue=there)[1]["dataset"] == "old/sales.csv"


@pytest.mark.parametrize(
    ("said", "dataset"),
    [
        ("profile s3://bucket/raw/x.parquet", "s3://bucket/raw/x.parquet"),
        ("profile sales/2024-*.csv", "sales/2024-*.csv"),
    ],
)
def test_tables_elsewhere_are_taken_as_they_stand(said: str, dataset: str) -> None:
    assert call(said) == ("profile", {"dataset": dataset})


@pytest.mark.parametrize(
    ("said", "tool"),
    [
        ("list the regions of customers.csv", "query"),
        ("compare age between men and women in customers.csv", "query"),
        ("are there duplicate rows in customers.csv?", "query"),
        ("remove duplicate rows from customers.csv", "clean"),
        ("make a powerpoint about churn", "decline"),
        ("stop explaining every step", "settings"),
    ],
)
def test_known_confusions(said: str, tool: str) -> None:
    assert call(said)[0] == tool


def test_a_rename_names_a_new_column() -> None:
    tool, given = call("rename age to age_years in customers.csv")
    assert (tool, given["operations"]) == ("clean", ["rename"])


@pytest.mark.parametrize(
    ("said", "tool"),
    [
        ("train a model for churned on june.csv as loyal_model", "train"),
        ("train a model for churned on june.csv as loyal_model, a miss costs 10 times a false alarm", "train"),
        ("fit a model for churned on june.csv called stay2, a false alarm costs 3", "train"),
        ("train churn_model on june.csv", "retrain"),
        ("train churn_model on june.csv as before", "retrain"),
    ],
)
def test_a_name_of_its_own_makes_a_model_and_costs_of_mistakes_make_no_alarm(said: str, tool: str) -> None:
    made, given = call(said)
    assert made == tool
    assert given.get("model") in {"train": ("loyal_model", "stay2"), "retrain": ("churn_model",)}.get(
        tool, (given.get("model"),)
    )
