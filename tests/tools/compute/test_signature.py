"""Rows against what a model was trained on: every difference is either refused or told in one sentence."""

from __future__ import annotations

import contextlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsmith.tools.compute.signature import read, renamed, typed
from opsmith.tools.contract import ToolError
from opsmith.tools.data.registry import ModelCard

CARD = ModelCard(
    "churn_model", 3, "binary", "left", metrics={}, data={},
    signature=[
        {"column": "Monthly Fee", "kind": "number", "nullable": False, "range": [10.0, 90.0]},
        {"column": "plan", "kind": "category", "nullable": False, "levels": ["month", "year"]},
        {"column": "note", "kind": "text", "nullable": True},
    ],
)  # fmt: skip


def rows(**changed: object) -> pd.DataFrame:
    return pd.DataFrame({"Monthly Fee": [20.0, 30.0], "plan": ["month", "year"], "note": ["a", None], **changed})


def test_sound_rows_pass_in_any_order_with_nothing_to_tell() -> None:
    x, found = read(CARD, rows()[["note", "plan", "Monthly Fee"]], "new.csv")
    assert list(x.columns) == ["Monthly Fee", "plan", "note"] and found == ()
    assert x["Monthly Fee"].tolist() == [20.0, 30.0] and x["note"].tolist() == ["a", ""]


@pytest.mark.parametrize(
    ("frame", "kind", "told"),
    [
        (rows(extra=1), "extra", "does not use extra"),
        (rows().rename(columns={"Monthly Fee": "monthly_fee"}), "renamed", "monthly_fee is taken to be Monthly Fee"),
        (rows(plan=["weekly", "year"]), "unseen", "plan has values the model never saw: weekly (1 rows)"),
        (rows(**{"Monthly Fee": [500, 30]}), "range", "outside 10 to 90, the range of training, in 50% of the rows"),
        (rows(**{"Monthly Fee": [None, 30]}), "missing", "Monthly Fee is missing in 1 rows; the model never saw it missing"),
    ],
)  # fmt: skip
def test_each_difference_is_told(frame: pd.DataFrame, kind: str, told: str) -> None:
    found = {f.id: f.message for f in read(CARD, frame, "new.csv")[1]}
    assert told in found[kind]


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(
        ToolError, match=r"new.csv lacks plan, note, which churn_model version 3 was trained with. It has: Monthly Fee"
    ):
        renamed(CARD, ["Monthly Fee"], "new.csv")
    with pytest.raises(ToolError, match="holds text in new.csv"):
        read(CARD, rows(**{"Monthly Fee": ["cheap", "dear"]}), "new.csv")


def test_numbers_kept_as_text_are_read_and_a_few_bad_ones_told() -> None:
    frame = pd.concat([rows()] * 10, ignore_index=True).astype({"Monthly Fee": object})
    frame["Monthly Fee"] = [str(v) for v in frame["Monthly Fee"]]
    frame.loc[3, "Monthly Fee"] = "n/a"
    x, found = read(CARD, frame, "new.csv")
    assert x["Monthly Fee"].isna().sum() == 1 and found[0].id == "unreadable" and "'n/a'" in found[0].message


def test_typed_values_in_the_words_of_people() -> None:
    x, found = typed(CARD, "monthly fee = $45, plan: year")
    assert x.loc[0, "Monthly Fee"] == 45.0 and x.loc[0, "plan"] == "year"
    assert found[-1].message == "note not given; taken as missing."
    assert typed(CARD, {"plan": "month"})[0]["Monthly Fee"].isna().all()
    with pytest.raises(ToolError, match="has no input 'fee'. Nearest"):
        typed(CARD, "fee=3")
    with pytest.raises(ToolError, match="takes a number, and 'cheap' is none"):
        typed(CARD, "Monthly Fee=cheap")
    with pytest.raises(ToolError, match="No values were given"):
        typed(CARD, "  ")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_whatever_is_typed_ends_in_a_row_or_one_sentence(text: str) -> None:
    with contextlib.suppress(ToolError):
        assert np.shape(typed(CARD, text)[0]) == (1, 3)
