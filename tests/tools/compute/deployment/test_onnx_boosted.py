"""Boosted models of LightGBM and XGBoost become ONNX that answers alike: calibrated, of several classes, with class names."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute.deployment import export
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.train import train
from tests.tools.modelling import carry_out

for library in ("lightgbm", "xgboost", "onnxmltools"):
    pytest.importorskip(library)


def trained(project, algorithm, target):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=240), "b": rng.normal(size=240), "c": rng.choice(["x", "y", "z"], 240)})
    table.loc[::9, "a"] = np.nan
    score = table.a.fillna(0) + table.b
    table[target] = {
        "grade": np.select([score > 0.7, score > -0.5], ["high", "mid"], "low"),
        "left": np.where(score > 0, "yes", "no"),
        "price": score.round(3),
    }[target]
    table.to_csv(project / "rows.csv", index=False)
    (action,) = train("rows.csv", target=target, algorithm=algorithm, model="m", context=Context(project)).actions
    carry_out(project, action)
    return registry.get(project, "m")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("algorithm", "target"), [("lightgbm", "left"), ("xgboost", "grade"), ("xgboost", "left"), ("lightgbm", "price")]
)
def test_the_converted_model_answers_alike(project, algorithm, target):
    card = trained(project, algorithm, target)
    made = export.exported(card, project)
    assert made.format == "onnx", made.reason
    assert made.check["labels_differ"] == 0 and made.check["difference"] <= export.TOLERANCE


def test_without_the_converter_a_sentence_says_what_to_do(project, monkeypatch):
    card = trained(project, "xgboost", "left")
    monkeypatch.setattr(export, "_onnx", lambda *_: (None, {}, "it has no ONNX form"))
    there = importlib.util.find_spec("onnxmltools")
    assert there is not None
    with pytest.raises(ToolError, match="as ONNX only, and it has no ONNX form"):
        export.exported(card, project)
