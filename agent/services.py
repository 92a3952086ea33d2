"""What the conversation's own tools may look up: facts, what waits, what was done, results and settings."""

from __future__ import annotations

from typing import Any

from opsmith.agent.approvals import Approvals
from opsmith.agent.settings import Settings
from opsmith.agent.store import Store


class ProjectServices:
    """The contract's Services for one project and thread."""

    def __init__(self, store: Store, approvals: Approvals, memory: Any, settings: Settings, thread: str) -> None:
        self._store, self._approvals, self._memory = store, approvals, memory
        self._settings, self._thread = settings, thread

    def recall(self, topic: str, limit: int = 5) -> list[dict[str, Any]]:
        """Facts nearest to a topic, best first."""
        return list(self._memory.recall(topic, limit))

    def facts(self) -> list[dict[str, Any]]:
        """Every fact of the project's memory."""
        return list(self._memory.facts())

    def pending(self) -> list[dict[str, Any]]:
        """What waits for approval in the project."""
        return [
            {"id": p.id, "kind": p.kind, "target": p.target, "summary": p.summary, "proposed_at": p.proposed_at}
            for p in self._approvals.pending()
        ]

    def journal(self, limit: int = 20) -> list[dict[str, Any]]:
        """What was done, newest first."""
        return self._store.journal(limit)

    def result(self, handle: str) -> dict[str, Any] | None:
        """A whole earlier result by its handle."""
        return self._store.result(handle)

    def settings(self) -> list[dict[str, Any]]:
        """Each setting with its value and where it came from."""
        return self._settings.listed()
