"""One prediction task as a feature search sees it: rows, outcome, folds, and two models to be better than.

The models are those that training would fit: a linear one (logistic or ridge) and gradient boosting, on the columns as
they are, without free text and dates. Their inputs are prepared inside every fold.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic
from typing import Any, Literal

import numpy as np
import pandas as pd

from opsmith.tools.compute import training, training_pipeline
from opsmith.tools.compute.features import compute, metrics
from opsmith.tools.compute.features.compute import Rows
from opsmith.tools.compute.features.expression import Node, learns, looks_back
from opsmith.tools.compute.features.roles import Roles, target_values

Engine = Literal["linear", "boosted"]
Fold = tuple[np.ndarray, np.ndarray]


class TimeUp(Exception):
    """The time for a search is over, or the next model would take longer than what is left of it."""


@dataclass(frozen=True)
class Splits:
    """How rows are held out: `repeats` lists of folds, and in which words that is said."""

    folds: tuple[tuple[Fold, ...], ...]
    words: str


@dataclass
class Problem:
    """The rows with a known outcome, in time order where a time column is named."""

    frame: pd.DataFrame
    roles: Roles
    target: str
    seed: int = 0
    metric: str = ""
    folds: int = 5
    check: Callable[[], None] = lambda: None
    left: Callable[[], float] = lambda: 60.0  # seconds that remain
    rows: Rows = field(init=False)
    y: np.ndarray = field(init=False)
    classes: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.frame = training.usable(self.frame, self.roles.plan)
        self.rows = Rows(self.frame)
        self.y, self.classes = target_values(self.frame[self.target], self.task)
        self.metric = metrics.main(self.task, self.metric)
        self._splits: Splits | None = None
        self._base: dict[Any, np.ndarray] = {}
        self._values: dict[Any, tuple[np.ndarray, np.ndarray]] = {}
        self._scores: dict[Any, float] = {}
        self._said: dict[Any, np.ndarray] = {}
        self.shared: dict[str, Any] = {}  # values of candidates on a sample, which both models look at
        self.longest: dict[Engine, float] = {}  # seconds that fitting one model has taken

    def timed(self, engine: Engine) -> None:
        """Raise TimeUp where one more model of this kind would not be done in time."""
        self.check()
        if self.left() <= self.longest.get(engine, 0.0):
            raise TimeUp

    @property
    def task(self) -> str:
        return self.roles.plan.task

    @property
    def time(self) -> str | None:
        """The column that orders the rows, if one does."""
        return self.roles.plan.time_column

    @property
    def groups(self) -> str | None:
        """The column whose groups stay together in a fold, if one does."""
        return self.roles.plan.group_column

    @property
    def in_time(self) -> bool:
        """Whether rows held out always come later than those learned from."""
        return self.roles.plan.split == "time order"

    @property
    def outcome(self) -> np.ndarray:
        """What formulas that learn from the outcome see: for several classes, whether it is the most frequent one."""
        if self.task != "multiclass":
            return self.y
        return (self.y == np.bincount(self.y.astype(int)).argmax()).astype(float)

    @property
    def splits(self) -> Splits:
        """Two repeats of the folds; with a time column one list in which the test rows always come later."""
        if self._splits is None:
            self._splits = make_splits(self.y, self.task, self.folds, self.seed, self.in_time, self._group_codes())
        return self._splits

    def _group_codes(self) -> np.ndarray | None:
        return None if self.groups is None else pd.factorize(self.rows.column(self.groups, "category"))[0]

    def base(self, engine: Engine, repeat: int, fold: int) -> tuple[np.ndarray, np.ndarray]:
        """The prepared columns of the table itself for the rows learned from and the rows held out."""
        key = (engine, repeat, fold)
        if key not in self._base:
            train, test = self.splits.folds[repeat][fold]
            made = self.preparation(engine)
            if made is None:
                self._base[key] = (np.zeros((len(train), 0)), np.zeros((len(test), 0)))  # type: ignore[assignment]
            else:
                x = self.inputs
                fitted = made.fit_transform(x.iloc[train])
                self._base[key] = (np.asarray(fitted, float), np.asarray(made.transform(x.iloc[test]), float))  # type: ignore[assignment]
        return self._base[key]  # type: ignore[return-value]

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """The table's own usable columns as training would read them, words as numbers in the order of the words.

        The encoders make the same of numbers as of words, and are much quicker with them.
        """
        read = training.inputs_of(self.frame, self._plan)
        for name in self._plan.categories:
            codes, _ = pd.factorize(read[name].astype(str).where(read[name].notna()), sort=True)
            read[name] = np.where(codes < 0, np.nan, codes)
        return read

    def preparation(self, engine: Engine) -> Any:
        """The unfitted column preparation of the model that training would build; None without usable columns."""
        if not (self._plan.numeric or self._plan.categories):
            return None
        return training_pipeline.build(self._plan, ALGORITHM[engine][self.task == "regression"], self.seed)[0]

    @cached_property
    def _plan(self) -> training.Plan:
        used = self.roles.kinds
        made = self.roles.plan
        return dataclasses.replace(
            made,
            numeric=tuple(c for c in made.numeric if used.get(c) == "number"),
            categories=tuple(c for c in made.categories if used.get(c) == "category"),
            texts=(),
            raw=(),
        )

    def values(self, node: Node, repeat: int, fold: int) -> tuple[np.ndarray, np.ndarray]:
        """A formula on the rows learned from (cross-fitted) and on the rows held out; what it learns, it learns in the fold."""
        key: Any = (node, repeat, fold)
        train, test = self.splits.folds[repeat][fold]
        if learns(node) == "nothing" or looks_back(node):
            key = node  # looks at the row itself, or only ever back in time
            if key not in self._values:
                whole, _ = compute.fit(node, self.rows, self.outcome)
                self._values[key] = (whole, whole)
            whole = self._values[key][0]
            return whole[train], whole[test]
        if key not in self._values:
            known, fitted = compute.fit_crossed(node, self.rows.take(train), self.outcome[train], self.seed)
            self._values[key] = (known, compute.apply(node, self.rows.take(test), fitted))
        return self._values[key]

    def scores(self, engine: Engine, nodes: Sequence[Node], repeats: int = 1) -> list[float]:
        """The metric on every held-out fold with these features added; larger is better."""
        found: list[float] = []
        for repeat in range(min(repeats, len(self.splits.folds))):
            for fold in range(len(self.splits.folds[repeat])):
                key = (engine, tuple(nodes), repeat, fold)
                if key not in self._scores:
                    said = self.said(engine, nodes, repeat, fold)
                    truth = self.y[self.splits.folds[repeat][fold][1]]
                    self._scores[key] = metrics.score(self.metric, self.task, truth, said, len(self.classes))
                found.append(self._scores[key])
        return found

    def said(self, engine: Engine, nodes: Sequence[Node], repeat: int, fold: int) -> np.ndarray:
        """What the model says of the rows held out, fitted to the others with these features added."""
        key = (engine, tuple(nodes), repeat, fold)
        if key not in self._said:
            self.timed(engine)
            start = monotonic()
            train, test = self.splits.folds[repeat][fold]
            known, held = self.base(engine, repeat, fold)
            for node in nodes:
                a, b = as_inputs(engine, *self.values(node, repeat, fold))
                known, held = np.column_stack([known, a]), np.column_stack([held, b])
            if not known.shape[1]:
                known, held = np.zeros((len(train), 1)), np.zeros((len(test), 1))
            said = fitted_model(engine, self.task, self.seed, known, self.y[train])(held)
            self.longest[engine] = max(self.longest.get(engine, 0.0), monotonic() - start)
            if engine == "linear":
                return said  # quick to do again; the other one is asked for by the screening as well
            self._said[key] = said
        return self._said[key]

    def sample(self, most: int) -> np.ndarray:
        """Row numbers of at most `most` rows, in order: drawn by the seed, the latest ones where time counts."""
        if len(self.y) <= most:
            return np.arange(len(self.y))
        if self.in_time:
            return np.arange(len(self.y) - most, len(self.y))
        return np.sort(np.random.default_rng(self.seed).choice(len(self.y), most, replace=False))


ALGORITHM: dict[Engine, tuple[str, str]] = {
    "linear": ("logistic_regression", "ridge"),
    "boosted": ("gradient_boosting", "gradient_boosting"),
}


def one_thread() -> AbstractContextManager[Any]:
    """Models of this size are fitted on one thread: on a busy machine several wait for one another longer than they work.

    Measured with 16,000 rows and 45 columns beside other work on two cores: 1.7 seconds with one thread, 95 with two.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)  # type: ignore[no-any-return]


_BARE = {task: training.Plan(task, "", (), (), (), (), "", 2) for task in ("binary", "multiclass", "regression")}


def as_inputs(engine: Engine, known: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A feature as the model sees it: as it is for trees; filled with the median and standardised for a linear model."""
    if engine == "boosted":
        return known, held
    present = known[~np.isnan(known)]
    middle = float(np.median(present)) if len(present) else 0.0
    a, b = np.where(np.isnan(known), middle, known), np.where(np.isnan(held), middle, held)
    mean, width = float(a.mean()), float(a.std()) or 1.0
    return (a - mean) / width, (b - mean) / width


def fitted_model(
    engine: Engine, task: str, seed: int, x: np.ndarray, y: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from inputs to predictions: probabilities (one column a class beyond two) or quantities."""
    from sklearn.linear_model import LogisticRegression, Ridge

    model: Any
    if engine == "boosted":
        model = training_pipeline.build(_BARE[task], "gradient_boosting", seed)[-1]
    elif task == "regression":
        model = Ridge()
    else:
        model = LogisticRegression(max_iter=200, solver="newton-cholesky" if x.shape[1] < 400 else "lbfgs")
    if task != "regression" and len(np.unique(y)) < 2:
        return lambda held: np.full(len(held), float(y[0]) if len(y) else 0.0)
    fitted = model.fit(x, y)
    if task == "regression":
        return lambda held: np.asarray(fitted.predict(held), float)
    if task == "binary":
        return lambda held: np.asarray(fitted.predict_proba(held)[:, 1], float)
    return lambda held: _all_classes(fitted, held)


def _all_classes(fitted: Any, held: np.ndarray) -> np.ndarray:
    """Class probabilities in the order of the class numbers; a class that the fold lacks gets none."""
    said = np.asarray(fitted.predict_proba(held), float)
    result = np.zeros((len(held), int(max(fitted.classes_)) + 1))
    result[:, fitted.classes_.astype(int)] = said
    return result


def make_splits(y: np.ndarray, task: str, folds: int, seed: int, in_time: bool, groups: np.ndarray | None) -> Splits:
    """Held-out folds: stratified for classes, whole groups where there are groups, later rows where time counts."""
    from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit

    blank = np.zeros((len(y), 1))
    if in_time:
        return Splits(
            (tuple(TimeSeriesSplit(folds).split(blank)),), f"{folds} folds, each later than what it was learned from"
        )
    if task != "regression":
        folds = max(2, min(folds, int(np.bincount(y.astype(int)).min())))
    repeats = []
    for repeat in range(2):
        if groups is not None:
            made: Any = GroupKFold(min(folds, len(np.unique(groups))), shuffle=True, random_state=seed + repeat)
        elif task == "regression":
            made = KFold(folds, shuffle=True, random_state=seed + repeat)
        else:
            made = StratifiedKFold(folds, shuffle=True, random_state=seed + repeat)
        repeats.append(tuple(made.split(blank, y, groups)))
    whole = ", groups kept whole" if groups is not None else ""
    return Splits(tuple(repeats), f"{folds} folds twice{whole}")
