"""Every kind of step on a small table: what it changes, what it leaves, what it refuses."""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from opsmith.tools.compute.recipe import Recipe, Step
from opsmith.tools.compute.recipe_run import Run, Stage, run_recipe, stage_rows
from opsmith.tools.compute.steps import kind_of_step, kinds
from opsmith.tools.contract import ToolError

Runner = Callable[..., Run]


@pytest.fixture
def run(tmp_path: Path) -> Runner:
    def go(table: dict[str, Any], *steps: Step, batch_rows: int = 50_000, watch: tuple[int, ...] = ()) -> Run:
        source = tmp_path / "source.parquet"
        stage_rows(pa.table(table).to_reader(), source, lambda: None, lambda fraction, note: None)
        names = iter(range(99))
        return run_recipe(
            Stage(source),
            Recipe("t", steps),
            lambda: tmp_path / f"{next(names)}.parquet",
            batch_rows=batch_rows,
            watch=watch,
        )

    return go


def column(run: Run, name: str) -> list[Any]:
    return [row[0] for row in run.after.sql(f'SELECT "{name}" FROM data ORDER BY __row__')]


def test_trim_and_lowercase_count_only_what_they_change(run: Runner) -> None:
    made = run({"a": [" X ", "x", None, "Y  Z"]}, Step("trim", ("a",)), Step("lowercase", ("a",)))
    assert column(made, "a") == ["x", "x", None, "y z"]
    assert [ledger.changed for ledger in made.ledgers] == [2, 2]


def test_missing_words_and_numbers(run: Runner) -> None:
    made = run({"a": ["N/A", "x", "?"], "b": [1.0, -999.0, 2.0]},
               Step("missing", ("a",), {"tokens": ["n/a", "?"]}), Step("missing", ("b",), {"values": [-999]}))  # fmt: skip
    assert column(made, "a") == [None, "x", None]
    assert column(made, "b") == [1.0, None, 2.0]


@pytest.mark.parametrize(("how", "left"), [("any", [1]), ("all", [1, 2, None])])
def test_drop_missing(run: Runner, how: str, left: list[Any]) -> None:
    made = run({"a": [1, 2, None, None], "b": ["x", " ", "z", None]}, Step("drop_missing", (), {"how": how}))
    assert column(made, "a") == left


def test_drop_columns_by_share_and_rename(run: Runner) -> None:
    made = run(
        {"a": [1, 2], "b": [None, 1]},
        Step("drop_columns", ("a", "b"), {"above": 0.4}),
        Step("rename", (), {"names": {"a": "z"}}),
    )
    assert made.after.names == ["z"]


@pytest.mark.parametrize(
    ("to", "cells", "after"),
    [
        ("number", ["1,5", "x"], [1.5, None]), ("integer", ["3", "3.5"], [3, None]), ("boolean", ["Yes", "off", "maybe"], [True, False, None]),
        ("text", [1, 2], ["1", "2"]),
    ],
)  # fmt: skip
def test_cast(run: Runner, to: str, cells: list[Any], after: list[Any]) -> None:
    made = run({"a": cells}, Step("cast", ("a",), {"to": to, "decimal": ","}))
    assert column(made, "a") == after
    assert made.ledgers[0].lost.total() == after.count(None)


def test_cast_refuses_what_makes_no_sense(run: Runner) -> None:
    with pytest.raises(ToolError, match="cannot make 'colour'"):
        run({"a": ["x"]}, Step("cast", ("a",), {"to": "colour"}))
    with pytest.raises(ToolError, match="cannot be made a date"):
        run({"a": [1.5]}, Step("cast", ("a",), {"to": "date"}))


def test_map_values_on_text_and_numbers(run: Runner) -> None:
    made = run(
        {"a": ["x", "y"], "b": [1, 2]},
        Step("map_values", ("a",), {"mapping": {"x": None}}),
        Step("map_values", ("b",), {"mapping": {"1": 9}}),
    )
    assert (column(made, "a"), column(made, "b")) == ([None, "y"], [9, 2])


def test_range_and_outliers(run: Runner) -> None:
    made = run({"a": [10, -5, 400, None]}, Step("range", ("a",), {"min": 0, "max": 120}))
    assert column(made, "a") == [10, None, None, None]
    values = [float(v) for v in range(20)] + [1000.0]
    clipped = run({"a": values}, Step("outliers", ("a",), {"action": "clip", "k": 1.5}))
    assert max(column(clipped, "a")) == 30.0
    dropped = run({"a": values}, Step("outliers", ("a",), {"action": "drop", "k": 1.5}))
    assert (dropped.after.rows, dropped.ledgers[0].removed_rows) == (20, [20])
    with pytest.raises(ToolError, match="no outlier rule"):
        run({"a": values}, Step("outliers", ("a",), {"rule": "magic"}))


@pytest.mark.parametrize(
    ("options", "filled"),
    [
        ({"method": "mean"}, [1.0, 4.0, 7.0, 4.0]), ({"method": "median", "by": ["g"]}, [1.0, 1.0, 7.0, 7.0]),
        ({"method": "constant", "value": "5"}, [1.0, 5.0, 7.0, 5.0]), ({"method": "forward"}, [1.0, 1.0, 7.0, 7.0]),
        ({"method": "mode"}, [1.0, 1.0, 7.0, 1.0]),
    ],
)  # fmt: skip
def test_impute(run: Runner, options: dict[str, Any], filled: list[float]) -> None:
    made = run({"a": [1.0, None, 7.0, None], "g": ["x", "x", "y", "y"]}, Step("impute", ("a",), options))
    assert column(made, "a") == filled
    assert made.ledgers[0].changed == 2


@pytest.mark.parametrize("method", ["knn", "iterative"])
def test_learned_imputation_uses_the_other_columns(run: Runner, method: str) -> None:
    x = np.linspace(0, 100, 200)
    y = [None if i % 20 == 10 else 2 * v for i, v in enumerate(x)]
    made = run({"x": x, "y": y}, Step("impute", ("y",), {"method": method}))
    assert np.allclose(column(made, "y"), 2 * x, atol=6)


def test_impute_refusals_and_indicator(run: Runner) -> None:
    with pytest.raises(ToolError, match="no way to impute"):
        run({"a": [1.0]}, Step("impute", ("a",), {"method": "magic"}))
    made = run({"a": [1, None, 2]}, Step("impute", ("a",), {"method": "mean", "indicator": True}))
    assert column(made, "a") == [1, 2, 2]
    assert column(made, "a_was_missing") == [False, True, False]


def test_dedupe_three_ways(run: Runner) -> None:
    table = {"id": [1, 1, 1, 2, 3], "t": ["Red Lamp", "Red Lamp", "red  lamp!", "Red Lamp", "Red Lampp"]}
    assert run(table, Step("dedupe", (), {"method": "exact"})).after.rows == 4
    assert run(table, Step("dedupe", (), {"method": "loose"})).after.rows == 3
    assert run(table, Step("dedupe", ("t",), {"method": "fuzzy", "threshold": 0.9})).after.rows == 1
    assert column(run(table, Step("dedupe", ("id",), {"keep": "last"})), "t") == ["red  lamp!", "Red Lamp", "Red Lampp"]


def test_rows_whose_digits_differ_are_never_alike(run: Runner) -> None:
    made = run(
        {"t": [f"Item number {n} of the list" for n in range(50)]},
        Step("dedupe", (), {"method": "fuzzy", "threshold": 0.8}),
    )
    assert made.after.rows == 50


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [("standard", -1.34, 1.34), ("minmax", 0, 1), ("robust", -1, 1), ("quantile", 0, 1), ("log", 0, 1.39)],
)
def test_scale(run: Runner, method: str, low: float, high: float) -> None:
    values = column(run({"a": [0.0, 1.0, 2.0, 3.0]}, Step("scale", ("a",), {"method": method})), "a")
    assert values == sorted(values)
    assert (min(values), max(values)) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01))


def test_encode_three_ways(run: Runner) -> None:
    table = {"c": ["x", "y", "x", None], "y": [1, 0, 1, 0]}
    assert run(table, Step("encode", ("c",), {"method": "onehot"})).after.names == ["y", "c=x", "c=y"]
    assert column(run(table, Step("encode", ("c",), {"method": "ordinal"})), "c_ordinal") == [0, 1, 0, -1]
    target = column(run(table, Step("encode", ("c",), {"method": "target", "target": "y"})), "c_target")
    assert target[0] > target[3] > target[1]


def test_text_augmentation_is_marked_and_keeps_test_rows_out(run: Runner) -> None:
    table = {"t": ["a good phone", "bad phone"] * 5, "split": ["train", "test"] * 5}
    made = run(table, Step("augment", ("t",), {"method": "text"}))
    added = made.after.sql("SELECT split, count(*) FROM data WHERE augmented GROUP BY 1")
    assert added == [("train", 5)]


def test_smote_adds_rows_once_over_many_batches(run: Runner) -> None:
    chance = np.random.default_rng(0)
    table = {"x": chance.normal(size=60), "y": ["a"] * 50 + ["b"] * 10}
    made = run(table, Step("augment", ("x",), {"method": "smote", "target": "y"}), batch_rows=7)
    assert made.after.sql("SELECT y, count(*), count(*) FILTER (augmented) FROM data GROUP BY 1 ORDER BY 1") == [
        ("a", 50, 0),
        ("b", 50, 40),
    ]


def test_smote_fills_words_and_keeps_to_training_rows(run: Runner) -> None:
    chance = np.random.default_rng(0)
    table = {
        "x": chance.normal(size=60), "colour": ["red", "blue"] * 30, "y": ["a"] * 40 + ["b"] * 20,
        "split": (["train"] * 3 + ["test"]) * 15,
    }  # fmt: skip
    made = run(table, Step("augment", ("x", "colour", "split"), {"method": "smote", "target": "y"}))
    added = made.after.sql("SELECT DISTINCT y, split, colour FROM data WHERE augmented ORDER BY colour")
    assert added == [("b", "train", "blue"), ("b", "train", "red")]
    assert made.after.sql("SELECT count(*) FROM data WHERE augmented")[0][0] == 15


def test_embed_entities_language_and_pii_add_or_change_columns(run: Runner) -> None:
    table = {"t": ["call ann@x.org about the $5 refund, it is not in the bank", None]}
    made = run(table, Step("embed", ("t",), {"dimensions": 4}), Step("entities", ("t",), {"kinds": ["money"]}), Step("language", ("t",)),
               Step("sentences", ("t",)), Step("mask_pii", ("t",)))  # fmt: skip
    assert made.after.names == ["t", "t_e000", "t_e001", "t_e002", "t_e003", "t_money", "t_language", "t_sentences"]
    assert column(made, "t_money") == ["$5", None]
    assert column(made, "t")[0].startswith("call [EMAIL]")


def test_steps_and_kinds_are_known_by_name() -> None:
    wanted = "dedupe impute drop_missing drop_columns rename cast trim lowercase punctuation abbreviations spelling map_values strip_html"
    assert {*wanted.split(), *["strip_emoji", "entities", "embed", "augment", "outliers", "mask_pii"]} <= set(kinds())
    with pytest.raises(ToolError, match="no cleaning step 'magic'"):
        kind_of_step("magic")


def test_batches_of_any_size_give_the_same_result(run: Runner) -> None:
    table = {"a": [f" x{i % 7} " for i in range(100)], "b": [None if i % 5 else float(i) for i in range(100)]}
    steps = (
        Step("trim", ("a",)),
        Step("dedupe", ("a",), {}),
        Step("impute", ("b",), {"method": "mean"}),
        Step("lowercase", ("a",)),
    )
    whole, small = run(table, *steps), None
    told = (column(whole, "a"), column(whole, "b"), [x.changed for x in whole.ledgers])
    small = run(table, *steps, batch_rows=3)
    assert (column(small, "a"), column(small, "b"), [x.changed for x in small.ledgers]) == told


def test_a_step_that_names_an_absent_column_says_which_is_near(run: Runner) -> None:
    with pytest.raises(ToolError, match="Nearest: price"):
        run({"price": [1]}, Step("impute", ("prise",), {"method": "mean"}))


def test_watched_rows_tell_their_story(run: Runner) -> None:
    made = run({"a": [" x ", "y", "y"]}, Step("trim", ("a",)), Step("dedupe", ()), watch=(0, 2))
    told = [(s.step, c.row, c.before, c.after) for s, c in made.noted()]
    assert told == [("trim", 0, " x ", "x"), ("dedupe", 2, "row", None)]
