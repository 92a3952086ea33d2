"""Rates from counters that restart, from several replicas, from minutes without requests; old minutes weigh less."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsmith.tools.compute.deployment import traffic
from opsmith.tools.contract import ToolError

START = 1_800_000_000 // 60 * 60


def series(name, values, **labels):
    return {"metric": {"__name__": name, **labels}, "values": [[START + 60 * n, str(v)] for n, v in enumerate(values)]}


def export(*found):
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": list(found)}})


def test_rates_cpu_and_memory_of_two_replicas_are_added_and_restarts_are_seen():
    steady = [600 * n for n in range(121)]  # 10 a second
    restarted = [300 * n for n in range(61)] + [300 * n for n in range(60)]  # 5 a second, anew after an hour
    text = export(
        series("model_requests_total", steady, pod="a", path="/predict", status="200"),
        series("model_requests_total", restarted, pod="b", path="/v2/models/m/infer", status="200"),
        series("model_requests_total", [9 * n for n in range(121)], pod="a", path="/outcomes", status="202"),
        series("process_cpu_seconds_total", [0.6 * n for n in range(121)], pod="a"),
        series("process_cpu_seconds_total", [0.3 * n for n in range(121)], pod="b"),
        series("process_cpu_seconds_total", [50 * n for n in range(121)], pod="somebody-else"),
        series("process_resident_memory_bytes", [60e6] * 121, pod="a"),
        series("process_resident_memory_bytes", [70e6] * 121, pod="b"),
    )
    seen = traffic.of_prometheus("p.json", text)
    assert seen.minutes == 120
    assert seen.mean_rate == pytest.approx(15, rel=0.02) and seen.peak_rate == pytest.approx(15, rel=0.02)
    assert seen.cpu_per_request == pytest.approx(0.001, rel=0.02) and seen.rss == 70_000_000


def test_yesterday_weighs_half_and_minutes_without_requests_count():
    day = 24 * 60
    counts = dict.fromkeys(range(0, day), 60.0) | {2 * day - 1: 0.0}
    seen = traffic.of_counts("log", counts)
    assert seen.minutes == 2 * day
    assert seen.mean_rate == pytest.approx(1 / 3, abs=0.001), "one a second with half the weight of today's nothing"
    assert seen.peak_rate == 1.0


@pytest.mark.parametrize(
    ("text", "told"),
    [("no json", "no JSON"), ("[1]", "query_range"), ("{}", "no series"), ('{"status": "error"}', "query_range"),
     ('{"data": {"resultType": "vector", "result": []}}', "query_range"),
     (export(series("up", [1, 1])), "it has up"),
     (export(series("model_requests_total", [1, 2])), "covers 1 minutes")],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_how_to_get_it(text, told):
    with pytest.raises(ToolError, match=told):
        traffic.of_prometheus("p.json", text)


@settings(max_examples=60, deadline=None)
@given(
    counts=st.dictionaries(st.integers(0, 400), st.floats(0, 1e6), min_size=1, max_size=80).filter(
        lambda c: max(c) - min(c) >= 60
    )
)
def test_the_peak_is_no_less_than_the_mean_allows_and_no_more_than_the_largest_minute(counts):
    seen = traffic.of_counts("log", counts)
    largest = max(counts.values()) / 60
    assert 0 <= seen.mean_rate <= largest + 1e-9 and 0 <= seen.peak_rate <= largest + 1e-9
