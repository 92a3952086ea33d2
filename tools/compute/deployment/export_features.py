"""A model that begins with the project's own steps, for a service of its own: these as plain Python, the rest as skops.

A cleaning recipe becomes the package `cleaning/` (`export_recipe.py`), a feature set the module `features.py`
(`features/module.py`); both need NumPy and pandas alone. What follows them is scikit-learn.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FIRST = ("clean", "features", "shape")  # the steps that only Opsmith can run, in their order


@dataclass(frozen=True)
class Parted:
    """Files of the first steps by path within `service/`, the columns that follow them by kind, and the pipeline after them."""

    modules: Mapping[str, str]
    shape: Mapping[str, list[str]]
    rest: Any


def parted(pipeline: Any, rows: pd.DataFrame, name: str) -> Parted | None:
    """The parts of a pipeline that begins with a recipe or features; None for any other.

    rows: raw rows as the model is given them. Raises ToolError for a recipe with a step that cannot be shipped.
    """
    from opsmith.tools.compute.deployment.export_recipe import cleaning_package
    from opsmith.tools.compute.features.module import module_text

    steps = dict(getattr(_inner(pipeline), "steps", ()))
    own = [n for n in steps if n in FIRST]
    if "shape" not in own or len(own) == 1 or list(steps)[: len(own)] != own:
        return None
    modules: dict[str, str] = {}
    if "clean" in steps:
        package = cleaning_package(steps["clean"], rows, f"The cleaning of {name}.")
        modules |= {f"cleaning/{file}": text for file, text in package.items()}
    if "features" in steps:
        features = steps["features"]
        made = module_text([(n, e) for n, e in features.features], features.fitted_, f"The features of {name}.")
        modules["features.py"] = made
    shape = steps["shape"]
    lists = {"numeric": list(shape.numeric), "categories": list(shape.categories), "texts": list(shape.texts)}
    return Parted(modules, lists, _without(pipeline, len(own)))


def prepared(frame: pd.DataFrame, parts: Parted) -> pd.DataFrame:
    """What the rest is given for these rows, by the very sources that the service runs."""
    from opsmith.tools.compute.deployment.export_recipe import cleaner
    from opsmith.tools.templates.service.model import shaped

    package = {n.removeprefix("cleaning/"): t for n, t in parts.modules.items() if n.startswith("cleaning/")}
    if package:
        frame = cleaner(package)(frame)
    if "features.py" in parts.modules:
        namespace: dict[str, Any] = {}
        exec(
            compile(parts.modules["features.py"], "features.py", "exec"), namespace
        )  # our own text, as it will be written
        frame = namespace["add_features"](frame)
    return shaped(frame, parts.shape)


def _inner(pipeline: Any) -> Any:
    """The pipeline inside a calibration, or itself."""
    calibrated = getattr(pipeline, "calibrated_classifiers_", None)
    return calibrated[0].estimator if calibrated and len(calibrated) == 1 else pipeline


def _without(pipeline: Any, first: int) -> Any:
    """The same model for rows that are prepared already."""
    from sklearn.pipeline import Pipeline

    inner = _inner(pipeline)
    rest = Pipeline(inner.steps[first:])
    if inner is pipeline:
        return rest
    outer, only = copy.copy(pipeline), copy.copy(pipeline.calibrated_classifiers_[0])
    only.estimator = outer.estimator = rest
    outer.calibrated_classifiers_ = [only]
    return outer
