"""Files as they are found in the wild: a correct table, or one clear sentence; lost rows are said."""

from __future__ import annotations

import json
import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data.table import open_table

NASTY = Path(__file__).resolve().parents[2] / "data" / "nasty"
SPECTRUM = sorted((NASTY / "csv_spectrum").glob("*.csv"))


def opened(project: Path, source: Path) -> tuple[int, list[str]]:
    """Rows and column names of a copy of the file in the project."""
    shutil.copyfile(source, project / source.name)
    table = open_table(Context(project), source.name)
    try:
        return table.rows, list(table.column_names)
    finally:
        table.close()


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("crafted_cr_only_line_ends.csv", 60, 3),
        ("crafted_duplicate_headers.csv", 60, 7),
        ("crafted_embedded_newlines.csv", 60, 3),
        ("crafted_exact_and_near_duplicates.csv", 75, 3),
        ("crafted_formula_cells.csv", 4, 2),
        ("crafted_header_only.csv", 0, 4),
        ("crafted_latin1_semicolon_decimal_comma.csv", 60, 4),
        ("crafted_mixed_dates.csv", 60, 3),
        ("crafted_mixed_types_and_sentinels.csv", 60, 7),
        ("crafted_nul_bytes.csv", 3, 2),
        ("crafted_utf16_tab_bom.tsv", 60, 3),
        ("crafted_utf8_bom.csv", 60, 3),
    ],
)
def test_a_table_is_read_as_it_is(name: str, rows: int, columns: int, project: Path) -> None:
    found, names = opened(project, NASTY / name)
    assert (found, len(names)) == (rows, columns)
    assert len({n.casefold() for n in names}) == columns, "names that tell columns apart"
    assert not any("\ufeff" in n for n in names)


@pytest.mark.parametrize("name", ["crafted_empty.csv", "crafted_truncated.csv.gz", "crafted_not_really_excel.xlsx"])
def test_what_is_no_table_is_one_sentence(name: str, project: Path) -> None:
    with pytest.raises(ToolError) as told:
        opened(project, NASTY / name)
    assert name in str(told.value)
    assert "Traceback" not in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize("source", SPECTRUM, ids=lambda p: p.stem)
def test_quotes_and_line_ends_are_read_exactly(source: Path, project: Path) -> None:
    expected = json.loads(source.with_suffix(".expected.json").read_text(encoding="utf-8"))
    shutil.copyfile(source, project / source.name)
    table = open_table(Context(project), source.name)
    rows = table.sql("SELECT * FROM data")
    names = list(table.column_names)
    table.close()
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        assert names == list(wanted)
        for value, text in zip(row, wanted.values(), strict=True):
            said = "" if value is None else str(value)
            try:
                assert float(said) == float(text)
            except ValueError:
                assert said.replace("\r\n", "\n") == text.replace("\r\n", "\n")


def test_a_mutated_file_is_a_table_or_a_sentence(project: Path) -> None:
    dice = random.Random(5)
    sources = [p.read_bytes() for p in sorted(NASTY.glob("*.csv")) if 0 < p.stat().st_size < 20_000]
    for number in range(150):
        content = bytearray(dice.choice(sources))
        for _ in range(dice.randrange(1, 12)):
            at = dice.randrange(len(content))
            kind = dice.randrange(3)
            if kind == 0:
                content[at] = dice.randrange(256)
            elif kind == 1:
                del content[at : at + dice.randrange(1, 9)]
            else:
                content[at:at] = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 5)))
            if not content:
                break
        (project / "x.csv").write_bytes(bytes(content))
        with suppress(ToolError):  # a sentence is an answer too; anything else is a bug
            table = open_table(Context(project), "x.csv")
            assert table.rows >= 0 and table.column_names, number
            table.close()


@pytest.mark.parametrize("kind", ["parquet", "feather", "csv"])
def test_a_zipped_table_can_be_read_more_than_once(project, kind):
    """A Parquet file inside a zip used to be gone after the first look."""
    import zipfile

    import pandas as pd

    frame = pd.DataFrame({"n": range(5000), "word": [f"w{i % 7}" for i in range(5000)]})
    inner = project / f"t.{kind}"
    {"parquet": frame.to_parquet, "feather": frame.to_feather, "csv": lambda p: frame.to_csv(p, index=False)}[kind](
        inner
    )
    with zipfile.ZipFile(project / "t.zip", "w") as archive:
        archive.write(inner, inner.name)
    inner.unlink()
    table = open_table(Context(project=project), "t.zip")
    try:
        assert table.rows == 5000
        assert table.sql("SELECT sum(n), count(DISTINCT word) FROM data") == [(sum(range(5000)), 7)]
        assert table.sql("SELECT n FROM data WHERE n = 4321") == [(4321,)]
    finally:
        table.close()
