"""Suggest features that prove their worth on held-out folds, rank columns, and propose scaled, encoded or scored copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opsmith.tools.contract import Context, NeedsAnswer, Result, ToolError, tool

if TYPE_CHECKING:
    from opsmith.tools.compute.features.ask import Asking, Wish
    from opsmith.tools.compute.features.direct import Made

OPERATIONS = (
    "suggest",
    "generate",
    "evaluate",
    "pca",
    "scale",
    "encode",
    "keyword_risk",
    "interactions",
    "explain",
    "apply",
)
_DIRECT = ("scale", "encode", "pca", "keyword_risk")


@tool(
    intent="features",
    examples=(
        "suggest features for had_claim in policies.csv",
        "which columns predict churn best?",
        "keyword risk score from agent_notes: speeding, accident",
        "standardize bmi in insurance.csv",
        "pca with 2 components on bad_drivers.csv",
        "make the features for june.csv too",
    ),
)
def features(
    dataset: str,
    target: str | None = None,
    operations: list[str] = [],  # noqa: B006 - read only; pydantic copies it
    columns: list[str] = [],  # noqa: B006
    exclude: list[str] = [],  # noqa: B006
    method: str | None = None,
    keywords: list[str] = [],  # noqa: B006
    n: int | None = None,
    output: str | None = None,
    metric: str | None = None,
    algorithm: str | None = None,
    by: list[str] = [],  # noqa: B006
    time: str | None = None,
    skip: list[str] = [],  # noqa: B006
    feature_set: str | None = None,
    related: list[str] = [],  # noqa: B006
    keys: list[str] = [],  # noqa: B006
    candidates: list[Any] = [],  # noqa: B006
    known_at: str | None = None,
    seconds: float | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Find features that raise a model's score on held-out folds, and propose a copy of the table that has them.

    operations: suggest (look only, the default), generate (also propose the copy, the feature set, a transformer and a
    Python module), interactions (products and ratios only), evaluate (rank the present columns), explain (why a feature
    is useful; n: which one), pca (n components), scale (method: standard, minmax, robust, quantile, log), encode (method:
    onehot, ordinal, target, frequency), keyword_risk (score of a text column; keywords), apply (a written feature_set to
    another dataset). target: column to predict. columns: only these; exclude: never these. n: most features. metric: auc,
    logloss, ap, f1, accuracy, r2, rmse, mae, mape. algorithm: gradient_boosting or a linear one; both by default. by:
    column whose groups stay together in a fold. time: column that orders the rows; later rows are held out. skip: features
    to leave out, by name or number. related: child tables to aggregate over a key (files, database:table, or a database);
    keys: how they join, such as customer_id or id = customer_id. candidates: your own formulas to test, each
    a text or {expression, name, meaning}: `log(income / rooms)`, `(smoker = "yes") * bmi`, `mean_by(fare, class)`; columns,
    + - * / = > <, and the functions log sqrt min max abs is over under filled missing cross frequency target_mean mean_by
    z_by rank_by bins year month weekday hour days_between lag past_mean letters words sentiment mentions keyword_risk.
    known_at: an event, such as signup, after which columns must not be used; asks for them unless columns are given.
    seconds: time for a search. dry_run: propose no write.
    """
    from opsmith.tools.compute.features import proposed
    from opsmith.tools.compute.features.ask import Asking, Wish
    from opsmith.tools.compute.features.homes import home_of

    said = dataset
    dataset, children = home_of(context, dataset, target, related)
    asked = _operations(operations)
    if skip and "explain" in asked:  # what is left out needs no explanation: the list without it is meant
        asked = [o for o in asked if o != "explain"] or ["suggest"]
    with Asking(context, dataset, wished_seconds=seconds) as asking:
        wish = Wish(
            asking.known([target])[0] if target else None, asking.known(columns), asking.known(exclude),
            asking.known([time])[0] if time else None, asking.known(by)[0] if by else None, metric,
            algorithm, tuple(keywords), n, str(context.settings.get("country") or "") or None,
            children, tuple(keys), proposed.plain(candidates),
        )  # fmt: skip
        if known_at and not wish.columns:
            choices = [c for c in asking.table.column_names if c != wish.target][:12]
            raise NeedsAnswer(
                f"Which columns of {asking.table.name} are known at {known_at}? Only they are used.", choices
            )
        if "apply" in asked or (feature_set and not set(asked) & {"explain", *_DIRECT}):
            return _apply(asking, wish, feature_set, output, skip, dry_run)
        direct = [o for o in asked if o in _DIRECT]
        if direct:
            return _direct(asking, wish, direct, method, output, dry_run)
        if "evaluate" in asked:
            return _evaluate(asking, wish)
        if "explain" in asked:
            return _explain(asking, wish, feature_set)
        return _suggest(asking, wish, asked, output, skip, dry_run, said)


def _operations(named: list[str]) -> list[str]:
    found = [o.strip().lower().replace("-", "_").replace(" ", "_") for o in named] or ["suggest"]
    unknown = [o for o in found if o not in OPERATIONS]
    if unknown:
        raise ToolError(f"features cannot do {unknown[0]!r}. It does: {', '.join(OPERATIONS)}.")
    return found


def _suggest(
    asking: Asking, wish: Wish, asked: list[str], output: str | None, skip: list[str], dry_run: bool, said: str
) -> Result:
    from opsmith.tools.compute.features import homes, proposed, report, telling
    from opsmith.tools.compute.features.suggest import Suggestions, closest_as_asked, suggest
    from opsmith.tools.compute.features.writing import action_for, output_name

    only = ("interactions",) if "interactions" in asked else ()
    whole = found = suggest(asking, wish, only=only)
    if skip:
        found = Suggestions(whole.features.without(skip), whole.findings, whole.summary)
    wants_columns = bool({"generate", "interactions"} & set(asked))
    useless = wants_columns and not whole.features.features
    if useless:
        found = closest_as_asked(whole, asking.table.column_names)
    name, target = asking.table.name, found.features.target
    data = telling.as_data(found)
    path = report.save(asking, whole)
    tables = (
        *((telling.feature_table(found),) if found.features.features else ()),
        telling.search_table(found),
        *telling.closest_table(found),
        *proposed.table(found.summary.get("proposals", ())),
    )
    writes = wants_columns and not dry_run and bool(found.features.features)
    actions: tuple[Any, ...] = ()
    notes = (
        [f"{found.summary['rows_used']:,} of {asking.table.rows:,} rows were looked at."]
        if found.summary["rows_used"] < asking.table.rows
        else []
    )
    steps: tuple[str, ...] = (f"train a model for {target} on {name}",)
    if found.features.features and not writes:
        steps = (f"generate the features for {target} in {name}", "why is the first one useful?")
    if writes:
        target_file = output_name(asking.context, asking.table, output)
        action, files = action_for(asking.context, asking.table, found.features, target_file, notes=notes)
        actions, data = (action,), {**data, "output": target_file, "files": files}
        steps = (f"train a model for {target} on {target_file}",)
    return Result(
        telling.headline_as_asked(found, whole)
        if useless
        else telling.headline_without(found, whole)
        if skip
        else telling.headline(found),
        data,
        (*found.findings, *homes.told(said, asking.table.name, wish)),
        tables,
        telling.gain_chart(found.features),
        (path,),
        actions,
        steps,
    )


def _direct(
    asking: Asking, wish: Wish, asked: list[str], method: str | None, output: str | None, dry_run: bool
) -> Result:
    from opsmith.tools.compute.features import direct

    methods = [m for m in (method or "").replace(",", " ").split() if m]
    counted = "encode" in asked and any(direct.ENCODINGS.get(m.lower()) == "frequency" for m in methods)
    if set(asked) <= {"scale", "encode"} and not counted:
        return _recipe(asking, wish, asked, methods, output, dry_run)
    if len(asked) > 1 and set(asked) != {"scale", "pca"}:
        raise ToolError(
            f"{' and '.join(asked)} are separate copies; ask for one of them, then for the other on its result."
        )
    if "keyword_risk" in asked:
        made = direct.keyword_score(asking, wish)
    elif counted:
        made = direct.frequencies(asking, wish)
    else:
        made = direct.components(asking, wish)  # on standardised columns, so that `scale` is in it
    return _proposed(asking, made, output, dry_run)


def _proposed(asking: Asking, made: Made, output: str | None, dry_run: bool) -> Result:
    from opsmith.tools.compute.features.writing import action_for, output_name

    data: dict[str, Any] = {"features": [f.as_dict() for f in made.features.features], **(made.data or {})}
    target_file = output_name(asking.context, asking.table, output)
    if dry_run:
        return Result(made.headline, {**data, "output": None}, (), made.tables)
    notes = [f"The copy is without {', '.join(made.drop)}, which the new columns stand for."] if made.drop else []
    action, files = action_for(asking.context, asking.table, made.features, target_file, drop=made.drop, notes=notes)
    return Result(
        made.headline, {**data, "output": target_file, "files": files}, (), made.tables, actions=(action,),
        next_steps=(f"profile {target_file}",),
    )  # fmt: skip


def _recipe(
    asking: Asking, wish: Wish, asked: list[str], methods: list[str], output: str | None, dry_run: bool
) -> Result:
    """Scaling and encoding are cleaning steps: fitted once, kept as a recipe that can be run again."""
    from opsmith.tools.compute.features import direct
    from opsmith.tools.compute.features.writing import output_name
    from opsmith.tools.compute.recipe_session import Cleaning

    recipe = direct.steps(asking, wish, asked, methods)
    target_file = output_name(asking.context, asking.table, output)
    with Cleaning(asking.context, asking.dataset, target_file) as work:
        return work.result(work.run(recipe), (), dry_run=dry_run)


def _evaluate(asking: Asking, wish: Wish) -> Result:
    from opsmith.tools.compute.features import telling_ranks
    from opsmith.tools.compute.features.ask import leak_findings
    from opsmith.tools.compute.features.problem import one_thread
    from opsmith.tools.compute.features.ranking import rank

    target = asking.target(wish, "should the columns be ranked for")
    first = asking.problem(wish)
    findings = leak_findings(asking.frame, first.roles, target, asking.table.name, asking.context.seed)
    refused = [f.columns[0] for f in findings if f.severity == "critical"]
    left = [c for c in first.roles.kinds if c not in refused and first.roles.kinds[c] != "date"]
    if not left:
        return telling_ranks.nothing_left(target, asking.table.name, findings)
    problem = asking.problem(wish, refused, first) if refused else first
    with one_thread():
        ranking = rank(problem, asking.context.progress)
    return telling_ranks.result(asking.table.name, problem, ranking, findings, wish.n)


def _explain(asking: Asking, wish: Wish, feature_set: str | None) -> Result:
    import dataclasses

    from opsmith.tools.compute.features.explain import explain
    from opsmith.tools.compute.features.suggest import suggest

    if feature_set is None:
        found = suggest(asking, dataclasses.replace(wish, n=None, columns=())).features
    else:
        found = _stored(asking.context, feature_set)[0]
    return explain(asking, found, wish)


def _apply(
    asking: Asking, wish: Wish, feature_set: str | None, output: str | None, skip: list[str], dry_run: bool
) -> Result:
    from opsmith.tools.compute.features.writing import applied_action, output_name

    if feature_set is None:
        known = sorted(
            p.relative_to(asking.context.project).as_posix() for p in asking.context.project.glob("features/*.yaml")
        )
        if len(known) != 1:
            hint = "" if known else " None has been written yet: ask to generate features first."
            raise NeedsAnswer(f"Which feature set should be applied to {asking.table.name}?{hint}", known[:8])
        feature_set = known[0]
    found, transformer = _stored(asking.context, feature_set)
    target_file = output_name(asking.context, asking.table, output)
    action = applied_action(asking.context, asking.table, found, transformer, target_file, skip, wish.related)
    names = [f.name for f in found.without(skip).features]
    headline = (
        f"{', '.join(names)} of {feature_set} can be computed for {asking.table.name} ({asking.table.rows:,} rows)."
    )
    data = {"features": names, "feature_set": feature_set, "output": None if dry_run else target_file}
    return Result(headline, data, tables=action.preview.tables, actions=() if dry_run else (action,))


def _stored(context: Context, name: str) -> Any:
    """A written feature set and its transformer. ToolError when one of them is missing."""
    from opsmith.tools.compute.features.featureset import read_set
    from opsmith.tools.compute.features.transformer import load
    from opsmith.tools.data import paths

    path = paths.confined(context, name)
    if not path.is_file():
        path = paths.confined(context, f"features/{name.removesuffix('.yaml')}.yaml")
    if not path.is_file():
        raise ToolError(f"There is no feature set {name}. Generating features writes one under features/.")
    kept = path.with_suffix(".skops")
    if not kept.is_file():
        raise ToolError(f"{name} has no fitted transformer beside it ({kept.name}). Generate the features again.")
    return read_set(path.read_text(encoding="utf-8"), name), load(kept)
