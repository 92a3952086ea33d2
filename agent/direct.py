"""Call one tool without a conversation, as `opsmith run` does: the same result, the same approvals."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from opsmith.agent.bugs import record_bug
from opsmith.agent.session import Session
from opsmith.tools.contract import Tool, ToolError, silent

VERSION = 1


def call_tool(session: Session, tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The `run TOOL --json` object: {version, tool, headline, data, findings, tables, proposals, result}.

    Raises ToolError (NeedsAnswer) as the tool does; a bug of ours becomes a ToolError that names the log.
    """
    engine = session.engine
    try:
        result = tool.run(**tool.validate(arguments), context=engine.runtime.context(silent))
    except ToolError:
        raise
    except Exception as error:
        raise ToolError(f"{tool.name} failed inside Opsmith ({record_bug(engine.store.home, error)}).") from None
    plain = result.as_dict()
    thread = session.thread
    call_id = secrets.token_hex(8)
    proposals = [
        engine.approvals.propose(
            action, thread=thread, call_id=call_id, number=n, tool=tool.name, arguments=dict(arguments), by=session.user
        )
        for n, action in enumerate(result.actions)
    ]
    for note in result.notes:
        engine.memory.remember(vars(note), author=session.user, thread=thread)
    handle = engine.store.keep_result(thread, tool.name, dict(arguments), plain)
    return {
        "version": VERSION,
        "tool": tool.name,
        **{k: plain[k] for k in ("headline", "data", "findings", "tables", "charts", "files", "next_steps")},
        "proposals": [
            {
                "id": p.id,
                "kind": p.kind,
                "summary": p.summary,
                "paths": list(p.paths),
                "digest": p.digest,
                "expires": p.expires,
            }
            for p in proposals
        ],
        "result": handle,
    }
