"""Statements of the embedded engine in the words of Spark; what Spark cannot say is refused. Needs no Java."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import spark_sql as module
from opsmith.tools.data.spark_sql import spark_sql, tables_of
from opsmith.tools.data.table import Table
from opsmith.tools.drift import drift
from opsmith.tools.profile import profile


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ('count(*) FILTER ("x" = 0)', "COUNT(*) FILTER(WHERE `x` = 0)"),
        ('approx_count_distinct("x")', "APPROX_COUNT_DISTINCT(`x`, 0.01)"),
        ('approx_quantile("x", [0.1, 0.9])', "PERCENTILE_APPROX(`x`, ARRAY(0.1D, 0.9D), 10000)"),
        ('isfinite("x")', "(ABS(`x`) < CAST('Infinity' AS DOUBLE))"),
        (
            'histogram("x", [1.5])',
            "MAP_FROM_ARRAYS(ARRAY(CAST(1.5 AS DOUBLE), CAST('Infinity' AS DOUBLE)), "
            "ARRAY(COUNT_IF(`x` <= CAST(1.5 AS DOUBLE)), COUNT_IF(`x` > CAST(1.5 AS DOUBLE))))",
        ),
        (r"""regexp_full_match("t", '\d+', 's')""", r"`t` RLIKE '\\A(?s:\\d+)\\z'"),
        ('hash("x")', "(XXHASH64(`x`, `x` IS NULL) & 9223372036854775807)"),
        ("hash(data)", "(XXHASH64(`x`, `x` IS NULL, `t`, `t` IS NULL) & 9223372036854775807)"),
        ('epoch("d")', "(UNIX_MICROS(CAST(`d` AS TIMESTAMP_LTZ)) / 1e6)"),
        ('list(DISTINCT "x")', "COLLECT_LIST(DISTINCT `x`)"),
        ('stddev_samp("x"), corr("x", "y")', "STDDEV_SAMP(`x`), CORR(`x`, `y`)"),
    ],
)
def test_a_figure_is_said_for_spark(asked: str, said: str) -> None:
    assert spark_sql(f"SELECT {asked} FROM data", ["x", "t"]) == f"SELECT {said} FROM data"


def test_the_example_of_the_module_holds() -> None:
    assert doctest.testmod(module).failed == 0


def test_many_rows_let_quantiles_be_rough() -> None:
    said = spark_sql('SELECT quantile_cont("x", [0.5]) FROM data', ["x"], rough=True)
    assert said == "SELECT PERCENTILE_APPROX(`x`, ARRAY(0.5D), 10000) FROM data"


def test_names_and_texts_cannot_end_their_quoting() -> None:
    said = spark_sql("""SELECT "a`; DROP TABLE x --" FROM data WHERE "t" = 'it''s \\' OR 1 = 1 --'""", [])
    assert "`a``; DROP TABLE x --`" in said
    assert said.endswith(r"`t` = 'it\'s \\' OR 1 = 1")


def test_values_take_the_place_of_question_marks() -> None:
    said = spark_sql(
        'SELECT count(*) FROM data WHERE "t" IN (SELECT unnest(?)) AND "x" > ?', [], parameters=[["a'b"], 3]
    )
    assert said == "SELECT COUNT(*) FROM data WHERE `t` IN (SELECT EXPLODE(ARRAY('a\\'b'))) AND `x` > 3"


def test_rows_are_numbered_by_their_place_in_the_partitions() -> None:
    said = spark_sql("SELECT row_number() OVER () - 1 AS n, * FROM data", ["x"], offsets=[0, 70])
    assert "SPARK_PARTITION_ID() + 1" in said and "70" in said and "ROW_NUMBER" not in said


def test_an_even_sample_is_a_condition_outside() -> None:
    query = """SELECT "t" FROM data WHERE "t" IS NOT NULL QUALIFY row_number() OVER () % 3 = 0 LIMIT 5"""
    said = spark_sql(query, ["t"])
    assert said.endswith("WHERE _opsmith_number % 3 = 0 LIMIT 5") and "QUALIFY" not in said


@pytest.mark.parametrize("call", ["list_aggregate(\"x\", 'sum')", 'kahan_sum("x")'])
def test_what_spark_cannot_say_is_refused_with_its_name(call: str) -> None:
    with pytest.raises(ToolError, match="engine"):
        spark_sql(f"SELECT {call} FROM data", ["x", "y"])


def test_the_tables_of_a_statement_are_told() -> None:
    assert tables_of("WITH a AS (SELECT 1 FROM data) SELECT * FROM a, sample") == {"data", "sample"}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every statement over `data` that a profile with a target and a check for drift put to the engine."""
    folder = tmp_path_factory.mktemp("asked")
    dice, n = np.random.default_rng(3), 60_000
    frame = pd.DataFrame({
        "x": dice.normal(size=n), "k": dice.integers(0, 40, n), "c": dice.choice(list("abc"), n), "b": dice.random(n) < 0.3,
        "t": [f"some words about {i % 997} things" for i in range(n)], "d": pd.date_range("2024-01-01", periods=n, freq="min"),
    })  # fmt: skip
    frame.to_parquet(folder / "a.parquet")
    seen: list[str] = []
    patch = pytest.MonkeyPatch()
    patch.setattr(Table, "holds", 0)  # as on Spark
    for how in ("sql", "arrow", "frame"):
        real = getattr(Table, how)

        def noted(self: Table, query: str, *rest: Any, _real: Any = real) -> Any:
            seen.append(query)
            return _real(self, query, *rest)

        patch.setattr(Table, how, noted)
    try:
        profile("a.parquet", target="b", context=Context(folder))
        drift("a.parquet[0:30000]", "a.parquet[30000:60000]", context=Context(folder))
    finally:
        patch.undo()
    return [q for q in seen if "data" in tables_of(q)]


def test_every_statement_of_a_profile_and_of_drift_can_be_said(asked: list[str]) -> None:
    assert len(asked) > 20
    for query in asked:
        assert spark_sql(query, ["x", "k", "c", "b", "t", "d"])


def test_paths_of_the_module_are_free_of_java() -> None:
    assert "pyspark" not in Path(module.__file__).read_text(encoding="utf-8")
