"""Looking at a container engine, read only: does one answer, and what does it know of our image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LABEL = "opsmith.model"  # NAME:VERSION, on every image and container of ours
PROOF = "opsmith.proof"  # the approval whose proof made a container, volume or image
ADVICE = "Start Docker (or set DOCKER_HOST), then ask again"


@dataclass(frozen=True)
class Engine:
    """Whether an engine answers; `reason` says in one sentence why not."""

    there: bool
    reason: str = ""
    version: str = ""
    images: tuple[str, ...] = ()  # the asked-for tags that it has


def look(images: tuple[str, ...] = ()) -> Engine:
    """Ask the engine of the environment for its version and for these image tags; never raises."""
    try:
        client = connect()
    except NoEngine as error:
        return Engine(False, str(error))
    try:
        version = str(client.version().get("Version", ""))
        have = {tag for image in client.images.list() for tag in image.tags}
        return Engine(True, "", version, tuple(i for i in images if i in have))
    except OSError as error:  # also what docker and requests raise for an answer they do not like
        return Engine(False, f"The Docker engine stopped answering ({_first_line(error)}). {ADVICE}.")
    finally:
        client.close()


class NoEngine(Exception):
    """No engine can be used; the message is one sentence for the person."""


def connect(timeout: float = 60) -> Any:
    """A client of the environment's engine that has just answered. Raises NoEngine."""
    try:
        import docker
        import docker.errors
    except ImportError:
        raise NoEngine("Building containers needs the docker extra: pip install 'opsmith[docker]'.") from None
    try:
        client = docker.from_env(timeout=timeout)
    except docker.errors.DockerException as error:
        raise NoEngine(f"No Docker engine answers on this machine ({_first_line(error)}). {ADVICE}.") from None
    try:
        client.ping()
    except (docker.errors.DockerException, OSError) as error:
        client.close()
        raise NoEngine(f"No Docker engine answers on this machine ({_first_line(error)}). {ADVICE}.") from None
    return client


def _first_line(error: BaseException) -> str:
    text = str(error)
    if "FileNotFoundError" in text:
        return "its socket does not exist"
    if "PermissionError" in text:
        return "permission to its socket is denied"
    if "ConnectionRefused" in text:
        return "its socket refuses connections"
    return text.splitlines()[0][:160] if text else type(error).__name__
