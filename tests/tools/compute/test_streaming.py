"""Streams: a change is found soon after it, a restart changes nothing that matters, memory stays bounded."""

import json

import numpy as np
import pytest

pytest.importorskip("river")

from opsmith.tools.compute.streaming import RECENT, OddRequests, Stream


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


def test_an_odd_request_scores_higher_than_the_usual_ones():
    rng = np.random.default_rng(2)
    watch = OddRequests()
    usual = [watch.score({"a": a, "b": b, "note": "x"}) for a, b in rng.normal(size=(800, 2))]
    assert all(score == 0 for score in usual[:250])
    assert watch.score({"a": 40.0, "b": -40.0}) > np.median(usual[300:])
    assert watch.score({"note": "no number"}) == 0.0
