"""A challenger is judged by the score that the model's monitors watch."""

import pytest

from opsmith.tools.compute.retraining import watched
from opsmith.tools.contract import Context


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        (["{psi: 0.2, accuracy: 0.8}"], "accuracy"),
        (["{mae: 12}"], "mae"),
        (["{psi: 0.2}"], None),  # a distance compares data, not models
        (["{accuracy: 0.8}", "{auc: 0.7}"], None),  # monitors that do not agree leave it to the usual one
        ([], None),
    ],
)
def test_the_watched_score_of_a_model(tmp_path, thresholds, expected) -> None:
    (tmp_path / "monitors").mkdir()
    for number, watched_for in enumerate(thresholds):
        text = f"version: 1\nname: m{number}\nmodel: churn\nschedule: daily\nthresholds: {watched_for}\n"
        (tmp_path / "monitors" / f"m{number}.yaml").write_text(text)
    (tmp_path / "monitors" / "off.yaml").write_text(
        "version: 1\nname: off\nmodel: churn\nschedule: daily\nthresholds: {rmse: 3}\nenabled: false\n"
    )
    assert watched(Context(project=tmp_path), "churn") == expected
    assert watched(Context(project=tmp_path), "another") is None
