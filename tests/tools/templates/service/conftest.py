"""Generated services to test: one for two classes, one for a quantity, both in ONNX."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from opsmith.evals import stubs
from opsmith.evals.case import ModelFixture
from opsmith.tools.compute.deployment.service import service_files
from opsmith.tools.data import registry

DATA = Path(__file__).resolve().parents[4] / "evals" / "worlds" / "data"


def generate(folder: Path, data: str, target: str) -> SimpleNamespace:
    """A project with one model and its generated service: folder, card, project."""
    folder.mkdir(exist_ok=True)
    shutil.copy(DATA / data, folder)
    stubs.register(folder, "model_1", ModelFixture(target=target, trained_on=data, version=3), folder / ".cache")
    card = registry.get(folder, "model_1")
    plan = SimpleNamespace(port=8080, image_reference="model-1:v3")
    for name, content in service_files(card, plan, folder).items():
        path = folder / "deploy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return SimpleNamespace(folder=folder / "deploy", card=card, project=folder)


@pytest.fixture(scope="session")
def churn(tmp_path_factory):
    return generate(tmp_path_factory.mktemp("churn"), "telco.csv", "Churn")


@pytest.fixture(scope="session")
def charges(tmp_path_factory):
    return generate(tmp_path_factory.mktemp("charges"), "insurance.csv", "charges")
