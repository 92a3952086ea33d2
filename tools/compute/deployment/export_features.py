"""A model that begins with a feature set, for a service of its own: the features as plain Python, the rest as skops.

The features become a module that needs NumPy and pandas alone (`features/module.py`); what follows them is scikit-learn.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FIRST = ("features", "shape")  # the steps that only Opsmith can run


@dataclass(frozen=True)
class Parted:
    """The module's source, the columns that follow it by kind, and the pipeline after them."""

    module: str
    shape: Mapping[str, list[str]]
    rest: Any


def parted(pipeline: Any, about: str) -> Parted | None:
    """The parts of a pipeline that begins with features (and with no recipe); None for any other."""
    from opsmith.tools.compute.features.module import module_text

    inner = _inner(pipeline)
    names = [n for n, _ in inner.steps] if hasattr(inner, "steps") else []
    if tuple(names[:2]) != FIRST:
        return None
    features, shape = inner.steps[0][1], inner.steps[1][1]
    source = module_text([(n, e) for n, e in features.features], features.fitted_, about)
    lists = {"numeric": list(shape.numeric), "categories": list(shape.categories), "texts": list(shape.texts)}
    return Parted(source, lists, _without(pipeline))


def prepared(frame: pd.DataFrame, parts: Parted) -> pd.DataFrame:
    """What the rest is given for these rows, by the very source that the service runs."""
    from opsmith.tools.templates.service.model import shaped

    namespace: dict[str, Any] = {}
    exec(compile(parts.module, "features.py", "exec"), namespace)  # our own text, as it will be written
    return shaped(namespace["add_features"](frame), parts.shape)


def _inner(pipeline: Any) -> Any:
    """The pipeline inside a calibration, or itself."""
    calibrated = getattr(pipeline, "calibrated_classifiers_", None)
    return calibrated[0].estimator if calibrated and len(calibrated) == 1 else pipeline


def _without(pipeline: Any) -> Any:
    """The same model for rows that are prepared already."""
    from sklearn.pipeline import Pipeline

    inner = _inner(pipeline)
    rest = Pipeline(inner.steps[len(FIRST) :])
    if inner is pipeline:
        return rest
    outer, only = copy.copy(pipeline), copy.copy(pipeline.calibrated_classifiers_[0])
    only.estimator = outer.estimator = rest
    outer.calibrated_classifiers_ = [only]
    return outer
