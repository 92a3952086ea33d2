"""A fake Slack, a project with one table, and a door between them in either mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("slack_bolt")

from opsmith.agent import settings as settings_file
from opsmith.agent.slack import stream, workers
from opsmith.agent.slack.command import Running, open_door

from .fake_slack import SECRET, TOKEN, FakeSlack

ROLES: dict[str, Any] = {
    "slack.operators": ["U0ADA", "U0BOB"],
    "slack.approvers": ["U0ADA", "U0BOB"],
    "slack.viewers": ["U0EVE"],
}


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    fake = FakeSlack()
    yield fake
    fake.close()
    assert fake.objections == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one small table."""
    folder = tmp_path / "project"
    folder.mkdir()
    rows = "".join(f"r{i % 3},{i}\n" for i in range(60))
    (folder / "sales.csv").write_text(f"region,units\n{rows}r0,0\nr0,0\n")
    return folder


class Talk:
    """A door that is open, and how Slack reaches it in its mode."""

    def __init__(self, slack: FakeSlack, running: Running) -> None:
        self.slack, self.running = slack, running
        self.url = f"http://127.0.0.1:{running.port}/slack/events"

    def send(self, payload: Mapping[str, Any], retry: int = 0) -> None:
        """Deliver one payload as Slack would; it must be acknowledged."""
        if not self.running.port:
            self.slack.push(payload, retry)
            return
        headers = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
        status, body = self.slack.send(self.url, payload, **headers)
        assert status == 200, body

    def say(self, text: str, user: str = "U0ADA", **more: Any) -> str:
        """A person writes; the message's timestamp."""
        ts, envelope = self.slack.message(text, user, **more)
        self.send(envelope)
        return ts

    def card(self, count: int = 1) -> dict[str, Any]:
        """The newest of so many cards."""

        def cards() -> list[dict[str, Any]] | None:
            found = [
                c
                for c in self.slack.called("chat.postMessage")
                if '"approve"' in str(c.get("blocks"))
                or "'approve'" in str(c.get("blocks"))
                or "approval-" in str(c.get("blocks"))
            ]
            return found if len(found) >= count else None

        found: list[dict[str, Any]] = self.slack.wait(cards, 30)
        return found[-1]


@pytest.fixture
def talk_to(slack: FakeSlack, project: Path) -> Iterator[Callable[..., Talk]]:
    """Open a door: talk_to(mode="http", **settings)."""
    opened: list[Running] = []

    def make(mode: str = "http", planner: Any = None, **flags: Any) -> Talk:
        given = {**ROLES, "slack.mode": mode, "slack.port": 0, **flags}
        settings = settings_file.load(project, given, environ={})
        environ = {
            "SLACK_BOT_TOKEN": TOKEN,
            "SLACK_APP_TOKEN": "xapp-test",
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": slack.api,
        }
        running = open_door(settings, environ, planner)
        opened.append(running)
        return Talk(slack, running)

    yield make
    for one in opened:
        one.close()


@pytest.fixture(params=["http", "socket"])
def talk(request: pytest.FixtureRequest, talk_to: Callable[..., Talk]) -> Talk:
    """An open door in both modes."""
    return talk_to(request.param)


@pytest.fixture
def http_talk(talk_to: Callable[..., Talk]) -> Talk:
    """An open door in HTTP mode, for what has nothing to do with the mode."""
    return talk_to("http")


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait a second between messages, nor to look around; test_stream.py keeps the real pace."""
    monkeypatch.setattr(stream, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(workers, "LOOK_SECONDS", 0.2)
