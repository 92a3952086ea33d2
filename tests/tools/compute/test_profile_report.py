"""Reports, small tables and digests of a profile: small, safe, and without a value of the rows where none may be."""

import json

import numpy as np
import pandas as pd

from opsmith.tools.compute.profile_data import as_data, digest
from opsmith.tools.compute.profile_findings import findings
from opsmith.tools.compute.profile_report import LIMIT, as_html
from opsmith.tools.compute.profile_show import columns_table, counted_so_far, headline, spark
from opsmith.tools.data.aggregates import Scalars
from opsmith.tools.data.aggregates_arrow import Figures

from .profiled import looked_at
from .test_profile_findings import TODAY


def test_a_page_stays_small_whatever_the_table(tmp_path):
    wide = pd.DataFrame(
        {f"a column with a long name, number {i}": [f"text {j} " * 9 for j in range(30)] for i in range(900)}
    )
    with looked_at(tmp_path, wide) as (made, sample):
        found = findings(made, sample, TODAY)
    assert len(as_html(as_data(made), found).encode()) <= LIMIT


def test_no_cell_breaks_out_of_the_page(tmp_path):
    evil = "</script><script>alert(1)</script>"
    with looked_at(tmp_path, pd.DataFrame({evil: [evil, "b"] * 20, "<b>": range(40)})) as (made, sample):
        page = as_html(as_data(made), findings(made, sample, TODAY))
    assert "<script>alert" not in page and "://" not in page.replace("http://www.w3.org/2000/svg", "")
    data = page.split('id="data">')[1].split("</script>")[0]
    assert json.loads(data)["columns"][0]["name"] == evil


def test_the_digest_is_short_and_holds_no_value(tmp_path):
    frame = pd.DataFrame({f"column {i}": [f"secret{j}" for j in range(50)] for i in range(80)})
    with looked_at(tmp_path, frame) as (made, sample):
        told = digest(made, findings(made, sample, TODAY))
    assert len(told) <= 1200 and "secret" not in told and "more" in told


def test_a_line_a_column_with_the_worst_mark(tmp_path):
    frame = pd.DataFrame(
        {"x": np.where(np.arange(400) % 300 == 5, np.nan, np.arange(400) / 7), "k": np.arange(400) % 3}
    )
    with looked_at(tmp_path, frame) as (made, sample):
        found = findings(made, sample, TODAY)
        table = columns_table(made.columns, made.rows, found)
        assert [row[1] for row in table.rows] == ["x", "k"] and table.rows[0][3] == "<1%"
        assert "400 rows × 2 columns" in headline(made, found)
        title, early = counted_so_far(sample.table, {"k": Figures(Scalars(0, 3), ((0, 134),))})
    assert "1 counted" in title and early.rows[0][2] == "…" and early.rows[1][3] == "3"


def test_sparks_show_what_is_not_zero():
    assert spark([0, 1, 1000]) == " ▁█" and spark([]) == "" and spark([0, 0]) == ""
