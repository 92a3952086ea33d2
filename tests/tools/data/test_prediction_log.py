"""The prediction log: predictions and outcomes of any order, form and age become one table."""

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsmith.agent.outcomes import append, log_outcome
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import prediction_log

START = datetime(2026, 3, 1, tzinfo=UTC)


def predictions(number, first=0):
    return [
        prediction_log.record(
            f"r{i}", i % 2, {"age": i, "city": "Köln"}, model="m", version=1, time=START + timedelta(hours=i), score=0.5
        )
        for i in range(first, first + number)
    ]


def test_late_outcomes_and_repeated_requests(tmp_path):
    append(tmp_path, "m", "predictions", predictions(4))
    append(tmp_path, "m", "predictions", predictions(1))  # the service sent it twice
    log_outcome(tmp_path, "m", "r1", 0, START + timedelta(days=1))
    log_outcome(tmp_path, "m", "r1", 1, START + timedelta(days=2))  # corrected later
    log_outcome(tmp_path, "m", "never-asked", 1)
    table = prediction_log.open_log(Context(project=tmp_path), "m")
    assert table.rows == 4 and table.column("age").kind == "integer"
    assert table.sql("SELECT request_id, outcome FROM data WHERE outcome IS NOT NULL") == [("r1", 1)]


def test_parquet_parts_and_json_lines_are_one_log_and_a_cut_line_is_skipped(tmp_path):
    append(tmp_path, "m", "predictions", predictions(3))
    place = prediction_log.folder(tmp_path, "m")
    pd.DataFrame(predictions(5, first=3)).to_parquet(place / "predictions-2026-02.parquet")
    with next(place.glob("*.jsonl")).open("a") as file:
        file.write('{"request_id": "cut')
    append(tmp_path, "m", "predictions", predictions(1, first=100))
    table = prediction_log.open_log(Context(project=tmp_path), "m")
    assert table.rows == 9
    since = prediction_log.open_log(
        Context(project=tmp_path), "m", since=START + timedelta(hours=5), until=START + timedelta(hours=8)
    )
    assert since.rows == 3


def test_no_log_a_foreign_name_and_missing_columns_are_told(tmp_path):
    context = Context(project=tmp_path)
    with pytest.raises(ToolError, match="has no prediction log"):
        prediction_log.open_log(context, "m")
    with pytest.raises(ToolError, match="nothing to add an outcome to"):
        log_outcome(tmp_path, "m", "r1", 1)
    with pytest.raises(ToolError, match="cannot be a model's name"):
        prediction_log.folder(tmp_path, "../../etc")
    append(tmp_path, "m", "predictions", [{"request_id": "a"}])
    with pytest.raises(ToolError, match="lacks time, prediction"):
        prediction_log.open_log(context, "m")


@settings(max_examples=20, deadline=None)
@given(
    st.text(min_size=1, max_size=20).filter(str.strip),
    st.one_of(st.integers(-5, 5), st.text(max_size=10), st.booleans()),
)
def test_any_id_and_outcome_survive_the_file(tmp_path_factory, request_id, outcome):
    place = tmp_path_factory.mktemp("log")
    append(place, "m", "predictions", [prediction_log.record("x", 1, {}, model="m", version=1, time=START)])
    path = log_outcome(place, "m", request_id, outcome)
    assert json.loads(path.read_text())["outcome"] == outcome
    assert json.loads(path.read_text())["request_id"] == request_id
