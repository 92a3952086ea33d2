"""What happened in a played case, as plain values: all that the checks and the reports look at."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Changes:
    """What a turn changed: project-relative files with the kind of change, and facts of the memory."""

    files: dict[str, str] = field(default_factory=dict)  # path -> created | changed | deleted
    facts_added: list[str] = field(default_factory=list)
    facts_removed: list[str] = field(default_factory=list)
    diffs: dict[str, str] = field(default_factory=dict)

    @property
    def lasting(self) -> bool:
        """Whether something is other than before; a note that was only added is not counted, as it needs no approval."""
        return bool(self.files) or bool(self.facts_removed and not self.facts_added)


@dataclass
class TurnTrace:
    """One turn, with the answer to what waited at its end."""

    number: int
    text: str
    by: str = ""
    said: list[str] = field(default_factory=list)  # words of the agent, questions and problems
    shown: list[str] = field(default_factory=list)  # results and previews as text
    calls: list[dict[str, Any]] = field(default_factory=list)  # tool, intent, arguments, status, headline, result
    proposals: list[dict[str, Any]] = field(default_factory=list)  # what newly waits: id, kind, target, summary, paths
    executed: list[dict[str, Any]] = field(default_factory=list)  # what the agent reported as done or not done
    journal: list[dict[str, Any]] = field(default_factory=list)  # entries this turn began or ended, oldest first
    approvals: dict[str, dict[str, Any]] = field(default_factory=dict)  # rows of those entries' approvals
    consented: list[str] = field(default_factory=list)  # approval ids that a person said yes to in this turn
    problems: list[str] = field(default_factory=list)
    clarifying: bool = False
    answered: str = ""  # approve, reject, edit, late or ''
    changes: Changes = field(default_factory=Changes)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)  # facts about the files that are asked about
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    monitors: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: list[str] = field(default_factory=list)
    network: list[str] = field(default_factory=list)  # addresses that were tried
    leaks: list[str] = field(default_factory=list)  # where a secret showed
    usage: dict[str, Any] = field(default_factory=dict)  # input_tokens, output_tokens, steps
    seconds: float = 0.0

    @property
    def answer(self) -> str:
        """The agent's words, with the headlines of its results."""
        return "\n".join([*self.said, *(c["headline"] for c in self.calls if c.get("headline"))])

    @property
    def everything(self) -> str:
        """All that was shown."""
        return "\n".join([*self.said, *self.shown])


@dataclass
class Failure:
    """One thing that was not as expected."""

    check: str  # calls, answer, file, ...; or the name of a hard check
    message: str
    turn: int = 0  # 0: the end of the case
    hard: bool = False


@dataclass
class Play:
    """One play of a case: one variant, one epoch."""

    case: str
    variant: str
    epoch: int = 1
    suite: str = ""
    title: str = ""
    tags: list[str] = field(default_factory=list)
    turns: list[TurnTrace] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # budgets that were exceeded: told, not failed
    seconds: float = 0.0
    model: str = "offline"
    cost: float = 0.0
    tone: float | None = None  # a model judge's grade, 0 to 1; never part of passing

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def key(self) -> str:
        """What tells this play from the others."""
        return f"{self.case} [{self.variant}]" + (f" #{self.epoch}" if self.epoch > 1 else "")

    @property
    def tokens(self) -> int:
        return sum(int(t.usage.get(k, 0)) for t in self.turns for k in ("input_tokens", "output_tokens"))

    @property
    def steps(self) -> int:
        return sum(int(t.usage.get("steps", 0)) for t in self.turns)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**dataclasses.asdict(self), "passed": self.passed, "key": self.key, "tokens": self.tokens}


def play_from(plain: dict[str, Any]) -> Play:
    """A Play from the values of `as_dict`."""
    kept = {f.name: plain[f.name] for f in dataclasses.fields(Play) if f.name in plain}
    turns = [TurnTrace(**{**t, "changes": Changes(**t["changes"])}) for t in kept.pop("turns", [])]
    failures = [Failure(**f) for f in kept.pop("failures", [])]
    return Play(**kept, turns=turns, failures=failures)


def every_call(turns: list[TurnTrace]) -> Iterator[dict[str, Any]]:
    """The calls of several turns in order."""
    for turn in turns:
        yield from turn.calls
