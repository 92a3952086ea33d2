"""Look at a text: what it names, its shape with names masked, and how the intents rank."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opsmith.agent.offline import operations
from opsmith.agent.offline.classifier import probabilities, situation
from opsmith.agent.offline.dialogue import Dialogue
from opsmith.agent.offline.grounding import ground
from opsmith.agent.offline.intents import scores
from opsmith.agent.offline.normalise import mended, respelt, with_digits
from opsmith.agent.offline.signs import overlap
from opsmith.agent.offline.slots import Scene

DATA = frozenset(
    ["profile", "query", "clean", "features", "train", "retrain", "predict", "deploy", "build", "drift", "monitor"]
)


CLEAR, GUESS = 3.0, 1.8  # scores from which an intent is clear, or at least a guess


def scene_of(text: str, catalogue: Mapping[str, Any], state: Dialogue, made: dict[str, str] | None = None) -> Scene:
    catalogue = _with_made(catalogue, made or {})
    known = frozenset(
        w for f in catalogue.get("files", ()) for c in f["columns"] for w in re.findall(r"[a-z]+", c["name"].casefold())
    )
    known |= frozenset(w for f in catalogue.get("files", ()) for w in re.findall(r"[a-z]+", f["path"].casefold()))
    known |= frozenset(w for m in catalogue.get("models", ()) for w in re.findall(r"[a-z]+", m["name"].casefold()))
    spelt = with_digits(respelt(text, known))
    found = ground(spelt, catalogue, near=state.files[:2])
    marked = re.sub(r"\b(FILE|OUT|MODEL|COL|MON)\b", lambda m: f"\x00{m.group()}\x00", found.masked())
    low = mended(marked, known)
    masked = re.sub(r"\x00(file|out|model|col|mon)\x00", lambda m: m.group(1).upper(), low)
    return Scene(spelt, mended(spelt, known), masked, found, catalogue, state, dict(made or {}), text)


def _with_made(catalogue: Mapping[str, Any], made: Mapping[str, str]) -> Mapping[str, Any]:
    """The catalogue with the file that an earlier step of the same sentence will write."""
    files = list(catalogue.get("files", ()))
    new = made.get("file")
    if not new or new in {f["path"] for f in files}:
        return catalogue
    source: dict[str, Any] = next((f for f in files if f["path"] == made.get("source")), {"columns": []})
    return {**catalogue, "files": [*files, {**source, "path": new}]}


def ranked(scene: Scene) -> list[tuple[float, str]]:
    """(score, intent), the surest first; a score is six times the probability, so that 3 is an even chance."""
    has_models, files = bool(scene.catalogue.get("models")), len(scene.paths)
    cues = scores(scene.masked, scene.found, has_models=has_models, files=files)
    known = overlap(scene.low, (str(f.get("text", "")) for f in scene.catalogue.get("facts", ())))
    more = situation(cues, scene.found, scene.masked, has_models=has_models, files=files, known_facts=known)
    sure = probabilities(scene.masked, more)
    for intent in _UNMISTAKABLE:
        if cues[intent] >= _UNMISTAKABLE[intent]:
            sure[intent] = sure[intent] * 20 + 0.01
    made = set(operations.asked(scene.masked, operations.FEATURES)) & _FEATURES_ALONE
    if operations.scale_method(scene.masked) and "scale" in operations.asked(scene.masked, operations.FEATURES):
        made.add("scale")
    if made and sure["clean"] > sure["features"] and not operations.clean_operations(scene.masked):
        sure["clean"], sure["features"] = sure["features"], sure["clean"]  # `make dummies of region` names no cleaning
    if _TRAINS.search(scene.low):
        if not _WATCHES.search(scene.low):
            sure["monitor"] *= 0.02  # `a miss costs ten times a false alarm` asks for no alarm
        if _new_name(scene) and sure["retrain"] > sure["train"]:  # a name of its own: no new version of another model
            sure["train"], sure["retrain"] = sure["retrain"], sure["train"]
    if cues["monitor"] <= 0 and not (scene.found.monitors or _WATCHES.search(scene.low)):
        sure["monitor"] *= 0.05  # `compare june with july` asks for no watch
    if cues["decline"] <= 0 and max(cues[i] for i in DATA) >= 4:
        sure["decline"] *= 0.3  # `finish with a compose file` is no music
    whole = sum(sure.values())
    return sorted(((6 * p / whole, intent) for intent, p in sure.items()), reverse=True)


def _new_name(scene: Scene) -> bool:
    """Whether a model that is not there yet is named: `train … as loyal_model`."""
    known = {str(m["name"]).casefold() for m in scene.catalogue.get("models", ())}
    return any(m["name"].casefold() not in known for m in _NEW_MODEL.finditer(scene.text))


_TRAINS = re.compile(r"^\W*(?:please |pls |now |then |ok,? |and |can you |could you |i want to )*(?:train|fit)\b")
_WATCHES = re.compile(
    r"\b(?:monitor|watch|alert|notify|tell me when|warn|daily|hourly|weekly|every (?:\w+ )?(?:day|hour|week)|if|when|whenever|once|as soon as|exceed\w*|drops?|falls?|sinks?|climbs?|rises?|"
    r"wenn|sobald|si|cuando|quand|dès que)\b|当|如果|时"
)
_NEW_MODEL = re.compile(
    r"\b(?:as|(?:call|name)(?:d|ed)?(?: it)?)\s+[`'\"]?(?=[\w-]*[_\d])(?!v?\d+\b)(?P<name>[A-Za-z][\w-]*)[`'\"]?(?![\w.])",
    re.IGNORECASE,
)
_FEATURES_ALONE = frozenset(["pca", "encode", "keyword_risk"])
# Cues that are whole phrases: from this score on they weigh more than the likeness to other sentences.
_UNMISTAKABLE = {
    "remember": 6,
    "forget": 6,
    "decline": 7,
    "smalltalk": 7,
    "undo": 7,
    "cancel": 7,
    "meta": 7,
    "help": 6,
    "features": 7,
}
