"""What the conversation has come to, read from its messages alone: last call, last question, last data set, model, target."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage


@dataclass
class Dialogue:
    """last: newest data call (tool, arguments). asked: the open question's tool and arguments. files: newest first."""

    last: tuple[str, dict[str, Any]] | None = None
    asked: tuple[str | None, dict[str, Any]] | None = None
    files: list[str] = field(default_factory=list)
    model: str | None = None
    target: str | None = None
    listed_models: bool = False
    turns: int = 0
    suggested: dict[str, Any] | None = None  # the newest search for features
    facts: list[str] = field(default_factory=list)  # told to be remembered in this conversation
    refused: tuple[str, dict[str, Any]] | None = None  # a proposal that was taken back


_TALK = {"ask", "help", "decline", "status", "settings", "recall", "remember", "cancel", "undo", "forget"}


def read(messages: Sequence[BaseMessage]) -> Dialogue:
    """The state before the newest message of the person."""
    state = Dialogue()
    last_human = max((n for n, m in enumerate(messages) if _is_person(m)), default=len(messages))
    for message in messages[:last_human]:
        if _is_person(message):
            state.turns += 1
            state.asked = None
            state.listed_models = False
        elif isinstance(message, AIMessage):
            for call in message.tool_calls:
                _take(state, call["name"], dict(call["args"]))
        elif isinstance(message, HumanMessage):
            _receipt(state, str(message.content))
        elif isinstance(message, ToolMessage) and message.name == "status":
            state.listed_models = True
    return state


def _is_person(message: BaseMessage) -> bool:
    return isinstance(message, HumanMessage) and message.name != "opsmith"


def _take(state: Dialogue, tool: str, args: dict[str, Any]) -> None:
    if tool == "ask":
        known = dict(args.get("arguments") or {})
        state.asked = (args.get("tool"), known)
        _note(state, known)
        return
    if tool == "remember":
        state.facts.append(str(args.get("topic", "")))
    if tool in _TALK:
        return
    state.last = (tool, dict(args))
    if tool == "features" and args.get("target") and args.get("operations") != ["explain"]:
        state.suggested = dict(args)
    _note(state, args)
    if tool == "train" and not args.get("model") and args.get("target"):
        state.model = model_name(str(args["target"]))


def _note(state: Dialogue, args: dict[str, Any]) -> None:
    for key in ("reference", "current", "dataset", "output"):
        if isinstance(args.get(key), str):
            name = args[key]
            state.files = [name, *(f for f in state.files if f != name)]
    state.model = args.get("model") or state.model
    state.target = args.get("target") or state.target


def _receipt(state: Dialogue, text: str) -> None:
    """Learn from receipts: the model that was made, what was refused."""
    start, end = text.find("<receipt>"), text.find("</receipt>")
    if start < 0 or end < 0:
        return
    try:
        receipts = json.loads(text[start + 9 : end])
    except json.JSONDecodeError:
        return
    for one in receipts:
        target = str(one.get("target", ""))
        if one.get("outcome") == "done" and target.startswith("model:"):
            state.model = target.removeprefix("model:")
        if one.get("outcome") == "done" and one.get("kind") in ("write_files", "ask_model"):
            made = [str(p) for p in one.get("paths", ()) if _is_table(str(p))]
            state.files = [*made, *(f for f in state.files if f not in made)]
        if one.get("outcome") in ("rejected", "superseded"):
            state.refused = state.last


def _is_table(path: str) -> bool:
    """Whether a file that was written is a table one goes on with: no recipe, no list beside one."""
    return path.endswith((".csv", ".tsv", ".parquet", ".jsonl", ".xlsx")) and not path.endswith("_entities.csv")


def model_name(target: str) -> str:
    """The name a model for this target gets when none is given: `final grade` -> final_grade_model."""
    import re

    slug = re.sub(r"[^a-z0-9]+", "_", target.casefold()).strip("_") or "model"
    return f"{slug}_model"
