"""A conversation as Markdown for people and as a script of tool calls that can be run again."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage, HumanMessage

from opsmith.agent.store import now
from opsmith.memory.redaction import mask, plain

if TYPE_CHECKING:
    from opsmith.agent.session import Session


def as_markdown(session: Session) -> str:
    """What was said, which tools ran with which arguments, and what was done by the journal."""
    lines = [f"# Opsmith, conversation {session.thread}", "", f"Project: {session.project.name}", ""]
    for message in _messages(session):
        if isinstance(message, HumanMessage) and message.name != "opsmith":
            lines += [f"**You:** {message.content}", ""]
        elif isinstance(message, AIMessage):
            for call in message.tool_calls:
                lines += [f"- `{call['name']}` {json.dumps(call['args'], ensure_ascii=False)}"]
            if message.content:
                lines += ["", f"**Opsmith:** {message.content}", ""]
    done = [e for e in session.engine.store.journal(1000) if e["thread"] == session.thread]
    if done:
        lines += ["## What was done", ""]
        lines += [f"- {e['started'][:19]} {e['state']}: {e['message'] or e['target']}" for e in reversed(done)]
    return mask(plain("\n".join(lines))) + "\n"


def as_script(session: Session) -> str:
    """The tool calls as `opsmith run` lines; what they propose waits for approval as it did then."""
    lines = [
        "#!/bin/sh",
        "# Tool calls of one conversation. Each proposes; `opsmith approve ID` carries out.",
        "set -eu",
    ]
    for message in _messages(session):
        for call in getattr(message, "tool_calls", None) or ():
            if call["name"] in ("ask", "decline", "help"):
                continue
            words = ["opsmith", "run", call["name"]]
            for name, value in call["args"].items():
                words.append(f"--{name.replace('_', '-')}")
                words += [str(v) for v in value] if isinstance(value, list) else [str(value)]
            lines.append(mask(" ".join(shlex.quote(w) for w in words)) + " || [ $? -eq 3 ]")
    return "\n".join(lines) + "\n"


def propose_export(session: Session) -> None:
    """Put both files before the person as one write."""
    import secrets

    from opsmith.tools.contract import silent
    from opsmith.tools.data import propose

    name = f"conversations/{session.thread}-{now()[:10]}"
    context = session.engine.runtime.context(silent)
    action = propose.write(context, texts={f"{name}.md": as_markdown(session), f"{name}.sh": as_script(session)})
    session.engine.approvals.propose(
        action,
        thread=session.thread,
        call_id=secrets.token_hex(8),
        number=0,
        tool="export",
        arguments={},
        by=session.user,
    )


def _messages(session: Session) -> list[object]:
    return list(session.engine.graph.get_state(session.engine.config).values.get("messages", ()))
