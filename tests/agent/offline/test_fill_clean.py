"""Changes of a recipe that waits, in the words of a person; questions about rows; names from a file of one's own."""

from __future__ import annotations

from typing import Any

import pytest

from opsmith.agent.offline.dialogue import Dialogue
from opsmith.agent.offline.fill_clean import (
    about_rows,
    changed,
    clean,
    day_first,
    edits_recipe,
    entity_kinds,
    explained,
    own_names,
    wishes,
)
from opsmith.agent.offline.scene import scene_of
from opsmith.agent.offline.slots import Scene

COLUMNS = ("id", "name", "class", "age", "fare", "joined", "note")
FILES = [
    {"path": "people.csv", "columns": [{"name": n, "kind": "text"} for n in COLUMNS]},
    {"path": "products.csv", "columns": [{"name": "product_name", "kind": "text"}]},
]


def scene(text: str, **more: Any) -> Scene:
    return scene_of(text, {"files": FILES, **more}, Dialogue())


@pytest.mark.parametrize(
    ("text", "wanted", "skipped"),
    [
        ("skip the outliers", [], ["outliers"]),
        ("keep duplicates", [], ["dedupe"]),
        ("please keep the duplicates and the outliers", [], ["dedupe", "outliers"]),
        ("don't fill the gaps", [], ["impute"]),
        ("do not lowercase anything, but trim the names", ["trim"], ["lowercase"]),
        ("behalte doppelte", [], ["dedupe"]),
        ("keep only one of each", ["dedupe"], []),
        ("remove duplicates", ["dedupe"], []),
        ("drop rows without COL", ["drop_missing"], []),
        ("keep it simple", [], []),
    ],
)
def test_what_is_wished_and_what_is_not(text: str, wanted: list[str], skipped: list[str]) -> None:
    assert wishes(text) == (wanted, skipped)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("use German dates", True), ("the dates are day first", True), ("dates are in the British format", True),
        ("american dates please", False), ("dates are in the US style", False), ("use the dates", None),
    ],
)  # fmt: skip
def test_how_dates_are_said_to_be_written(text: str, first: bool | None) -> None:
    assert day_first(text.lower()) is first


WHOLE = {"dataset": "people.csv"}


@pytest.mark.parametrize(
    ("known", "text", "expected"),
    [
        (WHOLE, "keep duplicates", {"skip": ["dedupe"]}),
        (WHOLE, "impute age by median per class", {"recipe": "proposed", "operations": ["impute"], "columns": ["age"],
                                                   "method": "median", "by": ["class"]}),
        (WHOLE, "only trim the name", {"operations": ["trim"], "columns": ["name"]}),
        (WHOLE, "leave the note column alone", {"exclude": ["note"]}),
        (WHOLE, "don't touch the fare", {"exclude": ["fare"]}),
        (WHOLE, "no abbreviations please", {"skip": ["abbreviations"]}),
        (WHOLE, "fill missing age with the mean instead", {"recipe": "proposed", "operations": ["impute"], "columns": ["age"],
                                                           "method": "mean"}),
        (WHOLE, "the dates are american", {"day_first": False}),
        (WHOLE, "use German dates", {"day_first": True}),
        (WHOLE, "save it as tidy.csv", {"output": "tidy.csv"}),
        ({**WHOLE, "skip": ["dedupe"]}, "actually, do remove the duplicates", {"skip": []}),
        ({**WHOLE, "operations": ["dedupe"]}, "also lowercase the name",
         {"edits": [{"operation": "dedupe"}], "operations": ["lowercase"], "columns": ["name"]}),
        ({**WHOLE, "operations": ["dedupe"]}, "no, lowercase the name", {"operations": ["lowercase"], "columns": ["name"]}),
        ({**WHOLE, "operations": ["dedupe"], "output": "a.csv"}, "clean people.csv", {}),
    ],
)  # fmt: skip
def test_a_waiting_recipe_is_changed(known: dict[str, Any], text: str, expected: dict[str, Any]) -> None:
    assert changed(known, scene(text)) == {"dataset": "people.csv", **expected}


def test_only_words_about_the_recipe_change_it() -> None:
    assert edits_recipe(scene("keep the duplicates")) and edits_recipe(scene("impute age by median"))
    assert not edits_recipe(scene("train a model for class"))
    assert not edits_recipe(scene("trim the names of products.csv"))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("what happens to row 12?", "row 12"),
        ("why was row 3 removed?", "row 3"),
        ("explain rows 3, 5 and 8", "rows 3, 5 and 8"),
        ("which rows are removed?", "removed rows"),
        ("list the changed cells", "changed rows"),
        ("how many rows are there?", None),
    ],
)
def test_which_rows_a_question_is_about(text: str, rows: str | None) -> None:
    assert about_rows(scene(text)) == rows


def test_rows_are_explained_by_the_cleaning_that_waits() -> None:
    waiting = [{"tool": "clean", "arguments": {"dataset": "people.csv", "operations": ["dedupe"], "output": "a.csv"}}]
    asked = explained(scene("what happens to row 2?", pending=waiting))
    assert asked is not None
    assert asked.arguments == {"dataset": "people.csv", "operations": ["dedupe"], "explain": "row 2"}
    assert explained(scene("what happens to row 2?")) is None


@pytest.mark.parametrize(
    "text",
    [
        "find product names from products.csv in note of people.csv",
        "find the products listed in products.csv in note of people.csv",
        "extract product names in note of people.csv using products.csv",
    ],
)
def test_names_of_one_file_are_found_in_another(text: str) -> None:
    call = own_names(scene(text))
    assert call is not None
    assert (call.arguments["dataset"], call.arguments["reference"]) == ("people.csv", "products.csv")
    assert call.arguments["kinds"] == ["product"] and call.arguments.get("columns", ["note"]) == ["note"]


def test_a_word_that_resembles_a_file_gives_way_to_the_file_named_in_full() -> None:
    files = [FILES[0], {"path": "mails.csv", "columns": [{"name": "body", "kind": "text"}]}]
    made = clean(scene_of("find people and places in the body of mails.csv", {"files": files}, Dialogue()))
    assert made.arguments["dataset"] == "mails.csv"
    assert made.arguments["kinds"] == entity_kinds("people and places") == ["person", "place"]
