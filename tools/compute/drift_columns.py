"""Each column of two counted tables, compared: how far it moved, how surely, and what kind of move it was."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from opsmith.tools.compute import drift_measures as measures
from opsmith.tools.compute.drift_counts import MOST_TERMS, ColumnCounts, Counts
from opsmith.tools.compute.drift_plan import ColumnPlan

Size = Literal["none", "small", "moderate", "large"]
_CALENDAR = re.compile(
    r"(^|[_\W])(year|yr|month|mnth|week|date|day|dteday|time|timestamp|quarter|period|batch|snapshot|version|epoch)($|[_\W\d])",
    re.I,
)
_PREDICTION = re.compile(
    r"^(y_?)?(pred|predict|predicted|prediction|predictions|y_?hat|score|proba|probability)([_\s]|$)", re.I
)

_SHAPES = {
    "spread": "spread changed",
    "lean": "it leans to another side",
    "humps": "its middle thinned or thickened",
    "tails": "more or fewer extreme values",
    "far tails": "more or fewer extreme values",
}


@dataclass(frozen=True)
class ColumnDrift:
    """One column's comparison. `effect` and `psi` share a unit; `effect` is the larger of all sure signs."""

    name: str
    role: str
    part: Literal["input", "prediction", "target", "outside"] = "input"  # outside: time, identifiers, split marks
    test: str = "none"
    p: float = 1.0
    p_adjusted: float = 1.0
    effect: float = 0.0
    size: Size = "none"
    drifted: bool = False
    distances: Mapping[str, float] = field(default_factory=dict)
    missing: tuple[float, float] = (0.0, 0.0)
    shift: float | None = None  # change of the mean in standard deviations of the reference
    unseen: tuple[str, ...] = ()  # levels or words new in the current table, the commonest first
    unseen_share: float = 0.0
    vanished: tuple[str, ...] = ()
    language: str = ""  # the language whose share of a text column rose most, with both shares
    always: float | None = None  # the one value that a reference column held throughout
    beyond: float = 0.0  # share of current values outside the reference's range
    note: str = ""
    contribution: float = 0.0
    since: str = ""  # where in the current table the move begins

    @property
    def psi(self) -> float:
        return self.distances.get("psi", 0.0)

    def sentence(self) -> str:
        """What happened to the column, in words and numbers."""
        told = []
        if self.missing[1] - self.missing[0] > 0.01 or self.missing[0] - self.missing[1] > 0.01:
            told.append(f"missing {self.missing[0]:.1%} -> {self.missing[1]:.1%}")
        if self.always is not None:
            told.append(f"was always {self.always:g} and is not any more")
        elif self.shift is not None and abs(self.shift) >= 0.05:
            told.append(f"mean {'rose' if self.shift > 0 else 'fell'} by {abs(self.shift):.2g} σ")
        if self.beyond > 0.01 and self.always is None:
            told.append(f"{self.beyond:.1%} lies outside the range seen before")
        if self.unseen_share > 0.002 and self.unseen:
            told.append(f"{self.unseen_share:.1%} in new values such as {', '.join(self.unseen[:3])}")
        if self.vanished:
            told.append(f"no longer seen: {', '.join(self.vanished[:3])}")
        if self.language:
            told.append(self.language)
        if self.test in _SHAPES and not told:
            told.append(_SHAPES[self.test])
        if not told:
            told.append("the shares of its values changed" if self.role == "category" else "its distribution changed")
        return f"{self.name}: {'; '.join(told)} (PSI {self.psi:.2f})" + (f", since {self.since}" if self.since else "")


def compare(
    plans: Sequence[ColumnPlan], before: Counts, now: Counts, *, psi: float = 0.1, target: str | None = None
) -> list[ColumnDrift]:
    """Compare every planned column; significance is corrected over all that are compared together.

    psi: from here on a move is moderate, from twice this large.
    """
    found = [_column(p, before.columns[p.name], now.columns[p.name], before.rows, now.rows, target) for p in plans]
    tested = {c.name: c.p for c in found if c.part != "outside" and c.test != "none"}
    adjusted = measures.corrected(tested)
    return [_sized(c, adjusted.get(c.name, 1.0), psi) for c in found]


def _sized(column: ColumnDrift, p_adjusted: float, psi: float) -> ColumnDrift:
    sure = p_adjusted <= measures.FALSE_DISCOVERY and column.effect >= measures.FLOOR and column.part != "outside"
    largest = max(column.effect, column.psi)
    size: Size = "none"
    if sure:
        size = "large" if largest >= 2 * psi else ("moderate" if largest >= psi else "small")
    return dataclasses.replace(column, p_adjusted=p_adjusted, drifted=sure, size=size)


def _column(
    plan: ColumnPlan, before: ColumnCounts, now: ColumnCounts, rows: int, rows_now: int, target: str | None
) -> ColumnDrift:
    missing = (before.missing / rows if rows else 0.0, now.missing / rows_now if rows_now else 0.0)
    start = ColumnDrift(plan.name, plan.role, missing=missing, note=plan.why)
    outside = _outside(plan, before, now)
    if outside is not None:
        return dataclasses.replace(start, part="outside", note=outside)
    part: Literal["input", "prediction", "target"] = "input"
    if target is not None and plan.name == target:
        part = "target"
    elif _PREDICTION.search(plan.name):
        part = "prediction"
    if plan.role == "number":
        return dataclasses.replace(_number(start, plan, before, now), part=part)
    if plan.role == "text":
        return _text(start, before, now)
    return dataclasses.replace(_category(start, plan, before, now), part=part)


def _outside(plan: ColumnPlan, before: ColumnCounts, now: ColumnCounts) -> str | None:
    """Why a column is no evidence of drift: time goes on, identifiers differ, a split mark splits."""
    if plan.role == "time":
        return "time itself"
    if not plan.compared:
        return plan.why or "not compared"
    apart = before.low is not None and now.low is not None and (now.low > before.high or now.high < before.low)  # type: ignore[operator]
    if plan.role == "number" and apart and _CALENDAR.search(plan.name):
        return "a calendar column: its values do not overlap, so it marks which table is which"
    if plan.role == "category" and _CALENDAR.search(plan.name) and not set(before.levels) & set(now.levels):
        return "a calendar column: its values do not overlap, so it marks which table is which"
    return None


def _number(start: ColumnDrift, plan: ColumnPlan, before: ColumnCounts, now: ColumnCounts) -> ColumnDrift:
    x, y = np.asarray(before.bins, float), np.asarray(now.bins, float)
    if not x.size:
        return dataclasses.replace(start, note="it holds no value in the reference")
    found = measures.ordered(x, y, (before.missing, now.missing), _tails(x) if x.size > 12 else ())
    shift = None
    if before.mean is not None and now.mean is not None:
        shift = float((now.mean - before.mean) / before.std) if before.std else None
    outside = 0.0
    if y.sum() and plan.low is not None:
        outside = (y[0] + y[-1]) / y.sum()
    distances = dict(found.distances)
    edges = np.asarray(plan.edges)
    if before.std and len(edges) > 1 and y.sum():
        gap = np.abs(np.cumsum(x)[:-1] / x.sum() - np.cumsum(y)[:-1] / y.sum())
        distances["wasserstein"] = float((gap[:-1] * np.diff(edges)).sum() / before.std)
    beyond = float(outside) if outside > 2 / max(y.sum(), 1) else 0.0
    return dataclasses.replace(
        start, test=found.test, p=found.p, effect=found.effect, distances=distances, shift=shift, beyond=beyond,
        always=before.low if before.low == before.high else None,
    )  # fmt: skip


def _tails(x: np.ndarray) -> list[np.ndarray]:
    """Masks of the outer bins that hold about 2 % and 0.5 % of the reference, both ends together."""
    share = np.cumsum(x) / max(x.sum(), 1)
    lower = np.concatenate([[0.0], share[:-1]])
    return [(share <= depth * 1.2) | (lower >= 1 - depth * 1.2) for depth in (0.01, 0.0025)]


def _category(start: ColumnDrift, plan: ColumnPlan, before: ColumnCounts, now: ColumnCounts) -> ColumnDrift:
    names, x, y = _aligned(before.levels, now.levels)
    found = measures.unordered(x, y, (before.missing, now.missing))
    share = measures.unseen_share(x, y) if x.sum() and y.sum() else 0.0
    new = [names[i] for i in np.argsort(-y, kind="stable") if x[i] == 0 and y[i] > 0][:5] if x.sum() else []
    gone = []
    if x.sum() and y.sum():
        expected = x * y.sum() / x.sum()
        gone = [names[i] for i in np.argsort(-x, kind="stable") if y[i] == 0 and expected[i] >= 10][:5]
    return dataclasses.replace(
        start, test=found.test, p=found.p, effect=found.effect, distances=found.distances, unseen=tuple(new),
        unseen_share=share, vanished=tuple(gone),
    )  # fmt: skip


def _text(start: ColumnDrift, before: ColumnCounts, now: ColumnCounts) -> ColumnDrift:
    lengths = measures.ordered(
        np.asarray(before.bins, float), np.asarray(now.bins, float), (before.missing, now.missing)
    )
    names, x, y = _aligned(before.terms, now.terms)
    least = max((min(t.values()) for t in (before.terms, now.terms) if len(t) >= MOST_TERMS), default=0)
    known = np.maximum(x, y) > 3 * least if least else np.ones(len(x), bool)  # a cut list says nothing of rare words
    x, y, names = x[known], y[known], [n for n, k in zip(names, known, strict=True) if k]
    words = measures.terms(x, y, before.documents, now.documents)
    tongues, a, b = _aligned(before.languages, now.languages)
    spoken = (
        measures.unordered(a, b)
        if len(tongues) > 1 and min(a.sum(), b.sum()) >= 30
        else measures.Measured("language", 1.0, 0.0)
    )
    p = measures.combined([lengths.p, words.p, spoken.p])
    loudest = min((lengths, words, spoken), key=lambda m: m.p)
    new = [names[i] for i in np.argsort(-y, kind="stable") if x[i] == 0][:8]
    share = measures.unseen_share(x, y) if x.sum() and y.sum() else 0.0
    distances = {**words.distances, "length_psi": lengths.distances.get("psi", 0.0)}
    return dataclasses.replace(
        start, test=loudest.test, p=p, effect=max(lengths.effect, words.effect, spoken.effect), distances=distances,
        unseen=tuple(new), unseen_share=share, language=_louder(tongues, a, b),
    )  # fmt: skip


def _louder(tongues: list[str], before: np.ndarray, now: np.ndarray) -> str:
    """The language that gained most, when it gained a tenth of the texts."""
    if len(tongues) < 2 or min(before.sum(), now.sum()) < 30:
        return ""
    first, second = before / before.sum(), now / now.sum()
    at = int(np.argmax(second - first))
    return f"texts in {tongues[at]}: {first[at]:.0%} -> {second[at]:.0%}" if second[at] - first[at] >= 0.1 else ""


def words_that_moved(before: ColumnCounts, now: ColumnCounts, number: int = 5) -> tuple[list[str], list[str]]:
    """The words whose share of documents rose and fell most."""
    names, x, y = _aligned(before.terms, now.terms)
    if not before.documents or not now.documents:
        return [], []
    moved = y / now.documents - x / before.documents
    order = np.argsort(moved, kind="stable")
    rose = [names[i] for i in order[::-1][:number] if moved[i] > 0.005]
    fell = [names[i] for i in order[:number] if moved[i] < -0.005]
    return rose, fell


def _aligned(before: Mapping[str, int], now: Mapping[str, int]) -> tuple[list[str], np.ndarray, np.ndarray]:
    names = list(dict.fromkeys([*before, *now]))
    x = np.fromiter((before.get(n, 0) for n in names), float, len(names))
    y = np.fromiter((now.get(n, 0) for n in names), float, len(names))
    return names, x, y
