"""Streams: a change is found soon after it, a restart changes nothing that matters, memory stays bounded."""

import json

import numpy as np
import pytest

pytest.importorskip("river")

from opsmith.tools.compute.streaming import LEAST, ODD, RECENT, ROWS, OddRequests, Stream


def test_a_risen_error_rate_is_found_and_a_steady_one_is_not():
    rng = np.random.default_rng(0)
    steady = (rng.random(3000) < 0.1).astype(float)
    stream = Stream()
    assert stream.feed(steady) == []
    (change, *_) = stream.feed((rng.random(600) < 0.4).astype(float))
    assert 3000 < change.position < 3400 and change.after > change.before
    assert len(stream.recent) <= RECENT


def test_a_restart_in_the_middle_finds_the_same_change():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(size=800), rng.normal(size=400) + 2])
    whole = Stream().feed(values)
    first = Stream()
    found = first.feed(values[:700])
    second = Stream.restored(json.loads(json.dumps(first.state())))
    found += second.feed(values[700:])
    assert [c.detector for c in found] == [c.detector for c in whole]
    assert abs(found[0].position - whole[0].position) <= 64


def test_what_is_no_number_is_passed_over():
    stream = Stream()
    assert stream.feed([float("nan"), float("inf")]) == [] and stream.seen == 0


def usual(number, seed):
    """Requests with two numbers that go together, a long tail, and a rare flag."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=number)
    b = 0.95 * a + 0.3 * rng.normal(size=number)
    tail, flag = rng.lognormal(size=number), rng.random(number) < 0.03
    return [{"a": w, "b": x, "tail": y, "flag": bool(z)} for w, x, y, z in zip(a, b, tail, flag, strict=True)]


@pytest.mark.parametrize("seed", range(4))
def test_odd_requests_are_told_and_usual_ones_are_not(seed):
    watch = OddRequests()
    assert max(watch.score(row) for row in usual(3000, seed)) < ODD
    far = {"a": 30.0, "b": 28.0, "tail": 1.0, "flag": False}
    assert watch.score(far) >= ODD and watch.farthest(far).startswith(("a = 30", "b = 28"))
    assert watch.score({"a": 3.5, "b": -3.5, "tail": 1.0, "flag": False}) >= ODD  # each alone is usual
    assert watch.score({"a": 0.1, "b": 0.1, "tail": 1.0}) < ODD  # a missing number is nothing odd
    assert watch.score({"note": "no number"}) == 0.0


def test_odd_requests_need_constant_memory_and_survive_a_restart():
    watch = OddRequests()
    early = [watch.score(row) for row in usual(900, 7)]
    assert set(early[:LEAST]) == {0.0} and len(watch.rows) == ROWS
    again = OddRequests.restored(json.loads(json.dumps(watch.state())))
    odd = {"a": 50.0, "b": -50.0, "tail": 2.0, "flag": False}
    assert again.score(odd) == pytest.approx(watch.score(odd), rel=0.2) and again.score(odd) >= ODD
    assert odd not in again.rows  # what is odd does not become usual


def test_numbers_that_never_vary_or_are_always_missing_are_no_trouble():
    watch = OddRequests()
    for n in range(LEAST + 50):
        watch.score({"same": 7, "x": float(n % 13), **({"late": 1.0} if n > LEAST else {})})
    assert watch.score({"same": 7, "x": 5.0}) < ODD <= watch.score({"same": 9000, "x": 5.0})
