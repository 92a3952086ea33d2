"""The whole conversation on PostgreSQL: proposed in one process, approved in another, carried out once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from opsmith.agent import settings as settings_file
from opsmith.agent.events import ActionDone
from opsmith.agent.session import Decision, Session

from . import postgres
from .pad import install
from .scripted import Scripted, call

pytestmark = pytest.mark.postgres


@pytest.fixture
def open_session(project: Path, postgres_server: str, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    install(monkeypatch)
    settings = settings_file.load(project, {"store.url": postgres.fresh(postgres_server)}, environ={})
    opened: list[Session] = []

    def make(*script: object, thread: str = "main", user: str = "ada") -> Session:
        session = Session(project, thread, settings=settings, planner=Scripted(script=list(script)), user=user)
        opened.append(session)
        return session

    yield make
    for session in opened:
        session.close()


def test_what_was_proposed_survives_and_is_carried_out_once(open_session, project: Path) -> None:  # type: ignore[no-untyped-def]
    first = open_session([call("pad", output="a.txt", text="A\n")], "Look.")
    list(first.send("write it"))
    (proposal,) = first.pending
    first.close()
    one, two = open_session("Done."), open_session("Done.")
    decision = Decision(proposal.id, proposal.digest, "yes", "bob")
    heard: list[list[object]] = []
    threads = [threading.Thread(target=lambda s=s: heard.append(list(s.decide([decision])))) for s in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [e for events in heard for e in events if isinstance(e, ActionDone) and e.outcome == "done"]
    assert len(done) == 1
    assert (project / "a.txt").read_text() == "A\n"
    assert [e["state"] for e in one.engine.store.journal()] == ["done"]
    states = one.engine.graph.get_state(one.engine.config).values["messages"]
    assert any("receipt" in str(m.content) for m in states)


def test_engines_that_open_at_the_same_time_make_the_checkpoint_tables_once(open_session) -> None:  # type: ignore[no-untyped-def]
    sessions = [open_session("Hello.", thread=f"t{n}") for n in range(6)]
    answers: list[int] = []
    threads = [threading.Thread(target=lambda s=s: answers.append(len(list(s.send("hi"))))) for s in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert {t["id"] for t in sessions[0].engine.store.threads()} == {f"t{n}" for n in range(6)}


def test_a_thread_is_deleted_with_its_checkpoints(open_session) -> None:  # type: ignore[no-untyped-def]
    session = open_session("Hello.")
    list(session.send("hi"))
    session.delete_thread("main")
    assert not session.engine.graph.get_state(session.engine.config).values
