"""Everything that people see. The session yields these; the terminal, Slack and the suites show or judge them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from opsmith.tools.contract import Preview


@dataclass(frozen=True)
class Said:
    """Words of the agent. `partial` pieces stream; a last Said with partial=False carries the whole text."""

    text: str
    partial: bool = False


@dataclass(frozen=True)
class Asked:
    """A question that must be answered before the agent can go on."""

    question: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class ToolStarted:
    call_id: str
    tool: str
    intent: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Progress:
    """How far a tool or an effect is: fraction from 0 to 1, or None when it cannot be known."""

    call_id: str
    fraction: float | None
    note: str = ""


@dataclass(frozen=True)
class ToolPartial:
    """What a running tool has found so far, as plain values; the next one, or ToolDone, takes its place."""

    call_id: str
    result: Mapping[str, Any]


@dataclass(frozen=True)
class ToolDone:
    """A tool's Result as plain values (contract.Result.as_dict) under a handle such as `result:profile-3`."""

    call_id: str
    tool: str
    intent: str
    arguments: Mapping[str, Any]
    handle: str
    result: Mapping[str, Any]
    seconds: float
    status: Literal["done", "proposed", "error", "question"] = "done"


@dataclass(frozen=True)
class ToolWaits:
    """A planned call that needs what an action still waiting for approval would make."""

    call_id: str
    tool: str
    intent: str
    arguments: Mapping[str, Any]
    waits_for: str


@dataclass(frozen=True)
class Proposal:
    """An action waiting for a person: the approval's random id, what it would do, and until when."""

    id: str
    kind: str
    target: str
    summary: str
    preview: Preview
    paths: tuple[str, ...]
    digest: str
    tool: str
    tool_arguments: Mapping[str, Any]
    reversible: bool
    risk: str
    proposed_by: str
    proposed_at: str  # UTC, ISO 8601
    expires: str
    always_scope: str = ""  # what "always allow" would cover, in full; empty when it is not offered


@dataclass(frozen=True)
class NeedsApproval:
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True)
class ActionDone:
    """What really happened, from the journal: the only proof."""

    approval_id: str
    kind: str
    target: str
    outcome: Literal["done", "rejected", "expired", "stale", "failed", "undone", "superseded"]
    message: str
    paths: tuple[str, ...] = ()
    undo: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """Something went wrong; one sentence that says what and what to try."""

    message: str
    offer_offline: bool = False


@dataclass(frozen=True)
class Finished:
    """The end of a turn: the same facts as `ask --json` (docs/FORMATS.md), and the footer from the journal."""

    summary: Mapping[str, Any]
    footer: str = ""


Event = (
    Said
    | Asked
    | ToolStarted
    | Progress
    | ToolPartial
    | ToolDone
    | ToolWaits
    | NeedsApproval
    | ActionDone
    | Problem
    | Finished
)
