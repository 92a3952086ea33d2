"""Cancelling takes back what waits."""

from pathlib import Path

from opsmith.tools.cancel import cancel

from .conversation import context_with


def test_what_waits_is_taken_back(project: Path) -> None:
    waiting = [{"id": "abc", "summary": "write b.csv", "proposed_at": ""}]
    result = cancel(context=context_with(project, waiting=waiting))
    assert result.control == {"cancel": True}
    assert "write b.csv" in result.headline


def test_nothing_waits(project: Path) -> None:
    result = cancel(context=context_with(project))
    assert result.control == {}
    assert "Nothing is waiting" in result.headline
