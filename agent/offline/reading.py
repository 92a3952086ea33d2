"""Read a person's message: its steps, each with intent, confidence and arguments; and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opsmith.agent.offline.dialogue import Dialogue, model_name
from opsmith.agent.offline.fill import fill
from opsmith.agent.offline.following import continued
from opsmith.agent.offline.normalise import straightened
from opsmith.agent.offline.scene import CLEAR, DATA, GUESS, ranked, scene_of
from opsmith.agent.offline.siblings import sibling
from opsmith.agent.offline.slots import Filled, Scene
from opsmith.agent.offline.splitting import pieces_of
from opsmith.agent.offline.talk import talk


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
    several = _each_file(text, catalogue, state) if len(pieces) == 1 else []
    if several:
        reading.steps = several
        return reading
    for piece in pieces:
        step = _step(piece, catalogue, state, made, alone=len(pieces) == 1)
        reading.steps.append(step)
        _remember_made(step, made)
    for step in reading.steps:
        reading.told.append(
            f"step: {step.text!r} -> {step.intent} ({step.score:.1f}; next best: {step.runner_up or 'none'})"
        )
        reading.told.append(f"arguments: {step.call.arguments}")
        if step.call.question:
            reading.told.append(f"asks: {step.call.question}")
    return reading


def _each_file(text: str, catalogue: Mapping[str, Any], state: Dialogue) -> list[Step]:
    """`look at both files`: one step a file, where a step takes one file only."""
    scene = scene_of(text, catalogue, state)
    score, intent = ranked(scene)[0]
    files = scene.files()
    if len(files) < 2 or intent not in ("profile",) or score < CLEAR:
        return []
    return [Step(text, intent, score, Filled(intent, {"dataset": f})) for f in files]


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
    if step.intent == "train" and args.get("target"):
        made["model"] = str(args.get("model") or model_name(str(args["target"])))
    elif args.get("model"):
        made["model"] = str(args["model"])


def _step(text: str, catalogue: Mapping[str, Any], state: Dialogue, made: dict[str, str], alone: bool) -> Step:
    scene = scene_of(text, catalogue, state, made)
    beside = sibling(scene, frozenset(catalogue.get("tools", ())))
    if beside is not None and not any(p.get("tool") == "monitor" for p in catalogue.get("pending", ())):
        return Step(text, beside.tool, 6.0, beside)
    (best, intent), (_, runner) = ranked(scene)[:2]
    if alone:
        call = continued(scene, state, best, intent)
        if call is not None:
            return Step(text, call.tool, best, call, intent)
    if best < GUESS:
        return Step(text, *_unclear(scene, state), runner_up=intent)
    if intent in DATA:
        call = fill(intent, scene)
        return Step(text, intent, best, call, runner)
    return Step(text, intent, best, talk(intent, scene), runner)


def _unclear(scene: Scene, state: Dialogue) -> tuple[str, float, Filled]:
    """Nothing speaks clearly: a lone file is looked at, anything else is asked about."""
    named = scene.files()
    if named and len(scene.masked.split()) <= 3:
        return "profile", 1.0, Filled("profile", {"dataset": named[0]})
    question = "What should I do: look at data, clean it, suggest features, train, predict, deploy, or compare files?"
    return "unclear", 0.0, Filled("ask", {}, question, ["profile a file", "train a model", "compare two files", "help"])
