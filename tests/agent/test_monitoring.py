"""Running monitors: breaches told once, recovered, quiet at night, safe against restarts, overlaps and dead channels."""

import fcntl
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pandas as pd
import pytest

from opsmith.agent import monitor_metrics, monitoring
from opsmith.agent.arguments import Command
from opsmith.agent.monitor_state import MonitorState
from opsmith.agent.settings import load
from opsmith.tools.contract import ToolError
from opsmith.tools.data import monitors
from opsmith.tools.data.monitors import Monitor

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def project(tmp_path):
    rng = np.random.default_rng(0)
    pd.DataFrame({"a": rng.normal(size=600), "c": rng.choice(list("xy"), 600)}).to_csv(
        tmp_path / "before.csv", index=False
    )
    (tmp_path / "monitors").mkdir()
    arrive(tmp_path, 0)
    return tmp_path


def arrive(project, shift, seed=1):
    """New data, moved by so many standard deviations."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"a": rng.normal(size=600) + shift, "c": rng.choice(list("xy"), 600)})
    table.to_csv(project / "now.csv", index=False)


def watch(project, name="watch", **given):
    given = {"reference": "before.csv", "current": "now.csv", "thresholds": {"psi": 0.2}, **given}
    monitor = monitors.checked(Monitor(name, **given))
    (project / monitors.file_of(name)).write_text(monitor.as_yaml())
    return monitor


def run(project, hours=0.0, **settings):
    flat = load(project).flat() | settings
    (one,) = monitoring.run_once(project, ["watch"], settings=flat, now=lambda: NOON + timedelta(hours=hours))
    return one


def alerts(project):
    path = project / ".opsmith/alerts.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_breach_is_told_once_and_its_end_too(project):
    watch(project)
    assert run(project).state == "ok"
    arrive(project, 2)
    first, second = run(project, 1), run(project, 2)
    assert first.state == second.state == "breach"
    assert first.told == ("shown in the terminal",) and second.told == ()
    assert "psi" in first.headline and first.values["psi"] > 0.2
    arrive(project, 0)
    assert run(project, 3).state == "recovered"
    assert run(project, 4).state == "ok"
    assert [a["recovered"] for a in alerts(project)] == [False, True]
    assert (project / alerts(project)[0]["report"]).exists()


def test_the_same_breach_is_told_again_after_a_day(project):
    watch(project)
    arrive(project, 2)
    for hours in (0, 12, 25):
        run(project, hours)
    assert len(alerts(project)) == 2


def test_hysteresis_waits_for_breaches_in_a_row(project):
    watch(project, after=2, recover=2)
    arrive(project, 2)
    run(project, 0)
    arrive(project, 0)
    run(project, 1)
    arrive(project, 2)
    run(project, 2)
    assert alerts(project) == []
    run(project, 3)
    assert len(alerts(project)) == 1
    arrive(project, 0)
    assert run(project, 4).state == "ok"
    assert run(project, 5).state == "recovered"


def test_alerts_wait_for_the_end_of_quiet_hours(project):
    watch(project)
    arrive(project, 2)
    hour = (NOON.astimezone()).hour
    told = run(project, 0, **{"alerts.quiet_hours": f"{hour}-{(hour + 1) % 24}"}).told
    assert "quiet hours" in told[0] and alerts(project) == []
    assert run(project, 2).told == ("shown in the terminal",)


def test_a_dead_webhook_keeps_the_alert_for_the_next_run(project):
    watch(project, channel="webhook")
    arrive(project, 2)
    assert "not sent" in run(project, 0).told[0]
    got = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        told = run(project, 1, **{"alerts.webhook_url": f"http://127.0.0.1:{server.server_port}/x"}).told
    finally:
        server.shutdown()
        server.server_close()
    assert told == ("posted to the webhook at 127.0.0.1",)
    assert got[0]["picture"].startswith("data:image/png;base64,iVBOR")
    assert got[0]["verdict"] == "act" and got[0]["breaches"][0]["metric"] == "psi"
    assert len(alerts(project)) == 1


def test_a_broken_monitor_is_an_error_in_one_sentence_and_the_others_run(project):
    watch(project)
    watch(project, "gone", current="vanished.csv")
    (project / "monitors/odd.yaml").write_text("name: [")
    runs = {r.monitor: r for r in monitoring.run_once(project)}
    assert runs["gone"].state == "error" and "vanished.csv" in runs["gone"].headline
    assert runs["watch"].state == "ok"
    with pytest.raises(ToolError, match="There is no monitor 'ghost'"):
        monitoring.run_once(project, ["ghost"])


def test_what_is_not_due_and_what_is_disabled_does_not_run(project):
    watch(project, schedule="1h")
    watch(project, "off", enabled=False)
    now = [NOON]
    flat = load(project).flat()

    def due():
        return monitoring.run_once(project, due_only=True, settings=flat, now=lambda: now[0])

    assert [r.monitor for r in due()] == ["watch"]
    assert due() == []
    now[0] += timedelta(hours=5, minutes=10)
    (late,) = due()
    assert late.missed == 4  # one run for five that fell due
    now[0] -= timedelta(days=3)  # a clock set back
    assert due() == []
    now[0] += timedelta(hours=2)
    assert len(due()) <= 1


def test_a_run_under_way_is_not_started_twice(project):
    watch(project)
    (project / ".opsmith/locks").mkdir(parents=True)
    with (project / ".opsmith/locks/monitor-watch").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert run(project).state == "skipped"
    assert run(project).state == "ok"


def test_damaged_state_is_no_obstacle(project):
    watch(project)
    (project / ".opsmith/monitors").mkdir(parents=True)
    (project / ".opsmith/monitors/watch.json").write_text('{"last_run": ')
    assert run(project).state == "ok"
    assert MonitorState.load(project, "watch").last_run


def test_of_a_pattern_the_newest_file_is_checked(project):
    (project / "incoming").mkdir()
    watch(project, current="incoming/*.csv")
    assert "No file fits" in run(project).headline
    (project / "now.csv").rename(project / "incoming/b.csv")
    assert run(project, 1).state == "ok"
    arrive(project, 3)
    time.sleep(0.01)
    (project / "now.csv").rename(project / "incoming/a.csv")
    assert run(project, 2).state == "breach"


def test_in_the_foreground_it_makes_up_for_what_was_missed_and_stops(project, monkeypatch):
    pytest.importorskip("apscheduler")
    monkeypatch.setattr(monitoring, "LOOK_AGAIN_SECONDS", 0.1)
    watch(project, schedule="daily")
    stop, said = threading.Event(), []

    def say(line):
        said.append(line)
        if "watch: ok" in line:
            stop.set()

    threading.Timer(20, stop.set).start()
    done = monitoring.run_monitors(project, say=say, stop=stop)
    assert [r.state for r in done] == ["ok"]
    assert said[0].startswith("watch runs daily; next at ")


def test_metrics_show_the_last_run(project):
    pytest.importorskip("prometheus_client")
    watch(project)
    arrive(project, 2)
    run(project)
    text = monitor_metrics.text(project)
    assert 'opsmith_monitor_state{monitor="watch",state="breach"} 1.0' in text
    assert 'opsmith_monitor_threshold{metric="psi",monitor="watch"} 0.2' in text


def test_the_command_line_runs_lists_and_tells_by_exit_code(project, capsys):
    watch(project, schedule="1h")
    assert monitoring.command(Command("monitor", project, ["list"])) == 0
    assert monitoring.command(Command("monitor", project, ["run", "--once"], json=True)) == 0
    out = capsys.readouterr().out
    assert "next at" in out and json.loads(out.splitlines()[-1])["state"] == "ok"
    arrive(project, 2)
    assert monitoring.command(Command("monitor", project, ["run", "watch"])) == 5
    (project / "now.csv").unlink()
    assert monitoring.command(Command("monitor", project, ["run", "--once"])) == 1


@pytest.fixture
def modelled(project, tmp_path_factory):
    from opsmith.evals import stubs
    from opsmith.evals.case import ModelFixture

    for name in ("before", "now"):
        table = pd.read_csv(project / f"{name}.csv")
        table.assign(left=(table.a > 0.1).astype(int)).to_csv(project / f"{name}.csv", index=False)
    fixture = ModelFixture(trained_on="before.csv", target="left", version=1, previous=None, metrics={"accuracy": 0.95})
    stubs.register(project, "leavers", fixture, tmp_path_factory.mktemp("stubs"))
    watch(project, model="leavers", reference=None, on_breach="propose_retraining")
    table = pd.read_csv(project / "now.csv")
    table.assign(a=table.a + 3).to_csv(project / "now.csv", index=False)
    return project


def test_a_breach_puts_a_retraining_before_the_people_once(modelled):
    from opsmith.agent.approvals import Approvals
    from opsmith.agent.store import Store
    from opsmith.tools.data import registry

    first, second = run(modelled, 0), run(modelled, 1)
    assert first.state == second.state == "breach" and len(first.approvals) == 1 and second.approvals == ()
    store = Store(modelled, "")
    (waiting,) = Approvals(store, modelled, load(modelled).flat()).pending()
    store.close()
    assert (waiting.id, waiting.kind, waiting.proposed_by) == (first.approvals[0], "retrain", "monitor watch")
    assert alerts(modelled)[0]["approvals"] == [waiting.id]
    assert [c.version for c in registry.versions(modelled, "leavers")] == [1]


def test_retraining_that_the_settings_allow_happens_but_never_promotes(modelled):
    from opsmith.tools.data import registry

    told = run(modelled, 0, **{"approvals.allow_retrain": ["watch"]}).told
    assert any(t.startswith("retrained, as the settings allow") for t in told), told
    assert [c.version for c in registry.versions(modelled, "leavers")] == [1, 2]
    assert registry.get(modelled, "leavers", "champion").version == 1


def test_an_earlier_version_that_does_surely_better_is_proposed_and_asked_again_after_a_no(project, tmp_path_factory):
    from opsmith.agent.approvals import Approvals, Decision
    from opsmith.agent.store import Store
    from opsmith.evals import stubs
    from opsmith.evals.case import ModelFixture
    from opsmith.tools.data import registry

    for name, seed, sign in (("before", 1, 1), ("turned", 2, -1), ("now", 3, 1)):  # the relation turned, and came back
        a = np.random.default_rng(seed).normal(size=400)
        table = pd.DataFrame({"a": a, "left": (sign * a > 0.1).astype(int)})
        table.to_csv(project / f"{name}.csv", index=False)
    for version, trained_on in ((1, "before.csv"), (2, "turned.csv")):
        fixture = ModelFixture(
            trained_on=trained_on, target="left", version=version, previous=None, metrics={"auc": 0.9}
        )
        stubs.register(project, "leavers", fixture, tmp_path_factory.mktemp("stubs"))
    registry.set_alias(project, "leavers", "champion", 2)
    watch(
        project, model="leavers", reference=None, thresholds={"accuracy": 0.8}, checks=("performance",),
        on_breach="propose_retraining",
    )  # fmt: skip
    first = run(project, 0)
    store = Store(project, "")
    approvals = Approvals(store, project, load(project).flat())
    (waiting,) = approvals.pending()
    assert (waiting.kind, waiting.id) == ("rollback", first.approvals[0])
    assert waiting.summary.endswith("to version 1")
    assert any("version 1 reaches accuracy" in note for note in waiting.preview.notes)
    assert run(project, 1).approvals == ()
    approvals.decide(Decision(waiting.id, waiting.digest, "no", "me", "terminal", "not now"))
    again = run(project, 30)
    assert again.state == "breach" and len(again.approvals) == 1 and again.approvals != first.approvals
    store.close()
