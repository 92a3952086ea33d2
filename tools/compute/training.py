"""What will be trained: the task, the inputs by kind, and how it is validated. Made by looking only."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    import pandas as pd

MOST_CLASSES = 50
MANY = 20_000  # rows among which a rare class may be there without being a reason to ask; also what a preview looks at
MOST_VALUE = 1e100  # outcomes beyond it cannot be squared
MOST_INPUT = 3e38  # trees count in 32-bit floats


@dataclass(frozen=True)
class Plan:
    """The task, the inputs by kind, and how it is validated.

    split: `time order`, `group`, `stratified random` or `random`; why: the sentence that gives the reason.
    time_column, group_column: what the split follows; neither is an input. recipe, features: YAML of the project's
    cleaning recipe and feature set, which become the first steps of the pipeline; raw: the columns they read.
    """

    task: str
    target: str
    numeric: tuple[str, ...]
    categories: tuple[str, ...]
    texts: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]  # (column, why)
    split: str
    folds: int
    time_column: str | None = None
    group_column: str | None = None
    why: str = ""
    recipe: str = ""
    features: str = ""
    raw: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that the model learns from, after the first steps if there are any."""
        return (*self.numeric, *self.categories, *self.texts)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a row must bring."""
        return self.raw or self.inputs


def plan(
    frame: pd.DataFrame,
    target: str,
    *,
    columns: Sequence[str] = (),
    exclude: Sequence[str] = (),
    folds: int | None = None,
    split: str | None = None,
    time_column: str | None = None,
    group_column: str | None = None,
    why: str = "",
    recipe: str = "",
    features: str = "",
    seed: int = 0,
) -> Plan:
    """Decide task, inputs and validation for a table; `split` and the two columns are found where they are not given.

    why: the reason of a split that was settled before; then nothing is looked for anew.
    Raises ToolError when the target cannot be learnt, or a split is asked for that the table has nothing for.
    """
    from opsmith.tools.compute import training_split, training_steps

    rows = frame[target].dropna()
    if len(rows) < 10:
        raise ToolError(f"{target} has {len(rows)} values; at least 10 rows with a target are needed to train.")
    if rows.nunique() < 2:
        raise ToolError(f"{target} is always {rows.iloc[0]}, so there is nothing to learn.")
    task = task_of(rows)
    rows = _learnable(rows, task)
    task = "binary" if task == "multiclass" and rows.nunique() == 2 else task
    if why:
        chosen = training_split.Choice(str(split), time_column, group_column, why)
    else:
        chosen = training_split.choose(frame, target, split, time_column, group_column)
    wanted = [str(c) for c in (columns or frame.columns) if str(c) != target]
    apart = {chosen.time_column: "the order of time", chosen.group_column: "names the group a row belongs to"}
    given = frame[[c for c in wanted if c not in exclude and c not in apart]]
    raw: tuple[str, ...] = ()
    look = frame
    if recipe or features:
        needed = training_steps.read_by(features)
        raw = tuple(c for c in wanted if c not in exclude and (c not in apart or c in needed))
        recipe = training_steps.without(recipe, {str(c) for c in frame.columns} - set(raw))
        known = frame.dropna(subset=[target])
        made = training_steps.prepared(known[list(raw)], known[target], recipe, features, seed)
        given = made[[c for c in made.columns if c not in exclude and c not in apart and c != target]]
        look = given.assign(**{target: known[target]})
    kinds = [(str(name), *kind_of_input(str(name), given[name])) for name in given.columns]
    left = [(c, "excluded by you") for c in wanted if c in exclude]
    left += [(c, f"{apart[c]}, not an input") for c in wanted if c in apart]
    left += [(name, why) for name, kind, why in kinds if not kind]
    numeric, categories, texts = (tuple(n for n, k, _ in kinds if k == kind) for kind in ("number", "category", "text"))
    if not (numeric or categories or texts):
        raise ToolError(f"No usable input column is left to predict {target}.")
    count = folds or (5 if len(rows) >= 50 else 3)
    if task != "regression" and chosen.split in ("random", "stratified") and len(rows) < MANY:
        count = max(2, min(count, int(rows.value_counts().min())))
    if chosen.split == "group":
        count = max(2, min(count, int(frame.loc[rows.index, chosen.group_column].nunique())))
    if chosen.time_column:
        count = max(1, min(count, training_split.moments(frame.loc[rows.index, chosen.time_column]).nunique() - 1))
    made_plan = Plan(task, target, numeric, categories, texts, tuple(left), "", count, chosen.time_column,
                     chosen.group_column, "", recipe, features, raw)  # fmt: skip
    return training_split.settled(
        look, made_plan, chosen, asked=bool(why or split or time_column or group_column), seed=seed
    )


def _learnable(rows: pd.Series[Any], task: str) -> pd.Series[Any]:
    """The outcomes that a model can be held against; ToolError where too few are left, or they are no finite numbers."""
    if task == "regression":
        wild = ~(rows.astype(float).abs() < MOST_VALUE)
        if wild.any():
            raise ToolError(
                f"{rows.name} is infinite or beyond {MOST_VALUE:g} in {int(wild.sum()):,} rows (such as {rows[wild].iloc[0]}); "
                "leave these rows out, or correct them."
            )
        return rows
    single = singles(rows)
    kept = rows[~rows.isin(single)]
    if single and kept.nunique() < 2 and len(rows) < MANY:
        raise ToolError(
            f"{rows.name} is {single[0]} in one row only, and one row cannot be both learnt from and tested on; without it "
            f"{'one value is' if len(kept) else 'no values are'} left. More rows are needed."
        )
    return rows if kept.nunique() < 2 else kept


def singles(values: pd.Series[Any]) -> list[Any]:
    """The classes that one row alone has: it cannot be both learnt from and tested on, so it is left out."""
    counts = values.value_counts()
    return list(counts.index[counts < 2])


def task_of(values: pd.Series[Any]) -> str:
    """binary, multiclass or regression, by the target's values."""
    import pandas as pd

    distinct = values.nunique()
    if pd.api.types.is_datetime64_any_dtype(values):
        raise ToolError(
            f"{values.name} is a date, which is not predicted as such. Predict a number made of it, such as days until then."
        )
    if distinct == 2:
        return "binary"
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        whole = bool((values == values.round()).all())
        return "multiclass" if whole and distinct <= 10 and len(values) > 20 * distinct else "regression"
    if distinct > MOST_CLASSES:
        raise ToolError(
            f"{values.name} has {distinct} different values that are no numbers; that is too many classes to learn."
        )
    return "multiclass"


def kind_of_input(name: str, values: pd.Series[Any]) -> tuple[str, str]:
    """(number, category or text, "") or ("", why it is left out)."""
    import pandas as pd

    present = values.dropna()
    if pd.api.types.is_float_dtype(present):
        present = present[np.isfinite(present)]
    if present.empty or present.nunique() < 2:
        return "", "one value only"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "", "a date; derive month, weekday or age from it as features"
    if pd.api.types.is_bool_dtype(values):
        return "number", ""
    if pd.api.types.is_numeric_dtype(values):
        if _id_like(name, present):
            return "", "differs in every row and is named like an id"
        return "number", ""
    if pd.to_numeric(present, errors="coerce").notna().mean() > 0.9:
        return "number", ""  # numbers kept as text, a few of them blank
    text = present.astype(str)
    share = text.nunique() / len(text)
    if text.str.len().mean() > 25 and share > 0.2:
        return "text", ""
    if share > 0.9 and len(text) > 30:
        return "", "differs in nearly every row"
    return "category", ""


def _id_like(name: str, values: pd.Series[Any]) -> bool:
    low = name.casefold()
    named = low in ("id", "index", "rownames", "row", "instant") or low.endswith(("_id", " id", "id_"))
    return named and values.nunique() == len(values) and bool((values == values.round()).all())


def inputs_of(frame: pd.DataFrame, made: Plan) -> pd.DataFrame:
    """What the pipeline is given: the raw columns where it begins with the project's own steps, else the inputs shaped,
    in the order that a model from elsewhere takes them."""
    if made.recipe or made.features:
        return frame[list(made.raw)]
    ready = shaped(frame, made.numeric, made.categories, made.texts)
    return ready[list(made.raw)] if made.raw else ready


def shaped(
    frame: pd.DataFrame, numeric: Sequence[str], categories: Sequence[str], texts: Sequence[str]
) -> pd.DataFrame:
    """Numbers as floats (infinite ones as missing), categories as texts or NaN, texts as texts; in this order."""
    import pandas as pd

    made: dict[str, Any] = {}
    for name in numeric:
        numbers = pd.to_numeric(frame[name], errors="coerce").astype(float)
        made[name] = numbers.where(np.isfinite(numbers)).clip(-MOST_INPUT, MOST_INPUT)
    for name in categories:
        made[name] = _texts(frame[name], np.nan)
    for name in texts:
        made[name] = _texts(frame[name], "")
    return pd.DataFrame(made, index=frame.index)


def _texts(values: pd.Series[Any], blank: str | float) -> Any:
    """Each value as text, missing ones as `blank`; the same value gives the same text whatever the column's type."""
    import pandas as pd

    known = {v: str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values.dropna().unique()}
    return pd.Series([blank if pd.isna(v) else known[v] for v in values], index=values.index, dtype=object)


def target_of(frame: pd.DataFrame, made: Plan) -> Any:
    """The outcomes as the estimator takes them: floats for a regression, numbers as they are, else texts."""
    import pandas as pd

    y = frame[made.target]
    if made.task == "regression":
        return y.astype(float)
    whole = pd.api.types.is_numeric_dtype(y) and not pd.api.types.is_bool_dtype(y)
    return y if whole else y.astype(str)


def usable(frame: pd.DataFrame, made: Plan) -> pd.DataFrame:
    """The rows with an outcome that more than one row has, in order of time where there is one."""
    rows = frame.dropna(subset=[made.target])
    if made.task != "regression":
        kept = rows[~rows[made.target].isin(singles(rows[made.target]))]
        rows = kept if kept[made.target].nunique() > 1 else rows
    if made.time_column:
        from opsmith.tools.compute.training_split import moments

        order = np.argsort(moments(rows[made.time_column]).to_numpy(), kind="stable")
        rows = rows.iloc[order]
    return rows.reset_index(drop=True)


def narrowed(made: Plan, name: str, kind: str) -> Plan:
    """The plan with this one input alone."""
    parts = {"number": "numeric", "category": "categories", "text": "texts"}
    empty: dict[str, Any] = {"numeric": (), "categories": (), "texts": (), "recipe": "", "features": "", "raw": ()}
    return dataclasses.replace(made, **{**empty, parts[kind]: (name,)})
