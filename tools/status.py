"""Say what there is: tables, models, monitors, deployments, and what waits for approval."""

from __future__ import annotations

from typing import Any, Literal

from opsmith.tools.contract import Context, Result, Table, tool
from opsmith.tools.data import paths

Part = Literal["datasets", "models", "monitors", "pending", "deployments", "journal"]


@tool(
    intent="status",
    examples=("what tables are there?", "list my models", "what is waiting for approval?", "which monitors run?"),
    conversational=True,
)
def status(part: Part | None = None, model: str | None = None, *, context: Context) -> Result:
    """List data sets, models with versions, monitors, deployments, and what waits.

    part: one of datasets, models, monitors, pending, deployments, journal; all of them when not given.
    model: one model to list with all its versions.
    """
    parts = {
        "datasets": _datasets,
        "models": lambda c: _models(c, model),
        "monitors": _monitors,
        "deployments": _deployments,
        "pending": _pending,
    }
    if part == "journal":
        parts = {"journal": _journal}
    chosen = {"models": parts["models"]} if model else {part: parts[part]} if part in parts else parts
    tables = [look(context) for look in chosen.values()]
    told = [f"{len(t.rows)} {t.title.lower()}" for t in tables]
    data = {t.title.lower(): [dict(zip(t.columns, row, strict=True)) for row in t.rows] for t in tables}
    return Result("This project has " + ", ".join(told) + ".", data, tables=tuple(t for t in tables if t.rows))


def _datasets(context: Context) -> Table:
    names = paths.tables(context.project)
    rows = tuple((n, f"{(context.project / n).stat().st_size / 1e6:.2f} MB") for n in names)
    return Table("Tables", ("file", "size"), rows)


def _models(context: Context, only: str | None) -> Table:
    columns = ("name", "version", "target", "trained on", "metrics", "aliases")
    if not (context.project / "models").is_dir():
        return Table("Models", columns, ())
    from opsmith.tools.data import registry

    cards = registry.versions(context.project, only) if only else registry.list_models(context.project)
    return Table("Models", columns, tuple(_model_row(c) for c in cards))


def _model_row(card: Any) -> tuple[Any, ...]:
    metrics = {n: m["value"] if isinstance(m, dict) else m for n, m in dict(card.metrics).items()}
    text = ", ".join(f"{n} {v:.4g}" if isinstance(v, float) else f"{n} {v}" for n, v in metrics.items())
    return (card.name, card.version, card.target, card.data.get("path", ""), text, ", ".join(card.aliases))


def _monitors(context: Context) -> Table:
    columns = ("name", "what", "schedule", "metric", "threshold", "enabled")
    if not (context.project / "monitors").is_dir():
        return Table("Monitors", columns, ())
    from opsmith.tools.data.monitors import list_monitors

    rows = []
    for m in list_monitors(context.project):
        what = m.model or f"{m.reference} vs {m.current}"
        rows.append(
            (
                m.name,
                what,
                m.schedule,
                getattr(m, "metric", ""),
                getattr(m, "threshold", ""),
                getattr(m, "enabled", True),
            )
        )
    return Table("Monitors", columns, tuple(rows))


def _deployments(context: Context) -> Table:
    folders = sorted(p.name for p in (context.project / "deploy").glob("*") if p.is_dir())
    return Table("Deployments", ("folder",), tuple((f"deploy/{name}",) for name in folders))


def _pending(context: Context) -> Table:
    waiting = context.services.pending() if context.services else []
    return Table(
        "Waiting approvals",
        ("id", "what", "since"),
        tuple((p["id"], p["summary"], p["proposed_at"][:16]) for p in waiting),
    )


def _journal(context: Context) -> Table:
    done = context.services.journal(20) if context.services else []
    rows = tuple((e["started"][:16], e["state"], e["kind"], e["target"], e["message"] or "") for e in done)
    return Table("Journal", ("when", "state", "kind", "target", "what happened"), rows)
