"""Single searches of a profile on small arrays and tables: what they find, and what they leave alone."""

import datetime

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute.profile_dates import date_findings, seconds_of
from opsmith.tools.compute.profile_findings import findings, ranked
from opsmith.tools.compute.profile_kinds import named_like_code, named_like_id
from opsmith.tools.compute.profile_numbers import alike, far_out, short
from opsmith.tools.compute.profile_order import _burst, _coarser, _unit_change, stuck_run
from opsmith.tools.compute.profile_placeholders import placeholders
from opsmith.tools.compute.profile_relations import _copies, cramers_v, dependencies, eta
from opsmith.tools.compute.profile_rows import candidate_keys, row_findings
from opsmith.tools.compute.profile_target import guessed_target, powers
from opsmith.tools.contract import Finding

from .profiled import ids, looked_at

RNG = np.random.default_rng(8)
TODAY = datetime.date(2026, 1, 1)


def test_worst_first_then_by_the_share_of_rows():
    made = [
        Finding(i, s, "", evidence={"share": w})
        for i, s, w in [("a", "info", 1), ("b", "critical", 0.1), ("c", "critical", 0.9)]
    ]
    assert [f.id for f in ranked(made)] == ["c", "b", "a"]


@pytest.mark.parametrize("name", ["user_id", "ID", "orderId", "key"])
def test_names_that_identify(name):
    assert named_like_id(name)


@pytest.mark.parametrize("name", ["num_engs", "number of rooms", "valid", "amount"])
def test_names_that_do_not(name):
    assert not named_like_id(name)


@pytest.mark.parametrize(
    ("name", "said"), [("zip", True), ("Postal Code", True), ("postcode", True), ("amount", False)]
)
def test_names_that_name_things(name, said):
    assert named_like_code(name) is said


def test_a_heavy_tail_has_no_outliers_and_a_typing_error_is_one():
    bell = RNG.normal(size=5000)
    assert far_out(RNG.standard_t(2, 5000))[0].sum() == 0 and far_out(RNG.lognormal(0, 1.5, 5000))[0].sum() == 0
    assert far_out(np.r_[bell, 900.0, -800.0])[0].sum() == 2


def test_samples_of_one_distribution_are_alike():
    assert alike(RNG.normal(size=900), RNG.normal(size=900)) == 0.0 < alike(RNG.normal(size=900), RNG.normal(1, 1, 900))


def test_figures_in_few_letters():
    assert (short(1234567), short(12.0), short(0.123456)) == ("1,234,567", "12", "0.1235")


def test_a_stuck_stretch_of_one_value_needs_that_value():
    assert stuck_run(np.zeros(500), only=1.0) is None
    gaps = np.zeros(500)
    gaps[100:140] = 1.0
    assert stuck_run(gaps, only=1.0) == (100, 139)


def test_a_stuck_stretch_has_its_ends():
    series = np.r_[RNG.normal(size=700), np.full(90, 3.25), RNG.normal(size=600)]
    assert stuck_run(series) == (700, 789)
    assert stuck_run(RNG.normal(size=900)) is None and stuck_run(RNG.integers(0, 3, 900).astype(float)) is None


def test_a_change_of_unit_has_its_row_and_factor():
    weight = RNG.lognormal(1, 0.4, 2000)
    at, factor, offset = _unit_change(np.r_[weight[:1100], weight[1100:] * 1000])
    assert abs(at - 1100) <= 5 and factor == pytest.approx(1000, rel=0.1) and offset is None
    celsius = RNG.normal(18, 3, 2000)
    at, factor, offset = _unit_change(np.r_[celsius[:900], celsius[900:] * 1.8 + 32])
    assert abs(at - 900) <= 15 and factor == pytest.approx(1.8, rel=0.15)
    assert _unit_change(weight) is None and _unit_change(np.cumsum(RNG.normal(size=2000))) is None


def test_a_burst_returns_and_a_trend_is_none():
    series = RNG.normal(size=3000)
    series[1500:1560] += 50
    first, last = _burst(series)
    assert abs(first - 1500) <= 15 and abs(last - 1560) <= 15
    assert _burst(np.linspace(0, 90, 3000) + RNG.normal(size=3000)) is None


def test_values_that_lose_their_decimals():
    series = RNG.normal(50, 9, 2000).round(2)
    at, decimals = _coarser(np.r_[series[:1200], series[1200:].round()])
    assert abs(at - 1200) <= 10 and decimals == 0 and _coarser(series) is None
    at, decimals = _coarser(np.r_[series[:1200], series[1200:].round(1)])
    assert abs(at - 1200) <= 10 and decimals == 1


def test_association_measures_agree_with_their_formulas():
    a = RNG.integers(0, 4, 4000)
    assert cramers_v(a, a) == pytest.approx(1.0, abs=1e-6) and cramers_v(a, RNG.integers(0, 3, 4000)) < 0.05
    values = a * 10.0 + RNG.normal(size=4000)
    assert (
        eta(a, values) == pytest.approx(np.corrcoef(a, values)[0, 1], abs=0.01) and eta(a, RNG.normal(size=4000)) < 0.06
    )


def test_placeholders_stand_apart(tmp_path):
    n = 3000
    frame = pd.DataFrame(
        {"age": RNG.integers(18, 90, n), "zero": RNG.normal(100, 9, n).round(1), "fine": RNG.poisson(1, n)}
    )
    frame.loc[::30, "age"], frame.loc[::40, "zero"] = -999, 0.0
    with looked_at(tmp_path, frame) as (made, sample):
        found = {c.name: placeholders(sample, sample.by_name[c.name], c.scalars) for c in made.columns}
    assert found == {"age": {-999.0: 100}, "zero": {0.0: 75}, "fine": {}}


def test_copies_among_columns_of_unique_values(tmp_path):
    x = RNG.normal(size=500)
    frame = pd.DataFrame(
        {"id": range(500), "x": x, "y": RNG.normal(size=500), "z": x, "t": [f"n{i}" for i in range(500)]}
    )
    with looked_at(tmp_path, frame) as (made, sample):
        assert list(_copies(made, sample)) == [["x", "z"]]


def test_dependencies_and_their_exceptions(tmp_path):
    city = RNG.choice(list("abcdefgh"), 2000)
    country = np.where(np.isin(city, list("abc")), "X", np.where(np.isin(city, list("de")), "Y", "Z"))
    country[:3] = ["Z" if c != "Z" else "X" for c in country[:3]]
    with looked_at(
        tmp_path, pd.DataFrame({"city": city, "country": country, "other": RNG.choice(list("pqr"), 2000)})
    ) as (
        made,
        sample,
    ):
        assert dependencies(made, sample) == [("city", "country", 3)]


def test_pairs_of_columns_may_be_a_key(tmp_path):
    frame = pd.DataFrame([{"day": d, "shop": s, "n": RNG.integers(3)} for d in range(30) for s in "abcdef"])
    with looked_at(tmp_path, frame) as (made, sample):
        assert candidate_keys(made, sample) == [("day", "shop")]


def test_a_header_far_down_a_large_file_is_found(tmp_path):
    n = 60_000
    frame = pd.DataFrame(
        {"name": RNG.choice(list("abcdef"), n), "sex": RNG.choice(["f", "m"], n), "k": RNG.integers(0, 9, n)}
    )
    frame = frame.astype(object)
    frame.loc[41_234] = ["name", "sex", "k"]
    with looked_at(tmp_path, frame, as_csv=True) as (made, sample):
        found = [f for f in row_findings(made, sample) if f.id == "repeated_header"]
    assert found and found[0].rows == (41_234,)


def test_a_column_that_gives_the_target_away(tmp_path):
    y = RNG.integers(0, 2, 3000)
    frame = pd.DataFrame({"leak": y + RNG.normal(0, 0.01, 3000), "noise": RNG.normal(size=3000), "churn": y})
    with looked_at(tmp_path, frame) as (made, sample):
        assert guessed_target(made) == "churn"
        found = {f.column: f for f in powers(made, sample, "churn")}
        assert found["leak"].power > 0.99 and abs(found["noise"].power) < 0.2
        assert all(f.low <= f.power <= f.high for f in found.values())
        assert "leak" in ids(findings(made, sample, TODAY, "churn", list(found.values())))


def test_days_without_rows_are_found_in_large_tables(tmp_path):
    days = np.r_[np.arange(0, 120), np.arange(128, 300)]
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        np.repeat(days, 250) * 86_400 + RNG.integers(0, 86_400, 73_000), "s"
    )
    with looked_at(tmp_path, pd.DataFrame({"when": when, "x": RNG.normal(size=len(when))})) as (made, sample):
        assert not sample.whole
        c = made.column("when")
        (gap,) = [f for f in date_findings(c, made, sample, seconds_of(c, sample)[0], TODAY) if f.id == "date_gap"]
    assert gap.evidence["longest"] == 8 and "2024-04-30 to 2024-05-07" in gap.message


def test_days_missing_in_dates_kept_as_text_of_a_large_table(tmp_path):
    days = pd.date_range("2020-01-01", periods=900)
    days = days[~((days >= "2021-03-03") & (days <= "2021-03-09"))]
    booked = pd.Series(np.sort(RNG.choice(days.to_numpy(), 60_000))).dt.strftime("%d.%m.%Y")
    with looked_at(tmp_path, pd.DataFrame({"booked": booked, "x": RNG.normal(size=60_000)})) as (made, sample):
        assert not sample.whole
        c = made.column("booked")
        (gap,) = [f for f in date_findings(c, made, sample, seconds_of(c, sample)[0], TODAY) if f.id == "date_gap"]
    assert gap.evidence["longest"] == 7 and "2021-03-03 to 2021-03-09" in gap.message
