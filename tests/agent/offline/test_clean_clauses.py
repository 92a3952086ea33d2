"""Each clause of a cleaning keeps its own columns and details; names and values that a person makes up arrive as typed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.agent.offline.said import calls, shop


def _step(operation: str, *columns: str, **more: Any) -> dict[str, Any]:
    return {"operation": operation, "columns": list(columns), **more}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rename age to years_old", {"operations": ["rename"], "mapping": {"age": "years_old"}}),
        ("rename age to agee", {"operations": ["rename"], "mapping": {"age": "agee"}}),
        ("rename age to years and monthly fee to fee", {"mapping": {"age": "years", "monthly fee": "fee"}}),
        ("replace north with 'North Side' in region", {"columns": ["region"], "mapping": {"north": "North Side"}}),
        ("map N to north, S to south in region", {"mapping": {"N": "north", "S": "south"}}),
        ("fill missing region with unknown", {"method": "constant", "value": "unknown"}),
        ("fill gaps in age with 40", {"columns": ["age"], "method": "constant", "value": "40"}),
        ("fill missing age with the median per region", {"method": "median", "by": ["region"]}),
        ("convert age to text", {"operations": ["cast"], "method": "text"}),
        ("remove duplicates and fill missing values", {"operations": ["dedupe", "impute"]}),
        ("trim and lowercase the note", {"operations": ["trim", "lowercase"], "columns": ["note"]}),
        (
            "lowercase the note and remove its punctuation",
            {"operations": ["lowercase", "punctuation"], "columns": ["note"]},
        ),
        ("make the note lowercase and strip emoji", {"operations": ["lowercase", "strip_emoji"], "columns": ["note"]}),
        (
            "drop the column note and fill age with the median",
            {"edits": [_step("drop_columns", "note")], "operations": ["impute"], "columns": ["age"]},
        ),
        (
            "drop rows without age and impute monthly fee with the mean per region",
            {"edits": [_step("drop_missing", "age")], "columns": ["monthly fee"], "method": "mean", "by": ["region"]},
        ),
        (
            "remove duplicates, trim whitespace and fill missing age with the mean",
            {"edits": [_step("dedupe"), _step("trim")], "operations": ["impute"], "columns": ["age"]},
        ),
        (
            "one unit for monthly fee, unify region, parse dates in signup_date, drop duplicates, impute age by median",
            {
                "edits": [
                    _step("cast", "monthly fee"),
                    _step("map_values", "region"),
                    _step("cast", "signup_date"),
                    _step("dedupe"),
                ],
                "columns": ["age"],
                "method": "median",
            },
        ),
    ],
)
def test_a_clause_is_one_change_with_its_own_details(text: str, expected: dict[str, Any]) -> None:
    ((tool, arguments),) = calls(f"in customers.csv {text}")
    assert tool == "clean"
    assert {k: arguments.get(k) for k in expected} == expected


def test_two_types_in_one_sentence_name_none_for_both() -> None:
    ((_, arguments),) = calls("convert signup_date to dates and age to integer in customers.csv")
    assert "method" not in arguments and arguments["columns"] == ["signup_date", "age"]


@pytest.mark.parametrize("words", ["keep the note as it is", "leave note alone", "let the note untouched"])
def test_a_column_left_alone_is_no_column_to_work_on(words: str) -> None:
    ((_, arguments),) = calls(f"clean customers.csv, {words} and do not impute")
    assert arguments == {"dataset": "customers.csv", "exclude": ["note"], "skip": ["impute"]}


@pytest.mark.parametrize("name", ["leavers", "custmers", "chrun"])
def test_the_name_of_a_new_model_stays_as_typed(name: str) -> None:
    ((tool, arguments),) = calls(f"train a model for churned on customers.csv, call it {name}")
    assert (tool, arguments["model"]) == ("train", name)


@pytest.mark.parametrize(
    "text", ["clean customers.csv, the target is churned", "clean customers.csv. churned is our label"]
)
def test_a_column_called_the_target_is_no_column_to_work_on(text: str) -> None:
    assert calls(text) == [("clean", {"dataset": "customers.csv", "target": "churned"})]


def test_a_column_that_is_part_of_the_file_name_is_known() -> None:
    there = shop(files=("note.csv", "june.csv"))
    ((tool, arguments),) = calls("trim note in note.csv into neat.csv", catalogue=there)
    assert (tool, arguments["operations"]) == ("clean", ["trim"])
