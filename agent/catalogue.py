"""What is there right now: tables with their columns, models, monitors, deployments, what waits. For every planner."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.data import paths

MOST_COLUMNS = 400
LONG = 64 << 20  # bytes of text above which a table is known by its first rows: the first message must not wait for all
HEAD = 4 << 20  # bytes of those first rows
_LINES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson")


def catalogue(
    context: Context, *, facts: Sequence[Mapping[str, Any]] = (), pending: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """The project as plain values: the JSON that the system message carries."""
    return {
        "files": files(context),
        "models": _models(context.project),
        "monitors": _monitors(context.project),
        "deployments": sorted(p.name for p in (context.project / "deploy").glob("*") if p.is_dir()),
        "facts": [{k: f.get(k) for k in ("id", "text", "source")} for f in facts],
        "pending": list(pending),
        "settings": {"model": context.settings.get("model", "offline")},
    }


def files(context: Context) -> list[dict[str, Any]]:
    """Every table with its columns; a file's columns are read once and kept until the file changes."""
    kept_in = context.home / "cache" / "schemas.json"
    kept = _read(kept_in)
    fresh: dict[str, Any] = {}
    for name in paths.tables(context.project):
        stat = (context.project / name).stat()
        stamp = f"{stat.st_mtime_ns}-{stat.st_size}"
        known = kept.get(name)
        fresh[name] = known if known and known["stamp"] == stamp else {"stamp": stamp, **_schema(context, name)}
    if fresh != kept:
        kept_in.parent.mkdir(parents=True, exist_ok=True)
        part = kept_in.with_suffix(".part")
        part.write_text(json.dumps(fresh, ensure_ascii=False))
        part.replace(kept_in)
    return [{"path": name, "columns": entry["columns"], "rows": entry["rows"]} for name, entry in fresh.items()]


def shortened(whole: Mapping[str, Any], tokens: int) -> dict[str, Any]:
    """The catalogue within a token budget for a language model: fewer columns a file, then fewer files."""
    from opsmith.agent.digest import CHARACTERS_A_TOKEN

    cut: dict[str, Any] = dict(whole)
    for columns, most in ((60, 60), (25, 40), (10, 25), (3, 15)):
        listed = [
            {**f, "columns": f["columns"][:columns], "more_columns": max(0, len(f["columns"]) - columns)}
            for f in whole["files"][:most]
        ]
        cut = {**whole, "files": listed, "more_files": max(0, len(whole["files"]) - most)}
        if len(json.dumps(cut, ensure_ascii=False, default=str)) <= tokens * CHARACTERS_A_TOKEN:
            break
    return cut


def _schema(context: Context, name: str) -> dict[str, Any]:
    from opsmith.tools.data.table import open_table

    path = context.project / name
    if path.suffix.lower() in _LINES and path.is_file() and path.stat().st_size > LONG:
        return {**_schema_of_head(context, path), "rows": None}
    try:
        table = open_table(context, name)
    except NeedsAnswer as which:
        return {"columns": _of_every(context, which.choices), "rows": None}
    except ToolError:
        return {"columns": [], "rows": None}
    try:
        columns: list[dict[str, Any]] = [{"name": c.name, "kind": c.kind} for c in table.columns[:MOST_COLUMNS]]
        two_valued = _two_valued(table, columns)
        columns = [{**c, "two_valued": True} if c["name"] in two_valued else c for c in columns]
        return {"columns": columns, "rows": table.rows}
    finally:
        table.close()


def _of_every(context: Context, tables: Sequence[str]) -> list[dict[str, Any]]:
    """The columns of all tables of a database, each name once: a target may be named without its table."""
    found: dict[str, dict[str, Any]] = {}
    for name in tables:
        for column in _schema(context, name)["columns"]:
            found.setdefault(column["name"], column)
    return list(found.values())[:MOST_COLUMNS]


def _schema_of_head(context: Context, path: Path) -> dict[str, Any]:
    """The columns of a long text file, from its first rows alone."""
    with tempfile.TemporaryDirectory(prefix="opsmith-head-") as folder:
        with path.open("rb") as whole:
            start = whole.read(HEAD)
        (Path(folder) / path.name).write_bytes(start[: start.rfind(b"\n") + 1])
        return _schema(dataclasses.replace(context, project=Path(folder)), path.name)


def _two_valued(table: Any, columns: Sequence[Mapping[str, Any]]) -> set[str]:
    """Columns with exactly two values among the first rows: what a yes/no prediction may be about."""
    from opsmith.tools.data.table import quoted

    names = [str(c["name"]) for c in columns]
    if not names:
        return set()
    counts = ", ".join(f"count(DISTINCT {quoted(n)})" for n in names)
    row = table.connection.execute(f"SELECT {counts} FROM (SELECT * FROM data LIMIT 500)").fetchone()
    return {n for n, count in zip(names, row or (), strict=False) if count == 2}


def _models(project: Path) -> list[dict[str, Any]]:
    if not (project / "models").is_dir():
        return []
    from opsmith.tools.data import registry

    return [model_entry(project, card) for card in registry.list_models(project)]


def model_entry(project: Path, card: Any) -> dict[str, Any]:
    """A model as the catalogue lists it."""
    from opsmith.tools.data import registry

    metrics = {name: m["value"] if isinstance(m, Mapping) else m for name, m in card.metrics.items()}
    return {
        "name": card.name,
        "version": card.version,
        "versions": [c.version for c in registry.versions(project, card.name)],
        "target": card.target,
        "trained_on": card.data.get("path"),
        "metrics": metrics,
        "aliases": card.aliases,
    }


def _monitors(project: Path) -> list[dict[str, Any]]:
    if not (project / "monitors").is_dir():
        return []
    from opsmith.tools.data.monitors import list_monitors

    return [_plain(m) for m in list_monitors(project)]


def _plain(monitor: Any) -> dict[str, Any]:
    return dataclasses.asdict(monitor) if dataclasses.is_dataclass(monitor) else dict(monitor)  # type: ignore[arg-type]


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}
