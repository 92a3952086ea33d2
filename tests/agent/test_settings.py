"""Settings come from defaults, file, environment and flags, in that order, and say where they came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opsmith.agent.settings import SETTINGS, load
from opsmith.tools.contract import ToolError


def test_later_sources_win_and_are_named(project: Path) -> None:
    (project / "opsmith.toml").write_text(
        'max_steps = 5\nseed = 3\nmodel = "openai:a"\n[approvals]\nexpires_minutes = 10\n'
    )
    found = load(project, {"model": "openai:c"}, {"OPSMITH_SEED": "4", "OPSMITH_APPROVALS_EXPIRES_MINUTES": "20"})
    assert (found["max_steps"], found["seed"], found["model"], found["approvals.expires_minutes"]) == (
        5,
        4,
        "openai:c",
        20,
    )
    sources = {v["name"]: v["source"] for v in found.listed()}
    assert sources["max_steps"] == "opsmith.toml"
    assert sources["seed"] == "OPSMITH_SEED"
    assert sources["model"] == "command line"
    assert sources["result_tokens"] == "default"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("max_stps = 5", "Did you mean max_steps"),
        ("qqqqqq = 5", "is no setting"),
        ('max_steps = "many"', "whole number"),
        ("spreadsheet_safe = 3", "true or false"),
        ("max_steps = ", "not valid TOML"),
        ("[approvals]\nallow_writes = []", "approvals.allow_write"),
    ],
)
def test_a_wrong_file_is_told_in_one_sentence(project: Path, text: str, told: str) -> None:
    (project / "opsmith.toml").write_text(text)
    with pytest.raises(ToolError, match=told):
        load(project, environ={})


@pytest.mark.parametrize("setting", [s for s in SETTINGS if not s.file_only], ids=lambda s: s.name)
def test_every_default_is_a_valid_value_from_the_environment_too(project: Path, setting: Any) -> None:
    text = ",".join(setting.default) if isinstance(setting.default, list) else str(setting.default)
    found = load(project, environ={setting.variable: text})
    assert found[setting.name] == setting.default
    assert setting.meaning


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.file_only], ids=lambda s: s.name)
def test_what_needs_no_question_is_set_in_the_file_only(project: Path, setting: Any) -> None:
    assert setting.name.startswith("approvals.allow_")
    with pytest.raises(ToolError, match="counts only in opsmith.toml"):
        load(project, environ={setting.variable: "reports"})
