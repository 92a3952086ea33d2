"""What the argument readers of several tools need: the file, its columns, a preview, a metric, fresh data."""

from __future__ import annotations

import re

from opsmith.agent.offline import grammar
from opsmith.agent.offline.slots import Filled, Scene, dataset


def which_file(scene: Scene, verb: str) -> str:
    if scene.found.unknown_files:
        return f"There is no file {scene.found.unknown_files[0]} here. Which one should I {verb}?"
    if not scene.paths:
        return f"Which file should I {verb}? There is no table in this folder yet."
    return f"Which file should I {verb}?"


def dry(scene: Scene) -> bool | None:
    return True if grammar.DRY_RUN.search(scene.text) else None


def need_file(filled: Filled, scene: Scene, verb: str, columns: list[str] | None = None) -> str | None:
    if scene.found.ambiguous_files and not scene.files():
        filled.question, filled.choices = "Which of these files do you mean?", list(scene.found.ambiguous_files)
        return None
    path, choices = dataset(scene, columns)
    if path is None:
        filled.question, filled.choices = which_file(scene, verb), choices[:6]
    else:
        filled.arguments["dataset"] = path
    return path


def about_in(scene: Scene, path: str | None) -> tuple[list[str], list[str]]:
    """Columns the sentence is about and columns it excludes, as far as the file has them."""
    about, excluded = scene.columns()
    there = {c["name"] for c in scene.columns_of(path)} if path else set()
    return ([c for c in about if c in there], [c for c in excluded if c in there]) if there else (about, excluded)


def unknown_column(filled: Filled, scene: Scene, path: str | None) -> None:
    unknown = [c for c in scene.found.unknown_columns if c != new_name(scene)]
    if unknown and not filled.question and path:
        wrong = unknown[0]
        filled.question = f"{path} has no column {wrong}. Which column do you mean?"
        filled.choices = [c["name"] for c in scene.columns_of(path)][:8]


CALLED = r"\b(?:call|name|named|called|save (?:it |the model )?as|(?:train|fit|build|register)\b.{3,60}?\bas)\s+(?:it |the model |a model called )?"
_RENAMED = r"(?:\b(?:to|as|into|called|named|nach|in|a|en|zu|simply|just|name|call(?: it)?)|->|=>|:)\s*"


def new_name(scene: Scene, before: str = f"(?:{CALLED}|{_RENAMED})") -> str | None:
    """A name that the sentence gives to something new (`train it as churn_v2`, `rename a to b_c`), or None.

    Names of files and of what is there are none.
    """
    for m in re.finditer(rf"{before}[`'\"]?([A-Za-z][\w-]*)[`'\"]?(?![\w.])", scene.text, re.IGNORECASE):
        name = m.group(1)
        if name.casefold() in _NO_NAMES or scene.found.covered(m.start(1), m.end(1)):
            continue
        if before != CALLED and "_" not in name:
            continue
        return name
    return None


_NO_NAMES = frozenset(
    [
        "it",
        "the",
        "a",
        "an",
        "as",
        "that",
        "this",
        "target",
        "label",
        "test",
        "validation",
        "usual",
        "is",
        "model",
        "well",
        "soon",
    ]
)


def with_names_masked(scene: Scene) -> str:
    """Lower-case text with column names as COL, so that a column called html_tags is no wish to strip tags."""
    return re.sub(r"\b(file|out|model|mon)\b", lambda m: m.group(), scene.masked)


def metric_of(scene: Scene) -> str | None:
    found = grammar.pick(scene.low, grammar.METRICS)
    return found[0] if found else None


def fresh_file(scene: Scene, name: str | None, action: str | None) -> str | None:
    """New data that follows: what the conversation was about, or the only other file with the model's columns."""
    entry = scene.model_entry(name)
    if entry is None:
        return None
    trained_on = entry.get("trained_on")
    if scene.found.unknown_files:
        return None
    recent = [f for f in scene.state.files if f != trained_on and f in scene.paths]
    if recent and action is None:
        return recent[0]
    if action is not None:
        return None
    needed = {c["name"] for c in scene.columns_of(str(trained_on))} or {str(entry.get("target"))}
    fitting = [
        p for p in scene.paths if p != trained_on and needed and {c["name"] for c in scene.columns_of(p)} >= needed
    ]
    return fitting[0] if len(fitting) == 1 else None
