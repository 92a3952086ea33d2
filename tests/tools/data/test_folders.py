"""Folders and patterns as one table: columns by name, partitions as columns, nothing outside the project."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data.folders import keys_of
from opsmith.tools.data.table import Table, open_table


@pytest.fixture
def sales(project: Path) -> Path:
    folder = project / "sales"
    for month in (1, 2, 3):
        (folder / f"month={month:02}").mkdir(parents=True)
        text = f"shop,amount\nA,{month}\nB,{month}0\n"
        (folder / f"month={month:02}" / "part.csv").write_text(text, encoding="utf-8")
    return project


def opened(project: Path, name: str, *, readable: tuple[Path, ...] = ()) -> Table:
    return open_table(Context(project, readable), name)


@pytest.mark.parametrize("name", ["sales", "sales/*/*.csv", "sales/**/part.csv", "sales/month=0[1-3]/*.csv"])
def test_files_of_a_folder_are_one_table_with_its_partitions(sales: Path, name: str) -> None:
    table = opened(sales, name)
    assert table.column_names == ["shop", "amount", "month"]
    assert table.sql("SELECT month, sum(amount) FROM data GROUP BY 1 ORDER BY 1") == [
        ("01", 11),
        ("02", 22),
        ("03", 33),
    ]
    assert "3 files" in table.notes


def test_parquet_and_text_give_the_same_partitions(sales: Path) -> None:
    frame = opened(sales, "sales").pandas()
    for month, part in frame.groupby("month"):
        target = sales / "lake" / f"month={month:02}"
        target.mkdir(parents=True)
        part.drop(columns="month").to_parquet(target / "x.parquet", index=False)
    found = opened(sales, "lake").pandas()
    pd.testing.assert_frame_equal(found.sort_values(["month", "shop"], ignore_index=True), frame, check_dtype=False)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_folders_above_the_named_one_are_no_columns(tmp_path: Path, suffix: str) -> None:
    project = tmp_path / "user=me" / "project"
    (project / "d" / "k=1").mkdir(parents=True)
    frame = pd.DataFrame({"x": [1, 2]})
    target = project / "d" / "k=1" / f"a.{suffix}"
    frame.to_csv(target, index=False) if suffix == "csv" else frame.to_parquet(target)
    assert opened(project, f"d/k=1/a.{suffix}").column_names == ["x"]
    assert opened(project, "d").column_names == ["x", "k"]


def test_columns_that_not_every_file_has_are_said_and_types_agree(project: Path) -> None:
    (project / "a.csv").write_text("x,y\n1,a\n2,b\n", encoding="utf-8")
    (project / "b.csv").write_text("y;x;z\nc;3,5;old\n", encoding="utf-8")
    (project / "c.csv.gz").write_bytes(gzip.compress(b"x,y\n9,d\n"))
    table = opened(project, "[abc].csv*")
    assert table.sql("SELECT x, y, z FROM data ORDER BY x") == [
        (1.0, "a", None), (2.0, "b", None), (3.5, "c", "old"), (9.0, "d", None),
    ]  # fmt: skip
    assert any(n.startswith("not in every file: z (1 of 3 files)") for n in table.notes)
    assert any(n.startswith("b.csv: delimiter ;") for n in table.notes)


def test_what_was_found_in_one_file_is_said_for_that_file(project: Path) -> None:
    (project / "a.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    (project / "b.csv").write_text("x,y\n1,2\n3,4,5\n6,7\n", encoding="utf-8")
    table = opened(project, "*.csv")
    assert table.rows == 4
    assert "b.csv: the header names 2 of 3 columns" in table.notes


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing/*.csv", "no folder nothing"),
        ("sales/*.parquet", "fits no table"),
        ("sales/*/../../../*.csv", "'..'"),
        ("../*.csv", "outside the project"),
        ("/etc/*.txt", "outside the project"),
        ("empty", "folder without tables"),
        ("mixed", "several kinds"),
    ],
)
def test_what_fits_nothing_is_one_sentence(sales: Path, name: str, told: str) -> None:
    (sales / "empty").mkdir()
    (sales / "mixed").mkdir()
    (sales / "mixed" / "a.csv").write_text("a\n1\n", encoding="utf-8")
    (sales / "mixed" / "b.jsonl").write_text('{"a": 1}\n', encoding="utf-8")
    with pytest.raises(ToolError, match=told) as raised:
        opened(sales, name)
    assert "\n" not in str(raised.value)


def test_a_link_out_of_the_project_is_not_followed(sales: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    (sales / "sales" / "month=01" / "z.csv").symlink_to(tmp_path / "secret.csv")
    assert opened(sales, "sales").rows == 6
    with pytest.raises(ToolError, match="fits no table"):
        opened(sales, "sales/*/z.csv")


def test_the_connection_reads_nothing_beside_the_folder(sales: Path) -> None:
    import duckdb

    table = opened(sales, "sales")
    with pytest.raises(duckdb.Error):
        table.connection.execute(f"SELECT * FROM read_csv('{sales}/sales/month=01/part.csv')")


def test_values_of_partitions_are_read_as_hive_writes_them() -> None:
    base = Path("/a")
    assert keys_of(base / "day=2024-01-05" / "shop=A%2FB" / "x.csv", base) == {"day": "2024-01-05", "shop": "A/B"}
    assert keys_of(Path("/b/x.csv"), base) == {}
