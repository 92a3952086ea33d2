"""opsmith-deploy.yaml: what was asked for, what was assumed and measured, and the sha256 of every file that was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from opsmith.tools.compute.deployment.dumping import yaml_text
from opsmith.tools.compute.deployment.plan import ARTIFACTS, SETTABLE, DeployPlan
from opsmith.tools.contract import ToolError

FILE = "opsmith-deploy.yaml"
VERSION = 1


@dataclass(frozen=True)
class Record:
    """What a deployment folder says of itself.

    `kinds`: kind of file -> {"asked", "beside"}: what was asked for when it was written last, and the kinds there were.
    """

    asked: Mapping[str, Any] = field(default_factory=dict)
    kinds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)  # path below the folder -> sha256 of what was written
    sizing: Mapping[str, Any] | None = None
    model_version: int | None = None


def read(folder: Path) -> Record | None:
    """The record of a folder; None when there is none. ToolError when somebody broke it."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ToolError(f"{path.name} in {folder.name} is no YAML ({_first(error)}). Repair or delete it.") from None
    if not isinstance(found, dict) or found.get("version") != VERSION:
        raise ToolError(f"{path.name} in {folder.name} is not of version {VERSION}. Repair or delete it.")
    asked = _settings(found.get("asked"))
    kinds = {str(k): {"asked": _settings(_mapping(v).get("asked")), "beside": _words(_mapping(v).get("beside"))}
             for k, v in _mapping(found.get("artifacts")).items() if k in ARTIFACTS}  # fmt: skip
    files = {str(k): str(v) for k, v in _mapping(found.get("files")).items()}
    sizing, number = found.get("sizing"), found.get("model_version")
    return Record(asked, kinds, files, sizing if isinstance(sizing, dict) else None,
                  number if isinstance(number, int) else None)  # fmt: skip


def text(plan: DeployPlan, record: Record) -> str:
    """The file as text."""
    return yaml_text(
        {
            "version": VERSION,
            "name": plan.name,
            "model": plan.model,
            "model_version": plan.version,
            "target": {"environment": plan.environment, "cloud": plan.cloud, "platform": plan.platform},
            "stage": plan.stage,
            "image": plan.image_reference,
            "asked": dict(record.asked),
            "artifacts": {k: dict(v) for k, v in record.kinds.items()},
            "assumptions": [
                {"name": a.name, "value": a.value, "why": a.why, "change": a.change} for a in plan.assumptions
            ],
            "sizing": dict(plan.sizing) if plan.sizing else "not measured",
            "files": dict(sorted(record.files.items())),
        }
    )


def sizing_of(record: Record | None, version: int, measured: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The sizing to use: one fitted to traffic since the last measurement, which the record keeps, else the measured one."""
    kept = record.sizing if record is not None and record.model_version == version else None
    refit = kept.get("refit") if kept else None
    if kept and isinstance(refit, dict) and (measured is None or refit.get("proof") == measured.get("measured_at")):
        return dict(kept)
    return dict(measured) if measured else None


def _settings(value: Any) -> dict[str, Any]:
    return {str(k): v for k, v in _mapping(value).items() if k in SETTABLE and isinstance(v, (str, int, float))}


def _words(value: Any) -> list[str]:
    return [v for v in value if v in ARTIFACTS] if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:120]
