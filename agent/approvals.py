"""Approvals: each has a random id, is bound to a digest, names who decided, expires, and is used once.

States: pending -> claimed -> done, or pending -> rejected | expired | stale | superseded, or claimed -> failed | stale.
Moving on is one conditional UPDATE, so of two people who press at once exactly one is heard.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from opsmith.agent.effects import effect_of
from opsmith.agent.events import Proposal
from opsmith.agent.store import Store, now
from opsmith.tools.contract import Action, Preview, Table, ToolError

Answer = Literal["yes", "no", "edited", "ask"]
UNDO = "undo"  # carried out by agent/acting.py itself, as it needs the journal


@dataclass(frozen=True)
class Decision:
    """A person's answer to one proposal. `digest` is what they saw; `arguments` are the tool's edited ones."""

    action_id: str
    digest: str
    answer: Answer
    by: str
    door: str = "api"
    reason: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Approvals:
    """The approvals of a project, in the store."""

    def __init__(self, store: Store, project: Path, settings: Mapping[str, Any]) -> None:
        self.store, self.project, self.settings = store, project, settings

    def propose(
        self,
        action: Action,
        *,
        thread: str,
        call_id: str,
        number: int,
        tool: str,
        arguments: Mapping[str, Any],
        by: str,
    ) -> Proposal:
        """Put an action before the people. The same call proposes the same approval again after a crash."""
        known = self.store.database.row(
            "SELECT * FROM approvals WHERE thread = ? AND call_id = ? AND number = ?", (thread, call_id, number)
        )
        if known:
            return self._proposal(known)
        state = state_of(action.kind, action.arguments, self.project)
        moment = datetime.now(UTC)
        expires = moment + timedelta(minutes=int(self.settings["approvals.expires_minutes"]))
        row = {
            "id": secrets.token_hex(8), "thread": thread, "call_id": call_id, "number": number, "kind": action.kind,
            "class": approval_class(action.kind), "target": action.target, "action": _encoded(action),
            "digest": digest_of(action, state), "before_state": state, "tool": tool,
            "tool_arguments": json.dumps(dict(arguments), ensure_ascii=False, default=str), "proposed_by": by,
            "proposed_at": moment.isoformat(timespec="microseconds"),
            "expires": expires.isoformat(timespec="microseconds"), "state": "pending",
        }  # fmt: skip
        marks = ", ".join("?" for _ in row)
        self.store.database.execute(f"INSERT INTO approvals ({', '.join(row)}) VALUES ({marks})", list(row.values()))
        return self._proposal(row)

    def pending(self, thread: str | None = None) -> list[Proposal]:
        """What waits, oldest first; of one thread or of all. Expired ones are marked and left out."""
        self.store.database.execute(
            "UPDATE approvals SET state = 'expired' WHERE state = 'pending' AND expires < ?", (now(),)
        )
        sql, values = "SELECT * FROM approvals WHERE state = 'pending'", []
        if thread is not None:
            sql, values = sql + " AND thread = ?", [thread]
        return [self._proposal(r) for r in self.store.database.rows(sql + " ORDER BY proposed_at, number", values)]

    def get(self, approval_id: str) -> dict[str, Any]:
        """One approval's row; ToolError when there is none of that id (a unique beginning is enough)."""
        rows = self.store.database.rows(
            "SELECT * FROM approvals WHERE substr(id, 1, ?) = ?", (len(approval_id), approval_id)
        )
        if len(rows) != 1 or len(approval_id) < 4:
            raise ToolError(f"There is no approval {approval_id!r}. `opsmith pending` lists what waits.")
        return rows[0]

    def proposal(self, approval_id: str) -> Proposal:
        return self._proposal(self.get(approval_id))

    def action(self, approval_id: str) -> Action:
        """The action behind an approval."""
        return _decoded(self.get(approval_id)["action"])

    def decide(self, decision: Decision) -> str:
        """Record one yes or no; the state it leads to. ToolError when it may not be decided (any more)."""
        row = self.check(decision)
        goal = {"yes": "claimed", "no": "rejected", "edited": "superseded"}[decision.answer]
        if not self._move(row["id"], "pending", goal, decision):
            raise ToolError(f"Approval {row['id']} was decided by someone else a moment ago.")
        return goal

    def check(self, decision: Decision) -> dict[str, Any]:
        """The approval's row when this decision would be heard now; ToolError that says why not."""
        row = self.get(decision.action_id)
        if row["state"] == "pending" and row["expires"] < now():
            self._move(
                row["id"], "pending", "expired", Decision(row["id"], "", "no", "opsmith", reason="nobody answered")
            )
            raise ToolError(f"Approval {row['id']} expired at {row['expires'][:16]} UTC. Ask for it again.")
        if row["state"] != "pending":
            who = f" by {row['decided_by']}" if row["decided_by"] else ""
            raise ToolError(f"Approval {row['id']} is already {row['state']}{who}; nothing was done a second time.")
        if decision.answer == "yes":
            self._may_approve(row, decision)
        return row

    def supersede(
        self, thread: str, keep_calls: Sequence[str] = (), reason: str = "a newer proposal replaced it"
    ) -> list[str]:
        """Take back what waits in a thread, except what these tool calls proposed; the ids taken back."""
        taken = [p.id for p in self.pending(thread) if self.get(p.id)["call_id"] not in keep_calls]
        for approval_id in taken:
            self._move(approval_id, "pending", "superseded", Decision(approval_id, "", "no", "opsmith", reason=reason))
        return taken

    def finish(self, approval_id: str, state: str, reason: str = "") -> None:
        """Move a claimed approval to its end: done, failed or stale."""
        self.store.database.execute(
            "UPDATE approvals SET state = ?, reason = CASE WHEN ? = '' THEN reason ELSE ? END WHERE id = ? AND state = 'claimed'",
            (state, reason, reason, approval_id),
        )

    def unhandled(self, thread: str) -> list[dict[str, Any]]:
        """Decided approvals of a thread that its conversation has not been told of yet."""
        return self.store.database.rows(
            "SELECT * FROM approvals WHERE thread = ? AND handled = 0 AND state <> 'pending' ORDER BY proposed_at, number",
            (thread,),
        )

    def mark_handled(self, ids: Sequence[str]) -> None:
        for approval_id in ids:
            self.store.database.execute("UPDATE approvals SET handled = 1 WHERE id = ?", (approval_id,))

    def allowed_ahead(self, action: Action) -> str:
        """Why this action needs no question (a folder or a monitor named in the settings file, or a rule), or ''."""
        if approval_class(action.kind) == "write":
            folders = [*self.settings["approvals.allow_write"], *self.store.allowed_folders()]
            names = [PurePosixPath(f["path"]) for f in action.arguments.get("files", ())]
            for folder in folders:
                base = PurePosixPath(folder.strip("/"))
                if names and base.parts and all(base in name.parents and ".." not in name.parts for name in names):
                    return f"writing below {base}/ is allowed ahead"
        monitor = action.arguments.get("monitor")
        if action.kind == "retrain" and monitor and monitor in self.settings["approvals.allow_retrain"]:
            return f"retraining for monitor {monitor} is allowed ahead in opsmith.toml"
        return ""

    def _may_approve(self, row: Mapping[str, Any], decision: Decision) -> None:
        if decision.digest and decision.digest != row["digest"]:
            raise ToolError(f"Approval {row['id']} is for something else than what was shown. Look at it again.")
        if self.settings["approvals.two_people"] and decision.by == row["proposed_by"]:
            raise ToolError("Here another person than the one who asked must approve (approvals.two_people).")
        if row["class"] in self.settings["approvals.terminal_only"] and decision.door != "terminal":
            raise ToolError(
                f"Actions of class {row['class']} are answered in the terminal only (approvals.terminal_only)."
            )

    def _move(self, approval_id: str, old: str, new: str, decision: Decision) -> bool:
        sql = """UPDATE approvals SET state = ?, decided_by = ?, decided_at = ?, door = ?, reason = ?
                 WHERE id = ? AND state = ?"""
        values = (new, decision.by, now(), decision.door, decision.reason, approval_id, old)
        return self.store.database.execute(sql, values) == 1

    def _proposal(self, row: Mapping[str, Any]) -> Proposal:
        action = _decoded(row["action"])
        files = [f["path"] for f in action.arguments.get("files", ())] or [action.target]
        folder = PurePosixPath(action.target if len(files) > 1 else PurePosixPath(files[0]).parent)
        offered = row["class"] == "write" and folder.parts and all(folder in PurePosixPath(f).parents for f in files)
        return Proposal(
            row["id"], action.kind, action.target, action.preview.summary, action.preview, tuple(files), row["digest"],
            row["tool"], json.loads(row["tool_arguments"]), action.reversible, action.risk, row["proposed_by"],
            row["proposed_at"], row["expires"], f"writing files below {folder}/" if offered else "",
        )  # fmt: skip


def approval_class(kind: str) -> str:
    """Who may approve an action of this kind: write, delete, train, promote, predict, container, monitor, send, forget."""
    return "write" if kind == UNDO else effect_of(kind).approval_class


def state_of(kind: str, arguments: Mapping[str, Any], project: Path) -> str:
    """A fingerprint of the present state of what the action would change."""
    return "" if kind == UNDO else effect_of(kind).state(arguments, project)


def digest_of(action: Action, state: str) -> str:
    """sha256 over the action's full content and the present state of what it changes."""
    return hashlib.sha256(f"{action.content_hash()}\n{state}".encode()).hexdigest()


def _encoded(action: Action) -> str:
    import dataclasses

    return json.dumps(dataclasses.asdict(action), ensure_ascii=False, default=str)


def _decoded(text: str) -> Action:
    plain = json.loads(text)
    preview = plain.pop("preview")
    tables = tuple(
        Table(t["title"], tuple(t["columns"]), tuple(tuple(row) for row in t["rows"]), t["raw"])
        for t in preview.pop("tables")
    )
    shown = Preview(preview["summary"], preview["diff"], tables, tuple(preview["notes"]))
    return Action(**{**plain, "preview": shown, "provides": tuple(plain["provides"])})
