"""Renew a registered model on new data, compare champion and challenger, promote, or roll back."""

from __future__ import annotations

from typing import Any, Literal

from opsmith.tools.contract import Action, Context, Preview, Result, Table, ToolError, tool


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
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Propose to train a challenger on new data; or compare, promote, roll back.

    model: from the registry. dataset: the new data (for compare: rows with outcomes, by default what the newest version
    was trained on). action: compare (read-only), promote or rollback (version says to which), none means retrain.
    """
    from opsmith.tools.data import registry

    champion = registry.get(context.project, model)
    if action == "compare":
        return _compare(context, champion, validation or dataset)
    if action in ("promote", "rollback"):
        return _move(context, champion, action, version, dry_run)
    if not dataset:
        raise ToolError(f"Name the new data for {model}, for example: retrain {model} on new.csv.")
    return _again(context, champion, dataset, algorithm, dry_run)


def _again(context: Context, champion: Any, dataset: str, algorithm: str | None, dry_run: bool) -> Result:
    from opsmith.tools.compute import training_run
    from opsmith.tools.data import registry
    from opsmith.tools.data.table import open_table, sha256_of

    table = open_table(context, dataset)
    try:
        if champion.target not in table.column_names:
            raise ToolError(
                f"{table.name} has no column {champion.target}, which {champion.name} predicts; without outcomes it cannot be retrained."
            )
        inputs = [s["column"] for s in champion.signature if s["column"] in table.column_names]
        gone = [s["column"] for s in champion.signature if s["column"] not in table.column_names]
        if not inputs:
            raise ToolError(f"{table.name} has none of the inputs of {champion.name} ({', '.join(gone[:5])}).")
        arguments: dict[str, Any] = {
            "dataset": table.name, "sha256": sha256_of(table.path) if table.path.is_file() else "", "target": champion.target, "model": champion.name,
            "columns": inputs, "algorithm": algorithm or champion.recipe.get("algorithm"), "seed": context.seed,
            "folds": champion.recipe.get("folds"), "time_column": champion.recipe.get("time_column"),
        }  # fmt: skip
        rows = table.rows
        plan = training_run.plan_for(table.pandas(sample=20_000, seed=context.seed), arguments)
    finally:
        table.close()
    number = max(c.version for c in registry.versions(context.project, champion.name)) + 1
    lines = (("new data", f"{table.name}, {rows:,} rows"), ("champion", f"version {champion.version}, trained on {champion.data.get('path')}"),
             ("inputs", f"{len(plan.inputs)}" + (f"; no longer there: {', '.join(gone)}" if gone else "")), ("algorithm", arguments["algorithm"] or "as before"))  # fmt: skip
    headline = f"A challenger of {champion.name} (version {number}) would be trained on {table.name} ({rows:,} rows) and compared with version {champion.version}."
    preview = Preview(f"retrain {champion.name} on {table.name} as version {number}", tables=(Table("Retraining", ("what", "value"), lines),),
                      notes=("The champion stays; promotion is asked separately.",))  # fmt: skip
    proposed = Action(
        "retrain",
        f"model:{champion.name}",
        {k: v for k, v in arguments.items() if v not in (None, [])},
        preview,
        True,
        "medium",
        (f"models/{champion.name}/{number}",),
    )
    data = {"model": champion.name, "version": number, "champion": champion.version, "rows": rows}
    return Result(headline, data, actions=() if dry_run else (proposed,))


def _compare(context: Context, champion: Any, dataset: str | None) -> Result:
    from opsmith.tools.compute.comparison import compare
    from opsmith.tools.data import registry
    from opsmith.tools.data.table import open_table

    every = registry.versions(context.project, champion.name)
    others = [c for c in every if c.version != champion.version]
    if not others:
        return Result(
            f"{champion.name} has one version only, so there is nothing to compare it with.",
            {"versions": 1},
            next_steps=(f"retrain {champion.name} on new data",),
        )
    challenger = next((c for c in others if "challenger" in c.aliases), others[-1])
    path = dataset or (challenger if challenger.version > champion.version else champion).data.get("path")
    table = open_table(context, str(path))
    try:
        table.column(champion.target)
        frame = table.pandas(sample=50_000, seed=context.seed)
    finally:
        table.close()
    result = compare((champion, registry.load(champion)), (challenger, registry.load(challenger)), frame, context.seed)
    seen = [f"v{c.version}" for c in (champion, challenger) if c.data.get("path") == table.name]
    caution = (
        f" {' and '.join(seen)} saw these rows in training, so this flatters {'it' if len(seen) == 1 else 'both'}."
        if seen
        else ""
    )
    headline = f"{result.recommendation} — version {challenger.version} against champion {champion.version} on {table.name}: {result.reason}.{caution}"
    rows = (
        (f"v{champion.version} champion", result.champion),
        (f"v{challenger.version} challenger", result.challenger),
    )
    tables = [Table(f"{result.metric} on {result.rows:,} rows", ("version", result.metric), rows)]
    changed = registry.difference(champion, challenger)
    if changed:
        tables.append(
            Table(
                "What changed",
                ("what", f"v{champion.version}", f"v{challenger.version}"),
                tuple((a, str(b), str(c)) for a, b, c in changed),
            )
        )
    steps = (
        (f"promote version {challenger.version} of {champion.name}",)
        if result.recommendation == "promote" and not seen
        else ()
    )
    return Result(headline, result.as_dict(), tables=tuple(tables), next_steps=steps)


def _move(context: Context, champion: Any, action: str, version: int | None, dry_run: bool) -> Result:
    from opsmith.tools.data import registry

    every = registry.versions(context.project, champion.name)
    others = [c for c in every if c.version != champion.version]
    if version is None and action == "rollback":
        older = [c for c in others if c.version < champion.version]
        version = (
            (next((c.version for c in older if c.version == champion.parent), None) or older[-1].version)
            if older
            else None
        )
    if version is None and action == "promote":
        version = next((c.version for c in others if "challenger" in c.aliases), others[-1].version if others else None)
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
    rows = tuple((str(a), str(b), str(c)) for a, b, c in registry.difference(champion, card))
    preview = Preview(f"{'promote' if action == 'promote' else 'roll back'} {champion.name} to version {card.version}",
                      tables=(Table("What changes", ("what", f"v{champion.version}", f"v{card.version}"), rows),), notes=("Version "f"{champion.version} stays available.",))  # fmt: skip
    proposed = Action(
        action, f"model:{champion.name}", {"model": champion.name, "version": card.version}, preview, True, "high"
    )
    return Result(
        headline,
        {"model": champion.name, "from": champion.version, "to": card.version},
        actions=() if dry_run else (proposed,),
    )
