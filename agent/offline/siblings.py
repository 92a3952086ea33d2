"""Requests beside the main ones: why a container fails, whether files are valid, what a cleaning does to a row."""

from __future__ import annotations

import re

from opsmith.agent.offline import grammar
from opsmith.agent.offline.fill import fill
from opsmith.agent.offline.fill_clean import explained, own_names
from opsmith.agent.offline.fill_features import followed, wished
from opsmith.agent.offline.slots import Filled, Scene, the_model

_FILES = r"(?:manifests?|k8s|kubernetes|yamls?|docker-?files?|compose(?: file)?|deploy(?:ment)? (?:files?|folder)|terraform|workflows?|deploy/[\w./-]+|k8s/)"
_VALID = re.compile(
    rf"\b(?:validate|lint|verify|check)\b.{{0,40}}{_FILES}|\b(?:are|is)\b.{{0,40}}{_FILES}.{{0,30}}\b(?:valid|ok|okay|all right|correct|fine)\b|\b(?:validate|lint)\s+(?:deploy/|(?:the |my |this |its |our )?deployment\b)|"
    r"\b(?:check|verify)\s+(?:the |my |this |its |our )?deployment\W*$",
    re.IGNORECASE,
)
_THINGS = r"(?:containers?|pods?|deployments?|services?|images?|replicas?)"
_WRONG = (
    r"(?:why|wrong|diagnos\w*|debug\w*|troubleshoot\w*|crash\w*|restart\w*|killed|oom\w*|exit(?:ed|s)? (?:code )?\d+|not ready|unhealthy|imagepull\w*|evicted|throttled|"
    r"(?:does|do|did|will|wo)n.?t start|not start|keeps dying)"
)
_DIAGNOSE = re.compile(rf"\b{_WRONG}\b.*\b{_THINGS}\b|\b{_THINGS}\b.*\b{_WRONG}\b|^\W*diagnose\b", re.IGNORECASE)
_HERE = re.compile(
    r"\b(?:what|which) environment\b|\bwhere (?:could|can|might) (?:this|it|i|we|models?) (?:run|deploy)|\b(?:which|what) (?:clouds?|clusters?)\b.*\b(?:set up|here|available|there|have)\b|"
    r"\bis (?:there )?(?:a |an )?(?:docker|kubernetes|gpu|container engine|cluster)\b.*\b(?:here|available|installed|running|there)\b|\bdetect (?:the |my )?environment\b",
    re.IGNORECASE,
)
_SIZES = r"(?:auto-?scal\w*|replicas?|sizes?|sizing|limits|deployment|cpu|memory)"
_TRAFFIC = r"(?:traffic|prometheus[\w.-]*|prediction log|live (?:data|load)|real (?:load|use|usage))"
_RESIZE = re.compile(
    rf"\b(?:re-?fit|right-?size)\b.*\b(?:{_SIZES}|{_TRAFFIC})\b|\bresize\b.*(?:\bfrom\b|\bto\b|\bdeployment\b|_|-)|"
    rf"\b(?:adjust|fit|update)\b.{{0,30}}\b{_SIZES}\b.*\b{_TRAFFIC}\b|"
    rf"\b(?:are|is) the (?:number of )?{_SIZES}\b.{{0,40}}\bstill (?:right|fitting|fit|ok|enough)\b",
    re.IGNORECASE,
)
_CHANGES = re.compile(
    r"\b(?:write|create|generate|make|give|produce|set|raise|increase|build|retrain|roll)\b", re.IGNORECASE
)


def sibling(scene: Scene, tools_there: frozenset[str]) -> Filled | None:
    """The call of `environment`, `resize`, `validate`, `diagnose`, or of `clean` to explain rows, when the sentence asks for one, else None."""
    text = scene.text
    cleaning = (explained(scene) or own_names(scene)) if "clean" in tools_there else None
    if cleaning:
        return cleaning
    asked = followed_features(scene) if "features" in tools_there else None
    if asked:
        return asked
    if "features" in tools_there and wished(scene):
        return fill("features", scene)
    if "environment" in tools_there and _HERE.search(text):
        return Filled("environment", {})
    if "resize" in tools_there and _RESIZE.search(text):
        return _resize(scene)
    if "validate" in tools_there and _VALID.search(text) and not _CHANGES.search(text):
        return _validate(scene)
    if (
        "diagnose" in tools_there
        and _DIAGNOSE.search(text)
        and not _CHANGES.search(text)
        and not grammar.resources(text)
    ):
        return _diagnose(scene)
    return None


def followed_features(scene: Scene) -> Filled | None:
    """A follow-up of features that wait, or that were the last thing done; else None."""
    waiting = next((p for p in reversed(scene.catalogue.get("pending", ())) if p.get("tool") == "features"), None)
    last = scene.state.last
    known = dict(waiting["arguments"]) if waiting else last[1] if last and last[0] == "features" else None
    if known and not known.get("target"):
        known = scene.state.suggested or known
    return followed(known, scene) if known else None


def _validate(scene: Scene) -> Filled:
    path = re.search(r"(?<![\w/])((?:[\w.-]+/)+[\w.-]*|Dockerfile|[\w-]+\.ya?ml)(?!\w)", scene.text)
    version = re.search(r"kubernetes\s+v?(1\.\d+)", scene.text, re.IGNORECASE)
    arguments = {
        "path": path.group(1).rstrip(".,") if path else None,
        "model": scene.found.models[0].value if scene.found.models and not path else None,
        "version": version.group(1) if version else None,
    }
    return Filled("validate", {k: v for k, v in arguments.items() if v})


def _resize(scene: Scene) -> Filled:
    name, choices = the_model(scene)
    export = re.search(r"(?<![\w/])((?:[\w.-]+/)*[\w.-]+\.json)\b", scene.text)
    filled = Filled("resize", {k: v for k, v in {"model": name, "dataset": export and export.group(1)}.items() if v})
    if not name:
        filled.question, filled.choices = "Which model's deployment is it about?", choices
    return filled


def _diagnose(scene: Scene) -> Filled:
    name, choices = the_model(scene)
    pod = re.search(r"\b([a-z0-9]+(?:-[a-z0-9]+){2,})\b|`([^`]+)`", scene.text)
    space = re.search(r"\bnamespace\s+([\w-]+)", scene.text, re.IGNORECASE)
    place = "cloud" if re.search(r"\bcluster\b|\bkubernetes\b|\bk8s\b", scene.low) else None
    place = place or ("local" if re.search(r"\bdocker\b|\blocally\b", scene.low) else None)
    given = {
        "model": name, "name": next((g for g in pod.groups() if g), None) if pod else None,
        "environment": place, "namespace": space.group(1) if space else None,
    }  # fmt: skip
    filled = Filled("diagnose", {k: v for k, v in given.items() if v})
    if not name and not filled.arguments.get("name"):
        filled.question, filled.choices = "Which model's container is it about?", choices
    return filled
