"""Arguments of the tools that make, renew, use and ship models: train, retrain, predict, deploy, build."""

from __future__ import annotations

import re

from opsmith.agent.offline import amounts, grammar
from opsmith.agent.offline.fill_shared import (
    CALLED as _CALLED,
)
from opsmith.agent.offline.fill_shared import (
    about_in,
    dry,
    fresh_file,
    metric_of,
    need_file,
    new_name,
    unknown_column,
    which_file,
)
from opsmith.agent.offline.fill_training import split_of, validation_of
from opsmith.agent.offline.ground_meaning import by_meaning
from opsmith.agent.offline.slots import Filled, Scene, meant_target, output, target_of, the_model


def train(scene: Scene) -> Filled:
    filled = Filled("train")
    about, excluded = scene.columns()
    path = need_file(filled, scene, "train on", [*about, *excluded] or None)
    about, excluded = about_in(scene, path)
    target = target_of(scene, path)
    if indirect(scene):
        target, about = _told_target(scene, path, target, about)
    inputs = [a for a in about if a != target]
    names = grammar.pick(scene.low, grammar.ALGORITHMS)
    tuning = re.search(r"\btun\w+|trials?|hyper", scene.low)
    filled.arguments |= {
        "target": target, "columns": inputs, "exclude": [e for e in excluded if e != target],
        "algorithm": names[0] if names else None, "folds": grammar.folds(scene.text), "test_size": grammar.test_size(scene.text),
        "metric": metric_of(scene), "n": amounts.trials(scene.text) or (grammar.count(scene.text) if tuning else None),
        "minutes": amounts.minutes(scene.text), "model": new_name(scene, _CALLED), "dry_run": dry(scene),
        **amounts.costs(scene.text), **split_of(scene, inputs, target), "validation": validation_of(scene, path),
    }  # fmt: skip
    for key in ("time_column", "group_column"):
        if filled.arguments.get(key):
            filled.arguments["columns"] = [c for c in filled.arguments["columns"] if c != filled.arguments[key]]
    unknown_column(filled, scene, path)
    if path and not target and not filled.question:
        filled.question = f"Which column of {path} should be predicted?"
        filled.choices = [c["name"] for c in scene.columns_of(path)][:8]
    return filled


def _told_target(scene: Scene, path: str | None, target: str | None, about: list[str]) -> tuple[str | None, list[str]]:
    """The target and inputs of an indirect wish: what it tells about, before a column that it names in passing."""
    yes_no = {str(c["name"]) for c in scene.columns_of(str(path)) if c.get("two_valued")}
    meant = meant_target(scene, path)
    return (meant, []) if meant in yes_no and target not in yes_no else (target or meant, about)


_ROLLBACK = (
    r"\b(?:roll|switch|go|change|fall|turn|bring|put|set|take|get|move|return|step|reset)\w*\b.{0,40}\bback\b|\broll-?back|\brevert|\brestor|\bback to (?:v|version|the (?:old|previous|earlier))|"
    r"\b(?:versions?|one) back\b|\b(?:previous|earlier|prior|older|old) (?:version|one|model)\b(?!.*(?:better|\bor\b|\bvs))(?<!keeps the old one)(?<!keep the old one)|\bone before\b|\bundo\b|\bdowngrade|\bv?\d+ again\b|zurück|revierte|vuelve a la|volver a la|reviens|revenir|回滚|恢复"
)
_PROMOTE = r"\bpromot\w*|\b(?:make|let|set|put|crown|declare|use|take)\b.{0,40}\b(?:live|default|champion|production|current|in charge|take over|active)\b|\b(?:goes|go|went|gets?) live\b|\bactivate\b|\bbecomes?\b|\bcrown\b|\bin charge\b|\btake over\b|\bgo live\b|promuev|promeu|befördere|提升"
_COMPARE = (
    r"\bcompar\w*|\bbeat\w*|\bwins?\b|\bvs\.?\b|\bversus\b|\bbetter\b|\bworse\b|\boutperform\w*|\bchampion (?:and|vs|against|or)\b|\bchallenger\b|\bdid (?:the )?(?:retraining|refresh|update)\b.*\bhelp|"
    r"\bbesser\b|\bmejor\b|\bmieux\b|\bmeilleur|更好|比较|\bor the old\b|\bold or new\b|\bagainst the old\b"
)


def _lifecycle(low: str) -> str | None:
    """rollback, promote or compare; None is a retraining."""
    if re.search(r"\bundo the promotion|\bundo the (?:last )?re-?training", low):
        return "rollback"
    comparing = re.search(_COMPARE, low)
    if comparing and re.search(
        r"^\W*(?:is|does|did|would|which|who|how|was|are|has|had|compare|ist|est)\b|\?|\bcompare\b|champion", low
    ):
        return "compare"
    if re.search(_ROLLBACK, low):
        return "rollback"
    if re.search(_PROMOTE, low) and not re.search(
        r"\b(?:re-?train|re-?fit)|(?:don.?t|do not|without|never|n.t) .{0,30}(?:live|production|promot|swap)", low
    ):
        return "promote"
    return "compare" if comparing and not re.search(r"\bre-?train|\brefit|\bneu\b|up to date", low) else None


def indirect(scene: Scene) -> bool:
    """Whether a wish for a model is told by what it should tell (`who will come back?`) and not by a column."""
    told = r"\b(?:know|tell|guess|that .{0,40}will|will|who|which \w+|whether|if|when|whose|before|early warning|in advance|upfront|beforehand|see it coming|anticipat\w*|foresee\w*|spot|recogni[sz]e\w*|warn\w*|catch)\b"
    return bool(re.search(told, scene.low)) and len(scene.text.split()) >= 5


def retrain(scene: Scene) -> Filled:
    filled = Filled("retrain")
    low = scene.low
    action = _lifecycle(low)
    name, choices = the_model(scene)
    wanted, entry = grammar.version(scene.text), scene.model_entry(name)
    if action is None and wanted is not None and entry and not scene.files():
        action = "rollback" if wanted < entry.get("version", 0) else "promote"
    filled.arguments |= {
        "model": name,
        "action": action,
        "version": grammar.version(scene.text),
        "dry_run": dry(scene),
    }
    if (
        filled.arguments["dry_run"]
        and re.search(
            r"(?:without|not|n.t) (?:touch|chang)\w*|leave\b.{0,25}\b(?:production|prod|live|champion|old|current)", low
        )
        and not re.search(r"dry|preview", low)
    ):
        filled.arguments["dry_run"] = None  # what runs live is left alone; the training itself is wished
    if action in ("rollback", "promote"):
        filled.arguments["dataset"] = None
    else:
        named = scene.files()
        if named:
            filled.arguments["dataset"] = named[0]
        else:
            filled.arguments["dataset"] = fresh_file(scene, name, action)
    filled.arguments["validation"] = validation_of(scene, filled.arguments["dataset"])
    algorithms = grammar.pick(scene.low, grammar.ALGORITHMS)
    if algorithms and not action:
        filled.arguments["algorithm"] = algorithms[0]
    filled.arguments["n"] = amounts.trials(scene.text) if not action else None
    if name is None:
        filled.question = (
            "Which model do you mean?"
            if choices
            else "There is no registered model yet. Which table and target should one be trained on?"
        )
        filled.choices = choices
    elif not filled.arguments["dataset"] and action is None:
        entry = scene.model_entry(name)
        filled.question = which_file(scene, f"retrain {name} on")
        filled.choices = [p for p in scene.paths if not entry or p != entry.get("trained_on")][:6]
    return filled


_REASONS = r"\band why\b|\bwith (?:the |its |their )?(?:reasons?|explanations?)\b|\bexplain (?:each|every|the) (?:prediction|score|row)|\bexplain(?:ed|ing)? (?:them|it|why)\b|\bwhy (?:did|does|was) MODEL|\bmit (?:begründung|gründen)|\bpor qué\b|\bet pourquoi\b|为什么"


def predict(scene: Scene) -> Filled:
    filled = Filled("predict")
    name, choices = the_model(scene)
    if name is None and choices:
        name = _model_for(scene, choices)
    named = scene.files()
    path = named[0] if named else None
    if path is None and not scene.found.unknown_files:
        path = _to_score(scene, name)
    values = amounts.values(scene.text)
    explain = True if re.search(_REASONS, scene.low) else None
    n = (
        grammar.count(scene.text)
        if re.search(
            r"\d+\s*(?:\w+\s)?(sample|predictions?|verdicts?|scores?|rows?|examples?|first)|\b(first|sample)\b|前",
            scene.low,
        )
        else None
    )
    filled.arguments |= {
        "model": name, "dataset": path, "version": grammar.version(scene.text), "threshold": amounts.cut(scene.text),
        "output": output(scene), "n": n, "dry_run": dry(scene), "explain": explain,
    }  # fmt: skip
    if values and not named:
        filled.arguments |= {"values": values, "dataset": None, "explain": None, "threshold": None, "n": None}
        path = ""
    if name is None:
        filled.question, filled.choices = (
            ("Which model should score it?" if choices else "There is no trained model yet. Train one first?"),
            choices,
        )
    elif path is None:
        filled.question, filled.choices = which_file(scene, f"score with {name}"), scene.paths[:6]
    elif missing := _missing_columns(scene, name, path):
        filled.question = (
            f"{path} lacks {', '.join(missing[:4])}, which {name} was trained with. Which file should be scored?"
        )
        filled.choices = [p for p in scene.paths if p != path][:6]
    return filled


def _model_for(scene: Scene, names: list[str]) -> str | None:
    """The one model whose target the words of a wish are about: `how long will it take` for one that predicts minutes."""
    targets = {n: str((scene.model_entry(n) or {}).get("target") or "") for n in names}
    told = [c.value for c in scene.found.columns]
    meant = [m.value for m in by_meaning(scene.text, [{"name": t} for t in targets.values() if t])]
    fits = [n for n, target in targets.items() if target in told] or [
        n for n, target in targets.items() if target in meant
    ]
    return fits[0] if len(fits) == 1 else None


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


_K8S, _HPA = r"(?:k8s|kubernetes|kube)", r"(?:an? |the )?(?:hpa|auto-?scal\w*)"
_LINK = r"(?: files?)?\s*(?:\+|,|&|and|plus|with|along with|as well as|und|y|et|mit|con|avec|和)\s*"
_BOTH = rf"manifest|yaml|\b{_K8S}{_LINK}{_HPA}|{_HPA}{_LINK}{_K8S}"


def deploy(scene: Scene) -> Filled:
    filled = Filled("deploy")
    name, choices = the_model(scene)
    text = re.sub(r"\bgoogle sheets?\b", "", scene.text, flags=re.IGNORECASE)
    clouds, places = grammar.pick(text, grammar.CLOUDS), grammar.pick(text, grammar.ENVIRONMENTS)
    artifacts = grammar.pick(text, grammar.ARTIFACTS)
    if {"hpa", "k8s"} <= set(artifacts) and not re.search(_BOTH, scene.low):
        artifacts = [a for a in artifacts if a != "k8s"]
    if clouds and places == ["cloud"]:
        places = ["cloud"] if re.search(r"\bthe cloud\b", scene.low) else []
    stages = grammar.pick(text, grammar.STAGES)
    platforms = grammar.pick(text, grammar.PLATFORMS)
    if {"keda", "kserve", "workflow"} & set(artifacts):
        artifacts = [a for a in artifacts if a not in ("script", "hpa") or re.search(r"\bhpa\b|\bscript\b", scene.low)]
    sizes = grammar.resources(scene.text)
    if not artifacts and {"min_replicas", "max_replicas", "cpu_target"} & set(sizes):
        artifacts = ["hpa"]
    filled.arguments |= {
        "model": name, "version": grammar.version(scene.text), "environment": places[0] if places else None,
        "cloud": clouds[0] if clouds else None, "platform": platforms[0] if platforms else None, "artifacts": artifacts, "stage": stages[0] if stages else None,
        **sizes, "output": output(scene), "dry_run": dry(scene),
    }  # fmt: skip
    if name is None:
        filled.question = (
            "Which model should be deployed?" if choices else "There is no trained model yet. Train one first?"
        )
        filled.choices = choices
    elif not (clouds or places or artifacts) and not _planned_before(str(name), scene):
        filled.question = "Where should it run, or which files do you want?"
        filled.choices = ["aws", "gcp", "azure", "on-premises", "edge", "local", "kubernetes manifests", "Dockerfile"]
    return filled


def _planned_before(name: str, scene: Scene) -> bool:
    """Whether a deployment of this model is there to change, so that its place and files are known."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
    there = slug in {str(d).casefold().replace("_", "-") for d in scene.catalogue.get("deployments", ())}
    return there or bool(scene.state.last and scene.state.last[0] == "deploy")


def build(scene: Scene) -> Filled:
    filled = Filled("build")
    name, choices = the_model(scene)
    more = grammar.resources(scene.text)
    told = scene.text.replace(str(more["tag"]), " ") if more.get("tag") else scene.text
    filled.arguments |= {"model": name, "version": grammar.version(told), "tag": more.get("tag"), "port": more.get("port"),
                         "memory": more.get("memory"), "cpu": more.get("cpu"), **amounts.load(scene.text)}  # fmt: skip
    if name is None:
        filled.question, filled.choices = (
            ("Which model's container?" if choices else "There is no trained model yet. Train one first?"),
            choices,
        )
    return filled
