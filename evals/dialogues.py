"""Play a file of conversations in the dialogue set's format and write one prediction a turn for its scorer."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from opsmith.evals.case import FileFixture, ModelFixture, Turn, World
from opsmith.evals.driver import Setup, open_stage
from opsmith.evals.fixtures import room
from opsmith.evals.trace import TurnTrace
from opsmith.tools.contract import ToolError

KEYS = frozenset({
    "dataset", "reference", "current", "validation", "target", "columns", "exclude", "model", "version",
    "environment", "cloud", "replicas", "min_replicas", "max_replicas", "cpu", "memory", "threshold",
    "output", "stage", "artifacts", "cpu_target", "port", "tag", "metric", "kind", "agg", "n", "operations",
    "keywords", "method", "algorithm", "test_size", "folds", "action", "schedule", "channel", "auto_retrain",
    "dry_run", "llm", "topic",
})  # fmt: skip
# Everything that is read of an item. The gold fields (intent, args, must_clarify, ...) are left in the file.
_ITEM_FIELDS = ("id", "text", "files", "models", "facts", "monitors")
_REFUSED = "outside the project"


def read_items(path: Path) -> list[dict[str, Any]]:
    """Items of a JSON Lines file, without their gold fields. ToolError with the line of a mistake."""
    items = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(f"{path} could not be read: {error}.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            whole = json.loads(line)
        except ValueError as error:
            raise ToolError(f"{path}:{number}: not JSON: {error}.") from None
        if not isinstance(whole, dict) or "id" not in whole or not ("text" in whole or whole.get("turns")):
            raise ToolError(f"{path}:{number}: an item needs `id`, and `text` or `turns`.")
        item = {name: whole[name] for name in _ITEM_FIELDS if name in whole}
        item["turns"] = [
            {"text": t["text"], "approve": t.get("reply_to_confirm") == "approve"} for t in whole.get("turns", [whole])
        ]
        items.append(item)
    return items


def world_of(item: Mapping[str, Any]) -> World:
    """The item's workspace as a world of the suites."""
    return World(
        files={name: FileFixture(columns=columns) for name, columns in item.get("files", {}).items()},
        models={name: ModelFixture(**model) for name, model in item.get("models", {}).items()},
        monitors=list(item.get("monitors", ())),
        facts=list(item.get("facts", ())),
    )


def predict(item: Mapping[str, Any], setup: Setup) -> list[dict[str, Any]]:
    """Play one item in a fresh workspace; one prediction a turn."""
    rows = []
    with open_stage(world_of(item), [], setup) as stage:
        for number, given in enumerate(item["turns"], 1):
            turn = Turn(say=given["text"], answer="approve" if given["approve"] else "ignore")
            rows.append(prediction(str(item["id"]), stage.turn(number, turn), stage.project))
    return rows


def prediction(item: str, trace: TurnTrace, project: Path) -> dict[str, Any]:
    """What the agent understood and did in a turn, in the scorer's format."""
    intents: list[str] = []
    arguments: dict[str, list[Any]] = {}
    seen: list[tuple[str, Any]] = []
    for call in trace.calls:
        intent, given = _meant(call)
        if (intent, given) in seen:
            continue  # a call that had waited is made again
        seen.append((intent, given))
        if intent:
            intents.append(intent)
        for key, value in given.items():
            if key in KEYS and value not in (None, "", [], {}, False):
                kept = arguments.setdefault(key, [])
                values = value if isinstance(value, list) else [value]
                kept += [v for v in (_relative(v, project) for v in values) if v not in kept]
    failed = [c for c in trace.calls if c["status"] == "error"]
    lacking = bool(failed) and len(failed) == len(trace.calls) and not any(_REFUSED in c["headline"] for c in failed)
    if not trace.calls and trace.said and not trace.clarifying and not trace.problems:
        intents = ["help"]  # plain words that ask nothing
    return {
        "id": item,
        "turn": trace.number,
        "intents": intents,
        "args": {k: v[0] if len(v) == 1 else v for k, v in arguments.items()},
        "clarified": trace.clarifying or lacking,
        "asked_confirmation": bool(trace.proposals),
        "side_effect_done": side_effect(trace),
        "answer": trace.answer[:2000],
        "seconds": trace.seconds,
    }


def side_effect(trace: TurnTrace) -> bool:
    """Whether something was changed, measured: project files, models and monitors by content, facts that left the
    memory, and actions that the journal says were carried out. Facts that were only added need no approval."""
    return trace.changes.lasting or any(e["state"] in ("done", "undone") for e in trace.journal)


def predict_all(
    items: Iterable[Mapping[str, Any]],
    setup: Setup,
    *,
    jobs: int = 1,
    told: Callable[[int], None] = lambda done: None,
) -> list[dict[str, Any]]:
    """Predictions of all items, in order. An item that falls over leaves empty predictions with the reason."""
    setup = setup if setup.folder else dataclasses.replace(setup, folder=str(room()))  # one for all processes
    rows: list[dict[str, Any]] = []
    for done, found in enumerate(_played(list(items), setup, jobs), 1):
        rows += found
        told(done)
    return rows


def _played(items: list[Mapping[str, Any]], setup: Setup, jobs: int) -> Iterator[list[dict[str, Any]]]:
    if jobs <= 1:
        yield from (_safely(item, setup) for item in items)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["opsmith.evals.warm"])
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield from pool.map(_safely, items, [setup] * len(items))


def _safely(item: Mapping[str, Any], setup: Setup) -> list[dict[str, Any]]:
    try:
        return predict(item, setup)
    except Exception as error:  # one broken item must not end the run; nothing is claimed as measured
        reason = f"{type(error).__name__}: {error}"
        empty = {"intents": [], "args": {}, "clarified": False}
        return [{"id": str(item["id"]), "turn": n, **empty, "error": reason} for n, _ in enumerate(item["turns"], 1)]


def _meant(call: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Intent and arguments of a call; a question counts as the tool that it asks for."""
    if call["tool"] != "ask":
        return call["intent"], with_edits(call["arguments"])
    from opsmith.tools import registry

    wanted = str(call["arguments"].get("tool") or "")
    intent = registry.get(wanted).intent if wanted in registry.names() else ""
    return intent, dict(call["arguments"].get("arguments") or {})


def with_edits(given: Mapping[str, Any]) -> dict[str, Any]:
    """A call's arguments in the set's names: steps that `clean` got as changes of a recipe are operations too.

    >>> with_edits({"operations": ["impute"], "edits": [{"operation": "dedupe"}]})["operations"]
    ['dedupe', 'impute']
    """
    if given.get("operations") == ["cast"]:
        given = {k: v for k, v in given.items() if k != "method"}  # the set has no name for the type that is wished
    edits = [e for e in given.get("edits") or () if isinstance(e, Mapping) and e.get("operation")]
    if not edits:
        return dict(given)
    named = given.get("operations") or []
    operations = [e["operation"] for e in edits] + (named if isinstance(named, list) else [named])
    columns = [c for part in (*edits, given) for c in part.get("columns") or ()]
    return {**given, "operations": list(dict.fromkeys(operations)), "columns": list(dict.fromkeys(columns))}


def _relative(value: Any, project: Path) -> Any:
    """A path of the temporary project as the item names it."""
    if isinstance(value, str) and value.startswith(str(project)):
        return value.removeprefix(str(project)).lstrip("/") or "."
    return value
