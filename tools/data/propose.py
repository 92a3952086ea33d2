"""Propose to write or delete files: the Action with the exact preview, nothing written but staged copies."""

from __future__ import annotations

import difflib
import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from opsmith.tools.contract import Action, Context, Preview, Table, ToolError
from opsmith.tools.data import paths


def stage(context: Context, source: Path) -> tuple[str, str]:
    """Move a finished file under .opsmith/staged/ by its content; its project-relative name and sha256.

    Large results are computed before the approval, so that the preview is what will be written.
    """
    with source.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    target = context.home / "staged" / sha256
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(str(source), target)
    return target.relative_to(context.project).as_posix(), sha256


def new_scratch_file(context: Context, ending: str) -> Path:
    """A fresh path under .opsmith/staged/ to compute into, for `stage` afterwards."""
    folder = context.home / "staged"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"part-{os.getpid()}-{os.urandom(6).hex()}{ending}"


def write(
    context: Context,
    *,
    texts: Mapping[str, str] | None = None,
    staged: Mapping[str, Path] | None = None,
    tables: Sequence[Table] = (),
    notes: Sequence[str] = (),
    kind: str = "write_files",
    provides: Sequence[str] = (),
) -> Action:
    """An Action that writes these files together.

    texts: project-relative path -> content. staged: project-relative path -> finished file (moved to the
    staging folder). tables: schema, counts and first rows to show for data files. Paths outside the project
    raise ToolError.
    """
    files: list[dict[str, str]] = []
    diffs: list[str] = []
    told: list[str] = []
    for name, content in (texts or {}).items():
        path, shown = _target(context, name)
        files.append({"path": shown, "content": content})
        before = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        diffs.append(unified_diff(before, content, shown, exists=path.exists()))
        told.append(f"{'change' if path.exists() else 'write'} {shown} ({len(content.encode()):,} bytes)")
    for name, source in (staged or {}).items():
        path, shown = _target(context, name)
        size = source.stat().st_size
        where, sha256 = stage(context, source)
        files.append({"path": shown, "staged": where, "sha256": sha256})
        told.append(f"{'replace' if path.exists() else 'write'} {shown} ({size:,} bytes)")
    if not files:
        raise ToolError("There is nothing to write.")
    summary = "; ".join(told) if len(told) <= 3 else f"write {len(told)} files: " + ", ".join(f["path"] for f in files)
    preview = Preview(summary, "".join(diffs), tuple(tables), tuple(notes))
    target = files[0]["path"] if len(files) == 1 else os.path.commonpath([f["path"] for f in files]) or "."
    made = tuple(f["path"] for f in files)
    return Action(kind, target, {"files": files}, preview, True, "low", (*made, *provides))


def delete(context: Context, names: Sequence[str]) -> Action:
    """An Action that deletes these files; the bytes are kept for undo."""
    shown = [paths.relative(context, paths.find(context, name)) for name in names]
    preview = Preview(f"delete {', '.join(shown)}", notes=("The bytes are kept, so undo can put them back.",))
    return Action("delete_files", shown[0], {"files": [{"path": s} for s in shown]}, preview, True, "high")


def unified_diff(before: str, after: str, name: str, *, exists: bool = True) -> str:
    """A unified diff; against /dev/null for a new file."""
    old = f"a/{name}" if exists else "/dev/null"
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), old, f"b/{name}")
    return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)


def _target(context: Context, name: str) -> tuple[Path, str]:
    path = paths.confined(context, name)
    if context.project.resolve() not in path.parents:
        raise ToolError(f"{name} lies outside the project folder, so nothing is written there.")
    if path.is_dir():
        raise ToolError(f"{name} is a folder. Name a file in it.")
    return path, paths.relative(context, path)
