"""ONNX for LightGBM and XGBoost models, by the converters of onnxmltools, and for our wrapper that names XGBoost's classes."""

from __future__ import annotations

import copy
from functools import cache
from importlib.util import find_spec
from typing import Any


@cache
def teach() -> None:
    """Make skl2onnx know the boosting libraries that are installed, once a process."""
    if find_spec("onnxmltools") is None:
        return
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes as classes
    from skl2onnx.common.shape_calculator import calculate_linear_regressor_output_shapes as numbers

    options = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    if find_spec("lightgbm") is not None:
        import lightgbm
        from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm

        def convert_classifier(scope: Any, operator: Any, container: Any) -> None:
            before = len(container.nodes)
            convert_lightgbm(scope, operator, container)
            if container.get_options(operator.raw_operator, {"raw_scores": False})["raw_scores"]:
                for node in container.nodes[before:]:
                    for attribute in node.attribute:
                        if attribute.name == "post_transform":
                            attribute.s = b"NONE"

        # A calibration is fitted to decision_function where a classifier has one (LightGBM from 4.7), and then asks for it.
        raw = {"raw_scores": [True, False]} if hasattr(lightgbm.LGBMClassifier, "decision_function") else {}
        update_registered_converter(
            lightgbm.LGBMClassifier,
            "LightGbmLGBMClassifier",
            classes,
            convert_classifier,
            overwrite=True,
            options=options | raw,
        )
        update_registered_converter(lightgbm.LGBMRegressor, "LightGbmLGBMRegressor", numbers, convert_lightgbm,
                                    overwrite=True, options={"split": None})  # fmt: skip
    if find_spec("xgboost") is not None:
        import xgboost
        from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost

        update_registered_converter(
            xgboost.XGBClassifier, "XGBoostXGBClassifier", classes, convert_xgboost, overwrite=True, options=options
        )
        update_registered_converter(xgboost.XGBRegressor, "XGBoostXGBRegressor", numbers, convert_xgboost,
                                    overwrite=True)  # fmt: skip


def uncoded(pipeline: Any) -> tuple[Any, list[Any] | None]:
    """The pipeline with the classifier itself in place of our wrapper, and the class names that its labels stand for.

    No names where a calibration follows: that one names the classes.
    """
    last = pipeline[-1]
    if type(last).__name__ == "Coded":
        return _ending(pipeline, last.fitted_), last.classes_.tolist()
    inner: Any = getattr(last, "estimator", None)
    if type(inner).__name__ != "Coded":
        return pipeline, None
    outer = copy.copy(last)
    (only,) = (copy.copy(c) for c in last.calibrated_classifiers_)
    only.estimator = outer.estimator = inner.fitted_
    outer.calibrated_classifiers_ = [only]
    return _ending(pipeline, outer), None


def named(model: Any, classes: list[Any]) -> None:
    """Put class names in place of the numbers 0, 1, 2, … in the label output of a converted model."""
    from onnx import TensorProto, helper

    out = model.graph.output[0]
    inner = f"{out.name}_number"
    for node in model.graph.node:
        node.output[:] = [inner if n == out.name else n for n in node.output]
        node.input[:] = [inner if n == out.name else n for n in node.input]
    numbers = list(range(len(classes)))
    texts = all(isinstance(c, str) for c in classes)
    values = {"values_strings": classes} if texts else {"values_int64s": [int(c) for c in classes]}
    made = helper.make_node("LabelEncoder", [inner], [out.name], domain="ai.onnx.ml", keys_int64s=numbers, **values)
    model.graph.node.append(made)
    out.type.tensor_type.elem_type = TensorProto.STRING if texts else TensorProto.INT64


def _ending(pipeline: Any, last: Any) -> Any:
    from sklearn.pipeline import Pipeline

    return Pipeline([*pipeline.steps[:-1], (pipeline.steps[-1][0], last)])
