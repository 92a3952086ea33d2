"""Questions over real tables: every answer equals one that pandas computes on its own."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from opsmith.tools.contract import Context, NeedsAnswer, Result, ToolError
from opsmith.tools.query import query
from tests.tools.query_questions import QUESTIONS

WORLDS = Path(__file__).resolve().parents[2] / "evals" / "worlds" / "data"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    folder = tmp_path_factory.mktemp("tables")
    for name in {file for file, _, _ in QUESTIONS} | {"loans_reference.csv", "loans_drifted.csv", "loans_outcomes.csv"}:
        shutil.copy(WORLDS / name, folder / name)
    return Context(project=folder)


@cache
def frame(name: str) -> pd.DataFrame:
    path = WORLDS / name
    return pd.read_parquet(path) if name.endswith("parquet") else pd.read_csv(path)


def ask(context: Context, dataset: str, question: str, **more: Any) -> Result:
    return query(dataset=dataset, question=question, context=context, **more)


def rows(result: Result) -> list[tuple[Any, ...]]:
    return list(result.tables[0].rows) if result.tables else [tuple(r) for r in result.data["rows"]]


def compare(result: Result, expected: Any) -> None:
    """The answer holds what pandas found: a figure, groups with figures, or values."""
    found = rows(result)
    if expected is None:
        assert found
    elif isinstance(expected, dict):
        keys = len(next(iter(expected))) if isinstance(next(iter(expected)), tuple) else 1
        told = {(r[:keys] if keys > 1 else r[0]): r[keys] for r in found if r[keys] is not None and r[0] is not None}
        assert told == pytest.approx({k: float(v) for k, v in expected.items()})
    elif isinstance(expected, list):
        assert [r[0] for r in found][: len(expected)] == expected
    elif isinstance(expected, set):
        assert {v for r in found for v in r} >= expected
    else:
        figures = [v for r in found[:1] for v in r if isinstance(v, (int, float))]
        assert figures[0] == pytest.approx(float(expected))


@pytest.mark.parametrize(("file", "question", "answer"), QUESTIONS, ids=[q for _, q, _ in QUESTIONS])
def test_an_answer_equals_pandas(context: Context, file: str, question: str, answer: Any) -> None:
    result = ask(context, file, question)
    compare(result, answer(frame(file)))
    assert result.headline.endswith(".")
    assert result.data["sql"].startswith("SELECT")


def test_a_mean_by_group_says_the_finding_first_and_draws_bars(context: Context) -> None:
    result = ask(context, "insurance.csv", "average charges by region")
    assert result.headline.startswith("Mean charges is highest for southeast (14,735.41)")
    assert result.charts[0].kind == "bar"


def test_time_is_drawn_as_a_line(context: Context) -> None:
    assert ask(context, "flights.parquet", "number of flights by month").charts[0].kind == "line"


def test_arguments_alone_are_enough(context: Context) -> None:
    result = query(dataset="insurance.csv", columns=["charges", "region"], agg="median", context=context)
    compare(result, frame("insurance.csv").groupby("region").charges.median().to_dict())


def test_a_figure_that_the_words_leave_open_comes_from_the_arguments(context: Context) -> None:
    result = ask(context, "insurance.csv", "what do people in the southeast cost?", agg="mean", columns=["charges"])
    data = frame("insurance.csv")
    compare(result, data[data.region == "southeast"].charges.mean())


@pytest.mark.parametrize(
    ("file", "question", "choice"),
    [
        ("insurance.csv", "average salary", "charges"),
        ("telco.csv", "average charges by contract", "MonthlyCharges"),
        ("flights.parquet", "average delay by carrier", "arr_delay"),
        ("flights.parquet", "how many flights left before 6", "dep_time"),
        ("insurance.csv", "average charges for teachers", "age"),
        ("flights.parquet", "number of flights over 500", "distance"),
    ],
)
def test_what_has_several_readings_or_none_is_asked_with_choices(
    context: Context, file: str, question: str, choice: str
) -> None:
    with pytest.raises(NeedsAnswer) as raised:
        ask(context, file, question)
    assert choice in raised.value.choices
    assert "\n" not in str(raised.value)


def test_an_unknown_word_is_said_not_to_be_used(context: Context) -> None:
    result = ask(context, "insurance.csv", "average charges of teachers")
    assert any("teachers" in f.message for f in result.findings)


def test_a_follow_up_keeps_the_conditions_and_adds_its_own(context: Context) -> None:
    data = frame("insurance.csv")
    result = ask(context, "insurance.csv", "average charges of smokers\nand by region\nthe median instead")
    compare(result, data[data.smoker == "yes"].groupby("region").charges.median().to_dict())


def test_two_files_stand_side_by_side(context: Context) -> None:
    result = ask(
        context, "loans_reference.csv", "compare the mean car_value in both files", reference="loans_drifted.csv"
    )
    compare(result, {n: frame(n).car_value.mean() for n in ("loans_reference.csv", "loans_drifted.csv")})


def test_two_files_are_joined_by_the_key_that_they_share(context: Context) -> None:
    result = ask(context, "loans_drifted.csv", "repaid rate by salary_range", reference="loans_outcomes.csv")
    both = frame("loans_drifted.csv").merge(frame("loans_outcomes.csv"), on="id")
    compare(result, both.groupby("salary_range").repaid.mean().to_dict())
    assert any("joined" in f.message for f in result.findings)


def test_a_second_file_is_found_in_the_words(context: Context) -> None:
    question = "join loans_drifted.csv with loans_outcomes.csv: how many were repaid"
    both = frame("loans_drifted.csv").merge(frame("loans_outcomes.csv"), on="id")
    compare(ask(context, "loans_drifted.csv", question), both.repaid.sum())


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "DROP VIEW data", "SELECT 1; SELECT 2",
        "COPY data TO '/tmp/x.csv'", "SELECT * FROM data UNION ALL SELECT * FROM glob('/*')", "SELECT getenv('HOME') FROM data",
        "ATTACH 'x.db'", "SELECT * FROM information_schema.tables", "INSERT INTO data VALUES (1)", "SELECT * FROM reference",
    ],
)  # fmt: skip
def test_sql_reaches_the_opened_table_alone(context: Context, sql: str) -> None:
    with pytest.raises(ToolError):
        query(dataset="insurance.csv", sql=sql, context=context)


def test_sql_of_a_model_is_run_within_the_row_limit(context: Context) -> None:
    result = query(
        dataset="insurance.csv", sql="SELECT region, avg(bmi) AS m FROM data GROUP BY 1 ORDER BY 2", context=context
    )
    assert [r[0] for r in rows(result)] == list(frame("insurance.csv").groupby("region").bmi.mean().sort_values().index)
    assert len(rows(query(dataset="insurance.csv", sql="SELECT * FROM data", context=context))) == 500


def test_a_faulty_statement_is_one_sentence(context: Context) -> None:
    with pytest.raises(ToolError, match="cannot be computed"):
        query(dataset="insurance.csv", sql="SELECT nothing FROM data", context=context)


@pytest.fixture
def visits(tmp_path: Path) -> Context:
    """Customers whose visits are counted in a column that is called so, with amounts and dates as people write them."""
    lines = ["id,plan,visits,spend,signup,seen,age"]
    for n in range(40):
        day = (f"2024-01-{n % 28 + 1:02}", f"{n % 28 + 1:02}/02/2024", f"{n % 28 + 1} Mar 2023")[n % 3]
        lines.append(f"c{n},{'ab'[n % 2]},{n},€{n}.50,{day},2024-05-{n % 28 + 1:02},{20 + n}")
    (tmp_path / "v.csv").write_text("\n".join(lines), encoding="utf-8")
    return Context(project=tmp_path)


def test_more_than_a_number_of_a_column_is_no_count_of_rows(visits: Context) -> None:
    assert ask(visits, "v.csv", "how many customers have more than 25 visits?").headline.startswith("14 of 40 rows")
    listed = ask(visits, "v.csv", "which customers have more than 25 visits?")
    assert listed.headline == "14 rows of v.csv where visits > 25; the first 10 are shown."


def test_a_whole_question_that_cannot_be_answered_is_no_follow_up(visits: Context) -> None:
    with pytest.raises(NeedsAnswer, match="spend holds text, so it has no mean"):
        ask(visits, "v.csv", "how many customers per plan?\nwhat is the average spend by plan?")


def test_the_oldest_of_a_date_is_a_date(visits: Context) -> None:
    assert "2024-05-01" in ask(visits, "v.csv", "what is the oldest seen?").headline
    with pytest.raises(NeedsAnswer, match="signup is text with no dates in one layout.* parse dates in signup"):
        ask(visits, "v.csv", "what is the latest signup?")
