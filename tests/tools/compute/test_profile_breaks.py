"""What breaks off along the rows is found where it is, and chance is left in peace."""

import numpy as np
import pandas as pd

from opsmith.tools.compute.profile_breaks import break_findings
from opsmith.tools.compute.profile_order import lasting_change

from .profiled import found_by

RNG = np.random.default_rng(4)


def breaks(frame, *dates):
    return found_by(lambda p, s: break_findings(p, s, [(p.column(d), s.numbers(d)) for d in dates]), frame)


def plans(n=1000):
    return RNG.choice(["basic", "plus", "pro"], n, p=(0.2, 0.5, 0.3))


def test_a_category_that_goes_on_under_a_new_name_is_told_with_its_row():
    plan = plans()
    plan[600:] = np.where(plan[600:] == "basic", "start", plan[600:])
    (found,) = breaks(pd.DataFrame({"plan": plan, "x": RNG.normal(size=1000)}))
    assert found.id == "level_change" and abs(found.evidence["row"] - 600) < 25
    assert (found.evidence["before"], found.evidence["after"]) == ("basic", "start")


def test_shares_that_turn_round_for_good_are_told_and_waves_are_not():
    flag = RNG.random(1000) < 0.1
    turned = np.where(np.arange(1000) > 500, ~flag, flag)
    assert [f.id for f in breaks(pd.DataFrame({"rain": turned, "x": RNG.normal(size=1000)}))] == ["level_change"]
    waves = RNG.random(1000) < 0.5 + 0.45 * np.sin(np.arange(1000) / 60)
    assert breaks(pd.DataFrame({"rain": waves, "x": RNG.normal(size=1000)})) == []
    assert breaks(pd.DataFrame({"plan": plans(), "x": RNG.normal(size=1000)})) == []


def test_a_stretch_without_values_names_all_its_columns():
    a, b = RNG.normal(size=1000), RNG.normal(size=1000)
    a[300:360] = b[300:360] = np.nan
    a[[5, 700]] = np.nan
    b[[5, 700]] = np.nan
    (found,) = breaks(pd.DataFrame({"a": a, "b": b, "c": RNG.normal(size=1000)}))
    assert found.id == "missing_stretch" and found.columns == ("a", "b")
    assert (found.evidence["from_row"], found.evidence["to_row"]) == (300, 359)


def test_times_of_day_that_were_lost():
    when = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 10**7, 800), "s"))
    when[500:] = when[500:].dt.normalize()
    (found,) = breaks(pd.DataFrame({"when": when, "x": RNG.normal(size=800)}), "when")
    assert found.id == "precision_change" and abs(found.evidence["row"] - 500) < 10


def test_one_device_of_many_that_is_stuck():
    device = np.tile(["a", "b", "c", "d"], 400)
    value = RNG.normal(20, 2, 1600).round(2)
    value[(device == "b") & (np.arange(1600) > 400) & (np.arange(1600) < 1000)] = 20.5
    (found,) = breaks(pd.DataFrame({"device": device, "value": value}))
    assert found.id == "stuck" and found.columns == ("value", "device") and "device is b" in found.message


def test_a_lasting_change_needs_two_clear_sides():
    assert lasting_change(np.r_[np.ones(300, bool), np.zeros(200, bool)]) == 300
    assert lasting_change(RNG.random(500) < 0.5) is None
