"""Object storage (S3, Google Cloud Storage, Azure) through Arrow's own readers: Parquet streamed, other files fetched first.

Keys and regions come from the usual variables of each cloud (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, GOOGLE_APPLICATION_CREDENTIALS,
AZURE_STORAGE_ACCOUNT, …) or from the machine's role; none stand in a setting.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import paths
from opsmith.tools.data.folders import kind_of_file
from opsmith.tools.data.places import Place
from opsmith.tools.data.sql_text import first_line

if TYPE_CHECKING:
    import duckdb

FETCHED_LIMIT = 4 << 30  # bytes of a file that is no Parquet
_WILD = set("*?[")
Load = Callable[["duckdb.DuckDBPyConnection", Path, list[Path]], tuple[str, ...]]


def read(
    connection: duckdb.DuckDBPyConnection, context: Context, place: Place, folder: Path, load: Load
) -> tuple[str, ...]:
    """Make `data` from the objects of a place. load: how files in `folder` are read, for those that are no Parquet."""
    store = _store(place)
    base, keys = _keys(store, place)
    kinds = {kind_of_file(Path(k)) for k in keys}
    if len(kinds) > 1:
        raise ToolError(
            f"{place.shown} holds tables of several kinds ({', '.join(sorted(kinds))}). Name one kind by a pattern."
        )
    if kinds == {"parquet"}:
        return _parquet(connection, store, place, base, keys)
    return _fetched(connection, context, store, place, base, keys, folder, load)


def _store(place: Place) -> Any:
    from pyarrow import fs

    if place.kind == "s3":
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
        more: dict[str, Any] = {}
        if endpoint:
            parts = urlsplit(endpoint)
            more = {"endpoint_override": parts.netloc or endpoint, "scheme": parts.scheme or "https"}
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        return fs.S3FileSystem(region=region, request_timeout=60, connect_timeout=15, **more)
    if place.kind == "gs":
        return fs.GcsFileSystem()
    account = os.environ.get("AZURE_STORAGE_ACCOUNT", "")
    if not account:
        raise ToolError(f"{place.shown} needs the environment variable AZURE_STORAGE_ACCOUNT.")
    return fs.AzureFileSystem(account, os.environ.get("AZURE_STORAGE_KEY"))


def _keys(store: Any, place: Place) -> tuple[str, list[str]]:
    """The prefix that a place starts from, and the tables below it, in order."""
    from pyarrow import fs

    address = urlsplit(place.address)
    bucket = (address.username or address.hostname or "") if place.kind == "az" else address.netloc
    root = "/".join(p for p in (bucket, address.path.strip("/")) if p)
    parts = [p for p in place.part.split("/") if p]
    fixed = next((n for n, part in enumerate(parts) if _WILD & set(part)), len(parts))
    base, pattern = "/".join([root, *parts[:fixed]]), "/".join(parts[fixed:])
    try:
        info = store.get_file_info(base)
        if info.type == fs.FileType.File:
            return base.rpartition("/")[0], [base]
        found = store.get_file_info(fs.FileSelector(base, recursive=True, allow_not_found=True))
    except OSError as error:
        raise ToolError(f"{place.shown} cannot be reached: {first_line(error)}") from None
    files = sorted(f.path for f in found if f.type == fs.FileType.File and f.size)
    chosen = [f for f in files if paths.is_table(Path(f)) and (not pattern or _fits(f[len(base) + 1 :], pattern))]
    if not chosen:
        raise ToolError(f"{place.shown} fits no table there.")
    return base, chosen


def _fits(key: str, pattern: str) -> bool:
    """Whether a key fits a pattern in which `*` stays inside a folder and `**` does not."""
    names, wanted = key.split("/"), pattern.split("/")

    def rest(n: int, w: int) -> bool:
        if w == len(wanted):
            return n == len(names)
        if wanted[w] == "**":
            return any(rest(at, w + 1) for at in range(n, len(names) + 1))
        return n < len(names) and fnmatch.fnmatchcase(names[n], wanted[w]) and rest(n + 1, w + 1)

    return rest(0, 0)


def _parquet(
    connection: duckdb.DuckDBPyConnection, store: Any, place: Place, base: str, keys: list[str]
) -> tuple[str, ...]:
    """Parquet objects as a view: the engine asks for columns and rows, Arrow reads those alone."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    try:
        found = ds.dataset(keys, filesystem=store, format="parquet", partitioning="hive", partition_base_dir=base)
        schema = pa.unify_schemas([f.physical_schema for f in found.get_fragments()], promote_options="permissive")
        keyed = [found.schema.field(n) for n in found.schema.names if n not in schema.names]
        for one in keyed:
            schema = schema.append(one)
        found = found.replace_schema(schema)
        connection.register("objects", found)
        connection.execute("CREATE VIEW data AS SELECT * FROM objects")
        connection.execute("SELECT * FROM data LIMIT 0").fetchall()
    except (OSError, pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ToolError(f"{place.shown} cannot be read as Parquet: {first_line(error)}") from None
    return (f"{len(keys)} object{'s' if len(keys) > 1 else ''} in {place.kind}",)


def _fetched(
    connection: duckdb.DuckDBPyConnection,
    context: Context,
    store: Any,
    place: Place,
    base: str,
    keys: list[str],
    folder: Path,
    load: Load,
) -> tuple[str, ...]:
    """Other objects, fetched within a limit and read as files are."""
    left = FETCHED_LIMIT
    files = []
    for key in keys:
        target = folder / Path(*[p for p in key[len(base) :].split("/") if p not in ("", ".", "..")])
        target.parent.mkdir(parents=True, exist_ok=True)
        context.progress(None, f"fetching {target.name}")
        try:
            with store.open_input_stream(key, compression=None) as source, target.open("wb") as out:
                while block := source.read(4 << 20):
                    context.check()
                    left -= len(block)
                    if left < 0:
                        raise ToolError(
                            f"{place.shown} is more than {FETCHED_LIMIT >> 30} GB and no Parquet, so it is not fetched."
                        )
                    out.write(block)
        except OSError as error:
            raise ToolError(f"{place.shown} cannot be fetched: {first_line(error)}") from None
        files.append(target)
    told = load(connection, files[0] if len(files) == 1 else folder, files)
    return (f"fetched from {place.kind}", *told)
