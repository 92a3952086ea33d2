"""Show the agent's own settings, or change one for this session."""

from __future__ import annotations

from typing import Any

from opsmith.tools.contract import Context, Result, Table, ToolError, tool


@tool(
    intent="meta",
    examples=("use gpt-5 as the language model", "show me the plan first", "which settings are on?", "be brief"),
    conversational=True,
)
def settings(llm: str | None = None, topic: str | None = None, *, context: Context) -> Result:
    """Show settings with where each comes from, or switch the language model for this session.

    llm: `offline`, a model's name, or openai:NAME. topic: what else was asked of the agent itself, such as its plan.
    """
    listed = context.services.settings() if context.services else []
    if llm:
        name = _planner(llm, listed)
        return Result(f"Planner for this session: {name}.", {"model": name}, control={"model": name})
    if topic:
        return Result(_about(topic), {"topic": topic})
    changed = [s for s in listed if s["source"] != "default"]
    rows = tuple((s["name"], s["value"], s["source"], s["meaning"]) for s in listed)
    table = Table("Settings", ("name", "value", "from", "meaning"), rows)
    return Result(f"{len(listed)} settings, {len(changed)} of them changed.", {"changed": changed}, tables=(table,))


def _planner(llm: str, listed: list[dict[str, Any]]) -> str:
    import os

    name = llm.strip()
    if name.casefold() in {"offline", "none", "no model", "the offline planner"}:
        return "offline"
    name = name if ":" in name and name.split(":")[0] == "openai" else f"openai:{name}"
    base_url = next((s["value"] for s in listed if s["name"] == "base_url"), "") or os.environ.get("OPENAI_BASE_URL")
    if not base_url and not os.environ.get("OPENAI_API_KEY"):
        raise ToolError(
            f"{name} needs a key or a server: set OPENAI_API_KEY, or base_url in opsmith.toml for a server of your own. "
            "The planner stays as it is."
        )
    return name


def _about(topic: str) -> str:
    words = topic.casefold()
    if "plan" in words or "step" in words or "explain" in words:
        return (
            "Say what you want done: each step is shown with its exact preview, and nothing is changed before your yes. "
            "/explain shows how a sentence was read."
        )
    if "confirm" in words or "approv" in words or "ask" in words:
        return (
            "Confirmation cannot be switched off in conversation. In opsmith.toml, approvals.allow_write names folders "
            "where writing needs no question."
        )
    return "That can be set in opsmith.toml; `opsmith doctor` lists every setting with its meaning."
