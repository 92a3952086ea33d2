"""Sizes fitted to traffic: the procedure of the measurement, and only what differs by more than a tenth."""

from dataclasses import replace

import pytest

from opsmith.tools.compute.deployment import refit
from opsmith.tools.compute.deployment.sizing import MIB, Step, size
from opsmith.tools.compute.deployment.traffic import Traffic
from opsmith.tools.contract import ToolError

STEP = Step(400, 5.0, 2000, 2000, 0, 0, 5.0, 4.0, 20.0, 30.0, 2.0, 100, 0, 80 * MIB)  # 1 ms a request
SEEN = Traffic("log", 0, 86400, 1440, 100_000, 100, 300)


def measured():
    sized = size([STEP], objective_ms=100, rss=80 * MIB, cold_start_s=2, peak_rate=300, mean_rate=100)
    return sized.as_dict() | {"measured_at": "then"}


def test_the_traffic_it_was_sized_for_changes_nothing():
    known = measured()
    changes = refit.changes(known, refit.fitted(SEEN, known, edge=False))
    assert {c.name for c in changes} == set(refit.SIZES)
    assert not [c for c in changes if c.worth]


def test_ten_times_the_traffic_needs_more_replicas_and_says_why():
    known = measured()
    sized = refit.fitted(replace(SEEN, mean_rate=1000, peak_rate=3000), known, edge=False)
    worth = tuple(c for c in refit.changes(known, sized) if c.worth)
    assert {"cpu", "replicas", "max_replicas"} <= {c.name for c in worth}
    new = refit.applied(known, sized, worth, SEEN)
    assert new["max_replicas"] == sized.max_replicas == new["refit"]["from"]["peak_rate"] * 0 + sized.max_replicas
    assert new["refit"]["proof"] == "then" and new["refit"]["formulas"]


def test_cpu_and_memory_of_the_running_service_win_over_the_measurement():
    known = measured()
    sized = refit.fitted(replace(SEEN, cpu_per_request=0.002, rss=160 * MIB), known, edge=False)
    assert sized.memory == f"{round(160 * 1.15)}Mi" and sized.inputs["cpu_per_request_s"] == pytest.approx(0.002)


def test_a_change_of_a_tenth_is_noise():
    assert not refit.Change("cpu", "100m", "110m", 0.1).worth and refit.Change("cpu", "100m", "111m", 0.11).worth


def test_without_the_inputs_of_a_measurement_nothing_is_guessed():
    with pytest.raises(ToolError, match="Build the container again"):
        refit.fitted(SEEN, {"cpu": "100m"}, edge=False)
