"""Families of candidates: each says from the look of a table which formulas are worth a test. One interface for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Protocol

import numpy as np

from opsmith.tools.compute.features import compute
from opsmith.tools.compute.features.expression import Call, Column, Node, Number, Text
from opsmith.tools.compute.features.look import Look, call

SUM = "sum"
MOST_PARTS = 20  # columns in one sum
TELLING = 3.3  # standard errors that a column's correlation must be from zero
MOST_PAIRS = 24  # columns of which all pairs are tried


class Family(Protocol):
    """A kind of candidate. `name` is how reports call it; `candidates` yields the likeliest first."""

    name: str

    def candidates(self, look: Look) -> Iterator[Node]: ...


class Children:
    """What the rows of child tables come to, as it is; other families bend and combine it like any number."""

    name = "related"

    def __init__(self, names: Sequence[str]):
        self.names = names

    def candidates(self, look: Look) -> Iterator[Node]:
        for name in self.names:
            if look.distinct[name] > 1:
                yield Column(name)


class Curves:
    """One number, bent: its logarithm, its square, and whether it lies above a round value."""

    name = "curve"

    def candidates(self, look: Look) -> Iterator[Node]:
        for a in look.measures:
            yield call("log", a)
            yield call("multiply", a, a)
        for a in look.measures:
            for cut in look.cuts(a):
                yield call("over", a, cut)
            yield call("bins", a, 10)


class Pairs:
    """Two numbers: ratio, product, difference, sum, and the logarithm of the ratio."""

    name = "arithmetic"

    def candidates(self, look: Look) -> Iterator[Node]:
        pairs = list(combinations(look.measures[:MOST_PAIRS], 2))
        for a, b in pairs:
            yield call("divide", a, b)
            yield call("divide", b, a)
            yield call("multiply", a, b)
            yield call("subtract", a, b)
        for a, b in pairs:
            yield call("add", a, b)
            if not look.crosses_zero(a) and not look.crosses_zero(b):
                yield call("log", call("divide", a, b))


class Interactions:
    """A number or a round limit that counts only for some rows; two values that occur together."""

    name = "interaction"

    def candidates(self, look: Look) -> Iterator[Node]:
        flags = look.flags
        for flag in flags:
            of = flag.arguments[0]
            others = [n for n in look.measures if Column(n) != of]
            for a in others:
                yield Call("multiply", (flag, Column(a)))
        for first, second in combinations(flags[:60], 2):
            if first.arguments[0] != second.arguments[0]:
                yield Call("multiply", (first, second))
        for flag in flags[:40]:
            for a in [n for n in look.measures if Column(n) != flag.arguments[0]][:10]:
                for cut in look.cuts(a):
                    yield Call("multiply", (flag, call("over", a, cut)))
        for a, b in combinations(look.measures[:8], 2):
            for x in look.cuts(a, 4):
                for y in look.cuts(b, 4):
                    yield Call("multiply", (call("over", a, x), call("over", b, y)))


class Categories:
    """Categories as numbers: how common a value is, whether it is a rare one, and its usual outcome, alone and in pairs."""

    name = "category"

    def candidates(self, look: Look) -> Iterator[Node]:
        for c in look.groups:
            if look.distinct[c] > 4:
                yield call("frequency", c)
            if look.distinct[c] > 8:
                yield call("target_mean", c)
            if look.distinct[c] > 20:
                yield Call("is", (call("rare", c, 10), Text("other")))
        for a, b in combinations(look.groups[:12], 2):
            if look.distinct[a] * look.distinct[b] > 6:
                yield call("target_mean", call("cross", a, b))


class Groups:
    """A number against the rows of its group: the group's mean, the distance from it, and the rank in it."""

    name = "group"

    def candidates(self, look: Look) -> Iterator[Node]:
        for g in look.groups[:10]:
            if look.distinct[g] < 3:
                continue
            for a in [n for n in look.measures if n != g][:10]:
                yield call("deviation_by", a, g)
                yield call("mean_by", a, g)
                yield call("z_by", a, g)
                yield call("rank_by", a, g)


class Missing:
    """Whether a value is missing, where that is neither rare nor the rule."""

    name = "missing"

    def candidates(self, look: Look) -> Iterator[Node]:
        for c in (*look.numbers, *look.categories, *look.texts, *look.dates):
            if 0.005 < look.share_missing(c) < 0.995:
                yield call("missing", c)


class Components:
    """Principal components of all numbers."""

    name = "component"

    def candidates(self, look: Look) -> Iterator[Node]:
        columns = [Column(n) for n in look.measures[:60]]
        if len(columns) >= 3:
            for index in range(1, min(3, len(columns)) + 1):
                yield Call("component", (Number(float(index)), *columns))


class Sums:
    """The columns that go with the outcome in one number, each with its weight: what trees need many splits to say."""

    name = SUM

    def candidates(self, look: Look) -> Iterator[Node]:
        flags = [f for f in look.flags if f.arguments[0] not in set(map(Column, look.numbers))]
        parts: list[Node] = [*map(Column, look.numbers), *flags]
        rows, outcome = look.problem.rows.take(look.rows), look.problem.outcome[look.rows]
        strength = [_correlation(compute.fit(part, rows, None)[0], outcome) * len(outcome) ** 0.5 for part in parts]
        strong = [i for i in np.argsort(-np.array(strength), kind="stable") if strength[i] > TELLING]
        if len(strong) > 1:
            yield Call("weighted", tuple(parts[i] for i in strong[:MOST_PARTS]))


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    """The size of the correlation of two columns where both are known; 0 where one of them does not vary."""
    both = ~np.isnan(x)
    x, y = x[both], y[both]
    width = float(x.std() * y.std()) if len(x) > 10 else 0.0
    return abs(float(np.mean((x - x.mean()) * (y - y.mean())))) / width if width > 0 else 0.0
