"""Read a person's short answer while something waits for approval. Deterministic, the same for every planner.

Only a message that is nothing but an approval counts as one: each of its words must be known as part of a yes, and one
of them must be a yes by itself (the words lie in replies.yaml). Numbers, names, conditions, changes, questions and
negations make it something else, which goes to the planner and approves nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

_TOKEN = re.compile(r"[\w']+(?:-[\w']+)*")
_PART = re.compile(r"[,.;:!~，。！；、]+(?:\s+|$)|\s+[-–—]\s+|(?<=[^\x00-\x7f])[，。！；、]")
_NOT_A_YES = re.compile(
    r"\d|[?？]|\b(?:but|if|unless|except|instead|only|without|when|until|after|before|again"
    r"|aber|wenn|falls|außer|ohne|statt|nur|erst|pero|si no|sino|solo|sin|mais|sauf|sans|seulement)\b|但|如果|除了|改"
)
_NOT_A_NO = re.compile(r"\d|[?？]")
_LONGEST = 80  # letters; a longer message says more than yes or no


@dataclass(frozen=True)
class Reply:
    """kind: approve, reject, or other (anything for the planner). reason: the person's words for a reject."""

    kind: Literal["approve", "reject", "other"]
    reason: str = ""


def read_reply(text: str, pending: Sequence[Any] = ()) -> Reply:
    """What a person's message means for what waits; a reply names nothing but the verb of what waits (`yes, train it`).

    >>> read_reply("ok, start").kind, read_reply("rather not").kind, read_reply("yes but with 3 replicas").kind
    ('approve', 'reject', 'other')
    """
    said = _simple(text)
    if not said or len(said) > _LONGEST:
        return Reply("other")
    parts = [p.strip() for p in _PART.split(said) if p.strip()]
    if _is_no(said, parts):
        return Reply("reject", text.strip())
    return Reply("approve") if _is_yes(said, parts, _verbs(pending)) else Reply("other")


_VERBS = {
    "train": ("train", "training", "fit"), "retrain": ("retrain", "retraining", "refresh", "promote"),
    "clean": ("clean", "cleaning"), "predict": ("predict", "score", "scoring"), "deploy": ("deploy", "ship"),
    "build": ("build", "building"), "features": ("generate", "build"), "monitor": ("monitor", "watch"),
    "forget": ("forget", "erase"), "undo": ("undo",),
}  # fmt: skip


def _verbs(pending: Sequence[Any]) -> frozenset[str]:
    """The verbs of the tools that wait for an approval."""
    tools = [p.get("tool") if isinstance(p, Mapping) else getattr(p, "tool", None) for p in pending]
    return frozenset(v for tool in tools for v in _VERBS.get(str(tool), ()))


def _is_yes(said: str, parts: list[str], verbs: frozenset[str]) -> bool:
    words = _lexicon()
    if _NOT_A_YES.search(said):
        return False
    allowed = words["agree"] | words["beside_agree"] | verbs
    known = all(p in words["whole_agree"] or _only(p, allowed) for p in parts)
    return known and any(p in words["whole_agree"] or _any(p, words["agree"]) for p in (said, *parts))


def _is_no(said: str, parts: list[str]) -> bool:
    words = _lexicon()
    if said in words["whole_refuse"]:
        return True
    if _NOT_A_NO.search(said) or not any(p in words["whole_refuse"] or _any(p, words["refuse"]) for p in parts):
        return False
    allowed = (
        words["refuse"]
        | words["beside_refuse"]
        | words["beside_agree"]
        | {"do", "go", "run", "start", "actually", "ok", "okay"}
    )
    return all(p in words["whole_refuse"] or _only(p, allowed) for p in parts)


def _only(part: str, allowed: frozenset[str]) -> bool:
    tokens = _TOKEN.findall(part)
    return bool(tokens) and all(t in allowed for t in tokens)


def _any(part: str, wanted: frozenset[str]) -> bool:
    return any(t in wanted for t in _TOKEN.findall(part))


@cache
def _lexicon() -> dict[str, frozenset[str]]:
    import yaml

    read = yaml.safe_load((Path(__file__).parent / "replies.yaml").read_text(encoding="utf-8"))
    return {name: frozenset(words) for name, words in read.items()}


def _simple(text: str) -> str:
    """Lower case, straight apostrophes, single spaces, no closing punctuation or emoji."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("`", "'")
    plain = "".join(ch for ch in plain if unicodedata.category(ch) not in ("So", "Cf", "Cs"))
    return re.sub(r"\s+", " ", plain).strip(" .!,;:~\n\t。！")
