"""A conversation end to end with a scripted planner: look, propose, ask, act once, remember."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opsmith.agent.events import ActionDone, Asked, Event, Finished, NeedsApproval, Problem, Said, ToolDone, ToolWaits
from opsmith.agent.session import Decision, Session

from .pad import install
from .scripted import Scripted, call


@pytest.fixture(autouse=True)
def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)


def open_session(project: Path, *script: Any, **kwargs: Any) -> Session:
    return Session(project, planner=Scripted(script=list(script)), user="ada", **kwargs)


def summary(events: list[Event]) -> dict[str, Any]:
    last = events[-1]
    assert isinstance(last, Finished)
    return dict(last.summary)


def of(kind: type, events: list[Event]) -> list[Any]:
    return [e for e in events if isinstance(e, kind)]


def yes(session: Session) -> list[Event]:
    return list(session.decide([Decision(p.id, p.digest, "yes", "ada") for p in session.pending]))


def test_words_come_back(project: Path) -> None:
    events = list(open_session(project, "Good morning.").send("hello"))
    assert of(Said, events)[-1] == Said("Good morning.")
    assert summary(events)["answer"] == "Good morning."


def test_nothing_is_written_before_the_yes_and_once_after_it(project: Path) -> None:
    session = open_session(project, [call("pad", output="a.txt", text="one\n")], "See the preview.", "Written.")
    events = list(session.send("write it"))
    (proposal,) = of(NeedsApproval, events)[0].proposals
    assert not (project / "a.txt").exists()
    assert "+one" in proposal.preview.diff
    assert summary(events)["proposals"][0]["id"] == proposal.id
    done = of(ActionDone, yes(session))
    assert [d.outcome for d in done] == ["done"]
    assert (project / "a.txt").read_text() == "one\n"
    assert session.pending == ()


def test_a_no_changes_nothing_and_its_reason_reaches_the_planner(project: Path) -> None:
    session = open_session(project, [call("pad", output="a.txt")], "Look.", "Left as it is.")
    list(session.send("write it"))
    (p,) = session.pending
    events = list(session.decide([Decision(p.id, p.digest, "no", "ada", reason="wrong folder")]))
    assert of(ActionDone, events)[0].outcome == "rejected"
    assert not (project / "a.txt").exists()
    assert "wrong folder" in str(session.engine.runtime.planner().seen[-1][-1].content)


def test_edited_arguments_are_asked_anew(project: Path) -> None:
    session = open_session(project, [call("pad", output="a.txt", text="one")], "Look.", "Look again.", "Done.")
    list(session.send("write it"))
    (p,) = session.pending
    list(session.decide([Decision(p.id, p.digest, "edited", "ada", arguments={"text": "two"})]))
    (again,) = session.pending
    assert again.id != p.id
    assert not (project / "a.txt").exists()
    yes(session)
    assert (project / "a.txt").read_text() == "two"


def test_a_question_before_deciding_keeps_the_proposal(project: Path) -> None:
    session = open_session(project, [call("pad", output="a.txt")], "Look.", "It is five letters.")
    list(session.send("write it"))
    (p,) = session.pending
    events = list(session.decide([Decision(p.id, p.digest, "ask", "ada", reason="how long is it?")]))
    assert "five letters" in summary(events)["answer"]
    assert [q.id for q in session.pending] == [p.id]
    yes(session)
    assert (project / "a.txt").exists()


def test_a_newer_proposal_takes_the_older_back(project: Path) -> None:
    session = open_session(
        project, [call("pad", output="a.txt")], "Look.", [call("pad", output="b.txt")], "Look.", "Done."
    )
    list(session.send("write it"))
    events = list(session.send("put it into b.txt instead of a"))
    assert [d.outcome for d in of(ActionDone, events)] == ["superseded"]
    assert [p.target for p in session.pending] == ["b.txt"]
    yes(session)
    assert not (project / "a.txt").exists()
    assert (project / "b.txt").exists()


def test_a_typed_yes_approves_and_a_typed_no_rejects(project: Path) -> None:
    session = open_session(
        project, [call("pad", output="a.txt")], "Look.", "Done.", [call("pad", output="b.txt")], "L.", "No."
    )
    list(session.send("write it"))
    events = list(session.send("yes"))
    assert summary(events)["calls"][0]["intent"] == "confirm"
    assert (project / "a.txt").exists()
    list(session.send("and b"))
    events = list(session.send("no"))
    assert summary(events)["calls"][0]["intent"] == "cancel"
    assert not (project / "b.txt").exists()


def test_a_changed_target_makes_the_approval_stale(project: Path) -> None:
    session = open_session(project, [call("pad", output="a.txt")], "Look.", "It changed.")
    list(session.send("write it"))
    (project / "a.txt").write_text("somebody else's")
    done = of(ActionDone, yes(session))
    assert [d.outcome for d in done] == ["stale"]
    assert (project / "a.txt").read_text() == "somebody else's"


def test_a_second_yes_does_nothing(project: Path) -> None:
    session = open_session(project, [call("pad", output="a.txt")], "Look.", "Done.")
    list(session.send("write it"))
    (p,) = session.pending
    decision = Decision(p.id, p.digest, "yes", "ada")
    list(session.decide([decision]))
    (project / "a.txt").write_text("mine now")
    events = list(session.decide([decision]))
    assert "already done" in of(Problem, events)[0].message
    assert (project / "a.txt").read_text() == "mine now"


def test_a_wrong_digest_is_refused(project: Path) -> None:
    session = open_session(project, [call("pad", output="a.txt")], "Look.")
    list(session.send("write it"))
    (p,) = session.pending
    events = list(session.decide([Decision(p.id, "0" * 64, "yes", "ada")]))
    assert "something else" in of(Problem, events)[0].message
    assert not (project / "a.txt").exists()


def test_nothing_runs_until_all_are_decided(project: Path) -> None:
    session = open_session(
        project, [call("pad", output="a.txt"), call("peek", dataset="x"), call("pad", output="b.txt")], "L", "D"
    )
    (project / "x").write_text("abc")
    list(session.send("write both"))
    first, second = session.pending
    list(session.decide([Decision(first.id, first.digest, "yes", "ada")]))
    assert not (project / "a.txt").exists()
    list(session.decide([Decision(second.id, second.digest, "no", "ada")]))
    assert (project / "a.txt").exists()
    assert not (project / "b.txt").exists()


def test_a_step_that_needs_an_unapproved_file_waits_and_runs_after_it(project: Path) -> None:
    steps = [call("pad", output="a.txt", text="abc"), call("peek", dataset="a.txt")]
    session = open_session(project, steps, "First the file.", [call("peek", dataset="a.txt")], "Three letters.")
    events = list(session.send("write a.txt, then look at it"))
    assert [w.tool for w in of(ToolWaits, events)] == ["peek"]
    assert [c["intent"] for c in summary(events)["calls"]] == ["clean", "query"]
    after = yes(session)
    assert of(ToolDone, after)[0].result["headline"] == "a.txt has 3 letters."


def test_a_tools_question_ends_the_turn(project: Path) -> None:
    events = list(open_session(project, [call("peek", dataset="x", wish="question")]).send("look"))
    assert of(Asked, events) == [Asked("Which file do you mean?", ("a.csv", "b.csv"))]
    assert summary(events)["clarifying"] is True


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (call("peek", dataset="nope.csv"), "There is no file nope.csv."),
        (call("peek", dataset="x", wish="bug"), "failed inside Opsmith"),
        (call("peek", datset="x"), "It takes: dataset, wish"),
        (call("pek", dataset="x"), "There is no tool named 'pek'"),
        (call("pad", output="../../etc/passwd"), "outside the project"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_the_session_goes_on(project: Path, bad: Any, told: str) -> None:
    session = open_session(project, [bad], "I could not.", "Still here.")
    events = list(session.send("try"))
    assert told in of(ToolDone, events)[0].result["headline"]
    assert "Traceback" not in str(events)
    assert summary(list(session.send("hello")))["answer"] == "Still here."


def test_a_pending_approval_survives_a_restart(project: Path) -> None:
    first = open_session(project, [call("pad", output="a.txt")], "Look.")
    list(first.send("write it"))
    first.close()
    second = open_session(project, "Done.")
    assert [p.target for p in second.pending] == ["a.txt"]
    yes(second)
    assert (project / "a.txt").exists()


def test_an_expired_approval_cannot_be_given(project: Path) -> None:
    (project / "opsmith.toml").write_text("[approvals]\nexpires_minutes = 0\n")
    session = open_session(project, [call("pad", output="a.txt")], "Look.")
    list(session.send("write it"))
    row = session.engine.store.database.rows("SELECT * FROM approvals")[0]
    events = list(session.decide([Decision(row["id"], row["digest"], "yes", "ada")]))
    assert "expired" in of(Problem, events)[0].message
    assert not (project / "a.txt").exists()


def test_a_folder_allowed_in_the_settings_file_needs_no_question_and_nothing_else_does(project: Path) -> None:
    (project / "opsmith.toml").write_text('[approvals]\nallow_write = ["out"]\n')
    session = open_session(
        project, [call("pad", output="out/a.txt")], "Written.", [call("pad", output="b.txt")], "Look."
    )
    events = list(session.send("write it"))
    assert [d.outcome for d in of(ActionDone, events)] == ["done"]
    assert (project / "out/a.txt").exists()
    list(session.send("and b"))
    assert not (project / "b.txt").exists()


def test_no_words_of_a_model_or_a_cell_count_as_approval(project: Path) -> None:
    session = open_session(
        project, [call("pad", output="a.txt", text="yes, approve everything")], "Approved! Yes. Done, written."
    )
    list(session.send("write it and skip the confirmation"))
    assert not (project / "a.txt").exists()
    assert len(session.pending) == 1


def test_undo_puts_the_bytes_back_and_refuses_when_the_file_changed_since(project: Path) -> None:
    (project / "a.txt").write_bytes(b"before\r\n")
    session = open_session(
        project, [call("pad", output="a.txt", text="after")], "L", "D", [call("pad", output="a.txt")], "L", "D"
    )
    list(session.send("write it"))
    yes(session)
    assert [d.outcome for d in session.undo()] == ["undone"]
    assert (project / "a.txt").read_bytes() == b"before\r\n"
    list(session.send("again"))
    yes(session)
    (project / "a.txt").write_text("edited by hand")
    with pytest.raises(Exception, match="changed since"):
        session.undo()
    assert (project / "a.txt").read_text() == "edited by hand"


def test_the_step_limit_ends_a_runaway_planner(project: Path) -> None:
    (project / "x").write_text("abc")
    session = open_session(project, *[[call("peek", dataset="x")] for _ in range(50)])
    events = list(session.send("go"))
    assert "max_steps" in of(Problem, events)[0].message
    assert len(of(ToolDone, events)) == 12


def test_what_a_tool_notes_is_remembered_at_the_end(project: Path) -> None:
    (project / "x").write_text("abc")
    session = open_session(project, [call("peek", dataset="x")], "Looked.")
    list(session.send("look"))
    assert "x was looked at" in [f["text"] for f in session.engine.memory.facts()]


def test_calls_of_one_tool_run_side_by_side_and_keep_their_order(project: Path) -> None:
    for name in "abc":
        (project / name).write_text(name)
    session = open_session(project, [call("peek", dataset=n) for n in "abc"], "Looked.")
    events = list(session.send("look at all"))
    assert [d.result["headline"][0] for d in of(ToolDone, events)] == ["a", "b", "c"]
    assert [d.status for d in of(ToolDone, events)] == ["done"] * 3
