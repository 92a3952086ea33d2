"""Fit a deployment's sizes and autoscaling again to its real traffic, and propose what differs by more than a tenth."""

from __future__ import annotations

from typing import Any

from opsmith.tools.contract import Context, Finding, NeedsAnswer, Result, Table, ToolError, tool


@tool(
    intent="deploy",
    examples=(
        "re-fit the autoscaling of churn_model from its prediction log",
        "resize churn_model from prometheus.json",
        "are the replicas of churn_model still right?",
    ),
    reads=("files",),
)
def resize(
    model: str | None = None,
    version: int | str | None = None,
    dataset: str | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Propose other CPU, memory, replicas and autoscaling for a deployed model, from what it really got.

    model, version: from the registry. dataset: a Prometheus export (the JSON answer of query_range); the model's
    prediction log when not given. dry_run: show, propose no change. Needs the measurement that `build` left. What a
    person asked for stays as asked.
    """
    from opsmith.tools.compute.deployment import record, redraft, refit, sizing
    from opsmith.tools.compute.deployment.names import deployment_name
    from opsmith.tools.compute.deployment.plan import make_plan

    card = _card(context, model, version)
    place = f"deploy/{deployment_name(card.name)}"
    before = record.read(context.project / place)
    if before is None:
        raise ToolError(f"{card.name} has no deployment in {place}. Deploy it first, then its sizes can be fitted.")
    proof = sizing.measured(context.project, card.name, card.version)
    known = record.sizing_of(before, card.version, proof)
    if known is None:
        raise ToolError(
            f"{card.name} version {card.version} was never measured, so nothing tells what a request costs. "
            f"Build the container of {card.name} first."
        )
    context.progress(0.2, "reading the traffic")
    seen = _traffic(context, card.name, dataset)
    plan = make_plan(card.name, card.version, before.asked, tuple(before.kinds), known)
    sized = refit.fitted(seen, known, plan.environment == "edge")
    now = {"cpu": plan.cpu, "memory": plan.memory, "memory_limit": plan.memory_limit, "replicas": plan.min_replicas,
           "max_replicas": plan.max_replicas, "concurrency": known.get("concurrency"), "max_queue": plan.max_queue}  # fmt: skip
    told = refit.changes(now, sized)
    held = _asked_for(before.asked)
    worth = tuple(c for c in told if c.worth and c.name not in held)
    rows = tuple((c.name, c.now, c.fitted, f"{c.share:+.0%}", _verdict(c, held)) for c in told)
    shown = Table("Sizes", ("what", "now", "fitted", "change", ""), rows)
    formulas = Table(
        "How", ("value", "formula and inputs", "result"), tuple((f.name, f.formula, f.value) for f in sized.formulas)
    )
    hours = seen.minutes / 60
    basis = (
        f"{seen.source}: {seen.requests:,.0f} requests in {hours:,.1f} hours, {seen.mean_rate:.2f}/s on average and "
        f"{seen.peak_rate:.2f}/s at the peak"
    )
    data: dict[str, Any] = {
        "model": card.name, "version": card.version, "folder": place, "traffic": vars(seen),
        "sizes": [{"name": c.name, "now": c.now, "fitted": c.fitted, "share": c.share} for c in told],
        "changes": [c.name for c in worth],
    }  # fmt: skip
    if not worth:
        return Result(f"The sizes of {card.name} still fit: nothing differs by more than a tenth. {basis}.", data,
                      _findings(told, held), (shown, formulas))  # fmt: skip
    actions = () if dry_run else redraft.changed(context, card, place, {}, refit.applied(known, sized, worth, seen))
    said = ", ".join(f"{c.name} {c.now} → {c.fitted}" for c in worth)
    return Result(f"{card.name} should be sized otherwise: {said}. {basis}.", data, _findings(told, held), (shown, formulas),
                  actions=actions)  # fmt: skip


def _card(context: Context, model: str | None, version: int | str | None) -> Any:
    from opsmith.tools.data import registry

    if model is None:
        known = registry.list_models(context.project)
        if len(known) != 1:
            question = "Which model's deployment?" if known else "There is no trained model yet. Train one first?"
            raise NeedsAnswer(question, [c.name for c in known])
        model = known[0].name
    return registry.get(context.project, model, version)


def _traffic(context: Context, model: str, dataset: str | None) -> Any:
    """From the named export, else from the prediction log."""
    from opsmith.tools.compute.deployment import traffic
    from opsmith.tools.data import paths, prediction_log

    if dataset is not None:
        path = paths.confined(context, dataset)
        if not path.is_file():
            raise ToolError(f"There is no file {dataset}. {traffic.HOW}.")
        return traffic.of_prometheus(paths.relative(context, path), path.read_text(encoding="utf-8", errors="replace"))
    table = prediction_log.open_log(context, model)
    try:
        # Rows of one request share its id and end in -NUMBER; a request counts once.
        counts = table.sql(
            "SELECT minute, count(*) FROM (SELECT DISTINCT time, regexp_replace(request_id, '-[0-9]+$', '') AS request, "
            "CAST(floor(epoch(time) / 60) AS BIGINT) AS minute FROM data WHERE time IS NOT NULL) GROUP BY minute"
        )
    finally:
        table.close()
    return traffic.of_counts(f"prediction_log/{model}", {int(m): float(n) for m, n in counts})


def _asked_for(asked: Any) -> dict[str, str]:
    """Size -> what a person asked for, which stays."""
    held: dict[str, str] = {}
    for setting, sizes in (("cpu", ("cpu",)), ("memory", ("memory", "memory_limit")), ("replicas", ("replicas",)),
                           ("min_replicas", ("replicas",)), ("max_replicas", ("max_replicas",))):  # fmt: skip
        if asked.get(setting) is not None:
            held |= dict.fromkeys(sizes, f"{setting} {asked[setting]}")
    return held


def _verdict(change: Any, held: dict[str, str]) -> str:
    if not change.worth:
        return "stays: a tenth or less"
    return f"stays: you asked for {held[change.name]}" if change.name in held else "proposed"


def _findings(told: Any, held: dict[str, str]) -> tuple[Finding, ...]:
    return tuple(
        Finding(f"asked-{c.name}", "info", f"{c.name} stays {c.now}, as asked for; the traffic fits {c.fitted}.",
                fix=f"use {c.fitted} for {c.name}")
        for c in told if c.worth and c.name in held
    )  # fmt: skip
