"""Score a file or typed values with a registered model; predictions are written only after approval."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from opsmith.tools.contract import Context, Finding, NeedsAnswer, Result, Table, ToolError, tool

EXPLAINED = 200  # rows whose reasons are written into a file
BACKGROUND = 100


@tool(
    intent="predict",
    examples=(
        "score telco_new.csv with churn_model",
        "predict fresh.csv with churn_model, cutoff 0.7, into scored.csv",
        "show 5 predictions of churn_model for new.csv and why",
        "what would churn_model say for tenure=3, Contract=Month-to-month?",
    ),
)
def predict(
    model: str,
    dataset: str | None = None,
    values: dict[str, Any] | str | None = None,
    version: int | str | None = None,
    threshold: float | str | None = None,
    output: str | None = None,
    columns: list[str] = [],  # noqa: B006
    n: int | None = None,
    explain: bool = False,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Predict for every row of a file and propose to write the result; or for values typed as column=value.

    model, version: from the registry (default: champion). dataset: rows to score; or values: fee=80, plan=month.
    threshold: probability from which the positive class is said (by default the model's own, else 0.5), as 0.7 or 70%.
    output: file to write (.csv, .parquet or .jsonl). columns: input columns to keep in it. n: show so many rows.
    explain: say which columns pushed each prediction, and how far. dry_run: show, write nothing.
    """
    from opsmith.tools.compute.scoring import score_rows
    from opsmith.tools.compute.signature import read, renamed, typed, unseen_inside
    from opsmith.tools.data import registry
    from opsmith.tools.data.table import open_table

    card = registry.get(context.project, model, version)
    limit = _probability(threshold)
    if values:
        x, found = typed(card, values)
        pipeline = registry.load(card)
        background, drawn = _background(context, card, x)
        if drawn:
            x, found = _as_usual(card, x, found, background)
        scored = score_rows(card, pipeline, x, limit)
        found = (*found, *unseen_inside(card, pipeline, x))
        return _one(context, card, x, scored, found, background if drawn else None)
    if not dataset:
        raise NeedsAnswer(f"What should {card.name} score: a file, or values such as {_sample(card)}?")
    table = open_table(context, dataset)
    try:
        if not table.rows:
            raise ToolError(f"{dataset} has no rows to score.")
        renamed(card, table.column_names, table.name)
        kept = [table.column(c).name for c in columns]
        frame, shown = table.pandas(), table.name
    finally:
        table.close()
    x, found = read(card, frame, shown)
    pipeline = registry.load(card)
    context.progress(0.4, f"scoring {len(frame):,} rows")
    scored = score_rows(card, pipeline, x, limit)
    found = (*found, *unseen_inside(card, pipeline, x))
    if output and output in (shown, card.data.get("path")):
        raise ToolError(f"{output} holds the inputs; predictions are not written over them. Name another file.")
    made = (frame[kept] if kept else frame).copy()
    if scored.score is not None:
        made["score"] = scored.score.round(6)
    made["prediction"] = scored.said
    if explain:
        made["reasons"] = _reasons(context, scored.value, x, min(len(x), EXPLAINED if not dry_run else n or 5))
    made["model_version"] = f"{card.name} v{card.version}"
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    first = made.head(n or 5)
    cells = tuple(tuple(_cell(v) for v in row) for row in first.to_numpy(object))
    table_shown = Table(f"First {len(first)} predictions", tuple(map(str, first.columns)), cells, raw=True)
    headline = f"{card.name} version {card.version} on {shown}: {len(made):,} predictions; {scored.summary}."
    data = {"model": card.name, "version": card.version, "rows": len(made), "threshold": scored.threshold,
            "summary": scored.summary, "predicted_at": moment}  # fmt: skip
    if dry_run:
        return Result(headline, data, found, (table_shown,))
    action = _writing(context, card, made, output or _default_output(shown), scored, table_shown, moment)
    return Result(headline, data, found, (table_shown,), actions=(action,))


def _writing(context: Context, card: Any, made: Any, target: str, scored: Any, shown: Table, moment: str) -> Any:
    from opsmith.tools.data import propose

    if PurePosixPath(target).suffix not in (".csv", ".parquet", ".pq", ".jsonl"):
        raise ToolError(f"Predictions are written as .csv, .parquet or .jsonl; {target} is none of them.")
    made = made.assign(predicted_at=moment)
    part = propose.new_scratch_file(context, PurePosixPath(target).suffix)
    about = {
        "model": card.name,
        "version": str(card.version),
        "predicted_at": moment,
        "model_sha256": card.file.get("sha256", ""),
    }
    _write(made, part, bool(context.settings.get("spreadsheet_safe", True)), about)
    lines = [
        ("rows", len(made)),
        ("model", f"{card.name} v{card.version}"),
        ("time", moment),
        ("result", scored.summary),
    ]
    if scored.threshold is not None:
        lines.append(("threshold", scored.threshold))
    counts = Table("Predictions", ("what", "value"), tuple(lines))
    return propose.write(context, staged={target: part}, tables=(counts, shown), kind="save_predictions")


def _as_usual(card: Any, x: Any, found: tuple[Finding, ...], background: Any) -> tuple[Any, tuple[Finding, ...]]:
    """What was not typed taken as it usually is in the training data (median, or the commonest value), and told so.

    A gap would say something of its own to the model, which nobody meant.
    """
    absent = next((f.columns for f in found if f.id == "absent"), ())
    usual: dict[str, Any] = {}
    for name in absent:
        known = background[name].dropna()
        if len(known):
            numbers = known.dtype.kind in "fiub"
            usual[name] = float(known.median()) if numbers else known.mode().iloc[0]
    if not usual:
        return x, found
    shown = ", ".join(
        f"{n} {v:.4g}" if isinstance(v, float) else f"{n} {str(v)[:24]}" for n, v in list(usual.items())[:6]
    )
    more = f" and {len(usual) - 6} more" if len(usual) > 6 else ""
    told = f"Not given, so taken as usual in {card.data.get('path')}: {shown}{more}."
    kept = tuple(f for f in found if f.id != "absent")
    return x.assign(**usual)[list(x.columns)], (*kept, Finding("usual", "info", told, tuple(usual)))


def _one(context: Context, card: Any, x: Any, scored: Any, found: tuple[Finding, ...], background: Any) -> Result:
    """The prediction for typed values, always with its reasons where the training data is there to hold it against."""
    from opsmith.tools.compute.explanation import reasons, shapley

    why = ""
    if background is not None:
        parts = shapley(scored.value, x, background, draws=48, seed=context.seed, check=context.check)[0]
        why = reasons(parts, x.iloc[0], 5)
    said = _cell(scored.said[0])
    chance = "" if scored.score is None else f" (probability of {scored.classes[1]}: {scored.score[0]:.3f})"
    reach = card.validation.get("within") if scored.score is None else None
    if reach is not None and isinstance(said, float):
        chance = f" (nine of ten held-out predictions were within {reach:,g} of the outcome)"
    shown = f"{said:.6g}" if isinstance(said, float) else said
    headline = f"{card.name} version {card.version} says {shown}{chance}." + (f" Because of {why}." if why else "")
    data = {"model": card.name, "version": card.version, "prediction": said, "threshold": scored.threshold, "reasons": why,
            "within": reach,
            "score": None if scored.score is None else round(float(scored.score[0]), 6)}  # fmt: skip
    return Result(headline, data, found)


def _background(context: Context, card: Any, x: Any) -> tuple[Any, bool]:
    """Rows of the training data to hold a row against; none where that file is gone."""
    from opsmith.tools.compute.training import inputs_of
    from opsmith.tools.compute.training_run import card_plan
    from opsmith.tools.data.table import open_table

    try:
        table = open_table(context, str(card.data.get("path") or ""))
    except ToolError:
        return x, False
    try:
        if not set(x.columns) <= set(table.column_names):
            return x, False
        return inputs_of(table.pandas(list(x.columns), BACKGROUND, context.seed), card_plan(card)), True
    finally:
        table.close()


def _reasons(context: Context, value: Any, x: Any, most: int) -> list[str]:
    """What pushed each of the first rows away from the average prediction of this table; blank for the rest."""
    from opsmith.tools.compute.explanation import reasons, shapley

    background = x.sample(min(BACKGROUND, len(x)), random_state=context.seed)
    context.progress(0.6, f"explaining {most:,} rows")
    parts = shapley(value, x.iloc[:most], background, seed=context.seed, check=context.check)
    told = [reasons(parts[i], x.iloc[i]) for i in range(most)]
    return [*told, *[""] * (len(x) - most)]


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


def _sample(card: Any) -> str:
    return ", ".join(f"{s['column']}=…" for s in card.signature[:2])


def _default_output(name: str) -> str:
    path = PurePosixPath(name.split(":")[0])
    return str(path.with_name(f"{path.name.split('.')[0]}_predictions.csv"))


def _write(made: Any, part: Any, safe: bool, about: dict[str, str]) -> None:
    """Version and time also in the metadata, where the format has any."""
    if part.suffix in (".parquet", ".pq"):
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pandas(made, preserve_index=False)
        pq.write_table(
            table.replace_schema_metadata(
                {**(table.schema.metadata or {}), **{f"opsmith.{k}": v for k, v in about.items()}}
            ),
            part,
        )
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
