"""The unfitted pipeline of each algorithm: scikit-learn parts that skops keeps, LightGBM and XGBoost where installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

from opsmith.tools.compute.training import Plan
from opsmith.tools.compute.training_blend import BLEND, voting
from opsmith.tools.contract import ToolError

ALGORITHMS = (
    "gradient_boosting", "logistic_regression", "linear_regression", "ridge", "lasso", "elastic_net", "random_forest",
    "decision_tree", "svm", "knn", "naive_bayes", "neural_network", "lightgbm", "xgboost",
)  # fmt: skip
TREES = frozenset({"gradient_boosting", "random_forest", "decision_tree", "lightgbm", "xgboost"})
QUICK = frozenset(
    {"logistic_regression", "linear_regression", "ridge", "lasso", "elastic_net", "decision_tree", "naive_bayes"}
)
_ONLY_NUMBERS = frozenset({"linear_regression", "lasso", "elastic_net"})
_ONLY_CLASSES = frozenset({"logistic_regression", "naive_bayes"})


def known(algorithm: str | None, task: str | None = None) -> str | None:
    """The algorithm as it is called here. ToolError when there is none such, or it does not fit the task."""
    if algorithm is None or algorithm == BLEND:  # a blend is what a training chose, and a retraining keeps
        return algorithm
    if algorithm not in ALGORITHMS:
        raise ToolError(f"{algorithm} is not available here. There are: {', '.join(ALGORITHMS)}.")
    if task is not None and task != "regression" and algorithm in _ONLY_NUMBERS:
        raise ToolError(
            f"{algorithm} predicts quantities, but the target is a class. Use logistic_regression or gradient_boosting."
        )
    if task == "regression" and algorithm in _ONLY_CLASSES:
        raise ToolError(f"{algorithm} predicts classes, but the target is a quantity. Use ridge or gradient_boosting.")
    return algorithm


def stand_in(algorithm: str | None) -> tuple[str | None, str]:
    """The algorithm that is used for the one asked for, and a sentence where it is another one."""
    if algorithm not in ("lightgbm", "xgboost", "catboost"):
        return algorithm, ""
    if algorithm != "catboost" and importlib.util.find_spec(algorithm) is not None:
        return algorithm, ""
    how = "" if algorithm == "catboost" else " (pip install 'opsmith[boosting]' brings it)"
    return (
        "gradient_boosting",
        f"{algorithm} is not installed{how}; scikit-learn's histogram boosting, the same method, is used.",
    )


def sized(algorithm: str, rows: int) -> dict[str, Any]:
    """Parameters that suit a table of so many rows where nobody tuned: few rows need small trees, many rows more of them."""
    if algorithm != "gradient_boosting" or not rows:
        return {}
    if rows < 5000:
        leaves, trees = (8, 120) if rows < 2000 else (12, 150)
        return {
            "max_leaf_nodes": leaves,
            "max_iter": trees,
            "learning_rate": 0.06,
            "min_samples_leaf": 15,
            "l2_regularization": 3.0,
        }
    return {"max_leaf_nodes": 31, "max_iter": 300} if rows >= 20_000 else {}


# small trees, which hold where time changes what large ones have learnt; also what a search tries first
SMALL_TREES: dict[str, Any] = {
    "learning_rate": 0.03, "max_iter": 300, "max_leaf_nodes": 6, "min_samples_leaf": 20, "l2_regularization": 1.0,
    "max_features": 0.5,
}  # fmt: skip


def untuned(algorithm: str, made: Plan, rows: int) -> list[dict[str, Any]]:
    """Settings to cross-validate where nobody tuned: the usual one, and small trees beside it where rows are in order of time."""
    usual = sized(algorithm, rows)
    return [usual, SMALL_TREES] if algorithm == "gradient_boosting" and made.split == "time order" else [usual]


FOREST_ROWS = 60_000  # rows above which a forest takes minutes and does not compete unasked


def candidates(made: Plan, algorithm: str | None, rows: int = 0) -> list[str]:
    """What competes: the one that was asked for, else boosting, a forest (on tables that it is quick on) and a linear model."""
    if algorithm:
        return [algorithm]
    forest = ["random_forest"] if rows <= FOREST_ROWS else []
    return ["gradient_boosting", *forest, "ridge" if made.task == "regression" else "logistic_regression"]


def build(made: Plan, algorithm: str, seed: int, parameters: Mapping[str, Any] | None = None) -> Any:
    """The unfitted pipeline from what `training.inputs_of` gives to a prediction."""
    from sklearn.pipeline import Pipeline

    steps: list[tuple[str, Any]] = []
    if made.raw:
        from opsmith.tools.compute.training_steps import Shaped, first_steps

        steps += first_steps(made.recipe, made.features, seed)
        steps.append(("shape", Shaped(list(made.numeric), list(made.categories), list(made.texts))))
    if algorithm == BLEND:
        members = dict((parameters or {}).get("members") or {})
        parts = {name: Pipeline(_last_steps(made, name, seed, given)) for name, given in members.items()}
        return Pipeline([*steps, ("model", voting(parts, made.task != "regression"))])
    return Pipeline([*steps, *_last_steps(made, algorithm, seed, parameters or {})])


def _last_steps(made: Plan, algorithm: str, seed: int, parameters: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        ("columns", _columns(made, algorithm in TREES, algorithm)),
        ("model", _estimator(made, algorithm, seed, parameters)),
    ]


def _columns(made: Plan, trees: bool, algorithm: str) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    parts: list[tuple[str, Any, Any]] = []
    if made.numeric:
        numbers: Any = SimpleImputer(strategy="median", add_indicator=not trees, keep_empty_features=True)
        if algorithm in ("gradient_boosting", "lightgbm", "xgboost"):
            numbers = "passthrough"  # they have a branch of their own for what is missing
        elif not trees:
            numbers = Pipeline([("fill", numbers), ("scale", StandardScaler())])
        parts.append(("numbers", numbers, list(made.numeric)))
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
    return ColumnTransformer(parts, sparse_threshold=0.0 if trees or not made.texts else 0.3)


def _estimator(made: Plan, algorithm: str, seed: int, parameters: Mapping[str, Any]) -> Any:
    from sklearn import ensemble, linear_model, naive_bayes, neighbors, neural_network, svm, tree

    classes = made.task != "regression"
    known(algorithm, made.task)

    def of(when_classes: Any, when_numbers: Any, **defaults: Any) -> Any:
        return (when_classes if classes else when_numbers)(**{**defaults, **parameters})

    def boosted() -> Any:
        return of(
            ensemble.HistGradientBoostingClassifier, ensemble.HistGradientBoostingRegressor, random_state=seed,
            early_stopping=False, max_iter=150, learning_rate=0.07, l2_regularization=1.0, max_leaf_nodes=24,
        )  # fmt: skip

    table: dict[str, Callable[[], Any]] = {
        "gradient_boosting": boosted,
        "random_forest": lambda: of(ensemble.RandomForestClassifier, ensemble.RandomForestRegressor, n_estimators=200,
                                    min_samples_leaf=2, random_state=seed, n_jobs=-1),
        "decision_tree": lambda: of(tree.DecisionTreeClassifier, tree.DecisionTreeRegressor, max_depth=6,
                                    min_samples_leaf=10, random_state=seed),
        "logistic_regression": lambda: of(linear_model.LogisticRegression, None, max_iter=2000),
        "linear_regression": lambda: of(None, linear_model.LinearRegression),
        "ridge": lambda: of(linear_model.RidgeClassifier, linear_model.Ridge),
        "lasso": lambda: of(None, linear_model.Lasso, alpha=0.01, max_iter=5000),
        "elastic_net": lambda: of(None, linear_model.ElasticNet, alpha=0.01, max_iter=5000),
        "svm": lambda: of(svm.SVC, svm.SVR, **({"random_state": seed} if classes else {})),
        "knn": lambda: of(neighbors.KNeighborsClassifier, neighbors.KNeighborsRegressor, n_neighbors=15),
        "naive_bayes": lambda: of(naive_bayes.GaussianNB, None),
        "neural_network": lambda: of(neural_network.MLPClassifier, neural_network.MLPRegressor, hidden_layer_sizes=(64, 32),
                                     early_stopping=not classes or _stops_on_texts(), max_iter=300, random_state=seed),
        "lightgbm": lambda: _lightgbm(classes, seed, parameters),
        "xgboost": lambda: _xgboost(classes, seed, parameters),
    }  # fmt: skip
    return table[algorithm]()


def _stops_on_texts() -> bool:
    """Whether scikit-learn's networks can watch held-out rows when the classes are texts (1.7 cannot)."""
    import sklearn

    return tuple(int(n) for n in sklearn.__version__.split(".")[:2]) >= (1, 8)


def _lightgbm(classes: bool, seed: int, parameters: Mapping[str, Any]) -> Any:
    import lightgbm

    kind = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
    given = {"n_estimators": 150, "learning_rate": 0.07, "num_leaves": 24, "reg_lambda": 1.0, **parameters}
    return kind(random_state=seed, verbosity=-1, deterministic=True, force_row_wise=True, n_jobs=-1, **given)


def _xgboost(classes: bool, seed: int, parameters: Mapping[str, Any]) -> Any:
    import xgboost

    kind = xgboost.XGBClassifier if classes else xgboost.XGBRegressor
    given = {"n_estimators": 150, "learning_rate": 0.07, "max_depth": 5, "reg_lambda": 1.0, **parameters}
    model = kind(random_state=seed, tree_method="hist", n_jobs=-1, **given)
    if not classes:
        return model
    from opsmith.tools.compute.training_steps import Coded

    return Coded(model)
