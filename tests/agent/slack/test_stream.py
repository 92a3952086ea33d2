"""A growing answer: a call a second at most, what belongs together sent together, nothing lost when Slack ends it."""

from __future__ import annotations

import time

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from opsmith.agent.slack import stream as module
from opsmith.agent.slack.stream import Pace, Stream, Where

from .fake_slack import TOKEN, FakeSlack

WHERE = Where("T1", "C1", "1.1", "U0ADA")


@pytest.fixture
def growing(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> Stream:
    monkeypatch.setattr(module, "EVERY_SECONDS", 1.0)
    return Stream(WebClient(TOKEN, base_url=slack.api), WHERE, Pace())


def test_a_thousand_words_in_two_seconds_are_a_few_calls(slack: FakeSlack, growing: Stream) -> None:
    ends, words = time.monotonic() + 2.2, 0
    while time.monotonic() < ends:
        growing.text("word ")
        words += 1
        time.sleep(0.002)
    growing.finish()
    assert len(slack.called("chat.startStream")) == 1
    assert len(slack.called("chat.appendStream")) <= 2
    assert slack.words("1.1").count("word ") == words


def test_updates_of_one_step_between_two_calls_become_one(slack: FakeSlack, growing: Stream) -> None:
    growing.text("now ")
    for share in range(50):
        growing.task("a", "train", "in_progress", details=f"{share} %")
    growing.task("a", "train", "complete", output="done")
    growing.finish()
    (stop,) = slack.called("chat.stopStream")
    assert [c["status"] for c in stop["chunks"] if c["type"] == "task_update"] == ["complete"]


def test_what_slack_ended_early_is_posted_whole(slack: FakeSlack, growing: Stream) -> None:
    growing.text("first ")
    slack.errors["chat.stopStream"] = [{"ok": False, "error": "message_not_in_streaming_state"}]
    growing.text("second")
    growing.finish([{"type": "divider"}])
    (posted,) = slack.called("chat.postMessage")
    assert posted["text"] == "first second"


def test_a_channel_that_is_gone_is_no_reason_to_try_again(slack: FakeSlack, growing: Stream) -> None:
    slack.errors["chat.startStream"] = [{"ok": False, "error": "channel_not_found"}]
    with pytest.raises(SlackApiError):
        growing.text("hello")
    assert not slack.called("chat.postMessage")


def test_messages_of_one_channel_keep_their_distance_and_others_do_not_wait() -> None:
    pace = Pace(0.1)
    began = time.monotonic()
    for channel in ("C1", "C2", "C3"):
        pace.wait(channel)
    assert time.monotonic() - began < 0.09
    pace.wait("C1")
    pace.wait("C1")
    assert time.monotonic() - began >= 0.19


def test_a_thread_has_a_name_of_its_own() -> None:
    assert WHERE.thread == "slack-T1-C1-1.1"
