"""Questions over real tables: every answer equals one that pandas computes on its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from opsmith.tools.contract import Context, NeedsAnswer, Result, ToolError
from opsmith.tools.query import query

WORLDS = Path(__file__).resolve().parents[2] / "evals" / "worlds" / "data"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    folder = tmp_path_factory.mktemp("tables")
    for name in ("insurance.csv", "titanic.csv", "superstore.csv", "telco.csv", "flights.parquet", "policies.csv"):
        shutil.copy(WORLDS / name, folder / name)
    return Context(project=folder)


def ask(context: Context, dataset: str, question: str, **more: object) -> Result:
    return query(dataset=dataset, question=question, context=context, **more)


def figures(result: Result) -> list[float]:
    """Every number of an answer."""
    return [v for row in result.data["rows"] for v in row if isinstance(v, (int, float))]


def test_a_mean_by_group_says_the_finding_first(context: Context) -> None:
    result = ask(context, "insurance.csv", "average charges by region")
    frame = pd.read_csv(WORLDS / "insurance.csv")
    expected = frame.groupby("region")["charges"].mean()
    told = {row[0]: row[1] for row in result.data["rows"]}
    assert told == pytest.approx(expected.to_dict())
    assert result.headline.startswith("Mean charges is highest for southeast (14,735.41)")
    assert result.charts[0].kind == "bar"
    assert result.data["sql"].startswith("SELECT")


def test_an_unknown_column_is_asked_about_in_one_sentence(context: Context) -> None:
    with pytest.raises(NeedsAnswer) as raised:
        ask(context, "insurance.csv", "average salary")
    assert "salary" in str(raised.value) and "charges" in raised.value.choices


@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "DROP VIEW data", "SELECT 1; SELECT 2"],
)
def test_sql_reaches_the_opened_table_alone(context: Context, sql: str) -> None:
    with pytest.raises(ToolError):
        query(dataset="insurance.csv", sql=sql, context=context)
