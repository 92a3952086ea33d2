"""A message as the answer to a question, a change of what waits, or a follow-up of the last call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opsmith.agent.offline import grammar, operations
from opsmith.agent.offline.fill import fill
from opsmith.agent.offline.fill_clean import changed, edits_recipe, leaves_out
from opsmith.agent.offline.scene import CLEAR, DATA, GUESS
from opsmith.agent.offline.slots import Dialogue, Filled, Scene, pair
from opsmith.agent.offline.words import SMALL

_FOLLOW = re.compile(
    r"^\W*(?:and|but|also|now|then|ok|okay|so|just|only|what about|how about|same|the same|instead|rather|better|make (?:it|that)|with|without|on|for|by|per|split|use|using|no|not|don.?t|sorry|actually|"
    r"oh|wait|i mean|i meant|plus|except|hm+|und|nur|aber|mit|ohne|jetzt|bitte|lieber|y|solo|sólo|con|sin|ahora|et|seulement|avec|sans|maintenant|plutôt|limit|cap|focus|restrict|narrow|zoom|set|change|switch|into|to|in|as|at|only|again|good|fine|great|第|只|改|换|那|用)\b|^\W*(?:只|改|换|那|用|和)",
    re.IGNORECASE,
)


def fragment(scene: Scene) -> bool:
    """Whether a message is only names, values and small words: an answer or a change, no request of its own."""
    if len(scene.text.split()) > 12:
        return False
    every = (*scene.found.files, *scene.found.outputs, *scene.found.models, *scene.found.columns, *scene.found.monitors)
    text = scene.text
    for m in sorted(every, key=lambda m: -m.start):
        text = f"{text[: m.start]} {text[m.end :]}"
    for table in (
        grammar.METRICS,
        grammar.ALGORITHMS,
        grammar.CLOUDS,
        grammar.ENVIRONMENTS,
        grammar.CHANNELS,
        grammar.STAGES,
    ):
        for _, pattern in table:
            text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    left = [w for w in re.findall(r"[^\W\d_]{2,}|[\u3400-\u9fff]", text.casefold()) if w not in SMALL]
    left = [w for w in left if not re.fullmatch(r"[kmgt]i?b?|st|nd|rd|th|只|用|和|的|按|改|成|看|第|个|那|换|与", w)]
    return not left


def continued(scene: Scene, state: Dialogue, best: float, intent: str) -> Filled | None:
    """The message as an answer to a question, a change of what waits, or a follow-up of the last call; else None."""
    pending = [p for p in scene.catalogue.get("pending", ()) if p.get("tool") in DATA]
    short = len(scene.text.split()) <= 9
    part = fragment(scene)
    about = scene.found.files or scene.found.columns or scene.found.models or scene.found.outputs
    if (
        state.last
        and state.last[0] == "clean"
        and state.last[1].get("dry_run")
        and not pending
        and re.search(_FOR_REAL, scene.low)
    ):
        return _merged(*state.last, scene)
    if pending and pending[-1]["tool"] == "clean" and intent in ("forget", "cancel") and leaves_out(scene):
        return _merged("clean", dict(pending[-1]["arguments"]), scene)  # `forget about the dedupe step`
    aside = intent in _ASIDE and best >= 4 and not (part and about)
    if aside:
        return None
    if state.asked and state.asked[0] in DATA:
        tool, known = str(state.asked[0]), state.asked[1]
        if intent == tool or part or best < CLEAR + 1 or (short and about and best < 5 and intent not in _ASIDE):
            return _merged(tool, known, scene, answering=True)
    if intent in _ASIDE and best >= 4:
        return None
    asks_figure = (
        intent == "query"
        and best >= CLEAR
        and operations.aggregate(scene.low)
        and not re.match(r"\W*(?:with|use|using|mit|con|avec)\b", scene.low)
    )
    if pending and pending[-1]["tool"] == "clean" and not _asks(scene) and edits_recipe(scene):
        return _merged("clean", dict(pending[-1]["arguments"]), scene)
    if pending:
        tool, known = pending[-1]["tool"], dict(pending[-1]["arguments"])
        if (
            tool == "clean"
            and short
            and not scene.found.columns
            and "impute" in (known.get("operations") or ())
            and operations.impute_method(scene.low)
        ):
            return _merged(tool, known, scene)
        if asks_figure and tool != "query":
            return None
        if part or (intent == tool and (not scene.files() or scene.files()[0] in known.values())):
            return _merged(tool, known, scene)
        if best < CLEAR + 0.5 or (
            short and _FOLLOW.match(scene.text) and best < 4.6 and intent not in ("query", "profile", "drift")
        ):
            return _merged(tool, known, scene)
        if intent in ("deploy", "monitor", "predict", "train", "clean") and intent == tool:
            return _merged(tool, known, scene)
        return None
    if state.refused and intent == state.refused[0] and not scene.files() and not scene.found.models:
        return _merged(state.refused[0], state.refused[1], scene)
    return None if state.last is None else _after_last(scene, state.last, best, intent, part=part, short=short)


_ASIDE = frozenset(["cancel", "undo", "smalltalk", "decline", "meta", "remember", "recall", "forget", "help", "status"])
_FOR_REAL = r"for real|really|actually (do|write|save)|this time|go on|write it|save it|now (do|write)"


def _asks(scene: Scene) -> bool:
    """Whether a message is a question, which changes nothing that waits."""
    return scene.text.rstrip().endswith("?") or bool(re.match(r"\W*(?:how|what|which|who|why|when|where)\b", scene.low))


def _after_last(
    scene: Scene, last: tuple[str, dict[str, Any]], best: float, intent: str, *, part: bool, short: bool
) -> Filled | None:
    """A follow-up of the call before: `and by region?`, `only humidity`, `what about autumn`."""
    tool, known = last
    if tool in ("train", "retrain") and re.search(_USED_ON, scene.low):
        return None
    follows = bool(_FOLLOW.match(scene.text)) or part or (short and best < GUESS)
    something = any((scene.found.files, scene.found.columns, scene.found.models, scene.found.outputs)) or bool(
        re.search(r"\d", scene.text)
        or (tool == "query" and operations.aggregate(scene.low))
        or grammar.pick(scene.text, grammar.METRICS)
        or (tool == "monitor" and re.search(r"\b(?:off|disable|stop|pause|mute)\b", scene.low))
    )
    if scene.files() and re.match(_SAME, scene.low) and scene.files()[0] != known.get("dataset"):
        return _merged(tool, known, scene)
    figure = operations.aggregate(scene.low) is not None and tool != "query"
    if part and intent != tool and (tool == "profile" or figure):
        return None
    if follows and something and (part or best < CLEAR):
        return _merged(tool, known, scene)
    if tool in ("query", "drift") and intent == tool and not scene.files() and something and (follows or short):
        return _merged(tool, known, scene)
    return None


_USED_ON = r"\b(?:use|apply|run|try|put) (?:it|that|this|the (?:new )?model|them) (?:on|over|to|for|against)\b"
_SAME = (
    r"\W*(?:and |now |ok,? |then |please |do |run )*(?:the )?(?:same|likewise|dasselbe|lo mismo|la même chose|pareil)\b"
)


def _merged(tool: str, known: Mapping[str, Any], scene: Scene, answering: bool = False) -> Filled:
    """The earlier arguments with what the message changes."""
    fresh = fill(tool, scene)
    if tool == "clean" and not answering:
        return _still_missing(Filled(tool, _really(changed(known, scene), fresh.arguments, scene)), scene, fresh)
    arguments = {k: v for k, v in known.items() if k != "question"}
    new = dict(fresh.arguments)
    files = scene.files()
    if tool == "drift" and files:
        _merge_pair(arguments, files, scene)
        for key in ("reference", "current"):
            new.pop(key, None)
    if not files:
        for key in ("dataset", "reference", "current"):
            if key in arguments:
                new.pop(key, None)
    if not scene.found.models and "model" in arguments:
        new.pop("model", None)
    about, excluded = scene.columns()
    if tool == "train":
        _merge_target(arguments, new, about, excluded, scene, answering)
    if tool == "query" and not answering:
        _merge_question(arguments, new, about, scene)
    if tool == "monitor" and new.get("action") == "disable":
        arguments = {k: v for k, v in arguments.items() if k in ("model", "reference", "current")}
    if tool in ("deploy", "monitor", "predict") and "replicas" not in new:
        _lone_number(tool, arguments, new, scene)
    arguments = _really(arguments, new, scene)
    if tool == "clean" and not new.get("operations"):
        new.pop("operations", None)
    if tool == "features" and arguments.get("target") and about and new.get("target") != arguments["target"]:
        new |= {"target": None, "columns": [a for a in about if a != arguments["target"]]}
        arguments.pop("skip", None)  # its numbers are of the earlier list
    if tool == "features" and arguments.get("operations"):
        new.pop("operations", None) if not re.search(r"pca|scal|encod|keyword|rank|import", scene.low) else None
    merged = {**arguments, **{k: v for k, v in new.items() if v not in (None, [], "")}}
    again = Filled(tool, merged)
    if tool == "query":
        earlier = str(known.get("question") or "")
        again.arguments["question"] = f"{earlier}\n{scene.text}" if earlier else scene.text
    return _still_missing(again, scene, fresh)


def _really(arguments: dict[str, Any], new: Mapping[str, Any], scene: Scene) -> dict[str, Any]:
    """Without the earlier wish to see only, when the message says to go ahead."""
    again = r"for real|really|this time|write|save|do it|go|into|proceed|persist"
    if arguments.get("dry_run") and not new.get("dry_run") and re.search(again, scene.low):
        return {k: v for k, v in arguments.items() if k != "dry_run"}
    return arguments


_GROUPS = r"\b(?:split|by|per|for (?:each|every)|group\w*|broken|each|every|across|in each|nach|pro|je|por|cada|par|chaque)\b|按|每"


def _merge_question(arguments: dict[str, Any], new: dict[str, Any], about: list[str], scene: Scene) -> None:
    """A follow-up question: a group is added, a new figure keeps the columns, a new column keeps the figure."""
    earlier = arguments.get("columns") or []
    earlier = earlier if isinstance(earlier, list) else [earlier]
    grouped = bool(re.search(_GROUPS, scene.low))
    swapped = bool(re.search(r"\b(?:instead|rather|same|stattdessen|lieber|mejor|plutôt)\b", scene.low))
    other_figure = not grouped and _figures(about, scene) and _figures(earlier[:1], scene)
    if about and len(earlier) > 1 and (swapped or other_figure):
        # `same for passengers` is about another figure, `per courier instead` about another group
        new["columns"] = [*earlier[:-1], *about] if grouped else [*about, *earlier[1:]]
    elif about and grouped:
        new["columns"] = list(dict.fromkeys([*earlier, *about]))
    elif not about:
        new.pop("columns", None)
    if not operations.aggregate(scene.low) and arguments.get("agg"):
        new["agg"] = arguments["agg"]
    elif new.get("agg") == "unique" and about and arguments.get("agg"):
        new["agg"] = operations.aggregate(scene.low) or arguments["agg"]


def _figures(columns: list[str], scene: Scene) -> bool:
    """Whether all of these columns hold numbers."""
    kinds = {c["name"]: c.get("kind") for f in scene.catalogue.get("files", ()) for c in f["columns"]}
    return all(kinds.get(c) in ("number", "integer") for c in columns)


def _merge_pair(arguments: dict[str, Any], files: list[str], scene: Scene) -> None:
    reference, current = pair(scene)
    if reference and current:
        arguments["reference"], arguments["current"] = reference, current
    elif ("reference" not in arguments and "current" in arguments) or (
        re.search(r"\b(reference|baseline|against|relative to|compared (to|with)|than)\b", scene.low)
        and "current" in arguments
    ):
        arguments["reference"] = files[0]
    else:
        arguments["current"] = files[0]


_TOO = r"\b(?:too|also|as well|auch|también|aussi)\b|也"


def _merge_target(
    arguments: dict[str, Any], new: dict[str, Any], about: list[str], excluded: list[str], scene: Scene, answering: bool
) -> None:
    if about and not excluded and arguments.get("exclude") and re.search(_TOO, scene.low):
        about, excluded = [], about  # `started too`, after `leave note out`
        new["exclude"] = excluded
        new.pop("columns", None)
    inputs_only = (
        re.search(r"\b(only|just|use|using|inputs?|features?|columns?|with)\b", scene.low)
        and arguments.get("target")
        and not re.search(r"target|label|predict|wrong|instead|meant|sorry|rather", scene.low)
    )
    if about and not inputs_only:
        arguments["target"] = new.get("target") or about[0]
        new.pop("columns", None)
    elif about:
        new["columns"] = [a for a in about if a != arguments.get("target")]
        new.pop("target", None)
    else:
        new.pop("target", None) if arguments.get("target") else None
    if excluded and arguments.get("exclude"):
        old = arguments["exclude"] if isinstance(arguments["exclude"], list) else [arguments["exclude"]]
        new["exclude"] = list(dict.fromkeys([*old, *excluded]))


def _lone_number(tool: str, arguments: dict[str, Any], new: dict[str, Any], scene: Scene) -> None:
    """`better 4` changes the number that was there."""
    m = re.search(r"(?<![\w.])(\d+(?:\.\d+)?|\.\d+)(?![\w.]|\s*(?:Mi|Gi|MB|GB|cpu|core|min|hour|day))", scene.bare)
    if not m:
        return
    value = float(m.group(1))
    if tool == "deploy" and not (
        {"min_replicas", "max_replicas", "cpu", "memory", "port", "cpu_target", "version"} & set(new)
    ):
        new["replicas"] = int(value)
    elif (
        tool in ("monitor", "predict")
        and "threshold" not in new
        and "schedule" not in new
        and "version" not in new
        and "n" not in new
    ):
        new["threshold"] = int(value) if value == int(value) and "." not in m.group(1) else value


_REQUIRED = {
    "profile": ["dataset"], "query": ["dataset"], "clean": ["dataset"], "train": ["dataset", "target"], "retrain": ["model", "dataset"],
    "predict": ["model", "dataset"], "build": ["model"], "drift": ["current"], "features": ["dataset"], "deploy": ["model"], "monitor": [],
}  # fmt: skip


def _still_missing(call: Filled, scene: Scene, fresh: Filled) -> Filled:
    needed = list(_REQUIRED[call.tool])
    if call.tool == "retrain" and call.arguments.get("action"):
        needed = ["model"]
    if call.tool == "features" and not {"pca", "scale", "encode", "keyword_risk"} & set(
        call.arguments.get("operations", ())
    ):
        needed.append("target")
    if call.tool == "drift" and not call.arguments.get("model"):
        needed.append("reference")
    missing = [n for n in needed if not call.arguments.get(n)]
    place = call.tool == "deploy" and not any(call.arguments.get(k) for k in ("environment", "cloud", "artifacts"))
    if missing or place:
        call.question = fresh.question or _question(call.tool, missing[0] if missing else "place")
        call.choices = fresh.choices
        if missing and missing[0] in ("target",) and call.arguments.get("dataset"):
            call.question = f"Which column of {call.arguments['dataset']} should be predicted?"
            call.choices = [c["name"] for c in scene.columns_of(str(call.arguments["dataset"]))][:8]
    elif scene.found.unknown_columns:
        call.question = f"There is no column {scene.found.unknown_columns[0]} here. Which one do you mean?"
    elif scene.found.unknown_files:
        call.question, call.choices = (
            f"There is no file {scene.found.unknown_files[0]} here. Which one do you mean?",
            scene.paths[:6],
        )
    return call


def _question(tool: str, missing: str) -> str:
    return {
        "dataset": "Which file?", "target": "Which column should be predicted?", "model": "Which model?",
        "reference": "Which file is the reference?", "current": "Which file is the newer one?",
        "place": "Where should it run, or which files do you want?",
    }[missing]  # fmt: skip
