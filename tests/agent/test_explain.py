"""/explain in a real session: how the offline planner read the last sentence."""

from __future__ import annotations

from pathlib import Path

from opsmith.agent.explain import explain_last
from opsmith.agent.session import Session


def test_the_reading_reaches_the_person(project: Path) -> None:
    (project / "sales.csv").write_text("city,amount\nRome,10\nOslo,5\n")
    session = Session(project, user="ada")
    list(session.send("mean amount by city in sales.csv"))
    lines = explain_last(session)
    session.close()
    assert any(line.startswith("step: ") for line in lines)
    assert any(line.startswith("found: ") and "file sales.csv" in line for line in lines)
