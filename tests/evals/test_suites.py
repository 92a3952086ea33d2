"""Opsmith's own suites pass with the offline planner: every case in every wording, exactly and without a network."""

from __future__ import annotations

import time

import pytest

from opsmith.evals.driver import Setup
from opsmith.evals.judging import totals
from opsmith.evals.loading import SUITES
from opsmith.evals.runner import Filter, Limits, plan, run


def told(plays: list) -> str:  # type: ignore[type-arg]
    failed = [p for p in plays if not p.passed]
    return "\n".join(f"{p.key}: {f.check}: {f.message}" for p in failed for f in p.failures)


@pytest.mark.slow
def test_every_case_passes_in_every_wording() -> None:
    plays = run(plan([SUITES], Filter()), Setup(), Limits())
    assert totals(plays).hard == 0, told(plays)
    assert all(p.passed for p in plays), told(plays)


def test_the_smoke_suite_passes_and_is_quick() -> None:
    started = time.process_time()
    plays = run(plan([SUITES / "smoke.yaml"], Filter()), Setup(), Limits(jobs=1))
    assert all(p.passed for p in plays), told(plays)
    assert time.process_time() - started < 10
