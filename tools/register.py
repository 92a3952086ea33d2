"""Look at a model file from elsewhere and propose to take it into the registry; nothing of it is loaded before the yes."""

from __future__ import annotations

from typing import Any

from opsmith.tools.contract import Action, Context, Finding, NeedsAnswer, Preview, Result, Table, tool


@tool(
    intent="train",
    examples=(
        "register price.onnx as price_model for price on flats.csv",
        "import the model churn.skops for Churn, measured on telco.csv",
        "take old_model.pkl into the registry",
    ),
)
def register(
    file: str,
    target: str | None = None,
    dataset: str | None = None,
    model: str | None = None,
    columns: list[str] = [],  # noqa: B006
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Propose to register a finished model file: skops or ONNX, or a pickle after a warning that names its risk.

    file: .skops, .onnx, .pkl or .joblib. target: what it predicts. dataset: a table with the target, from which the inputs
    are described and on which it is measured. model: its name. columns: its inputs in order, where the file does not name
    them. A pickle that was handed over in a chat is never loaded. dry_run: only say what would be done.
    """
    from opsmith.tools.data import model_files, registry
    from opsmith.tools.data.table import open_table, sha256_of
    from opsmith.tools.train import default_name

    path, kind = model_files.found(context, file)
    shown = path.relative_to(context.project.resolve()).as_posix()
    if not dataset:
        raise NeedsAnswer(f"On which table with known outcomes should {shown} be measured?")
    table = open_table(context, dataset)
    try:
        if not target:
            raise NeedsAnswer(f"Which column of {table.name} does {shown} predict?", tuple(table.column_names[:8]))
        arguments: dict[str, Any] = {
            "file": shown, "sha256": sha256_of(path), "dataset": table.name, "target": table.column(target).name,
            "model": registry.check_name(model or default_name(target)), "columns": [table.column(c).name for c in columns],
        }  # fmt: skip
        rows = table.rows
    finally:
        table.close()
    name = arguments["model"]
    number = max((c.version for c in registry.versions(context.project, name)), default=0) + 1
    lines = (("file", f"{shown}, {path.stat().st_size / 1e3:,.0f} kB, {kind}"), ("sha256", arguments["sha256"]),
             ("predicts", arguments["target"]), ("measured on", f"{table.name}, {rows:,} rows"))  # fmt: skip
    notes = [f"Writes models/{name}/{number}/. A version that is not the first waits for a promotion."]
    found: tuple[Finding, ...] = ()
    if kind == "pickle":
        found = (Finding("pickle", "critical", f"{shown} is a pickle. {model_files.RISK}"),)
        notes = [
            f"WARNING. {model_files.RISK}",
            "After your yes it is read once, in a process of its own that looks up model classes only, and kept as skops.",
            *notes,
        ]
    headline = f"{shown} ({kind}) would become {name} version {number}, measured on {rows:,} rows of {table.name}."
    preview = Preview(
        f"register {shown} as {name} version {number}" + (", loading a pickle, which can run code" if kind == "pickle" else ""),
        tables=(Table("Model file", ("what", "value"), lines),), notes=tuple(notes),
    )  # fmt: skip
    given = {k: v for k, v in arguments.items() if v}
    action = Action("import_model", f"model:{name}", given, preview, True, "high" if kind == "pickle" else "medium",
                    (name, f"models/{name}"))  # fmt: skip
    data = {"model": name, "version": number, "format": kind, "sha256": arguments["sha256"]}
    return Result(headline, data, found, actions=() if dry_run else (action,))
