"""The profile tool: the figures of real files, the target's balance, reports and clear refusals."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.profile import profile

WORLD = Path(__file__).resolve().parents[2] / "evals" / "worlds" / "data"


@pytest.fixture
def place(tmp_path):
    for name in ("titanic.csv", "insurance.csv", "telco.csv", "header_only.csv"):
        shutil.copy(WORLD / name, tmp_path / name)
    return Context(project=tmp_path)


def ids(result):
    return {f.id for f in result.findings}


def test_figures_of_a_real_file_are_those_of_pandas(place):
    made = profile(dataset="titanic.csv", context=place)
    frame = pd.read_csv(place.project / "titanic.csv")
    assert made.data["rows"] == len(frame)
    assert made.data["duplicate_rows"] == int(frame.duplicated().sum())
    for column in made.data["columns"]:
        values = frame[column["name"]]
        assert column["missing"] == int(values.isna().sum())
        assert column["distinct"] == values.nunique()
        if values.dtype.kind in "if":
            assert column["mean"] == pytest.approx(values.mean())
            assert column["std"] == pytest.approx(values.std())
            assert column["quantiles"]["p25"] == pytest.approx(values.quantile(0.25))


def test_the_target_shows_its_balance(place):
    made = profile(dataset="telco.csv", target="churn", context=place)
    counts = pd.read_csv(place.project / "telco.csv").Churn.value_counts()
    assert made.data["target"]["name"] == "Churn"
    assert made.data["target"]["balance"] == {k: int(v) for k, v in counts.items()}
    assert any("train a model for Churn" in s for s in made.next_steps)


def test_chosen_and_left_out_columns(place):
    some = profile(dataset="titanic.csv", columns=["Age"], context=place)
    assert [c["name"] for c in some.data["columns"]] == ["age"] and some.charts[0].kind == "histogram"
    rest = profile(dataset="titanic.csv", exclude=["age"], context=place)
    assert "age" not in [c["name"] for c in rest.data["columns"]]
    with pytest.raises(ToolError, match="no column 'agee'"):
        profile(dataset="titanic.csv", columns=["agee"], context=place)


def test_a_header_without_rows_is_one_finding(place):
    made = profile(dataset="header_only.csv", context=place)
    assert made.data["rows"] == 0 and ids(made) == {"no_rows"}


def test_the_report_lies_in_the_projects_own_folder(place):
    made = profile(dataset="insurance.csv", context=place)
    page = (place.project / made.files[0]).read_text()
    assert page.startswith("<!doctype html>") and "charges" in page and "src=" not in page and "href=" not in page


def test_a_large_table_is_told_while_it_is_counted(tmp_path):
    n = 60_000
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=n), "k": rng.integers(0, 9, n), "t": [f"note {i}" for i in range(n)]})
    frame.to_parquet(tmp_path / "big.parquet", index=False)
    seen = []
    profile(dataset="big.parquet", context=Context(project=tmp_path, partial=seen.append))
    assert seen and "60,000 rows" in seen[0].headline and seen[0].tables[0].rows[0][0] == "x"
    assert [r[0] for r in seen[-1].tables[0].rows] == ["x", "k", "t"]
    assert all(r[3] != "…" for r in seen[-1].tables[0].rows)


SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "profile.schema.json"


def check_schema(result):
    import json

    import jsonschema

    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(json.dumps(result.as_dict()["data"])), schema)


@pytest.mark.parametrize("name", sorted(p.name for p in WORLD.glob("*.csv")))
def test_profiles_of_real_files_have_the_published_shape(tmp_path, name):
    shutil.copy(WORLD / name, tmp_path / name)
    check_schema(profile(dataset=name, context=Context(project=tmp_path)))


def test_a_target_a_comparison_and_a_large_table_have_the_published_shape(place):
    check_schema(profile(dataset="telco.csv", target="Churn", context=place))
    check_schema(profile(dataset="insurance.csv", target="charges", reference="titanic.csv", context=place))
    n = 60_000
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=n), "when": pd.Timestamp("2024-01-01"), "t": rng.choice(["a", "b"], n)})
    frame.loc[5, "x"] = np.inf
    frame.to_parquet(place.project / "big.parquet", index=False)
    made = profile(dataset="big.parquet", context=place)
    check_schema(made)
    assert made.data["looked_at"] and made.data["rows_looked_at"] < n
