"""Create, change and disable monitors: their YAML files, written whole and checked before a byte is replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsmith.agent.effects import Effect, Outcome, Place, files
from opsmith.tools.contract import ToolError
from opsmith.tools.data import monitors

_WRITE = next(effect for effect in files.EFFECTS if effect.kind == "write_files")


def _apply(arguments: Mapping[str, Any], place: Place) -> Outcome:
    file = arguments["files"][0]
    monitor = monitors.from_text(file["content"], file["path"])
    if file["path"] != monitors.file_of(monitor.name):
        raise ToolError(f"Monitor {monitor.name} belongs in {monitors.file_of(monitor.name)}, not in {file['path']}.")
    written = _WRITE.apply(arguments, place)
    state = "on" if monitor.enabled else "disabled"
    told = f"Monitor {monitor.name} is {state} ({monitor.schedule}); {file['path']} is written."
    if monitor.enabled:
        told += " It runs while `opsmith monitor run` runs."
    return Outcome(told, written.paths, {"monitor": monitor.name, "enabled": monitor.enabled}, written.undo)


EFFECTS = tuple(
    Effect(kind, "monitor", _WRITE.state, _apply, _WRITE.undo)
    for kind in ("create_monitor", "change_monitor", "disable_monitor")
)
