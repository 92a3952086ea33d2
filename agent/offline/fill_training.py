"""How a model is to be validated, as a sentence says it: split, its column, and a file to check against."""

from __future__ import annotations

import re
from typing import Any

from opsmith.agent.offline.slots import Scene

_TIME = re.compile(
    r"\b(?:by|in|over|along|forward in|ordered by|sorted by|split (?:by|on|in)) (?:time|date|chronolog\w*)\b|\bchronolog\w*|\btime[- ](?:series )?split\b|\b(?:newest|latest|last \w+) (?:rows |ones |data )?(?:last|for testing|as test|as the test)\b|\bwalk[- ]forward\b|\bout[- ]of[- ]time\b"
)
_TIME_OF = re.compile(
    r"\b(?:ordered|sorted|order|sort|split|validate\w*|forward in time|in time|chronologically|time)\b[^.;]{0,25}?\b(?:by|on|along|of|with|using)\s+[`'\"]?$",
    re.IGNORECASE,
)
_GROUP_OF = re.compile(
    r"\b(?:group\w*|keep\w*|hold\w*|split)\b[^.;]{0,40}?\b(?:by|of one|of a|of each|of the same|one|same|each)\s+[`'\"]?$|\bkeep\w*\s+(?:all |the )?[`'\"]?$",
    re.IGNORECASE,
)
_TOGETHER = re.compile(
    r"\btogether\b|\bin (?:the )?(?:same|one) (?:fold|split|part|side)\b|\bgroup\w* (?:split|k-?fold|cv)\b|\bgroup\w* by\b"
)


def split_of(scene: Scene, columns: list[str], target: str | None) -> dict[str, Any]:
    """split, time_column and group_column that a sentence tells; {} when it tells none."""
    found: dict[str, Any] = {}
    kinds = {c["name"]: c.get("kind") for f in scene.catalogue.get("files", ()) for c in f["columns"]}
    for m in scene.found.columns:
        before = scene.text[: m.start]
        if m.value == target:
            continue
        if _TIME_OF.search(before) and (
            kinds.get(m.value) in ("date", "datetime", "time")
            or _TIME.search(scene.low)
            or "order" in before.casefold()
        ):
            found |= {"split": "time", "time_column": m.value}
        elif _TOGETHER.search(scene.low) and (_GROUP_OF.search(before) or len(columns) == 1):
            found |= {"split": "group", "group_column": m.value}
    if not found and _TIME.search(scene.low):
        found["split"] = "time"
    elif not found and re.search(r"\bstratif\w*", scene.low):
        found["split"] = "stratified"
    elif not found and re.search(
        r"\b(?:random(?:ly)? split|split (?:it )?(?:at random|randomly)|shuffled? split)\b", scene.low
    ):
        found["split"] = "random"
    return found


_CHECKED_ON = re.compile(
    r"\b(?:validat\w*|test\w*|check\w*|evaluat\w*|judge\w*|hold-?out|measure\w*|verify\w*|prüf\w*|valida\w*)\b[^,;.]{0,25}$",
    re.IGNORECASE,
)


def validation_of(scene: Scene, dataset: str | None) -> str | None:
    """The file that a model is checked against, when another one is named to learn from."""
    for m in scene.found.files:
        if m.value != dataset and _CHECKED_ON.search(scene.text[: m.start]):
            return m.value
    return None
