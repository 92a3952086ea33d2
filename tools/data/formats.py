"""Read what is no delimited text: Excel, JSON, JSON lines, SQLite, DuckDB, Arrow; into a DuckDB connection as `data`."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsmith.tools.contract import NeedsAnswer, ToolError

if TYPE_CHECKING:
    import duckdb

UNPACKED_LIMIT = 4 << 30  # bytes that an archive may claim to hold


def read_excel(connection: duckdb.DuckDBPyConnection, path: Path, shown: str, sheet: str | None) -> tuple[str, ...]:
    """Load one sheet; its first row with two or more filled cells is the header. Notes on what was read."""
    from xml.etree.ElementTree import ParseError

    import openpyxl

    # openpyxl meets damage wherever it stands, so many of Python's own errors mean a damaged file here
    damaged = (
        *(zipfile.BadZipFile, zlib.error, ParseError, LookupError),
        *(OSError, ValueError, TypeError, AttributeError, EOFError),
    )
    try:
        _check_zip(path, shown)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        names = book.sheetnames
    except damaged:
        raise ToolError(f"{shown} is not really an Excel file. Export it again as .xlsx or CSV.") from None
    if sheet is not None and sheet not in names:
        raise ToolError(f"{shown} has no sheet {sheet!r}. It has: {', '.join(names)}.")
    if not names:
        raise ToolError(f"{shown} has no sheet in it.")
    chosen = sheet or names[0]
    try:
        rows = [list(r) for r in book[chosen].iter_rows(values_only=True)]
    except damaged:
        raise ToolError(f"Sheet {chosen} of {shown} is damaged. Export it again as .xlsx or CSV.") from None
    finally:
        book.close()
    rows = [r for r in rows if any(c is not None and str(c).strip() for c in r)]
    if not rows:
        raise ToolError(f"Sheet {chosen} of {shown} is empty.")
    names_row = unique_names([str(c).strip() if c is not None else "" for c in rows[0]])
    _frame(connection, names_row, rows[1:])
    others = [n for n in names if n != chosen]
    return (f"sheet {chosen}", *([f"not read: sheets {', '.join(others)}"] if others else []))


def read_json(connection: duckdb.DuckDBPyConnection, path: Path, shown: str) -> tuple[str, ...]:
    """A JSON array of records, or one record a line; broken lines are counted and said."""
    from opsmith.tools.data.csv_shape import DAMAGED, open_bytes

    try:
        with open_bytes(path) as file:
            text = file.read().decode("utf-8-sig", errors="replace")
    except DAMAGED:
        raise ToolError(f"{shown} cannot be unpacked. It looks cut off.") from None
    broken: list[int] = []
    try:
        whole = json.loads(text)
        records = (
            whole if isinstance(whole, list) else next((v for v in whole.values() if isinstance(v, list)), [whole])
        )
    except json.JSONDecodeError:
        records = []
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                try:
                    records.append(json.loads(line))
                except json.JSONDecodeError:
                    broken.append(number)
    records = [r for r in records if isinstance(r, dict)]
    if not records:
        raise ToolError(f"{shown} holds no JSON records (a list of objects, or one object a line).")
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
    rows = [[_cell(record.get(n)) for n in names] for record in records]
    _frame(connection, unique_names([str(n) for n in names]), rows)
    if not broken:
        return ()
    shown_lines = ", ".join(map(str, broken[:5])) + ("…" if len(broken) > 5 else "")
    return (f"{len(broken)} line{'s' if len(broken) > 1 else ''} set aside: no valid JSON (line {shown_lines})",)


def read_database(connection: duckdb.DuckDBPyConnection, path: Path, shown: str, table: str | None) -> tuple[str, ...]:
    """One table of a SQLite or DuckDB file, opened read-only."""
    kind = "SQLITE" if path.read_bytes()[:15] == b"SQLite format 3" else "DUCKDB"
    if kind == "SQLITE":
        return _read_sqlite(connection, path, shown, table)
    try:
        connection.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS source (READ_ONLY)")
    except Exception as error:  # DuckDB's errors share no narrower base that is public
        raise ToolError(f"{shown} is no database that can be read: {str(error).splitlines()[0][:120]}") from None
    names = [
        r[0]
        for r in connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'source'").fetchall()
    ]
    chosen = _choose(names, table, shown)
    connection.execute(f'CREATE TABLE data AS SELECT * FROM source."{chosen}"')
    connection.execute("DETACH source")
    return (f"table {chosen}",)


def _read_sqlite(connection: duckdb.DuckDBPyConnection, path: Path, shown: str, table: str | None) -> tuple[str, ...]:
    import sqlite3

    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        source.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
        sql = (
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        names = [r[0] for r in source.execute(sql)]
        chosen = _choose(names, table, shown)
        quoted = chosen.replace('"', '""')
        cursor = source.execute(f'SELECT * FROM "{quoted}"')
        _frame(connection, unique_names([d[0] for d in cursor.description]), [list(r) for r in cursor])
    except sqlite3.DatabaseError as error:
        raise ToolError(f"{shown} is a damaged SQLite file: {error}.") from None
    finally:
        source.close()
    return (f"table {chosen}",)


def _choose(names: list[str], wanted: str | None, shown: str) -> str:
    if wanted:
        for name in names:
            if name.casefold() == wanted.casefold():
                return name
        raise ToolError(f"{shown} has no table {wanted!r}. It has: {', '.join(names)}.")
    if len(names) == 1:
        return names[0]
    if not names:
        raise ToolError(f"{shown} has no table in it.")
    raise NeedsAnswer(
        f"{shown} has {len(names)} tables. Which one? Say it as {shown}:TABLE.", [f"{shown}:{n}" for n in names[:12]]
    )


def _check_zip(path: Path, shown: str) -> None:
    with zipfile.ZipFile(path) as archive:
        if sum(i.file_size for i in archive.infolist()) > UNPACKED_LIMIT:
            raise ToolError(
                f"{shown} claims to hold more than {UNPACKED_LIMIT >> 30} GB unpacked, so it is not opened."
            )


def hold(connection: duckdb.DuckDBPyConnection) -> None:
    """Put the rows of a view `data` into the engine: a view reads its file again and again, and an unpacked one goes."""
    if connection.execute("SELECT 1 FROM duckdb_views() WHERE view_name = 'data'").fetchall():
        connection.execute("CREATE TABLE unpacked AS SELECT * FROM data")
        connection.execute("DROP VIEW data")
        connection.execute("ALTER TABLE unpacked RENAME TO data")


def unpack_zip(path: Path, shown: str, folder: Path) -> Path:
    """The one table inside a zip archive, unpacked into `folder` within the size limit."""
    try:
        _check_zip(path, shown)
        with zipfile.ZipFile(path) as archive:
            members = [i for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX")]
            if len(members) != 1:
                raise ToolError(f"{shown} holds {len(members)} files; a zip with one table in it can be opened.")
            folder.mkdir(parents=True, exist_ok=True)
            target = folder / Path(members[0].filename).name
            with archive.open(members[0]) as source, target.open("wb") as out:
                left = UNPACKED_LIMIT
                while block := source.read(1 << 20):
                    left -= len(block)
                    if left < 0:
                        raise ToolError(f"{shown} unpacks to more than {UNPACKED_LIMIT >> 30} GB, so it is not opened.")
                    out.write(block)
            return target
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, zlib.error, ValueError):
        raise ToolError(f"{shown} is not a zip file that can be unpacked.") from None


def unique_names(names: list[str]) -> list[str]:
    """Column names made unique and never empty: a second `x` becomes `x_2`, an empty one `column3`."""
    seen: dict[str, int] = {}
    made = []
    for position, name in enumerate(names):
        base = name.strip() or f"column{position}"
        low = base.casefold()
        seen[low] = seen.get(low, 0) + 1
        made.append(base if seen[low] == 1 else f"{base}_{seen[low]}")
    return made


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


def _frame(connection: duckdb.DuckDBPyConnection, names: list[str], rows: list[list[Any]]) -> None:
    """Rows of mixed Python values as the table `data`: a column keeps its type where all its values share one."""
    import pyarrow as pa

    columns = (
        list(zip(*(r + [None] * (len(names) - len(r)) for r in (x[: len(names)] for x in rows)), strict=True))
        if rows
        else [()] * len(names)
    )
    arrays = [_array(pa, [None if c == "" else c for c in column]) for column in columns]
    table = pa.Table.from_arrays(arrays, names=names)
    connection.register("incoming", table)
    connection.execute("CREATE TABLE data AS SELECT * FROM incoming")
    connection.unregister("incoming")


def _array(pa: Any, values: list[Any]) -> Any:
    kinds = {type(v) for v in values if v is not None}
    if kinds <= {int, float} and bool not in kinds:
        try:
            return pa.array([None if v is None else v for v in values], pa.float64() if float in kinds else pa.int64())
        except (pa.ArrowInvalid, OverflowError):
            return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if len(kinds) == 1:
        try:
            return pa.array(values)
        except pa.ArrowInvalid:
            pass
    return pa.array([None if v is None else _text(v) for v in values], pa.string())


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
