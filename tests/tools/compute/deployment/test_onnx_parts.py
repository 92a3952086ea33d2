"""Every algorithm that Opsmith trains, with gaps, rare and unseen levels and text, answers alike as ONNX."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsmith.tools.compute import training, training_pipeline
from opsmith.tools.compute.deployment import export, onnx_parts
from opsmith.tools.data.registry import ModelCard

TELCO = Path(__file__).resolve().parents[4] / "evals" / "worlds" / "data" / "telco.csv"


def card_for(plan, frame):
    from opsmith.tools.compute.training_run import signature

    return ModelCard("m", 1, plan.task, plan.target, signature(frame, plan), {}, {})


def rows():
    frame = pd.read_csv(TELCO).head(240)
    frame.loc[::17, "tenure"] = np.nan
    frame.loc[::19, "Contract"] = None
    words = ["billing was wrong again", "the line is slow", "far too expensive for me"]
    frame["note"] = [f"{words[i % 3]}, said customer {i} today" for i in range(len(frame))]
    return frame


def round_trip(frame, target, algorithm, calibrated=False):
    import onnxruntime

    plan = training.plan(frame, target)
    used = frame.dropna(subset=[target])
    y = used[target] if plan.task == "regression" else used[target].astype(str)
    x = training.inputs_of(used, plan)
    pipeline = training_pipeline.build(plan, algorithm, 0)
    if calibrated:
        from sklearn.calibration import CalibratedClassifierCV

        pipeline = CalibratedClassifierCV(pipeline, method="sigmoid", cv=3, ensemble=False)
    pipeline.fit(x, y)
    card = card_for(plan, frame)
    asked = export._with_surprises(training.inputs_of(used.head(200).reset_index(drop=True), plan), card)
    session = onnxruntime.InferenceSession(export._convert(card, pipeline), providers=["CPUExecutionProvider"])
    return export._compare(card, pipeline, session, asked)


@pytest.mark.parametrize(
    "algorithm", ["gradient_boosting", "logistic_regression", "ridge", "random_forest", "decision_tree", "svm", "knn",
                  "naive_bayes", "neural_network"],
)  # fmt: skip
def test_a_classifier_answers_alike(algorithm):
    check = round_trip(rows(), "Churn", algorithm)
    assert check["labels_differ"] == 0
    assert check["difference"] < export.TOLERANCE
    assert check["rows"] > 250


@pytest.mark.parametrize("algorithm", ["gradient_boosting", "naive_bayes", "random_forest"])
def test_calibrated_probabilities_are_the_same(algorithm):
    assert round_trip(rows(), "Churn", algorithm, calibrated=True)["difference"] < export.TOLERANCE


@pytest.mark.parametrize("algorithm", ["gradient_boosting", "ridge", "lasso", "random_forest", "svm"])
def test_a_regression_answers_alike(algorithm):
    assert round_trip(rows(), "MonthlyCharges", algorithm)["difference"] < export.TOLERANCE


def encoded(part, values):
    """What an ONNX file of this fitted encoder makes of one column of texts."""
    import onnxruntime
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import StringTensorType

    onnx_parts.teach()
    made = to_onnx(part, initial_types=[("x", StringTensorType([None, 1]))], name="t", target_opset=export.OPSET)
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.array([[v or ""] for v in values], object)})[0]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(["red", "green", "blue", "violet", "ochre", None]), min_size=8, max_size=60),
    st.lists(st.sampled_from(["red", "green", "blue", "violet", "ochre", "unseen", None]), min_size=1, max_size=20),
)
def test_rare_missing_and_unseen_levels_are_coded_as_the_encoders_code_them(seen, asked):
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    x, new = (np.array(v, object).reshape(-1, 1) for v in (seen, asked))
    hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=3, sparse_output=False).fit(x)
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(x)
    np.testing.assert_array_equal(encoded(hot, asked), hot.transform(new))
    np.testing.assert_array_equal(encoded(codes, asked), codes.transform(new))


def test_what_onnx_cannot_tell_apart_is_refused():
    from sklearn.preprocessing import OneHotEncoder

    both = OneHotEncoder(handle_unknown="ignore").fit(np.array([[""], [None], ["a"]], object))
    with pytest.raises(onnx_parts.Unconvertible, match="missing and empty"):
        encoded(both, ["a"])
