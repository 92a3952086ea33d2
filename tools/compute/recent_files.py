"""The newest files that fit a pattern such as incoming/*.csv, and the last few of them as one table to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import paths
from opsmith.tools.data.table import open_table, sha256_of

MOST_ROWS = 400_000  # of each file


def newest(context: Context, pattern: str, most: int = 1) -> list[str]:
    """Project-relative names of the newest files, oldest of them first; a name without `*` is itself.

    ToolError when no file fits.
    """
    if "*" not in pattern:
        return [pattern]
    found = [p for p in context.project.glob(pattern) if p.is_file() and paths.is_table(p)]
    if not found:
        raise ToolError(f"No file fits {pattern} yet.")
    found.sort(key=lambda p: (p.stat().st_mtime_ns, p.name))
    return [paths.relative(context, paths.confined(context, str(p))) for p in found[-most:]]


def joined(context: Context, pattern: str, most: int) -> str:
    """The newest files as one table in order of their arrival, under .opsmith/cache; its project-relative name.

    Files whose columns are not those of the newest one are left out. A single file is used as it is.
    """
    import pandas as pd

    names = newest(context, pattern, most)
    if len(names) == 1:
        return names[0]
    parts: list[Any] = []
    for name in names:
        table = open_table(context, name)
        try:
            parts.append(table.pandas(sample=MOST_ROWS, seed=context.seed))
        finally:
            table.close()
    last = parts[-1]
    alike = [p[list(last.columns)] for p in parts if set(p.columns) == set(last.columns)]
    folder = context.home / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    stem = Path(names[-1]).name.split(".")[0]
    part = folder / f"{stem}-recent.parquet"
    pd.concat(alike, ignore_index=True).to_parquet(part, index=False)
    final = part.with_name(f"{stem}-recent-{sha256_of(part)[:12]}.parquet")
    part.replace(final)
    return final.relative_to(context.project).as_posix()
