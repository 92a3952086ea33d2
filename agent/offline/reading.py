"""Read a person's message: its steps, each with intent, confidence and arguments; and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opsmith.agent.offline import grammar
from opsmith.agent.offline.dialogue import Dialogue, model_name
from opsmith.agent.offline.fill import fill
from opsmith.agent.offline.grounding import ground
from opsmith.agent.offline.intents import scores
from opsmith.agent.offline.normalise import mended, straightened, with_digits
from opsmith.agent.offline.slots import Filled, Scene

DATA = frozenset(
    ["profile", "query", "clean", "features", "train", "retrain", "predict", "deploy", "build", "drift", "monitor"]
)
CLEAR, GUESS = 3.0, 1.8  # scores from which an intent is clear, or at least a guess


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


_SPLIT = re.compile(
    r"\s*(?:[,;.]\s*)?\b(?:and then|after that|afterwards|and afterwards|and finally|finally|and also|then also|next|followed by|then|und dann|danach|anschließend|y luego|luego|después|y después|et puis|puis|ensuite)\b[,:]?\s+|\s*;\s+|\s*(?<=[a-z0-9)`'\"])\.\s+(?=[A-Za-z])|，?(?:然后|接着|再)|\s*,\s+(?:and\s+)?(?=\w)|\s+(?:and|und|y|et)\s+(?=[a-z])",
    re.IGNORECASE,
)


def read(text: str, catalogue: Mapping[str, Any], state: Dialogue) -> Reading:
    """The steps of a message against what is there and what was said."""
    text = straightened(text)
    reading = Reading()
    pieces = _pieces(text, catalogue, state)
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
    scene = _scene(text, catalogue, state)
    score, intent = _ranked(scene)[0]
    files = scene.files()
    if len(files) < 2 or intent not in ("profile",) or score < CLEAR:
        return []
    return [Step(text, intent, score, Filled(intent, {"dataset": f})) for f in files]


def _remember_made(step: Step, made: dict[str, str]) -> None:
    args = step.call.arguments
    if step.intent in ("clean", "features", "predict") and args.get("output"):
        made["file"] = str(args["output"])
    elif args.get("dataset"):
        made.setdefault("file", str(args["dataset"]))
        if step.intent in ("profile", "query", "train"):
            made["file"] = str(args["dataset"])
    if step.intent == "train" and args.get("target"):
        made["model"] = str(args.get("model") or model_name(str(args["target"])))
    elif args.get("model"):
        made["model"] = str(args["model"])


def _scene(text: str, catalogue: Mapping[str, Any], state: Dialogue, made: dict[str, str] | None = None) -> Scene:
    spelt = with_digits(text)
    known = frozenset(
        w for f in catalogue.get("files", ()) for c in f["columns"] for w in re.findall(r"[a-z]+", c["name"].casefold())
    )
    known |= frozenset(w for f in catalogue.get("files", ()) for w in re.findall(r"[a-z]+", f["path"].casefold()))
    known |= frozenset(w for m in catalogue.get("models", ()) for w in re.findall(r"[a-z]+", m["name"].casefold()))
    found = ground(spelt, catalogue, near=state.files[:2])
    marked = re.sub(r"\b(FILE|OUT|MODEL|COL|MON)\b", lambda m: f"\x00{m.group()}\x00", found.masked())
    low = mended(marked, known)
    masked = re.sub(r"\x00(file|out|model|col|mon)\x00", lambda m: m.group(1).upper(), low)
    return Scene(spelt, mended(spelt, known), masked, found, catalogue, state, dict(made or {}))


def _ranked(scene: Scene) -> list[tuple[float, str]]:
    total = scores(scene.masked, scene.found, has_models=bool(scene.catalogue.get("models")), files=len(scene.paths))
    return sorted(
        ((s, i) for i, s in total.items()), key=lambda si: (-si[0], _ORDER.index(si[1]) if si[1] in _ORDER else 99)
    )


_ORDER = [
    "decline",
    "undo",
    "cancel",
    "forget",
    "remember",
    "recall",
    "meta",
    "smalltalk",
    "build",
    "monitor",
    "retrain",
    "deploy",
    "predict",
    "drift",
    "clean",
    "features",
    "train",
    "query",
    "profile",
    "status",
    "help",
]


def _pieces(text: str, catalogue: Mapping[str, Any], state: Dialogue) -> list[str]:
    """The message cut into steps; a piece without a clear intent of its own stays with the one before."""
    whole = _ranked(_scene(text, catalogue, state))
    if whole[0][1] in ("remember", "decline", "smalltalk", "meta") and whole[0][0] >= 5:
        lead = re.match(
            r"\W*(?:please |and |also )?(remember|note|keep in|store|merk|recuerda|souviens|记)", text, re.IGNORECASE
        )
        if whole[0][1] != "remember" or lead:
            return [text]
    cuts = [(m.start(), m.end(), m.group()) for m in _SPLIT.finditer(text) if not _inside_quotes(text, m.start())]
    pieces: list[tuple[str, str, float]] = []  # text, intent, score
    start = 0
    for begin, end, word in [*cuts, (len(text), len(text), "")]:
        part = text[start:begin].strip()
        if part:
            ranked = _ranked(_scene(part, catalogue, state))
            strong = (
                re.search(
                    r"then|after|final|next|also|;|dann|danach|luego|puis|ensuite|然后|接着|再|\.", _joint(text, start)
                )
                is not None
            )
            needed = 3.0 if strong else 4.0
            own = (
                ranked[0][0] >= needed
                and ranked[0][1] in (*DATA, "remember", "forget", "status")
                and _begins_with_verb(part, ranked[0][1], strong)
            )
            if pieces and (not own or ranked[0][1] == pieces[-1][1] or pieces[-1][1] == "remember"):
                pieces[-1] = (
                    f"{pieces[-1][0]}{_joint(text, start)}{part}",
                    pieces[-1][1] if pieces[-1][2] >= ranked[0][0] else ranked[0][1],
                    max(pieces[-1][2], ranked[0][0]),
                )
            else:
                pieces.append((part, ranked[0][1], ranked[0][0]))
        start = end
    clear = [p for p in pieces if p[2] >= 3.0 and p[1] in (*DATA, "remember", "forget", "status")]
    if len(clear) < 2 or len(clear) != len(pieces):
        return [text]
    return [p[0] for p in pieces]


def _joint(text: str, start: int) -> str:
    """The connecting words before a piece."""
    m = None
    for m in _SPLIT.finditer(text[:start]):
        if m.end() == start:
            return m.group()
    return " "


_VERB = re.compile(
    r"^\W*(?:please |now |use (?:that|it) to |finish (?:with|by) |end with |also |just |i want (?:you )?to |can you |could you |let.?s |we |to |a |an |the |bitte )*"
    r"(?:\w+(?:ing)?)\b",
    re.IGNORECASE,
)
_CUE_VERBS = re.compile(
    r"^\W*(?:(?:please|now|also|just|finally|finish (?:with|by)|end with|use (?:that|it|the \w+) (?:to|for)|with (?:that|it)|i want (?:you )?to|can you|could you|let.?s|a|an|the|bitte|me)\s+)*"
    r"(?:profil\w*|check|look|analy\w*|describ\w*|summar\w*|overview|inspect|explor\w*|clean\w*|dedup\w*|de-dup\w*|remov\w*|drop|strip|fill|imput\w*|trim|lower\w*|mask\w*|fix|normali\w*|standardi\w*|extract\w*|embed\w*|"
    r"feature\w*|suggest\w*|scal\w*|encod\w*|pca|rank|train\w*|fit\w*|learn|build|creat\w*|mak\w*|model|tun\w*|retrain\w*|refresh|updat\w*|promot\w*|roll\w*|revert|compar\w*|predict\w*|scor\w*|apply|run|deploy\w*|ship|"
    r"writ\w*|generat\w*|put|dockerfile|compose|manifest|docker|smoke\w*|test|drift\w*|psi|monitor\w*|watch|alert|warn|notify|remember|note|store|keep|save|record|forget|erase|list|show|tell|count|average|how|what|"
    r"trainier\w*|bereinig\w*|vergleich\w*|prüf\w*|entrena\w*|limpia\w*|analiza\w*|entraîn\w*|nettoie|compare|清洗|训练|分析|部署|监控|预测)\b|^\W*(?:清洗|训练|分析|部署|监控|预测|比较)",
    re.IGNORECASE,
)


def _begins_with_verb(part: str, intent: str, strong: bool) -> bool:
    """Whether a piece starts like a request of its own and not like the end of the one before."""
    return bool(_CUE_VERBS.match(part)) or (strong and len(part.split()) <= 6)


def _inside_quotes(text: str, position: int) -> bool:
    return any(text[:position].count(q) % 2 for q in '`"') or bool(
        re.search(r"\([^)]*$", text[:position]) and re.match(r"[^(]*\)", text[position:])
    )


def _step(text: str, catalogue: Mapping[str, Any], state: Dialogue, made: dict[str, str], alone: bool) -> Step:
    scene = _scene(text, catalogue, state, made)
    ranked = _ranked(scene)
    (best, intent), (_, runner) = ranked[0], ranked[1]
    if alone:
        continued = _continued(scene, state, best, intent)
        if continued is not None:
            return Step(text, continued.tool, best, continued, intent)
    if best < GUESS:
        return Step(text, *_unclear(scene, state), runner_up=intent)
    if intent in DATA:
        call = fill(intent, scene)
        return Step(text, intent, best, call, runner)
    return Step(text, intent, best, _talk(intent, scene), runner)


def _unclear(scene: Scene, state: Dialogue) -> tuple[str, float, Filled]:
    """Nothing speaks clearly: a lone file is looked at, anything else is asked about."""
    named = scene.files()
    if named and len(scene.masked.split()) <= 3:
        return "profile", 1.0, Filled("profile", {"dataset": named[0]})
    question = "What should I do: look at data, clean it, suggest features, train, predict, deploy, or compare files?"
    return "unclear", 0.0, Filled("ask", {}, question, ["profile a file", "train a model", "compare two files", "help"])


_FOLLOW = re.compile(
    r"^\W*(?:and|but|also|now|then|ok|okay|so|just|only|what about|how about|same|the same|instead|rather|better|make (?:it|that)|with|without|on|for|by|per|split|use|using|no|not|don.?t|sorry|actually|"
    r"oh|wait|i mean|i meant|und|nur|aber|mit|jetzt|bitte|y|solo|sólo|con|ahora|et|seulement|avec|maintenant|limit|cap|set|change|switch|into|to|in|as|at|only|again|good|fine|great|第|只|改|换|那|用)\b|^\W*(?:只|改|换|那|用|和)",
    re.IGNORECASE,
)


def _continued(scene: Scene, state: Dialogue, best: float, intent: str) -> Filled | None:
    """The message as an answer to a question, a change of what waits, or a follow-up of the last call; else None."""
    pending = [p for p in scene.catalogue.get("pending", ()) if p.get("tool") in DATA]
    short = len(scene.text.split()) <= 9
    if state.asked and state.asked[0] in DATA:
        tool, known = str(state.asked[0]), state.asked[1]
        if (
            intent == tool
            or best < CLEAR + 1
            or (
                short
                and (scene.found.files or scene.found.columns or scene.found.models)
                and best < 5
                and intent not in ("cancel", "undo", "meta", "decline")
            )
        ):
            return _merged(tool, known, scene, answering=True)
    if (
        intent in ("cancel", "undo", "smalltalk", "decline", "meta", "remember", "recall", "forget", "help", "status")
        and best >= 4
    ):
        return None
    if pending:
        tool, known = pending[-1]["tool"], dict(pending[-1]["arguments"])
        if intent == tool and (not scene.files() or scene.files()[0] in known.values()):
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
    if state.last is None:
        return None
    tool, known = state.last
    follows = bool(_FOLLOW.match(scene.text)) or (short and best < GUESS)
    something = (
        scene.found.files
        or scene.found.columns
        or scene.found.models
        or re.search(r"\d", scene.text)
        or scene.found.outputs
    )
    if (
        tool == "clean"
        and re.search(
            r"for real|really|actually (do|write|save)|this time|go on|write it|save it|now (do|write)", scene.low
        )
        and known.get("dry_run")
    ):
        return _merged(tool, known, scene)
    if follows and something and best < CLEAR:
        return _merged(tool, known, scene)
    if follows and tool in ("query", "drift") and intent == tool and not scene.files() and something:
        return _merged(tool, known, scene)
    return None


def _merged(tool: str, known: Mapping[str, Any], scene: Scene, answering: bool = False) -> Filled:
    """The earlier arguments with what the message changes."""
    fresh = fill(tool, scene)
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
    if tool == "query" and about and not answering:
        if re.search(r"\b(split|by|per|for each|group\w*|broken|each|nach|pro|por|par|按)\b", scene.low):
            new["columns"] = list(dict.fromkeys([*arguments.get("columns", []), *about]))
        if "agg" not in new and arguments.get("agg"):
            new["agg"] = arguments["agg"]
    if tool in ("deploy", "monitor", "predict") and "replicas" not in new:
        _lone_number(tool, arguments, new, scene)
    if (
        arguments.get("dry_run")
        and not new.get("dry_run")
        and re.search(r"for real|really|this time|write|save|do it|go|into|proceed|persist", scene.low)
    ):
        arguments.pop("dry_run")
    if tool == "clean" and not new.get("operations"):
        new.pop("operations", None)
    if tool == "features" and arguments.get("operations"):
        new.pop("operations", None) if not re.search(r"pca|scal|encod|keyword|rank|import", scene.low) else None
    merged = {**arguments, **{k: v for k, v in new.items() if v not in (None, [], "")}}
    again = Filled(tool, merged)
    if tool == "query":
        again.arguments["question"] = scene.text
    return _still_missing(again, scene, fresh)


def _merge_pair(arguments: dict[str, Any], files: list[str], scene: Scene) -> None:
    from opsmith.agent.offline.slots import pair

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


def _merge_target(
    arguments: dict[str, Any], new: dict[str, Any], about: list[str], excluded: list[str], scene: Scene, answering: bool
) -> None:
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
    m = re.search(r"(?<![\w.])(\d+(?:\.\d+)?|\.\d+)(?![\w.]|\s*(?:Mi|Gi|MB|GB|cpu|core|min|hour|day))", scene.text)
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


def _talk(intent: str, scene: Scene) -> Filled:
    """Calls of the conversation's own tools."""
    text = scene.text
    if intent == "remember":
        topic = re.sub(
            r"^\W*(?:(?:please|and|also|ok(?:ay)?|hey|can you|could you|so|then|now|,)\s*)*(?:remember|memori[sz]e|note(?: down)?|make a note|take (?:a )?note|keep in (?:mind|your notes|memory)|jot(?: down)?|"
            r"write(?: this| that| it)? down|store(?: this| that| it| the fact)?|save(?: this| that| the fact)?|record|bear in mind|don.?t forget|for the record|for (?:future|later) reference|fyi|log|merk(?:e)? dir|notiere?|"
            r"recuerda|apunta|anota|souviens-toi|rappelle-toi|note[rz]?|记住|记下|请记住?)\b[\s,:;-]*(?:this|that|the following|dass|das|que|:)?[\s,:;-]*",
            "", text, flags=re.IGNORECASE,
        )  # fmt: skip
        return Filled("remember", {"topic": topic.strip() or text})
    if intent == "recall":
        arguments: dict[str, Any] = {"topic": text}
        if scene.found.models:
            arguments["model"] = scene.found.models[0].value
        return Filled("recall", arguments)
    if intent == "forget":
        everything = re.search(
            r"\b(everything|all)\b|\balles\b|\btodo\b|\btout\b|全部|所有", scene.low
        ) and not re.search(r"about|note|regarding", scene.low)
        return Filled("forget", {"topic": "everything" if everything else text})
    if intent == "status":
        kinds = (("models", r"model|version|modell|modèle|模型"), ("monitors", r"monitor|alert|监控"), ("pending", r"pending|waiting|approv|open|queue|等待"),
                 ("datasets", r"table|file|data ?set|data\b|tabelle|datei|daten|archivo|fichier|数据|文件|表"))  # fmt: skip
        named = [k for k, p in kinds if re.search(p, scene.low)]
        arguments = {"part": named[0]} if len(named) == 1 else {}
        return Filled("status", arguments)
    if intent == "meta":
        name = grammar.llm(text)
        return Filled("settings", {"llm": name} if name else {"topic": text})
    if intent == "help":
        return Filled("help", {"topic": text})
    if intent == "smalltalk":
        return Filled("help", {"topic": "smalltalk"})
    if intent == "decline":
        return Filled("decline", {"reason": _why_not(scene)})
    if intent == "undo":
        n = re.search(r"\b(?:last|previous)\s+(\d+)\b", scene.low)
        return Filled("undo", {"n": int(n.group(1))} if n else {})
    return Filled("cancel", {})


def _why_not(scene: Scene) -> str:
    if re.search(
        r"sudo|rm -|/etc|passw|secret|credential|\.\./|~/|\.ssh|\.aws|key|shutdown|kill|chmod|/home|/root|/var",
        scene.low,
    ):
        return "I do not do that: I stay inside the project folder, run no system commands and read no secrets."
    return "That is outside of what I do: data, features, models, deployment and drift in this project."
