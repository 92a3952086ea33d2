"""A bare checkout works too: where opsmith is not installed, the folders themselves are its packages."""

import importlib.util
import sys
import types
from pathlib import Path

import pytest

if importlib.util.find_spec("opsmith") is None:
    package = types.ModuleType("opsmith")
    package.__path__ = [str(Path(__file__).resolve().parent.parent)]
    sys.modules["opsmith"] = package

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(__file__).resolve().parent / "data"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder
