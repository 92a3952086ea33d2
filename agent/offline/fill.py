"""One function a tool: its arguments from the scene, and the one question when something required is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from opsmith.agent.offline import grammar
from opsmith.agent.offline import operations as ops
from opsmith.agent.offline.slots import Filled, Scene, dataset, output, pair, target_of, the_model


def fill(tool: str, scene: Scene) -> Filled:
    """The call that the sentence means for this tool."""
    filled = _FILL[tool](scene)
    filled.arguments = {k: v for k, v in filled.arguments.items() if v not in (None, [], "")}
    return filled


def _which_file(scene: Scene, verb: str) -> str:
    if scene.found.unknown_files:
        return f"There is no file {scene.found.unknown_files[0]} here. Which one should I {verb}?"
    if not scene.paths:
        return f"Which file should I {verb}? There is no table in this folder yet."
    return f"Which file should I {verb}?"


def _dry(scene: Scene) -> bool | None:
    return True if grammar.DRY_RUN.search(scene.text) else None


def _need_file(filled: Filled, scene: Scene, verb: str, columns: list[str] | None = None) -> str | None:
    if scene.found.ambiguous_files and not scene.files():
        filled.question, filled.choices = "Which of these files do you mean?", list(scene.found.ambiguous_files)
        return None
    path, choices = dataset(scene, columns)
    if path is None:
        filled.question, filled.choices = _which_file(scene, verb), choices[:6]
    else:
        filled.arguments["dataset"] = path
    return path


def _unknown_column(filled: Filled, scene: Scene, path: str | None) -> None:
    if scene.found.unknown_columns and not filled.question and path:
        wrong = scene.found.unknown_columns[0]
        filled.question = f"{path} has no column {wrong}. Which column do you mean?"
        filled.choices = [c["name"] for c in scene.columns_of(path)][:8]


def profile(scene: Scene) -> Filled:
    filled = Filled("profile")
    about, excluded = scene.columns()
    path = _need_file(filled, scene, "profile", about or None)
    is_target = re.search(r"\btarget\b|\blabel\b|ziel|objetivo|cible|目标", scene.low)
    if is_target and about:
        filled.arguments["target"] = target_of(scene, path)
        about = [a for a in about if a != filled.arguments["target"]]
    filled.arguments |= {"columns": about, "exclude": excluded}
    _unknown_column(filled, scene, path)
    return filled


def query(scene: Scene) -> Filled:
    filled = Filled("query")
    about, _ = scene.columns()
    path = _need_file(filled, scene, "look at", about or None)
    agg = ops.aggregate(scene.low)
    rows = re.search(
        r"\b(first|last|sample|head|random)\b.*\b(rows?|lines?|records?|entries)\b|\bhead\b|前\d+行|erste\w* \d+ zeilen|primeras \d+ filas|premières \d+ lignes",
        scene.low,
    )
    n = grammar.count(scene.text)
    if rows:
        agg = None
    if re.search(r"\btop \d+|\d+ most (common|frequent|popular)|\bmost (common|frequent|popular|often)\b", scene.low):
        agg = "top"
    if agg is None and about and not rows:
        agg = "unique" if re.search(r"^\W*(which|what|list|welche|qué|quels|哪些)\b|values?", scene.low) else None
    filled.arguments |= {"columns": about, "agg": agg, "n": n}
    _unknown_column(filled, scene, path)
    needs_column = agg in ("mean", "sum", "max", "min", "median", "std", "quantile", "corr", "unique", "top")
    if path and not about and needs_column and not filled.question and not scene.state.last:
        filled.question = f"Which column of {path} do you mean?"
        filled.choices = [c["name"] for c in scene.columns_of(path)][:8]
    filled.arguments["question"] = scene.text
    return filled


def clean(scene: Scene) -> Filled:
    filled = Filled("clean")
    about, excluded = scene.columns()
    wanted = ops.clean_operations(scene.low if not scene.found.columns else _with_names_masked(scene))
    if "drop_missing" in wanted and not about:
        about, excluded = excluded, []  # "without alcohol" names the column whose gaps go
    path = _need_file(filled, scene, "clean", about or None)
    method = (
        ops.impute_method(scene.low)
        if "impute" in wanted
        else ops.embed_method(scene.low)
        if "embed" in wanted
        else None
    )
    filled.arguments |= {
        "columns": about, "exclude": excluded, "operations": wanted, "method": method,
        "output": output(scene), "dry_run": _dry(scene),
    }  # fmt: skip
    if "augment" in wanted:
        filled.arguments["n"] = grammar.count(scene.text)
    _unknown_column(filled, scene, path)
    return filled


def _with_names_masked(scene: Scene) -> str:
    """Lower-case text with column names as COL, so that a column called html_tags is no wish to strip tags."""
    return re.sub(r"\b(file|out|model|mon)\b", lambda m: m.group(), scene.masked)


def entities(scene: Scene) -> Filled:
    return clean(scene)


def features(scene: Scene) -> Filled:
    filled = Filled("features")
    wanted = ops.feature_operations(_with_names_masked(scene))
    about, excluded = scene.columns()
    path = _need_file(filled, scene, "use", about or None)
    needs_target = bool({"suggest", "generate", "evaluate", "interactions"} & set(wanted)) and not {
        "pca",
        "scale",
        "encode",
        "keyword_risk",
    } & set(wanted)
    if needs_target:
        target = target_of(scene, path)
        about = [a for a in about if a != target]
        filled.arguments["target"] = target
        if path and not target and not filled.question:
            filled.question = f"Which column of {path} should the features help to predict?"
            filled.choices = [c["name"] for c in scene.columns_of(path)][:8]
    method = (
        ops.scale_method(scene.low)
        if "scale" in wanted
        else ops.encode_method(scene.low)
        if "encode" in wanted
        else None
    )
    n = grammar.count(scene.text) if {"pca", "suggest", "generate", "evaluate"} & set(wanted) else None
    filled.arguments |= {
        "columns": about,
        "exclude": excluded,
        "operations": wanted,
        "method": method,
        "n": n,
        "output": output(scene),
        "dry_run": _dry(scene),
    }
    if "keyword_risk" in wanted:
        filled.arguments["keywords"] = [
            k for k in grammar.keywords(scene.text) if k not in about and len(k.split()) <= 3
        ]
    _unknown_column(filled, scene, path)
    return filled


def train(scene: Scene) -> Filled:
    filled = Filled("train")
    about, excluded = scene.columns()
    path = _need_file(filled, scene, "train on", about or None)
    target = target_of(scene, path)
    inputs = [a for a in about if a != target]
    names = [m for m in grammar.pick(scene.text, grammar.ALGORITHMS)]
    tuning = re.search(r"\btun\w+|trials?|hyper", scene.low)
    filled.arguments |= {
        "target": target, "columns": inputs, "exclude": [e for e in excluded if e != target],
        "algorithm": names[0] if names else None, "folds": grammar.folds(scene.text), "test_size": grammar.test_size(scene.text),
        "metric": _metric(scene), "n": grammar.count(scene.text) if tuning else None, "dry_run": _dry(scene),
    }  # fmt: skip
    named = re.search(
        r"\b(?:call|name|named|called|save (?:it )?as)\s+(?:it |the model )?[`'\"]?([A-Za-z][\w-]*)[`'\"]?(?![\w.])",
        scene.text,
    )
    if named and named.group(1).casefold() not in ("it", "the", "a", "as"):
        filled.arguments["model"] = named.group(1)
    _unknown_column(filled, scene, path)
    if path and not target and not filled.question:
        filled.question = f"Which column of {path} should be predicted?"
        filled.choices = [c["name"] for c in scene.columns_of(path)][:8]
    return filled


def _metric(scene: Scene) -> str | None:
    found = grammar.pick(scene.text, grammar.METRICS)
    return found[0] if found else None


def retrain(scene: Scene) -> Filled:
    filled = Filled("retrain")
    low = scene.low
    action = None
    if re.search(
        r"roll\w*[- ]?back|revert|go back|switch back|fall back|restore|previous version|zurück|revierte|vuelve a|reviens|回滚",
        low,
    ):
        action = "rollback"
    elif re.search(r"\bpromot\w*|make .{0,30}(live|default|champion|production|current)|promuev|promeu", low):
        action = "promote"
    elif re.search(
        r"\bcompar\w*|beat\w*|\bwins?\b|\bvs\.?\b|versus|\bbetter\b|outperform|champion (and|vs|against)|challenger",
        low,
    ) and not re.search(r"\bretrain|\brefit", low):
        action = "compare"
    name, choices = the_model(scene)
    filled.arguments |= {
        "model": name,
        "action": action,
        "version": grammar.version(scene.text),
        "dry_run": _dry(scene),
    }
    if action in ("rollback", "promote"):
        filled.arguments["dataset"] = None
    else:
        named = scene.files()
        if named:
            filled.arguments["dataset"] = named[0]
        else:
            filled.arguments["dataset"] = _fresh_file(scene, name, action)
    algorithms = grammar.pick(scene.text, grammar.ALGORITHMS)
    if algorithms and not action:
        filled.arguments["algorithm"] = algorithms[0]
    if name is None:
        filled.question = (
            "Which model do you mean?"
            if choices
            else "There is no registered model yet. Which table and target should one be trained on?"
        )
        filled.choices = choices
    elif not filled.arguments["dataset"] and action is None:
        entry = scene.model_entry(name)
        filled.question = _which_file(scene, f"retrain {name} on")
        filled.choices = [p for p in scene.paths if not entry or p != entry.get("trained_on")][:6]
    return filled


def _fresh_file(scene: Scene, name: str | None, action: str | None) -> str | None:
    """New data that follows: what the conversation was about, or the only other file with the model's columns."""
    entry = scene.model_entry(name)
    if entry is None:
        return None
    trained_on = entry.get("trained_on")
    if scene.found.unknown_files:
        return None
    recent = [f for f in scene.state.files if f != trained_on and f in scene.paths]
    if recent and action is None:
        return recent[0]
    if action is not None:
        return None
    needed = {c["name"] for c in scene.columns_of(str(trained_on))}
    fitting = [
        p for p in scene.paths if p != trained_on and needed and {c["name"] for c in scene.columns_of(p)} >= needed
    ]
    return fitting[0] if len(fitting) == 1 else None


def predict(scene: Scene) -> Filled:
    filled = Filled("predict")
    name, choices = the_model(scene)
    named = scene.files()
    path = named[0] if named else None
    if path is None and not scene.found.unknown_files:
        path = _to_score(scene, name)
    n = (
        grammar.count(scene.text)
        if re.search(r"\d+\s*(sample|predictions?|rows?|examples?|first)|\b(first|sample)\b|前", scene.low)
        else None
    )
    filled.arguments |= {
        "model": name, "dataset": path, "version": grammar.version(scene.text), "threshold": grammar.threshold(scene.text),
        "output": output(scene), "n": n, "dry_run": _dry(scene),
    }  # fmt: skip
    if name is None:
        filled.question, filled.choices = (
            ("Which model should score it?" if choices else "There is no trained model yet. Train one first?"),
            choices,
        )
    elif path is None:
        filled.question, filled.choices = _which_file(scene, f"score with {name}"), scene.paths[:6]
    elif missing := _missing_columns(scene, name, path):
        filled.question = (
            f"{path} lacks {', '.join(missing[:4])}, which {name} was trained with. Which file should be scored?"
        )
        filled.choices = [p for p in scene.paths if p != path][:6]
    return filled


def _to_score(scene: Scene, name: str | None) -> str | None:
    entry = scene.model_entry(name)
    recent = [f for f in scene.state.files if f in scene.paths]
    if recent and (not entry or recent[0] != entry.get("trained_on") or len(scene.paths) == 1):
        return recent[0]
    others = [p for p in scene.paths if not entry or p != entry.get("trained_on")]
    if entry and len(others) == 1 and not _missing_columns(scene, name, others[0]):
        return others[0]
    return scene.paths[0] if len(scene.paths) == 1 else None


def _missing_columns(scene: Scene, name: str | None, path: str) -> list[str]:
    """Inputs of the model that a file lacks, by the file it was trained on; [] when that cannot be known."""
    entry = scene.model_entry(name)
    if entry is None or not scene.columns_of(path):
        return []
    needed = [c["name"] for c in scene.columns_of(str(entry.get("trained_on")))]
    there = {c["name"] for c in scene.columns_of(path)}
    missing = [c for c in needed if c != entry.get("target") and c not in there]
    return missing if len(missing) * 2 > len(needed) else []


def deploy(scene: Scene) -> Filled:
    filled = Filled("deploy")
    name, choices = the_model(scene)
    text = re.sub(r"\bgoogle sheets?\b", "", scene.text, flags=re.IGNORECASE)
    clouds, places = grammar.pick(text, grammar.CLOUDS), grammar.pick(text, grammar.ENVIRONMENTS)
    artifacts = grammar.pick(text, grammar.ARTIFACTS)
    if "hpa" in artifacts and "k8s" in artifacts and not re.search(r"manifest|yaml", scene.low):
        artifacts = [a for a in artifacts if a != "k8s"]
    if clouds and places == ["cloud"]:
        places = ["cloud"] if re.search(r"\bthe cloud\b", scene.low) else []
    stages = grammar.pick(text, grammar.STAGES)
    filled.arguments |= {
        "model": name, "version": grammar.version(scene.text), "environment": places[0] if places else None,
        "cloud": clouds[0] if clouds else None, "artifacts": artifacts, "stage": stages[0] if stages else None,
        **grammar.resources(scene.text), "output": output(scene), "dry_run": _dry(scene),
    }  # fmt: skip
    if name is None:
        filled.question = (
            "Which model should be deployed?" if choices else "There is no trained model yet. Train one first?"
        )
        filled.choices = choices
    elif not (clouds or places or artifacts) and not _enough_for_deploy(filled.arguments, scene):
        filled.question = "Where should it run, or which files do you want?"
        filled.choices = ["aws", "gcp", "azure", "on-premises", "edge", "local", "kubernetes manifests", "Dockerfile"]
    return filled


def _enough_for_deploy(arguments: dict[str, Any], scene: Scene) -> bool:
    return bool(scene.state.last and scene.state.last[0] == "deploy")


def build(scene: Scene) -> Filled:
    filled = Filled("build")
    name, choices = the_model(scene)
    more = grammar.resources(scene.text)
    filled.arguments |= {"model": name, "version": grammar.version(scene.text), "tag": more.get("tag"), "port": more.get("port"),
                         "memory": more.get("memory"), "cpu": more.get("cpu")}  # fmt: skip
    if name is None:
        filled.question, filled.choices = (
            ("Which model's container?" if choices else "There is no trained model yet. Train one first?"),
            choices,
        )
    return filled


def drift(scene: Scene) -> Filled:
    filled = Filled("drift")
    about, _ = scene.columns()
    reference, current = pair(scene)
    named = scene.files()
    models = scene.found.models
    metric = next((m for m in grammar.pick(scene.text, grammar.METRICS)), None)
    kind = _kind(scene)
    model = models[0].value if models else None
    if kind in ("performance", "prediction") and not model:
        model = the_model(scene)[0]
    if model and reference is None:
        entry = scene.model_entry(model)
        trained_on = entry.get("trained_on") if entry else None
        current = next((f for f in named if f != trained_on), None) or _fresh_file(scene, model, None)
        if kind != "performance":
            reference = trained_on
    elif reference is None and len(named) == 1:
        reference, current = _other_of_pair(scene, named[0])
    elif reference is None:
        reference, current = _only_two(scene)
    filled.arguments |= {
        "reference": reference, "current": current, "columns": about, "metric": metric, "kind": kind,
        "threshold": grammar.threshold(scene.text), "model": model if model and (kind or not reference) else None,
        "output": output(scene), "dry_run": None,
    }  # fmt: skip
    if scene.found.ambiguous_files or scene.found.unknown_files:
        filled.question = (
            _which_file(scene, "compare") if scene.found.unknown_files else "Which of these files do you mean?"
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


def _kind(scene: Scene) -> str | None:
    if re.search(
        r"\b(actuals?|outcomes?|truth|reality|really happened|actually happened|turned out|labels? (came|arrived)|right|accura\w+|correct|wrong|performance|performing|degrad\w*|real(ised|ized))\b",
        scene.low,
    ) and (scene.found.models or re.search(r"\bpredict(ions|ed)\b|\bmodel\b", scene.low)):
        return "performance"
    if re.search(
        r"\b(predictions?|scores?|outputs?) (drift|shift|distribution|changed|moved)|drift .{0,15}(predictions|scores|outputs)|prediction drift",
        scene.low,
    ):
        return "prediction"
    return "data" if re.search(r"\bdata drift\b|\binput drift\b|\bfeature drift\b", scene.low) else None


def _other_of_pair(scene: Scene, one: str) -> tuple[str | None, str | None]:
    """The second file of a comparison that names one: a model's training data, the conversation's, or the only like one."""
    from opsmith.agent.offline.slots import _age

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
    return (other, one) if _age(other) <= _age(one) else (one, other)


def _only_two(scene: Scene) -> tuple[str | None, str | None]:
    from opsmith.agent.offline.slots import _age

    recent = [f for f in scene.state.files if f in scene.paths][:2]
    if scene.state.last and scene.state.last[0] == "drift":
        return scene.state.last[1].get("reference"), scene.state.last[1].get("current")
    pool = recent if len(recent) == 2 else scene.paths if len(scene.paths) == 2 else []
    if len(pool) == 2 and {c["name"] for c in scene.columns_of(pool[0])} == {
        c["name"] for c in scene.columns_of(pool[1])
    }:
        first, second = sorted(pool, key=_age)
        return (first, second) if _age(first) != _age(second) else (pool[0], pool[1])
    return None, None


def monitor(scene: Scene) -> Filled:
    filled = Filled("monitor")
    low = scene.low
    reference, current = pair(scene)
    named = scene.files()
    stopping = re.search(
        r"\b(disable|pause|stop|switch off|turn off|mute|deactivate|delete|remove|kill|suspend|no longer|deaktivier\w*|desactiva\w*|désactive\w*|arrête\w*)\b|停用|关闭|停止",
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
    if model is None and not named:
        monitored = [m.get("model") for m in scene.catalogue.get("monitors", ()) if m.get("model")]
        model = monitored[0] if len(monitored) == 1 and not scene.found.models else the_model(scene)[0]
    metric = _metric(scene)
    channel = grammar.pick(scene.text, grammar.CHANNELS)
    every = grammar.schedule(scene.text)
    if reference is None and len(named) == 1:
        if model:
            current = named[0]
        else:
            reference, current = _other_of_pair(scene, named[0])
    auto = re.search(
        r"\b(auto\w*[- ]?(re-?train|relearn|refresh|update)\w*|(re-?train|relearn|refresh|update)\w* (itself|automatically|by itself|on its own|it|the model)|by itself|on its own|(and|then|should|to) (re-?train|relearn)|kick off (a )?retrain\w*|trigger (a )?retrain\w*)\b|自动(重新)?训练",
        low,
    )
    number = grammar.threshold(scene.text)
    if isinstance(number, int) and every and re.search(rf"every {number}\b", low):
        number = None
    filled.arguments |= {
        "model": model, "reference": reference, "current": current, "metric": metric, "threshold": number,
        "schedule": every, "channel": channel[0] if channel else None, "columns": scene.columns()[0],
        "auto_retrain": True if auto else None, "action": "disable" if stopping else None, "kind": _monitor_kind(low),
        "dry_run": _dry(scene),
    }  # fmt: skip
    if not model and not (reference and current):
        names = [m["name"] for m in scene.catalogue.get("models", ())]
        filled.question = (
            "Which model should be watched?" if names else "What should be watched: which model, or which two files?"
        )
        filled.choices = names or scene.paths[:6]
    if scene.found.unknown_files and not filled.question:
        filled.question, filled.choices = _which_file(scene, "watch"), scene.paths[:6]
    return filled


def _monitor_kind(low: str) -> str | None:
    if re.search(r"\bprediction drift\b|drift .{0,12}predictions|\bpredictions (drift|shift)", low):
        return "prediction"
    return "data" if re.search(r"\bdata drift\b|\binput drift\b|\bfeature drift\b", low) else None


_FILL: dict[str, Callable[[Scene], Filled]] = {
    "profile": profile, "query": query, "clean": clean, "entities": entities, "features": features, "train": train,
    "retrain": retrain, "predict": predict, "deploy": deploy, "build": build, "drift": drift, "monitor": monitor,
}  # fmt: skip
