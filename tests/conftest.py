"""What every test may use: a project folder, the data files, and a run that can be told to allow no skips.

A bare checkout works too: where opsmith is not installed, the folders themselves are its packages.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

if importlib.util.find_spec("opsmith") is None:
    package = types.ModuleType("opsmith")
    package.__path__ = [str(Path(__file__).resolve().parent.parent)]
    sys.modules["opsmith"] = package

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # as the program does before anything is imported

# How long one example takes says something of the machine and nothing of the code.
hypothesis.settings.register_profile("opsmith", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("opsmith")

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(__file__).resolve().parent / "data"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The full data sets: the folder that OPSMITH_DATA names, else `shared/data` beside the checkout.

    Where there is neither, the tests on the small copies in tests/data stand for them.
    """
    named = os.environ.get("OPSMITH_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the full data sets are not here (OPSMITH_DATA names their folder)")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """With OPSMITH_NO_SKIPS set, a run in which anything was skipped has failed: the machine lacks something."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("OPSMITH_NO_SKIPS") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what a skip means here."""
    skipped = len(terminalreporter.stats.get("skipped", ()))
    if skipped and os.environ.get("OPSMITH_NO_SKIPS"):
        terminalreporter.write_line(f"FAILED: {skipped} skipped, and OPSMITH_NO_SKIPS allows none", red=True)


@pytest.fixture(scope="session")
def engine_client() -> Iterator[object]:
    """A client of a Docker engine that has the base image; `.ci/docker-engine.sh` makes both."""
    from opsmith.tools.compute.deployment import engine

    found = engine.look(("python:3.11-slim",))
    if not found.images:
        pytest.skip(found.reason or "the engine has no python:3.11-slim (.ci/docker-engine.sh makes it)")
    client = engine.connect()
    yield client
    client.close()
