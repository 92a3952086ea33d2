"""One thing that is wrong in a file: the rule, the place, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, order=True)
class Fault:
    """path: relative to the folder that was checked. line: counted from 1. fix: what to write instead, as a sentence."""

    path: str
    line: int
    rule: str
    message: str
    fix: str
    severity: Literal["warning", "critical"] = "critical"
    by: str = "opsmith"  # the validator that found it
