"""What a feature set writes once approved: the enriched copy, the set, the fitted transformer and the readable module."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from opsmith.tools.compute.features import related
from opsmith.tools.compute.features.expression import columns_of, learns, looks_back, parse
from opsmith.tools.compute.features.featureset import FeatureSet
from opsmith.tools.compute.features.module import module_text
from opsmith.tools.compute.features.plain_sklearn import as_sklearn
from opsmith.tools.compute.features.related import Aggregate
from opsmith.tools.compute.features.transformer import FeatureTransformer, save
from opsmith.tools.compute.recipe import stem
from opsmith.tools.compute.recipe_output import default_output, ending_of, write_table
from opsmith.tools.compute.recipe_run import BATCH_ROWS, Stage, stage_rows
from opsmith.tools.contract import Action, Context, ToolError
from opsmith.tools.contract import Table as Shown
from opsmith.tools.data import paths, propose
from opsmith.tools.data.table import Table, quoted

MOST_FITTED = 400_000  # rows that a transformer is fitted on; more are drawn by the seed


def output_name(context: Context, table: Table, output: str | None) -> str:
    """Where the enriched copy goes: as named, else NAME_features.EXT. ToolError when that would be the original."""
    if output:
        ending_of(output.strip().strip("`'\""))
        path = paths.confined(context, output)
        if path == table.path.resolve():
            raise ToolError(f"{table.name} is the original and is never overwritten. Name another output file.")
        return paths.relative(context, path)
    schema = pa.schema([])
    made = PurePosixPath(default_output(str(table.name).rpartition(":")[0] or table.name, schema))
    return (made.parent / made.name.replace("_clean", "_features")).as_posix()


def fitted(context: Context, table: Table, found: FeatureSet) -> tuple[FeatureTransformer, np.ndarray]:
    """The transformer fitted on the table, and the features of every row in file order (cross-fitted where they learn).

    Rows without an outcome are not learned from.
    """
    made = FeatureTransformer(
        [[f.name, f.expression] for f in found.features], dict(found.kinds), found.task, False, context.seed
    )
    needed = list(found.inputs)
    learning = any(learns(f.node) == "target" for f in found.features)
    if learning and found.target not in table.column_names:
        raise ToolError(f"The features learn from {found.target}, which {table.name} does not have.")
    columns = [*needed, *([found.target] if learning and found.target not in needed else [])]
    whole = table.rows <= MOST_FITTED
    frame = related.read(context, table, columns, found.needed, None if whole else MOST_FITTED)
    known = frame[found.target].notna().to_numpy() if learning else np.ones(len(frame), dtype=bool)
    rows = frame[known]
    values = made.fit_transform(rows, rows[found.target] if learning else None).to_numpy(float)
    if whole:
        result = np.empty((len(frame), len(found.features)))
        result[known] = values
        if not known.all():
            result[~known] = made.transform(frame)[~known].to_numpy(float)
        return made, result
    return made, applied(context, table, made, found.needed)


def applied(context: Context, table: Table, made: FeatureTransformer, children: Sequence[Aggregate] = ()) -> np.ndarray:
    """A fitted transformer's features for every row of a table, in file order, a batch at a time where rows stand alone."""
    nodes = [parse(expression) for _, expression in made.features]
    needed = list(dict.fromkeys(c for node in nodes for c in columns_of(node)))
    lacking = [c for c in needed if c not in table.column_names and c not in {a.name for a in children}]
    if lacking:
        raise ToolError(f"{table.name} lacks {', '.join(lacking)}, which the features are computed from.")
    bare = FeatureTransformer(made.features, made.kinds, made.task, False, made.seed)
    bare.fitted_, bare.feature_names_in_ = made.fitted_, made.feature_names_in_
    if children or any(looks_back(node) for node in nodes) or table.rows <= BATCH_ROWS:
        return bare.transform(related.read(context, table, needed, children)).to_numpy(float)
    parts: list[np.ndarray] = []
    reader = table.connection.sql(f"SELECT {', '.join(map(quoted, needed))} FROM data").to_arrow_reader(BATCH_ROWS)
    for batch in reader:
        context.check()
        parts.append(bare.transform(batch.to_pandas()).to_numpy(float))
    return np.concatenate(parts) if parts else np.empty((0, len(made.features)))


def enriched(
    context: Context, table: Table, names: Sequence[str], values: np.ndarray, output: str, drop: Sequence[str] = ()
) -> Path:
    """The table with new columns as a scratch file in the format of `output`."""
    ending = ending_of(output)
    staged, joined = propose.new_scratch_file(context, ".parquet"), propose.new_scratch_file(context, ".parquet")
    limit = str(context.settings.get("memory_limit") or "2GB")
    stages: list[Stage] = []
    try:
        stage_rows(
            table.connection.sql("SELECT * FROM data").to_arrow_reader(BATCH_ROWS),
            staged,
            context.check,
            context.progress,
        )
        stages.append(Stage(staged, limit, context.seed, context.check))
        _join(stages[0], joined, names, values, drop)
        stages.append(Stage(joined, limit, context.seed, context.check))
        target = propose.new_scratch_file(context, ending)
        safe = str(context.settings.get("spreadsheet_safe", True)).lower() not in ("false", "0", "no", "off")
        write_table(stages[1], target, ending, safe=safe)
        return target
    finally:
        for stage in stages:
            stage.close()
        staged.unlink(missing_ok=True)
        joined.unlink(missing_ok=True)


def _join(stage: Stage, target: Path, names: Sequence[str], values: np.ndarray, drop: Sequence[str]) -> None:
    import pyarrow.parquet as pq

    writer: pq.ParquetWriter | None = None
    done = 0
    gone = [c for c in (*drop, *names) if c in stage.schema.names]
    try:
        for batch in stage.batches():
            part = batch.drop_columns(gone) if gone else batch
            for i, name in enumerate(names):
                column = values[done : done + batch.num_rows, i]
                part = part.append_column(name, _column(column))
            done += batch.num_rows
            writer = writer or pq.ParquetWriter(target, part.schema, compression="lz4")
            writer.write_table(part.cast(writer.schema))
    finally:
        if writer:
            writer.close()


def _column(values: np.ndarray) -> pa.Array:
    return pa.array(np.round(values, 10), pa.float64(), from_pandas=True)


def set_files(output: str) -> dict[str, str]:
    """Names of the files beside an enriched copy: the set, the transformer and the module.

    >>> set_files("data/policies_features.csv")["set"]
    'features/policies_features.yaml'
    """
    base = stem(output)
    module = "".join(ch if ch.isalnum() and ch.isascii() else "_" for ch in base)
    return {"set": f"features/{base}.yaml", "transformer": f"features/{base}.skops", "module": f"features/{module}.py"}


def action_for(
    context: Context,
    table: Table,
    found: FeatureSet,
    output: str,
    *,
    drop: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> tuple[Action, dict[str, str]]:
    """The write of all four files, computed now so that the preview is what will be written; and their names."""
    context.progress(None, f"computing {len(found.features)} features for {table.rows:,} rows")
    transformer, values = fitted(context, table, found)
    transformer.keep = True
    names = [f.name for f in found.features]
    copy = enriched(context, table, names, values, output, drop)
    kept = propose.new_scratch_file(context, ".skops")
    save(transformer, kept)
    files = set_files(output)
    staged = {output: copy, files["transformer"]: kept}
    if (plain := as_sklearn(transformer)) is not None:
        files["sklearn"] = files["transformer"].replace(".skops", "_sklearn.skops")
        staged[files["sklearn"]] = propose.new_scratch_file(context, ".skops")
        save(plain, staged[files["sklearn"]])
    about = (
        f"Features to predict {found.target}, made from {table.name}."
        if found.target
        else f"Features made from {table.name}."
    )
    if found.needed:
        listed = "\n".join(f"  {a.name}: {a.meaning}" for a in found.needed)
        about += f"\n\nThe table must have these columns, computed from its child tables:\n{listed}"
    code = module_text([(f.name, f.expression) for f in found.features], transformer.fitted_, about)
    action = propose.write(
        context,
        texts={files["set"]: found.to_yaml(), files["module"]: code},
        staged=staged,
        tables=(first_rows(table, found, values),),
        notes=(f"{table.name} itself is not changed.", *notes),
    )
    return action, files


def first_rows(table: Table, found: FeatureSet, values: np.ndarray) -> Shown:
    """The features of the first rows beside the columns they are made from."""
    read = [c for c in found.inputs if c in table.column_names][:4]
    frame = (
        table.pandas(read).head(5)
        if read and table.rows <= MOST_FITTED
        else pd.DataFrame(index=range(min(5, len(values))))
    )
    rows = []
    for i in range(min(5, len(values))):
        own: list[Any] = [
            None if pd.isna(v) else (v if isinstance(v, (int, float)) else str(v)[:60]) for v in frame.iloc[i].tolist()
        ]
        rows.append((*own, *(None if np.isnan(v) else round(float(v), 4) for v in values[i])))
    return Shown("First rows", (*frame.columns, *(f.name for f in found.features)), tuple(rows), raw=True)


def applied_action(
    context: Context,
    table: Table,
    found: FeatureSet,
    transformer: FeatureTransformer,
    output: str,
    skip: Sequence[str] = (),
    children: Sequence[str] = (),
) -> Action:
    """The write of a copy of another table with the features of a fitted transformer."""
    kept = found.without(skip)
    places = [i for i, (name, _) in enumerate(transformer.features) if name in {f.name for f in kept.features}]
    if [transformer.features[i] for i in places] != [[f.name, f.expression] for f in kept.features]:
        raise ToolError("The feature set was edited after its transformer was fitted. Generate the features again.")
    needed = related.known_files(context, found.needed, children)
    values = applied(context, table, transformer, needed)[:, places]
    copy = enriched(context, table, [f.name for f in kept.features], values, output)
    return propose.write(
        context,
        staged={output: copy},
        tables=(first_rows(table, kept, values),),
        notes=(f"{table.name} itself is not changed.",),
    )
