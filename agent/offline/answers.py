"""Words for what the tools found: the finding first, then what matters most, then one next step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage

_SEVERE = {"critical": 0, "warning": 1, "info": 2}


def results_since(messages: Sequence[BaseMessage]) -> list[dict[str, Any]]:
    """Tool results after the newest message of a person or receipt, as plain values."""
    found: list[dict[str, Any]] = []
    for message in reversed(messages):
        if isinstance(message, HumanMessage):
            break
        if isinstance(message, ToolMessage):
            try:
                found.insert(0, json.loads(str(message.content)))
            except json.JSONDecodeError:
                found.insert(0, {"status": "done", "headline": str(message.content)})
    return found


def receipts_of(message: BaseMessage) -> list[dict[str, Any]] | None:
    """The receipts that a message carries, or None when it is no receipt."""
    text = str(message.content)
    if not isinstance(message, HumanMessage) or message.name != "opsmith" or "<receipt>" not in text:
        return None
    try:
        return list(json.loads(text[text.index("<receipt>") + 9 : text.index("</receipt>")]))
    except (ValueError, json.JSONDecodeError):
        return None


def answer(results: Sequence[Mapping[str, Any]]) -> str:
    """The answer to the person from the results of this turn."""
    return "\n\n".join(filter(None, (_one(r) for r in results))) or "Done looking; nothing to report."


def _one(result: Mapping[str, Any]) -> str:
    status = result.get("status")
    headline = str(result.get("headline", "")).strip()
    if status == "waits":
        return f"Next, {result.get('tool')}: it runs once the step before it was approved and done."
    if status in ("error", "question"):
        return headline
    lines = [headline]
    told = [f for f in result.get("findings", ()) if isinstance(f, Mapping)]  # a cut list ends in a text
    findings = sorted(told, key=lambda f: _SEVERE.get(f.get("severity", "info"), 2))
    lines += [f"- {f['message']}" for f in findings[:3] if f.get("message") and f["message"] not in headline]
    if status == "proposed":
        lines.append("Nothing is changed yet: it waits for your approval.")
    else:
        fixes = [f["fix"] for f in findings if f.get("fix")]
        steps = [s for s in result.get("next_steps", ()) if isinstance(s, str)]
        if fixes or steps:
            lines.append(f"Next: {(fixes or steps)[0]}")
    return "\n".join(lines)


def after_receipts(receipts: Sequence[Mapping[str, Any]]) -> str:
    """What happened, from the receipts alone."""
    told = []
    for one in receipts:
        message = str(one.get("message") or one.get("target") or "")
        outcome = one.get("outcome")
        if outcome == "done":
            told.append(message)
        elif outcome == "rejected":
            told.append(f"Not done: {one.get('target')}. Nothing was changed.")
        else:
            told.append(f"Not done ({outcome}): {message}")
    return "\n".join(told)
