"""The only package that changes the world. One Effect a kind; every other module proposes.

Each module here lists its effects in `EFFECTS`. An effect is carried out by `agent/acting.py`, which has
checked the approval, written the intent to the journal and claimed the approval row before it calls `apply`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from opsmith.tools.contract import ToolError, never, silent


@dataclass(frozen=True)
class Place:
    """Where and for whom an effect acts."""

    project: Path
    approval_id: str
    approved_by: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    progress: Callable[[float | None, str], None] = silent
    cancelled: Callable[[], bool] = never
    memory: Any = None  # memory.store.Memory, for `forget`

    @property
    def home(self) -> Path:
        """Opsmith's own folder; `home / "journal" / approval_id` is this action's, for what undo needs."""
        return self.project / ".opsmith"

    @property
    def kept(self) -> Path:
        """This action's own journal folder, made when first asked for."""
        folder = self.home / "journal" / self.approval_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@dataclass(frozen=True)
class Outcome:
    """What an effect did. `undo` is what `Effect.undo` needs later, as plain JSON values."""

    message: str
    paths: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    undo: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Effect:
    """One kind of change.

    kind: the Action.kind it carries out. approval_class: who may approve it (write, delete, train, promote,
    predict, container, monitor, send, forget). state: a fingerprint of what would be changed, taken when
    proposed and compared before acting. apply: does it; safe to call again for the same approval_id after a
    crash at any instant (atomic replace, or look for the finished thing first). undo: puts it back, or raises
    ToolError when it was changed since; None when it cannot be undone.
    """

    kind: str
    approval_class: str
    state: Callable[[Mapping[str, Any], Path], str]
    apply: Callable[[Mapping[str, Any], Place], Outcome]
    undo: Callable[[Mapping[str, Any], Place], str] | None = None


@cache
def effects() -> dict[str, Effect]:
    """Every effect by its kind, collected from this folder."""
    found: dict[str, Effect] = {}
    for module in pkgutil.iter_modules(__path__):
        for effect in getattr(importlib.import_module(f"{__name__}.{module.name}"), "EFFECTS", ()):
            if effect.kind in found:
                raise ValueError(f"two effects of kind {effect.kind}")
            found[effect.kind] = effect
    return found


def effect_of(kind: str) -> Effect:
    """The effect of that kind; ToolError when there is none."""
    try:
        return effects()[kind]
    except KeyError:
        raise ToolError(f"Nothing here can carry out an action of kind {kind!r}.") from None
