"""Tools look and propose: each registered tool is run under a guard that sees every write, process and connection.

Arguments are made from the names that all tools share, so a new tool is covered without an edit here.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from opsmith.evals.case import ModelFixture, World
from opsmith.evals.driver import Setup, open_stage
from opsmith.tools import registry
from opsmith.tools.contract import Context, Tool, ToolError

VALUES: dict[str, Any] = {
    "dataset": "a.csv", "reference": "a.csv", "current": "b.csv", "target": "label", "columns": ["amount"],
    "model": "label_model", "topic": "nothing", "text": "nothing", "question": "how many rows are there?",
    "name": "watch", "schedule": "daily", "fact": "the sky is blue", "reason": "no", "tool": "profile",
}  # fmt: skip
_CHANGES = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink", "os.chmod"}
_PROCESS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.spawn"}
_NETWORK = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.bind"}


class Seen:
    """What happened while the guard was up."""

    active: Seen | None = None
    hooked = False

    def __init__(self, project: Path) -> None:
        self.allowed = (
            str(project / ".opsmith"),
            tempfile.gettempdir() + "/opsmith-",
            "/dev/",
            str(Path.home() / ".cache"),
        )
        self.project = str(project)
        self.writes: list[str] = []
        self.processes: list[str] = []
        self.connections: list[str] = []

    def wrote(self, path: Any, folder: Any = -1) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        base = os.readlink(f"/proc/self/fd/{folder}") if isinstance(folder, int) and folder >= 0 else os.getcwd()
        name = os.path.normpath(os.path.join(base, os.fsdecode(path)))
        inside = name.startswith(self.project) and not name.startswith(self.allowed[0])
        if (
            name
            and (inside or not name.startswith((*self.allowed, tempfile.gettempdir())))
            and "__pycache__" not in name
        ):
            self.writes.append(name)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    seen = Seen.active
    if seen is None:
        return
    if event == "open":
        path, mode, flags = arguments
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (mode is None and flags & (os.O_WRONLY | os.O_RDWR)):
            seen.wrote(path)
    elif event in _CHANGES:
        folders = [a for a in arguments[1:] if isinstance(a, int)]  # mode and folder, or the folder alone: it is last
        seen.wrote(arguments[0], folders[-1] if folders else -1)
    elif event in _PROCESS:
        if str(arguments[0]).rsplit("/", 1)[-1] != "lscpu":  # scikit-learn counts the cores with it
            seen.processes.append(f"{event} {arguments[0]}")
    elif event in _NETWORK:
        local = event == "socket.connect" and isinstance(arguments[1], (str, bytes))  # a socket file: a local program
        (seen.processes if local else seen.connections).append(f"{event} {arguments[1:]}")


@contextmanager
def guard(project: Path) -> Iterator[Seen]:
    """Everything that Python does to files, processes and the network in the block."""
    if not Seen.hooked:
        sys.addaudithook(_hear)
        Seen.hooked = True
    Seen.active = seen = Seen(project)
    try:
        yield seen
    finally:
        Seen.active = None


def contents(project: Path) -> dict[str, str]:
    """Every file outside Opsmith's own folder by its hash: what native code writes is seen too."""
    files = (p for p in project.rglob("*") if p.is_file() and ".opsmith" not in p.parts)
    return {p.relative_to(project).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def given(tool: Tool, *, all_known: bool) -> dict[str, Any]:
    """Arguments by the shared names: the required ones, or all that are known."""
    needed = tool.parameters()
    return {
        name: VALUES[name]
        for name, parameter in needed.items()
        if name in VALUES and (all_known or parameter.default is parameter.empty)
    }


@pytest.fixture(scope="module")
def world() -> World:
    rows = [[n, round(n * 1.7 % 13, 2), "yes" if (n * 7) % 5 < 2 else "no"] for n in range(120)]
    header: list[Any] = ["id", "amount", "label"]
    return World(
        files={"a.csv": {"table": [header, *rows]}, "b.csv": {"table": [header, *rows[30:]]}},  # type: ignore[dict-item]
        models={"label_model": ModelFixture(target="label", trained_on="a.csv")},
    )


@pytest.mark.parametrize("name", registry.names())
@pytest.mark.parametrize("all_known", [False, True], ids=["required", "all"])
def test_a_tool_changes_runs_and_sends_nothing(name: str, all_known: bool, world: World) -> None:
    tool = registry.get(name)
    with open_stage(world, [], Setup()) as stage:
        context = stage.session.engine.runtime.context(lambda fraction, note="": None)
        context = Context(**{**vars(context), "settings": {**context.settings, "feature_seconds": 5}})
        before = contents(stage.project)
        with guard(stage.project) as seen, suppress(ToolError):  # a refusal in words is an answer too
            tool.run(**tool.validate(given(tool, all_known=all_known)), context=context)
        assert contents(stage.project) == before
        assert seen.writes == []
        if "process" not in tool.reads:
            assert seen.processes == []
        if "network" not in tool.reads:
            assert seen.connections == []


def test_the_guard_sees_what_it_is_for(project: Path) -> None:
    import socket
    import subprocess

    with guard(project) as seen:
        (project / "x.txt").write_text("x")
        subprocess.run([sys.executable, "--version"], capture_output=True, check=True)
        with socket.socket() as end:
            end.bind(("127.0.0.1", 0))
    assert seen.writes == [str(project / "x.txt")]
    assert seen.processes and seen.connections
