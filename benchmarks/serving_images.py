"""What each server's own tool writes for its image: the Dockerfile, what hadolint and checkov say of it, the image's size.

Each image is built as written, with as little changed as an engine without a registry allows; what was changed is told.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

BASE = "python:3.11-slim"  # the only base image there is on a machine without a registry
ENGINE_CLI = "/usr/bin/docker"  # Debian's own client has BuildKit built in, which BentoML's Dockerfile needs


def dockerfile(name: str, python: Path, folder: Path) -> Path | None:
    """The Dockerfile that a server's own tool writes; None where it writes none here."""
    if name == "opsmith":
        return folder / "Dockerfile"
    made = {
        "mlflow": ([python.parent / "mlflow", "models", "generate-dockerfile", "-m", "model", "-d", "docker",
                    "--env-manager", "local"],
                   "docker/Dockerfile"),
        "bentoml": ([python.parent / "bentoml", "build", "."], None),
        "litserve": ([python.parent / "litserve", "dockerize", "server.py"], "Dockerfile"),
    }[name]  # fmt: skip
    (folder / "requirements.txt").write_text("scikit-learn\npandas\njoblib\n")  # what LitServe's Dockerfile installs
    if name == "bentoml":
        (folder / "bentofile.yaml").write_text(
            "service: 'service:Model'\ninclude: ['*.py', '*.joblib']\npython:\n  packages: [scikit-learn, pandas]\n"
        )
    environment = {**os.environ, "BENTOML_HOME": str(folder / "home"), "BENTOML_DO_NOT_TRACK": "True",
                   "PATH": f"{python.parent}:{os.environ['PATH']}"}  # fmt: skip
    done = subprocess.run(made[0], cwd=folder, capture_output=True, text=True, timeout=240, env=environment)
    found = folder / made[1] if made[1] else next(iter((folder / "home").rglob("Dockerfile")), None)
    if not (found and found.is_file()):
        print(f"{name} wrote no Dockerfile: {(done.stdout + done.stderr)[-600:]}", flush=True)
        return None
    return found


def findings(file: Path | None, checkov: str) -> dict:
    """hadolint's and checkov's counts for a Dockerfile."""
    if file is None:
        return {"hadolint": None, "checkov_failed": None}
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, "--no-fail", "-f", "json", file], capture_output=True, text=True)
    counts = {"hadolint": len(json.loads(done.stdout))}
    if checkov:
        told = subprocess.run([checkov, "-f", file, "--framework", "dockerfile", "--skip-download", "-o", "json"],
                              capture_output=True, text=True)  # fmt: skip
        counts["checkov_failed"] = json.loads(told.stdout).get("summary", {}).get("failed")
    return counts


def image(name: str, file: Path | None) -> dict:
    """Build it: {"image_mb", "image"}; `image` is a sentence when something was changed or it did not build."""
    if file is None or subprocess.run([ENGINE_CLI, "info"], capture_output=True).returncode:
        return {"image": "no image was built"}
    # the Dockerfile of a bento lies in env/docker and copies from the bento's root
    context = file.parents[2] if name == "bentoml" else file.parent
    text = file.read_text()
    changed = re.sub(r"(?m)^# syntax=.*\n", "", text)
    changed = re.sub(r"(?m)^ARG PYTHON_VERSION=\S+", "ARG PYTHON_VERSION=3.11", changed)
    if name != "opsmith":
        from_python = r"(?m)^(FROM\s+(?:--platform=\S+\s+)?)(?:docker\.io/)?(?:library/)?python:[\w.-]+"
        changed = re.sub(from_python, rf"\1{BASE}", changed)
    told = f"built on {BASE} as the others" if changed != text else ""
    used = file.with_name("Dockerfile.measured")
    used.write_text(changed)
    tag = f"serving-{name}:measured"
    try:
        done = subprocess.run(
            [ENGINE_CLI, "build", "-q", "-t", tag, "-f", used, context], capture_output=True, text=True, timeout=550,
            env={**os.environ, "DOCKER_BUILDKIT": str(int(name == "bentoml"))},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"image": "its image was not built within nine minutes"}
    if done.returncode:
        print(name, (done.stdout + done.stderr)[-3000:], flush=True)
        return {
            "image": f"its image did not build here ({(done.stderr or done.stdout).strip().splitlines()[-1][:160]})"
        }
    look = [ENGINE_CLI, "image", "inspect", "-f", "{{.Size}}", tag]
    size = subprocess.run(look, capture_output=True, text=True, check=True)
    subprocess.run([ENGINE_CLI, "image", "rm", tag], capture_output=True)
    return {"image_mb": int(size.stdout) / 1e6, "image": told}


def size_of(folder: Path) -> float:
    """MB of the files below a folder; what links point to counts once."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink()) / 1e6
