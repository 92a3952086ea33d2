"""Score a file with a registered model: the schema checked first, the predictions written only after a yes."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from opsmith.tools.contract import Context, Finding, Result, Table, ToolError, tool


@tool(
    intent="predict",
    examples=(
        "score may.csv with churn_model",
        "predict with delay_reg on new.csv into out.csv",
        "show 3 predictions, no file",
    ),
)
def predict(
    model: str,
    dataset: str,
    version: int | str | None = None,
    threshold: float | str | None = None,
    output: str | None = None,
    columns: list[str] = [],  # noqa: B006
    n: int | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Predict for every row of a file and propose to write the result beside the inputs.

    model, version: from the registry (default: champion). dataset: rows to score. threshold: probability from which the
    positive class is said (0.5), as 0.7 or 70%. output: file to write (.csv or .parquet). columns: input columns to keep
    in it. n: show so many rows. dry_run: show, write nothing.
    """
    import numpy as np

    from opsmith.tools.compute.comparison import card_plan
    from opsmith.tools.compute.training import inputs_of
    from opsmith.tools.data import propose, registry
    from opsmith.tools.data.table import open_table

    card = registry.get(context.project, model, version)
    limit = _probability(threshold)
    table = open_table(context, dataset)
    try:
        if not table.rows:
            raise ToolError(f"{dataset} has no rows to score.")
        found = _check(card, table)
        frame = table.pandas()
    finally:
        table.close()
    pipeline = registry.load(card)
    context.progress(0.4, f"scoring {len(frame):,} rows")
    x = inputs_of(frame, card_plan(card))
    said = np.asarray(pipeline.predict(x))
    made = frame[[table.column(c).name for c in columns]].copy() if columns else frame.copy()
    classes = list(getattr(pipeline, "classes_", []))
    if len(classes) == 2 and hasattr(pipeline, "predict_proba"):
        score = np.asarray(pipeline.predict_proba(x))[:, 1]
        said = np.where(score >= (limit if limit is not None else 0.5), classes[1], classes[0])
        made["score"] = np.round(score, 6)
    elif limit is not None:
        raise ToolError(
            f"{card.name} predicts {'quantities' if card.task == 'regression' else 'more than two classes'}, "
            "so a threshold does not apply."
        )
    made["prediction"] = said
    made["model_version"] = f"{card.name} v{card.version}"
    first = made.head(n or 5)
    shown = Table(
        f"First {len(first)} predictions",
        tuple(map(str, first.columns)),
        tuple(tuple(_cell(v) for v in row) for row in first.to_numpy(object)),
        raw=True,
    )
    summary = _summary(said, card, classes)
    headline = f"{card.name} version {card.version} on {table.name}: {len(made):,} predictions; {summary}."
    data = {"model": card.name, "version": card.version, "rows": len(made), "threshold": limit, "summary": summary}
    if dry_run:
        return Result(headline, data, found, (shown,))
    target = output or _default_output(table.name)
    part = propose.new_scratch_file(context, PurePosixPath(target).suffix or ".csv")
    _write(made, part, bool(context.settings.get("spreadsheet_safe", True)))
    counts = Table(
        "Predictions",
        ("what", "value"),
        (("rows", len(made)), ("model", f"{card.name} v{card.version}"), ("result", summary)),
    )
    action = propose.write(context, staged={target: part}, tables=(counts, shown), kind="save_predictions")
    return Result(headline, data, found, (shown,), actions=(action,))


def _check(card: Any, table: Any) -> tuple[Finding, ...]:
    """ToolError when inputs are missing or of another kind; findings for levels and ranges that were never seen."""
    there = {c.name: c for c in table.columns}
    missing = [s["column"] for s in card.signature if s["column"] not in there]
    if missing:
        raise ToolError(
            f"{table.name} lacks {', '.join(missing[:6])}, which {card.name} version {card.version} was trained with. "
            f"It has: {', '.join(list(there)[:8])}."
        )
    found = []
    for entry in card.signature:
        column = there[entry["column"]]
        if entry["kind"] == "number" and column.kind == "text":
            raise ToolError(
                f"{column.name} holds text in {table.name}, but {card.name} expects numbers there. Clean it first."
            )
        if entry.get("levels") and len(entry["levels"]) < 200:
            from opsmith.tools.data.aggregates import top_values

            unseen = [str(v) for v, _ in top_values(table, column.name, 200) if str(v) not in entry["levels"]]
            if unseen:
                found.append(
                    Finding(
                        "unseen",
                        "warning",
                        f"{column.name} has values the model never saw: {', '.join(unseen[:4])}.",
                        (column.name,),
                    )
                )
    return tuple(found)


def _probability(threshold: float | str | None) -> float | None:
    if threshold is None:
        return None
    text = str(threshold).strip()
    try:
        value = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise ToolError(f"{threshold!r} is no probability; use 0.7 or 70%.") from None
    if not 0 <= value <= 1:
        raise ToolError(f"A threshold lies between 0 and 1 (0 % and 100 %); {threshold} does not.")
    return value


def _summary(said: Any, card: Any, classes: list[Any]) -> str:
    import numpy as np

    if card.task == "regression":
        return f"mean {float(np.mean(said)):.4g}, from {float(np.min(said)):.4g} to {float(np.max(said)):.4g}"
    values, counts = np.unique(said.astype(str), return_counts=True)
    order = np.argsort(-counts)[:4]
    return ", ".join(f"{values[i]}: {counts[i]:,} ({counts[i] / len(said):.1%})" for i in order)


def _default_output(name: str) -> str:
    path = PurePosixPath(name.split(":")[0])
    return str(path.with_name(f"{path.name.split('.')[0]}_predictions.csv"))


def _write(made: Any, part: Any, safe: bool) -> None:
    if part.suffix in (".parquet", ".pq"):
        made.to_parquet(part, index=False)
        return
    if part.suffix == ".jsonl":
        made.to_json(part, orient="records", lines=True, force_ascii=False)
        return
    if safe:
        from opsmith.tools.data.spreadsheet import defused

        made = defused(made)
    made.to_csv(part, index=False)


def _cell(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
