"""Following a prediction log: what came since the last look is looked at once, and a change is told."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

pytest.importorskip("river")

from opsmith.agent.monitor_stream import follow
from opsmith.agent.outcomes import append
from opsmith.tools.contract import Context
from opsmith.tools.data import prediction_log
from opsmith.tools.data.monitors import Monitor

START = datetime(2026, 3, 1, tzinfo=UTC)


def speak(project, first, number, share_wrong, level):
    rng = np.random.default_rng(first)
    moments = [START + timedelta(minutes=i) for i in range(first, first + number)]
    rows = [
        prediction_log.record(
            f"r{first + i}", 1, {"x": i}, model="m", version=1, time=t, score=float(rng.normal(level, 0.05))
        )
        for i, t in enumerate(moments)
    ]
    append(project, "m", "predictions", rows)
    wrong = rng.random(number) < share_wrong
    outcomes = [
        {"request_id": r["request_id"], "time": t, "outcome": int(not w)}
        for r, t, w in zip(rows, moments, wrong, strict=True)
    ]
    append(project, "m", "outcomes", outcomes)


def test_a_change_of_score_and_error_is_told_once(tmp_path):
    context, monitor = Context(project=tmp_path), Monitor("m", model="m")
    assert follow(monitor, context) == []
    speak(tmp_path, 0, 800, 0.1, 0.3)
    assert follow(monitor, context) == []
    speak(tmp_path, 800, 500, 0.6, 0.8)
    told = follow(monitor, context)
    assert any(t.startswith("score of m rose") for t in told)
    assert any(t.startswith("error of m rose") for t in told)
    assert follow(monitor, context) == []


def ask(project, first, number, values=None):
    rng = np.random.default_rng(first)
    rows = [
        prediction_log.record(
            f"r{first + i}", 1, values or {"age": float(rng.normal(40, 9)), "city": "oslo"}, model="m", version=1,
            time=START + timedelta(minutes=first + i), score=0.5,
        )
        for i in range(number)
    ]  # fmt: skip
    append(project, "m", "predictions", rows)


def test_a_single_odd_request_is_told_once_also_after_a_restart(tmp_path):
    context, monitor = Context(project=tmp_path), Monitor("m", model="m")
    ask(tmp_path, 0, 400)
    assert follow(monitor, context) == []
    ask(tmp_path, 400, 60)
    ask(tmp_path, 460, 1, {"age": 4000.0, "city": "oslo"})
    (told,) = follow(monitor, context)
    assert told.startswith("odd request to m: r460 (age = 4000)")
    assert follow(monitor, context) == []
    kept = (context.home / "monitors" / "m-stream.json").stat().st_size
    ask(tmp_path, 461, 900)
    assert follow(monitor, context) == [] and (context.home / "monitors" / "m-stream.json").stat().st_size < 2 * kept


def test_when_all_requests_are_new_what_is_usual_is_learned_anew(tmp_path):
    context, monitor = Context(project=tmp_path), Monitor("m", model="m")
    ask(tmp_path, 0, 400)
    assert follow(monitor, context) == []
    ask(tmp_path, 400, 300, {"age": 900.0, "city": "oslo"})
    assert any("learned anew" in t for t in follow(monitor, context))
    ask(tmp_path, 700, 50, {"age": 900.0, "city": "oslo"})
    assert follow(monitor, context) == []
