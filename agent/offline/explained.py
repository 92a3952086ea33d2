"""How a step was read, in lines for `/explain`: its words, the intent, the names that were found, and what came from the talk."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsmith.agent.offline.reading import Step
    from opsmith.agent.offline.slots import Scene

SURELY = 6.0  # the score of a probability of 1


def lines_of(step: Step, scene: Scene) -> list[str]:
    """The lines of one step and of the sentence that it was read from."""
    found, state = scene.found, scene.state
    mentions = [*found.files, *found.outputs, *found.models, *found.columns, *found.monitors]
    named = [_named(m.kind, m.value, scene.text[m.start : m.end], m.how) for m in mentions]
    unknown = [f"unknown file {n}" for n in found.unknown_files] + [
        f"unknown column {n}" for n in found.unknown_columns
    ]
    said = {m.value for m in mentions}
    known = {*state.files, state.target, state.model, *scene.made.values()} - {None}
    carried = {
        key: value
        for key, value in step.call.arguments.items()
        if isinstance(value, str) and value in known and value not in said
    }
    lines = [
        f"step: {step.text!r} -> {step.intent} (probability {min(step.score / SURELY, 1.0):.2f}; "
        f"next best: {step.runner_up or 'none'})",
        f"found: {'; '.join([*named, *unknown]) or 'no file, column, model or monitor'}",
        f"arguments: {step.call.arguments}",
    ]
    if carried:
        lines.append("from the conversation: " + ", ".join(f"{k} = {v}" for k, v in carried.items()))
    if step.call.question:
        lines.append(f"asks: {step.call.question}")
    return lines


def _named(kind: str, value: str, words: str, how: str) -> str:
    """`column amount`, with the words of the sentence where they differ."""
    typed = words.strip("`'\"")
    return f"{kind} {value}" + ("" if typed == value else f" (said: {typed}{'' if how == 'exact' else ', a likeness'})")
