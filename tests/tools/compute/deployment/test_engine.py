"""Whether an engine answers is said in one sentence, never raised."""

import socket

import pytest

from opsmith.tools.compute.deployment import engine


@pytest.mark.parametrize("kind", ["absent", "refusing", "not an engine"])
def test_no_engine_is_one_sentence_with_what_to_do(kind, tmp_path, monkeypatch):
    path = tmp_path / "docker.sock"
    listening = socket.socket(socket.AF_UNIX)
    if kind != "absent":
        listening.bind(str(path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}" if kind != "not an engine" else "nonsense://x")
    found = engine.look()
    listening.close()
    assert not found.there
    assert "Start Docker (or set DOCKER_HOST)" in found.reason
    assert found.reason.count("\n") == 0


@pytest.mark.docker
def test_an_engine_tells_its_version_and_the_images_it_has(engine_client):
    found = engine.look(("python:3.11-slim", "nobody/has:this"))
    assert found.there and found.version
    assert found.images == ("python:3.11-slim",)
