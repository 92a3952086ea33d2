"""Spans tell what ran, how long and with how many tokens; never what was in a cell, a file or a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsmith.agent import telemetry
from opsmith.agent.session import Decision, Session
from opsmith.tools.contract import ToolError

from .pad import install
from .scripted import Scripted, call


def test_a_turn_leaves_spans_without_contents(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    exporter = telemetry.start("memory")
    try:
        script = [[call("pad", output="a.txt", text="secret cell")], "Look.", "Done."]
        session = Session(project, planner=Scripted(script=script), user="ada")
        list(session.send("please write my secret words"))
        list(session.decide([Decision(p.id, p.digest, "yes", "ada") for p in session.pending]))
        spans = exporter.get_finished_spans()
    finally:
        telemetry.start("")
    assert {s.name for s in spans} >= {"opsmith.turn", "opsmith.planner", "opsmith.tool", "opsmith.effect"}
    told = str([dict(s.attributes or {}) for s in spans])
    assert "secret" not in told
    assert "'opsmith.outcome': 'done'" in told


def test_an_unknown_exporter_is_told() -> None:
    with pytest.raises(ToolError, match="console, otlp or memory"):
        telemetry.start("carrier pigeon")
