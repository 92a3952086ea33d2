"""A whole check with a real fitted model: weights, prediction drift, realised performance, and the changed relation."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from opsmith.agent.outcomes import append
from opsmith.tools.compute.asked_model import AskedModel
from opsmith.tools.compute.drift_check import Question, check
from opsmith.tools.compute.drift_plan import Window
from opsmith.tools.compute.drift_windows import open_window
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import prediction_log


def people(rows, seed, age=40.0, noise=0.0, turned=False):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"age": rng.normal(age, 10, rows), "idle": rng.normal(noise, 1, rows)})
    chance = 1 / (1 + np.exp((-1 if turned else 1) * (table.age - 40) / 5))
    return table.assign(left=(rng.random(rows) < chance).astype(int))


@pytest.fixture
def world(tmp_path):
    train = people(3000, 0)
    train.to_csv(tmp_path / "train.csv", index=False)
    fitted = LogisticRegression().fit(train[["age", "idle"]], train.left)
    card = SimpleNamespace(
        name="churn", version=1, task="binary", target="left", recipe={}, data={"path": "train.csv"},
        metrics={"accuracy": {"value": 0.79, "interval": [0.77, 0.81]}},
        signature=[{"column": "age", "kind": "number"}, {"column": "idle", "kind": "number"}],
    )  # fmt: skip
    return Context(project=tmp_path), AskedModel(card, fitted)


def ask(world, now, **question):
    context, model = world
    now.to_csv(context.project / "now.csv", index=False)
    before, current = open_window(context, "train.csv"), open_window(context, "now.csv")
    return check(context, before, current, Question(**question), model=model)


def test_a_column_that_the_model_does_not_use_asks_for_no_action(world):
    found = ask(world, people(3000, 1, noise=2.0))
    assert found.judgement.verdict == "watch"
    assert found.comparison.column("idle").size == "large"
    assert found.comparison.column("idle").contribution == pytest.approx(1.0)


def test_a_moved_column_that_the_model_uses_moves_its_predictions(world):
    found = ask(world, people(3000, 2, age=48.0).drop(columns="left"))
    assert found.judgement.verdict == "act"
    assert found.prediction["drifted"] and next(iter(found.prediction["from"])) == "age"
    assert not found.outcomes.has_outcomes
    assert not any("lacks" in r.text for r in found.judgement.reasons)  # outcomes come later


def test_with_outcomes_the_model_is_judged_and_a_turned_relation_is_told(world):
    steady = ask(world, people(3000, 3))
    assert steady.judgement.verdict == "none" and steady.outcomes.has_outcomes
    turned = ask(world, people(3000, 4, turned=True))
    assert turned.judgement.verdict == "act" and turned.judgement.advice.startswith("Retrain")
    assert any("accuracy fell from 0.790" in r.text for r in turned.judgement.reasons)


def test_the_prediction_log_with_late_outcomes_is_judged_like_a_table(world):
    context, model = world
    now = people(1000, 7)
    said, chance = model.predict(now)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [
        prediction_log.record(
            f"r{i}", int(said[i]), {"age": now.age[i], "idle": now.idle[i]}, model="churn", version=1,
            time=start + timedelta(minutes=i), score=float(chance[i]),
        )
        for i in range(1000)
    ]  # fmt: skip
    append(context.project, "churn", "predictions", rows)
    append(context.project, "churn", "outcomes",
           [{"request_id": f"r{i}", "time": start, "outcome": int(now.left[i])} for i in range(600)])  # fmt: skip
    log = Window(prediction_log.open_log(context, "churn"))
    found = check(context, open_window(context, "train.csv"), log, Question(), model=model)
    assert found.judgement.verdict == "none"
    assert found.outcomes.share_known == pytest.approx(0.6)
    assert {c.name for c in found.comparison.columns} == {"age", "idle"}


def test_a_threshold_on_a_score_decides(world):
    assert ask(world, people(3000, 5), metric="accuracy", threshold=0.6, kind="performance").judgement.verdict == "none"
    assert ask(world, people(3000, 5), metric="accuracy", threshold=0.95, kind="performance").judgement.verdict == "act"


def test_what_a_model_cannot_predict_for_is_one_sentence(world):
    with pytest.raises(ToolError, match=r"needs age, which the table lacks"):
        ask(world, people(500, 6).drop(columns="age"), kind="performance")
    with pytest.raises(ToolError, match="no column left"):
        ask(world, people(500, 6).drop(columns="left"), kind="performance")
    with pytest.raises(ToolError, match="cannot predict for these rows"):
        ask(world, people(500, 6).assign(age="old"), kind="performance")


def test_rows_loaded_twice_and_another_language_are_told(project):
    english, german = (
        "this is a very good phone and we like it",
        "das ist ein sehr gutes telefon und wir mögen es nicht",
    )
    rows = [f"{n},{n * 37 % 101},{english} {n}" for n in range(600)]
    (project / "before.csv").write_text("number,amount,note\n" + "\n".join(rows) + "\n")
    moved = [r.replace(english, german) if n % 2 else r for n, r in enumerate(rows)]
    (project / "now.csv").write_text("number,amount,note\n" + "\n".join(moved[:300] * 2) + "\n")
    context = Context(project=project)
    before, now = open_window(context, "before.csv"), open_window(context, "now.csv")
    found = check(context, before, now, Question())
    before.table.close()
    now.table.close()
    assert found.comparison is not None
    assert found.comparison.now.repeated == pytest.approx(0.5, abs=0.01)
    assert any("equal an earlier row" in r.text for r in found.judgement.reasons)
    assert "texts in de" in found.comparison.column("note").sentence()
