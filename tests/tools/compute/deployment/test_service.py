"""The files of the image: complete, hashed, hardened, readable, and the same every time."""

import ast
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from opsmith.evals import stubs
from opsmith.evals.case import ModelFixture
from opsmith.tools.compute.deployment import service
from opsmith.tools.contract import ToolError
from opsmith.tools.data import registry

DATA = Path(__file__).resolve().parents[4] / "evals" / "worlds" / "data"
PLAN = SimpleNamespace(port=9000, image_reference="churn-model:v3")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    project = tmp_path_factory.mktemp("project")
    shutil.copy(DATA / "telco.csv", project)
    stubs.register(project, "churn_model", ModelFixture(target="Churn", trained_on="telco.csv"), project / ".cache")
    card = registry.get(project, "churn_model")
    return card, project, service.service_files(card, PLAN, project)


def test_the_same_model_gives_the_same_bytes(made):
    card, project, files = made
    assert service.service_files(card, PLAN, project) == files
    shutil.rmtree(project / ".opsmith")
    assert service.service_files(card, PLAN, project) == files


def test_everything_the_dockerfile_copies_is_there_and_nothing_needs_buildkit(made):
    _, _, files = made
    text = files["Dockerfile"].decode()
    for source in re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE):
        assert any(name == source or name.startswith(source + "/") for name in files), source
    assert not re.search(r"--mount|<<|# syntax=|COPY --(chmod|link)|:latest|ADD ", text)
    assert "USER 10001:10001" in text
    assert "EXPOSE 9000" in text and "PORT=9000" in text
    assert "--require-hashes" in text and "--only-binary=:all:" in text
    assert "HEALTHCHECK" in text
    assert "ORT_DISABLE_TELEMETRY=1" in text


def test_hadolint_finds_nothing(made, tmp_path):
    hadolint = shutil.which("hadolint", path=str(Path(__import__("sys").executable).parent)) or shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed (extra validate)")
    (tmp_path / "Dockerfile").write_bytes(made[2]["Dockerfile"])
    done = subprocess.run([hadolint, tmp_path / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("kind", ["onnx", "skops"])
def test_every_package_of_a_lock_is_pinned_and_hashed(kind):
    text = service.lock_for(kind)
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    for block in blocks:
        assert re.match(r"[a-z0-9-]+==[\w.]+", block), block[:60]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block[:60]
    assert set(service.LOADERS[kind]) <= set(service.pins(text))
    assert "http" not in re.sub(r"httptools", "", text)


def test_the_manifest_tells_what_the_service_has_to_check(made):
    card, _, files = made
    told = json.loads(files["model/manifest.json"])
    import hashlib

    assert told["sha256"] == hashlib.sha256(files["model/model.onnx"]).hexdigest()
    assert told["libraries"].keys() == {"onnxruntime", "numpy"}
    assert told["classes"] == ["No", "Yes"]
    assert told["signature"] == card.signature
    assert told["export"]["tolerance"] == 1e-4


def test_the_service_is_python_by_itself_and_knows_nothing_of_opsmith(made):
    for name, content in made[2].items():
        if name.endswith(".py"):
            tree = ast.parse(content)
            assert ast.get_docstring(tree)
            for node in ast.walk(tree):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not [n for n in names if n.startswith("opsmith")]
                assert not {"pickle", "joblib", "cloudpickle"} & set(names)


def test_a_lock_that_is_not_shipped_is_said(made):
    with pytest.raises(ToolError, match="No lock file"):
        service.lock_for("coreml")


def test_libraries_that_differ_matter_for_skops_only(made):
    import dataclasses

    card = dataclasses.replace(
        made[0], libraries={"scikit-learn": "1.2.0", "numpy": service.pins(service.lock_for("skops"))["numpy"]}
    )
    assert service.differing_libraries(card, "onnx") == {}
    assert service.differing_libraries(card, "skops") == {"scikit-learn": ("1.2.0", "1.9.1")}


def test_the_sample_request_is_a_row_that_the_service_takes(made):
    from opsmith.tools.templates.service.signature import Signature

    card, _, files = made
    sent = json.loads(files[service.SAMPLE])["rows"]
    assert Signature.of(card.signature).check(sent).keys() == {s["column"] for s in card.signature}
    assert not re.search(
        r"^!.*json$", files[".dockerignore"].decode().replace("!model/manifest.json", ""), re.MULTILINE
    )
