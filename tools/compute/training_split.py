"""How a model is validated: found from the table, stated in a sentence, and never on rows from before its training."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    import pandas as pd

    from opsmith.tools.compute.training import Plan

SPLITS = ("random", "stratified", "group", "time")
_EVENT = re.compile(
    r"(^|[^a-z])(date|time|timestamp|day|datetime|ts|created|ordered|booked|sold|issued|month|week|period start|dteday)([^a-z]|$)"
)
_NOT_EVENT = re.compile(r"birth|dob|born|expir|until|valid|end|due|hire|joined|since")
_GROUP = re.compile(
    r"(^|_| )(user|customer|client|patient|account|policy|policyholder|subject|person|household|device|session|visitor|"
    r"member|employee|student|company|store|shop|machine|sensor|vehicle|card|driver)s?([_ ]?(id|no|nr|number|code|key|name))?$"
)
SERIAL = 0.25  # correlation of neighbouring rows' errors from which the row order is taken to be time
SERIAL_ROWS = 3000


@dataclass(frozen=True)
class Choice:
    """The kind of split, what it follows, and why."""

    split: str
    time_column: str | None = None
    group_column: str | None = None
    why: str = ""


def choose(frame: pd.DataFrame, target: str, split: str | None, time: str | None, group: str | None) -> Choice:
    """What was asked for, else what the columns show: events in time, then rows that belong together, then chance.

    Raises ToolError when a split is asked for that no column can give.
    """
    kind = (split or "").strip().casefold().replace("stratified random", "stratified")
    kind = {
        "time order": "time",
        "time_series": "time",
        "temporal": "time",
        "chronological": "time",
        "grouped": "group",
    }.get(kind, kind)
    if kind and kind not in SPLITS:
        raise ToolError(f"{split!r} is no way to split. There are {', '.join(SPLITS)}.")
    if target in (time, group):
        raise ToolError(f"{target} is what is predicted, so it cannot say how the rows are split. Name another column.")
    if time or kind == "time":
        column = time or time_column(frame, target, any_date=True)
        if column is not None and moments(frame[column]).isna().any():
            raise ToolError(f"{column} has rows without a time that can be read, so they cannot be put in order.")
        if column is not None and moments(frame[column]).nunique() < 2:
            raise ToolError(f"{column} is the same in every row, so it puts nothing in order. Name another column.")
        told = f"ordered by {column}, as you asked" if column else "in the order of the rows, as you asked"
        return Choice("time", column, None, told)
    if group or kind == "group":
        column = group or group_column(frame, target)
        if column is None:
            raise ToolError("No column names a group that rows belong to. Say which one: split by customer_id.")
        if frame[column].nunique() < 2:
            raise ToolError(f"{column} is the same in every row, so it parts nothing. Name another column.")
        return Choice("group", None, column, f"all rows of one {column} stay together, as you asked")
    if kind:
        return Choice("random", why="at random, as you asked")
    if (column := time_column(frame, target)) is not None:
        return Choice(
            "time", column, None, f"{column} orders the rows in time, so each fold is tested on what came later"
        )
    if (column := group_column(frame, target)) is not None:
        share = len(frame) / frame[column].nunique()
        return Choice(
            "group", None, column, f"{column} repeats ({share:.1f} rows each), so all rows of one stay together"
        )
    return Choice("random")


def settled(frame: pd.DataFrame, made: Plan, choice: Choice, *, asked: bool, seed: int) -> Plan:
    """The plan with its split: where nothing was asked and no column says so, the errors of neighbours decide."""
    why, kind = choice.why, choice.split
    if kind == "random" and not asked:
        close = serial_dependence(frame, made, seed)
        if close > SERIAL:
            kind = "time"
            why = (
                f"neighbouring rows are alike beyond their inputs (their errors correlate by {close:.2f}), so the row order "
                "is taken for time and each fold is tested on what came later"
            )
    names = {
        "time": "time order",
        "group": "group",
        "random": "random" if made.task == "regression" else "stratified random",
    }
    why = why or "no column orders the rows in time or groups them"
    return dataclasses.replace(
        made, split=names.get(kind, "random" if made.task == "regression" else "stratified random"), why=why
    )


def moments(values: pd.Series[Any]) -> pd.Series[Any]:
    """The values as points in time (or plain numbers, which order rows as well); NaT where one cannot be read."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return values
    return pd.to_datetime(values, errors="coerce", format="mixed", utc=True)


def time_column(frame: pd.DataFrame, target: str, any_date: bool = False) -> str | None:
    """The column that says when a row happened: dates by type or by reading, named like an event or sorted in the file."""
    import pandas as pd

    found = []
    for name in map(str, frame.columns):
        values = frame[name]
        low = name.casefold()
        if name == target or values.isna().any() or pd.api.types.is_numeric_dtype(values):
            continue
        named = bool(_EVENT.search(re.sub(r"([a-z])([A-Z])", r"\1_\2", name).casefold()))
        if not pd.api.types.is_datetime64_any_dtype(values):
            if not named or pd.api.types.is_bool_dtype(values):
                continue
            head = moments(values.iloc[:200])
            if head.isna().any():
                continue
        when = moments(values)
        if when.isna().any() or when.nunique() < max(3, min(20, len(when) // 20)):
            continue
        ordered = bool(when.is_monotonic_increasing or when.is_monotonic_decreasing)
        if ordered or any_date or (named and not _NOT_EVENT.search(low)):
            found.append((ordered, named, when.nunique(), name))
    return max(found)[3] if found else None


def group_column(frame: pd.DataFrame, target: str) -> str | None:
    """A column whose values are identities that come back: a customer with several rows."""
    found = []
    for name in map(str, frame.columns):
        if name == target or not _GROUP.search(name.casefold()):
            continue
        distinct = frame[name].nunique()
        named_id = bool(re.search(r"(id|no|nr|number|code|key)$", name.casefold()))
        if (
            distinct >= 20
            and 1.2 * distinct <= len(frame)
            and frame[name].notna().all()
            and (named_id or distinct > 50)
        ):
            found.append((distinct, name))
    return max(found)[1] if found else None


def serial_dependence(frame: pd.DataFrame, made: Plan, seed: int) -> float:
    """Correlation of the errors of neighbouring rows, each predicted from others by a small forest of shallow trees.

    Zero where the rows are in no order, or sorted by the target itself. Rows: a stretch of at most 3,000 from the middle.
    """
    import pandas as pd
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    from opsmith.tools.compute.training import shaped

    rows = frame.dropna(subset=[made.target])
    if len(rows) < 200:
        return 0.0
    start = max(0, (len(rows) - SERIAL_ROWS) // 2)
    rows = rows.iloc[start : start + SERIAL_ROWS]
    known = rows[made.target]
    y = known.astype(float).to_numpy() if made.task == "regression" else pd.factorize(known)[0].astype(float)
    if made.task == "multiclass":
        y = (y == np.bincount(y.astype(int)).argmax()).astype(float)
    changes = int((np.diff(y) != 0).sum())
    if y.std() == 0 or changes <= 3 or (np.diff(y) >= 0).all() or (np.diff(y) <= 0).all():
        return 0.0
    x = shaped(rows, made.numeric, made.categories, ())
    for name in made.categories:
        x[name] = pd.factorize(x[name])[0]
    if x.empty:
        x["none"] = 0.0
    forest = ExtraTreesRegressor(40, min_samples_leaf=5, random_state=seed, n_jobs=1)
    said = cross_val_predict(forest, x.fillna(-1e9).to_numpy(), y, cv=KFold(3, shuffle=True, random_state=seed))
    wrong = y - said
    return float(np.corrcoef(wrong[:-1], wrong[1:])[0, 1]) if wrong.std() > 0 else 0.0


def folds(rows: pd.DataFrame, y: Any, made: Plan, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(train, test) row numbers of each fold. `rows` are usable rows, in order of time where there is one."""
    from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

    numbers = np.arange(len(rows))
    if made.split == "time order":
        yield from _forward(rows, made)
    elif made.split == "group":
        kind = GroupKFold if made.task == "regression" else StratifiedGroupKFold
        yield from kind(made.folds, shuffle=True, random_state=seed).split(numbers, y, _groups(rows[made.group_column]))
    elif made.task == "regression":
        yield from KFold(made.folds, shuffle=True, random_state=seed).split(numbers)
    else:
        yield from StratifiedKFold(made.folds, shuffle=True, random_state=seed).split(numbers, y)


def _groups(values: pd.Series[Any]) -> np.ndarray:
    """A number for each group; a row that names none is a group of its own."""
    import pandas as pd

    codes = pd.factorize(values.astype(object).map(str, na_action="ignore"))[0]
    alone = codes < 0
    codes[alone] = codes.max() + 1 + np.arange(int(alone.sum()))
    return np.asarray(codes)


def holdout(rows: pd.DataFrame, y: Any, made: Plan, seed: int, share: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """One (train, test) pair that follows the same rule; the test part is `share` of the rows, the latest in time."""
    count = max(2, round(1 / share))
    if made.split == "time order":
        cut = _edge(rows, made, round(len(rows) * (1 - share)))
        return np.arange(cut), np.arange(cut, len(rows))
    if made.split == "group":
        count = min(count, int(np.unique(_groups(rows[made.group_column])).size))
    elif made.task != "regression":
        count = min(count, int(y.value_counts().max()))
    return next(folds(rows, y, dataclasses.replace(made, folds=count), seed))


def _forward(rows: pd.DataFrame, made: Plan) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Test parts one after another, each trained on all rows before it; rows of one moment are never parted."""
    edges = [_edge(rows, made, round(len(rows) * (i + 1) / (made.folds + 1))) for i in range(made.folds)]
    edges = sorted({e for e in edges if 0 < e < len(rows)})
    if not edges:
        raise ToolError(f"{made.time_column or 'The order of the rows'} has too few moments to test later ones.")
    for start, end in zip(edges, [*edges[1:], len(rows)], strict=True):
        yield np.arange(start), np.arange(start, end)


def _edge(rows: pd.DataFrame, made: Plan, cut: int) -> int:
    """The cut moved back to where its moment begins (forward, where that would leave nothing)."""
    if not made.time_column or not 0 < cut < len(rows):
        return cut
    when = moments(rows[made.time_column]).to_numpy()
    first, last = np.searchsorted(when, when[cut], "left"), np.searchsorted(when, when[cut], "right")
    return int(first) or int(last)
