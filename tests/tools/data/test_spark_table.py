"""The same figures from Apache Spark (local mode) as from the embedded engine, within the error that is stated."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data.table import open_table

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(1200)]
ROWS = 51_000  # more than are looked at whole, so that every figure is computed by the engine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    from pyspark.sql import SparkSession

    made = tmp_path_factory.mktemp("lake")
    dice = np.random.default_rng(7)
    frame = pd.DataFrame({
        "amount": np.exp(dice.normal(3, 1, ROWS)).round(2), "kind": dice.choice(["a", "b", "c's \\"], ROWS, p=[0.6, 0.3, 0.1]),
        "note": [f"order {n % 1009} of the day" for n in range(ROWS)],
        "when": pd.date_range("2024-01-01", periods=ROWS, freq="7min"), "late": dice.random(ROWS) < 0.2,
    })  # fmt: skip
    frame.loc[::13, "amount"] = np.nan
    frame.loc[5, "amount"] = np.inf
    frame.to_parquet(made / "orders.parquet", row_group_size=20_000)
    for year, part in frame.assign(year=frame.when.dt.month % 2 + 2023).groupby("year"):
        (made / "parts" / f"year={year}").mkdir(parents=True)
        part.drop(columns="year").head(2_000).to_parquet(made / "parts" / f"year={year}" / "a.parquet")
    frame.head(2_000).to_csv(made / "orders.csv", index=False, sep=";", decimal=",")
    (made / "ragged.csv").write_text("a,b\n1,2\n3,4,5\n6,7\n", encoding="utf-8")
    yield made
    active = SparkSession.getActiveSession()
    if active is not None:
        active.stop()


def on_spark(folder: Path) -> Context:
    return Context(folder, settings={"engine": "spark", "memory_limit": "1GB"})


def differences(a: Any, b: Any, at: str = "") -> list[str]:
    """Where two profiles differ by more than rounding."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [d for k in sorted({*a, *b}) for d in differences(a.get(k), b.get(k), f"{at}/{k}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [d for n, (x, y) in enumerate(zip(a, b, strict=True)) for d in differences(x, y, f"{at}[{n}]")]
    same = a == b or (isinstance(a, float) and isinstance(b, float) and a == pytest.approx(b, rel=1e-9, abs=1e-12))
    return [] if same else [f"{at}: {a!r} and {b!r}"]


def test_a_profile_is_the_same_on_both_engines(folder: Path) -> None:
    from opsmith.tools.profile import profile

    here = profile("orders.parquet", target="late", context=Context(folder))
    there = profile("orders.parquet", target="late", context=on_spark(folder))
    a, b = (json.loads(json.dumps(dict(r.data) | {"notes": []}, default=str)) for r in (here, there))
    assert differences(a, b) == []
    assert [f.message for f in here.findings] == [f.message for f in there.findings]
    assert "engine spark" in there.data["notes"]


def test_a_small_table_is_profiled_the_same(folder: Path) -> None:
    from opsmith.tools.profile import profile

    here, there = (profile("parts/year=2023/a.parquet", context=c) for c in (Context(folder), on_spark(folder)))
    a, b = (json.loads(json.dumps(dict(r.data) | {"notes": []}, default=str)) for r in (here, there))
    assert differences(a, b) == []


def test_drift_of_two_parts_has_the_same_verdict(folder: Path) -> None:
    from opsmith.tools.drift import drift

    here, there = (
        drift("orders.parquet[kind=a]", "orders.parquet[kind=b]", context=c)
        for c in (Context(folder), on_spark(folder))
    )
    assert here.data["verdict"] == there.data["verdict"]
    moved = [{c["name"]: c["effect"] for c in r.data["columns"] if c.get("effect") is not None} for r in (here, there)]
    assert moved[0] == pytest.approx(moved[1], abs=0.02)


@pytest.mark.parametrize(
    "question", ["average amount by kind", "median amount for kind = a", "number of rows by month", "how many are late"]
)
def test_a_question_has_the_same_answer(folder: Path, question: str) -> None:
    from opsmith.tools.query import query

    here, there = (query("orders.parquet", question=question, context=c) for c in (Context(folder), on_spark(folder)))
    assert here.headline == there.headline
    assert differences(here.data["rows"], there.data["rows"]) == []


@pytest.mark.parametrize("name", ["orders.csv", "parts", "parts/*/a.parquet"])
def test_text_and_partitions_have_the_same_types_and_rows(folder: Path, name: str) -> None:
    here, there = (open_table(c, name) for c in (Context(folder), on_spark(folder)))
    try:
        assert {(c.name, c.kind) for c in here.columns} == {(c.name, c.kind) for c in there.columns}
        asked = (
            'SELECT count(*), sum("amount") FILTER (isfinite("amount")), min("when"), count(DISTINCT "note") FROM data'
        )
        assert differences(list(here.sql(asked)[0]), list(there.sql(asked)[0])) == []
        assert there.pandas(["kind"], sample=50).shape == (50, 1)
        assert there.pandas(["kind"]).kind.tolist() == here.pandas(["kind"]).kind.tolist()
    finally:
        here.close()
        there.close()


def test_rows_are_numbered_in_the_order_of_the_file(folder: Path) -> None:
    here, there = (open_table(c, "orders.parquet") for c in (Context(folder), on_spark(folder)))
    asked = (
        'SELECT n, "note" FROM (SELECT row_number() OVER () - 1 AS n, "note" FROM data) WHERE n % 9973 = 0 ORDER BY n'
    )
    assert here.sql(asked) == there.sql(asked)


def test_a_row_with_other_fields_is_said(folder: Path) -> None:
    table = open_table(on_spark(folder), "ragged.csv")
    assert table.rows == 3
    assert any("1 row had not 2 fields" in n for n in table.notes)


def test_what_needs_the_rows_here_is_one_sentence(folder: Path) -> None:
    table = open_table(on_spark(folder), "orders.csv")
    with pytest.raises(ToolError, match="engine is spark"):
        table.connection.execute("SELECT 1")
    with pytest.raises(ToolError, match="Spark"):
        table.sql("SELECT no_such_column FROM data")
