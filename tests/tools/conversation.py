"""A stand-in for what the engine gives the conversation's own tools: real facts in a real memory, plain lists else."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsmith.memory.store import Memory
from opsmith.tools.contract import Context


@dataclass
class Known:
    memory: Memory
    waiting: list[dict[str, Any]] = field(default_factory=list)
    done: list[dict[str, Any]] = field(default_factory=list)
    listed: list[dict[str, Any]] = field(default_factory=list)

    def recall(self, topic: str, limit: int = 5) -> list[dict[str, Any]]:
        return self.memory.recall(topic, limit)

    def facts(self) -> list[dict[str, Any]]:
        return self.memory.facts()

    def pending(self) -> list[dict[str, Any]]:
        return self.waiting

    def journal(self, limit: int = 20) -> list[dict[str, Any]]:
        return self.done[:limit]

    def result(self, handle: str) -> dict[str, Any] | None:
        return None

    def settings(self) -> list[dict[str, Any]]:
        return self.listed


def context_with(project: Path, *facts: str, **known: Any) -> Context:
    """A context whose memory holds these facts."""
    memory = Memory(project, {})
    for text in facts:
        memory.remember({"text": text, "source": "told", "kind": "fact"}, "ada", "main")
    return Context(project, services=Known(memory, **known))
