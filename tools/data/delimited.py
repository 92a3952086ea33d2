"""Read delimited text into a DuckDB connection as `data`: as its shape says, every row accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsmith.tools.contract import ToolError
from opsmith.tools.data.sql_text import first_line, literal, quoted, replace_columns

if TYPE_CHECKING:
    import duckdb

IN_MEMORY = 1 << 30  # bytes of text up to which a table is loaded; larger ones are streamed from the file
SMALL = 8 << 20  # bytes of text up to which the row count is checked against a second reader


def read(connection: duckdb.DuckDBPyConnection, path: Path, shown: str, dates: bool = True) -> tuple[str, ...]:
    """Delimited text, read as its shape says; rows that do not fit are set aside, counted and said.

    dates: whether columns of dates become dates; without, they stay text.
    """
    import csv
    import dataclasses
    import tempfile

    from opsmith.tools.data.csv_shape import DAMAGED, as_plain_csv, as_utf8, shape_of

    shape = shape_of(path, shown)
    with tempfile.TemporaryDirectory(prefix="opsmith-csv-") as folder:
        source = path
        try:
            if shape.rewrite:
                source = Path(folder) / "utf8.csv"
                as_utf8(path, shape, source)
            written = dataclasses.replace(shape, encoding="utf-8") if shape.rewrite else shape
            small = source.stat().st_size <= SMALL
            told = as_plain_csv(source, written, Path(folder) / "plain.csv") if small else None
        except (*DAMAGED, csv.Error) as error:
            raise ToolError(f"{shown} cannot be read to its end ({first_line(error)}). It looks cut off.") from None
        notes = list(shape.notes())
        try:
            large = source == path and path.stat().st_size > IN_MEMORY
            notes += _read_csv(connection, source, shape, stream=large, dates=dates)
            sound = told is None or _holds(connection, *told)
        except Exception:  # DuckDB refuses; the forgiving reader may not
            sound = False
        if not sound:
            connection.execute("DROP VIEW IF EXISTS data")
            connection.execute("DROP TABLE IF EXISTS raw")
            plain = Path(folder) / "plain.csv"
            _, odd, _ = as_plain_csv(source, written, plain)
            notes = list(shape.notes())
            if odd:
                notes.append(
                    f"{odd} row{'s' if odd > 1 else ''} had not {shape.columns} fields; filled up, or joined in "
                    "the last column"
                )
            clean = dataclasses.replace(shape, delimiter=",", quoted=True, multiline=True)
            try:
                notes += _read_csv(connection, plain, clean, stream=False, dates=dates)
            except Exception as error:
                raise ToolError(f"{shown} could not be read as a table: {first_line(error)}") from None
        if not (source == path and path.stat().st_size > IN_MEMORY):
            notes += _numbers_with_gaps(connection, shape.decimal)
        return tuple(notes)


def _holds(connection: duckdb.DuckDBPyConnection, rows: int, odd: int, filled: int) -> bool:
    """Whether `data` has as many rows and filled cells as a second reader found; cells only where all rows are regular."""
    names = [row[0] for row in connection.execute("DESCRIBE data").fetchall()]
    counted = connection.execute(f"SELECT count(*), {', '.join(f'count({quoted(n)})' for n in names)} FROM data")
    found = counted.fetchone() or (0,)
    return found[0] == rows and (odd > 0 or sum(found[1:]) == filled)


_DATES = "'DATE', 'TIMESTAMP', "


def _read_csv(
    connection: duckdb.DuckDBPyConnection, source: Path, shape: Any, stream: bool, dates: bool = True
) -> list[str]:
    """Make `data` with DuckDB's reader; notes on rows set aside."""
    from opsmith.tools.data.formats import unique_names

    options = {
        "delim": literal(shape.delimiter),
        "header": str(shape.header).lower(),
        "null_padding": "true",
        "comment": "''",  # a line that starts with # is a row like any other
        "hive_partitioning": "false",  # a folder called x=1 says nothing about a file named alone
        "quote": literal(chr(34) if shape.quoted else ""),
        "escape": literal(chr(34) if shape.quoted else ""),
        "sample_size": "-1",
        "ignore_errors": "true",
        "decimal_separator": literal(shape.decimal),
        "max_line_size": str(max(2 << 20, 4 * shape.longest)),
        # yes/no and t/f stay the words they are; what they mean is decided by whoever looks
        "auto_type_candidates": f"['BIGINT', 'DOUBLE', 'TIME', {_DATES if dates else ''}'VARCHAR']",
    }
    if shape.multiline or source.stat().st_size <= SMALL:
        options["parallel"] = "false"
    if stream:
        connection.execute(f"SET allowed_paths = [{literal(str(source))}]")
    else:
        options["store_rejects"] = "true"
    written = ", ".join(f"{k} = {v}" for k, v in options.items())
    connection.execute(
        f"CREATE {'VIEW' if stream else 'TABLE'} raw AS SELECT * FROM read_csv({literal(str(source))}, {written})"
    )
    stored = [r[0] for r in connection.execute("DESCRIBE raw").fetchall()]
    names = _header_names(source, shape) if shape.header else []
    notes = []
    if shape.header and len(names) < len(stored):
        notes.append(f"the header names {len(names)} of {len(stored)} columns")
        names += [""] * (len(stored) - len(names))
    wanted = unique_names(names if len(names) == len(stored) else stored)
    renamed = ", ".join(f"{quoted(a)} AS {quoted(b)}" for a, b in zip(stored, wanted, strict=True))
    connection.execute(f"CREATE VIEW data AS SELECT {renamed} FROM raw")
    if not stream:
        lost = connection.execute("SELECT count(DISTINCT line), min(line) FROM reject_errors").fetchone()
        if lost and lost[0]:
            notes.append(
                f"{lost[0]} row{'s' if lost[0] > 1 else ''} set aside: could not be read (first at line {lost[1]})"
            )
    return notes


def column_names(source: Path, shape: Any) -> list[str]:
    """The unique names of the columns as `read` gives them; of another number than the columns when the header is ragged."""
    from opsmith.tools.data.formats import unique_names

    return unique_names(_header_names(source, shape)) if shape.header else [f"column{n}" for n in range(shape.columns)]


def _header_names(source: Path, shape: Any) -> list[str]:
    import csv
    import io

    from opsmith.tools.data.csv_shape import open_bytes

    with open_bytes(source) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")  # type: ignore[type-var]
        quoting = csv.QUOTE_MINIMAL if shape.quoted else csv.QUOTE_NONE
        for row in csv.reader(text, delimiter=shape.delimiter, quoting=quoting):  # type: ignore[arg-type]
            if row:
                return [" ".join(c.split()) for c in row]
    return []


GAPS = (
    "na",
    "n/a",
    "nan",
    "null",
    "none",
    "#n/a",
    "<na>",
)  # words that pandas, R and spreadsheets write for a missing cell


def _likely_numbers(connection: duckdb.DuckDBPyConnection, names: list[str], decimal: str) -> list[str]:
    """Those of some text columns whose first cells are all numbers or words for missing, with a number among them."""
    chosen = ", ".join(quoted(n) for n in names)
    rows = connection.execute(f"SELECT {chosen} FROM data LIMIT {max(50, min(2000, 100_000 // len(names)))}").fetchall()
    found = []
    for name, cells in zip(names, zip(*rows, strict=True), strict=False):
        numbers = 0
        for cell in cells:
            text = (cell or "").strip()
            if cell is None or text.lower() in GAPS:
                continue
            try:
                float(text if decimal == "." else text.replace(",", "."))
            except ValueError:
                break
            numbers += 1
        else:
            if numbers:
                found.append(name)
    return found


def _numbers_with_gaps(connection: duckdb.DuckDBPyConnection, decimal: str) -> list[str]:
    """Read text columns whose cells are all numbers or a word for missing (NA) as the numbers they are; a note that says so."""
    texts = [row[0] for row in connection.execute("DESCRIBE data").fetchall() if row[1] == "VARCHAR"]
    words = ", ".join(literal(w) for w in GAPS)

    def counted(names: list[str], source: str) -> list[tuple[int, int, int, int]]:
        pieces = []
        for n in names:
            cell = f"trim({quoted(n)})"
            number = f"TRY_CAST({cell if decimal == '.' else f'replace({cell}, chr(44), chr(46))'} AS DOUBLE)"
            gap = f"lower({cell}) IN ({words})"
            pieces.append(
                f"count(*) FILTER ({gap}), count(*) FILTER (NOT {gap} AND {number} IS NOT NULL), "
                f"count(*) FILTER (NOT {gap} AND {number} IS NULL), count(*) FILTER (NOT {gap} AND {cell} LIKE "
                f"'%.%' OR {cell} LIKE '%,%' OR {cell} ILIKE '%e%')"
            )
        flat = connection.execute(f"SELECT {', '.join(pieces)} FROM {source}").fetchone() or ()
        return [tuple(map(int, flat[i : i + 4])) for i in range(0, len(flat), 4)]  # type: ignore[misc]

    told, replaced = [], []
    for start in range(0, len(texts), 100):
        part = texts[start : start + 100]
        likely = _likely_numbers(connection, part, decimal)
        for name, (gaps, numbers, others, points) in zip(
            likely, counted(likely, "data") if likely else [], strict=True
        ):
            if gaps and numbers and not others:
                cell = f"CASE WHEN lower(trim({quoted(name)})) IN ({words}) THEN NULL ELSE trim({quoted(name)}) END"
                cell = cell if decimal == "." else f"replace({cell}, ',', '.')"
                replaced.append(f"TRY_CAST({cell} AS {'DOUBLE' if points else 'BIGINT'}) AS {quoted(name)}")
                told.append(f"{name} {gaps:,}")
    if not replaced:
        return []
    replace_columns(connection, ", ".join(replaced))
    shown = ", ".join(told[:6]) + (" …" if len(told) > 6 else "")
    return [f"NA and the like read as missing in columns of numbers ({shown})"]
