"""Play items of the dialogue format against the offline planner alone: its calls, with approvals acted out in memory.

Much faster than `opsmith eval dialogues`, which runs the real tools; the real one has the last word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from opsmith.agent.offline.dialogue import model_name
from opsmith.agent.offline.grounding import ground
from opsmith.agent.offline.planner import OfflinePlanner
from opsmith.agent.replies import read_reply
from opsmith.evals.dialogues import KEYS, with_edits
from opsmith.tools import registry

ACTING = {"clean", "train", "retrain", "predict", "deploy", "build", "monitor", "forget", "entities"}
MAKING = {"generate", "pca", "scale", "encode", "keyword_risk", "interactions"}
KINDS = {
    "id": "text",
    "int": "integer",
    "float": "number",
    "str": "category",
    "text": "text",
    "date": "date",
    "bool": "boolean",
}


@cache
def schemas() -> list[dict[str, Any]]:
    """Tool schemas as the graph binds them."""
    return [
        {"type": "function", "function": {"name": t.name, "description": t.description, "parameters": t.arguments()}}
        for t in registry.all_tools()
    ]


@cache
def intents() -> dict[str, str]:
    """Tool name -> intent."""
    return {t.name: t.intent for t in registry.all_tools()}


def play(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One prediction a turn, in the scorer's format."""
    world = _catalogue(item)
    messages: list[BaseMessage] = []
    rows = []
    for number, turn in enumerate(item.get("turns", [item]), 1):
        row = _turn(world, messages, turn["text"], approve=turn.get("reply_to_confirm") == "approve")
        rows.append({"id": item["id"], "turn": number, **row})
    return rows


def predictions(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [row for item in items for row in play(item)]


def _catalogue(item: Mapping[str, Any]) -> dict[str, Any]:
    files = [
        {
            "path": p,
            "columns": [
                {"name": c, "kind": KINDS[k], **({"two_valued": True} if k == "bool" else {})}
                for c, k in columns.items()
            ],
            "rows": 203,
        }
        for p, columns in sorted(item.get("files", {}).items())
    ]
    models = [
        {
            "name": n, "version": m.get("version", 1),
            "versions": sorted({m.get("previous", m.get("version", 1)), m.get("version", 1)}),
            "target": m["target"], "trained_on": m.get("trained_on"), "metrics": m.get("metrics", {}), "aliases": ["champion"],
        }
        for n, m in sorted(item.get("models", {}).items())
    ]  # fmt: skip
    monitors = []
    for text in item.get("monitors", ()):
        subject, _, rule = text.partition(":")
        m = re.match(r"\s*(\w+)\s*([<>])\s*([\d.]+)\s*,\s*([\w*/ ]+?)(?:,\s*(\w+))?$", rule)
        entry = {"name": subject.strip(), "model": subject.strip()}
        if m:
            entry |= {
                "metric": m.group(1),
                "threshold": float(m.group(3)),
                "schedule": m.group(4),
                "channel": m.group(5),
            }
        monitors.append(entry)
    facts = [{"id": f"f{n}", "text": t, "source": "person"} for n, t in enumerate(item.get("facts", ()))]
    return {"files": files, "models": models, "monitors": monitors, "deployments": [], "facts": facts, "pending": []}


def _turn(world: dict[str, Any], messages: list[BaseMessage], text: str, approve: bool) -> dict[str, Any]:
    row = {"intents": [], "args": {}, "clarified": False, "asked_confirmation": False, "side_effect_done": False}
    if world["pending"]:
        reply = read_reply(text, world["pending"])
        if reply.kind != "other":
            messages.append(HumanMessage(text))
            row["intents"] = ["confirm" if reply.kind == "approve" else "cancel"]
            row["side_effect_done"] = reply.kind == "approve"
            _settle(world, messages, "done" if reply.kind == "approve" else "rejected")
            return row
    messages.append(HumanMessage(text))
    system = SystemMessage(f"<project>{json.dumps(world, ensure_ascii=False)}</project>")
    answer = OfflinePlanner()._answer([system, *messages], schemas())
    messages.append(answer)
    arguments: dict[str, list[Any]] = {}
    proposed = []
    for call in answer.tool_calls:
        name, given = call["name"], dict(call["args"])
        if name == "ask":
            row["clarified"] = True
            intent, known = (
                intents().get(str(given.get("tool") or ""), str(given.get("tool") or "")),
                given.get("arguments") or {},
            )
        else:
            intent, known = intents().get(name, name), with_edits(given)
        if name == "query" and ground(text, world).unknown_columns:
            row["clarified"] = True  # the tool asks which column is meant
        if intent and intent not in row["intents"][-1:]:
            row["intents"].append(intent)
        for key, value in known.items():
            if key in KEYS and value not in (None, "", [], {}, False):
                kept = arguments.setdefault(key, [])
                kept += [v for v in (value if isinstance(value, list) else [value]) if v not in kept]
        if name == "cancel":
            _settle(world, messages, "rejected")
        acts = _acts(name, given)
        if acts:
            proposed.append({"id": call["id"], "kind": name, "summary": name, "tool": name, "arguments": given})
        status = "question" if name == "ask" else "proposed" if acts else "done"
        content = json.dumps({"status": status, "tool": name, "headline": ""})
        messages.append(ToolMessage(content, tool_call_id=str(call["id"]), name=name))
    row["args"] = {k: v[0] if len(v) == 1 else v for k, v in arguments.items()}
    if not answer.tool_calls and answer.content:
        row["intents"] = ["help"]
    if proposed:
        world["pending"] = proposed
        row["asked_confirmation"] = True
        if approve:
            row["side_effect_done"] = True
            _settle(world, messages, "done")
    return row


def _acts(name: str, given: Mapping[str, Any]) -> bool:
    if given.get("dry_run") or (name == "retrain" and given.get("action") == "compare"):
        return False
    return name in ACTING or (name == "features" and bool(MAKING & set(given.get("operations") or ())))


def _settle(world: dict[str, Any], messages: list[BaseMessage], outcome: str) -> None:
    """Act out what waits, or take it back: new files and models in the catalogue, a receipt in the conversation."""
    receipts = []
    for one in world["pending"]:
        given = one["arguments"]
        target = str(given.get("output") or given.get("dataset") or "")
        if outcome == "done" and one["tool"] in ("clean", "features", "predict") and given.get("dataset"):
            source = next((f for f in world["files"] if f["path"] == given["dataset"]), None)
            made = str(given.get("output") or re.sub(r"(\.\w+)?$", r"_new\1", str(given["dataset"]), count=1))
            target = made
            if source and made not in {f["path"] for f in world["files"]}:
                world["files"].append({**source, "path": made})
        if outcome == "done" and one["tool"] == "train":
            name = str(given.get("model") or model_name(str(given.get("target"))))
            target = f"model:{name}"
            world["models"].append(
                {"name": name, "version": 1, "versions": [1], "target": given.get("target"), "trained_on": given.get("dataset"),
                 "metrics": {}, "aliases": ["champion"]}
            )  # fmt: skip
        receipts.append({"outcome": outcome, "target": target, "message": ""})
    if receipts:
        messages.append(HumanMessage(f"<receipt>{json.dumps(receipts)}</receipt>", name="opsmith"))
        messages.append(AIMessage("ok"))
    world["pending"] = []
