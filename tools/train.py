"""Look at a table, say how a model would be trained and validated, and propose the training."""

from __future__ import annotations

from typing import Any, Literal

from opsmith.tools.contract import Action, Context, Finding, Preview, Result, Table, ToolError, tool

Algorithm = Literal[
    "gradient_boosting", "logistic_regression", "linear_regression", "ridge", "lasso", "elastic_net", "random_forest",
    "decision_tree", "svm", "knn", "naive_bayes", "xgboost", "lightgbm", "catboost", "neural_network",
]  # fmt: skip
LOOKED_AT = 20_000  # rows that are looked at for the proposal


@tool(
    intent="train",
    examples=(
        "train a model for Churn on data/telco_churn.csv",
        "fit a random forest for price, ignore the id",
        "tune a model for left on customers.csv with 40 trials",
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
    split: Literal["random", "stratified", "group", "time"] | None = None,
    time_column: str | None = None,
    group_column: str | None = None,
    validation: str | None = None,
    n: int | None = None,
    minutes: float | None = None,
    false_alarm_cost: float | None = None,
    miss_cost: float | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Propose to train a model; it runs after approval, cross-validated beside its baselines, and is registered.

    dataset, target: file and column to predict. columns: only these inputs. exclude: inputs to leave out. model: its
    name (default: target_model). algorithm: by default gradient boosting, a forest and a linear model compete. metric:
    the figure that decides. split: found from the table unless given; time_column, group_column: what it follows.
    validation: another file with the target, on which the finished model is measured. n, minutes: tune with so many trials,
    or for so long. false_alarm_cost, miss_cost: from which the threshold follows.
    dry_run: only say what would be done.
    """
    from opsmith.tools.compute import training_pipeline, training_run
    from opsmith.tools.compute.training_score import metric_for
    from opsmith.tools.data import registry
    from opsmith.tools.data.table import open_table, sha256_of

    count = _folds(folds, test_size)
    table = open_table(context, dataset)
    try:
        wanted = table.column(target).name
        used, told = training_pipeline.stand_in(algorithm)
        arguments: dict[str, Any] = {
            "dataset": table.name, "sha256": sha256_of(table.path) if table.path.is_file() else "", "target": wanted,
            "columns": [table.column(c).name for c in columns], "exclude": [table.column(c).name for c in exclude],
            "algorithm": training_pipeline.known(used), "folds": count, "seed": context.seed, "split": split,
            "time_column": table.column(time_column).name if time_column else None,
            "group_column": table.column(group_column).name if group_column else None,
            **_budget(n, minutes), "costs": _costs(false_alarm_cost, miss_cost),
        }  # fmt: skip
        arguments["cleaning"], cleaned = _recipe(context, table.name)
        set_name, arguments["features"] = _features(context, table, arguments, cleaned)
        copy = _made_from(context, table.name, wanted)
        rows = table.rows
        frame = training_run.frame_of(table, arguments, LOOKED_AT)
    finally:
        table.close()
    name = registry.check_name(model or default_name(wanted))
    plan = training_run.plan_for(frame, arguments)
    training_pipeline.known(arguments["algorithm"], plan.task)
    arguments |= {"model": name, "metric": metric_for(plan.task, metric) if metric else None}
    if arguments["costs"] and plan.task != "binary":
        raise ToolError(f"Costs of a miss and a false alarm need two classes; {wanted} is a {plan.task} target.")
    # what was found is part of what is approved, so that training decides nothing anew
    arguments |= {
        "split": _word(plan.split),
        "why": plan.why,
        "time_column": plan.time_column,
        "group_column": plan.group_column,
        "folds": plan.folds,
    }
    checked, other = "", tuple[Finding, ...]()
    if validation:
        from opsmith.tools.compute import training_validation

        given, many, other = training_validation.looked_at(context, validation, plan, frame, arguments)
        arguments |= given
        checked = f"{given['validation']} ({many:,} rows)"
    found = (*_findings(frame, plan, arguments), *other, *((Finding("stand-in", "info", told),) if told else ()))
    found = (*found, copy) if copy else found
    steps = [t for t in ("the recipe" if plan.recipe else "", set_name) if t]
    return _proposed(context, name, table.name, rows, plan, arguments, found, steps, checked, dry_run)


def _proposed(
    context: Context, name: str, shown: str, rows: int, plan: Any, arguments: dict[str, Any],
    found: tuple[Finding, ...], steps: list[str], checked: str, dry_run: bool,
) -> Result:  # fmt: skip
    from opsmith.tools.compute.training_pipeline import candidates
    from opsmith.tools.data import registry

    version = max((c.version for c in registry.versions(context.project, name)), default=0) + 1
    how = f"{plan.folds}-fold cross-validation, {plan.split}"
    compete = [c.replace("_", " ") for c in candidates(plan, arguments["algorithm"], rows)]
    costs = arguments["costs"]
    search = {"trials": "{} trials", "seconds": "{:g} seconds"}
    lines = (
        ("task", plan.task), ("rows", f"{rows:,}"), ("numbers", ", ".join(plan.numeric) or "none"),
        ("categories", ", ".join(plan.categories) or "none"), ("texts", ", ".join(plan.texts) or "none"),
        ("left out", "; ".join(f"{c} ({why})" for c, why in plan.left_out) or "none"),
        ("algorithms", compete[0] if len(compete) == 1 else f"{', '.join(compete)} compete"),
        ("validated by", f"{how}: {plan.why}"),
        ("search", ", ".join(t.format(arguments[k]) for k, t in search.items() if arguments[k]) or "none, sound defaults"),
        *((("errors cost", "false alarm {:g}, miss {:g}; the threshold follows".format(*costs)),) if costs else ()),
        *((("measured on", f"{checked}, besides"),) if checked else ()),
        *((("begins with", f"{' and '.join(steps)} of this project, inside the pipeline"),) if steps else ()),
    )  # fmt: skip
    headline = (
        f"{name} version {version} would predict {plan.target} ({plan.task}) from {len(plan.columns)} columns of {shown}, "
        f"{how}: {plan.why}." + (f" The finished model is measured on {checked}." if checked else "")
    )
    first = "Becomes the champion." if version == 1 else "The champion stays; promotion is asked separately."
    preview = Preview(
        f"train {name} version {version} for {plan.target} on {shown} ({rows:,} rows)",
        tables=(Table("Training", ("what", "how"), lines),),
        notes=(f"Writes models/{name}/{version}/ with the model and a report. {first}",),
    )
    given = {k: v for k, v in arguments.items() if v not in (None, [], "")}
    action = Action("train", f"model:{name}", given, preview, True, "medium", (name, f"models/{name}"))
    data = {"model": name, "version": version, "task": plan.task, "inputs": list(plan.columns), "folds": plan.folds,
            "split": plan.split, "why": plan.why, "left_out": dict(plan.left_out)}  # fmt: skip
    leaks = next((f.fix for f in found if f.fix), None)
    then = () if dry_run else ("yes", *((leaks,) if leaks else ()))
    return Result(headline, data, found, actions=() if dry_run else (action,), next_steps=then)


def default_name(target: str) -> str:
    """The model name for a target: `final grade` -> final_grade_model."""
    import re

    slug = re.sub(r"[^a-z0-9]+", "_", target.casefold()).strip("_")[:48] or "model"
    return f"{slug}_model"


def _folds(folds: int | None, test_size: float | str | None) -> int | None:
    """The number of folds; a share to test on, such as 20%, gives the folds of that size."""
    if folds is not None and not 2 <= folds <= 50:
        raise ToolError(f"{folds} folds do not work; use 2 to 50.")
    if folds is not None or test_size is None:
        return folds
    text = str(test_size).strip()
    try:
        share = float(text.rstrip("%")) / (100 if text.endswith("%") or float(text.rstrip("%")) >= 1 else 1)
    except ValueError:
        share = 0.0
    if not 0.02 <= share <= 0.5:
        raise ToolError(f"A test share of {test_size} does not work; use 0.02 to 0.5, or 2% to 50%.")
    return max(2, round(1 / share))


def _budget(n: int | None, minutes: float | None) -> dict[str, Any]:
    if n is not None and not 1 <= n <= 5000:
        raise ToolError(f"{n} trials do not work; use 1 to 5000.")
    if minutes is not None and not 0 < minutes <= 24 * 60:
        raise ToolError(f"A search of {minutes:g} minutes does not work; use more than 0 and at most 1440.")
    return {"trials": n, "seconds": None if minutes is None else round(minutes * 60, 1)}


def _costs(false_alarm: float | None, miss: float | None) -> list[float] | None:
    """(false alarm, miss); one that was not named costs 1."""
    if false_alarm is None and miss is None:
        return None
    both = [1.0 if c is None else float(c) for c in (false_alarm, miss)]
    if min(both) < 0 or max(both) == 0:
        raise ToolError("Costs are 0 or more, and one of them is more than 0.")
    return both


def _word(split: str) -> str:
    return {"time order": "time", "group": "group"}.get(split, "stratified" if "stratified" in split else "random")


def _recipe(context: Context, dataset: str) -> tuple[str | None, str]:
    """The project's recipe that cleans this very table, which becomes part of the pipeline, and the copy it writes."""
    from opsmith.tools.compute.recipe import read_recipe, recipe_for

    path = recipe_for(context, dataset)
    if path is None:
        return None, ""
    text = path.read_text(encoding="utf-8")
    return (text, path.name.split(".")[0]) if read_recipe(text, path.name).dataset == dataset else (None, "")


def _made_from(context: Context, dataset: str, target: str) -> Finding | None:
    """That a table is a recipe's cleaned copy: a model trained on it does not take raw rows, one on the original does."""
    from opsmith.tools.compute.recipe import read_recipe, recipe_for, stem

    path = recipe_for(context, dataset)
    if path is None:
        return None
    origin = read_recipe(path.read_text(encoding="utf-8"), path.name).dataset
    if origin == dataset or not (context.project / origin).is_file() or path.name.split(".")[0] != stem(dataset):
        return None
    return Finding(
        "cleaned-copy", "info",
        f"{dataset} is the cleaned copy of {origin}; a model trained on it expects cleaned rows. Trained on {origin}, the recipe "
        "becomes the first step of the model, which then takes raw rows.",
        fix=f"train a model for {target} on {origin}",
    )  # fmt: skip


def _features(context: Context, table: Any, asked: dict[str, Any], cleaned: str) -> tuple[str, str | None]:
    """Name and text of the newest feature set made for this target on this table, or on the copy that its recipe writes.

    ("", None) when there is none.
    """
    from opsmith.tools.compute.features.featureset import read_set
    from opsmith.tools.compute.recipe import stem

    barred = {*asked["exclude"], asked["target"]}
    there = set(asked["columns"] or table.column_names) - barred
    for path in sorted(context.project.glob("features/*.yaml"), key=lambda p: -p.stat().st_mtime_ns):
        text = path.read_text(encoding="utf-8")
        try:
            found = read_set(text, path.name)
        except ToolError:
            continue
        fits = found.dataset == table.name and set(found.inputs) <= there
        fits = fits or bool(cleaned and stem(found.dataset) == cleaned and not set(found.inputs) & barred)
        if fits and found.target == asked["target"]:
            return path.relative_to(context.project).as_posix(), text
    return "", None


def _findings(frame: Any, plan: Any, arguments: dict[str, Any]) -> tuple[Finding, ...]:
    """Inputs that alone tell the target, copies of rows, and classes that are rare."""
    from opsmith.tools.compute import training
    from opsmith.tools.compute.leaks import leaks

    target, dataset = plan.target, arguments["dataset"]
    found = [
        Finding(
            "leak", "critical",
            f"{name} alone predicts {target} almost perfectly ({power:.3f} of 1); it probably leaks the outcome.",
            (name,), {"power": power}, fix=f"train a model for {target} on {dataset} without {name}",
        )
        for name, power in leaks(frame, plan)
    ]  # fmt: skip
    copies = float(frame.duplicated().mean())
    if copies > 0.02 and plan.split in ("random", "stratified random"):
        found.append(Finding(
            "copies", "warning", f"{copies:.1%} of the rows equal an earlier row, so folds at random test on rows that were "
            "trained on; the scores will flatter.", evidence={"share": copies}, fix=f"remove duplicates from {dataset}",
        ))  # fmt: skip
    if plan.task != "regression" and len(frame) < LOOKED_AT and (single := training.singles(frame[target])):
        such = ", ".join(map(str, single[:4]))
        told = f"{target} is {such} in one row only, which cannot be both learnt from and tested on; left out."
        found.append(Finding("single", "warning", told, (target,), {"values": len(single)}))
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
