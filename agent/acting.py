"""Carry out what was approved: once, whole, and written in the journal before and after."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from opsmith.agent.approvals import UNDO, Approvals, state_of
from opsmith.agent.audit import Audit
from opsmith.agent.bugs import record_bug
from opsmith.agent.effects import Outcome, Place, effect_of
from opsmith.agent.events import ActionDone
from opsmith.agent.store import Store, now
from opsmith.tools.contract import Action, Cancelled, ToolError, never, silent


class Acting:
    """The only caller of effects.

    A row `started` is on disk before an effect begins and `done` after it, so a crash in between is seen at
    the next start; effects are safe to repeat for the same approval, so `recover` finishes them.
    """

    def __init__(
        self, store: Store, approvals: Approvals, audit: Audit, settings: Mapping[str, Any], memory: Any
    ) -> None:
        self.store, self.approvals, self.audit = store, approvals, audit
        self.settings, self.memory = settings, memory
        self.project = approvals.project

    def perform(
        self,
        approval_id: str,
        progress: Callable[[float | None, str], None] = silent,
        cancelled: Callable[[], bool] = never,
    ) -> ActionDone:
        """Carry out one claimed approval. Called again, it reports what happened and does nothing."""
        row = self.approvals.get(approval_id)
        with self._alone(row["id"]):
            entry = self.store.journal_entry(row["id"])
            if entry and entry["state"] in ("done", "undone", "failed"):
                return _told(entry)
            row = self.approvals.get(row["id"])
            if row["state"] != "claimed":
                return self._not_done(row, row["state"], row["reason"] or f"it is {row['state']}")
            action = self.approvals.action(row["id"])
            if entry is None:
                if state_of(action.kind, action.arguments, self.project) != row["before_state"]:
                    reason = f"{action.target} was changed after the preview; ask again to see it anew"
                    self.approvals.finish(row["id"], "stale", reason)
                    return self._not_done(row, "stale", reason)
                self._start(row, action)
            place = Place(
                self.project, row["id"], row["decided_by"] or "", self.settings, progress, cancelled, self.memory
            )
            return self._apply(row, action, place)

    def recover(self, holding: str = "") -> list[ActionDone]:
        """Finish what was approved before a crash: every claimed approval whose effect had begun or not.

        A thread whose turn somebody is in is left to them. holding: the thread whose turn the caller is in.
        """
        rows = self.store.database.rows("SELECT id, thread FROM approvals WHERE state = 'claimed' ORDER BY decided_at")
        done = []
        for row in rows:
            if row["thread"] == holding:
                done.append(self.perform(row["id"]))
                continue
            with self.store.turn_if_free(row["thread"]) as free:
                if free and self.approvals.get(row["id"])["state"] == "claimed":
                    done.append(self.perform(row["id"]))
        return done

    def undo(self, count: int = 1, by: str = "") -> list[ActionDone]:
        """Put back the newest `count` actions, newest first; stops at the first that cannot be."""
        done = [e for e in self.store.journal(1000) if e["state"] == "done" and e["kind"] != UNDO]
        if not done:
            raise ToolError("There is nothing to undo: nothing was done in this project yet.")
        return [self._undo_one(entry, by) for entry in done[:count]]

    def _undo_one(self, entry: Mapping[str, Any], by: str) -> ActionDone:
        if entry["undo"] is None:
            raise ToolError(f"This cannot be undone: {entry['message']}")
        effect = effect_of(entry["kind"])
        if effect.undo is None:
            raise ToolError(f"This cannot be undone: {entry['message']}")
        message = effect.undo(
            entry["undo"], Place(self.project, entry["approval_id"], by, self.settings, memory=self.memory)
        )
        self.store.database.execute(
            "UPDATE journal SET state = 'undone', finished = ? WHERE approval_id = ?", (now(), entry["approval_id"])
        )
        self.audit.add("undone", by=by, approval=entry["approval_id"], kind=entry["kind"], target=entry["target"])
        return ActionDone(
            entry["approval_id"], entry["kind"], entry["target"], "undone", message, tuple(entry["paths"] or ())
        )

    def _start(self, row: Mapping[str, Any], action: Action) -> None:
        sql = (
            "INSERT INTO journal (approval_id, thread, kind, target, state, started) VALUES (?, ?, ?, ?, 'started', ?)"
        )
        self.store.database.execute(sql, (row["id"], row["thread"], action.kind, action.target, now()))
        self.audit.add("started", by=row["decided_by"], approval=row["id"], kind=action.kind, target=action.target,
                       digest=row["digest"])  # fmt: skip

    def _apply(self, row: Mapping[str, Any], action: Action, place: Place) -> ActionDone:
        try:
            if action.kind == UNDO:
                outcome = self._undo_action(action, place)
            else:
                outcome = effect_of(action.kind).apply(action.arguments, place)
        except Cancelled:
            return self._end(row, action, "failed", Outcome("It was cancelled; nothing was changed."))
        except ToolError as error:
            return self._end(row, action, "failed", Outcome(str(error)))
        except OSError as error:
            return self._end(row, action, "failed", Outcome(f"The system refused: {error.strerror or error}."))
        except Exception as error:  # a bug of ours: recorded whole, told in one line, never tried for ever
            where = record_bug(self.store.home, error)
            return self._end(
                row, action, "failed", Outcome(f"It failed inside Opsmith ({where}); nothing more was done.")
            )
        return self._end(row, action, "done", outcome)

    def _undo_action(self, action: Action, place: Place) -> Outcome:
        entries = [self.store.journal_entry(approval_id) for approval_id in action.arguments["approvals"]]
        taken = [self._undo_one(e, place.approved_by) for e in entries if e and e["state"] == "done"]
        paths = tuple(path for one in taken for path in one.paths)
        return Outcome(" ".join(one.message for one in taken), paths)

    def _end(self, row: Mapping[str, Any], action: Action, state: str, outcome: Outcome) -> ActionDone:
        with self.store.database.transaction():
            self.store.database.execute(
                """UPDATE journal SET state = ?, finished = ?, message = ?, paths = ?, data = ?, undo = ?
                   WHERE approval_id = ?""",
                (state, now(), outcome.message, json.dumps(outcome.paths), json.dumps(dict(outcome.data), default=str),
                 None if outcome.undo is None else json.dumps(dict(outcome.undo), default=str), row["id"]),
            )  # fmt: skip
            self.approvals.finish(row["id"], state, "" if state == "done" else outcome.message)
        self.audit.add(state, by=row["decided_by"], approval=row["id"], kind=action.kind, target=action.target,
                       digest=row["digest"], message=outcome.message)  # fmt: skip
        entry = self.store.journal_entry(row["id"])
        assert entry is not None
        return _told(entry)

    def _not_done(self, row: Mapping[str, Any], state: str, reason: str) -> ActionDone:
        self.audit.add(
            state, by=row["decided_by"], approval=row["id"], kind=row["kind"], target=row["target"], reason=reason
        )
        return ActionDone(row["id"], row["kind"], row["target"], state, reason)  # type: ignore[arg-type]

    def _alone(self, approval_id: str) -> Any:
        return self.store.turn(f"act {approval_id}")


def _told(entry: Mapping[str, Any]) -> ActionDone:
    undo = entry["undo"] is not None and entry["state"] == "done"
    return ActionDone(entry["approval_id"], entry["kind"], entry["target"], entry["state"], entry["message"] or "",
                      tuple(entry["paths"] or ()), undo, entry["data"] or {})  # fmt: skip
