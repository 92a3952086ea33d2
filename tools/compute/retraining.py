"""A challenger against the champion on the latest rows of the new data, which neither has seen in training."""

from __future__ import annotations

from typing import Any

from opsmith.tools.compute import comparison, training, training_pipeline, training_run, training_split
from opsmith.tools.compute.training_fit import Trained, quiet_threads
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import monitors, registry
from opsmith.tools.data.table import open_table

HELD_OUT = 0.2  # of the new rows, the latest where they have an order


def against(context: Context, champion: registry.ModelCard, arguments: Any, trained: Trained) -> dict[str, Any]:
    """The comparison as plain values: the challenger's recipe fitted without the held-out rows, and the champion as it is.
    Judged by the score that a monitor of the model watches, else by the usual one of the task.

    {"failed": why} when they cannot be compared.
    """
    table = open_table(context, str(arguments["dataset"]))
    try:
        frame = training_run.frame_of(table, arguments)
    finally:
        table.close()
    seed = int(arguments.get("seed", 0))
    made = trained.plan
    rows = training.usable(frame, made)
    y = training.target_of(rows, made)
    train, test = training_split.holdout(rows, y, made, seed, HELD_OUT)
    held = rows.iloc[test]
    try:
        with quiet_threads(len(rows)):
            trial = training_pipeline.build(made, trained.algorithm, seed, trained.parameters)
            trial.fit(training.inputs_of(rows.iloc[train], made), y.iloc[train])
        stand_in = registry.ModelCard(champion.name, 0, made.task, made.target, training_run.signature(frame, made), {}, {},
                                      recipe=dict(arguments))  # fmt: skip
        found = comparison.compare(
            (champion, registry.load(champion)), (stand_in, trial), held, seed, metric=watched(context, champion.name)
        )
    except ToolError as error:
        return {"failed": str(error)}
    told: dict[str, Any] = found.as_dict() | {"against": champion.version, "held_out": _described(made, len(test))}
    if champion.data.get("path") == arguments["dataset"]:
        told["caution"] = (
            f"version {champion.version} was trained on {arguments['dataset']} too, so it may have seen these rows: the "
            "comparison flatters it"
        )
    return told


def watched(context: Context, model: str) -> str | None:
    """The one score by which models are compared that enabled monitors of a model watch; None when none or several are."""
    of_it = (m for m in monitors.list_monitors(context.project) if m.enabled and m.model == model)
    named = {metric for m in of_it for metric in m.thresholds} & comparison.JUDGED
    return next(iter(named)) if len(named) == 1 else None


def sentence(card: registry.ModelCard) -> str:
    """The stored comparison in words."""
    told = card.comparison
    if not told:
        return "It was not compared with the champion."
    if "failed" in told:
        return f"It could not be compared with the champion: {told['failed']}"
    words = (
        f"Against version {told['against']} on the same {told['held_out']}: {told['recommendation']}; {told['reason']}."
    )
    return words + (f" Mind that {told['caution']}." if told.get("caution") else "")


def _described(made: training.Plan, rows: int) -> str:
    if made.split == "time order":
        return f"latest {rows:,} rows, held out"
    return f"{rows:,} held-out rows"
