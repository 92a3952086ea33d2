"""A training as one HTML page without scripts or outside files, and its figures as small tables."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from opsmith.tools.compute import drift_svg
from opsmith.tools.compute.drift_report import html_table
from opsmith.tools.compute.training_fit import Trained
from opsmith.tools.compute.training_score import SMALLER_IS_BETTER
from opsmith.tools.contract import Table


def summary(fields: Mapping[str, Any], trained: Trained) -> str:
    """Algorithm, score with interval, beside what saying always the same would give."""
    entry = trained.metrics[trained.metric]
    span = f" ({entry['interval'][0]:.4g} to {entry['interval'][1]:.4g})" if entry["interval"] else ""
    dummy = trained.baselines.get("dummy", float("nan"))
    usual = f", against {dummy:.4g} for always saying the same" if dummy == dummy else ""
    return (
        f"{trained.algorithm.replace('_', ' ')} predicts {fields['target']} with {trained.metric} {entry['value']:.4g}{span} "
        f"in {entry['on']}{usual}. Validated so because {trained.plan.why}."
    )


def tables(trained: Trained) -> tuple[Table, ...]:
    """Metrics with intervals, the candidates beside the baseline, and what matters most."""
    metrics = tuple(
        (name, round(e["value"], 4), f"{e['interval'][0]:.4g} to {e['interval'][1]:.4g}" if e["interval"] else "")
        for name, e in trained.metrics.items()
    )
    order = sorted(trained.baselines.items(), key=lambda b: b[1], reverse=trained.metric not in SMALLER_IS_BETTER)
    beside = tuple((name.replace("_", " "), round(value, 4)) for name, value in order)
    lost = tuple((name, round(value, 5)) for name, value in trained.importance[:15])
    return (
        Table("Scores", ("metric", "value", "95 % interval"), metrics),
        Table("Candidates and baseline", ("model", trained.metric), beside),
        Table("What matters", ("column", f"loss of {trained.metric} without it"), lost),
    )


def page(fields: Mapping[str, Any], trained: Trained) -> str:
    """The whole report."""
    template = Template(
        (Path(__file__).parent.parent / "templates" / "training_report.html").read_text(encoding="utf-8")
    )
    scores, beside, _ = tables(trained)
    d = trained.diagnosis
    told = list(fields.get("insights", ()))
    made = (
        f"{fields['data']['path']}, {fields['data']['rows']:,} rows, sha256 {fields['data']['sha256'][:16]}…; "
        f"fingerprint {fields['fingerprint']}; seed {fields['recipe'].get('seed', 0)}; {fields.get('seconds', 0)} s."
    )
    return template.substitute(
        title=html.escape(f"{fields['name']}: {fields['target']}"), summary=html.escape(summary(fields, trained)),
        insights="".join(f"<li>{html.escape(s[:1].upper() + s[1:])}</li>" for s in told), metrics=html_table(scores),
        candidates=html_table(beside), metric=html.escape(trained.metric), importance=_bars(trained.importance[:20]),
        figures=_figures(d, trained.metric), confusion=_confusion(d.get("confusion")),
        segments=_segments(d.get("segments") or []),
        tuning=_tuning(d.get("tuning"), trained.metric), made=html.escape(made), inputs=html_table(_inputs(fields, trained)),
    )  # fmt: skip


def _bars(importance: list[tuple[str, float]]) -> str:
    top = max((v for _, v in importance), default=0.0) or 1.0
    return "".join(
        f'<div><span class="name">{html.escape(n)}</span><span class="bar" style="width:{max(0.0, v) / top * 24:.1f}rem">'
        f"</span> {v:.4g}</div>"
        for n, v in importance
    )


def _figures(d: Mapping[str, Any], metric: str) -> str:
    shown = []
    curve = d.get("learning_curve") or []
    if len(curve) > 1:
        sizes = [f"{n:,} rows" for n, _ in curve]
        shown.append(drift_svg.lines(f"{metric} by training rows", sizes, {metric: [v for _, v in curve]}))
    bins = d["calibration"]["bins"]
    if bins:
        series = {"said": [b[0] for b in bins], "came true": [b[1] for b in bins]}
        shown.append(
            drift_svg.lines("Reliability: what was said and what came true", [f"{b[0]:.2f}" for b in bins], series)
        )
    tuned = (d.get("tuning") or {}).get("history") or []
    if len(tuned) > 1:
        shown.append(drift_svg.lines("Best so far by trial", list(range(1, len(tuned) + 1)), {metric: tuned}))
    return "".join(shown)


def _confusion(told: Mapping[str, Any] | None) -> str:
    if not told or len(told["classes"]) > 20:
        return ""
    rows = tuple((f"really {c}", *counts) for c, counts in zip(told["classes"], told["counts"], strict=True))
    return html_table(Table("Confusion (held-out rows)", ("", *(f"said {c}" for c in told["classes"])), rows))


def _segments(parts: list[dict[str, Any]]) -> str:
    rows = tuple(
        (s["column"], s["value"], s["rows"], f"{s['error']:.4g}", f"{s['usual_error']:.4g}",
         "" if s["score"] is None else round(s["score"], 4), s["z"])
        for s in parts[:20]
    )  # fmt: skip
    names = ("column", "value", "rows", "error", "error overall", parts[0]["metric"] if parts else "", "z")
    return html_table(Table("Errors by segment, worst first", names, rows))


def _tuning(told: Mapping[str, Any] | None, metric: str) -> str:
    if not told:
        return ""
    rows = (
        ("trials", f"{told['trials']} complete, {told['pruned']} stopped early"),
        ("gained over the defaults", f"{told['gained']:+.4g} in {metric}, on the search's own folds"),
        *((f"parameter {k}", f"{v:.4g}" if isinstance(v, float) else v) for k, v in told["parameters"].items()),
        *((f"importance of {k}", f"{v:.0%}") for k, v in told["importance"].items()),
    )
    return html_table(Table("Search", ("what", "value"), rows))


def _inputs(fields: Mapping[str, Any], trained: Trained) -> Table:
    rows = [(s["column"], s["kind"], "yes" if s["nullable"] else "no", "") for s in fields["signature"]]
    rows += [(name, "left out", "", why) for name, why in trained.plan.left_out]
    return Table("Columns", ("column", "kind", "may be missing", "why"), tuple(rows))
