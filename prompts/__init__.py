"""Prompts are files: `load(name, **values)` fills one in strictly, so a missing value is an error, not an empty word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FIELD = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


@dataclass(frozen=True)
class Prompt:
    """A prompt file: its version, the variables that it says it uses, and its text."""

    name: str
    version: int
    variables: tuple[str, ...]
    text: str


@cache
def read(name: str) -> Prompt:
    """The prompt `prompts/NAME.md`. ValueError when its front matter and its text disagree about variables."""
    import yaml

    raw = (Path(__file__).parent / f"{name}.md").read_text(encoding="utf-8")
    _, front, text = raw.split("---\n", 2)
    told = yaml.safe_load(front)
    declared = tuple(told.get("variables") or ())
    used = set(_FIELD.findall(text))
    if used != set(declared):
        raise ValueError(f"prompts/{name}.md declares {sorted(declared)} and uses {sorted(used)}")
    return Prompt(name, int(told["version"]), declared, text.strip() + "\n")


def load(name: str, **values: str) -> str:
    """The text of a prompt with every variable filled in. KeyError names a missing or an unknown value."""
    prompt = read(name)
    if set(values) != set(prompt.variables):
        raise KeyError(f"prompt {name} needs {sorted(prompt.variables)}, got {sorted(values)}")
    return _FIELD.sub(lambda m: str(values[m.group(1)]), prompt.text)
