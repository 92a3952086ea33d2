"""What the service logs is what the monitor reads; the disk never holds a request up."""

import json
import time
from types import SimpleNamespace

import pytest

from opsmith.tools.compute.deployment import export
from opsmith.tools.contract import Context
from opsmith.tools.data import prediction_log as reader
from opsmith.tools.templates.service import prediction_log
from opsmith.tools.templates.service.prediction_log import PredictionLog

from .running import Service


def test_predictions_and_outcomes_are_read_by_the_monitor_as_they_are(churn, tmp_path):
    frame, _ = export.sample_rows(churn.card, churn.project, 10)
    rows = export.as_json_rows(frame)
    with Service(churn.folder, log=tmp_path / "prediction_log") as started:
        ids = [p["request_id"] for p in started.post("/predict", {"rows": rows})[1]["predictions"]]
        status, body, _ = started.post("/outcomes", {"outcomes": [{"request_id": ids[0], "outcome": "Yes"}]})
        assert (status, body) == (202, {"accepted": 1})
        assert started.post("/outcomes", {"outcomes": [{"request_id": "../x y", "outcome": "Yes"}]})[0] == 422
        assert started.post("/outcomes", {"outcome": "Yes"})[0] == 422
        started.stop()
    table = reader.open_log(Context(tmp_path), "model_1")
    try:
        found = table.pandas()
    finally:
        table.close()
    assert len(found) == len(rows)
    assert set(rows[0]) <= set(found.columns)
    assert set(found["prediction"]) <= {"Yes", "No"}
    assert found.set_index("request_id").loc[ids[0], "outcome"] == "Yes"
    assert found["outcome"].notna().sum() == 1
    assert found["latency_ms"].gt(0).all()


def test_a_folder_that_cannot_be_written_turns_the_log_off_and_nothing_else(churn, tmp_path):
    (tmp_path / "file").write_text("")
    frame, _ = export.sample_rows(churn.card, churn.project, 1)
    with Service(churn.folder, log=tmp_path / "file") as started:
        assert started.post("/predict", {"rows": export.as_json_rows(frame)})[0] == 200
        assert started.post("/outcomes", {"request_id": "a", "outcome": 1})[0] == 503
        _, lines = started.stop()
    assert lines[0]["message"] == "the prediction log is off"


@pytest.fixture
def counted():
    return {}


def log(folder, counted, most=1 << 30):
    def count(result, rows):
        counted[result] = counted.get(result, 0) + rows

    return PredictionLog(folder, "m", "1", most, count)


def answers(rows):
    return SimpleNamespace(predictions=["a"] * rows, scores=[0.5] * rows)


def test_a_full_queue_drops_and_counts_and_never_waits(tmp_path, counted, monkeypatch):
    monkeypatch.setattr(prediction_log, "MOST_WAITING", 100)
    made = log(tmp_path, counted)
    monkeypatch.setattr(made, "_write", lambda *_: time.sleep(0.5))
    began = time.monotonic()
    for _ in range(30):
        made.add(["x"] * 10, {"c": [1.0] * 10}, answers(10), 1.0)
    assert time.monotonic() - began < 0.3
    assert counted["dropped"] >= 100
    made.close()


def test_files_turn_over_by_size_and_the_oldest_go_beyond_the_limit(tmp_path, counted, monkeypatch):
    monkeypatch.setattr(prediction_log, "MOST_FILE_BYTES", 4000)
    made = log(tmp_path, counted, most=12_000)
    for _ in range(12):
        made._write("predictions", ["x" * 1500])
    files = sorted((tmp_path / "m").glob("predictions-*.jsonl"))
    assert all(f.stat().st_size <= 4000 for f in files)
    assert sum(f.stat().st_size for f in files) <= 12_000
    assert len(files) > 1
    made.close()


def test_missing_numbers_are_written_as_null(tmp_path, counted):
    made = log(tmp_path, counted)
    made.add(["id"], {"n": [float("nan")], "t": [None]}, answers(1), 1.2345)
    made.close()
    (file,) = (tmp_path / "m").glob("predictions-*.jsonl")
    row = json.loads(file.read_text())
    assert (row["in_n"], row["in_t"], row["latency_ms"], row["version"]) == (None, None, 1.234, "1")
    assert counted == {"written": 1}
