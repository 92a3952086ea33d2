"""Search for better hyper-parameters with Optuna: by trials or by time, pruned, resumable, and what it taught in words."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opsmith.tools.compute.training import Plan, inputs_of, target_of, usable
from opsmith.tools.compute.training_blend import BLEND
from opsmith.tools.compute.training_fit import cross_validate, quiet_threads
from opsmith.tools.compute.training_pipeline import SMALL_TREES, candidates, sized
from opsmith.tools.compute.training_score import better, metric_for

ONE_SPLIT_ABOVE = (
    8000  # rows above which a trial is judged on one hold-out instead of three folds, unless in time order
)
FOREST_BELOW = 30_000  # rows above which a forest is too slow to be searched
# name -> (low, high, "log" or "" or "int")
SPACES: dict[str, dict[str, tuple[float, float, str]]] = {
    "gradient_boosting": {
        "learning_rate": (0.01, 0.3, "log"), "max_iter": (40, 500, "int log"), "max_leaf_nodes": (6, 128, "int log"),
        "min_samples_leaf": (3, 100, "int log"), "l2_regularization": (1e-3, 30, "log"), "max_features": (0.3, 1.0, ""),
    },
    "lightgbm": {
        "learning_rate": (0.01, 0.3, "log"), "n_estimators": (40, 500, "int log"), "num_leaves": (6, 128, "int log"),
        "min_child_samples": (3, 100, "int log"), "reg_lambda": (1e-3, 30, "log"), "colsample_bytree": (0.3, 1.0, ""),
    },
    "xgboost": {
        "learning_rate": (0.01, 0.3, "log"), "n_estimators": (40, 500, "int log"), "max_depth": (2, 10, "int"),
        "min_child_weight": (1, 50, "log"), "reg_lambda": (1e-3, 30, "log"), "colsample_bytree": (0.3, 1.0, ""),
    },
    "random_forest": {"max_features": (0.1, 1.0, ""), "min_samples_leaf": (1, 30, "int log"), "max_depth": (4, 40, "int log")},
    "decision_tree": {"max_depth": (2, 20, "int"), "min_samples_leaf": (2, 100, "int log")},
    "logistic_regression": {"C": (1e-3, 100, "log")},
    "ridge": {"alpha": (1e-3, 1000, "log")},
    "lasso": {"alpha": (1e-5, 10, "log")},
    "elastic_net": {"alpha": (1e-5, 10, "log"), "l1_ratio": (0.05, 0.95, "")},
    "svm": {"C": (1e-2, 100, "log")},
    "knn": {"n_neighbors": (3, 60, "int log")},
    "neural_network": {"alpha": (1e-6, 1.0, "log"), "learning_rate_init": (1e-4, 1e-2, "log")},
    "naive_bayes": {"var_smoothing": (1e-12, 1e-3, "log")},
    "linear_regression": {},
}  # fmt: skip


# settings of boosting that win often, tried right after the defaults: small trees, and many wide ones
PORTFOLIO: tuple[dict[str, Any], ...] = (
    SMALL_TREES,
    {
        "learning_rate": 0.05,
        "max_iter": 400,
        "max_leaf_nodes": 31,
        "min_samples_leaf": 20,
        "l2_regularization": 1.0,
        "max_features": 0.5,
    },
)


@dataclass(frozen=True)
class Tuned:
    """The best parameters and what the search taught. gained: over the defaults, on the search's own folds."""

    algorithm: str
    parameters: dict[str, Any]
    trials: int
    pruned: int
    gained: float
    importance: dict[str, float] = field(default_factory=dict)
    sentences: tuple[str, ...] = ()
    history: tuple[float, ...] = ()
    by_algorithm: dict[str, dict[str, Any]] = field(default_factory=dict)  # the best parameters of each, best first

    def as_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "sentences": list(self.sentences), "history": list(self.history)}


def tune(
    frame: Any, made: Plan, *, storage: Any, name: str, trials: int | None = None, seconds: float | None = None,
    algorithm: str | None = None, metric: str | None = None, seed: int = 0,
    progress: Callable[[float, str], None] = lambda f, n: None, check: Callable[[], None] = lambda: None,
) -> Tuned:  # fmt: skip
    """Search until so many trials are done or the seconds are over; a study of that name in `storage` is gone on with.

    The defaults of every candidate are the first trials, so the result is never worse than they are on the folds of the
    search, which are others than those of the final cross-validation. storage: an Optuna storage, or its URL.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rows = usable(frame, made)
    x, y = inputs_of(rows, made), target_of(rows, made)
    main = metric_for(made.task, metric)
    algorithm = None if algorithm == BLEND else algorithm
    named = [a for a in candidates(made, algorithm) if a != "random_forest" or algorithm or len(rows) <= FOREST_BELOW]
    most = _most(len(rows), made)
    search = dataclasses.replace(made, folds=made.folds if most else min(made.folds, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=8, multivariate=True, group=True)
    study = optuna.create_study(
        storage=storage, study_name=name, load_if_exists=True, direction="maximize", sampler=sampler,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
    )  # fmt: skip
    finished = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    done = len(study.get_trials(deepcopy=False, states=finished))
    wanted = (trials or 30) if seconds is None else trials
    deadline = None if seconds is None else time.monotonic() + seconds
    if done == 0:
        for candidate in named:
            study.enqueue_trial({"algorithm": candidate}, skip_if_exists=True)
        for one in PORTFOLIO if "gradient_boosting" in named else ():
            study.enqueue_trial(
                {"algorithm": "gradient_boosting"} | {f"gradient_boosting.{k}": v for k, v in one.items()}
            )

    def objective(trial: Any) -> float:
        check()
        kind = trial.suggest_categorical("algorithm", named)
        first = trial.number < len(named)
        given = (
            sized(kind, len(rows))
            if first
            else {k: _suggest(trial, f"{kind}.{k}", *s) for k, s in SPACES[kind].items()}
        )
        seen: list[float] = []

        def fold(number: int, value: float) -> None:
            seen.append(better(main, value))
            trial.report(float(np.mean(seen)), number)
            late = deadline is not None and time.monotonic() > deadline
            if not first and (trial.should_prune() or late):
                raise optuna.TrialPruned

        one = cross_validate(rows, x, y, search, kind, seed + 1, check, given, fold, main, most=most)
        trial.set_user_attr("folds", [float(v) for v in one.scores[main]])
        return better(main, one.mean(main))

    def after(study: Any, trial: Any) -> None:
        count = len(study.get_trials(deepcopy=False, states=finished))
        left = 0.0 if deadline is None else max(0.0, deadline - time.monotonic())
        share = count / wanted if wanted else 1 - left / float(seconds or 1)
        told = f"trial {count}{f' of {wanted}' if wanted else ''}, best {main} {better(main, _best(study)):.4g}"
        progress(min(1.0, share), told)

    with quiet_threads(len(rows)), warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        left = None if wanted is None else max(0, wanted - done)
        if left != 0:
            study.optimize(objective, n_trials=left, timeout=seconds, callbacks=[after])
    return _taught(study, named, main, seed, len(rows))


def _most(rows: int, made: Plan) -> int | None:
    """How many folds judge a trial, None for all of three. One stretch of time is like itself only, so it never is one."""
    return 1 if rows > ONE_SPLIT_ABOVE and made.split != "time order" else None


def _suggest(trial: Any, name: str, low: float, high: float, how: str) -> float | int:
    if "int" in how:
        return int(trial.suggest_int(name, int(low), int(high), log="log" in how))
    return float(trial.suggest_float(name, low, high, log="log" in how))


def _best(study: Any) -> float:
    known = [t.value for t in study.get_trials(deepcopy=False) if t.state.name == "COMPLETE"]
    return max(known) if known else float("nan")


def _taught(study: Any, named: list[str], metric: str, seed: int, rows: int) -> Tuned:
    every = study.get_trials(deepcopy=False)
    complete = [t for t in every if t.state.name == "COMPLETE"]
    pruned = sum(t.state.name == "PRUNED" for t in every)
    best = max(complete, key=lambda t: (t.value, -t.number))
    kind = best.params["algorithm"]
    leaders: dict[str, dict[str, Any]] = {}
    for trial in sorted(complete, key=lambda t: (-t.value, t.number)):
        one = trial.params["algorithm"]
        leaders.setdefault(one, {k.split(".", 1)[1]: v for k, v in trial.params.items() if k.startswith(f"{one}.")}
                           or sized(one, rows))  # fmt: skip
    given = leaders[kind]
    defaults = max(t.value for t in complete if t.number < len(named))
    weight = _importance([t for t in complete if t.params["algorithm"] == kind and t.number >= len(named)], kind, seed)
    sentences = [_what_mattered(weight), _worth_more(complete, best, metric)]
    history = np.maximum.accumulate([t.value for t in complete])
    return Tuned(kind, given, len(complete), pruned, float(best.value - defaults), weight,
                 tuple(s for s in sentences if s), tuple(better(metric, float(h)) for h in history), leaders)  # fmt: skip


def _importance(trials: list[Any], kind: str, seed: int) -> dict[str, float]:
    """Share of the differences between trials that each parameter explains (fANOVA, Hutter et al. 2014)."""
    import optuna

    if len(trials) < 8 or len({t.value for t in trials}) < 2:
        return {}
    alone = optuna.create_study(direction="maximize")
    prefix = f"{kind}."
    for t in trials:
        keep = {k: v for k, v in t.params.items() if k.startswith(prefix)}
        alone.add_trial(optuna.trial.create_trial(
            params=keep, distributions={k: t.distributions[k] for k in keep}, value=t.value))  # fmt: skip
    found = optuna.importance.get_param_importances(
        alone, evaluator=optuna.importance.FanovaImportanceEvaluator(n_trees=32, seed=seed)
    )
    return {k.removeprefix(prefix): round(float(v), 4) for k, v in found.items()}


def _what_mattered(weight: dict[str, float]) -> str:
    if not weight:
        return ""
    ranked = sorted(weight.items(), key=lambda w: -w[1])
    strong = [f"{name} ({share:.0%})" for name, share in ranked if share >= 0.1]
    weak = [name for name, share in ranked if share < 0.05]
    told = f"The differences between trials come from {', '.join(strong)}" if strong else "No parameter stands out"
    return told + (f"; {', '.join(weak)} hardly matter{'s' if len(weak) == 1 else ''}." if weak else ".")


def _worth_more(complete: list[Any], best: Any, metric: str) -> str:
    """Whether more search is worth it: what the last half of the trials brought, beside the noise between folds."""
    if len(complete) < 6:
        return f"{len(complete)} trials are too few to tell whether more search is worth it."
    half = len(complete) // 2
    before = max(t.value for t in complete[:half])
    brought = max(0.0, float(best.value - before))
    folds = best.user_attrs.get("folds", [])
    noise = float(np.std(folds, ddof=1) / np.sqrt(len(folds))) if len(folds) > 1 else 0.005 * abs(best.value)
    step = f"the last {len(complete) - half} trials brought {brought:.4g} in {metric}"
    if brought <= 0.5 * noise:
        return f"More search is not worth it: {step}, which is within the noise ({noise:.2g})."
    return f"More search may pay: {step}, more than the noise ({noise:.2g})."
