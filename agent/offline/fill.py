"""A tool's arguments from the scene, and the one question when something required is missing."""

from __future__ import annotations

from collections.abc import Callable

from opsmith.agent.offline.fill_clean import clean
from opsmith.agent.offline.fill_data import profile, query
from opsmith.agent.offline.fill_drift import drift, monitor
from opsmith.agent.offline.fill_features import features
from opsmith.agent.offline.fill_models import build, deploy, predict, retrain, train
from opsmith.agent.offline.fill_register import model_file, register
from opsmith.agent.offline.slots import Filled, Scene

_FILL: dict[str, Callable[[Scene], Filled]] = {
    "profile": profile, "query": query, "clean": clean, "features": features, "train": train,
    "retrain": retrain, "predict": predict, "deploy": deploy, "build": build, "drift": drift, "monitor": monitor,
}  # fmt: skip


def fill(tool: str, scene: Scene) -> Filled:
    """The call that the sentence means for this tool."""
    filled = register(scene) if tool == "train" and model_file(scene.text) else _FILL[tool](scene)
    filled.arguments = {k: v for k, v in filled.arguments.items() if v not in (None, [], "")}
    return filled
