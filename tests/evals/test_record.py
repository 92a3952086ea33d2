"""A conversation that happened becomes a case that passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opsmith.agent.session import Decision, Session
from opsmith.evals.driver import Setup
from opsmith.evals.loading import load_suite
from opsmith.evals.record import record, thread_names
from opsmith.evals.runner import Filter, plan, play_job
from opsmith.tools.contract import ToolError

from . import scripted_agents


def talk(project: Path, answer: Any) -> None:
    session = scripted_agents.open_session(project, user="ana")
    list(session.send("tables"))
    list(session.send("watch"))
    list(session.decide([Decision(p.id, p.digest, answer, "ana") for p in session.pending]))
    session.close()


@pytest.fixture
def talked(project: Path) -> Path:
    (project / "a.csv").write_text("x\n1\n2\n")
    (project / "b.csv").write_text("x\n3\n4\n")
    return project


@pytest.mark.parametrize(("answer", "recorded"), [("yes", "approve"), ("no", "reject")])
def test_a_recorded_conversation_plays_and_passes(talked: Path, tmp_path: Path, answer: str, recorded: str) -> None:
    talk(talked, answer)
    path = record(talked, "main", tmp_path / "suites" / "mine.yaml", "watch-it")
    (case,) = load_suite(path).cases
    assert [t.say for t in case.turns] == ["tables", "watch"]
    assert case.turns[1].reply.do == recorded
    assert (tmp_path / "suites" / "mine_data" / "a.csv").read_text() == "x\n1\n2\n"
    setup = Setup(agent=f"{scripted_agents.__name__}:open_session", folder=str(tmp_path / "rooms"))
    (job,) = plan([path], Filter())
    assert play_job(job, setup).failures == []


def test_nothing_to_record_is_told(talked: Path, tmp_path: Path) -> None:
    assert thread_names(talked) == []
    with pytest.raises(ToolError, match="holds nothing that was said"):
        record(talked, "main", tmp_path / "mine.yaml")


def test_the_project_is_only_read(talked: Path, tmp_path: Path) -> None:
    talk(talked, "yes")
    before = sorted((p.name, p.read_bytes()) for p in talked.iterdir() if p.is_file())
    record(talked, "main", tmp_path / "mine.yaml")
    assert sorted((p.name, p.read_bytes()) for p in talked.iterdir() if p.is_file()) == before
    assert isinstance(Session(talked).pending, tuple)
