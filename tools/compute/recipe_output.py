"""Write a cleaned table as CSV, TSV, Parquet, JSON lines or Excel, safe to open in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from opsmith.tools.compute.cells import ROW, is_text
from opsmith.tools.compute.recipe import stem
from opsmith.tools.compute.recipe_run import Stage
from opsmith.tools.contract import ToolError
from opsmith.tools.data.table import quoted

ENDINGS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet", ".jsonl": "json",
           ".ndjson": "json", ".json": "json", ".xlsx": "excel"}  # fmt: skip
# a cell that a spreadsheet would run: starts with = or @ or a tab, or with + or - and is more than a signed number
_FORMULA = r"^([=@\t\r]|[+\-][^\d\s.,()/]|[+\-][\d\s.,()/-]*[^\d\s.,()/%-])"
_EXCEL_ROWS = 1_048_575


def ending_of(name: str) -> str:
    """The ending that decides the format. ToolError when it is none that can be written."""
    ending = PurePosixPath(name.lower()).suffix
    if ending not in ENDINGS:
        raise ToolError(f"{name} cannot be written: its ending {ending or '(none)'} is none of {', '.join(ENDINGS)}.")
    return ending


def default_output(dataset: str, schema: pa.Schema) -> str:
    """NAME_clean.EXT beside the source, NAME_clean_2.EXT for a copy of a copy; nested columns need Parquet.

    >>> default_output("data/reviews.csv.gz", pa.schema([("a", pa.string())]))
    'data/reviews_clean.csv'
    >>> default_output("reviews_clean.csv", pa.schema([])), default_output("reviews_clean_2.csv", pa.schema([]))
    ('reviews_clean_2.csv', 'reviews_clean_3.csv')
    """
    path = PurePosixPath(dataset)
    name = path.name.lower()
    for packed in (".gz", ".zst", ".zip"):
        name = name.removesuffix(packed)
    ending = PurePosixPath(name).suffix
    kept = {".tsv": ".tsv", ".parquet": ".parquet", ".pq": ".parquet", ".jsonl": ".jsonl", ".ndjson": ".jsonl", ".json": ".jsonl",
            ".feather": ".parquet", ".arrow": ".parquet"}.get(ending, ".csv")  # fmt: skip
    if kept in (".csv", ".tsv") and any(pa.types.is_nested(f.type) for f in schema):
        kept = ".parquet"
    made = re.fullmatch(r"(.*_clean)(?:_(\d+))?", stem(dataset))
    name = f"{made.group(1)}_{int(made.group(2) or 1) + 1}" if made else f"{stem(dataset)}_clean"
    return (path.parent / f"{name}{kept}").as_posix()


def write_table(
    stage: Stage,
    target: Path,
    ending: str,
    *,
    safe: bool = True,
    row_numbers: bool = False,
    metadata: Mapping[str, str] | None = None,
) -> int:
    """Write the stage's rows in order to `target`; how many cells had to be marked as text for spreadsheets.

    safe: in CSV and Excel, put an apostrophe before text that a spreadsheet would run as a formula.
    row_numbers: keep the original row number as the column `source_row`.
    """
    kind = ENDINGS[ending]
    spreadsheet = kind in ("csv", "excel")
    marked = formula_cells(stage) if safe and spreadsheet else {}
    columns = [_expression(f, bool(marked.get(f.name)), kind) for f in stage.schema if f.name != ROW]
    if row_numbers:
        columns.append(f"{quoted(ROW)} AS source_row")
    query = f"SELECT {', '.join(columns)} FROM data"
    if kind == "excel":
        _write_excel(stage, query, target)
        return sum(marked.values())
    options = {"csv": f"FORMAT csv, HEADER, DELIMITER '{chr(9) if ending == '.tsv' else ','}'",
        "parquet": "FORMAT parquet, COMPRESSION zstd" + _about(metadata or {}),
               "json": "FORMAT json, ARRAY true" if ending == ".json" else "FORMAT json"}[kind]  # fmt: skip
    stage.sql(f"COPY ({query}) TO '{str(target).replace(chr(39), chr(39) * 2)}' ({options})")
    return sum(marked.values())


def formula_safe(text: str) -> str:
    """The text with an apostrophe in front when a spreadsheet would run it.

    >>> formula_safe("=cmd()"), formula_safe("-3.5"), formula_safe("+49 30 1234")
    ("'=cmd()", '-3.5', '+49 30 1234')
    """
    return f"'{text}" if re.search(_FORMULA, text) else text


def _about(metadata: Mapping[str, str]) -> str:
    told = ", ".join(f"{key}: '{value.replace(chr(39), chr(39) * 2)}'" for key, value in metadata.items())
    return f", KV_METADATA {{{told}}}" if told else ""


def formula_cells(stage: Stage) -> dict[str, int]:
    """How many texts of each column a spreadsheet would run."""
    texts = [f.name for f in stage.schema if is_text(f.type)]
    if not texts:
        return {}
    counts = ", ".join(f"count(*) FILTER (regexp_matches({quoted(c)}, '{_FORMULA}'))" for c in texts)
    return dict(zip(texts, stage.sql(f"SELECT {counts} FROM data")[0], strict=True))


def _expression(column: pa.Field, mark: bool, kind: str) -> str:
    name = quoted(column.name)
    if mark:
        return f"CASE WHEN regexp_matches({name}, '{_FORMULA}') THEN chr(39) || {name} ELSE {name} END AS {name}"
    if pa.types.is_nested(column.type) and kind in ("csv", "excel"):
        return f"to_json({name})::VARCHAR AS {name}"
    if pa.types.is_floating(column.type) and kind == "json":
        return f"CASE WHEN isfinite({name}) THEN {name} END AS {name}"
    return name


def _write_excel(stage: Stage, query: str, target: Path) -> None:
    from openpyxl import Workbook

    if stage.rows > _EXCEL_ROWS:
        raise ToolError(
            f"{stage.rows:,} rows do not fit in an Excel sheet ({_EXCEL_ROWS:,}). Name a .csv or .parquet file."
        )
    book = Workbook(write_only=True)
    sheet = book.create_sheet("data")
    table = stage.arrow(query)
    sheet.append(table.column_names)
    for batch in table.to_batches():
        for row in zip(*(c.to_pylist() for c in batch.columns), strict=True):
            sheet.append([_excel_cell(v) for v in row])
    book.save(target)


def _excel_cell(value: Any) -> Any:
    if isinstance(value, str):
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        return ILLEGAL_CHARACTERS_RE.sub("", value)[:32_767]
    return value if not isinstance(value, float) or value == value else None
