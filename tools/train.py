"""Look at a table, say how a model would be trained and validated, and propose the training."""

from __future__ import annotations

from typing import Any, Literal

from opsmith.tools.contract import Action, Context, Finding, Preview, Result, Table, ToolError, tool

Algorithm = Literal[
    "gradient_boosting",
    "logistic_regression",
    "linear_regression",
    "ridge",
    "lasso",
    "elastic_net",
    "random_forest",
    "decision_tree",
    "svm",
    "knn",
    "naive_bayes",
    "xgboost",
    "lightgbm",
    "catboost",
    "neural_network",
]


@tool(
    intent="train",
    examples=(
        "train a model for Churn on data/telco_churn.csv",
        "fit a random forest for price, ignore the id",
        "can we predict who cancels?",
    ),
)
def train(
    dataset: str,
    target: str,
    columns: list[str] = [],  # noqa: B006
    exclude: list[str] = [],  # noqa: B006
    model: str | None = None,
    algorithm: Algorithm | None = None,
    metric: str | None = None,
    test_size: float | str | None = None,
    folds: int | None = None,
    n: int | None = None,
    method: str | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Propose to train a model; it runs after approval, cross-validated beside its baselines, and is registered.

    dataset, target: file and column to predict. columns: only these inputs. exclude: inputs to leave out. model: its
    name (default: target_model). algorithm: by default gradient boosting and a linear model compete. folds: of the
    cross-validation. metric: the figure you care about. dry_run: only say what would be done.
    """
    from opsmith.tools.compute import training, training_run
    from opsmith.tools.data import registry
    from opsmith.tools.data.table import open_table, sha256_of

    if folds is not None and not 2 <= folds <= 50:
        raise ToolError(f"{folds} folds do not work; use 2 to 50.")
    table = open_table(context, dataset)
    try:
        wanted = table.column(target).name
        arguments: dict[str, Any] = {
            "dataset": table.name,
            "sha256": sha256_of(table.path) if table.path.is_file() else "",
            "target": wanted,
            "columns": [table.column(c).name for c in columns],
            "exclude": [table.column(c).name for c in exclude],
            "algorithm": _known_algorithm(algorithm),
            "folds": folds,
            "seed": context.seed,
            "time_column": None,
        }
        rows = table.rows
        frame = table.pandas(sample=20_000, seed=context.seed)
    finally:
        table.close()
    name = registry.check_name(model or default_name(wanted))
    arguments["model"] = name
    plan = training_run.plan_for(frame, arguments)
    if arguments["algorithm"]:
        training.build(plan, arguments["algorithm"], context.seed)  # says so when it does not fit the task
    found = _findings(frame, plan, wanted, dataset)
    version = max((c.version for c in registry.versions(context.project, name)), default=0) + 1
    how = f"{plan.folds}-fold cross-validation, {plan.split}"
    lines = (
        ("task", plan.task),
        ("rows", f"{rows:,}"),
        ("numbers", ", ".join(plan.numeric) or "none"),
        ("categories", ", ".join(plan.categories) or "none"),
        ("texts", ", ".join(plan.texts) or "none"),
        ("left out", "; ".join(f"{c} ({why})" for c, why in plan.left_out) or "none"),
        ("algorithms", arguments["algorithm"] or "gradient boosting and a linear model compete"),
        ("validated by", how),
    )
    headline = (
        f"{name} version {version} would predict {wanted} ({plan.task}) from {len(plan.inputs)} columns "
        f"of {table.name}, {how}."
    )
    preview = Preview(
        f"train {name} version {version} for {wanted} on {table.name} ({rows:,} rows)",
        tables=(Table("Training", ("what", "how"), lines),),
        notes=(
            f"Writes models/{name}/{version}/. "
            "The first version becomes champion; promotion of later ones is asked separately.",
        ),
    )
    action = Action(
        "train",
        f"model:{name}",
        {k: v for k, v in arguments.items() if v not in (None, [])},
        preview,
        True,
        "medium",
        (name, f"models/{name}"),
    )
    data = {
        "model": name,
        "version": version,
        "task": plan.task,
        "inputs": list(plan.inputs),
        "folds": plan.folds,
        "split": plan.split,
    }
    return Result(
        headline, data, found, actions=() if dry_run else (action,), next_steps=("yes",) if not dry_run else ()
    )


def default_name(target: str) -> str:
    """The model name for a target: `final grade` -> final_grade_model."""
    import re

    slug = re.sub(r"[^a-z0-9]+", "_", target.casefold()).strip("_")[:48] or "model"
    return f"{slug}_model"


def _known_algorithm(algorithm: str | None) -> str | None:
    from opsmith.tools.compute.training import ALGORITHMS

    if algorithm in ("xgboost", "lightgbm", "catboost"):
        return "gradient_boosting"  # scikit-learn's histogram boosting, the same method; said in the findings of the result
    if algorithm is not None and algorithm not in ALGORITHMS:
        raise ToolError(f"{algorithm} is not available here. There are: {', '.join(ALGORITHMS)}.")
    return algorithm


def _findings(frame: Any, plan: Any, target: str, dataset: str) -> tuple[Finding, ...]:
    """Inputs that alone tell the target, and classes that are rare."""
    from opsmith.tools.compute.leaks import leaks

    found = [
        Finding(
            "leak",
            "critical",
            f"{name} alone predicts {target} almost perfectly ({power:.3f} of 1); it probably leaks the outcome.",
            (name,),
            {"power": power},
            fix=f"train a model for {target} on {dataset} without {name}",
        )
        for name, power in leaks(frame, plan)
    ]
    if plan.task != "regression":
        share = float(frame[target].value_counts(normalize=True).min())
        if share < 0.1:
            found.append(
                Finding(
                    "imbalance",
                    "warning",
                    f"The rarest value of {target} is {share:.1%} of the rows: look at AUC, not accuracy.",
                    (target,),
                    {"share": share},
                )
            )
    return tuple(found)
