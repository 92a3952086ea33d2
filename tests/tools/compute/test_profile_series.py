"""Clocks that jump and counts that leave numbers out are found; irregular series are left in peace."""

import numpy as np
import pandas as pd

from opsmith.tools.compute.profile_series import odd_steps, series_findings

from .profiled import found_by

RNG = np.random.default_rng(6)


def series(frame, *dates):
    return found_by(lambda p, s: series_findings(p, s, [(p.column(d), s.numbers(d)) for d in dates]), frame)


def hourly(n=500):
    return pd.Series(pd.date_range("2024-01-01", periods=n, freq="h"))


def test_a_clock_that_jumps_or_goes_back_is_told_with_the_moment():
    for shift, word in ((pd.Timedelta(hours=3), "jumps ahead 4 hours"), (pd.Timedelta(hours=-2), "goes back 1 hour")):
        time = hourly()
        time[200:] += shift
        (found,) = series(pd.DataFrame({"time": time, "x": RNG.normal(size=500)}), "time")
        assert found.id == "time_step" and word in found.message and found.rows == (200,)


def test_several_rows_a_moment_are_one_step():
    time = pd.Series(np.repeat(hourly(200), 3).to_numpy())
    assert series(pd.DataFrame({"time": time, "x": RNG.normal(size=600)}), "time") == []
    kept = time[(time < "2024-01-03") | (time > "2024-01-03 05:00")].reset_index(drop=True)
    (found,) = series(pd.DataFrame({"time": kept, "x": RNG.normal(size=len(kept))}), "time")
    assert found.id == "time_step"


def test_every_moment_of_a_long_table_is_looked_at_where_several_rows_share_one():
    time = pd.Series(np.repeat(pd.date_range("2020-01-01", periods=15_000, freq="h").to_numpy(), 4))
    assert series(pd.DataFrame({"time": time, "x": RNG.normal(size=60_000)}), "time") == []
    time[30_000:] -= pd.Timedelta(hours=2)
    (found,) = series(pd.DataFrame({"time": time, "x": RNG.normal(size=60_000)}), "time")
    assert found.id == "time_step" and "goes back 1 hour" in found.message and found.rows == (30_000,)


def test_irregular_times_say_nothing():
    time = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.cumsum(RNG.exponential(600, 500)), "s")
    assert series(pd.DataFrame({"time": time, "x": RNG.normal(size=500)}), "time") == []


def test_numbers_left_out_of_a_running_count_also_in_text():
    run = np.r_[np.arange(1, 301), np.arange(341, 541)]
    for ids in (run, [f"E{i:05d}" for i in run]):
        (found,) = series(pd.DataFrame({"id": ids, "x": RNG.normal(size=500)}))
        assert found.id == "sequence_gap" and found.evidence["count"] == 40 and found.rows == (300,)
    assert series(pd.DataFrame({"id": RNG.permutation(run), "x": RNG.normal(size=500)})) == []


def test_odd_steps_tells_the_usual_step_and_how_far_off_others_are():
    values = np.arange(100.0) * 5
    values[60:] += 15
    usual, at, extra = odd_steps(values, np.arange(100))
    assert usual == 5 and at.tolist() == [59] and extra.tolist() == [15]
