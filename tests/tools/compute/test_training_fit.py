"""What is fitted: baselines beside candidates, calibration, thresholds for costs, diagnosis, and every algorithm kept."""

import numpy as np
import pytest
import skops.io

from opsmith.tools.compute import training, training_calibration, training_fit, training_pipeline, training_report
from opsmith.tools.compute.training_score import metric_for
from opsmith.tools.contract import ToolError
from opsmith.tools.data import registry

from ..modelling import customers, prices


@pytest.fixture(scope="module")
def trained() -> training_fit.Trained:
    frame = customers(500)
    return training_fit.fit(frame, training.plan(frame, "left"), costs=(1, 8))


def test_candidates_stand_beside_the_dummy(trained: training_fit.Trained) -> None:
    assert set(trained.baselines) == {"dummy", "gradient_boosting", "random_forest", "logistic_regression"}
    assert trained.baselines["dummy"] == 0.5
    assert trained.metrics["auc"]["value"] == pytest.approx(max(trained.baselines.values()), abs=1e-6)


def test_a_dear_miss_lowers_the_threshold_and_the_gain_is_measured_elsewhere(trained: training_fit.Trained) -> None:
    assert trained.threshold is not None and trained.threshold < 0.4
    told = trained.diagnosis["threshold"]
    assert "a miss 8" in told["reason"]
    got, usual = (float(w) for w in (told["measured"].split()[3], told["measured"].split()[5]))
    assert got < usual


def test_the_diagnosis_says_what_matters_and_whether_more_rows_help(trained: training_fit.Trained) -> None:
    assert [n for n, _ in trained.importance][:2] == ["fee", "plan"]
    assert [n for n, _ in trained.diagnosis["learning_curve"]] == sorted(
        n for n, _ in trained.diagnosis["learning_curve"]
    )
    assert "ore rows" in trained.diagnosis["more_rows"]
    counts = np.asarray(trained.diagnosis["confusion"]["counts"])
    assert counts.sum() == 500
    assert {s["column"] for s in trained.diagnosis["segments"]} >= {"fee", "plan"}


def test_a_segment_that_fails_is_named() -> None:
    frame = customers(900)
    rng = np.random.default_rng(1)
    west = frame["region"] == "west"
    frame.loc[west, "left"] = rng.choice(["yes", "no"], int(west.sum()))
    done = training_fit.fit(frame, training.plan(frame, "left"), algorithm="logistic_regression")
    assert "region is west" in done.diagnosis["weakest"]


def test_probabilities_that_are_off_are_calibrated_and_sound_ones_left() -> None:
    frame = customers(600)
    plan = training.plan(frame, "left")
    sound = training_fit.fit(frame, plan, algorithm="logistic_regression")
    off = training_fit.fit(frame, plan, algorithm="svm")
    assert not sound.diagnosis["calibration"]["applied"] and "as they are" in sound.diagnosis["calibration"]["sentence"]
    assert off.diagnosis["calibration"]["applied"]
    x = training.inputs_of(frame, plan)
    chance = off.pipeline.predict_proba(x)[:, 1]
    error, _ = training_calibration.reliability(chance, (frame["left"] == "yes").to_numpy().astype(int))
    assert error < 0.1


@pytest.mark.parametrize("algorithm", training_pipeline.ALGORITHMS)
def test_every_algorithm_is_kept_and_read_back_without_trusting_anything_new(algorithm: str, tmp_path) -> None:
    if algorithm in ("lightgbm", "xgboost"):
        pytest.importorskip(algorithm)
    frame, target = (
        (prices(120), "price")
        if algorithm in ("linear_regression", "lasso", "elastic_net")
        else (customers(120), "left")
    )
    plan = training.plan(frame, target)
    x, y = training.inputs_of(frame, plan), training.target_of(frame, plan)
    with training_fit.quiet_threads(len(frame)):
        fitted = training_pipeline.build(plan, algorithm, 0).fit(x, y)
    skops.io.dump(fitted, tmp_path / "m.skops")
    again = registry.load_file(tmp_path / "m.skops")
    assert list(again.predict(x)) == list(fitted.predict(x))


def test_an_algorithm_that_is_not_installed_has_a_stand_in_that_is_said() -> None:
    assert training_pipeline.stand_in("catboost")[0] == "gradient_boosting"
    assert "same method" in training_pipeline.stand_in("catboost")[1]
    assert training_pipeline.stand_in("ridge") == ("ridge", "")


def test_metrics_by_the_names_people_use() -> None:
    assert metric_for("binary", "ROC AUC") == "auc" and metric_for("regression", None) == "rmse"
    with pytest.raises(ToolError, match="does not judge"):
        metric_for("regression", "auc")


def test_the_report_is_one_page_without_scripts_or_network(trained: training_fit.Trained) -> None:
    fields = {"name": "left_model", "target": "left", "signature": [],
              "fingerprint": "f" * 16, "recipe": {}, "insights": ["<b>&"],
              "data": {"path": "c.csv", "rows": 500, "sha256": "0" * 64}}  # fmt: skip
    page = training_report.page(fields, trained)
    assert "<script" not in page and "http://" not in page.replace("http-equiv", "") and "&lt;b&gt;" in page
    assert "Errors by segment" in page and "Reliability" in page
