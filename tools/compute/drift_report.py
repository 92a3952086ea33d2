"""A drift check for people and programs: plain data, findings, small tables and charts, and the HTML page."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from opsmith.tools.compute import drift_svg
from opsmith.tools.compute.drift import Comparison, words
from opsmith.tools.compute.drift_check import LIMITS, Check, Question, value_of
from opsmith.tools.compute.drift_columns import ColumnDrift
from opsmith.tools.compute.performance_estimate import ASSUMPTION
from opsmith.tools.contract import Chart, Context, Finding, Severity, Table

_SEVERITY: Mapping[str, Severity] = {"act": "critical", "watch": "warning", "none": "info"}
_SHOWN = 20


def as_dict(found: Check, question: Question) -> dict[str, Any]:
    """The verdict as plain values, in the shape that docs/FORMATS.md promises."""
    c = found.comparison
    told: dict[str, Any] = {
        "verdict": found.judgement.verdict,
        "cause": found.judgement.cause,
        "advice": found.judgement.advice,
        "columns": [_column(x, question.metric) for x in ranked(c)],
        "multivariate": _multivariate(c),
        "prediction": _predictions(found),
        "performance": found.outcomes.as_dict(),
        "metric": question.metric or "psi",
        "threshold": question.threshold,
        "notes": list(found.notes),
    }
    if c is not None:
        told |= {"rows": {"reference": c.rows[0], "current": c.rows[1]}, "missing_columns": list(c.lacking)}
        told |= {"new_columns": list(c.added), "turned": c.turned if told["verdict"] != "none" else ""}
        told["timeline"] = {"from": list(c.now.starts), "psi": {k: list(v) for k, v in list(c.timeline.items())[:10]}}
    return told


def _column(c: ColumnDrift, metric: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": c.name, "kind": c.role, "part": c.part, "statistic": c.test, "effect": round(c.effect, 5),
        "p_adjusted": float(f"{c.p_adjusted:.3g}"), "contribution": round(c.contribution, 4), "drifted": c.drifted,
        "size": c.size, "missing": [round(c.missing[0], 5), round(c.missing[1], 5)],
    }  # fmt: skip
    told |= {name: round(value, 5) for name, value in c.distances.items()}
    if metric is not None and metric in LIMITS:
        told[metric] = round(value_of(c, metric), 5)
    if c.shift is not None:
        told["shift"] = round(c.shift, 4)
    for name in ("since", "note"):
        if getattr(c, name):
            told[name] = getattr(c, name)
    if c.unseen_share > 0:
        told |= {"unseen_share": round(c.unseen_share, 5), "unseen": list(c.unseen)}
    return told


def ranked(comparison: Comparison | None) -> list[ColumnDrift]:
    """The columns, what moved most first, what is outside the comparison last."""
    if comparison is None:
        return []
    order = {"large": 0, "moderate": 1, "small": 2, "none": 3}
    return sorted(comparison.columns, key=lambda c: (c.part == "outside", order[c.size], -max(c.effect, c.psi)))


def _multivariate(c: Comparison | None) -> dict[str, Any]:
    if c is None:
        return {}
    told: dict[str, Any] = {
        "pairs": [
            {
                "columns": [p.first, p.second],
                "before": round(p.before, 3),
                "now": round(p.now, 3),
                "p_adjusted": p.p_adjusted,
            }
            for p in c.pairs[:10]
        ]
    }
    if c.separation is not None:
        s = c.separation
        told["domain_classifier"] = {
            "auc": round(s.auc, 4), "interval": [round(s.low, 4), round(s.high, 4)], "rows": s.rows,
            "columns": [name for name, _ in s.columns],
        }  # fmt: skip
    if c.rebuilt is not None:
        r = c.rebuilt
        told["reconstruction"] = {
            "before": round(r.before, 4), "now": round(r.now, 4), "auc": round(r.area, 4),
            "interval": [round(r.low, 4), round(r.high, 4)], "components": r.components,
        }  # fmt: skip
    told["repeated_rows"] = [round(c.before.repeated, 4), round(c.now.repeated, 4)]
    return told


def _predictions(found: Check) -> dict[str, Any]:
    if found.prediction:
        return dict(found.prediction)
    said = [c for c in ranked(found.comparison) if c.part == "prediction"]
    return {c.name: {"psi": round(c.psi, 4), "effect": round(c.effect, 4), "drifted": c.drifted} for c in said}


def findings(found: Check) -> tuple[Finding, ...]:
    """One finding for each reason, and for what changed in the schema without being a fault."""
    told = []
    for number, reason in enumerate(found.judgement.reasons[:30]):
        fix = "" if reason.verdict == "none" or not reason.columns else f"profile the column {reason.columns[0]}"
        kind = "fault" if reason.fix else "drift"
        told.append(Finding(f"{kind}-{number + 1}", _SEVERITY[reason.verdict], reason.text, reason.columns, fix=fix))
    c = found.comparison
    if c is not None and c.added:
        named = ", ".join(c.added[:5]) + (f" and {len(c.added) - 5} more" if len(c.added) > 5 else "")
        told.append(Finding("new-columns", "info", f"the current table also has {named}", tuple(c.added[:20])))
    renamed = [(p.name, p.other) for p in c.plans if p.other != p.name] if c is not None else []
    for old, new in renamed[:5]:
        told.append(Finding(f"renamed-{old}", "info", f"{old} is taken to be {new} in the current table", (old,)))
    if c is not None:
        for x in c.columns:
            if x.role == "text" and x.drifted:
                rose, fell = words(c, x.name)
                text = f"{x.name}: words that rose: {', '.join(rose) or 'none'}; that fell: {', '.join(fell) or 'none'}"
                told.append(Finding(f"words-{x.name}", "info", text, (x.name,)))
    return tuple(told)


def tables(found: Check, question: Question) -> tuple[Table, ...]:
    """The columns that moved (or all, when few were asked for), and the metrics."""
    shown = []
    moved = [c for c in ranked(found.comparison) if c.drifted or question.columns][:_SHOWN]
    metric = question.metric if question.metric in LIMITS else "psi"
    if moved:
        rows = tuple(
            (
                c.name,
                c.size,
                round(value_of(c, str(metric)), 3),
                f"{c.p_adjusted:.1g}",
                f"{c.contribution:.0%}",
                _what(c),
            )
            for c in moved
        )
        shown.append(
            Table("Columns", ("column", "moved", str(metric), "p (corrected)", "share of shift", "what"), rows)
        )
    o = found.outcomes
    if o.now or o.estimated or o.before:
        earlier = {s.metric: s.value for s in o.before} or {name: value[0] for name, value in o.known.items()}
        kind = "realised" if o.now else "estimated"
        listed = o.now or o.estimated or o.before
        rows_ = tuple(
            (s.metric, _rounded(earlier.get(s.metric)), round(s.value, 4), f"{s.low:.3f} to {s.high:.3f}", s.rows)
            for s in listed
        )
        shown.append(Table(f"Performance ({kind})", ("metric", "before", "now", "95 % interval", "rows"), rows_))
    if o.segments:
        rows_s = tuple((column, level, s.metric, round(s.value, 4), s.rows) for column, level, s in o.segments)
        shown.append(Table("Weakest segments", ("column", "value", "metric", "now", "rows"), rows_s))
    return tuple(shown)


def _what(c: ColumnDrift) -> str:
    return c.sentence().removeprefix(f"{c.name}: ").rsplit(" (PSI", 1)[0]


def _rounded(value: float | None) -> float | str:
    return "" if value is None else round(value, 4)


def charts(found: Check) -> tuple[Chart, ...]:
    """How the columns that moved most, and the metric, went over time."""
    shown = []
    c = found.comparison
    if c is not None and c.timeline and found.judgement.verdict != "none":
        first = [x.name for x in ranked(c) if x.name in c.timeline][:3]
        series = {name: tuple(float(v) for v in c.timeline[name]) for name in first}
        shown.append(Chart("Distance from the reference over time", "line", tuple(c.now.starts), series, y_label="PSI"))
    o = found.outcomes
    if o.series:
        shown.append(Chart("Performance over time", "line", o.starts, {"now": o.series}))
    return tuple(shown)


def next_steps(found: Check, model: str | None, before: str, now: str) -> tuple[str, ...]:
    """Sentences that go on from this verdict."""
    verdict = found.judgement.verdict
    steps = []
    if verdict == "act" and model and not any(r.fix and r.verdict == "act" for r in found.judgement.reasons):
        steps.append(f"retrain {model} with {now}")
    if verdict != "none":
        leading = ranked(found.comparison)
        if leading and leading[0].drifted:
            steps.append(f"show {leading[0].name} of {now}")
    steps.append(f"watch {model} daily" if model else f"watch {now} against {before} daily")
    return tuple(steps)


def save(context: Context, page_text: str, title: str) -> str:
    """Keep the page under .opsmith/reports; its project-relative name."""
    name = hashlib.sha256(title.encode()).hexdigest()[:12]
    path = context.home / "reports" / f"drift-{name}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page_text, encoding="utf-8")
    return path.relative_to(context.project).as_posix()


def page(found: Check, title: str, data: Mapping[str, Any]) -> str:
    """The whole report as one HTML page without scripts or outside files."""
    template = Template((Path(__file__).parent.parent / "templates" / "drift_report.html").read_text(encoding="utf-8"))
    c = found.comparison
    pictures = []
    for x in ranked(c)[:12]:
        if c is not None and x.part != "outside" and (x.drifted or x is ranked(c)[0]):
            pictures.append(_picture(c, x))
    reasons = "".join(
        f'<li class="{r.verdict}">{html.escape(r.text)}</li>' for r in found.judgement.reasons if r.verdict != "none"
    )
    facts = [f"{c.rows[0]:,} rows against {c.rows[1]:,} rows"] if c is not None else []
    if c is not None and c.separation is not None:
        s = c.separation
        facts.append(f"domain classifier: area {s.auc:.3f} ({s.low:.3f} to {s.high:.3f})")
    if found.outcomes.estimated:
        facts.append(f"performance is estimated, {ASSUMPTION}")
    facts += list(found.notes)
    return template.substitute(
        title=html.escape(title), verdict=found.judgement.verdict, cause=html.escape(found.judgement.cause),
        advice=html.escape(found.judgement.advice), reasons=reasons,
        facts="".join(f"<li>{html.escape(f)}</li>" for f in facts),
        timeline="".join(drift_svg.lines(chart.title, chart.x, chart.series) for chart in charts(found)),
        pictures="".join(pictures),
        tables="".join(html_table(t) for t in (*tables(found, Question()), _all_columns(found))),
    )  # fmt: skip


def _picture(c: Comparison, x: ColumnDrift) -> str:
    before, now = c.before.columns[x.name], c.now.columns[x.name]
    plan = next(p for p in c.plans if p.name == x.name)
    if before.bins and x.role == "number":
        drawing = drift_svg.histogram(plan.edges, before.bins, now.bins)
    else:
        counted = (before.terms, now.terms) if x.role == "text" else (before.levels, now.levels)
        drawing = drift_svg.bars(
            counted[0], counted[1], (before.documents, now.documents) if x.role == "text" else None
        )
    return f"<figure><figcaption>{html.escape(x.sentence())}</figcaption>{drawing}</figure>"


def _all_columns(found: Check) -> Table:
    rows = tuple(
        (c.name, c.role, c.size, round(c.psi, 3), round(c.effect, 4), f"{c.p_adjusted:.1g}", c.test, c.note)
        for c in ranked(found.comparison)
    )
    return Table("All columns", ("column", "kind", "moved", "psi", "effect", "p (corrected)", "test", "note"), rows)


def html_table(table: Table) -> str:
    """A table with its title as HTML; nothing when it has no rows."""
    head = "".join(f"<th>{html.escape(str(c))}</th>" for c in table.columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(v))}</td>" for v in row) + "</tr>" for row in table.rows)
    if not table.rows:
        return ""
    return f"<h2>{html.escape(table.title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
