"""Models and monitors that a sentence names, whole or by one telling word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from opsmith.agent.offline.found import Grounded, Mention
from opsmith.agent.offline.words import folded, tokens


def whole_names(found: Grounded, names: Iterable[str], kind: str, into: list[Mention]) -> None:
    """Whole names, spelt with spaces, dashes or underscores, with or without a closing word."""
    for name in sorted(names, key=len, reverse=True):
        flexible = r"[\s_-]+".join(re.escape(t) for t in re.split(r"[\s_-]+", name) if t)
        for m in re.finditer(rf"(?<![\w/.]){flexible}(?![\w]|\.\w)", found.text, re.IGNORECASE):
            if not found.covered(m.start(), m.end()):
                into.append(Mention(kind, name, m.start(), m.end()))


def part_models(found: Grounded, names: Sequence[str]) -> None:
    """`the fraud thing` for fraud_gbm: a word that only one model's name has, when a model is spoken of."""
    if found.models or not names:
        return
    for m in re.finditer(
        r"\b(?:the|our|my|that)\s+([^\W_]+)\s+(?:model|thing|one|classifier|regressor|predictor|net|forest|gbm)\b",
        found.text,
        re.IGNORECASE,
    ):
        fits = [n for n in names if folded(m.group(1)) in tokens(n)]
        if len(fits) == 1:
            found.models.append(Mention("model", fits[0], m.start(1), m.end()))
            return
    for m in re.finditer(r"[^\W_]{4,}", found.text):
        fits = [
            n
            for n in names
            if folded(m.group()) in tokens(n) and folded(m.group()) not in ("model", "net", "gbm", "reg")
        ]
        if len(fits) == 1 and not found.covered(m.start(), m.end()):
            found.models.append(Mention("model", fits[0], m.start(), m.end(), "part"))
            return
