"""Fit one pipeline from raw columns to prediction: baselines first, candidates cross-validated, the best on all rows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opsmith.tools.compute import training_split
from opsmith.tools.compute.training import Plan, inputs_of, target_of, usable
from opsmith.tools.compute.training_backend import elsewhere, spread
from opsmith.tools.compute.training_pipeline import QUICK, build, candidates, untuned
from opsmith.tools.compute.training_score import MAIN_METRIC, better, interval, metric_for, raw_scores, scored
from opsmith.tools.contract import ToolError

# rows below which one thread is quicker than a team of them, which wait for each other on a busy machine
SMALL = 200_000


@dataclass
class Trial:
    """A candidate's cross-validation: metric -> value per fold, and what it said of every tested row."""

    algorithm: str
    scores: dict[str, list[float]]
    tested: np.ndarray
    said: np.ndarray
    raw: np.ndarray | None
    classes: list[Any]
    fold: np.ndarray
    test_share: float
    last: tuple[Any, np.ndarray] | None = None  # the last fold's fitted pipeline and its test rows

    def mean(self, metric: str) -> float:
        """Mean over the folds; NaN when the metric could not be computed."""
        values = [v for v in self.scores.get(metric, []) if v == v]
        return float(np.mean(values)) if values else float("nan")


@dataclass
class Trained:
    """A fitted pipeline and what is known of it. metrics: name -> {value, interval, on}."""

    pipeline: Any
    plan: Plan
    algorithm: str
    metrics: dict[str, dict[str, Any]]
    baselines: dict[str, float]
    metric: str = ""
    classes: list[Any] = field(default_factory=list)
    importance: list[tuple[str, float]] = field(default_factory=list)
    threshold: float | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    diagnosis: dict[str, Any] = field(default_factory=dict)


def fit(
    frame: Any,
    made: Plan,
    *,
    algorithm: str | None = None,
    metric: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    tuned: Mapping[str, Mapping[str, Any]] | None = None,
    costs: tuple[float, float] | None = None,
    seed: int = 0,
    progress: Callable[[float, str], None] = lambda f, n: None,
    check: Callable[[], None] = lambda: None,
) -> Trained:
    """Cross-validate baselines and candidates, then fit the best (or the named one) on all rows. Deterministic by seed.

    metric: what decides (auc, accuracy or rmse by default). parameters: of the named algorithm. tuned: what a search found
    for each algorithm. costs: of a false alarm and of a miss, from which the threshold follows. Where nobody named an
    algorithm, the mean of two or three candidates competes too.
    """
    from opsmith.tools.compute import training_blend, training_calibration, training_diagnosis

    rows = usable(frame, made)
    x, y = inputs_of(rows, made), target_of(rows, made)
    main = metric_for(made.task, metric)
    named = [algorithm] if algorithm else list(tuned or candidates(made, None, len(rows)))
    settings = {n: parameters or (tuned or {}).get(n) for n in named}
    options = {n: [dict(known)] if known else untuned(n, made, len(rows)) for n, known in settings.items()}
    baselines = {"dummy": dummy(rows, y, made, main, seed)}
    with quiet_threads(len(rows)):
        trials, chosen = _competed(rows, x, y, made, options, main, seed, baselines["dummy"], progress, check)
        if all(t.mean(main) != t.mean(main) for t in trials):
            raise ToolError(
                f"{main} cannot be measured: in every fold the rows to test on have one value of {made.target} only. "
                "More rows, fewer folds or another metric would do."
            )
        mean = training_blend.blended(trials, y, made, main)
        best = mean[0] if mean else max(trials, key=lambda t: _rank(t, main))
        given = {"members": {n: chosen[n] for n in mean[1]}} if mean else chosen[best.algorithm]
        if mean:
            trials.append(best)
            best.last = _last_fitted(rows, x, y, made, best.algorithm, seed, given)
        check()
        progress(0.68, f"fitting {best.algorithm.replace('_', ' ')} on all rows")
        fitted, calibration = training_calibration.fitted(rows, x, y, made, best, given, seed)
        progress(0.8, "measuring which inputs matter and whether more rows would help")
        diagnosis = training_diagnosis.diagnose(rows, x, y, made, best, main, given, seed, check)
    limit = training_calibration.threshold(best, y, made, metric, costs, calibration)
    names = {"time order": "tested forward in time", "group": "groups kept together"}
    on = f"{made.folds} folds, {names.get(made.split, made.split)}"
    metrics = {
        m: {"value": round(best.mean(m), 6), "interval": interval(v, best.test_share, m), "on": on}
        for m, v in sorted(best.scores.items(), key=lambda s: s[0] != main)
        if best.mean(m) == best.mean(m)
    }
    baselines |= {t.algorithm: t.mean(main) for t in trials}
    classes = [c.item() if hasattr(c, "item") else c for c in best.classes]
    diagnosis |= {"calibration": calibration.as_dict(), "threshold": limit.as_dict() if limit else None,
                  "candidates": {t.algorithm: {m: t.mean(m) for m in t.scores} for t in trials}}  # fmt: skip
    return Trained(fitted, made, best.algorithm, metrics, baselines, main, classes, diagnosis.pop("importance"),
                   limit.value if limit else None, given, diagnosis)  # fmt: skip


def _competed(
    rows: Any, x: Any, y: Any, made: Plan, options: Mapping[str, list[dict[str, Any]]], main: str, seed: int, usual: float,
    progress: Callable[[float, str], None], check: Callable[[], None],
) -> tuple[list[Trial], dict[str, dict[str, Any]]]:  # fmt: skip
    """Every algorithm cross-validated, with its best setting where there are several; the quick ones first, so that there
    is a figure to look at within seconds."""
    trials: dict[str, Trial] = {}
    chosen: dict[str, dict[str, Any]] = {}
    told = ""
    for number, name in enumerate(sorted(options, key=lambda n: n not in QUICK)):
        for given in options[name]:
            check()
            progress(0.05 + 0.6 * number / len(options), f"cross-validating {name.replace('_', ' ')}{told}")
            trial = cross_validate(rows, x, y, made, name, seed, check, given)
            if name not in trials or _rank(trial, main) > _rank(trials[name], main):
                trials[name], chosen[name] = trial, given
            best = max(trials.values(), key=lambda t: _rank(t, main))
            words = best.algorithm.replace("_", " ")
            told = f"; so far {words} has {main} {best.mean(main):.4g} (always the same: {usual:.4g})"
    return [trials[name] for name in options], chosen


def cross_validate(
    rows: Any, x: Any, y: Any, made: Plan, algorithm: str, seed: int, check: Callable[[], None],
    parameters: Mapping[str, Any] | None = None, after_fold: Callable[[int, float], None] | None = None,
    metric: str | None = None, most: int | None = None,
) -> Trial:  # fmt: skip
    """Everything is fitted inside the fold; folds follow the plan's split, the last `most` of them where that is given.

    after_fold is told the number of each fold and its metric. ToolError when no fold can be scored.
    """
    classes = sorted(y.unique()) if made.task != "regression" else []
    tested, said, raws, numbers, shares = [], [], [], [], []
    found: dict[str, list[float]] = {}
    last = None
    parts = list(training_split.folds(rows, y, made, seed))
    if made.task != "regression":  # a first stretch of time without one of the classes teaches nothing
        parts = [p for p in parts if y.iloc[p[0]].nunique() == len(classes)]
    parts = parts[-most:] if most else parts
    together = after_fold is None and elsewhere()
    ready = iter(spread(_fold, [(x, y, made, algorithm, seed, parameters, *p) for p in parts]) if together else ())
    for number, (train, test) in enumerate(parts):
        check()
        fitted, part, scores = next(ready) if together else _fold(x, y, made, algorithm, seed, parameters, train, test)
        values = scored(y.iloc[test], part, scores, classes, made.task)
        for name, value in values.items():
            found.setdefault(name, []).append(value)
        tested.append(test)
        said.append(part)
        raws.append(scores)
        numbers.append(np.full(len(test), number))
        shares.append(len(test) / len(train))
        last = (fitted, test)
        if after_fold is not None:
            after_fold(number, values.get(metric or MAIN_METRIC[made.task], float("nan")))
    if not tested:
        raise ToolError(
            f"Every class of {made.target} must occur early enough in {made.split} to train and test; it does not."
        )
    raw: np.ndarray | None = (
        None if any(r is None for r in raws) else np.concatenate([r for r in raws if r is not None])
    )
    return Trial(algorithm, found, np.concatenate(tested), np.concatenate(said), raw, classes, np.concatenate(numbers),
                 float(np.mean(shares)), last)  # fmt: skip


def _last_fitted(
    rows: Any, x: Any, y: Any, made: Plan, algorithm: str, seed: int, parameters: Mapping[str, Any]
) -> tuple[Any, np.ndarray]:
    """The pipeline fitted without the rows of the last fold, and these."""
    train, test = list(training_split.folds(rows, y, made, seed))[-1]
    return build(made, algorithm, seed, parameters).fit(x.iloc[train], y.iloc[train]), test


def _fold(
    x: Any, y: Any, made: Plan, algorithm: str, seed: int, parameters: Mapping[str, Any] | None,
    train: np.ndarray, test: np.ndarray,
) -> tuple[Any, Any, np.ndarray | None]:  # fmt: skip
    """One fold: the fitted pipeline, what it says of the test rows, and its scores. Runs on any worker."""
    try:
        fitted = build(made, algorithm, seed, parameters).fit(x.iloc[train], y.iloc[train])
        return fitted, fitted.predict(x.iloc[test]), raw_scores(fitted, x.iloc[test])
    except ValueError as error:  # such as more neighbours asked for than there are rows
        raise ToolError(
            f"{algorithm.replace('_', ' ')} cannot learn {made.target} from {len(train):,} of these rows: "
            f"{str(error).splitlines()[0][:160]}"
        ) from None


def dummy(rows: Any, y: Any, made: Plan, metric: str, seed: int) -> float:
    """The metric of always saying the mean, or the most frequent class with its usual shares, on the same folds."""
    values = []
    classes = sorted(y.unique()) if made.task != "regression" else []
    for train, test in training_split.folds(rows, y, made, seed):
        past = y.iloc[train]
        if made.task == "regression":
            said, raw = np.full(len(test), float(past.mean())), None
        else:
            shares = np.asarray([float((past == c).mean()) for c in classes])
            said, raw = np.full(len(test), classes[int(shares.argmax())], dtype=object), np.tile(shares, (len(test), 1))
            said = said.astype(np.asarray(classes).dtype)
        values.append(scored(y.iloc[test], said, raw, classes, made.task).get(metric, float("nan")))
    known = [v for v in values if v == v]
    return float(np.mean(known)) if known else float("nan")


@contextlib.contextmanager
def quiet_threads(rows: int) -> Iterator[None]:
    """One thread for small tables, where a team costs more than it brings; all of them else."""
    if rows >= SMALL:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="openmp"):
        yield


def _rank(trial: Trial, metric: str) -> float:
    value = trial.mean(metric)
    return better(metric, value) if value == value else -np.inf
