"""Only one read-only SELECT over the opened tables passes; names and values of any kind stay names and values."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsmith.tools.compute import query_sql as q
from opsmith.tools.compute.query_check import checked
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.query import query

FINE = (
    "SELECT avg(a) FROM data",
    "WITH x AS (SELECT * FROM data) SELECT count(*), quantile_cont(a, 0.5) FROM x",
    "SELECT CASE WHEN a > 1 THEN 2 END, try_cast(b AS DOUBLE), date_trunc('month', c) FROM data WHERE b ILIKE '%x%'",
    "SELECT a, rank() OVER (ORDER BY a) FROM data QUALIFY rank() OVER (ORDER BY a) < 3",
    "SELECT * EXCLUDE (a) FROM data",
    "SELECT a FROM data UNION ALL SELECT b FROM data",
)
CLOSED = (
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT read_text('/etc/passwd')",
    "SELECT getenv('HOME')",
    "SELECT 1; DROP TABLE data",
    "COPY data TO 'x'",
    "INSERT INTO data VALUES (1)",
    "UPDATE data SET a = 1",
    "DELETE FROM data",
    "ATTACH 'x'",
    "INSTALL httpfs",
    "SELECT * FROM data UNION SELECT * FROM glob('*')",
    "SELECT current_setting('x')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM main.data",
    "SELECT * INTO x FROM data",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM information_schema.tables",
    "PRAGMA version",
    "CALL pragma_version()",
    "SELECT * FROM data WHERE a IN (SELECT a FROM pragma_table_info('data'))",
    "SELECT (SELECT count(*) FROM sqlite_scan('x', 'y'))",
    "SET memory_limit = '1TB'",
    "",
    "nonsense (",
    "SELECT * FROM reference",
    "SELECT $1",
    "SELECT " + "(" * 5000 + "1" + ")" * 5000,
)


@pytest.mark.parametrize("sql", FINE)
def test_reading_the_table_passes(sql: str) -> None:
    assert checked(sql, 10).endswith("AS answer LIMIT 10")


@pytest.mark.parametrize("sql", CLOSED)
def test_everything_else_is_refused_in_one_sentence(sql: str) -> None:
    with pytest.raises(ToolError) as raised:
        checked(sql, 10)
    assert "\n" not in str(raised.value)


def test_a_second_opened_table_passes_by_its_name() -> None:
    assert "reference" in checked("SELECT * FROM data JOIN reference USING (id)", 5, ("data", "reference"))


def test_what_runs_is_written_anew_without_comments() -> None:
    assert "--" not in checked("SELECT 1 -- ; DROP TABLE data\n FROM data", 5)


@given(st.text(max_size=40))
def test_any_text_stays_one_value(text: str) -> None:
    sql = f"SELECT {q.written(q.literal(text))}"
    assert duckdb.execute(sql).fetchall() == [(text.replace("\x00", ""),)]


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), min_size=1, max_size=20))
def test_any_name_stays_one_column(name: str) -> None:
    connection = duckdb.connect()
    quoted = '"' + name.replace('"', '""') + '"'
    connection.execute(f"CREATE TABLE data AS SELECT 7 AS {quoted}")
    assert connection.execute(checked(q.written(q.select(q.name(name))), 5)).fetchall() == [(7,)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        [
            "x\" FROM read_text('secret.txt') --",
            "'; DROP TABLE data; --",
            "a') UNION SELECT * FROM 'secret.txt",
            "$(cat secret.txt)",
            'b"c',
            "select",
        ]
    ),
    st.sampled_from(
        ["mean of {}", "count by {}", "rows where {} is '{}'", "top {}", "how many different {}", "missing {}"]
    ),
)
def test_hostile_names_and_words_reach_no_other_file(tmp_path: Path, name: str, question: str) -> None:
    (tmp_path / "secret.txt").write_text("hidden-words-7")
    header = '"' + name.replace('"', '""') + '",n'
    (tmp_path / "t.csv").write_text(f"{header}\nred,1\nblue,2\n")
    before = sorted(p.name for p in tmp_path.iterdir())
    try:
        result = query(dataset="t.csv", question=question.replace("{}", f"`{name}`"), context=Context(project=tmp_path))
        said = str(result.as_dict())
    except ToolError as error:
        said = str(error)
    assert "hidden-words-7" not in said
    assert sorted(p.name for p in tmp_path.iterdir()) == before
