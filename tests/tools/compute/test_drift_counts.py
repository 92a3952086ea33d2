"""Plans and counts: every row lands in exactly one bin, whatever the type; parts add up to the whole."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsmith.tools.compute.drift_counts import Counts, count
from opsmith.tools.compute.drift_plan import Window, matched, plan
from opsmith.tools.compute.drift_windows import bare, open_window
from opsmith.tools.contract import Context
from opsmith.tools.data.table import open_table


def opened(folder, frame, name="t.parquet"):
    frame.to_parquet(folder / name, index=False)
    return Window(open_table(Context(project=folder), name))


def test_roles_are_read_from_the_values(tmp_path):
    n = 2000
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "customer_id": np.arange(n), "uuid": [f"{i:08x}" for i in range(n)], "amount": rng.normal(size=n),
            "flag": rng.random(n) < 0.5, "city": rng.choice(["a", "b"], n), "when": pd.date_range("2024", periods=n, freq="h"),
            "note": [f"the {i} quick brown fox {rng.integers(9)}" for i in range(n)], "blob": [b"x"] * n,
        }
    )  # fmt: skip
    roles = {p.name: p.role for p in plan(opened(tmp_path, frame))}
    assert roles == {
        "customer_id": "identifier", "uuid": "identifier", "amount": "number", "flag": "category", "city": "category",
        "when": "time", "note": "text", "blob": "unusable",
    }  # fmt: skip


def test_stretches_add_up_to_the_whole_and_survive_being_kept(tmp_path):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": rng.normal(size=3000), "c": rng.choice(list("xyz"), 3000)})
    frame.loc[::7, "a"] = None
    window = opened(tmp_path, frame)
    plans = plan(window)
    plain, parts = count(window, plans), count(window, plans, stretches=True)
    assert plain.columns["a"].bins == parts.columns["a"].bins
    assert plain.columns["a"].missing == parts.columns["a"].missing == 429
    assert plain.columns["a"].std == pytest.approx(parts.columns["a"].std)
    assert sum(s.columns["c"].levels["x"] for s in parts.stretches) == plain.columns["c"].levels["x"]
    assert Counts.from_json(parts.as_json()) == parts


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(), st.integers(-(10**12), 10**12).map(float)), min_size=1, max_size=60))
def test_every_number_lands_in_one_bin_or_is_missing(tmp_path_factory, values):
    window = opened(
        tmp_path_factory.mktemp("n"), pd.DataFrame({"v": np.array([np.nan if v is None else v for v in values])})
    )
    plans = plan(window)
    counted = count(window, plans).columns["v"]
    assert sum(counted.bins) + counted.missing == len(values)
    window.table.close()


def test_parts_of_a_table_by_row_day_and_value(tmp_path):
    frame = pd.DataFrame({"when": pd.date_range("2024-01-01", periods=48, freq="h"), "k=v": ["it's"] * 24 + ["b"] * 24})
    frame.to_parquet(tmp_path / "t [1].parquet", index=False)
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    context = Context(project=tmp_path)

    def rows(name):
        window = open_window(context, name)
        return window.table.sql(f"SELECT count(*) FROM {window.source}")[0][0]

    assert rows("t [1].parquet") == 48
    assert rows("t.parquet[0:10]") == 10 and rows("t.parquet[40:]") == 8
    assert rows("t.parquet[2024-01-01:2024-01-01]") == 24 and rows("t.parquet[2024-01-02:]") == 24
    assert bare("t.parquet[0:10]") == "t.parquet"


def test_spelling_is_forgiven_when_columns_are_matched(tmp_path):
    first = opened(tmp_path, pd.DataFrame({"Total Cost": [1.0], "gone": [1]}))
    second = opened(tmp_path, pd.DataFrame({"total_cost": [1.0], "new": [1]}), "u.parquet")
    found, lacking, added = matched(plan(first), second.table)
    assert [(p.name, p.other) for p in found] == [("Total Cost", "total_cost")]
    assert (lacking, added) == (["gone"], ["new"])
