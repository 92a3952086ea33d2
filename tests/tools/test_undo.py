"""Undo is proposed for what can be put back, and says plainly what cannot."""

from pathlib import Path

import pytest

from opsmith.tools.contract import ToolError
from opsmith.tools.undo import undo

from .conversation import context_with

DONE = [
    {"approval_id": "b", "state": "done", "kind": "write_files", "target": "b", "message": "Wrote b.", "undo": {}},
    {
        "approval_id": "a",
        "state": "done",
        "kind": "forget",
        "target": "memory",
        "message": "Forgot one fact.",
        "undo": None,
    },
]


def test_the_last_action_is_proposed(project: Path) -> None:
    (action,) = undo(context=context_with(project, done=DONE)).actions
    assert action.arguments == {"approvals": ["b"]}
    assert "Wrote b." in action.preview.summary


def test_what_cannot_be_undone_is_said(project: Path) -> None:
    with pytest.raises(ToolError, match=r"cannot be undone: Forgot one fact\."):
        undo(2, context=context_with(project, done=DONE))


def test_nothing_done_nothing_undone(project: Path) -> None:
    result = undo(context=context_with(project))
    assert result.actions == () and "nothing to undo" in result.headline
