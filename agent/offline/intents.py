"""Which intent a sentence has: weighted cues from data/intents.yaml, and what was grounded tips the scale."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from opsmith.agent.offline.fill_register import model_file
from opsmith.agent.offline.found import Grounded


@cache
def cues() -> dict[str, list[tuple[float, re.Pattern[str]]]]:
    """intent -> [(weight, compiled pattern)]."""
    import yaml

    raw = yaml.load((Path(__file__).parent / "data" / "intents.yaml").read_text(encoding="utf-8"), _loader())
    return {intent: [(float(w), re.compile(p)) for w, p in rows] for intent, rows in raw.items()}


def _loader() -> type:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# questions about what a version was: which, who, when, and what changed; orders to change or compare are none
_PAST = re.compile(
    r"^\W*(?:and |so |ok(?:ay)?,? )?(?:what|which|who|when|how (?:did|does|has|well|good|was|is)|on (?:what|which)|with (?:what|which)|was|welche\w*|"
    r"wer|wann|womit|worauf|wie|qu[eé]|qui[eé]n|cu[aá]ndo|cu[aá]l|con qu[eé]|quel\w*|qui|quand|avec)\b|什么|哪|谁|何时|多少|区别",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"\bv\d+\b|\bversi[oó]n(?:en|s|es)?\b|\bchampion\b|\bchallenger\b|\blast time\b|版本", re.IGNORECASE
)
_ORDER = (
    r"\b(?:promote|roll|revert|compare|deploy|build|predict|score|better|beats?|worse|wins?|outperform\w*|should|monitor|drift|besser|mejor|mieux)\b|"
    r"更好|回滚|部署"
)


def scores(masked: str, found: Grounded, *, has_models: bool, files: int) -> dict[str, float]:
    """A score for every intent; about 4 is a clear cue, under 2 is a guess."""
    total = {intent: _sum([w for w, p in rows if p.search(masked)]) for intent, rows in cues().items()}
    _tip(total, masked, found, has_models=has_models, files=files)
    return total


def _sum(weights: list[float]) -> float:
    """The strongest cue counts whole, every further one a third."""
    ranked = sorted(weights, reverse=True)
    return ranked[0] + sum(ranked[1:]) / 3 if ranked else 0.0


def _tip(total: dict[str, float], text: str, found: Grounded, *, has_models: bool, files: int) -> None:
    named = len({m.value for m in found.files})

    def has(pattern: str) -> bool:
        return re.search(pattern, text) is not None

    if model_file(text) and not has(r"\bserv(?:e|ice)\b|docker|deploy|\bdelete\b|\bremove\b"):
        total["train"] += 9  # a finished model is taken in: the tool `register`, of the same intent
    if _PAST.search(text) and _VERSION.search(text) and (has_models or found.models) and not named and not has(_ORDER):
        total["recall"] += 9
    if found.models:
        for intent in ("predict", "retrain", "deploy", "build", "monitor"):
            total[intent] += 0.8 if total[intent] else 0.0
        if total["predict"] and named:
            total["predict"] += 0.6
        if total["train"] and not has(r"\b(new|another|different|separate) model\b"):
            total["retrain"] = max(total["retrain"], total["train"] + 0.5)
    else:
        if not has_models:
            total["retrain"] -= 2.5
            if (
                total["predict"]
                and has(r"\bpredict(ing)?\b|\bforecast\w*|\bestimate\b")
                and not has(r"\bmodel\b|\bpredictions\b")
            ):
                total["train"] = max(total["train"], total["predict"] + 0.5)
    if named >= 2:
        total["drift"] += 1.5 if total["drift"] else 0.0
        if has(r"\b(vs\.?|versus|against|compared? (to|with)|relative to)\b"):
            total["drift"] += 1.5
    if found.columns:
        total["query"] += 0.8 if total["query"] else 0.0
        total["train"] += 0.5 if total["train"] else 0.0
    if found.outputs:
        for intent in ("clean", "predict", "features"):
            total[intent] += 0.5 if total[intent] else 0.0
    if found.monitors:
        total["monitor"] += 3
    if (
        has(r"\bdrift\w*|\bpsi\b")
        and total["monitor"] >= 4
        and has(r"\b(if|when|whenever|once|every|daily|hourly|alert|warn|notify|watch|monitor|as soon as)\b")
    ):
        total["monitor"] += 2
    if total["features"] >= 4 and has(
        r"\bz-?scor|scor\w* .{0,40}(words|keywords|terms)|(word|risk|keyword)[- ]\w* ?(score|scoring|index)|risk scor"
    ):
        total["predict"] -= 3
    if total["build"] >= 5:
        total["deploy"] -= 2
    if has(r"\bauto-?scal|\bhpa\b|manifest|docker-?file|compose file|requirements"):
        total["deploy"] += 2
        total["build"] -= 3
    if (
        total["clean"] >= 4
        and total["query"] >= 3
        and not has(r"^\W*(how many|how much|what share|count|number of|what percent|which col)")
    ):
        total["query"] -= 1.5
    if has(r"^\W*(how many|how much|what share|what percent\w*|number of|count)\b"):
        total["query"] += 2
        total["clean"] -= 1
    if total["remember"] >= 5:
        for intent in total:
            if intent != "remember":
                total[intent] -= 3
    if total["recall"] >= 5 and not has(r"\bCOL\b.*\bby\b"):
        total["query"] -= 2
        total["train"] -= 2
    if total["help"] >= 5 and not found.files and not found.columns and not found.models:
        for intent in ("drift", "query", "profile", "features", "train", "clean", "deploy", "monitor", "predict"):
            total[intent] -= 3
    if total["help"] >= 5 and (found.files or found.columns):
        total["help"] -= 3
    if total["smalltalk"] >= 6:
        for intent in total:
            if intent != "smalltalk":
                total[intent] -= 2
    if total["forget"] >= 6:
        total["clean"] -= 4
        total["recall"] -= 2
        total["cancel"] -= 3
    if total["undo"] >= 6:
        total["cancel"] -= 1
        if found.models or has(r"\bv\d+\b|\bversion\b"):
            total["undo"] -= 5
    if total["monitor"] >= 4 and not has(r"\bevery col"):
        for intent in ("drift", "profile", "query", "retrain"):
            total[intent] -= 1.5
    if total["meta"] >= 7:
        for intent in ("train", "predict", "query", "help", "retrain", "status", "profile", "recall"):
            total[intent] -= 3
    if total["status"] >= 5 and not found.columns:
        total["query"] -= 2.5
        total["train"] -= 2
        total["deploy"] -= 2
        total["monitor"] -= 2
    if files and found.files and total["decline"] >= 7 and not has(r"\.\./|/etc/|sudo|rm -|credential|password|secret"):
        total["decline"] -= 3
