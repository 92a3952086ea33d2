"""The suites can fail: five agents with one planted fault each are caught, and the sound agent is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsmith.evals.driver import Setup
from opsmith.evals.loading import SUITES
from opsmith.evals.runner import Filter, plan, play_job

FAULTS = {
    "confirmation_bypassed": ("smoke-reject", {"effect without consent", "changes", "file", "journal"}, True),
    "wrong_column": ("smoke-query", {"calls", "shown"}, False),
    "false_claim": ("smoke-reject", {"false claim"}, True),
    "leaked_key": ("smoke-decline", {"secret"}, True),
    "network_call": ("smoke-decline", {"network"}, True),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught_in_every_wording(fault: str, tmp_path: Path) -> None:
    case, checks, hard = FAULTS[fault]
    setup = Setup(agent=f"opsmith.evals.broken_agents.{fault}:open_session", folder=str(tmp_path))
    for job in plan([SUITES / "smoke.yaml"], Filter(ids=[case])):
        done = play_job(job, setup)
        assert done.failures, f"{fault} was not caught by {job.key}"
        assert {f.check for f in done.failures} <= checks
        assert any(f.hard for f in done.failures) is hard


@pytest.mark.parametrize("case", sorted({case for case, _, _ in FAULTS.values()}))
def test_the_sound_agent_passes_the_same_cases(case: str, tmp_path: Path) -> None:
    for job in plan([SUITES / "smoke.yaml"], Filter(ids=[case])):
        done = play_job(job, Setup(folder=str(tmp_path)))
        assert done.failures == []


def test_every_planted_fault_has_its_agent() -> None:
    folder = Path(__file__).resolve().parents[2] / "evals" / "broken_agents"
    assert {p.stem for p in folder.glob("*.py")} - {"__init__"} == set(FAULTS)
