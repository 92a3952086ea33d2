"""Read the command line into one Command; tool arguments are read against the tool's own schema."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from opsmith.tools.contract import Tool, ToolError

ONE_SHOT = (
    "ask", "run", "pending", "approve", "reject", "undo", "audit", "usage", "threads", "memory", "doctor", "export",
    "monitor", "log-outcome", "slack", "demo",
)  # fmt: skip


class UsageError(SystemExit):
    """The words of the call are off; exit code 2."""


@dataclass
class Command:
    """What was asked for on the command line."""

    name: str
    project: Path
    words: list[str] = field(default_factory=list)
    model: str | None = None
    thread: str | None = None
    user: str = ""
    json: bool = False
    flags: dict[str, Any] = field(default_factory=dict)

    def settings_flags(self) -> dict[str, Any]:
        """Settings given on the command line."""
        return {
            "model": self.model,
            "max_steps": self.flags.get("max_steps"),
            "turn_seconds": self.flags.get("timeout"),
        }


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"opsmith: {message}. `opsmith --help` lists the commands.", file=sys.stderr)
        raise UsageError(2)


def parse(argv: Sequence[str]) -> Command:
    """The command that the words name; `chat` when they name none. Exits with 2 when they are off."""
    common = _Parser(prog="opsmith", add_help=False, allow_abbrev=False)  # --mode is not --model
    common.add_argument("--project", type=Path, default=Path.cwd())
    common.add_argument("--model")
    common.add_argument("--thread", "--session", dest="thread")
    common.add_argument("--user", default="")
    common.add_argument("--json", action="store_true")
    common.add_argument("--max-steps", type=int)
    common.add_argument("--timeout", type=int)
    common.add_argument("--reason", default="")
    common.add_argument("--fail-on", choices=("watch", "act"))
    known, rest = common.parse_known_args(list(argv))
    name = rest[0] if rest and not rest[0].startswith("-") else "chat"
    words = rest[1:] if name != "chat" else rest
    if name not in (*ONE_SHOT, "chat"):
        near = difflib.get_close_matches(name, ONE_SHOT, 1)
        hint = f"Did you mean `opsmith {near[0]}`?" if near else f'To say it in words: opsmith ask "{" ".join(rest)}"'
        print(f"opsmith: there is no command {name!r}. {hint}", file=sys.stderr)
        raise UsageError(2)
    if not known.project.is_dir():
        raise ToolError(f"{known.project} is no folder. Name a project folder that exists with --project.")
    flags = {"max_steps": known.max_steps, "timeout": known.timeout, "reason": known.reason, "fail_on": known.fail_on}
    return Command(name, known.project.resolve(), words, known.model, known.thread, known.user, known.json, flags)


def tool_arguments(tool: Tool, words: Sequence[str]) -> dict[str, Any]:
    """`--argument value` pairs (or argument=value, or one bare value for the first argument) as typed arguments.

    Lists take several values or commas; switches need no value. ToolError names an unknown argument's nearest.
    """
    known = tool.arguments()["properties"]
    found: dict[str, Any] = {}
    name = ""
    bare: list[str] = []
    for word in words:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            name = _known(tool, name.replace("-", "_"), known)
            found.setdefault(name, [])
            if equals:
                found[name].append(value)
        elif name:
            found[name].append(word)
        else:
            bare.append(word)
    if bare:
        first = next(iter(known))
        found.setdefault(first, bare)
    return {n: _typed(known[n], values) for n, values in found.items()}


def _known(tool: Tool, name: str, known: dict[str, Any]) -> str:
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, 1)
    hint = f" Did you mean --{near[0]}?" if near else ""
    raise ToolError(f"{tool.name} has no argument --{name}.{hint} It takes: {', '.join('--' + k for k in known)}.")


def _typed(schema: dict[str, Any], values: list[str]) -> Any:
    kinds = {schema.get("type"), *(s.get("type") for s in schema.get("anyOf", ()))}
    if "array" in kinds:
        return [part for value in values for part in (value.split(",") if "," in value else [value])]
    if "boolean" in kinds and not values:
        return True
    text = " ".join(values)
    if "object" in kinds:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            raise ToolError(f"{text!r} is not JSON, which this argument takes.") from None
    return text
