"""Everything that the image of a model is built from: the service's source, the model, the lock file, the Dockerfile.

The source is copied from `tools/templates/service`; it does not import Opsmith. Locks with hashes lie in
`tools/templates/locks`, so nothing is asked of a network here; the command in its `__init__.py` renews them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsmith.tools.compute.deployment.export import Exported, exported
from opsmith.tools.contract import ToolError
from opsmith.tools.data.registry import ModelCard

if TYPE_CHECKING:
    from opsmith.tools.compute.deployment.plan import DeployPlan

PYTHON = "3.11"
USER = 10001
SAMPLE = "service/sample_request.json"  # what the scripts' smoke test sends; it stays out of the image
LOADERS = {"onnx": ("onnxruntime", "numpy"), "skops": ("scikit-learn", "skops", "numpy", "pandas")}
SERVICE = ("__init__", "__main__", "app", "healthcheck", "limits", "logs", "metrics", "model", "open_inference",
           "prediction_log", "settings", "signature")  # fmt: skip

DOCKERFILE = """\
# A prediction service: built by `docker build -t {image} .` in this folder. Classic builder syntax, no registry but Python's.
FROM python:{python}-slim AS build
WORKDIR /build
COPY requirements.lock ./
# Wheels only, each checked against its hash; bytecode now, because the file system is read-only later.
RUN python -m venv /opt/venv \\
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --only-binary=:all: \\
       --require-hashes -r requirements.lock \\
    && /opt/venv/bin/pip uninstall -y pip setuptools \\
    && find /opt/venv -depth -type d -name tests -exec rm -rf {{}} + \\
    && python -m compileall -q -j 0 /opt/venv/lib
COPY service /app/service
COPY model /app/model
RUN python -m compileall -q /app/service && chmod -R a+rX,go-w /app

FROM python:{python}-slim
# The interpreter's own library as bytecode too: it saves a third of the processor time of every start. A volume
# mounted at /var/lib/predictions takes over its owner, so that the prediction log can be written.
RUN python -m compileall -q -j 0 -x '/(tests?|lib2to3)/' /usr/local/lib/python{python} \\
    && install -d -o {user} -g {user} /var/lib/predictions
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \\
    PYTHONUNBUFFERED=1 \\
    PYTHONDONTWRITEBYTECODE=1 \\
    OMP_NUM_THREADS=1 \\
    OPENBLAS_NUM_THREADS=1 \\
    ORT_DISABLE_TELEMETRY=1 \\
    PORT={port}
WORKDIR /app
USER {user}:{user}
EXPOSE {port}
HEALTHCHECK --interval=15s --timeout=4s --start-period=60s --retries=3 CMD ["python", "-I", "-S", "/app/service/healthcheck.py"]
CMD ["python", "-m", "service"]
"""

DOCKERIGNORE = """\
# Only what the image needs is sent to the builder.
*
!requirements.lock
!service/*.py
!service/cleaning/*
!model/manifest.json
!model/model.*
"""


def service_files(card: ModelCard, plan: DeployPlan, project: Path) -> dict[str, bytes]:
    """The files of `deploy/NAME/` that make the image, by path relative to that folder.

    Raises ToolError when the model cannot be loaded, or its format needs a library that no shipped lock has.
    """
    made = exported(card, project)
    lock = lock_for(made.format)
    text = DOCKERFILE.format(python=PYTHON, port=int(plan.port), user=USER, image=plan.image_reference)
    found = {
        "Dockerfile": text.encode(),
        ".dockerignore": DOCKERIGNORE.encode(),
        "requirements.lock": lock.encode(),
        f"model/model.{made.format}": made.content,
        "model/manifest.json": _json(manifest(card, made, lock)),
        **{f"service/{name}": text.encode() for name, text in made.modules.items()},
        SAMPLE: _json({"rows": [sample_row(card)]}),
    }
    source = files("opsmith.tools.templates.service")
    return found | {f"service/{name}.py": source.joinpath(f"{name}.py").read_bytes() for name in SERVICE}


def sample_row(card: ModelCard) -> dict[str, Any]:
    """A row for a smoke test: the middle of each number's range, the first known level; nobody's real data."""
    row: dict[str, Any] = {}
    for entry in card.signature:
        low, high = entry.get("range") or (0.0, 0.0)
        levels = entry.get("levels") or ["text"]
        row[str(entry["column"])] = (low + high) / 2 if entry["kind"] == "number" else str(levels[0])
    return row


def manifest(card: ModelCard, made: Exported, lock: str) -> dict[str, Any]:
    """What the service checks at its start: file, libraries, signature, classes, and how the export was checked."""
    pinned = pins(lock)
    return {
        "manifest_version": 1, "name": card.name, "version": str(card.version), "task": card.task, "target": card.target,
        "format": made.format, "sha256": made.sha256, "trusted": list(made.trusted),
        "libraries": {name: pinned[name] for name in LOADERS[made.format]},
        "trained_with": dict(card.libraries), "classes": list(made.classes), "threshold": card.threshold,
        "signature": [dict(s) for s in card.signature], "export": {**made.check, "reason": made.reason},
        **({"shape": dict(made.shape), "modules": _sums(made.modules)} if made.modules else {}),
    }  # fmt: skip


@cache
def lock_for(format_name: str) -> str:
    """The text of requirements.lock for a model format: exact versions, hashes of every wheel."""
    path = files("opsmith.tools.templates.locks").joinpath(f"{format_name}.txt")
    if not path.is_file():
        raise ToolError(f"No lock file is shipped for {format_name} models.")
    return path.read_text(encoding="utf-8")


def pins(lock: str) -> dict[str, str]:
    """name -> version of a lock file.

    >>> pins("a-b==1.2 ; x\\n    --hash=sha256:00\\nc==3")
    {'a-b': '1.2', 'c': '3'}
    """
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock, re.MULTILINE))


def differing_libraries(card: ModelCard, format_name: str) -> dict[str, tuple[str, str]]:
    """Libraries whose version in the image is not the one the model was trained with: name -> (trained, image).

    An ONNX file does not depend on them; a skops file does.
    """
    if format_name == "onnx":
        return {}
    pinned = pins(lock_for(format_name))
    there = {n: v for n, v in card.libraries.items() if n in pinned}
    return {n: (v, pinned[n]) for n, v in there.items() if v != pinned[n]}


def _sums(modules: Mapping[str, str]) -> dict[str, str]:
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in modules.items()}


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n").encode()
