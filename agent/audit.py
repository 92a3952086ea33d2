"""The audit log: one line of JSON for everything proposed, decided and done, secrets masked, only ever added to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from opsmith.agent.store import now
from opsmith.memory.redaction import mask


class Audit:
    """`.opsmith/audit.jsonl` of a project."""

    def __init__(self, home: Path) -> None:
        self.path = home / "audit.jsonl"

    def add(self, what: str, **facts: Any) -> None:
        """Append one event; a line is written whole or not at all."""
        told = {name: mask(value) if isinstance(value, str) else value for name, value in facts.items()}
        line = json.dumps({"at": now(), "what": what, **told}, ensure_ascii=False, default=str)
        number = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(number, (line + "\n").encode())
        finally:
            os.close(number)

    def entries(self, limit: int = 100) -> list[dict[str, Any]]:
        """The newest entries, oldest first."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()[-limit:]
        return [json.loads(line) for line in lines]
