"""Judge plays and add them up: failures, pass^k over variants and epochs, rates by tag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

from opsmith.evals.case import Case, Turn
from opsmith.evals.checks import budget_notes, check_case, check_turn
from opsmith.evals.hard_checks import hard_failures
from opsmith.evals.trace import Play


def judge(case: Case, turns: Sequence[Turn], play: Play) -> Play:
    """Add what the play failed, and which budgets it exceeded."""
    for turn, trace in zip(turns, play.turns, strict=False):
        play.failures += check_turn(turn.expect, trace)
    play.failures += check_case(case, play)
    play.failures += hard_failures(play.turns, offline=play.model == "offline")
    play.notes += budget_notes(case, play)
    return play


def pass_hat(passed: int, played: int, k: int) -> float:
    """Chance that k plays drawn from `played` all pass, when `passed` of them did: C(c,k)/C(n,k).

    Source: Yao et al., tau-bench (2024), pass^k.

    >>> pass_hat(3, 4, 2)
    0.5
    """
    if not 0 < k <= played:
        raise ValueError(f"k must be from 1 to {played}")
    return comb(passed, k) / comb(played, k)


@dataclass(frozen=True)
class Totals:
    """The sums of a run."""

    cases: int
    cases_passed: int  # every play of the case passed
    plays: int
    passed: int
    hard: int  # plays with a hard failure
    seconds: float  # of all plays together
    tokens: int
    cost: float
    pass_hat: dict[int, float]  # k -> mean over cases
    tags: dict[str, tuple[int, int]]  # tag -> plays passed, plays

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "pass_hat": {str(k): v for k, v in self.pass_hat.items()},
                "tags": {t: list(n) for t, n in self.tags.items()}}  # fmt: skip


def totals(plays: Iterable[Play]) -> Totals:
    """Add up a run."""
    plays = list(plays)
    by_case: dict[str, list[bool]] = defaultdict(list)
    tags: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for p in plays:
        by_case[p.case].append(p.passed)
        for tag in p.tags:
            tags[tag][0] += p.passed
            tags[tag][1] += 1
    most = min((len(v) for v in by_case.values()), default=0)
    hats = {
        k: sum(pass_hat(sum(v), len(v), k) for v in by_case.values()) / len(by_case) for k in range(1, min(most, 8) + 1)
    }
    return Totals(
        len(by_case),
        sum(all(v) for v in by_case.values()),
        len(plays),
        sum(p.passed for p in plays),
        sum(any(f.hard for f in p.failures) for p in plays),
        round(sum(p.seconds for p in plays), 2),
        sum(p.tokens for p in plays),
        round(sum(p.cost for p in plays), 6),
        {k: round(v, 4) for k, v in hats.items()},
        {t: (n[0], n[1]) for t, n in sorted(tags.items())},
    )
