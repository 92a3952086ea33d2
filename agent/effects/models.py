"""Train, retrain, promote and roll back: models registered whole or not at all, aliases moved in one step."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from opsmith.agent.effects import Effect, Outcome, Place, models_elsewhere
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
    if card is None:
        fields, files, _ = training_run.train(_context(place), arguments, place.kept, place.progress, _check(place))
        fields |= {"approved_by": place.approved_by}
        card = registry.register(
            place.project, fields, files["model"], place.approval_id, {"report.html": files["report"]}
        )
    message = f"Trained {card.name} version {card.version} ({card.algorithm}): {_metrics(card)}.{_beside(card)}"
    told = models_elsewhere.publish(card, place)
    return Outcome(
        message + told, _paths(card, place), _told(card), {"model": card.name, "version": card.version, "before": None}
    )


def _retrain(arguments: Mapping[str, Any], place: Place) -> Outcome:
    """Train a challenger on the new data and compare it with the champion on rows that neither has seen in training."""
    from opsmith.tools.compute import retraining, training_run

    context = _context(place)
    champion = registry.get(place.project, str(arguments["model"]))
    card = _made_before(arguments, place)
    before = registry.aliases_of(place.project, champion.name)
    if card is None:
        fields, files, trained = training_run.train(context, arguments, place.kept, place.progress, _check(place))
        place.progress(0.96, "comparing champion and challenger on the same held-out rows")
        against = retraining.against(context, champion, arguments, trained)
        fields |= {"parent": champion.version, "approved_by": place.approved_by, "comparison": against}
        card = registry.register(
            place.project, fields, files["model"], place.approval_id, {"report.html": files["report"]}
        )
    registry.set_alias(place.project, card.name, "challenger", card.version)
    card = registry.get(place.project, card.name, card.version)  # with its new alias, which MLflow is told as well
    data = {**_told(card), "champion": champion.version, "comparison": card.comparison}
    message = (
        f"Trained {card.name} version {card.version} ({card.algorithm}) as challenger: {_metrics(card)}. "
        f"{retraining.sentence(card)} Promotion is asked separately."
    )
    undo = {"model": card.name, "version": card.version, "before": before}
    return Outcome(message + models_elsewhere.publish(card, place), _paths(card, place), data, undo)


def _check(place: Place) -> Callable[[], None]:
    return _context(place).check


def _beside(card: registry.ModelCard) -> str:
    """The baseline and what matters most, in a sentence; empty for models of which that is not kept."""
    told = ""
    metric, dummy = card.validation.get("metric"), card.baselines.get("dummy")
    if metric and dummy is not None and dummy == dummy:
        told += f" Always saying the same would give {metric} {dummy:.4g}."
    if card.threshold is not None and len(card.classes) == 2:
        told += f" It says {card.classes[1]} from a probability of {card.threshold:.3g} on."
    most = [str(name) for name, lost in card.importance[:3] if lost > 0]
    return told + (f" It leans most on {', '.join(most)}." if most else "")


def _told(card: registry.ModelCard) -> dict[str, Any]:
    return {"model": card.name, "version": card.version, "algorithm": card.recipe.get("algorithm"), "metrics": card.metrics,
            "baselines": card.baselines, "importance": card.importance[:10], "insights": card.insights,
            "threshold": card.threshold, "validation": card.validation}  # fmt: skip


def _paths(card: registry.ModelCard, place: Place) -> tuple[str, ...]:
    report = Path(card.folder) / "report.html"
    return (_folder(card, place), *((f"{_folder(card, place)}/report.html",) if report.exists() else ()))


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
    for alias, number in dict(undo.get("before") or {}).items():
        if number != version and registry.aliases_of(place.project, name).get(alias) is None:
            registry.set_alias(place.project, name, alias, int(number))
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
        message + models_elsewhere.move(card, place),
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
    """The metric that decides with its interval, and two more; on which file, where one was named for it."""
    told: list[str] = []
    for name, entry in list(card.metrics.items())[:3]:
        value, span = (entry.get("value"), entry.get("interval")) if isinstance(entry, Mapping) else (entry, None)
        told.append(f"{name} {value:.4g}" + (f" ({span[0]:.4g} to {span[1]:.4g})" if span and not told else ""))
    on = next((e.get("on") for e in card.metrics.values() if isinstance(e, Mapping)), None)
    return (", ".join(told) or "no metrics") + (f", on {on}" if on and card.recipe.get("validation") else "")


def _folder(card: registry.ModelCard, place: Place) -> str:
    return Path(card.folder).relative_to(place.project.resolve()).as_posix()


EFFECTS = (
    Effect("train", "train", _state, _train, _untrain),
    Effect("retrain", "train", _state, _retrain, _untrain),
    Effect("promote", "promote", _state, _move, _move_back),
    Effect("rollback", "promote", _state, _move, _move_back),
)
