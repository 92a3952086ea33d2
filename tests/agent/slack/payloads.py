"""Is a payload one that Slack would take? Checked against slack_sdk's models and the documented limits."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.messages.chunk import Chunk
from slack_sdk.models.views import View

STATUSES = {"processing", "active", "suspended", "closed"}
TASKS = {"pending", "in_progress", "complete", "error"}


def problems(method: str, given: Mapping[str, Any]) -> list[str]:
    """What Slack would object to in one call; [] for a good one."""
    check = _METHODS.get(method)
    if check is None:
        return [f"{method} is no method this app may use"]
    found: list[str] = []
    check(given, found)
    return [f"{method}: {p}" for p in found]


def _need(given: Mapping[str, Any], found: list[str], *names: str) -> None:
    found += [f"{n} is missing" for n in names if not given.get(n)]


def _blocks(blocks: Any, found: list[str], most: int = 50) -> None:
    blocks = json.loads(blocks) if isinstance(blocks, str) else blocks or []
    if len(blocks) > most:
        found.append(f"{len(blocks)} blocks")
    ids = [b["block_id"] for b in blocks if b.get("block_id")]
    if len(ids) != len(set(ids)):
        found.append("a block_id stands twice")
    if sum(b["type"] == "table" for b in blocks) > 1:
        found.append("two tables in one message")
    for block in blocks:
        _model(Block.parse(block), block, found)
        _texts(block, found)
        if block["type"] == "table":
            rows = block["rows"]
            if len(rows) > 100 or any(len(r) > 20 for r in rows) or len({len(r) for r in rows}) != 1:
                found.append("a table larger than 100 × 20, or ragged")
        if block["type"] == "actions" and len({e["action_id"] for e in block["elements"]}) != len(block["elements"]):
            found.append("two elements with one action_id")


def _model(parsed: Any, given: Any, found: list[str]) -> None:
    """slack_sdk's own checks; what it does not know is a problem too."""
    if parsed is None:
        found.append(f"unknown to slack_sdk: {str(given)[:80]}")
        return
    try:
        parsed.validate_json()
    except SlackObjectFormationError as error:
        found.append(str(error))
    if hasattr(parsed, "to_dict"):
        kept = parsed.to_dict()
        found += [f"slack_sdk drops {k} of {given['type']}" for k in given if k not in kept]


def _texts(value: Any, found: list[str]) -> None:
    if isinstance(value, Mapping):
        kind, text = value.get("type"), value.get("text")
        if kind in ("plain_text", "mrkdwn") and isinstance(text, str) and not 1 <= len(text) <= 3000:
            found.append(f"a text of {len(text)} letters")
        if kind == "markdown" and len(str(text)) > 12_000:
            found.append("markdown over 12,000 letters")
        if kind == "button" and (len(text["text"]) > 75 or len(str(value.get("value", ""))) > 2000):
            found.append("a button too long")
        if kind == "mrkdwn" and any(t in str(text) for t in ("<!channel", "<!here", "<!everyone", "<@U0EVIL>")):
            found.append("a text that calls people")
        for inner in value.values():
            _texts(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _texts(inner, found)


def _chunks(chunks: Any, found: list[str]) -> None:
    chunks = json.loads(chunks) if isinstance(chunks, str) else chunks or []
    for chunk in chunks:
        _model(Chunk.parse(chunk), chunk, found)
        if chunk["type"] == "markdown_text":
            if not 1 <= len(chunk["text"]) <= 12_000:
                found.append(f"markdown of {len(chunk['text'])} letters")
            if "<!" in chunk["text"]:
                found.append("words that call people")
        if chunk["type"] == "task_update" and (chunk["status"] not in TASKS or len(chunk["title"]) > 256):
            found.append("a task that Slack does not know")


def _post(given: Mapping[str, Any], found: list[str]) -> None:
    _need(given, found, "channel", "text")
    if len(given.get("text", "")) > 4000:
        found.append("text over 4,000 letters")
    _blocks(given.get("blocks"), found)


def _update(given: Mapping[str, Any], found: list[str]) -> None:
    _need(given, found, "ts")
    _post(given, found)


def _ephemeral(given: Mapping[str, Any], found: list[str]) -> None:
    _need(given, found, "user")
    _post(given, found)


def _start(given: Mapping[str, Any], found: list[str]) -> None:
    _need(given, found, "channel", "thread_ts")
    if not str(given.get("channel", "")).startswith("D"):
        _need(given, found, "recipient_user_id", "recipient_team_id")
    if given.get("task_display_mode") not in (None, "timeline", "plan"):
        found.append("task_display_mode")
    _chunks(given.get("chunks"), found)


def _append(given: Mapping[str, Any], found: list[str]) -> None:
    _need(given, found, "channel", "ts")
    if not given.get("chunks") and not given.get("markdown_text"):
        found.append("nothing to append")
    _chunks(given.get("chunks"), found)


def _stop(given: Mapping[str, Any], found: list[str]) -> None:
    _need(given, found, "channel", "ts")
    _chunks(given.get("chunks"), found)
    _blocks(given.get("blocks"), found)
    if given.get("session_status") not in (None, *STATUSES):
        found.append("session_status")


def _status(given: Mapping[str, Any], found: list[str]) -> None:
    _need(given, found, "channel_id", "thread_ts")
    if given.get("status") not in STATUSES or len(given.get("title") or "") > 200:
        found.append("status or title")


def _prompts(given: Mapping[str, Any], found: list[str]) -> None:
    _need(given, found, "channel_id", "prompts")
    prompts = given.get("prompts") or []
    prompts = json.loads(prompts) if isinstance(prompts, str) else prompts
    if not 1 <= len(prompts) <= 4 or any(not p.get("title") or not p.get("message") for p in prompts):
        found.append("prompts")


def _view(given: Mapping[str, Any], found: list[str]) -> None:
    _need(given, found, "trigger_id", "view")
    view = given.get("view") or {}
    view = json.loads(view) if isinstance(view, str) else view
    try:
        View(**view).validate_json()
    except SlackObjectFormationError as error:
        found.append(str(error))
    if len(view.get("private_metadata", "")) > 3000 or len(view["title"]["text"]) > 24:
        found.append("private_metadata or title too long")
    _blocks(view["blocks"], found, most=100)


def _any(given: Mapping[str, Any], found: list[str]) -> None:
    """No more to say about it."""


def _complete(given: Mapping[str, Any], found: list[str]) -> None:
    _need(given, found, "files", "channel_id", "thread_ts")


_METHODS = {
    "auth.test": _any, "apps.connections.open": _any, "users.info": _any, "files.getUploadURLExternal": _any,
    "files.completeUploadExternal": _complete, "chat.postMessage": _post, "chat.update": _update,
    "chat.postEphemeral": _ephemeral, "chat.startStream": _start, "chat.appendStream": _append,
    "chat.stopStream": _stop, "agents.sessions.setStatus": _status, "views.open": _view,
    "assistant.threads.setSuggestedPrompts": _prompts,
}  # fmt: skip

logging.getLogger("slack_sdk.models").setLevel(logging.ERROR)
