"""A team talks to Opsmith in Slack, in both modes: over HTTP with signatures, and over a websocket."""

from __future__ import annotations

from pathlib import Path

from .conftest import Talk


def test_a_mention_is_streamed_carded_approved_and_carried_out(talk: Talk, project: Path) -> None:
    root = talk.say("<@UBOT> remove duplicate rows from sales.csv into unique.csv")
    card = talk.card()
    assert card["thread_ts"] == root
    assert not (project / "unique.csv").exists()
    assert talk.slack.called("agents.sessions.setStatus", thread_ts=root)[0]["status"] == "processing"
    assert talk.slack.called("chat.stopStream")[0]["session_status"] == "suspended"
    assert any(s == "complete" for s in talk.slack.tasks().values())
    talk.send(talk.slack.press(card, "approve", "U0BOB"))
    talk.slack.wait_for("chat.stopStream", 2)
    assert (project / "unique.csv").exists()
    assert "done" in talk.slack.words(root)
    updated = talk.slack.wait_for("chat.update", ts=card["_ts"])
    rewritten = str(
        talk.slack.wait(lambda: [u for u in talk.slack.called("chat.update") if "Done" in str(u["blocks"])])
    )
    assert "<@U0BOB>" in rewritten
    assert "actions" not in str(updated[-1]["blocks"])
