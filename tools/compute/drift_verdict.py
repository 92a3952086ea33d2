"""One verdict for a comparison: none, watch or act; its cause in a sentence, and what to do about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from opsmith.tools.compute.domain_classifier import Separation
from opsmith.tools.compute.drift_columns import ColumnDrift
from opsmith.tools.compute.drift_dependence import PairDrift
from opsmith.tools.compute.reconstruction import Reconstruction

Verdict = Literal["none", "watch", "act"]
_RANK = {"none": 0, "watch": 1, "act": 2}
MATTERS = 0.02  # share of the model's importance below which a column alone never asks for action


@dataclass(frozen=True)
class Reason:
    """One thing that speaks for a verdict; `fix` is a pipeline fault to mend before any retraining."""

    verdict: Verdict
    text: str
    columns: tuple[str, ...] = ()
    fix: bool = False


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    cause: str
    advice: str
    reasons: tuple[Reason, ...]


def contributions(columns: Sequence[ColumnDrift], importance: Mapping[str, float]) -> list[ColumnDrift]:
    """The columns with their share of the whole input shift, weighted by the model's importance when it is known."""
    total_importance = sum(max(v, 0.0) for v in importance.values())
    weights = {}
    for c in columns:
        weight = max(importance.get(c.name, 0.0), 0.0) / total_importance if total_importance else 1.0
        weights[c.name] = weight * max(c.effect, c.psi) if c.drifted and c.part == "input" else 0.0
    whole = sum(weights.values())
    return [dataclasses.replace(c, contribution=weights[c.name] / whole if whole else 0.0) for c in columns]


def judge(
    columns: Sequence[ColumnDrift],
    *,
    faults: Sequence[Reason] = (),
    pairs: Sequence[PairDrift] = (),
    separation: Separation | None = None,
    rebuilt: Reconstruction | None = None,
    performance: Sequence[Reason] = (),
    importance: Mapping[str, float] | None = None,
    relation: str = "",
    has_outcomes: bool = False,
    thresholds_only: Sequence[Reason] | None = None,
) -> Judgement:
    """The verdict. thresholds_only: when the person set a metric and a threshold, these reasons alone count for columns.

    Inputs: `large` moves ask for action, `moderate` ones for watching; a column that the model hardly uses never asks
    for action. Many small moves together (a clear domain classifier) or a changed dependence ask for watching.
    """
    reasons = [*faults, *performance]
    if thresholds_only is not None:
        reasons += thresholds_only
    else:
        reasons += _from_columns(columns, importance or {})
        reasons += [Reason("watch", p.sentence(), (p.first, p.second)) for p in pairs[:3]]
        if separation is not None and separation.clear and not any(r.verdict != "none" for r in reasons):
            told = (
                f"together the columns tell the tables apart (area {separation.auc:.2f}) though none moved much alone"
            )
            reasons.append(Reason("watch", told, tuple(name for name, _ in separation.columns[:3])))
        if rebuilt is not None and rebuilt.clear and not any(r.verdict != "none" for r in reasons):
            change = f"error {rebuilt.before:.2f} -> {rebuilt.now:.2f}"
            told = f"rows no longer lie where the reference's main directions put them ({change})"
            reasons.append(Reason("watch", told))
    verdict: Verdict = max((r.verdict for r in reasons), key=_RANK.__getitem__, default="none")
    ranked = sorted(reasons, key=lambda r: (-_RANK[r.verdict], not r.fix))
    return Judgement(
        verdict,
        _cause(columns, ranked, relation),
        _advice(verdict, ranked, columns, has_outcomes),
        tuple(ranked),
    )


def _from_columns(columns: Sequence[ColumnDrift], importance: Mapping[str, float]) -> list[Reason]:
    total = sum(max(v, 0.0) for v in importance.values())
    found = []
    for c in sorted(columns, key=lambda c: -max(c.effect, c.psi)):
        if not c.drifted:
            continue
        verdict: Verdict = {"large": "act", "moderate": "watch"}.get(c.size, "none")  # type: ignore[assignment]
        gone = c.missing[1] - c.missing[0]
        if gone >= 0.1:
            verdict = "act"
        elif gone >= 0.03 and verdict == "none":
            verdict = "watch"
        if total and c.part == "input" and verdict == "act" and importance.get(c.name, 0.0) / total < MATTERS:
            verdict = "watch"
        broken = gone >= 0.3
        found.append(Reason(verdict, c.sentence(), (c.name,), broken))
    return found


def _cause(columns: Sequence[ColumnDrift], reasons: Sequence[Reason], relation: str) -> str:
    telling = [r for r in reasons if r.verdict != "none"]
    moved = sorted((c for c in columns if c.drifted), key=lambda c: -max(c.effect, c.psi))
    compared = [c for c in columns if c.part != "outside"]
    if not telling:
        if not moved:
            return f"None of {len(compared)} columns moved more than chance explains."
        return f"{len(moved)} of {len(compared)} columns moved slightly; the most is {moved[0].sentence()}."
    parts = [telling[0].text]
    leader = max(columns, key=lambda c: c.contribution, default=None)
    if leader is not None and leader.contribution >= 0.5 and len(moved) > 1:
        parts = [f"{leader.contribution:.0%} of the input shift comes from {leader.sentence()}"]
        if leader.name not in telling[0].columns:
            parts.insert(0, telling[0].text)
    elif len(telling) > 1:
        parts.append(telling[1].text)
    if relation:
        parts.append(relation)
    more = sum(c.size in ("moderate", "large") for c in moved)
    told = "; ".join(parts)
    return f"{told}; {more} of {len(compared)} columns moved." if more > 2 else f"{told}."


def _advice(verdict: Verdict, reasons: Sequence[Reason], columns: Sequence[ColumnDrift], has_outcomes: bool) -> str:
    if verdict == "none":
        return "Nothing to do."
    broken = [r for r in reasons if r.fix and r.verdict == "act"]
    if broken:
        return f"Fix the pipeline before retraining: {broken[0].text}."
    since = next((c.since for c in sorted(columns, key=lambda c: -c.effect) if c.since), "")
    on = f"from {since} on" if since.startswith("row") else f"on data since {since}"
    window = f" {on}" if since else " on recent data"
    if verdict == "watch":
        return "Keep watching; no retraining yet." + (
            "" if has_outcomes else " Outcomes would tell whether the model suffers."
        )
    if any(r.verdict == "act" and not r.columns for r in reasons):  # performance or the relation itself
        return f"Retrain{window}, and compare with the present model before promoting."
    if has_outcomes:
        return f"The inputs moved but results hold so far; retrain{window} if that lasts."
    return f"Check whether the change is wanted; retrain{window} once outcomes for it are known."
