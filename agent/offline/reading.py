"""Read a person's message: its steps, each with intent, confidence and arguments; and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opsmith.agent.offline.dialogue import Dialogue, model_name
from opsmith.agent.offline.explained import lines_of
from opsmith.agent.offline.fill import fill
from opsmith.agent.offline.following import continued
from opsmith.agent.offline.normalise import straightened
from opsmith.agent.offline.readings import wording
from opsmith.agent.offline.scene import CLEAR, DATA, GUESS, ranked, scene_of
from opsmith.agent.offline.siblings import sibling
from opsmith.agent.offline.slots import Filled, Scene
from opsmith.agent.offline.splitting import pieces_of
from opsmith.agent.offline.talk import asks_history, talk


@dataclass
class Step:
    """One thing that the person asks for."""

    text: str
    intent: str
    score: float
    call: Filled
    runner_up: str = ""


@dataclass
class Reading:
    """How a message was read."""

    steps: list[Step] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def read(text: str, catalogue: Mapping[str, Any], state: Dialogue) -> Reading:
    """The steps of a message against what is there and what was said."""
    text = straightened(text)
    reading = Reading()
    pieces = pieces_of(text, catalogue, state)
    made: dict[str, str] = {}
    alone = len(pieces) == 1
    for piece in pieces:
        scene = scene_of(piece, catalogue, state, made)
        for step in (_each_file(scene) if alone else []) or [_step(scene, catalogue, state, alone)]:
            reading.steps.append(step)
            reading.told += lines_of(step, scene)
            _remember_made(step, made)
    return reading


def _each_file(scene: Scene) -> list[Step]:
    """`look at both files`: one step a file, where a step takes one file only."""
    score, intent = ranked(scene)[0]
    files = scene.files()
    if len(files) < 2 or intent not in ("profile",) or score < CLEAR:
        return []
    return [Step(scene.raw, intent, score, Filled(intent, {"dataset": f})) for f in files]


def _remember_made(step: Step, made: dict[str, str]) -> None:
    args = step.call.arguments
    if step.intent in ("clean", "features", "predict") and args.get("output"):
        made["file"], made["source"] = str(args["output"]), str(args.get("dataset", ""))
    elif args.get("dataset"):
        made.setdefault("file", str(args["dataset"]))
        if step.intent in ("profile", "query", "train"):
            made["file"] = str(args["dataset"])
    if step.intent == "drift" and args.get("current"):
        made |= {k: str(args[k]) for k in ("reference", "current") if args.get(k)}
    columns = args.get("columns") or []
    if args.get("target"):
        made["target"] = str(args["target"])
    elif step.intent == "query" and len(columns) == 1:
        made["target"] = str(columns[0])
    if step.intent == "train" and args.get("target"):
        made["model"] = str(args.get("model") or model_name(str(args["target"])))
    elif args.get("model"):
        made["model"] = str(args["model"])


def _step(scene: Scene, catalogue: Mapping[str, Any], state: Dialogue, alone: bool) -> Step:
    text = scene.raw
    beside = sibling(scene, frozenset(catalogue.get("tools", ())))
    if beside is not None and not any(p.get("tool") == "monitor" for p in catalogue.get("pending", ())):
        return Step(text, beside.tool, 6.0, beside)
    order = ranked(scene)
    if asks_history(scene):
        order = [(6.0, "recall"), *order]
    (best, intent), (_, runner) = order[:2]
    if alone:
        call = continued(scene, state, best, intent)
        if call is not None:
            return Step(text, call.tool, best, call, intent)
    if intent == "unclear" and best < 2 * order[1][0]:
        (best, intent), (_, runner) = order[1:3]
    if best < GUESS or intent == "unclear":
        return _unclear(scene, order)
    call = _call(intent, scene)
    if call.question and best < SURE:
        other = _answered(order[1:], scene, best)
        if other is not None:
            return Step(text, *other, intent)
    return Step(text, intent, best, call, runner)


SURE = 5.2  # from this score on a question about the surest intent is asked, however likely the next one is


def _call(intent: str, scene: Scene) -> Filled:
    return fill(intent, scene) if intent in DATA else talk(intent, scene)


def _answered(others: list[tuple[float, str]], scene: Scene, best: float) -> tuple[str, float, Filled] | None:
    """The next likely intent when it has all that it needs and the surest one would have to ask."""
    score, intent = others[0]
    if intent == "unclear" or score < 0.5 * best:
        return None
    call = _call(intent, scene)
    return None if call.question else (intent, score, call)


def _unclear(scene: Scene, order: list[tuple[float, str]]) -> Step:
    """Nothing speaks clearly: a lone file is looked at; else the two best readings are offered as choices."""
    named = scene.files()
    if named and len(scene.masked.split()) <= 3:
        return Step(scene.text, "profile", 1.0, Filled("profile", {"dataset": named[0]}), order[0][1])
    readings = [said for said in (wording(intent, scene) for _, intent in order) if said][:2]
    question = f"I am not sure what you want. Should I {readings[0]}, or {readings[1]}?"
    call = Filled("ask", {}, question, [*readings, "help"])
    return Step(scene.text, "unclear", 0.0, call, order[0][1])
