"""Fit one scikit-learn pipeline from raw columns to prediction, with its cross-validated score and the baselines beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    import pandas as pd

ALGORITHMS = (
    "gradient_boosting", "logistic_regression", "linear_regression", "ridge", "lasso", "elastic_net", "random_forest",
    "decision_tree", "svm", "knn", "naive_bayes",
)  # fmt: skip
MAIN_METRIC = {"binary": "auc", "multiclass": "accuracy", "regression": "rmse"}
SMALLER_IS_BETTER = frozenset({"rmse", "mae", "logloss", "mape"})


@dataclass(frozen=True)
class Plan:
    """What will be trained: the task, the inputs by kind, and how it is validated. Made by looking only."""

    task: str
    target: str
    numeric: tuple[str, ...]
    categories: tuple[str, ...]
    texts: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]  # (column, why)
    split: str
    folds: int

    @property
    def inputs(self) -> tuple[str, ...]:
        return (*self.numeric, *self.categories, *self.texts)


@dataclass
class Trained:
    """A fitted pipeline and what is known of it. metrics: name -> {value, interval, on}."""

    pipeline: Any
    plan: Plan
    algorithm: str
    metrics: dict[str, dict[str, Any]]
    baselines: dict[str, float]
    classes: list[Any] = field(default_factory=list)
    importance: list[tuple[str, float]] = field(default_factory=list)


def plan(
    frame: pd.DataFrame,
    target: str,
    *,
    columns: Sequence[str] = (),
    exclude: Sequence[str] = (),
    folds: int | None = None,
    time_column: str | None = None,
) -> Plan:
    """Decide task, inputs and validation for a table. ToolError when the target cannot be learnt."""
    import pandas as pd

    rows = frame[target].dropna()
    if len(rows) < 10:
        raise ToolError(f"{target} has {len(rows)} values; at least 10 rows with a target are needed to train.")
    if rows.nunique() < 2:
        raise ToolError(f"{target} is always {rows.iloc[0]}, so there is nothing to learn.")
    task = task_of(rows)
    numeric, categories, texts, left = [], [], [], []
    for name in [str(c) for c in (columns or frame.columns)]:
        if name == target:
            continue
        values = frame[name]
        present = values.dropna()
        if name in exclude:
            left.append((name, "excluded by you"))
        elif present.empty or present.nunique() < 2:
            left.append((name, "one value only"))
        elif pd.api.types.is_datetime64_any_dtype(values):
            left.append((name, "a date; its parts are not used yet"))
        elif pd.api.types.is_bool_dtype(values) or (
            pd.api.types.is_numeric_dtype(values) and not _id_like(name, present)
        ):
            numeric.append(name)
        elif not pd.api.types.is_numeric_dtype(values) and pd.to_numeric(present, errors="coerce").notna().mean() > 0.9:
            numeric.append(name)  # numbers kept as text, a few of them blank
        elif pd.api.types.is_numeric_dtype(values):
            left.append((name, "differs in every row and is named like an id"))
        else:
            text = present.astype(str)
            share = text.nunique() / len(text)
            if text.str.len().mean() > 25 and share > 0.2:
                texts.append(name)
            elif share > 0.9 and len(text) > 30:
                left.append((name, "differs in nearly every row"))
            else:
                categories.append(name)
    if not (numeric or categories or texts):
        raise ToolError(f"No usable input column is left to predict {target}.")
    chosen = folds or (5 if len(rows) >= 50 else 3)
    if task != "regression":
        chosen = max(2, min(chosen, int(rows.value_counts().min())))
    split = "time order" if time_column else ("stratified random" if task != "regression" else "random")
    return Plan(task, target, tuple(numeric), tuple(categories), tuple(texts), tuple(left), split, chosen)


def task_of(values: pd.Series[Any]) -> str:
    """binary, multiclass or regression, by the target's values."""
    import pandas as pd

    distinct = values.nunique()
    if distinct == 2:
        return "binary"
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        whole = bool((values == values.round()).all())
        return "multiclass" if whole and distinct <= 10 and len(values) > 20 * distinct else "regression"
    if distinct > 50:
        raise ToolError(
            f"{values.name} has {distinct} different values that are no numbers; that is too many classes to learn."
        )
    return "multiclass"


def _id_like(name: str, values: pd.Series[Any]) -> bool:
    low = name.casefold()
    named = low in ("id", "index", "rownames", "row") or low.endswith(("_id", " id", "id_"))
    return named and values.nunique() == len(values) and bool((values == values.round()).all())


def build(made: Plan, algorithm: str, seed: int, **parameters: Any) -> Any:
    """The unfitted pipeline for an algorithm of the vocabulary; scikit-learn parts only, so that skops can keep it."""
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    trees = algorithm in ("gradient_boosting", "random_forest", "decision_tree")
    parts: list[tuple[str, Any, Any]] = []
    if made.numeric:
        numbers = SimpleImputer(strategy="median", add_indicator=not trees, keep_empty_features=True)
        parts.append(
            (
                "numbers",
                "passthrough"
                if algorithm == "gradient_boosting"
                else numbers
                if trees
                else Pipeline([("fill", numbers), ("scale", StandardScaler())]),
                list(made.numeric),
            )
        )
    if made.categories:
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
        hot = OneHotEncoder(
            handle_unknown="infrequent_if_exist", min_frequency=5, max_categories=40, sparse_output=False
        )
        parts.append(("categories", codes if trees else hot, list(made.categories)))
    for number, name in enumerate(made.texts):
        words = TfidfVectorizer(
            min_df=2, max_features=300 if trees else 5000, ngram_range=(1, 1) if trees else (1, 2), sublinear_tf=True
        )
        parts.append((f"text{number}", Pipeline([("words", words)]), name))
    columns = ColumnTransformer(parts, sparse_threshold=0.0 if trees or not made.texts else 0.3)
    return Pipeline([("columns", columns), ("model", _estimator(made, algorithm, seed, parameters))])


def _estimator(made: Plan, algorithm: str, seed: int, parameters: dict[str, Any]) -> Any:
    from sklearn import ensemble, linear_model, naive_bayes, neighbors, svm, tree

    classes = made.task != "regression"
    table: dict[str, Callable[[], Any]] = {
        "gradient_boosting": lambda: ensemble.HistGradientBoostingClassifier(random_state=seed, early_stopping=False, max_iter=120, learning_rate=0.08, l2_regularization=1.0, **parameters) if classes
        else ensemble.HistGradientBoostingRegressor(random_state=seed, early_stopping=False, max_iter=150, learning_rate=0.08, l2_regularization=1.0, **parameters),
        "random_forest": lambda: (ensemble.RandomForestClassifier if classes else ensemble.RandomForestRegressor)(n_estimators=200, min_samples_leaf=2, random_state=seed, n_jobs=-1, **parameters),
        "decision_tree": lambda: (tree.DecisionTreeClassifier if classes else tree.DecisionTreeRegressor)(max_depth=6, min_samples_leaf=10, random_state=seed, **parameters),
        "logistic_regression": lambda: linear_model.LogisticRegression(max_iter=2000, **parameters),
        "linear_regression": lambda: linear_model.LinearRegression(**parameters),
        "ridge": lambda: linear_model.RidgeClassifier(**parameters) if classes else linear_model.Ridge(**parameters),
        "lasso": lambda: linear_model.Lasso(alpha=0.01, max_iter=5000, **parameters),
        "elastic_net": lambda: linear_model.ElasticNet(alpha=0.01, max_iter=5000, **parameters),
        "svm": lambda: svm.SVC(probability=True, random_state=seed, **parameters) if classes else svm.SVR(**parameters),
        "knn": lambda: (neighbors.KNeighborsClassifier if classes else neighbors.KNeighborsRegressor)(n_neighbors=15, **parameters),
        "naive_bayes": lambda: naive_bayes.GaussianNB(**parameters),
    }  # fmt: skip
    if algorithm not in table:
        raise ToolError(f"{algorithm} is not available here. There are: {', '.join(ALGORITHMS)}.")
    only_numbers = {"linear_regression", "lasso", "elastic_net"}
    if classes and algorithm in only_numbers:
        raise ToolError(
            f"{algorithm} predicts quantities, but {made.target} is a class. Use logistic_regression or gradient_boosting."
        )
    if not classes and algorithm in ("logistic_regression", "naive_bayes"):
        raise ToolError(
            f"{algorithm} predicts classes, but {made.target} is a quantity. Use ridge or gradient_boosting."
        )
    return table[algorithm]()


def fit(
    frame: pd.DataFrame,
    made: Plan,
    *,
    algorithm: str | None = None,
    seed: int = 0,
    progress: Callable[[float, str], None] = lambda f, n: None,
    check: Callable[[], None] = lambda: None,
) -> Trained:
    """Cross-validate baselines and candidates, then fit the best (or the named one) on all rows. Deterministic by seed."""
    usable = frame.dropna(subset=[made.target]).reset_index(drop=True)
    x, y = inputs_of(usable, made), usable[made.target]
    if made.task != "regression":
        y = y.astype(str) if not _numbers(y) else y
    candidates = (
        [algorithm]
        if algorithm
        else ["gradient_boosting", "ridge" if made.task == "regression" else "logistic_regression"]
    )
    scores: dict[str, dict[str, list[float]]] = {}
    for number, name in enumerate(candidates):
        check()
        progress(0.05 + 0.75 * number / len(candidates), f"cross-validating {name}")
        scores[name] = cross_validate(x, y, made, name, seed, check)
    main = MAIN_METRIC[made.task]
    best = max(candidates, key=lambda c: _signed(main, float(np.mean(scores[c][main]))))
    progress(0.85, f"fitting {best} on all rows")
    pipeline = build(made, best, seed).fit(x, y)
    metrics = {
        m: {"value": round(float(np.mean(v)), 6), "interval": _interval(v), "on": f"{made.folds} folds, {made.split}"}
        for m, v in scores[best].items()
    }
    baselines = {"dummy": _dummy(y, made)} | {c: float(np.mean(s[main])) for c, s in scores.items()}
    classes = [c.item() if hasattr(c, "item") else c for c in getattr(pipeline[-1], "classes_", [])]
    progress(0.95, "measuring which inputs matter")
    return Trained(pipeline, made, best, metrics, baselines, classes, importance(pipeline, x, y, made, seed))


def inputs_of(frame: pd.DataFrame, made: Plan) -> pd.DataFrame:
    """The input columns in the types the pipeline expects: floats, texts or None."""
    import pandas as pd

    shaped: dict[str, Any] = {}
    for name in made.numeric:
        shaped[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
    for name in made.categories:
        shaped[name] = frame[name].map(lambda v: None if pd.isna(v) else str(v)).astype(object)
    for name in made.texts:
        shaped[name] = frame[name].map(lambda v: "" if pd.isna(v) else str(v)).astype(object)
    return pd.DataFrame(shaped, index=frame.index)


def cross_validate(
    x: Any, y: Any, made: Plan, algorithm: str, seed: int, check: Callable[[], None]
) -> dict[str, list[float]]:
    """Metric -> value per fold; everything is fitted inside the fold, time order never looks ahead."""
    from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit

    splitter: Any
    if made.split == "time order":
        splitter = TimeSeriesSplit(made.folds)
    elif made.task == "regression":
        splitter = KFold(made.folds, shuffle=True, random_state=seed)
    else:
        splitter = StratifiedKFold(made.folds, shuffle=True, random_state=seed)
    found: dict[str, list[float]] = {}
    for train, test in splitter.split(x, y):
        check()
        fitted = build(made, algorithm, seed).fit(x.iloc[train], y.iloc[train])
        for name, value in score(fitted, x.iloc[test], y.iloc[test], made.task).items():
            found.setdefault(name, []).append(value)
    return found


def score(fitted: Any, x: Any, y: Any, task: str) -> dict[str, float]:
    """Metrics of a fitted pipeline on rows with known outcomes."""
    from sklearn import metrics as m

    said = fitted.predict(x)
    if task == "regression":
        truth = np.asarray(y, float)
        return {
            "rmse": float(np.sqrt(m.mean_squared_error(truth, said))),
            "mae": float(m.mean_absolute_error(truth, said)),
            "r2": float(m.r2_score(truth, said)),
        }
    found = {"accuracy": float(m.accuracy_score(y, said)), "f1": float(m.f1_score(y, said, average="macro"))}
    if task == "binary" and len(set(y)) == 2:
        raw = fitted.predict_proba(x)[:, 1] if hasattr(fitted, "predict_proba") else fitted.decision_function(x)
        positive = (np.asarray(y) == fitted.classes_[1]).astype(int)
        found["auc"] = float(m.roc_auc_score(positive, raw))
        if hasattr(fitted, "predict_proba"):
            found["logloss"] = float(m.log_loss(positive, np.clip(raw, 1e-6, 1 - 1e-6), labels=[0, 1]))
        found["f1"] = float(m.f1_score(positive, (np.asarray(said) == fitted.classes_[1]).astype(int)))
    return found


def importance(pipeline: Any, x: Any, y: Any, made: Plan, seed: int, rows: int = 2000) -> list[tuple[str, float]]:
    """Permutation importance on at most `rows` rows, largest first (Breiman 2001, doi:10.1023/A:1010933404324)."""
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(x), min(rows, len(x)), replace=False))
    xs, ys = x.iloc[chosen], y.iloc[chosen]
    main = MAIN_METRIC[made.task]
    whole = score(pipeline, xs, ys, made.task).get(main)
    if whole is None:
        return []
    found = []
    for name in made.inputs[:60]:
        shuffled = xs.copy()
        shuffled[name] = shuffled[name].to_numpy()[rng.permutation(len(shuffled))]
        found.append((name, _signed(main, whole) - _signed(main, score(pipeline, shuffled, ys, made.task)[main])))
    return sorted(found, key=lambda i: -i[1])


def _dummy(y: Any, made: Plan) -> float:
    if made.task == "regression":
        return float(np.std(np.asarray(y, float)))
    return 0.5 if made.task == "binary" else float(y.value_counts(normalize=True).max())


def _interval(values: Sequence[float]) -> list[float]:
    mean = float(np.mean(values))
    half = 1.96 * float(np.std(values, ddof=1)) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return [round(mean - half, 6), round(mean + half, 6)]


def _signed(metric: str, value: float) -> float:
    return -value if metric in SMALLER_IS_BETTER else value


def _numbers(values: Any) -> bool:
    import pandas as pd

    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
