"""Questions about failing containers, valid files and this machine go to the tools beside the main ones."""

from __future__ import annotations

import pytest

from opsmith.agent.offline.dialogue import Dialogue
from opsmith.agent.offline.reading import read

TOOLS = ["environment", "validate", "diagnose", "build", "deploy"]
MODEL = {"name": "churn_model", "target": "Churn", "trained_on": "a.csv", "version": 1}


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("why does the churn container keep restarting?", "diagnose"),
        ("validate deploy/churn-model", "validate"),
        ("are my kubernetes manifests valid?", "validate"),
        ("what environment is this?", "environment"),
        ("build the container of churn_model", "build"),
        ("write kubernetes manifests for churn_model", "deploy"),
    ],
)
def test_the_tool_is_chosen(text: str, tool: str) -> None:
    catalogue = {"files": [], "models": [MODEL], "tools": TOOLS}
    assert read(text, catalogue, Dialogue()).steps[0].call.tool == tool
