"""Find the file that somebody named, and keep every path inside the project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from opsmith.tools.contract import Context, ToolError

TABLE_ENDINGS = (
    ".csv", ".tsv", ".txt", ".parquet", ".pq", ".jsonl", ".ndjson", ".json", ".xlsx", ".xls", ".feather", ".arrow",
    ".sqlite", ".sqlite3", ".db", ".duckdb",
)  # fmt: skip
PACKED = (".gz", ".zst", ".zip")
_SKIPPED = {".git", ".opsmith", ".venv", "node_modules", "__pycache__", "models", "monitors", "deploy"}


def is_table(path: Path) -> bool:
    """Whether the name looks like a table that `tools.data` can open."""
    name = path.name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return name.endswith(TABLE_ENDINGS)


def tables(project: Path, limit: int = 500) -> list[str]:
    """Project-relative names of the tables in a project, in order; at most `limit`."""
    found: list[str] = []
    for path in _walk(project):
        if is_table(path):
            found.append(path.relative_to(project).as_posix())
            if len(found) == limit:
                break
    return sorted(found)


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED and not f.startswith("."))
        for name in sorted(files):
            yield Path(root) / name


def confined(context: Context, name: str) -> Path:
    """The path that `name` means, resolved through links; ToolError when it lies outside the project."""
    text = name.strip().strip("`'\"“”‘’").replace("\x00", "")
    if not text:
        raise ToolError("No file was named. Name one, for example data/train.csv.")
    try:
        path = (context.project / Path(text).expanduser()).resolve()
    except (OSError, RuntimeError, ValueError):
        raise ToolError(f"{text!r} is not a usable path.") from None
    allowed = [context.project.resolve(), *(p.resolve() for p in context.readable)]
    if not any(path == base or base in path.parents for base in allowed):
        raise ToolError(
            f"{text} lies outside the project folder, so it is not opened. "
            "Copy it into the project, or list its folder under `readable` in opsmith.toml."
        )
    return path


def find(context: Context, name: str) -> Path:
    """An existing file for a name as a person gives it: exact, then by case, then by its last part.

    Raises ToolError when nothing fits (with the nearest names) or several do (with all of them).
    """
    path = confined(context, name)
    if path.exists():
        return path
    wanted = name.strip().strip("`'\"").replace("\\", "/").removeprefix("./").lower()
    every = tables(context.project)
    fits = [t for t in every if t.lower() == wanted or t.lower().endswith("/" + wanted)]
    if len(fits) == 1:
        return context.project / fits[0]
    if fits:
        raise ToolError(f"{name} could be any of {', '.join(fits)}. Which one?")
    near = nearest(name, every)
    hint = f" Nearest: {', '.join(near)}." if near else (f" There are: {', '.join(every[:8])}." if every else "")
    raise ToolError(f"There is no file {name} in this project.{hint}")


def nearest(name: str, known: list[str], limit: int = 3) -> list[str]:
    """The known names most like `name`, best first, by whole path and by file name."""
    from rapidfuzz import fuzz, process

    wanted = name.lower()

    def alike(a: str, b: str, **_: object) -> float:
        return max(fuzz.ratio(a, b), fuzz.ratio(Path(a).name, Path(b).name))

    hits = process.extract(wanted, [k.lower() for k in known], scorer=alike, limit=limit, score_cutoff=60)
    return [known[index] for _, _, index in hits]


def relative(context: Context, path: Path) -> str:
    """The path as the project names it, or the whole path for a file outside of it."""
    try:
        return path.resolve().relative_to(context.project.resolve()).as_posix()
    except ValueError:
        return str(path)
