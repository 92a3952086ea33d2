"""How far two sets of counts lie apart, and whether chance could do it: numbers in, numbers out.

A column counts as moved only when an effect size (corrected for what sampling alone would give) and a corrected
significance agree. Several directed tests (location, spread, lean, humps, tails, missing values, unseen categories) stand beside
the omnibus chi-square and are joined by the Cauchy combination (Liu and Xie, JASA 2020), which needs no independence.
Columns are then corrected together by Benjamini and Hochberg (JRSS B 1995).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

FLOOR = 0.003  # effect below which no move is worth a word; a mean shift of about 0.055 standard deviations
FALSE_DISCOVERY = 0.01
LEAST_EXPECTED = 10.0  # rarer bins are pooled, so that the chi-square distribution holds


@dataclass(frozen=True)
class Measured:
    """One column compared. `effect` is in units of the population stability index, corrected for sampling."""

    test: str  # the directed test that speaks loudest
    p: float
    effect: float
    distances: Mapping[str, float] = field(default_factory=dict)
    effects: Mapping[str, float] = field(default_factory=dict)  # by test


def ordered(
    x: np.ndarray, y: np.ndarray, missing: tuple[float, float] = (0, 0), tails: Sequence[np.ndarray] = ()
) -> Measured:
    """Compare counts in ordered bins (numbers, dates, lengths). tails: masks of bins to test on their own.

    >>> ordered(np.array([50., 50.]), np.array([50., 50.])).effect
    0.0
    """
    n, m = float(x.sum()), float(y.sum())
    tests = {}
    if n and m:
        tests["shape"] = _omnibus(x, y)
        rank = np.cumsum(x + y) - (x + y) / 2
        score = rank / (n + m)
        tests["location"] = _linear(x, y, score)
        tests["spread"] = _linear(x, y, (score - 0.5) ** 2)
        centred = 2 * score - 1
        tests["lean"] = _linear(x, y, 5 * centred**3 - 3 * centred)  # Legendre, as in Neyman's smooth test
        tests["humps"] = _linear(x, y, 35 * centred**4 - 30 * centred**2)
        for mask in tails:
            if mask.any() and not mask.all():
                name = "tails" if "tails" not in tests else "far tails"
                tests[name] = _share(x[mask].sum(), n, y[mask].sum(), m)
    if sum(missing):
        tests["missing values"] = _share(missing[0], n + missing[0], missing[1], m + missing[1])
    return _joined(tests, distances(x, y, is_ordered=True))


def unordered(x: np.ndarray, y: np.ndarray, missing: tuple[float, float] = (0, 0)) -> Measured:
    """Compare counts of categories; the arrays list the same levels, zero where one side never had it."""
    n, m = float(x.sum()), float(y.sum())
    tests = {}
    if n and m:
        tests["shares"] = _omnibus(x, y)
        tests["one level"] = _loudest(x, y)
        tests["unseen levels"] = unseen(x, y)
        tests["vanished levels"] = unseen(y, x)
    if sum(missing):
        tests["missing values"] = _share(missing[0], n + missing[0], missing[1], m + missing[1])
    return _joined(tests, distances(x, y, is_ordered=False))


def terms(x: np.ndarray, y: np.ndarray, n: float, m: float) -> Measured:
    """Compare in how many of n and m documents each term occurs; documents, not words, are what is independent."""
    if not len(x) or not n or not m:
        return Measured("none", 1.0, 0.0)
    pooled = (x + y) / (n + m)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled), 1e-12) * (1 / n + 1 / m))
    z = np.abs(x / n - y / m) / spread
    common = (x + y) >= 2 * LEAST_EXPECTED
    tests = {"unseen words": unseen(x, y)}
    if common.any():
        tests["word shares"] = (_several(float(z[common].max()), int(common.sum())), _term_effect(x, y, n, m, common))
    return _joined(tests, distances(x, y, is_ordered=False))


def _term_effect(x: np.ndarray, y: np.ndarray, n: float, m: float, common: np.ndarray) -> float:
    """Squared differences of document shares over their mean, less what sampling gives, a mean term's share of it."""
    p, q = x[common] / n, y[common] / m
    noise = ((p + q) / 2) * (1 - (p + q) / 2) * (1 / n + 1 / m)
    total = (((p - q) ** 2 - noise) / np.maximum((p + q) / 2, 1e-12)).sum()
    return max(0.0, float(total / max((p + q).sum() / 2, 1e-12)))


def unseen(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Whether `y` holds more of what `x` never showed than equal sources would: (p, effect).

    Given a level's total t, an equal source puts all of it into `y` with probability (m / (n + m)) ** t; the sum
    over levels has a known mean and variance, so a long tail of rare levels raises no alarm.
    """
    n, m = float(x.sum()), float(y.sum())
    total = x + y
    kept = total > 0
    total, x, y = total[kept], x[kept], y[kept]
    chance = (m / (n + m)) ** total
    observed = float(y[x == 0].sum())
    expected = float((total * chance).sum())
    variance = float((total**2 * chance * (1 - chance)).sum())
    if observed <= expected:
        return 1.0, 0.0
    p = _upper((observed - expected - 0.5 * float(total[x == 0].min(initial=1))) / np.sqrt(max(variance, 1.0)))
    return p, 2 * (observed - expected) / m


def unseen_share(x: np.ndarray, y: np.ndarray) -> float:
    """Share of `y` in levels that `x` never showed, beyond what equal sources would give."""
    return unseen(x, y)[1] / 2


def corrected(p_values: Mapping[str, float]) -> dict[str, float]:
    """Benjamini-Hochberg adjusted p-values.

    >>> {name: round(p, 3) for name, p in corrected({"a": 0.01, "b": 0.04, "c": 0.5}).items()}
    {'a': 0.03, 'b': 0.06, 'c': 0.5}
    """
    names = sorted(p_values, key=p_values.__getitem__)
    found: dict[str, float] = {}
    least = 1.0
    for position in range(len(names), 0, -1):
        least = min(least, p_values[names[position - 1]] * len(names) / position)
        found[names[position - 1]] = least
    return {name: found[name] for name in p_values}


def distances(x: np.ndarray, y: np.ndarray, *, is_ordered: bool) -> dict[str, float]:
    """The usual distances between two distributions over the same bins; psi less what sampling alone would give."""
    n, m = float(x.sum()), float(y.sum())
    if not n or not m:
        return {}
    if len(x) > 50:  # distances of many rare levels measure chance only: the rare ones count as one
        rare = (x + y) < np.sort(x + y)[-49]
        x, y = np.append(x[~rare], x[rare].sum()), np.append(y[~rare], y[rare].sum())
    p, q = x / n, y / m
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        js = float(
            np.where(p > 0, p * np.log2(p / middle), 0).sum() + np.where(q > 0, q * np.log2(q / middle), 0).sum()
        )
    found = {
        "psi": float(psi_of(x, y[np.newaxis])[0]),
        "js": float(np.sqrt(max(js, 0.0) / 2)),
        "hellinger": float(np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2)),
        "linf": float(np.abs(p - q).max()),
    }
    if is_ordered:
        found["ks"] = float(np.abs(np.cumsum(p) - np.cumsum(q)).max())
    return found


def psi_of(x: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """The psi of each row of `parts` to `x`, less what sampling alone would give; an empty row has none."""
    n, m = x.sum(), parts.sum(axis=1)
    p = (x + 0.5) / (x + 0.5).sum()
    q = (parts + 0.5) / (parts + 0.5).sum(axis=1, keepdims=True)
    found = ((p - q) * np.log(p / q)).sum(axis=1)
    bins = ((x + parts) > 0).sum(axis=1)
    noise = (bins - 1) * (1 / max(n, 1) + 1 / np.maximum(m, 1))
    return np.where((m > 0) & (n > 0), np.maximum(0.0, found - noise), 0.0)


def combined(p_values: Sequence[float]) -> float:
    """One p-value for several, whatever their dependence (Cauchy combination)."""
    if not p_values:
        return 1.0
    total = 0.0
    for p in p_values:
        p = min(max(p, 1e-300), 0.9)  # one test that sees nothing must not silence the others
        total += 1 / (p * np.pi) if p < 1e-12 else np.tan((0.5 - p) * np.pi)
    mean = total / len(p_values)
    return float(1 / (mean * np.pi) if mean > 1e12 else 0.5 - np.arctan(mean) / np.pi)


def _joined(tests: Mapping[str, tuple[float, float]], apart: Mapping[str, float]) -> Measured:
    if not tests:
        return Measured("none", 1.0, 0.0, apart)
    p = combined([p for p, _ in tests.values()])
    loudest = min(tests, key=lambda name: (tests[name][0], -tests[name][1]))
    effects = {name: effect for name, (_, effect) in tests.items()}
    sure = [effect for name, (single, effect) in tests.items() if single <= FALSE_DISCOVERY]
    return Measured(loudest, p, max(sure, default=0.0), apart, effects)


def _omnibus(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Two-sample chi-square on counts, rare bins pooled: (p, effect)."""
    from scipy.special import chdtrc

    n, m = x.sum(), y.sum()
    small = np.minimum((x + y) * m, (x + y) * n) / (n + m) < LEAST_EXPECTED / 2
    if small.any():
        x, y = np.append(x[~small], x[small].sum()), np.append(y[~small], y[small].sum())
    kept = (x + y) > 0
    x, y = x[kept], y[kept]
    if len(x) < 2:
        return 1.0, 0.0
    ratio = np.sqrt(m / n)
    statistic = float(((ratio * x - y / ratio) ** 2 / (x + y)).sum())
    freedom = len(x) - 1
    return float(chdtrc(freedom, statistic)), max(0.0, statistic - freedom) * float(1 / n + 1 / m)


def _linear(x: np.ndarray, y: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """Difference of mean scores between the two samples, one degree of freedom: (p, effect)."""
    n, m = x.sum(), y.sum()
    both = x + y
    mean = (both * score).sum() / (n + m)
    variance = (both * (score - mean) ** 2).sum() / (n + m)
    if variance <= 0:
        return 1.0, 0.0
    z = ((y * score).sum() / m - (x * score).sum() / n) / np.sqrt(variance * (1 / n + 1 / m))
    return _two_sided(float(z)), max(0.0, float(z) ** 2 - 1) * float(1 / n + 1 / m)


def _share(a: float, n: float, b: float, m: float) -> tuple[float, float]:
    """Whether the shares a/n and b/m differ: exact given the sum when it is small, normal otherwise: (p, effect)."""
    a, b = float(a), float(b)
    if not n or not m or not a + b:
        return 1.0, 0.0
    pooled = (a + b) / (n + m)
    z = (b / m - a / n) / np.sqrt(max(pooled * (1 - pooled), 1e-12) * (1 / n + 1 / m))
    effect = max(0.0, float(z) ** 2 - 1) * float(1 / n + 1 / m)
    if a + b < 100:
        from scipy.special import betainc

        part = m / (n + m)
        upper = float(betainc(b, max(a, 1.0), part)) if b else 1.0
        lower = float(betainc(a, max(b, 1.0), 1 - part)) if a else 1.0
        return min(1.0, 2 * min(upper, lower)), effect
    return _two_sided(float(z)), effect


def _loudest(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The single level whose share differs most surely, corrected for having looked at all: (p, effect)."""
    n, m = x.sum(), y.sum()
    common = (x + y) >= 2 * LEAST_EXPECTED
    if not common.any():
        return 1.0, 0.0
    x, y = x[common], y[common]
    pooled = (x + y) / (n + m)
    z = (y / m - x / n) / np.sqrt(np.maximum(pooled * (1 - pooled), 1e-12) * (1 / n + 1 / m))
    best = float(np.abs(z).max())
    penalty = 2 * np.log(max(len(z), 2))  # the largest of many squares is about this by chance alone
    return _several(best, len(z)), max(0.0, best**2 - max(1.0, penalty)) * float(1 / n + 1 / m)


def _several(z: float, count: int) -> float:
    return min(1.0, count * _two_sided(z))


def _two_sided(z: float) -> float:
    return min(1.0, 2 * _upper(abs(z)))


def _upper(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(-z))
