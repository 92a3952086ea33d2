"""Models and monitors that a sentence names, whole or by one telling word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opsmith.agent.offline.found import Grounded, Mention
from opsmith.agent.offline.words import folded, tokens


def whole_names(found: Grounded, names: Iterable[str], kind: str, into: list[Mention]) -> None:
    """Whole names, spelt with spaces, dashes or underscores, with or without a closing word."""
    for name in sorted(names, key=len, reverse=True):
        flexible = r"[\s_-]+".join(re.escape(t) for t in re.split(r"[\s_-]+", name) if t)
        for m in re.finditer(rf"(?<![\w/.]){flexible}(?![\w]|\.\w)", found.text, re.IGNORECASE):
            if not found.covered(m.start(), m.end()):
                into.append(Mention(kind, name, m.start(), m.end()))


_OF_MODELS = frozenset(
    ["model", "net", "gbm", "reg", "clf", "rf", "xgb", "lgbm", "classifier", "regressor", "tree", "svm", "forest"]
)
_SPOKEN = re.compile(
    r"(?<!\w)([^\W_]{3,})[\s-]+(?:model|thing|classifier|regressor|predictor|net|forest|gbm|service|app|api|endpoint|bot|modell|modelo|container|image|monitor|alert|alarm|watch|check)s?\b"
    r"|\b(?:modelo|modèle) (?:de |du |des |d')?([^\W_]{4,})|([^\W_]{4,})[- ]?modell\b",
    re.IGNORECASE,
)


def slipped_models(found: Grounded, names: Sequence[str]) -> None:
    """Identifiers that are a slip away from one model's name."""
    from rapidfuzz import fuzz

    for m in re.finditer(r"(?<![\w./])[^\W\d]\w*[_-]\w+(?![\w/]|\.\w)", found.text):
        if found.covered(m.start(), m.end()):
            continue
        scored = sorted(((fuzz.ratio(m.group().casefold(), n.casefold()), n) for n in names), reverse=True)
        if scored and scored[0][0] >= 86 and (len(scored) < 2 or scored[1][0] < scored[0][0] - 4):
            found.models.append(Mention("model", scored[0][1], m.start(), m.end()))


_AS_COLUMN = re.compile(
    r"\b(?:for|on|of|predict\w*|forecast\w*|target|label|fit|learn|by|per|für|para|pour|sur|de|por|pro|je)\s+[`'\"]?$",
    re.IGNORECASE,
)


def part_models(found: Grounded, models: Sequence[Mapping[str, Any]], columns: frozenset[str] = frozenset()) -> None:
    """`the fraud thing` for fraud_gbm, `the lateness model` for late_rf: a word that fits one model's name or target only.

    columns: names (lower case) that mean the column where the sentence says so, as in `train a model for late`.
    """
    if found.models or not models:
        return
    for m in _SPOKEN.finditer(found.text):
        group = next(n for n in (1, 2, 3) if m.group(n))
        fits = [
            str(e["name"]) for e in models if _speaks_of(m.group(group), str(e["name"]), str(e.get("target") or ""))
        ]
        if len(fits) == 1:
            found.models.append(
                Mention("model", fits[0], m.start(group), m.end() if group == 1 else m.end(group), "part")
            )
            return
    for m in re.finditer(r"(?<![\w.])[^\W_]{4,}(?!\w)", found.text):
        word = folded(m.group())
        if m.group().casefold() in columns and _AS_COLUMN.search(found.text[: m.start()]):
            continue
        fits = [str(e["name"]) for e in models if word in set(tokens(str(e["name"]))) - _OF_MODELS]
        if len(fits) == 1 and not found.covered(m.start(), m.end()):
            found.models.append(Mention("model", fits[0], m.start(), m.end(), "part"))
            return


def _speaks_of(word: str, name: str, target: str) -> bool:
    """Whether a word and a model's name (or target) have a word in common, or its beginning (`readmission`, readmit_rf)."""
    said = folded(word)
    words = (set(tokens(name)) | set(tokens(target))) - _OF_MODELS
    return said in words or any(_begins_alike(said, w) for w in words)


def _begins_alike(one: str, other: str) -> bool:
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return same >= 4 and same >= 0.6 * min(len(one), len(other))
