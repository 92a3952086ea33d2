"""Renew a registered model on new data, compare champion and challenger, promote, or roll back."""

from __future__ import annotations

from typing import Any, Literal

from opsmith.tools.contract import Action, Context, Finding, Preview, Result, Table, ToolError, tool

# what a challenger inherits from the champion's recipe, unless the person says otherwise
_INHERITED = (
    "algorithm",
    "parameters",
    "folds",
    "metric",
    "costs",
    "split",
    "why",
    "time_column",
    "group_column",
    "cleaning",
    "features",
)


@tool(
    intent="retrain",
    examples=(
        "retrain churn_model on fresh.csv",
        "compare champion and challenger of churn_model",
        "promote version 3 of churn_model",
        "roll back fraud_gbm to v1",
    ),
)
def retrain(
    model: str,
    dataset: str | None = None,
    action: Literal["compare", "promote", "rollback"] | None = None,
    version: int | None = None,
    algorithm: str | None = None,
    validation: str | None = None,
    stage: str | None = None,
    n: int | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Propose to train a challenger on new data; or compare, promote, roll back.

    model: from the registry. dataset: the new data; without it the model's prediction log with its outcomes. For compare:
    rows with outcomes, by default what both were held against when the challenger was trained. action: compare
    (read-only), promote or rollback (version says to which), none means retrain. n: tune again with so many trials.
    """
    from opsmith.tools.data import registry

    champion = registry.get(context.project, model)
    if action == "compare":
        return _compare(context, champion, validation or dataset, version)
    if action in ("promote", "rollback"):
        return _move(context, champion, action, version, dry_run)
    return _again(context, champion, dataset or _from_log(context, champion), algorithm, n, dry_run)


def _from_log(context: Context, champion: Any) -> str:
    """The prediction log with outcomes as a table under .opsmith/; ToolError when there is none worth training on."""
    from opsmith.tools.data import prediction_log
    from opsmith.tools.data.table import quoted, sha256_of

    if not prediction_log.exists(context.project, champion.name):
        raise ToolError(
            f"Name the new data for {champion.name}, for example: retrain {champion.name} on new.csv. "
            "It has no prediction log to learn from either."
        )
    table = prediction_log.open_log(context, champion.name)
    try:
        inputs = [s["column"] for s in champion.signature if s["column"] in table.column_names]
        chosen = ", ".join([*map(quoted, inputs), f"outcome AS {quoted(champion.target)}", "time AS prediction_time"])
        frame = table.connection.execute(f"SELECT {chosen} FROM data WHERE outcome IS NOT NULL ORDER BY time").df()
        whole = table.rows
    finally:
        table.close()
    if len(frame) < 30:
        raise ToolError(
            f"The prediction log of {champion.name} has {len(frame)} rows with an outcome ({whole:,} predictions); at least 30 "
            "are needed to retrain. Log outcomes, or name a file."
        )
    path = context.home / "cache" / f"{champion.name}-log.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)
    final = path.with_name(f"{champion.name}-log-{sha256_of(path)[:12]}.parquet")
    path.replace(final)
    return final.relative_to(context.project).as_posix()


def _again(
    context: Context, champion: Any, dataset: str, algorithm: str | None, n: int | None, dry_run: bool
) -> Result:
    from opsmith.tools.compute import training_pipeline, training_run, training_steps
    from opsmith.tools.data import registry
    from opsmith.tools.data.table import open_table, sha256_of

    table = open_table(context, dataset)
    try:
        _has_target(table, champion)
        inputs = [c for c in _allowed(champion) if c in table.column_names]
        gone = [s["column"] for s in champion.signature if s["column"] not in table.column_names]
        if not inputs:
            raise ToolError(f"{table.name} has none of the inputs of {champion.name} ({', '.join(gone[:5])}).")
        kept = {k: champion.recipe.get(k) for k in _INHERITED}
        kept["cleaning"] = training_steps.without(str(kept["cleaning"] or ""), gone)
        kept["features"] = _features_left(str(kept["features"] or ""), gone)
        for name in ("time_column", "group_column"):
            if kept[name] and kept[name] not in table.column_names:
                kept |= {"split": None, "why": None, name: None}
        if "prediction_time" in table.column_names and not kept["time_column"]:
            kept |= {"split": "time", "why": "predictions are in order of time", "time_column": "prediction_time"}
        if algorithm:
            used, _ = training_pipeline.stand_in(algorithm)
            kept |= {"algorithm": training_pipeline.known(used, champion.task), "parameters": None}
        arguments: dict[str, Any] = {
            "dataset": table.name, "sha256": sha256_of(table.path) if table.path.is_file() else "", "model": champion.name,
            "target": champion.target, "columns": inputs, "seed": context.seed, "trials": n, **kept,
        }  # fmt: skip
        rows = table.rows
        plan = training_run.plan_for(training_run.frame_of(table, arguments, 20_000), arguments)
    finally:
        table.close()
    number = max(c.version for c in registry.versions(context.project, champion.name)) + 1
    lines = (
        ("new data", f"{table.name}, {rows:,} rows"),
        ("champion", f"version {champion.version}, trained on {champion.data.get('path')}"),
        ("inputs", f"{len(plan.columns)}" + (f"; no longer there: {', '.join(gone)}" if gone else "")),
        ("algorithm", f"{(arguments['algorithm'] or 'the best of several').replace('_', ' ')}"),
        ("validated by", f"{plan.folds}-fold cross-validation, {plan.split}"),
        ("compared", "with the champion on the latest fifth of the new rows, which neither is trained on"),
    )
    headline = (
        f"A challenger of {champion.name} (version {number}) would be trained on {table.name} ({rows:,} rows) and compared "
        f"with version {champion.version}."
    )
    preview = Preview(
        f"retrain {champion.name} on {table.name} as version {number}",
        tables=(Table("Retraining", ("what", "value"), lines),),
        notes=("The champion stays; promotion is asked separately.",),
    )
    given = {k: v for k, v in arguments.items() if v not in (None, [], "", {})}
    proposed = Action("retrain", f"model:{champion.name}", given, preview, True, "medium",
                      (f"models/{champion.name}/{number}",))  # fmt: skip
    found = (
        Finding("vanished", "warning", f"{', '.join(gone)} of {champion.name} is not in {table.name}.", tuple(gone)),
    )
    data = {"model": champion.name, "version": number, "champion": champion.version, "rows": rows, "missing": gone}
    return Result(headline, data, found if gone else (), actions=() if dry_run else (proposed,))


def _features_left(text: str, gone: list[str]) -> str:
    """The feature set without the features that read columns which are no longer there; empty when none is left."""
    from opsmith.tools.compute.features.expression import columns_of
    from opsmith.tools.compute.features.featureset import read_set

    if not text or not gone:
        return text
    read = read_set(text)
    left = read.without([f.name for f in read.features if set(columns_of(f.node)) & set(gone)])
    return left.to_yaml() if left.features else ""


def _allowed(champion: Any) -> list[str]:
    """Columns that a challenger may learn from: those the champion was allowed, also where they told nothing then."""
    used = [str(s["column"]) for s in champion.signature]
    if champion.recipe.get("columns"):
        return used
    barred = {champion.target, *champion.recipe.get("exclude", ())}
    barred |= {champion.recipe.get(k) for k in ("time_column", "group_column")}
    return [*used, *(c for c in champion.data.get("columns", ()) if c not in (*used, *barred))]


def _has_target(table: Any, champion: Any) -> None:
    if champion.target not in table.column_names:
        raise ToolError(
            f"{table.name} has no column {champion.target}, which {champion.name} predicts; without outcomes it cannot be "
            "retrained."
        )


def _compare(context: Context, champion: Any, dataset: str | None, version: int | None) -> Result:
    from opsmith.tools.compute import training_run
    from opsmith.tools.compute.comparison import compare
    from opsmith.tools.data import registry
    from opsmith.tools.data.table import open_table

    others = [c for c in registry.versions(context.project, champion.name) if c.version != champion.version]
    if not others:
        return Result(
            f"{champion.name} has one version only, so there is nothing to compare it with.",
            {"versions": 1},
            next_steps=(f"retrain {champion.name} on new data",),
        )
    named = registry.get(context.project, champion.name, version) if version is not None else None
    if named is not None and named.version == champion.version:
        named = None
    challenger = named or next((c for c in others if "challenger" in c.aliases), others[-1])
    told = challenger.comparison
    if dataset is None and told.get("against") == champion.version and "failed" not in told:
        return _remembered(champion, challenger, told)
    path = dataset or (challenger if challenger.version > champion.version else champion).data.get("path")
    table = open_table(context, str(path))
    try:
        table.column(champion.target)
        recipe = {"target": champion.target, "cleaning": champion.recipe.get("cleaning"), "seed": context.seed}
        frame = training_run.frame_of(table, recipe, 50_000)
    finally:
        table.close()
    result = compare((champion, registry.load(champion)), (challenger, registry.load(challenger)), frame, context.seed)
    seen = [f"v{c.version}" for c in (champion, challenger) if c.data.get("path") == table.name]
    caution = ""
    if seen:
        caution = (
            f" {' and '.join(seen)} saw these rows in training, so this flatters {'it' if len(seen) == 1 else 'both'}."
        )
    headline = (
        f"{result.recommendation} — version {challenger.version} against champion {champion.version} on {table.name}: "
        f"{result.reason}.{caution}"
    )
    return _shown(champion, challenger, result.as_dict(), headline, bool(seen))


def _remembered(champion: Any, challenger: Any, told: dict[str, Any]) -> Result:
    """The comparison made when the challenger was trained, on rows that neither had seen."""
    mind = f" Mind that {told['caution']}." if told.get("caution") else ""
    headline = (
        f"{told['recommendation']} — version {challenger.version} against champion {champion.version} on the "
        f"{told['held_out']} of {challenger.data.get('path')}: {told['reason']}.{mind}"
    )
    return _shown(champion, challenger, dict(told), headline, bool(mind))


def _shown(champion: Any, challenger: Any, told: dict[str, Any], headline: str, seen: bool) -> Result:
    from opsmith.tools.compute.model_history import cells
    from opsmith.tools.data import registry

    metric = told["metric"]
    rows = (
        (f"v{champion.version} champion", round(told["champion"], 4)),
        (f"v{challenger.version} challenger", round(told["challenger"], 4)),
    )
    tables = [Table(f"{metric} on {told['rows']:,} rows", ("version", metric), rows)]
    if told["segments"]:
        parts = tuple(
            (s["column"], s["value"], s["rows"], _rounded(s["champion"]), _rounded(s["challenger"]))
            for s in told["segments"][:8]
        )
        tables.append(Table("By segment", ("column", "value", "rows", "champion", "challenger"), parts))
    changed = registry.difference(champion, challenger)
    if changed:
        versions = ("what", f"v{champion.version}", f"v{challenger.version}")
        tables.append(Table("What changed", versions, cells(changed)))
    found: tuple[Finding, ...] = ()
    if told["worse_segments"]:
        named = ", ".join(told["worse_segments"][:3])
        found = (Finding("worse-segment", "warning", f"The challenger is surely worse where {named}."),)
    good = told["recommendation"] == "promote" and not seen
    steps = (f"promote version {challenger.version} of {champion.name}",) if good else ()
    data = {**told, "versions": [champion.version, challenger.version]}
    return Result(headline, data, found, tables=tuple(tables), next_steps=steps)


def _rounded(value: float) -> float | str:
    return "" if value != value else round(value, 4)


def _move(context: Context, champion: Any, action: str, version: int | None, dry_run: bool) -> Result:
    from opsmith.tools.compute.model_history import cells
    from opsmith.tools.data import registry

    others = [c for c in registry.versions(context.project, champion.name) if c.version != champion.version]
    if version is None and action == "rollback":
        older = [c.version for c in others if c.version < champion.version]
        version = champion.parent if champion.parent in older else max(older, default=None)
    if version is None and action == "promote":
        newest = others[-1].version if others else None
        version = next((c.version for c in others if "challenger" in c.aliases), newest)
    if version is None:
        raise ToolError(
            f"{champion.name} has no other version to {'go back to' if action == 'rollback' else 'promote'}."
        )
    card = registry.get(context.project, champion.name, version)
    if card.version == champion.version:
        return Result(
            f"{champion.name} version {version} is the champion already; nothing to do.", {"version": version}
        )
    headline = f"{champion.name}: the champion would change from version {champion.version} to version {card.version}."
    rows = cells(registry.difference(champion, card))
    told = card.comparison if card.comparison.get("against") == champion.version else {}
    notes = [f"Version {champion.version} stays available."]
    if told.get("reason"):
        notes.insert(0, f"When it was trained: {told['recommendation']}; {told['reason']}.")
    preview = Preview(
        f"{'promote' if action == 'promote' else 'roll back'} {champion.name} to version {card.version}",
        tables=(Table("What changes", ("what", f"v{champion.version}", f"v{card.version}"), rows),),
        notes=tuple(notes),
    )
    arguments = {"model": champion.name, "version": card.version}
    proposed = Action(action, f"model:{champion.name}", arguments, preview, True, "high")
    data = {"model": champion.name, "from": champion.version, "to": card.version}
    return Result(headline, data, actions=() if dry_run else (proposed,))
