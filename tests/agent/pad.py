"""Two small tools for tests of the machinery: one proposes to write a file, one only looks."""

from __future__ import annotations

import time
from typing import Any

import pytest

from opsmith.tools import registry
from opsmith.tools.contract import Context, NeedsAnswer, Note, Result, Tool, ToolError, tool
from opsmith.tools.data import propose


@tool(intent="clean", examples=("write a note",))
def pad(output: str, text: str = "hello", dry_run: bool = False, *, context: Context) -> Result:
    """Propose to write a text into a file."""
    action = propose.write(context, texts={output: text})
    return Result(f"{output} would hold {len(text)} letters.", actions=() if dry_run else (action,))


@tool(intent="query", examples=("look at it",))
def peek(dataset: str, wish: str = "", *, context: Context) -> Result:
    """Look at a file, or fail as told."""
    if wish == "question":
        raise NeedsAnswer("Which file do you mean?", ("a.csv", "b.csv"))
    if wish == "bug":
        raise ZeroDivisionError("planted")
    path = context.project / dataset
    if not path.exists():
        raise ToolError(f"There is no file {dataset}.")
    return Result(f"{dataset} has {len(path.read_text())} letters.", notes=(Note(f"{dataset} was looked at", "peek"),))


@tool(intent="query", examples=("take your time",))
def linger(seconds: float, *, context: Context) -> Result:
    """Take a while, and stop when told to."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        context.check()
        context.progress(1 - left / seconds, "lingering")
        time.sleep(0.05)
    return Result("It took a while.")


TOOLS: dict[str, Tool] = {"pad": pad, "peek": peek, "linger": linger}


def install(patch: pytest.MonkeyPatch) -> None:
    """Add both to the registry for one test."""
    names, get = registry.names, registry.get

    def known() -> list[str]:
        return sorted([*names(), *TOOLS])

    def found(name: str) -> Any:
        return TOOLS.get(name) or get(name)

    patch.setattr(registry, "names", known)
    patch.setattr(registry, "get", found)
