"""Several files as one table: a folder or a pattern such as `sales/2024-*.csv`, with `key=value` folders as columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import paths
from opsmith.tools.data.sql_text import first_line, literal, quoted

if TYPE_CHECKING:
    import duckdb

MOST_FILES = 10_000
MOST_READ_ONE_BY_ONE = 1_000  # files in text and other formats, each read with care
_WILD = set("*?[")


def is_pattern(context: Context, name: str) -> bool:
    """Whether a name means several files by wildcards (and no file has just that name)."""
    text = name.strip().strip("`'\"")
    return bool(_WILD & set(text)) and "://" not in text and not (context.project / text).exists()


def matching(context: Context, pattern: str) -> tuple[Path, list[Path]]:
    """The folder that a pattern starts from, and the tables that it fits, in order. ToolError when it fits none."""
    text = pattern.strip().strip("`'\"").replace("\\", "/")
    parts = Path(text).parts
    fixed = next((n for n, part in enumerate(parts) if _WILD & set(part)), len(parts))
    base = paths.confined(context, str(Path(*parts[:fixed])) if fixed else ".")
    rest = "/".join(parts[fixed:])
    if not base.is_dir():
        raise ToolError(f"{pattern} fits no file: there is no folder {'/'.join(parts[:fixed])}.")
    if ".." in parts[fixed:]:
        raise ToolError(f"{pattern} is not understood: '..' cannot stand after a wildcard.")
    found = [f for f in sorted(base.glob(rest)) if f.is_file() and paths.is_table(f) and _inside(context, f)]
    if not found:
        raise ToolError(f"{pattern} fits no table in this project.")
    return base, _one_kind(found, pattern)


def inside_folder(context: Context, folder: Path, shown: str) -> list[Path]:
    """The tables in a folder and below, in order, all of one kind. ToolError when there are none, or several kinds."""
    found = []
    for file in sorted(folder.rglob("*")):
        hidden = any(p.startswith((".", "_")) for p in file.relative_to(folder).parts)
        if not hidden and file.is_file() and paths.is_table(file) and _inside(context, file):
            found.append(file)
            if len(found) > MOST_FILES:
                raise ToolError(
                    f"{shown} holds more than {MOST_FILES:,} files. Name a part of it, such as {shown}/2024-*."
                )
    if not found:
        raise ToolError(f"{shown} is a folder without tables. Name a file in it.")
    return _one_kind(found, shown)


def _inside(context: Context, file: Path) -> bool:
    """Whether a file stays inside the project through all links."""
    allowed = [context.project.resolve(), *(p.resolve() for p in context.readable)]
    real = file.resolve()
    return any(base in real.parents for base in allowed)


def _one_kind(files: list[Path], shown: str) -> list[Path]:
    if len(files) > MOST_FILES:
        raise ToolError(f"{shown} fits more than {MOST_FILES:,} files. Name fewer.")
    kinds = Counter(kind_of_file(f) for f in files)
    if len(kinds) > 1:
        counted = ", ".join(f"{n} {k}" for k, n in kinds.most_common())
        raise ToolError(
            f"{shown} holds tables of several kinds ({counted}). Name one kind, such as {shown.rstrip('/*')}/*.csv."
        )
    return files


def kind_of_file(file: Path) -> str:
    """`parquet`, `csv`, … by the name, without what packs it."""
    name = file.name.lower()
    for packed in paths.PACKED:
        name = name.removesuffix(packed)
    ending = name.rpartition(".")[2]
    return {"pq": "parquet", "tsv": "csv", "txt": "csv", "ndjson": "jsonl", "json": "jsonl"}.get(ending, ending)


def keys_of(file: Path, base: Path) -> dict[str, str]:
    """The `key=value` folders between a base and a file, as Hive writes them.

    >>> keys_of(Path("/a/year=2024/x.csv"), Path("/a"))
    {'year': '2024'}
    """
    from urllib.parse import unquote

    try:
        between = file.relative_to(base).parts[:-1]
    except ValueError:
        return {}
    return {unquote(k): unquote(v) for k, eq, v in (part.partition("=") for part in between) if eq and k}


def read_parquet(
    connection: duckdb.DuckDBPyConnection, base: Path, files: Sequence[Path], shown: str
) -> tuple[str, ...]:
    """Parquet files as one view, their columns joined by name, `key=value` folders as columns."""
    connection.execute(f"SET allowed_directories = [{literal(str(base) + '/')}]")
    listed = ", ".join(literal(str(f)) for f in files)
    inside = any(keys_of(f, base) for f in files)
    options = f"union_by_name = true, hive_partitioning = {str(inside).lower()}"
    # the engine takes key=value folders above the named one for columns too
    above = (
        set(keys_of(base / "x", Path(base.anchor))) - {k for f in files for k in keys_of(f, base)} if inside else set()
    )
    left_out = f" EXCLUDE ({', '.join(map(quoted, sorted(above)))})" if above else ""
    try:
        connection.execute(f"CREATE VIEW data AS SELECT *{left_out} FROM read_parquet([{listed}], {options})")
        connection.execute("SELECT * FROM data LIMIT 0").fetchall()
    except Exception as error:  # DuckDB's errors share no narrower base that is public
        raise ToolError(f"{shown} cannot be read as Parquet: {first_line(error)}") from None
    return (f"{len(files)} file{'s' if len(files) > 1 else ''}",)


def read_each(
    connection: duckdb.DuckDBPyConnection,
    context: Context,
    base: Path,
    files: Sequence[Path],
    shown: str,
    load: Callable[[duckdb.DuckDBPyConnection, Path, str], tuple[str, ...]],
) -> tuple[str, ...]:
    """Files in other formats as one table, each read with the same care as alone; columns joined by name."""
    import duckdb

    if len(files) > MOST_READ_ONE_BY_ONE:
        raise ToolError(
            f"{shown} holds {len(files):,} files; at most {MOST_READ_ONE_BY_ONE:,} are read one by one. "
            "Convert them to Parquet."
        )
    seen: Counter[str] = Counter()
    told: dict[str, list[str]] = {}
    parts = []
    for n, file in enumerate(files):
        context.check()
        context.progress(0.02 * n / len(files), f"reading {file.name}")
        with duckdb.connect() as one:
            for note in load(one, file, paths.relative(context, file)):
                told.setdefault(note, []).append(file.name)
            names = [r[0] for r in one.execute("DESCRIBE data").fetchall()]
            seen.update(names)
            connection.register("incoming", one.sql("SELECT * FROM data").to_arrow_reader(100_000))
            keys = {k: v for k, v in keys_of(file, base).items() if k not in names}
            added = "".join(f", {_value(v)} AS {quoted(k)}" for k, v in keys.items())
            connection.execute(f"CREATE TABLE part_{n} AS SELECT *{added} FROM incoming")
            connection.unregister("incoming")
            parts.append(f"SELECT * FROM part_{n}")
    connection.execute(f"CREATE VIEW data AS {' UNION ALL BY NAME '.join(parts)}")
    partial = [f"{c} ({n} of {len(files)} files)" for c, n in seen.items() if n < len(files)]
    notes = [f"{len(files)} files"]
    if partial:
        notes.append(f"not in every file: {', '.join(partial[:6])}{' …' if len(partial) > 6 else ''}")
    for note, names in told.items():
        notes.append(
            note if len(names) == len(files) else f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''}: {note}"
        )
    return tuple(notes)


def _value(text: str) -> str:
    """The value of a `key=value` folder in SQL: a whole number, a day, or text; Hive's word for none is missing."""
    if text == "__HIVE_DEFAULT_PARTITION__":
        return "NULL"
    if re.fullmatch(r"0|[1-9]\d{0,17}", text, re.ASCII):  # 01 stays text, as the engine has it for Parquet files
        return f"CAST({text} AS BIGINT)"
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", text, re.ASCII):
        return f"TRY_CAST({literal(text)} AS DATE)"
    return literal(text)
