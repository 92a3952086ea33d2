"""Predictions of a registered model for shaped rows: classes by a threshold, probabilities, and a summary in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from opsmith.tools.contract import ToolError
from opsmith.tools.data.registry import ModelCard


@dataclass(frozen=True)
class Scored:
    """said: class or quantity a row; score: probability of the second of two classes; value: what explanations explain."""

    said: np.ndarray
    score: np.ndarray | None
    threshold: float | None
    classes: tuple[Any, ...]
    summary: str
    value: Callable[[Any], np.ndarray]


def score_rows(card: ModelCard, pipeline: Any, x: Any, threshold: float | None = None) -> Scored:
    """What the model says of each row. threshold: given by a person; else the model's own, else 0.5.

    Raises ToolError when a threshold is given to a model without two classes, or the model cannot take the rows.
    """
    classes = tuple(getattr(pipeline, "classes_", ()))
    two = len(classes) == 2 and hasattr(pipeline, "predict_proba")
    if threshold is not None and not two:
        kind = (
            "quantities"
            if card.task == "regression"
            else "more than two classes"
            if len(classes) > 2
            else "no probabilities"
        )
        raise ToolError(f"{card.name} predicts {kind}, so a threshold does not apply.")
    try:
        if two:
            score = np.asarray(pipeline.predict_proba(x))[:, 1]
            own = card.threshold if card.threshold is not None else 0.5
            limit = threshold if threshold is not None else own
            said = np.where(score >= limit, classes[1], classes[0])
            return Scored(
                said,
                score,
                limit,
                classes,
                _summary(said, card),
                lambda rows: np.asarray(pipeline.predict_proba(rows))[:, 1],
            )
        said = np.asarray(pipeline.predict(x))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        told = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ToolError(f"{card.name} version {card.version} cannot predict for these rows: {told}") from None
    return Scored(said, None, None, classes, _summary(said, card), _value_of(pipeline, card, said))


def _value_of(pipeline: Any, card: ModelCard, said: np.ndarray) -> Callable[[Any], np.ndarray]:
    """The number to explain: the quantity itself, else the probability of the class that is said most."""
    if card.task == "regression":
        return lambda rows: np.asarray(pipeline.predict(rows), float)
    values, counts = np.unique(said.astype(str), return_counts=True)
    most = values[int(np.argmax(counts))]
    if hasattr(pipeline, "predict_proba"):
        at = [str(c) for c in pipeline.classes_].index(most)
        return lambda rows: np.asarray(pipeline.predict_proba(rows))[:, at]
    return lambda rows: (np.asarray(pipeline.predict(rows)).astype(str) == most).astype(float)


def _summary(said: np.ndarray, card: ModelCard) -> str:
    if card.task == "regression":
        return f"mean {float(np.mean(said)):.4g}, from {float(np.min(said)):.4g} to {float(np.max(said)):.4g}"
    values, counts = np.unique(said.astype(str), return_counts=True)
    order = np.argsort(-counts)[:4]
    return ", ".join(f"{values[i]}: {counts[i]:,} ({counts[i] / len(said):.1%})" for i in order)
