"""What one call of `clean` asks for: the operations with their details, and one operation with what its steps are built on."""

from __future__ import annotations

from dataclasses import dataclass, field

from opsmith.tools.compute.recipe_look import ColumnLook
from opsmith.tools.contract import Finding


@dataclass(frozen=True)
class Asked:
    """The arguments of one call of `clean` that name operations."""

    operations: tuple[str, ...]
    columns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    method: str | None = None
    keywords: tuple[str, ...] = ()
    target: str | None = None
    n: int | None = None
    threshold: float | None = None
    algorithm: str | None = None
    by: tuple[str, ...] = ()
    value: str | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    day_first: bool | None = None


@dataclass(frozen=True)
class Want:
    """One operation of a call, with what its builder looks at."""

    name: str
    columns: list[str]
    asked: Asked
    looks: dict[str, ColumnLook]
    findings: list[Finding]
    method: str | None
