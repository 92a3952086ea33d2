"""A team talks to Opsmith in Slack, in both modes: over HTTP with signatures, and over a websocket."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from opsmith.agent.audit import Audit
from opsmith.agent.session import Decision, Session
from opsmith.agent.store import Store

from ..pad import install
from ..scripted import Scripted, call
from .conftest import Talk

DEDUPE = "<@UBOT> remove duplicate rows from sales.csv into unique.csv"


def refusals(project: Path) -> list[dict[str, object]]:
    return [e for e in Audit(project / ".opsmith").entries() if e["what"] == "refused"]


def journal(project: Path) -> list[str]:
    store = Store(project)
    try:
        return [e["state"] for e in store.journal()]
    finally:
        store.close()


def test_a_mention_is_streamed_carded_approved_and_carried_out(talk: Talk, project: Path) -> None:
    root = talk.say(DEDUPE)
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
    done = talk.slack.wait(lambda: [u for u in talk.slack.called("chat.update") if "Done" in str(u["blocks"])])
    assert done[0]["ts"] == card["_ts"]
    assert "<@U0BOB>" in str(done[0]["blocks"])
    assert "approval-" not in str(done[0]["blocks"])


def test_a_dropped_file_is_profiled_with_a_picture(talk: Talk, project: Path) -> None:
    content = b"city,price\n" + b"".join(b"Ulm,%d\n" % n for n in range(50))
    talk.slack.files["F9"] = content
    file = {
        "id": "F9",
        "name": "Preise März.csv",
        "size": len(content),
        "url_private_download": f"{talk.slack.base}/files/F9",
    }
    talk.say("", kind="message", channel="D1", subtype="file_share", files=[file])
    talk.slack.wait(lambda: len(talk.slack.uploads) >= 2, 30)
    assert (project / "inbox" / "Preise_Marz.csv").read_bytes() == content
    assert any("profile inbox/Preise_Marz.csv" in t for t in talk.slack.tasks())
    assert any(u["content"].startswith(b"\x89PNG") for u in talk.slack.uploads)
    assert {e["what"] for e in Audit(project / ".opsmith").entries()} >= {"received"}


def test_two_people_who_press_at_once_get_one_execution_and_one_notice(talk: Talk, project: Path) -> None:
    root = talk.say(DEDUPE)
    card = talk.card()
    presses = [talk.slack.press(card, "approve", user) for user in ("U0ADA", "U0BOB")]
    threads = [threading.Thread(target=talk.send, args=(p,)) for p in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (notice,) = talk.slack.wait_for("chat.postEphemeral")
    assert "already" in notice["text"]
    talk.slack.wait_for("chat.stopStream", 2)
    assert talk.slack.words(root).count("done:") == 1
    assert journal(project) == ["done"]
    assert refusals(project)[0]["by"] == f"slack:{notice['user']}"


def test_a_retried_event_has_one_reply(talk: Talk) -> None:
    _, envelope = talk.slack.message("<@UBOT> profile sales.csv")
    talk.send(envelope)
    talk.send(envelope, retry=1)
    talk.slack.wait_for("chat.stopStream")
    talk.send(envelope, retry=2)
    time.sleep(1.5)
    assert len(talk.slack.called("chat.startStream")) == 1


def test_a_mention_that_also_comes_as_a_message_has_one_reply(http_talk: Talk) -> None:
    ts, envelope = http_talk.slack.message("<@UBOT> profile sales.csv")
    twin = http_talk.slack.event({**envelope["event"], "type": "message", "channel_type": "channel"})
    http_talk.send(twin)
    http_talk.send(envelope)
    http_talk.slack.wait_for("chat.stopStream")
    time.sleep(1.2)
    assert len(http_talk.slack.called("chat.startStream", thread_ts=ts)) == 1


@pytest.mark.parametrize("mode", ["http", "socket"])
def test_stop_in_the_middle_of_a_turn(talk_to: Callable[..., Talk], mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    talk = talk_to(mode, planner=Scripted(script=[[call("linger", seconds="30")], "never said"]))
    root = talk.say("<@UBOT> take your time")
    talk.slack.wait(lambda: "linger 30" in talk.slack.tasks())
    began = time.monotonic()
    stop = {
        "type": "agent_session_stopped",
        "channel": "C1",
        "thread_ts": root,
        "user": "U0ADA",
        "streaming_message_ts": [],
    }
    talk.send(talk.slack.event({**stop, "event_ts": talk.slack.stamp()}))
    talk.slack.wait_for("chat.stopStream")
    assert time.monotonic() - began < 10
    assert "Stopped. Nothing half done stays" in talk.slack.words(root)
    assert talk.slack.called("chat.stopStream")[-1]["session_status"] == "active"
    assert "never said" not in talk.slack.words(root)


@pytest.mark.parametrize("mode", ["http", "socket"])
def test_a_restart_between_card_and_press_changes_nothing(
    talk_to: Callable[..., Talk], mode: str, project: Path
) -> None:
    first = talk_to(mode)
    first.say(DEDUPE)
    card = first.card()
    first.running.close()
    first.slack.forget_socket()
    second = talk_to(mode)
    second.send(second.slack.press(card, "approve", "U0ADA"))
    second.slack.wait(lambda: (project / "unique.csv").exists())


def test_a_strangers_press_is_refused_in_private_and_recorded(talk: Talk, project: Path) -> None:
    talk.say(DEDUPE)
    card = talk.card()
    for user in ("U0EVE", "U0MALLORY"):
        talk.send(talk.slack.press(card, "approve", user))
        talk.slack.wait_for("chat.postEphemeral", user=user)
    talk.send(talk.slack.press_value(card, "approve", "0123456789abcdef", "U0ADA"))
    talk.slack.wait_for("chat.postEphemeral", user="U0ADA")
    assert journal(project) == []
    assert [e["by"] for e in refusals(project) if e.get("by")] == ["slack:U0EVE", "slack:U0MALLORY"]
    assert "@U0ADA" in talk.slack.called("chat.postEphemeral", user="U0EVE")[0]["text"]


def test_an_expired_card_is_refused_and_says_so(talk: Talk, project: Path) -> None:
    talk.say(DEDUPE)
    card = talk.card()
    store = Store(project)
    store.database.execute("UPDATE approvals SET expires = '2020-01-01T00:00:00.000000+00:00'")
    store.close()
    talk.send(talk.slack.press(card, "approve", "U0ADA"))
    (notice,) = talk.slack.wait_for("chat.postEphemeral")
    assert "expired" in notice["text"]
    talk.slack.wait(lambda: [u for u in talk.slack.called("chat.update") if "Expired" in str(u["blocks"])])
    assert journal(project) == []
    assert refusals(project)


def test_reject_with_a_reason(http_talk: Talk, project: Path) -> None:
    root = http_talk.say(DEDUPE)
    card = http_talk.card()
    http_talk.send(http_talk.slack.press(card, "reject", "U0ADA"))
    (opened,) = http_talk.slack.wait_for("views.open")
    http_talk.send(http_talk.slack.submit(opened["view"], {"reason": "we need the doubles"}, "U0ADA"))
    done = http_talk.slack.wait(
        lambda: [u for u in http_talk.slack.called("chat.update") if "Rejected" in str(u["blocks"])]
    )
    assert "we need the doubles" in str(done[0]["blocks"])
    assert journal(project) == []
    assert "approval-" not in str(done[0]["blocks"])
    assert root


def test_edit_makes_a_new_card_and_the_old_one_cannot_be_pressed(http_talk: Talk, project: Path) -> None:
    http_talk.say(DEDUPE)
    card = http_talk.card()
    http_talk.send(http_talk.slack.press(card, "edit", "U0ADA"))
    (opened,) = http_talk.slack.wait_for("views.open")
    http_talk.send(http_talk.slack.submit(opened["view"], {"output": "other.csv"}, "U0ADA"))
    newer = http_talk.card(2)
    assert "other.csv" in str(newer["blocks"])
    http_talk.send(http_talk.slack.press(card, "approve", "U0ADA"))
    http_talk.slack.wait_for("chat.postEphemeral")
    http_talk.send(http_talk.slack.press(newer, "approve", "U0ADA"))
    http_talk.slack.wait(lambda: (project / "other.csv").exists())
    assert not (project / "unique.csv").exists()


def test_a_question_about_a_card_is_answered_and_it_stays(http_talk: Talk, project: Path) -> None:
    http_talk.say(DEDUPE)
    card = http_talk.card()
    http_talk.send(http_talk.slack.press(card, "ask", "U0EVE"))
    (opened,) = http_talk.slack.wait_for("views.open")
    http_talk.send(http_talk.slack.submit(opened["view"], {"question": "how many rows does sales.csv have?"}, "U0EVE"))
    http_talk.slack.wait_for("chat.stopStream", 2)
    http_talk.send(http_talk.slack.press(card, "approve", "U0ADA"))
    http_talk.slack.wait(lambda: (project / "unique.csv").exists())


def test_words_approve_only_from_people_who_may(http_talk: Talk, project: Path) -> None:
    root = http_talk.say(DEDUPE)
    http_talk.card()
    http_talk.say("yes", user="U0EVE", kind="message", root=root)
    http_talk.slack.wait(lambda: "not listed to approve" in http_talk.slack.words(root))
    assert journal(project) == []
    http_talk.say("yes", user="U0BOB", kind="message", root=root)
    http_talk.slack.wait(lambda: (project / "unique.csv").exists())
    http_talk.slack.wait(lambda: [u for u in http_talk.slack.called("chat.update") if "Done" in str(u["blocks"])])


def test_a_viewer_may_ask_but_nothing_waits_for_approval_afterwards(http_talk: Talk, project: Path) -> None:
    root = http_talk.say(DEDUPE, user="U0EVE")
    http_talk.slack.wait_for("chat.stopStream")
    assert "You may ask and read here, not change" in http_talk.slack.words(root)
    time.sleep(1.2)
    assert not http_talk.slack.called("chat.postMessage")
    assert refusals(project)


def test_the_terminal_answers_a_card_of_slack_and_the_card_says_so(http_talk: Talk, project: Path) -> None:
    root = http_talk.say(DEDUPE)
    card = http_talk.card()
    store = Store(project)
    (row,) = store.database.rows("SELECT * FROM approvals")
    store.close()
    session = Session(project, row["thread"], user="ada", door="terminal")
    list(session.decide([Decision(row["id"], row["digest"], "yes", "ada", "terminal")]))
    session.close()
    done = http_talk.slack.wait(
        lambda: [u for u in http_talk.slack.called("chat.update") if "Done" in str(u["blocks"])]
    )
    assert "in terminal" in str(done[0]["blocks"])
    http_talk.send(http_talk.slack.press(card, "approve", "U0BOB"))
    http_talk.slack.wait_for("chat.postEphemeral")
    assert journal(project) == ["done"]
    assert root


def test_two_messages_sent_at_once_are_answered_in_order_and_the_first_is_marked(http_talk: Talk) -> None:
    root = http_talk.say("<@UBOT> profile sales.csv")
    http_talk.say("how many rows does sales.csv have?", kind="message", root=root)
    http_talk.slack.wait_for("chat.stopStream", 2)
    first, second = http_talk.slack.called("chat.stopStream")
    assert "Answered before your newer message" in str(first["blocks"])
    assert "Answered before" not in str(second["blocks"])
    assert "62" in http_talk.slack.words(root)


def test_only_what_is_meant_for_us_is_heard(http_talk: Talk) -> None:
    root = http_talk.say("<@UBOT> profile sales.csv")
    http_talk.slack.wait_for("chat.stopStream")
    http_talk.say("profile sales.csv", kind="message")  # no thread of ours
    http_talk.say("<@U0BOB> what do you think?", kind="message", root=root)
    http_talk.say("profile sales.csv", kind="message", root="111.000")
    http_talk.say("profile sales.csv", kind="message", root=root, bot_id="B77", user="UBOTX")
    http_talk.say("profile sales.csv", kind="message", root=root, subtype="message_changed")
    http_talk.say("profile sales.csv", kind="message", root=root, user="UBOT")
    time.sleep(1.5)
    assert len(http_talk.slack.called("chat.startStream")) == 1


def test_a_question_has_its_choices_as_buttons(http_talk: Talk) -> None:
    root = http_talk.say("<@UBOT> train a model on sales.csv")
    (stop,) = http_talk.slack.wait_for("chat.stopStream")
    assert stop["session_status"] == "suspended"
    card = {"channel": "C1", "thread_ts": root, "_ts": stop["ts"], "blocks": stop["blocks"]}
    http_talk.send(http_talk.slack.press(card, "choice-1", "U0ADA"))
    http_talk.slack.wait_for("chat.stopStream", 2, 60)
    assert "units" in http_talk.slack.words(root)


def test_opening_the_conversation_suggests_what_the_project_holds(http_talk: Talk) -> None:
    http_talk.send(
        http_talk.slack.event(
            {"type": "app_home_opened", "user": "U0ADA", "channel": "D1", "tab": "messages", "event_ts": "1.1"}
        )
    )
    (given,) = http_talk.slack.wait_for("assistant.threads.setSuggestedPrompts")
    assert "profile sales.csv" in str(given["prompts"])
    http_talk.send(http_talk.slack.event({"type": "app_context_changed", "context": {}}))


def test_feedback_is_kept_with_the_turn(http_talk: Talk, project: Path) -> None:
    root = http_talk.say("<@UBOT> profile sales.csv")
    (stop,) = http_talk.slack.wait_for("chat.stopStream")
    feedback = stop["blocks"][-1]["elements"][0]["negative_button"]["value"]
    http_talk.send(
        http_talk.slack.press_value(
            {"channel": "C1", "thread_ts": root, "_ts": stop["ts"]}, "feedback", feedback, "U0ADA"
        )
    )
    store = Store(project)
    rows = http_talk.slack.wait(lambda: store.database.rows("SELECT * FROM feedback"))
    store.close()
    assert rows[0]["by_whom"] == "slack:U0ADA"
    assert rows[0]["value"] == feedback
    assert rows[0]["thread"] == f"slack-T1-C1-{root}"
    assert len(feedback) > len("bad ") + 8


def test_another_person_must_approve_where_the_settings_ask_for_it(talk_to: Callable[..., Talk], project: Path) -> None:
    talk = talk_to(**{"approvals.two_people": True})
    talk.say(DEDUPE)
    card = talk.card()
    talk.send(talk.slack.press(card, "approve", "U0ADA"))
    (notice,) = talk.slack.wait_for("chat.postEphemeral")
    assert "another person" in notice["text"]
    talk.send(talk.slack.press(card, "approve", "U0BOB"))
    talk.slack.wait(lambda: (project / "unique.csv").exists())


def test_the_riskiest_class_is_answered_in_the_terminal_only(talk_to: Callable[..., Talk], project: Path) -> None:
    talk = talk_to(**{"approvals.terminal_only": ["write"]})
    talk.say(DEDUPE)
    card = talk.card()
    assert "'approve'" not in str(card["blocks"])
    assert "opsmith approve" in str(card["blocks"])
    approval = next(b["block_id"] for b in card["blocks"] if b["type"] == "actions").removeprefix("approval-")
    talk.send(talk.slack.press_value(card, "approve", approval, "U0ADA"))  # a forged press
    (notice,) = talk.slack.wait_for("chat.postEphemeral")
    assert "terminal only" in notice["text"]
    assert journal(project) == []


def test_other_workspaces_channels_and_guests(talk_to: Callable[..., Talk], project: Path) -> None:
    talk = talk_to(**{"slack.channels": ["C1"]})
    talk.slack.users["U0GUEST"] = {"is_restricted": True}
    talk.slack.users["U0FAR"] = {"team_id": "T9"}
    talk.say("<@UBOT> profile sales.csv", channel="C2")
    assert "not open in this channel" in talk.slack.wait_for("chat.postEphemeral", channel="C2")[0]["text"]
    _, envelope = talk.slack.message("<@UBOT> profile sales.csv")
    talk.send({**envelope, "team_id": "T9"})
    talk.slack.wait_for("chat.postEphemeral", 2)
    for user in ("U0GUEST", "U0FAR", "U0NOBODY"):
        talk.say("<@UBOT> profile sales.csv", user=user)
        talk.slack.wait_for("chat.postEphemeral", user=user)
    assert not talk.slack.called("chat.startStream")
    assert len(refusals(project)) == 5


def test_a_planners_failure_is_told_and_the_thread_goes_on(
    talk_to: Callable[..., Talk], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> str:
        raise ZeroDivisionError("planted")

    talk = talk_to(planner=Scripted(script=[broken, "Better."]))
    root = talk.say("<@UBOT> hello")
    talk.slack.wait_for("chat.stopStream")
    talk.say("again", kind="message", root=root)
    talk.slack.wait(lambda: "Better." in talk.slack.words(root))


def test_slack_asks_to_wait_and_is_obeyed(http_talk: Talk) -> None:
    http_talk.slack.errors["chat.startStream"] = [{"ok": False, "error": "ratelimited"}]
    root = http_talk.say("<@UBOT> profile sales.csv")
    http_talk.slack.wait_for("chat.stopStream")
    assert "62 rows" in http_talk.slack.words(root)


def test_without_streaming_the_answer_is_one_message(http_talk: Talk) -> None:
    http_talk.slack.errors["chat.startStream"] = [{"ok": False, "error": "unknown_method"}] * 3
    root = http_talk.say("<@UBOT> profile sales.csv")
    (posted,) = http_talk.slack.wait_for("chat.postMessage")
    assert posted["thread_ts"] == root
    assert "62 rows" in posted["text"]


def test_a_long_answer_is_cut_and_sent_whole_as_a_file(talk_to: Callable[..., Talk]) -> None:
    talk = talk_to(planner=Scripted(script=["word " * 5000]))
    root = talk.say("<@UBOT> tell me everything")
    talk.slack.wait(lambda: talk.slack.uploads)
    assert talk.slack.uploads[0]["content"].decode().startswith("word word")
    assert len(talk.slack.uploads[0]["content"]) >= 25_000
    assert len(talk.slack.words(root)) <= 12_000


def test_what_data_says_calls_nobody_and_leaks_nothing(http_talk: Talk, project: Path) -> None:
    rows = "".join(f"<!channel> <@U0EVIL> *{n % 3}*,xoxb-1234567890-abcdefghij\n" for n in range(9))
    (project / "evil.csv").write_text(f"note,key\n{rows}")
    root = http_talk.say("<@UBOT> profile evil.csv")
    http_talk.slack.wait_for("chat.stopStream")
    said = http_talk.slack.words(root) + json.dumps(http_talk.slack.called("chat.stopStream"))
    assert "<!channel>" not in said
    assert "xoxb-1234567890" not in said
    http_talk.say("remove duplicate rows from evil.csv into calm.csv", kind="message", root=root)
    assert "<!channel>" not in str(http_talk.card()["blocks"])
