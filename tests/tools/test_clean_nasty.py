"""Files found in the wild and made to break readers: each becomes a correct table or gets one clear sentence."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from opsmith.tools.clean import clean
from opsmith.tools.contract import Context, Result, ToolError

NASTY = Path(__file__).resolve().parents[1] / "data" / "nasty"
# file -> rows of the copy, or what the one sentence says; a file without an entry only has to end in one of the two
EXPECTED: dict[str, Any] = {
    "crafted_empty.csv": "is empty", "crafted_not_really_excel.xlsx": "not really an Excel file",
    "crafted_truncated.csv.gz": "cannot be unpacked", "crafted_header_only.csv": 0, "crafted_ragged_rows.csv": 60,
    "crafted_exact_and_near_duplicates.csv": 60, "crafted_mixed_dates.csv": 60, "crafted_nul_bytes.csv": 3,
    "crafted_utf16_tab_bom.tsv": 60, "crafted_latin1_semicolon_decimal_comma.csv": 60, "crafted_formula_cells.csv": 4,
    "crafted_mixed_types_and_sentinels.csv": 60, "crafted_utf8_bom.csv": 60, "crafted_embedded_newlines.csv": 60,
    "crafted_broken_line.jsonl": 59, "air_quality_uci_as_found.csv": 9357, "movies.json": 3201,
}  # fmt: skip


def cleaned(project: Path, name: str) -> tuple[Result | None, str, list[dict[str, str]]]:
    """The result, the sentence when there is none, and the rows of the proposed copy (of the file where none is)."""
    try:
        result = clean(name, output="out/copy.csv", context=Context(project))
    except ToolError as error:
        return None, str(error), []
    if not result.actions:
        return result, "", []
    staged = next(f for f in result.actions[0].arguments["files"] if f["path"] == "out/copy.csv")["staged"]
    with (project / staged).open(newline="", encoding="utf-8") as file:
        return result, "", list(csv.DictReader(file))


def check(folder: Path, project: Path, name: str) -> list[dict[str, str]]:
    shutil.copyfile(folder / name, project / Path(name).name)
    before = hashlib.sha256((project / Path(name).name).read_bytes()).hexdigest()
    result, said, rows = cleaned(project, Path(name).name)
    assert hashlib.sha256((project / Path(name).name).read_bytes()).hexdigest() == before
    expected = EXPECTED.get(Path(name).name)
    if result is None:
        assert "\n" not in said and "Traceback" not in said and len(said) < 300
        assert isinstance(expected, str) and expected in said, said
    else:
        assert not isinstance(expected, str), result.headline
        assert expected is None or result.data["rows_after"] == expected
        assert not result.actions or len(rows) == result.data["rows_after"]
    return rows


@pytest.mark.parametrize("name", sorted(p.name for p in NASTY.iterdir() if p.is_file()))
def test_every_file_becomes_a_table_or_one_sentence(project: Path, name: str) -> None:
    check(NASTY, project, name)


@pytest.mark.parametrize("name", sorted(p.name for p in (NASTY / "csv_spectrum").glob("*.csv")))
def test_edge_cases_of_csv_stay_as_they_were_meant(project: Path, name: str) -> None:
    shutil.copyfile(NASTY / "csv_spectrum" / name, project / name)
    told = (NASTY / "csv_spectrum" / name.replace(".csv", ".expected.json")).read_text(encoding="utf-8")
    result = clean(name, operations=["trim"], output="copy.csv", context=Context(project))
    staged = next(f for f in result.actions[0].arguments["files"] if f["path"] == "copy.csv")["staged"]
    with (project / staged).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    meant = [{k: v.replace("\r\n", "\n").strip() for k, v in row.items()} for row in json.loads(told)]
    assert [{k: v.replace("\r\n", "\n") for k, v in row.items()} for row in rows] == meant


def test_a_file_in_an_odd_form_gets_a_plain_copy(project: Path) -> None:
    rows = check(NASTY, project, "crafted_latin1_semicolon_decimal_comma.csv")
    assert any("ü" in v or "é" in v or "ö" in v or "ä" in v for row in rows for v in row.values())
    assert not any("," in v for row in rows for v in row.values())
    formulas = check(NASTY, project, "crafted_formula_cells.csv")
    assert not any(v[:1] in ("=", "@") for row in formulas for v in row.values())


@pytest.mark.slow
def test_every_file_of_the_full_set(project: Path, shared_data: Path) -> None:
    folder = shared_data / "nasty"
    for path in sorted(folder.glob("*.*")):
        rows = check(folder, project, path.name)
        if path.name == "crafted_instructions_in_cells.csv":
            assert not rows or any("gnore" in v for row in rows for v in row.values())
        if path.name == "air_quality_uci_as_found.csv":
            assert not any(v == "-200" for row in rows for v in row.values())
