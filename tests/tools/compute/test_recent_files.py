"""The newest files of a pattern, and the last few as one table."""

import os

import pandas as pd
import pytest

from opsmith.tools.compute import recent_files
from opsmith.tools.contract import Context, ToolError


@pytest.fixture
def context(tmp_path):
    (tmp_path / "incoming").mkdir()
    for number, name in enumerate(("c", "a", "b")):  # age does not follow the name
        path = tmp_path / "incoming" / f"{name}.csv"
        pd.DataFrame({"x": [number, number], "y": [1, 2]}).to_csv(path, index=False)
        os.utime(path, (1000 + number, 1000 + number))
    return Context(tmp_path)


def test_the_newest_come_last_whatever_their_names(context):
    assert recent_files.newest(context, "incoming/*.csv", 2) == ["incoming/a.csv", "incoming/b.csv"]
    assert recent_files.newest(context, "incoming/c.csv") == ["incoming/c.csv"]


def test_joined_they_are_one_table_in_order_of_arrival(context):
    name = recent_files.joined(context, "incoming/*.csv", 3)
    assert name.startswith(".opsmith/cache/b-recent-")
    assert list(pd.read_parquet(context.project / name).x) == [0, 0, 1, 1, 2, 2]
    assert recent_files.joined(context, "incoming/*.csv", 3) == name
    assert recent_files.joined(context, "incoming/*.csv", 1) == "incoming/b.csv"


def test_a_file_of_other_columns_is_left_out(context):
    path = context.project / "incoming" / "a.csv"
    pd.DataFrame({"z": [1]}).to_csv(path, index=False)
    os.utime(path, (1001, 1001))
    assert list(pd.read_parquet(context.project / recent_files.joined(context, "incoming/*.csv", 3)).x) == [0, 0, 2, 2]


def test_no_file_is_one_sentence_and_nothing_outside_is_read(context):
    with pytest.raises(ToolError, match="No file fits new/"):
        recent_files.newest(context, "new/*.csv")
