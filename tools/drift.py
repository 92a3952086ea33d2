"""Compare new data with a reference or with what a model learned from, and say whether that asks for action."""

from __future__ import annotations

from typing import Any

from opsmith.tools.contract import Context, NeedsAnswer, Result, ToolError, tool


@tool(
    intent="drift",
    examples=(
        "has may.csv drifted from train.csv?",
        "psi of summer against spring, humidity only",
        "does the new data differ from what churn_model learned?",
        "was churn_model right? actuals.csv has the truth",
        "compare loans.csv[2018-01-01:2018-12-31] with loans.csv[2019-01-01:]",
    ),
)
def drift(
    reference: str | None = None,
    current: str | None = None,
    model: str | None = None,
    dataset: str | None = None,
    columns: list[str] = [],  # noqa: B006 - read only; pydantic copies it
    exclude: list[str] = [],  # noqa: B006
    target: str | None = None,
    metric: str | None = None,
    threshold: float | None = None,
    kind: str | None = None,
    output: str | None = None,
    version: str | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Tell whether data, predictions or performance have drifted: a verdict, its cause and what to do.

    reference: table before; of a model, what it was trained on. current: table now (or outcomes). dataset: the new
    data when `current` holds outcomes. columns, exclude: what to compare. target: column of outcomes. metric, threshold:
    psi, js, ks, wasserstein, auc, mae, ... and the limit for it. kind: data, prediction or performance.
    output: file for the report (.html or .json). Parts of a table: t.csv[0:1000], t.csv[year=2024], t.csv[2024-01-01:].
    """
    from opsmith.tools.compute.asked_model import AskedModel
    from opsmith.tools.compute.drift_check import Question, check
    from opsmith.tools.compute.drift_windows import open_window
    from opsmith.tools.data import monitors
    from opsmith.tools.data.table import Table

    if kind is not None and kind.strip().lower() not in monitors.CHECKS:
        raise ToolError(f"{kind!r} is no kind of drift. There are data, prediction and performance.")
    kind = kind.strip().lower() if kind else None
    metric = monitors.metric_name(metric) if metric else None
    if kind is None and metric is not None and metric not in monitors.DISTANCES:
        kind = "performance"
    asked = AskedModel(_card(context, model, version)) if model else None
    opened: list[Table] = []
    try:
        if current is None and dataset is not None:
            current, dataset = dataset, None
        if current is None:
            now = _logged(context, asked, reference)
        else:
            now = open_window(context, dataset or current)
        opened.append(now.table)
        actual = None
        if dataset is not None and current is not None and dataset != current:
            actual = open_window(context, current).table
            opened.append(actual)
        gone_is_fine = kind == "performance"  # outcomes are judged by themselves
        before_name = reference or (_trained_on(context, asked, gone_is_fine) if asked else None)
        before = open_window(context, before_name) if before_name else None
        if before is not None:
            opened.append(before.table)
        if before is None and kind != "performance":
            raise NeedsAnswer(
                f"What is {now.name} to be compared with? Name a reference table, or the model.", _others(context, now)
            )
        names = (
            [before.table.column(c).name for c in columns] if before else [now.table.column(c).name for c in columns]
        )
        if exclude and before is not None:
            gone = {before.table.column(c).name for c in exclude}
            names = [n for n in (names or before.table.column_names) if n not in gone]
        if target is None and asked is None and before is not None:
            target = _known_target(context, before.table.name)
        wanted = target
        if target and actual is None and kind == "performance":
            estimable = before is not None and target in before.table.column_names
            if not estimable or target in now.table.column_names:  # without outcomes the scores are estimated
                wanted = now.table.column(target).name
        question = Question(
            tuple(names), wanted, metric, threshold, kind,
            psi=float(threshold if threshold and metric in (None, "psi") else context.settings.get("drift.psi", 0.1)),
        )  # fmt: skip
        found = check(context, before, now, question, model=asked, actual=actual)
        return _result(context, found, question, before.name if before else "", now.name, model, output, dry_run)
    finally:
        for table in opened:
            table.close()


def _known_target(context: Context, reference: str) -> str | None:
    """The target of a registered model that was trained on the reference: new data may well lack it."""
    from opsmith.tools.data import registry

    trained = (c for c in registry.list_models(context.project) if c.data.get("path") == reference)
    return next((c.target for c in trained), None)


def _card(context: Context, model: str, version: str | None) -> Any:
    from opsmith.tools.data import registry

    chosen: Any = int(version) if version and version.isdigit() else version
    return registry.get(context.project, model, chosen)


def _trained_on(context: Context, asked: Any, gone_is_fine: bool = False) -> str | None:
    path = asked.trained_on
    if path is None:
        return None
    if not (context.project / path).exists():
        if gone_is_fine:
            return None
        raise ToolError(
            f"{asked.card.name} was trained on {path}, which is not there any more. Name a reference table."
        )
    return str(path)


def _logged(context: Context, asked: Any, reference: str | None) -> Any:
    """The model's prediction log as the current window."""
    from opsmith.tools.compute.drift_plan import Window
    from opsmith.tools.data import paths, prediction_log

    if asked is None:
        known = [t for t in paths.tables(context.project) if t != reference]
        told = f"What is {reference} to be compared with?" if reference else "Which two tables are to be compared?"
        raise NeedsAnswer(f"{told} Name a reference and a current table, or a model and its new data.", known[:8])
    if not prediction_log.exists(context.project, asked.card.name):
        known = [t for t in paths.tables(context.project) if t != asked.trained_on]
        raise NeedsAnswer(
            f"Which new data is {asked.card.name} to be checked on? It has no prediction log yet.", known[:8]
        )
    return Window(prediction_log.open_log(context, asked.card.name))


def _others(context: Context, now: Any) -> list[str]:
    from opsmith.tools.data import paths

    return [t for t in paths.tables(context.project) if t != now.table.name][:8]


def _result(
    context: Context,
    found: Any,
    question: Any,
    before: str,
    now: str,
    model: str | None,
    output: str | None,
    dry_run: bool,
) -> Result:
    from opsmith.tools.compute import drift_report
    from opsmith.tools.contract import Note

    data = drift_report.as_dict(found, question)
    data |= {"reference": before, "current": now, "model": model}
    title = f"{now} against {before}" if before else f"{model or ''} on {now}".strip()
    judgement = found.judgement
    actions: tuple[Any, ...] = ()
    page = drift_report.page(found, title, data)
    path = drift_report.save(context, page, title)
    if output:
        actions = (_report_action(context, output, page, data),)
    note = Note(f"Drift of {title}: {judgement.verdict}. {judgement.cause}", "drift", "drift")
    return Result(
        f"Verdict: {judgement.verdict}. {judgement.cause} {judgement.advice}",
        data=data,
        findings=drift_report.findings(found),
        tables=drift_report.tables(found, question),
        charts=drift_report.charts(found),
        files=(path,),
        actions=() if dry_run else actions,
        next_steps=drift_report.next_steps(found, model, before, now),
        notes=(note,) if judgement.verdict != "none" else (),
    )


def _report_action(context: Context, output: str, page: str, data: dict[str, Any]) -> Any:
    import json

    from opsmith.tools.data import propose

    if output.lower().endswith(".json"):
        return propose.write(
            context, texts={output: json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n"}
        )
    if not output.lower().endswith((".html", ".htm")):
        raise ToolError(f"A drift report can be written as .html or .json, not as {output}.")
    return propose.write(context, texts={output: page})
