"""Near copies are found in small and large tables, with their row numbers; chance is no copy."""

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute.profile_copies import near_copies

from .profiled import looked_at


def people(n, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "name": [f"person {rng.integers(10**9)} of street {rng.integers(999)}" for _ in range(n)],
            "height": rng.normal(170, 9, n).round(1),
            "income": rng.lognormal(10, 0.5, n).round(2),
            "city": rng.choice(["Rome", "Oslo", "Paris"], n),
            "grade": rng.integers(1, 6, n),
        }
    )


@pytest.mark.parametrize("n", [3000, 60_000])
@pytest.mark.parametrize(
    "change",
    [
        lambda d: d,
        lambda d: d.assign(grade=d.grade % 5 + 1),
        lambda d: d.assign(name=d.name.str.upper(), city=d.city + " "),
    ],
    ids=["other id", "one cell", "case and blanks"],
)
def test_copies_are_found_with_their_rows(tmp_path, n, change):
    frame = people(n)
    more = change(frame.sample(n // 40, random_state=2)).assign(id=lambda d: np.arange(n, n + len(d)))
    with looked_at(tmp_path, pd.concat([frame, more], ignore_index=True)) as (made, sample):
        found = list(near_copies(made, sample))
    assert found and found[0].id == "near_duplicates"
    assert found[0].evidence["count"] == pytest.approx(len(more), rel=0.05)
    assert all(n <= row < n + len(more) for row in found[0].rows)


@pytest.mark.parametrize("n", [3000, 60_000])
def test_chance_is_no_copy(tmp_path, n):
    with looked_at(tmp_path, people(n)) as (made, sample):
        assert not list(near_copies(made, sample))


def test_columns_that_vary_coarsely_are_told_apart_together(tmp_path):
    rng = np.random.default_rng(3)
    n = 60_000
    frame = pd.DataFrame({f"c{i}": rng.normal(0, 100, n).round() for i in range(6)}).assign(city=people(n).city)
    more = frame.head(1500).assign(city="Vienna")
    with looked_at(tmp_path, pd.concat([frame, more], ignore_index=True)) as (made, sample):
        found = list(near_copies(made, sample))
    assert found and found[0].evidence["count"] == pytest.approx(1500, rel=0.05)
