"""What is not signed by Slack within five minutes does not come in, and is written down."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.agent.audit import Audit
from opsmith.agent.slack.http import stamp_refusal

from .conftest import Talk


def test_forged_old_and_senseless_requests_are_refused_and_recorded(http_talk: Talk, project: Path) -> None:
    slack, url = http_talk.slack, http_talk.url
    _, envelope = slack.message("<@UBOT> profile sales.csv")
    now = int(time.time())
    assert slack.send(url, envelope, secret="another secret")[0] == 401
    assert slack.send(url, envelope, stamp=str(now - 360))[0] == 401
    assert slack.send(url, envelope, stamp=str(now + 360))[0] == 401
    for stamp in ("soon", "1e9", "-1", "٣", f"{now}.5", "9" * 40):
        assert slack.send(url, envelope, stamp=stamp.encode("utf-8").decode("latin-1"))[0] == 401, stamp
    assert slack.send(url, envelope, **{"X-Slack-Signature": ""})[0] == 401
    assert (
        slack.send(url, slack.press_value({"channel": "C1", "_ts": "1.1"}, "approve", "x", "U0ADA"), secret="z")[0]
        == 401
    )
    time.sleep(0.5)
    assert not slack.called("chat.startStream")
    reasons = [e["reason"] for e in Audit(project / ".opsmith").entries() if e["what"] == "refused"]
    assert len(reasons) == 11
    assert set(reasons) == {
        "the signature is not Slack's", "the timestamp is older than five minutes", "the timestamp is not a number",
    }  # fmt: skip


def test_a_tampered_body_is_refused(http_talk: Talk) -> None:
    _, envelope = http_talk.slack.message("<@UBOT> hello")
    tampered = json.dumps({**envelope, "team_id": "T9"})
    request = urllib.request.Request(http_talk.url, tampered.encode(), {"Content-Type": "application/json",
              "X-Slack-Request-Timestamp": str(int(time.time())), "X-Slack-Signature": "v0=" + "0" * 64})  # fmt: skip
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request, timeout=10)


def test_slack_verifies_the_address_and_health_answers(http_talk: Talk) -> None:
    status, body = http_talk.slack.send(http_talk.url, {"type": "url_verification", "challenge": "abc", "token": "t"})
    assert (status, "abc" in body) == (200, True)
    with urllib.request.urlopen(http_talk.url.replace("/slack/events", "/health"), timeout=10) as answer:
        assert json.load(answer) == {"ok": True}


def test_a_body_without_end_is_refused(http_talk: Talk) -> None:
    status, _ = http_talk.slack.send(
        http_talk.url, {"type": "event_callback", "event": {"type": "x", "text": "a" * 3_000_000}}
    )
    assert status == 413


def test_the_flood_of_refusals_is_not_written_down_for_ever(http_talk: Talk, project: Path) -> None:
    for _ in range(70):
        http_talk.slack.send(http_talk.url, {"type": "event_callback"}, stamp="x")
    assert len([e for e in Audit(project / ".opsmith").entries(500) if e["what"] == "refused"]) == 60


@given(st.text(max_size=20), st.floats(0, 4e9))
def test_any_timestamp_gets_an_answer(stamp: str, present: float) -> None:
    reason = stamp_refusal(stamp, present)
    assert reason == "" or "timestamp" in reason
    assert stamp_refusal(str(int(present)), present) == ""
