"""Ask a model's server about texts that a person agreed to send, keep the answers, then write the cleaned copy."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from opsmith.agent.effects import Effect, Outcome, Place, effect_of
from opsmith.agent.effects.files import state_of
from opsmith.agent.planner import failure, make_planner
from opsmith.agent.usage import cost
from opsmith.prompts import load
from opsmith.tools.compute import embed, entities_model
from opsmith.tools.compute.model_requests import KIND
from opsmith.tools.contract import Cancelled, Context, ToolError
from opsmith.tools.data.answers import Answers

_TRIES = 2  # of a request whose answer cannot be read


def _state(arguments: Mapping[str, Any], project: Any) -> str:
    return state_of([str(arguments["output"]), str(arguments["call"]["dataset"])], project)


def _apply(arguments: Mapping[str, Any], place: Place) -> Outcome:
    from opsmith.tools.clean import clean

    spent = [_ask(json.loads(line), place) for line in _staged(arguments["texts"], place)]
    context = Context(place.project, settings=place.settings, progress=place.progress, cancelled=place.cancelled)
    made = clean(**arguments["call"], context=context)
    action = made.actions[0] if made.actions else None
    if action is None or action.kind != "write_files":
        raise ToolError(f"The answers are kept, but {arguments['call']['dataset']} changed meanwhile. Ask again.")
    outcome = effect_of(action.kind).apply(action.arguments, place)
    return replace(outcome, message=f"{' '.join(filter(None, spent))} {outcome.message}")


def _ask(wanted: Mapping[str, Any], place: Place) -> str:
    """Fill the cache for one step; what was asked and used, in a sentence. Texts answered before are not sent again."""
    kept = Answers(place.home / "cache", str(wanted["about"]))
    known = kept.known(wanted["texts"])
    open_texts = [t for t in wanted["texts"] if t not in known]
    if not open_texts:
        return ""
    if wanted["step"] == "embed":
        return _vectors(wanted, open_texts, kept, place)
    return _entities(wanted, open_texts, kept, place)


def _vectors(wanted: Mapping[str, Any], texts: list[str], kept: Answers, place: Place) -> str:
    import numpy as np

    for start in range(0, len(texts), 64):
        _go_on(place, start / len(texts), f"vectors: {start:,} of {len(texts):,} texts")
        part = texts[start : start + 64]
        made = embed.endpoint_vectors(part, wanted["url"], wanted["model"], os.environ.get("OPENAI_API_KEY", ""))
        kept.keep({t: v.astype(np.float32).tobytes() for t, v in zip(part, made, strict=True)})
    return f"Asked {wanted['model']} for {len(texts):,} vectors."


def _entities(wanted: Mapping[str, Any], texts: list[str], kept: Answers, place: Place) -> str:
    import openai
    from langchain_core.messages import HumanMessage, SystemMessage

    model = make_planner(str(wanted["model"]), place.settings)
    system = SystemMessage(load("entities", kinds=", ".join(wanted["kinds"])))
    used, done, unread = [0, 0], 0, 0
    for batch in entities_model.batches(texts):
        left = batch
        for _ in range(_TRIES):
            _go_on(place, done / len(texts), f"entities: {done:,} of {len(texts):,} texts")
            try:
                reply = model.invoke([system, HumanMessage(entities_model.question(left))])
            except openai.OpenAIError as error:
                raise ToolError(f"{failure(error)} The answers so far are kept.") from None
            usage: Mapping[str, Any] = reply.usage_metadata or {}
            used = [used[0] + usage.get("input_tokens", 0), used[1] + usage.get("output_tokens", 0)]
            try:
                found = entities_model.answered(str(reply.text), left, wanted["kinds"])
            except ValueError:
                continue
            kept.keep(found)
            left = [t for t in left if t not in found]
            if not left:
                break
        unread += len(left)
        kept.keep(dict.fromkeys(left, entities_model.UNREAD))
        done += len(batch)
    dollars = cost(str(wanted["model"]), *used)
    price = "" if dollars is None else f", ${dollars:.4f}"
    more = f" {unread:,} texts got no answer that could be read; they are read by rules." if unread else ""
    return f"Asked {wanted['model']} about {len(texts):,} texts ({used[0]:,} tokens in, {used[1]:,} out{price}).{more}"


def _go_on(place: Place, fraction: float, note: str) -> None:
    if place.cancelled():
        raise Cancelled
    place.progress(fraction, note)


def _staged(texts: Mapping[str, str], place: Place) -> list[str]:
    """The lines that were agreed to. ToolError when the file is not the one shown."""
    path = place.project / texts["staged"]
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != texts["sha256"]:
        raise ToolError("The staged texts are gone or were changed. Ask for it again.")
    return content.decode("utf-8").split("\n")[:-1]


def _undo(undo: Mapping[str, Any], place: Place) -> str:
    back = effect_of("write_files").undo
    assert back is not None
    return back(undo, place)


EFFECTS = (Effect(KIND, "send", _state, _apply, _undo),)
