"""Propose a recurring check: create, change or disable a monitor, as an exact change of its YAML file."""

from __future__ import annotations

import dataclasses

from opsmith.tools.contract import Action, Context, NeedsAnswer, Result, ToolError, tool
from opsmith.tools.data import monitors, paths, propose, schedules
from opsmith.tools.data.monitors import Monitor

_DEFAULT_THRESHOLDS = {"psi": 0.2, "js": 0.1, "ks": 0.1, "missing": 0.05}
_CHANNELS = {
    "mail": "email",
    "e-mail": "email",
    "console": "terminal",
    "pagerduty": "webhook",
    "pager": "webhook",
    "teams": "webhook",
    "http": "webhook",
    "hook": "webhook",
}
_KINDS = {"create": "create_monitor", "change": "change_monitor", "disable": "disable_monitor"}


@tool(
    intent="monitor",
    examples=(
        "watch churn_model daily and tell me in slack when psi passes 0.2",
        "alert me when the mae of delay_model climbs over 12",
        "check the price model every six hours instead",
        "disable the monitor of churn_model",
        "write the churn monitor as a github actions schedule",
    ),
)
def monitor(
    model: str | None = None,
    reference: str | None = None,
    current: str | None = None,
    dataset: str | None = None,
    metric: str | None = None,
    threshold: float | None = None,
    schedule: str | None = None,
    channel: str | None = None,
    kind: str | None = None,
    auto_retrain: bool | None = None,
    action: str | None = None,
    columns: list[str] = [],  # noqa: B006 - read only; pydantic copies it
    target: str | None = None,
    version: str | None = None,
    output: str | None = None,
    artifacts: list[str] = [],  # noqa: B006
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Set up, change or disable a recurring check of a model or of two tables, with thresholds and alerts.

    model: registered model (or an existing monitor's name). reference, current: tables; without them the model's
    training data and its prediction log. metric: psi, js, ks, auc, f1, accuracy, rmse, mae, ... threshold: alert
    beyond it. schedule: hourly, daily, weekly, monthly, 30m, 6h, or a cron line. channel: terminal, slack, email,
    webhook. artifacts: write it for a scheduler: k8s, airflow, github; or a grafana dashboard.
    kind: data, prediction or performance. auto_retrain: propose retraining on a breach. action: disable.
    """
    folder = context.project
    current = current or dataset
    wanted = (action or "").strip().lower()
    if wanted not in ("", "create", "change", "update", "disable", "enable", "stop", "delete", "resume"):
        raise ToolError(f"{action!r} is nothing a monitor can do. It can be created, changed, disabled or enabled.")
    before = _existing(context, model, reference, current)
    if wanted in ("disable", "stop", "delete"):
        return _disable(context, before, model, dry_run)
    if artifacts:
        return _exported(context, before, artifacts, dry_run)
    if before is None:
        after = _new(context, model, reference, current)
        kind_of_change = "create"
    else:
        after = _moved(context, before, reference, current)
        kind_of_change = "change"
    after = _limits(context, after, metric, threshold, kind, known=before is not None)
    if columns:
        after = dataclasses.replace(after, columns=_columns(context, after, columns))
    if schedule:
        after = dataclasses.replace(after, schedule=schedules.parse(schedule).text)
    if channel:
        after = dataclasses.replace(after, channel=_channel(channel))
    if target:
        after = dataclasses.replace(after, target=target)
    if auto_retrain is not None:
        if auto_retrain and not after.model:
            raise ToolError(
                f"Monitor {after.name} compares two tables, so there is no model to retrain. Name the model."
            )
        after = dataclasses.replace(after, on_breach="propose_retraining" if auto_retrain else "tell")
    if before is not None and wanted in ("enable", "resume"):
        after = dataclasses.replace(after, enabled=True)
    after = monitors.checked(after)
    if before == after:
        return Result(
            f"Monitor {after.name} already is so: {sentence(after)}", data={"monitor": dataclasses.asdict(after)}
        )
    proposal = _proposal(context, kind_of_change, after)
    notes = _warnings(context, after)
    done = "A new monitor" if kind_of_change == "create" else "A change of the monitor"
    return Result(
        f"{done} {after.name} is proposed: {sentence(after)}" + (" " + " ".join(notes) if notes else ""),
        data={"monitor": dataclasses.asdict(after), "path": monitors.file_of(after.name), "folder": folder.name},
        actions=() if dry_run else (proposal,),
        next_steps=("show the status", f"disable the monitor {after.name}"),
    )


def sentence(monitor: Monitor) -> str:
    """What a monitor does, in one sentence."""
    what = f"{monitor.model} " if monitor.model else ""
    tables = f"{monitor.current or 'its prediction log'} against {monitor.reference or 'its training data'}"
    limits = ", ".join(f"{name} {monitors.side(name)} {value:g}" for name, value in monitor.thresholds.items())
    over = f" over {', '.join(monitor.columns)}" if monitor.columns else ""
    then = "proposes retraining and tells" if monitor.on_breach == "propose_retraining" else "tells"
    when = f"{limits}" if limits else "the verdict is act"
    state = "" if monitor.enabled else " It is disabled."
    return (
        f"{what}checked {monitor.schedule} ({', '.join(monitor.checks)}), {tables}{over}; "
        f"{then} by {monitor.channel} when {when}.{state}"
    )


def _existing(context: Context, model: str | None, reference: str | None, current: str | None) -> Monitor | None:
    """The monitor that is meant, None when a new one is; NeedsAnswer when several could be."""
    every = monitors.list_monitors(context.project)
    if model:
        wanted = model.strip().lower()
        exact = [m for m in every if m.name.lower() == wanted]
        fits = exact or [m for m in every if (m.model or "").lower() == wanted]
    elif reference and current:
        names = (_table(context, reference), _table(context, current))
        fits = [m for m in every if (m.reference, m.current) == names]
    elif reference or current:
        return None
    else:
        fits = every
    if len(fits) > 1:
        raise NeedsAnswer("Which monitor is meant?", [m.name for m in fits])
    return fits[0] if fits else None


def _new(context: Context, model: str | None, reference: str | None, current: str | None) -> Monitor:
    if model is None and not (reference and current):
        known = _models(context)
        if len(known) == 1:
            model = known[0]
        elif reference or current:
            given, lacking = (reference, "current") if reference else (current, "reference")
            raise NeedsAnswer(f"What is {given} to be compared with? Name the {lacking} table, or a model.", known)
        else:
            raise NeedsAnswer("What is to be watched: which model, or which two tables?", known)
    checks: tuple[str, ...] = ("data",)
    if model is not None:
        from opsmith.tools.data import registry

        model = registry.get(context.project, model).name
        checks = ("data",) if current else ("data", "prediction", "performance")
    seen = _table(context, current) if current else None
    name = monitors.named(model or f"{seen}")
    taken = {m.name for m in monitors.list_monitors(context.project)}
    number = 2
    while name in taken:
        name, number = f"{monitors.named(model or f'{seen}')}-{number}", number + 1
    return Monitor(name, model, _table(context, reference) if reference else None, seen, checks=checks)


def _moved(context: Context, before: Monitor, reference: str | None, current: str | None) -> Monitor:
    """The monitor with other tables, where they were named."""
    after = before
    if reference:
        after = dataclasses.replace(after, reference=_table(context, reference))
    if current:
        after = dataclasses.replace(after, current=_table(context, current))
    return after


def _limits(
    context: Context, monitor: Monitor, metric: str | None, threshold: float | None, kind: str | None, *, known: bool
) -> Monitor:
    """The monitor with this metric, threshold and kind of check; what was not named stays."""
    thresholds = dict(monitor.thresholds)
    checks = monitor.checks if known else ()
    if metric is None and threshold is not None:
        if len(thresholds) > 1:
            raise NeedsAnswer(f"Which threshold becomes {threshold:g}?", list(thresholds))
        metric = next(iter(thresholds), None) or (
            "psi" if kind in (None, "data", "prediction") else _main(context, monitor)
        )
    if metric is not None:
        metric = monitors.metric_name(metric)
        if threshold is None:
            threshold = thresholds.get(metric, _DEFAULT_THRESHOLDS.get(metric)) or _worse_than_now(
                context, monitor, metric
            )
        if threshold is None:
            raise NeedsAnswer(
                f"From which {metric} on should it alert (when {metric} is {monitors.side(metric)} what)?"
            )
        thresholds[metric] = float(threshold)
        checks = (*checks, "data" if metric in monitors.DISTANCES and kind != "prediction" else kind or "performance")
    if kind is not None:
        if kind.strip().lower() not in monitors.CHECKS:
            raise ToolError(f"{kind!r} is no kind of check. There are data, prediction and performance.")
        checks = (*checks, kind.strip().lower())
    chosen = tuple(c for c in monitors.CHECKS if c in checks) or monitor.checks
    return dataclasses.replace(monitor, thresholds=thresholds, checks=chosen)


def _worse_than_now(context: Context, monitor: Monitor, metric: str) -> float | None:
    """A tenth worse than what the champion scored when it was registered; None when that is not known."""
    if not monitor.model:
        return None
    from opsmith.tools.data import registry

    known = registry.get(context.project, monitor.model).metrics.get(metric)
    value = known.get("value") if isinstance(known, dict) else known
    if not isinstance(value, int | float):
        return None
    return round(value * (0.9 if metric in monitors.HIGHER_IS_BETTER else 1.1), 4)


def _main(context: Context, monitor: Monitor) -> str:
    """The metric by which the model is judged in the registry; NeedsAnswer when there is none."""
    if monitor.model:
        from opsmith.tools.data import registry

        for name in registry.get(context.project, monitor.model).metrics:
            if name in monitors.METRICS:
                return str(name)
    raise NeedsAnswer("Which metric is the threshold for?", ["accuracy", "auc", "f1", "rmse", "mae"])


def _disable(context: Context, before: Monitor | None, model: str | None, dry_run: bool) -> Result:
    if before is None:
        known = [m.name for m in monitors.list_monitors(context.project)]
        told = f" There are: {', '.join(known)}." if known else " There is no monitor yet."
        raise ToolError(f"There is no monitor {'of ' + model if model else 'to disable'}.{told}")
    if not before.enabled:
        return Result(f"Monitor {before.name} is disabled already.", data={"monitor": dataclasses.asdict(before)})
    after = dataclasses.replace(before, enabled=False)
    action = _proposal(context, "disable", after)
    return Result(
        f"Disabling monitor {before.name} is proposed; its file and its history stay.",
        data={"monitor": dataclasses.asdict(after), "path": monitors.file_of(after.name)},
        actions=() if dry_run else (action,),
    )


def _exported(context: Context, monitor: Monitor | None, artifacts: list[str], dry_run: bool) -> Result:
    from opsmith.tools.compute.monitor_exports import exports

    if monitor is None:
        raise ToolError("There is no such monitor yet, so it cannot be written for a scheduler. Create it first.")
    files = exports(monitor, artifacts)
    return Result(
        f"Writing monitor {monitor.name} as {', '.join(files)} is proposed.",
        data={"monitor": dataclasses.asdict(monitor), "paths": list(files)},
        actions=() if dry_run else (propose.write(context, texts=files),),
    )


def _proposal(context: Context, change: str, after: Monitor) -> Action:
    notes = []
    if after.on_breach == "propose_retraining":
        notes.append("A breach proposes retraining, which waits for a yes; promotion always asks again.")
    action = propose.write(
        context, texts={monitors.file_of(after.name): after.as_yaml()}, kind=_KINDS[change],
        provides=(f"monitor:{after.name}",), notes=notes,
    )  # fmt: skip
    summary = f"{change} monitor {after.name}: {sentence(after)}"
    preview = dataclasses.replace(action.preview, summary=summary)
    return dataclasses.replace(action, target=f"monitor:{after.name}", preview=preview)


def _warnings(context: Context, monitor: Monitor) -> list[str]:
    """What the person should know before it runs."""
    told = []
    if monitor.channel == "webhook" and not context.settings.get("alerts.webhook_url"):
        told.append("PagerDuty, Teams and others are reached by their webhook: set alerts.webhook_url.")
    if monitor.channel == "email" and not context.settings.get("alerts.smtp_url"):
        told.append("Mail is not set up yet: set alerts.smtp_url and alerts.email_to.")
    if monitor.channel == "webhook" and not context.settings.get("alerts.webhook_url"):
        told.append("The webhook is not set up yet: set alerts.webhook_url.")
    if monitor.model and not monitor.current:
        from opsmith.tools.data import prediction_log

        if not prediction_log.exists(context.project, monitor.model):
            told.append(
                f"{monitor.model} has no prediction log yet; checks begin when {prediction_log.FOLDER}/ has one."
            )
    return told


def _columns(context: Context, monitor: Monitor, columns: list[str]) -> tuple[str, ...]:
    """The columns by the spelling of the reference table; as given when it cannot be looked at."""
    source = monitor.reference or _trained_on(context, monitor.model)
    if source is None:
        return tuple(columns)
    from opsmith.tools.data.table import open_table

    table = open_table(context, source)
    try:
        return tuple(table.column(c).name for c in columns)
    finally:
        table.close()


def _trained_on(context: Context, model: str | None) -> str | None:
    if model is None:
        return None
    from opsmith.tools.data import registry

    path = registry.get(context.project, model).data.get("path")
    return str(path) if path and (context.project / str(path)).exists() else None


def _table(context: Context, name: str) -> str:
    """Project-relative name of a table, or a pattern such as incoming/*.csv of which the newest file counts."""
    if "*" in name:
        paths.confined(context, name.split("*")[0].rsplit("/", 1)[0] or ".")
        return name.strip()
    return paths.relative(context, paths.find(context, name))


def _channel(text: str) -> str:
    folded = text.strip()
    known = _CHANNELS.get(folded.lower(), folded.lower())
    if known in ("terminal", "slack", "email", "webhook"):
        return known
    if folded.startswith("#") or ("@" in folded and "." in folded):
        return folded  # a Slack channel or a mail address
    raise ToolError(f"{text!r} is no channel. There are terminal, slack, email, webhook, a #channel or a mail address.")


def _models(context: Context) -> list[str]:
    if not (context.project / "models").is_dir():
        return []
    from opsmith.tools.data import registry

    return [card.name for card in registry.list_models(context.project)]
