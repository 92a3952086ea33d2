"""Arguments of the tools that compare data over time: drift and monitor."""

from __future__ import annotations

import re

from opsmith.agent.offline import grammar
from opsmith.agent.offline.fill_shared import dry, fresh_file, metric_of, which_file
from opsmith.agent.offline.slots import Filled, Scene, age, output, pair, the_model

_PATTERN = re.compile(r"(?<![\w*])[\w./-]*\*[\w*./-]*\.\w+")


def drift(scene: Scene) -> Filled:
    filled = Filled("drift")
    about, _ = scene.columns()
    reference, current = pair(scene)
    named = scene.files()
    models = scene.found.models
    metric = next((m for m in grammar.pick(scene.low, grammar.METRICS)), None)
    kind = _kind(scene) or _outcomes_kind(scene)
    model = models[0].value if models else None
    if not named and reference is None and model and scene.made.get("file") in scene.paths:
        named = [scene.made["file"]]
    if kind in ("performance", "prediction") and not model:
        model = the_model(scene)[0]
    if model and reference is None:
        entry = scene.model_entry(model)
        trained_on = entry.get("trained_on") if entry else None
        current = next((f for f in named if f != trained_on), None) or fresh_file(scene, model, None)
        if kind != "performance":
            reference = trained_on
    elif reference is None and len(named) == 1:
        reference, current = other_of_pair(scene, named[0])
    elif reference is None:
        reference, current = only_two(scene)
    parts = _parts(scene)
    if parts:
        reference, current, about = *_in_order(scene, parts, reference, current), _outside_brackets(scene, about)
    if kind == "performance":
        target = (scene.model_entry(model) or {}).get("target")
        about = [
            c for c in about if c.casefold() not in ("predicted", "prediction", "actual", "outcome") and c != target
        ]
    filled.arguments |= {
        "reference": reference, "current": current, "columns": about, "metric": metric, "kind": kind,
        "threshold": grammar.threshold(scene.bare), "model": model if model and (kind or not reference) else None,
        "output": output(scene), "dry_run": None,
    }  # fmt: skip
    if scene.found.ambiguous_files or scene.found.unknown_files:
        filled.question = (
            which_file(scene, "compare") if scene.found.unknown_files else "Which of these files do you mean?"
        )
        filled.choices = list(scene.found.ambiguous_files) or scene.paths[:6]
    elif not current or (not reference and not model):
        filled.question = (
            "Which two files should be compared: the reference and the newer one?"
            if not reference
            else f"What should {reference} be compared with?"
        )
        filled.choices = [p for p in scene.paths if p != reference][:6]
    return filled


def _parts(scene: Scene) -> list[str]:
    """Parts of tables that the sentence names, such as t.csv[0:1000] or t.csv[year=2024], in its order."""
    found = []
    for m in scene.found.files:
        bracket = re.match(r"\[[^\[\]]+\]", scene.text[m.end :])
        if bracket:
            found.append(m.value + bracket.group())
    return found


def _in_order(
    scene: Scene, parts: list[str], reference: str | None, current: str | None
) -> tuple[str | None, str | None]:
    """Reference and current when parts of tables are named: of two parts of one table the earlier is the reference."""
    tables = [p.partition("[")[0] for p in parts]
    if len(parts) == 1:
        (table,), (part,) = tables, parts
        if sum(m.value == table for m in scene.found.files) > 1:  # a part against the whole of its table
            return table, part
        return (part, current) if reference == table != current else (reference or table, part)
    first, second = parts[:2]
    if tables[0] == tables[1]:
        first, second = sorted((first, second), key=_start)
    elif re.search(r"\]\s+(?:(?:has )?drift\w* )?(?:from|against|relative to|compared (?:to|with)|than)\b", scene.low):
        first, second = second, first
    return first, second


def _start(part: str) -> str:
    """Where a part begins, so that starts can be put in order: the first row, day or value in its bracket."""
    start = part.partition("[")[2].rstrip("]").rpartition("=")[2].partition(":")[0].strip()
    return start.zfill(20) if start.isdigit() else start


def _outside_brackets(scene: Scene, columns: list[str]) -> list[str]:
    """The columns that are named elsewhere than in the brackets of a part."""
    spans = [m.span() for m in re.finditer(r"\[[^\[\]]+\]", scene.text)]
    inside = {m.value for m in scene.found.columns if any(a <= m.start < b for a, b in spans)}
    return [c for c in columns if c not in inside]


def _outcomes_kind(scene: Scene) -> str | None:
    """`performance` when a file with what really happened is compared with a model: its target without its inputs."""
    entry = scene.model_entry(the_model(scene)[0])
    named = scene.files()
    if entry is None or not named:
        return None
    inputs = {c["name"] for c in scene.columns_of(str(entry.get("trained_on")))} - {entry.get("target")}
    there = {c["name"] for c in scene.columns_of(named[-1])}
    tells = entry.get("target") in there and len(there & inputs) * 2 < len(inputs)
    return "performance" if tells else None


def _kind(scene: Scene) -> str | None:
    if re.search(
        r"\b(actuals?|outcomes?|truth|reality|really happened|actually happened|turned out|labels? (came|arrived)|right|accura\w+|correct|wrong|performance|performing|degrad\w*|real(ised|ized))\b",
        scene.low,
    ) and (scene.found.models or re.search(r"\bpredict(ions|ed)\b|\bmodel\b", scene.low)):
        return "performance"
    if re.search(
        r"\b(predictions?|scores?|outputs?)\b.{0,45}\b(spread|distributed|shifted|drifted|differ\w*|look different|changed|moved)\b|\b(predictions?|scores?|outputs?|forecasts?) (?:of \S+ |from \S+ |by \S+ )?(drift\w*|shift\w*|distribution|chang\w+|mov\w+)|(shift|drift|change|move)\w* .{0,25}\b(predictions|scores|outputs)\b|drift .{0,15}(predictions|scores|outputs)|prediction drift",
        scene.low,
    ):
        return "prediction"
    return "data" if re.search(r"\bdata drift\b|\binput drift\b|\bfeature drift\b", scene.low) else None


def other_of_pair(scene: Scene, one: str) -> tuple[str | None, str | None]:
    """The second file of a comparison that names one: a model's training data, the conversation's, or the only like one."""
    trained = [m.get("trained_on") for m in scene.catalogue.get("models", ()) if m.get("trained_on") != one]
    recent = [f for f in scene.state.files if f != one and f in scene.paths]
    if scene.state.last and scene.state.last[0] == "drift" and scene.state.last[1].get("reference") not in (None, one):
        return scene.state.last[1]["reference"], one
    columns = {c["name"] for c in scene.columns_of(one)}
    like = [p for p in scene.paths if p != one and columns and {c["name"] for c in scene.columns_of(p)} == columns]
    other = recent[0] if recent and recent[0] in like else like[0] if len(like) == 1 else None
    if other is None and len(trained) == 1 and re.search(r"train", scene.low):
        other = trained[0]
    if other is None:
        return None, one
    return (other, one) if age(other) <= age(one) else (one, other)


def only_two(scene: Scene) -> tuple[str | None, str | None]:
    recent = [f for f in scene.state.files if f in scene.paths][:2]
    if scene.state.last and scene.state.last[0] == "drift":
        return scene.state.last[1].get("reference"), scene.state.last[1].get("current")
    pool = recent if len(recent) == 2 else scene.paths if len(scene.paths) == 2 else []
    if len(pool) == 2 and {c["name"] for c in scene.columns_of(pool[0])} == {
        c["name"] for c in scene.columns_of(pool[1])
    }:
        first, second = sorted(pool, key=age)
        return (first, second) if age(first) != age(second) else (pool[0], pool[1])
    return None, None


def monitor(scene: Scene) -> Filled:
    filled = Filled("monitor")
    low = scene.low
    reference, current = pair(scene)
    named = scene.files()
    last = scene.state.last
    if not named and not scene.found.models and scene.made.get("current"):
        reference, current = scene.made.get("reference"), scene.made["current"]
    elif (
        not named
        and not scene.found.models
        and last
        and last[0] == "drift"
        and not last[1].get("model")
        and re.search(r"\b(?:that|this|it|them|those|these)\b", low)
    ):
        reference, current = last[1].get("reference"), last[1].get("current")
    stopping = re.search(
        r"\b(disable|pause|stop|switch off|turn off|mute|deactivate|delete|remove|kill|suspend|no longer|quit|cease|(?:switch|turn|shut)\w* .{0,40}\boff|(?:don.?t|do not) need .{0,50}(?:any ?more|any longer)|no more|unsubscribe|end (?:the )?(?:watch|monitor)\w*|deaktivier\w*|desactiva\w*|apaga\w*|désactive\w*|coupe\w*|arrête\w*|(?:schalt|stell)\w* .{0,60}\b(?:ab|aus|ein)|para (?:la|el))\b|停用|关闭|停止",
        low,
    )
    entry = next(
        (
            m
            for m in scene.catalogue.get("monitors", ())
            if scene.found.monitors and m["name"] == scene.found.monitors[0].value
        ),
        None,
    )
    model = scene.found.models[0].value if scene.found.models else None
    if model is None and entry:
        model = entry.get("model")
    if model is None and not named and not current:
        monitored = [m.get("model") for m in scene.catalogue.get("monitors", ()) if m.get("model")]
        model = monitored[0] if len(monitored) == 1 and not scene.found.models else the_model(scene)[0]
    metric = metric_of(scene)
    channel = grammar.pick(grammar.wished(scene.text), grammar.CHANNELS)
    if len(channel) > 1 and not re.search(r"\bpager", low):
        channel = [c for c in channel if c != "pagerduty"]  # `page me on slack`
    every = grammar.schedule(grammar.wished(scene.text))
    if reference is None and len(named) == 1:
        if model:
            current = named[0]
        else:
            reference, current = other_of_pair(scene, named[0])
    arriving = _PATTERN.search(scene.text)
    if arriving:  # incoming/*.csv: whichever file is the newest
        current = arriving.group()
    auto = re.search(
        r"\b(auto\w*[- ]?(re-?train|relearn|refresh|update)\w*|(re-?train|relearn|refresh|update)\w* (?:\S+ )?(itself|automatically|by itself|on its own|it|the model)|by itself|on its own|(and|then|should|to) (re-?train|relearn)|(?:kick|set|start)\w* (?:off )?(?:a |its own |the )?re-?train\w*|own re-?train\w*|re-?train\w* (?:when|once|if|as soon)|trigger (a )?retrain\w*)\b|\b(?:heal|fix|repair|renew) itself\b|自动(重新)?训练",
        low,
    )
    number = grammar.threshold(grammar.wished(scene.bare))
    if isinstance(number, str):
        number = round(float(number.rstrip("%")) / 100, 6)
    if isinstance(number, int) and every and re.search(rf"every {number}\b", low):
        number = None
    filled.arguments |= {
        "model": model, "reference": reference, "current": current, "metric": metric, "threshold": number,
        "schedule": every, "channel": channel[0] if channel else None, "columns": scene.columns()[0],
        "auto_retrain": True if auto else None, "action": "disable" if stopping else None, "kind": _monitor_kind(low),
        "dry_run": dry(scene),
    }  # fmt: skip
    if not model and not (reference and current):
        names = [m["name"] for m in scene.catalogue.get("models", ())]
        filled.question = (
            "Which model should be watched?" if names else "What should be watched: which model, or which two files?"
        )
        filled.choices = names or scene.paths[:6]
    if scene.found.unknown_files and not filled.question:
        filled.question, filled.choices = which_file(scene, "watch"), scene.paths[:6]
    return filled


def _monitor_kind(low: str) -> str | None:
    if re.search(r"\bprediction drift\b|drift .{0,12}predictions|\bpredictions (drift|shift)", low):
        return "prediction"
    return "data" if re.search(r"\bdata drift\b|\binput drift\b|\bfeature drift\b", low) else None
