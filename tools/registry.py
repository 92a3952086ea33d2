"""The list of tools is the folder: every `tools/NAME.py` that defines a tool called NAME."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path

from opsmith.tools.contract import Tool, ToolError

_NOT_TOOLS = {"__init__", "contract", "registry"}


def names() -> list[str]:
    """Names of all tools, from the file names alone; imports none of them."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem not in _NOT_TOOLS)


@cache
def get(name: str) -> Tool:
    """The tool of that name; ToolError with the nearest names when there is none."""
    if name not in names():
        import difflib

        near = difflib.get_close_matches(name, names(), 3)
        hint = f" Did you mean {', '.join(near)}?" if near else f" There are: {', '.join(names())}."
        raise ToolError(f"There is no tool named {name!r}.{hint}")
    found = getattr(importlib.import_module(f"opsmith.tools.{name}"), name)
    if not isinstance(found, Tool):
        raise TypeError(f"tools/{name}.py must define a tool called {name}")
    return found


def all_tools() -> list[Tool]:
    """Every tool, imported."""
    return [get(name) for name in names()]
