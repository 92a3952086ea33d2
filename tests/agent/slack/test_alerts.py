"""A monitor's alert in Slack: figures, picture, and one press that starts the retraining."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from opsmith.agent import monitoring
from opsmith.agent import settings as settings_file
from opsmith.agent.effects.messages import Alert, deliver
from opsmith.tools.contract import ToolError
from opsmith.tools.data import monitors, registry
from opsmith.tools.data.monitors import Monitor

from .conftest import Talk
from .fake_slack import TOKEN, FakeSlack

ALERT = Alert("a1", "watch", "2026-03-01T12:00:00+00:00", "act", "psi is 0.4 <!channel>", "Retrain.",
              ({"metric": "psi", "value": 0.41, "threshold": 0.2},), details={"moved": {"a": 0.41, "b": 0.01}})  # fmt: skip


@pytest.fixture
def online(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> FakeSlack:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("SLACK_API_URL", slack.api)
    return slack


def test_an_alert_has_its_figures_and_its_picture(online: FakeSlack, project: Path) -> None:
    flat = settings_file.load(project, environ={}).flat()
    assert deliver(ALERT, "#ops", project, flat) == "posted to #ops in Slack"
    (posted,) = online.called("chat.postMessage")
    assert "*psi* 0.41 (threshold 0.2)" in str(posted["blocks"])
    assert online.uploads[0]["content"].startswith(b"\x89PNG")
    assert online.uploads[0]["thread_ts"] == posted["_ts"]


def test_an_alert_that_slack_does_not_take_is_tried_again_later(online: FakeSlack, project: Path) -> None:
    online.errors["chat.postMessage"] = [{"ok": False, "error": "channel_not_found"}]
    with pytest.raises(ToolError, match="Slack did not take the alert for #ops"):
        deliver(ALERT, "#ops", project, settings_file.load(project, environ={}).flat())


def test_without_a_token_it_says_what_to_set(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    with pytest.raises(ToolError, match="SLACK_BOT_TOKEN"):
        deliver(ALERT, "slack", project, settings_file.load(project, environ={}).flat())


@pytest.fixture
def watched(project: Path, tmp_path: Path) -> Path:
    """A model whose data moved, and a monitor that tells Slack and asks for a retraining."""
    pytest.importorskip("sklearn")
    import numpy as np
    import pandas as pd

    from opsmith.evals import stubs
    from opsmith.evals.case import ModelFixture

    rng = np.random.default_rng(0)
    for name, shift in (("before", 0.0), ("now", 3.0)):
        table = pd.DataFrame({"a": rng.normal(size=400) + shift})
        table.assign(left=(table.a - shift > 0.1).astype(int)).to_csv(project / f"{name}.csv", index=False)
    fixture = ModelFixture(trained_on="before.csv", target="left", version=1, previous=None, metrics={"accuracy": 0.95})
    stubs.register(project, "leavers", fixture, tmp_path / "stubs")
    (project / "monitors").mkdir()
    monitor = Monitor("watch", model="leavers", current="now.csv", thresholds={"psi": 0.2}, on_breach="propose_retraining",
                      channel="slack")  # fmt: skip
    (project / monitors.file_of("watch")).write_text(monitors.checked(monitor).as_yaml())
    return project


def test_a_press_on_the_alerts_card_starts_the_retraining(
    online: FakeSlack, watched: Path, talk_to: Callable[..., Talk]
) -> None:
    talk = talk_to(**{"slack.alert_channel": "#ops"})
    flat = settings_file.load(watched, {"slack.alert_channel": "#ops", "slack.approvers": ["U0ADA"]}, environ={}).flat()
    (run,) = monitoring.run_once(watched, ["watch"], settings=flat)
    assert run.state == "breach", run
    card = talk.card()
    alert = online.called("chat.postMessage")[0]
    assert (card["thread_ts"], card["channel"], card["reply_broadcast"]) == (alert["_ts"], "C0OPS", True)
    assert online.uploads[0]["content"].startswith(b"\x89PNG")
    talk.send(online.press(card, "approve", "U0ADA"))
    online.wait(lambda: [u for u in online.called("chat.update") if "Done" in str(u["blocks"])], 60)
    assert [c.version for c in registry.versions(watched, "leavers")] == [1, 2]
    assert "done" in online.words(alert["_ts"], "C0OPS")
