"""What the person who speaks may do: ask for changes, and answer which approvals. The doors know people; this is the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def _anything(approval: Mapping[str, Any], answer: str) -> str:
    """The terminal's rule: whoever can open the project's folder may answer what waits there."""
    return ""


@dataclass(frozen=True)
class Rights:
    """change: why this person may not ask for changes, or '' when they may. decide: why they may not answer one
    approval (its row in the store) with yes, no or edited, or '' when they may."""

    change: str = ""
    decide: Callable[[Mapping[str, Any], str], str] = _anything


ALL = Rights()
