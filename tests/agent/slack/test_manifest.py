"""The manifests ask for what the door uses and no more; the blocks in the documentation are ones that Slack takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opsmith.agent.slack.manifest import manifest, manifest_text

from .payloads import problems

DOCS = Path(__file__).resolve().parents[3] / "docs" / "slack"
LEAST = {
    "app_mentions:read", "assistant:write", "channels:history", "chat:write", "files:read", "files:write",
    "groups:history", "im:history", "users:read",
}  # fmt: skip


@pytest.mark.parametrize("mode", ["socket", "http"])
def test_least_scopes_and_current_conventions(mode: str) -> None:
    told = manifest(mode)
    assert set(told["oauth_config"]["scopes"]["bot"]) == LEAST
    assert len(told["features"]["agent_view"]["agent_description"]) <= 300
    assert "assistant_view" not in told["features"]
    assert {"agent_session_stopped", "app_mention", "message.im"} <= set(
        told["settings"]["event_subscriptions"]["bot_events"]
    )
    assert told["settings"]["socket_mode_enabled"] is (mode == "socket")
    assert ("request_url" in told["settings"]["event_subscriptions"]) is (mode == "http")
    assert "agent_view" in manifest_text(mode)


def test_the_blocks_in_the_documentation_are_ones_that_slack_takes() -> None:
    messages = json.loads((DOCS / "blocks.json").read_text(encoding="utf-8"))
    assert len(messages) >= 5
    for message in messages:
        if "view" in message:
            assert problems("views.open", {"trigger_id": "1", "view": message["view"]}) == []
        assert problems("chat.postMessage", {"channel": "C1", "text": "x", "blocks": message.get("blocks", [])}) == []
