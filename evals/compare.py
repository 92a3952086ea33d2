"""Two planners, or two versions, on the same plays: rates, cost, time, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from opsmith.evals.judging import Totals, totals
from opsmith.evals.trace import Play


@dataclass(frozen=True)
class Comparison:
    """A and B on the plays that both have."""

    names: tuple[str, str]
    sums: tuple[Totals, Totals]
    only_first: tuple[str, ...]  # keys of plays that only A passed
    only_second: tuple[str, ...]
    p_value: float  # of so uneven a split, were both equally good (exact, two-sided)

    def sentence(self) -> str:
        """The finding in one sentence; a winner only where chance is an unlikely reason."""
        a, b = self.names
        first, second = len(self.only_first), len(self.only_second)
        if first == second == 0:
            return f"{a} and {b} pass the same {self.sums[0].passed} of {self.sums[0].plays} plays."
        better, worse, more, less = (a, b, first, second) if first > second else (b, a, second, first)
        told = f"{better} passes {more} plays that {worse} does not, and fails {less} that {worse} passes"
        verdict = "more than chance explains" if self.p_value < 0.05 else "chance could explain it"
        return f"{told} (p = {self.p_value:.3g}): {verdict}."


def compare(first: Sequence[Play], second: Sequence[Play], names: tuple[str, str]) -> Comparison:
    """Compare two runs play by play."""
    mine, theirs = {p.key: p for p in first}, {p.key: p for p in second}
    both = [key for key in mine if key in theirs]
    only_first = tuple(k for k in both if mine[k].passed and not theirs[k].passed)
    only_second = tuple(k for k in both if theirs[k].passed and not mine[k].passed)
    sums = (totals(mine[k] for k in both), totals(theirs[k] for k in both))
    return Comparison(names, sums, only_first, only_second, sign_test(len(only_first), len(only_second)))


def sign_test(a: int, b: int) -> float:
    """Two-sided exact binomial p-value of a split a:b at even odds (McNemar's exact test).

    >>> round(sign_test(8, 1), 4)
    0.0391
    """
    n = a + b
    if n == 0:
        return 1.0
    tail = sum(comb(n, i) for i in range(min(a, b) + 1)) / 2**n
    return min(1.0, 2 * tail)
