"""What works here and what does not: versions, extras, services, planner, memory, settings with their sources."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsmith.agent.session import Session

EXTRAS = {
    "ml": ("sklearn", "skops", "optuna", "imblearn", "skl2onnx"),
    "text": ("ftfy", "symspellpy", "phonenumbers"),
    "monitor": ("river", "apscheduler", "prometheus_client"),
    "serve": ("fastapi", "uvicorn"),
    "docker": ("docker",),
    "validate": ("kubernetes_validate", "check_jsonschema"),
    "slack": ("slack_bolt", "slack_sdk"),
    "postgres": ("psycopg",),
    "spark": ("pyspark",),
    "mlflow": ("mlflow",),
    "otel": ("opentelemetry.sdk",),
}


def examine(session: Session) -> tuple[list[tuple[str, str]], bool]:
    """(part, state) lines, and whether everything needed works."""
    healthy = True
    lines = [("opsmith", _version("opsmith")), ("python", f"{platform.python_version()} on {sys.platform}")]
    lines.append(("project", str(session.project)))
    try:
        lines.append(("memory", f"{len(session.engine.memory.facts())} facts; {session.engine.memory.state()}"))
        lines.append(("planner", session.model))
        lines.append(("store", session.settings["store.url"].split("@")[-1] or "SQLite in .opsmith/"))
        waiting = session.engine.approvals.pending()
        lines.append(("waiting approvals", str(len(waiting))))
        lines.append(("unfinished turn", "yes; it is offered at the next start" if session.unfinished else "no"))
    except Exception as error:  # the doctor reports whatever is broken
        healthy = False
        lines.append(("engine", f"does not start: {error}"))
    for extra, modules in EXTRAS.items():
        missing = [m for m in modules if not _there(m)]
        lines.append(
            (
                f"extra {extra}",
                f"missing {', '.join(missing)}: pip install 'opsmith[{extra}]'" if missing else "installed",
            )
        )
    for program, use in (
        ("docker", "build and prove images"),
        ("java", "Spark"),
        ("shellcheck", "check scripts"),
        ("kubectl", "diagnose"),
    ):
        lines.append((program, shutil.which(program) or f"not found; needed to {use}"))
    for value in session.settings.listed():
        lines.append((value["name"], f"{value['value']!r}  ({value['source']})"))
    return lines, healthy


def _there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "from a checkout"
