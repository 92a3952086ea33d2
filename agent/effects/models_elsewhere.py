"""Tell MLflow, where the project names a server, what was registered here; never more than a sentence when it fails."""

from __future__ import annotations

import os

from opsmith.agent.effects import Place
from opsmith.tools.contract import ToolError
from opsmith.tools.data.registry import ModelCard


def publish(card: ModelCard, place: Place) -> str:
    """Log a version as a run and a registered model; a sentence to add to the receipt, empty without a server."""
    uri = tracking_uri(place)
    if not uri:
        return ""
    from opsmith.tools.data import registry_mlflow

    try:
        number = registry_mlflow.publish(card, uri)
    except ToolError as error:
        return f" It is registered here, but not in MLflow: {error}"
    return f" In MLflow it is {card.name} version {number}."


def move(card: ModelCard, place: Place) -> str:
    """Point MLflow's aliases to where the project's point; a sentence, empty without a server."""
    uri = tracking_uri(place)
    if not uri:
        return ""
    from opsmith.tools.data import registry, registry_mlflow

    try:
        registry_mlflow.set_aliases(card.name, registry.aliases_of(place.project, card.name), uri)
    except ToolError as error:
        return f" MLflow was not told: {error}"
    return " MLflow's aliases were moved too."


def tracking_uri(place: Place) -> str:
    """The setting, else MLFLOW_TRACKING_URI; empty for the project's own store."""
    return str(place.settings.get("mlflow_tracking_uri") or os.environ.get("MLFLOW_TRACKING_URI", ""))
