"""Write and delete files: all of an action's files or none, every replace atomic, the bytes before kept for undo."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opsmith.agent.effects import Effect, Outcome, Place
from opsmith.tools.contract import ToolError


def state_of(names: list[str], project: Path) -> str:
    """A fingerprint of the present bytes of these project-relative files."""
    lines = [f"{name}\t{_sha256(project / name)}" for name in sorted(names)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def replace_file(target: Path, source: Path) -> None:
    """Put a copy of `source` at `target` in one atomic step: readers see the old bytes or the new, never half."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.opsmith-part")
    with source.open("rb") as read, part.open("wb") as write:
        shutil.copyfileobj(read, write, 1 << 20)
        write.flush()
        os.fsync(write.fileno())
    part.replace(target)
    _sync_folder(target.parent)


def inside(project: Path, name: str) -> Path:
    """The path of a project-relative name; ToolError when links or dots lead out of the project."""
    path = (project / name).resolve()
    if project.resolve() not in path.parents:
        raise ToolError(f"{name} lies outside the project folder, so it is not written.")
    if ".opsmith" in path.relative_to(project.resolve()).parts:
        raise ToolError(f"{name} belongs to Opsmith itself and is not written by an action.")
    return path


def _names(arguments: Mapping[str, Any]) -> list[str]:
    return [file["path"] for file in arguments["files"]]


def _state(arguments: Mapping[str, Any], project: Path) -> str:
    return state_of(_names(arguments), project)


def _write(arguments: Mapping[str, Any], place: Place) -> Outcome:
    targets = [(inside(place.project, f["path"]), f) for f in arguments["files"]]
    sources = [_new_bytes(f, place) for f in arguments["files"]]
    before = _keep_before([t for t, _ in targets], place)
    for (target, _), source in zip(targets, sources, strict=True):
        replace_file(target, source)
    after = {f["path"]: _sha256(t) for t, f in targets}
    sizes = {f["path"]: t.stat().st_size for t, f in targets}
    shown = ", ".join(f"{name} ({size:,} bytes)" for name, size in sizes.items())
    return Outcome(f"Wrote {shown}.", tuple(sizes), {"sizes": sizes}, {"before": before, "after": after})


def _delete(arguments: Mapping[str, Any], place: Place) -> Outcome:
    targets = [inside(place.project, f["path"]) for f in arguments["files"]]
    before = _keep_before(targets, place)
    for target in targets:
        target.unlink(missing_ok=True)
    names = tuple(_names(arguments))
    return Outcome(f"Deleted {', '.join(names)}.", names, {}, {"before": before, "after": dict.fromkeys(names)})


def _restore(undo: Mapping[str, Any], place: Place) -> str:
    for name, sha256 in undo["after"].items():
        if _sha256(inside(place.project, name)) != sha256:
            raise ToolError(f"{name} was changed since, so it is left as it is. Its earlier bytes are kept.")
    for name, kept in undo["before"].items():
        target = inside(place.project, name)
        if kept is None:
            target.unlink(missing_ok=True)
        else:
            replace_file(target, place.kept / kept)
    return f"Put back {', '.join(undo['before'])} as before."


def _new_bytes(file: Mapping[str, Any], place: Place) -> Path:
    if "content" in file:
        path = place.kept / f"new-{hashlib.sha256(file['path'].encode()).hexdigest()[:16]}"
        path.write_text(file["content"], encoding="utf-8", newline="")
        return path
    path = place.project / file["staged"]
    if _sha256(path) != file["sha256"]:
        raise ToolError(f"The staged copy of {file['path']} is gone or was changed. Ask for it again.")
    return path


def _keep_before(targets: list[Path], place: Place) -> dict[str, str | None]:
    """Copy the present bytes aside once; after a crash the first copy stands."""
    import json

    listed = place.kept / "before.json"
    if listed.exists():
        return dict(json.loads(listed.read_text()))
    kept: dict[str, str | None] = {}
    for number, target in enumerate(targets):
        name = target.relative_to(place.project.resolve()).as_posix()
        kept[name] = None
        if target.exists():
            kept[name] = f"before-{number}"
            shutil.copyfile(target, place.kept / f"before-{number}")
    part = listed.with_suffix(".part")
    part.write_text(json.dumps(kept))
    part.replace(listed)
    return kept


def _sha256(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


EFFECTS = (
    Effect("write_files", "write", _state, _write, _restore),
    Effect("save_predictions", "predict", _state, _write, _restore),
    Effect("delete_files", "delete", _state, _delete, _restore),
)
