"""Say what Opsmith can do, or explain a term of the field."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from opsmith.tools import registry
from opsmith.tools.contract import Context, Result, Table, tool


@tool(intent="help", examples=("what can you do?", "what is PSI?", "how do I compare two files?"), conversational=True)
def help(topic: str | None = None, metric: str | None = None, *, context: Context) -> Result:
    """List what can be asked for, with a sentence to start each, or explain one concept.

    topic: a concept, a tool, or nothing for the list. metric: a metric to explain.
    """
    wanted = (topic or metric or "").strip()
    entry = lookup(wanted) if wanted and wanted not in registry.names() else None
    if entry:
        return Result(entry["text"], {"concept": entry["name"], "source": "glossary"})
    if wanted in registry.names():
        tool_asked = registry.get(wanted)
        return Result(
            tool_asked.summary,
            {"tool": wanted, "arguments": list(tool_asked.parameters())},
            next_steps=tool_asked.examples,
        )
    tools = [t for t in registry.all_tools() if t.examples]
    rows = tuple((t.name, t.summary, t.examples[0]) for t in tools)
    table = Table("What you can ask for", ("tool", "what it does", "say, for example"), rows)
    headline = "Data, features, models, deployment and drift in this folder: look first, change only after your yes."
    return Result(headline, {"tools": [t.name for t in tools]}, tables=(table,))


@cache
def glossary() -> list[dict[str, Any]]:
    """The glossary's entries {name, aliases, text}; empty when it is not installed."""
    import yaml

    path = Path(__file__).resolve().parent.parent / "prompts" / "glossary.yaml"
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else []


def lookup(words: str) -> dict[str, Any] | None:
    """The glossary entry that the words name, by name or alias, whole words only; the longest name wins."""
    text = f" {_letters(words)} "
    found = [
        (len(name), entry)
        for entry in glossary()
        for name in (entry["name"], *entry.get("aliases", ()))
        if f" {_letters(name)} " in text
    ]
    return max(found, key=lambda f: f[0])[1] if found else None


def _letters(text: str) -> str:
    return " ".join("".join(ch if ch.isalnum() else " " for ch in text.casefold()).split())
