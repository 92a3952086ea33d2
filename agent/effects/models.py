"""Train, retrain, promote and roll back: models registered whole or not at all, aliases moved in one step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opsmith.agent.effects import Effect, Outcome, Place
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry


def _context(place: Place) -> Context:
    return Context(place.project, settings=place.settings, progress=place.progress, cancelled=place.cancelled)


def _state(arguments: Mapping[str, Any], project: Path) -> str:
    """Which versions and aliases the model has; training beside another training is stale."""
    name = str(arguments["model"])
    versions = [c.version for c in registry.versions(project, name)]
    return json.dumps([versions, sorted(registry.aliases_of(project, name).items())])


def _train(arguments: Mapping[str, Any], place: Place) -> Outcome:
    from opsmith.tools.compute import training_run

    card = _made_before(arguments, place)
    extra: dict[str, Any] = {}
    if card is None:
        context = _context(place)
        fields, file, trained = training_run.train(context, arguments, place.kept, place.progress, context.check)
        card = registry.register(place.project, {**fields, "approved_by": place.approved_by}, file, place.approval_id)
        extra = {"baselines": trained.baselines, "importance": trained.importance[:10], "algorithm": trained.algorithm}
    told = _metrics(card)
    message = f"Trained {card.name} version {card.version} ({card.recipe.get('algorithm')}): {told}."
    return Outcome(message, (_folder(card, place),), {"model": card.name, "version": card.version, "metrics": card.metrics, **extra},
                   {"model": card.name, "version": card.version, "before": None})  # fmt: skip


def _retrain(arguments: Mapping[str, Any], place: Place) -> Outcome:
    """Train a challenger on the new data and compare it with the champion on rows that neither has seen in training."""
    from opsmith.tools.compute import comparison, training, training_run
    from opsmith.tools.data.table import open_table

    context = _context(place)
    champion = registry.get(place.project, str(arguments["model"]))
    card = _made_before(arguments, place)
    table = open_table(context, str(arguments["dataset"]))
    try:
        frame = training_run.frame_of(table, int(arguments.get("seed", 0)))
    finally:
        table.close()
    before = registry.aliases_of(place.project, champion.name)
    if card is None:
        fields, file, _ = training_run.train(context, arguments, place.kept, place.progress, context.check)
        fields |= {"parent": champion.version, "approved_by": place.approved_by}
        card = registry.register(place.project, fields, file, place.approval_id)
    registry.set_alias(place.project, card.name, "challenger", card.version)
    data: dict[str, Any] = {
        "model": card.name,
        "version": card.version,
        "metrics": card.metrics,
        "champion": champion.version,
    }
    told = ""
    try:
        place.progress(0.97, "comparing champion and challenger")
        made = training_run.plan_for(frame, arguments)
        cut = int(len(frame) * 0.8)
        order = (
            frame
            if arguments.get("time_column")
            else frame.sample(frac=1.0, random_state=int(arguments.get("seed", 0)))
        )
        usable = order.iloc[:cut].dropna(subset=[made.target])
        y = (
            usable[made.target]
            if made.task == "regression" or training._numbers(usable[made.target])
            else usable[made.target].astype(str)
        )
        trial = training.build(made, str(card.recipe["algorithm"]), int(arguments.get("seed", 0))).fit(
            training.inputs_of(usable, made), y
        )
        result = comparison.compare((champion, registry.load(champion)), (card, trial), order.iloc[cut:])
        data["comparison"] = result.as_dict()
        told = f" Against version {champion.version} on the same {result.rows:,} held-out rows: {result.recommendation}; {result.reason}."
    except ToolError as error:
        told = f" It could not be compared with version {champion.version}: {error}"
    message = f"Trained {card.name} version {card.version} as challenger: {_metrics(card)}.{told} Promotion is asked separately."
    undo = {"model": card.name, "version": card.version, "before": before}
    return Outcome(message, (_folder(card, place),), data, undo)


def _made_before(arguments: Mapping[str, Any], place: Place) -> registry.ModelCard | None:
    """The version this very approval registered before a crash."""
    every = registry.versions(place.project, str(arguments["model"]))
    return next((c for c in every if c.approval_id == place.approval_id), None)


def _untrain(undo: Mapping[str, Any], place: Place) -> str:
    name, version = str(undo["model"]), int(undo["version"])
    aliases = registry.aliases_of(place.project, name)
    if len(registry.versions(place.project, name)) > 1 and aliases.get("champion") == version:
        raise ToolError(f"{name} version {version} is the champion now. Roll back first, then undo.")
    registry.remove(place.project, name, version)
    return f"Took {name} version {version} out of the registry."


def _move(arguments: Mapping[str, Any], place: Place) -> Outcome:
    """Promote or roll back: the champion alias moves to another version, the old one stays available."""
    name, version = str(arguments["model"]), int(arguments["version"])
    card = registry.get(place.project, name, version)
    listed = place.kept / "aliases-before.json"
    if not listed.exists():
        part = listed.with_suffix(".part")
        part.write_text(json.dumps(registry.aliases_of(place.project, name)))
        part.replace(listed)
    before = json.loads(listed.read_text())
    registry.set_alias(place.project, name, "champion", version)
    message = (
        f"{name} version {version} is the champion now (before: {before.get('champion', 'none')}). {_metrics(card)}."
    )
    return Outcome(
        message,
        (_folder(card, place),),
        {"model": name, "version": version, "before": before},
        {"model": name, "before": before, "after": version},
    )


def _move_back(undo: Mapping[str, Any], place: Place) -> str:
    name = str(undo["model"])
    if registry.aliases_of(place.project, name).get("champion") != undo["after"]:
        raise ToolError(f"The champion of {name} was changed since, so it is left as it is.")
    for alias, version in dict(undo["before"]).items():
        registry.set_alias(place.project, name, alias, int(version))
    return f"The champion of {name} is version {undo['before'].get('champion')} again."


def _metrics(card: registry.ModelCard) -> str:
    def one(name: str, entry: Any) -> str:
        value, interval = (entry.get("value"), entry.get("interval")) if isinstance(entry, Mapping) else (entry, None)
        return f"{name} {value:.4g} ({interval[0]:.4g} to {interval[1]:.4g})" if interval else f"{name} {value:.4g}"

    return ", ".join(one(n, e) for n, e in card.metrics.items()) or "no metrics"


def _folder(card: registry.ModelCard, place: Place) -> str:
    return Path(card.folder).relative_to(place.project.resolve()).as_posix()


EFFECTS = (
    Effect("train", "train", _state, _train, _untrain),
    Effect("retrain", "train", _state, _retrain, _untrain),
    Effect("promote", "promote", _state, _move, _move_back),
    Effect("rollback", "promote", _state, _move, _move_back),
)
