"""What is there is listed, part by part."""

from pathlib import Path

from opsmith.tools.status import status

from .conversation import context_with


def test_tables_and_waiting_approvals_are_listed(project: Path) -> None:
    (project / "a b.csv").write_text("x\n1\n")
    waiting = [{"id": "abc", "summary": "write b.csv", "proposed_at": "2026-01-01T10:00:00"}]
    result = status(context=context_with(project, waiting=waiting))
    assert result.headline.startswith("This project has 1 tables, 0 models, 0 monitors")
    assert result.data["tables"][0]["file"] == "a b.csv"
    assert result.data["waiting approvals"][0]["id"] == "abc"


def test_one_part_alone(project: Path) -> None:
    assert status(part="datasets", context=context_with(project)).headline == "This project has 0 tables."
    assert status(part="journal", context=context_with(project)).headline == "This project has 0 journal."
