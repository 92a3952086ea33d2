"""The project's models in MLflow: one run and one registered version each, with signature, metrics and aliases.

Only mlflow-skinny is needed. The model file stays skops: MLflow keeps it as an artifact with an MLmodel beside it.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opsmith.tools.contract import ToolError
from opsmith.tools.data.registry import ModelCard

OURS = "opsmith."  # what tags of ours begin with
_TYPES = {"number": "double", "category": "string", "text": "string"}


def publish(card: ModelCard, uri: str) -> int:
    """Log a version as a run, register it, set its aliases; MLflow's version number.

    Called again for the same approval it finds what is there. Raises ToolError when the server cannot be used.
    """
    with _client(uri) as client:
        known = _version_of(client, card)
        if known is not None:
            return known
        experiment = client.get_experiment_by_name(card.name)
        number = experiment.experiment_id if experiment else client.create_experiment(card.name, _artifacts(uri))
        run = client.create_run(number, run_name=f"{card.name} v{card.version}", tags=_tags(card))
        _log(client, run, card)
        client.set_terminated(run.info.run_id)
        if not _named(client, card.name):
            client.create_registered_model(card.name)
        made = client.create_model_version(
            card.name, f"{run.info.artifact_uri}/model", run.info.run_id, tags=_tags(card),
            description="; ".join(card.insights[:3]) or None,
        )  # fmt: skip
        for alias in card.aliases:
            client.set_registered_model_alias(card.name, alias, made.version)
        return int(made.version)


def set_aliases(name: str, aliases: Mapping[str, int], uri: str) -> None:
    """Make MLflow's aliases those of the project; ones that are gone here are taken away there."""
    with _client(uri) as client:
        there = {v.tags.get(f"{OURS}version"): v.version for v in client.search_model_versions(f"name='{name}'")}
        known = _named(client, name)
        for alias in known.aliases if known else ():
            if alias not in aliases:
                client.delete_registered_model_alias(name, alias)
        for alias, version in aliases.items():
            if str(version) in there:
                client.set_registered_model_alias(name, alias, there[str(version)])


def _artifacts(uri: str) -> str | None:
    """Where files go: beside a local database (its default would be the working directory), else as the server says."""
    if not uri.startswith("sqlite:///"):
        return None
    return (Path(uri.removeprefix("sqlite:///")).resolve().parent / "mlartifacts").as_uri()


def _log(client: Any, run: Any, card: ModelCard) -> None:
    for name, entry in card.metrics.items():
        value = entry.get("value") if isinstance(entry, Mapping) else entry
        if isinstance(value, (int, float)) and value == value:
            client.log_metric(run.info.run_id, name, float(value))
    for name, value in card.recipe.items():
        client.log_param(run.info.run_id, name, str(value)[:500])
    with tempfile.TemporaryDirectory(prefix="opsmith-mlflow-") as folder:
        place = Path(folder)
        for kept in Path(card.folder).iterdir():
            if kept.is_file():
                (place / kept.name).write_bytes(kept.read_bytes())
        (place / "MLmodel").write_text(json.dumps(_mlmodel(card, run), indent=1), encoding="utf-8")
        client.log_artifacts(run.info.run_id, folder, "model")


def _mlmodel(card: ModelCard, run: Any) -> dict[str, Any]:
    """MLflow's description of a model (JSON is YAML too): flavour `opsmith`, and the signature in MLflow's own format."""
    inputs = [
        {"name": s["column"], "type": _TYPES[s["kind"]], "required": not s.get("nullable", True)}
        for s in card.signature
    ]
    outputs = [{"type": "double" if card.task == "regression" else "string", "required": True}]
    return {
        "artifact_path": "model", "run_id": run.info.run_id, "utc_time_created": card.created,
        "flavors": {"opsmith": {"data": card.model_file.name, "format": card.file.get("format"), "libraries": card.libraries}},
        "signature": {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs)},
    }  # fmt: skip


def _tags(card: ModelCard) -> dict[str, str]:
    told = {
        "version": card.version, "approval_id": card.approval_id, "approved_by": card.approved_by, "parent": card.parent,
        "fingerprint": card.fingerprint, "dataset": card.data.get("path"), "dataset_sha256": card.data.get("sha256"),
        "rows": card.data.get("rows"), "target": card.target, "task": card.task,
    }  # fmt: skip
    return {OURS + k: str(v) for k, v in told.items() if v not in (None, "")}


def _version_of(client: Any, card: ModelCard) -> int | None:
    for version in client.search_model_versions(f"name='{card.name}'"):
        if version.tags.get(f"{OURS}approval_id") == card.approval_id:
            return int(version.version)
    return None


def _named(client: Any, name: str) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


@contextmanager
def _client(uri: str) -> Iterator[Any]:
    """A client for the server; whatever it or the line to it says becomes one sentence."""
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise ToolError(
            f"{uri} is set for models, but MLflow is not installed: pip install 'opsmith[mlflow]'."
        ) from None
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    try:
        yield MlflowClient(tracking_uri=uri, registry_uri=uri)
    except (MlflowException, OSError) as error:
        told = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ToolError(f"MLflow at {uri} cannot be used: {told}") from None
