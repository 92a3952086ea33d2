"""Sizes follow from the measurement by formulas that the report shows; the knee is the last rate that holds."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute.deployment.quantities import parse_quantity
from opsmith.tools.compute.deployment.sizing import MIB, Step, knee, measured, proof_file, size


def step(rate, p95=10.0, cpu=0.002, errors=0, refused=0, throttled=0, rss=60 * MIB):
    count = int(rate * 5)
    return Step(
        rate, 5.0, count, count, refused, errors, p95 / 2, p95 / 2, p95, p95 * 2, cpu * count, 100, throttled, rss
    )


def test_the_knee_is_the_last_of_the_rates_that_hold_without_a_gap():
    steps = [step(400, p95=500), step(50), step(100), step(200, p95=99)]
    assert knee(steps, 100).rate == 200
    assert knee([step(50), step(100, errors=1), step(200)], 100).rate == 50
    assert knee([step(50), step(100, throttled=6)], 100).rate == 50
    assert knee([step(50), step(100, refused=1)], 100).rate == 50
    assert knee([step(50, p95=101)], 100) is None


def test_the_procedure_by_hand():
    sized = size(
        [step(100), step(500)], objective_ms=100, rss=100 * MIB, cold_start_s=2.5, peak_rate=600, mean_rate=150
    )
    # S = 2 ms; r = 0.002 · 600 / (0.65 · 2) = 0.923 -> 0.95; c = 0.95 / 0.002 · 0.65 = 308.75/s
    assert (sized.cpu, sized.cpu_limit) == ("950m", "1")
    assert sized.capacity_rps == pytest.approx(308.75)
    assert (sized.min_replicas, sized.max_replicas) == (2, math.ceil(600 * 1.5 / 308.75))
    assert (sized.memory, sized.memory_limit) == ("115Mi", f"{160 + 16}Mi")
    assert sized.cpu_target == 65
    assert sized.concurrency == round(0.7 * 500 * 0.005)
    assert sized.startup_budget_s == 10 and sized.scale_up_window_s == 15 and not sized.scale_to_zero
    assert {f.name for f in sized.formulas} >= {
        "S, CPU seconds a request",
        "λ_peak",
        "memory limit",
        "startup probe budget",
    }


def test_nothing_is_planned_beyond_a_rate_that_was_seen_to_hold():
    sized = size([step(20), step(50), step(400, p95=900)], objective_ms=100, rss=MIB, cold_start_s=1, peak_rate=100)
    assert sized.capacity_rps == pytest.approx(50 * 0.65)
    assert sized.max_replicas == math.ceil(150 / 32.5)


def test_edge_needs_one_replica_and_what_was_asked_wins():
    edge = size([step(100)], objective_ms=100, rss=50 * MIB, cold_start_s=1, peak_rate=20, edge=True)
    assert edge.min_replicas == 1
    asked = size(
        [step(100)], objective_ms=100, rss=50 * MIB, cold_start_s=8, cpu_request=0.25, memory_request=512 * MIB
    )
    assert asked.cpu == "250m" and asked.memory == "512Mi"
    assert parse_quantity(asked.memory_limit) >= parse_quantity(asked.memory)
    assert asked.startup_budget_s == 24


def test_no_rate_that_holds_is_an_error():
    with pytest.raises(ValueError, match="no rate"):
        size([step(20, p95=900)], objective_ms=100, rss=MIB, cold_start_s=1)


@given(
    cpu=st.floats(1e-5, 0.2), rss=st.integers(MIB, 4000 * MIB), cold=st.floats(0.01, 200), peak=st.none() | st.floats(0.1, 1e5),
    objective=st.floats(1, 5000), rate=st.floats(1, 2000),
)  # fmt: skip
def test_whatever_was_measured_the_sizes_agree_with_one_another(cpu, rss, cold, peak, objective, rate):
    sized = size(
        [step(rate, p95=objective / 2, cpu=cpu)], objective_ms=objective, rss=rss, cold_start_s=cold, peak_rate=peak
    )
    assert 0.099 < parse_quantity(sized.cpu) <= parse_quantity(sized.cpu_limit) <= 1
    assert rss < parse_quantity(sized.memory) <= parse_quantity(sized.memory_limit)
    assert parse_quantity(sized.memory_limit) >= rss * 1.5
    assert 2 <= sized.min_replicas <= sized.max_replicas
    if peak:
        assert sized.max_replicas * sized.capacity_rps >= 1.49 * peak
    assert sized.startup_budget_s >= cold
    json.dumps(sized.as_dict())


def test_a_measurement_is_found_again_and_a_broken_one_is_none(tmp_path):
    assert measured(tmp_path, "m", 1) is None
    path = proof_file(tmp_path, "m", 1)
    path.parent.mkdir(parents=True)
    sized = size([step(100)], objective_ms=100, rss=50 * MIB, cold_start_s=1.5).as_dict()
    path.write_text(json.dumps({"proof_version": 1, "sizing": sized, "at": "2026-01-01"}))
    found = measured(tmp_path, "m", 1)
    assert (found["cpu"], found["startup_seconds"], found["measured_at"]) == ("500m", 1.5, "2026-01-01")
    path.write_text("{")
    assert measured(tmp_path, "m", 1) is None
