"""Killed with SIGKILL at any instant and started again: nothing lost, nothing repeated, nothing unapproved."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from opsmith.agent import graph  # noqa: F401  heavy parts loaded once, before the forks
from opsmith.agent.session import Decision, Session

from .pad import install
from .scripted import Scripted, call

POINTS = 200
FRESH = 10


def converse(project: Path) -> None:
    """One turn of the child: propose two files, approve, write; a process may die anywhere in it."""
    script = [[call("pad", output="a.txt", text="A\n"), call("pad", output="b.txt", text="B\n")], "Look.", "Done."]
    session = Session(project, planner=Scripted(script=script), user="ada")
    list(session.send("write both"))
    (project / ".opsmith" / "asked").touch()
    list(session.decide([Decision(p.id, p.digest, "yes", "ada") for p in session.pending]))
    session.close()


def fork_and_kill(project: Path, after: float) -> None:
    child = os.fork()
    if child == 0:
        try:
            converse(project)
        finally:
            os._exit(0)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def check_after_restart(project: Path) -> str:
    """Start again, settle, and compare approvals, journal and disk; the stage at which the child died."""
    before = {p.name for p in project.iterdir() if p.suffix == ".txt"}
    approved_before = approved(project)
    assert before <= approved_before, "a file was there without an approval"
    session = Session(project, planner=Scripted(script=["Settled.", "Settled."]), user="ada")
    for _ in session.resume():
        pass
    rows = session.engine.store.database.rows("SELECT * FROM approvals")
    journal = {e["approval_id"]: e for e in session.engine.store.journal()}
    for row in rows:
        done = row["state"] == "done"
        assert row["state"] in ("done", "pending"), row["state"]
        assert done == (journal.get(row["id"], {}).get("state") == "done")
        assert done == (project / row["target"]).exists()
    for target in approved_before:
        expected = {"a.txt": "A\n", "b.txt": "B\n"}[target]
        assert (project / target).read_text() == expected, "an approved write was lost or is half"
    assert not list(project.glob(".*part")), "a half-written file was left"
    audit = [e for e in session.engine.audit.entries(1000) if e["what"] == "done"]
    assert len({e["approval"] for e in audit}) == len(audit), "an action was done twice"
    again = Session(project, planner=Scripted(script=[]), user="ada")
    assert again.engine.acting.recover() == []
    session.close()
    again.close()
    return "approved" if approved_before else "proposed" if rows else "nothing"


def approved(project: Path) -> set[str]:
    path = project / ".opsmith" / "opsmith.db"
    if not path.exists():
        return set()
    connection = sqlite3.connect(path)
    try:
        return {r[0] for r in connection.execute("SELECT target FROM approvals WHERE state IN ('claimed', 'done')")}
    except sqlite3.OperationalError:
        return set()
    finally:
        connection.close()


@pytest.mark.slow
def test_killed_at_200_random_instants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    whole = tmp_path / "whole"
    whole.mkdir()
    started = time.monotonic()
    converse(whole)
    length = time.monotonic() - started
    dice = random.Random(7)
    stages: dict[str, int] = {}
    for number in range(POINTS):
        project = tmp_path / f"p{number}"
        project.mkdir()
        fork_and_kill(project, dice.uniform(0.0, length * 1.3))
        stage = check_after_restart(project)
        stages[stage] = stages.get(stage, 0) + 1
    assert set(stages) >= {"proposed", "approved"}, f"the kill points missed a stage: {stages}"


@pytest.mark.slow
def test_killed_in_fresh_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    dice = random.Random(11)
    here = Path(__file__).resolve()
    for number in range(FRESH):
        project = tmp_path / f"f{number}"
        project.mkdir()
        program = f"""
import importlib.util, sys, types
from pathlib import Path
package = types.ModuleType("killed"); package.__path__ = [{str(here.parent)!r}]; sys.modules["killed"] = package
import importlib
module = importlib.import_module("killed.test_killed")
import pytest
with pytest.MonkeyPatch.context() as patch:
    module.install(patch)
    module.converse(Path({str(project)!r}))
"""
        child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + dice.uniform(0.5, 6.0)
        while time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.01)
        child.kill()
        child.wait()
        check_after_restart(project)
