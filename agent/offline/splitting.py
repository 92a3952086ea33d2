"""Cut a message into the steps it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opsmith.agent.offline.dialogue import Dialogue
from opsmith.agent.offline.scene import DATA, ranked, scene_of

_SPLIT = re.compile(
    r"\s*(?:[,;.]\s*)?\b(?:and then|after that|afterwards|and afterwards|and finally|finally|and also|then also|next|followed by|then|und dann|dann|danach|anschließend|y luego|luego|después|y después|et puis|puis|ensuite)\b[,:]?\s+|\s*;\s+|\?\s+(?=[a-z])|\s*(?<=[a-z0-9)`'\"])\.\s+(?=[A-Za-z])|，?(?:然后|接着|再)|\s*,\s+(?:and\s+)?(?=\w)|\s+(?:and|und|y|et)\s+(?=[a-z])",
    re.IGNORECASE,
)

_LEFT_ALONE = (
    r"\b(?:keep|leave|let)\b.{1,60}\b(?:as (?:it|they) (?:is|are|was|were)|as[- ]is|alone|untouched|unchanged)\b"
)
_ONLY_WHERE_TO = re.compile(
    r"\W*(?:save|store|write|export|put|keep|output|speicher\w*|schreib\w*|guarda\w*|enregistre\w*|sauve\w*)\s+(?:(?:it|that|this|them|the (?:result|output|copy|cleaned \w+)|es|das|lo|le)\s+)?"
    r"(?:as|to|into|in|under|als|nach|unter|como|en|sous|dans)\s+(?:a file called\s+)?[`'\"]?[^\s`'\"]+\.(?:csv|tsv|parquet|xlsx|jsonl?|feather|arrow)[`'\"]?\W*$",
    re.IGNORECASE,
)


def pieces_of(text: str, catalogue: Mapping[str, Any], state: Dialogue) -> list[str]:
    """The message cut into steps; a piece without a clear intent of its own stays with the one before."""
    whole = ranked(scene_of(text, catalogue, state))
    if whole[0][1] in ("remember", "decline", "smalltalk", "meta") and whole[0][0] >= 5:
        lead = re.match(
            r"\W*(?:please |and |also )?(remember|note|keep in|store|merk|recuerda|souviens|记)", text, re.IGNORECASE
        )
        if whole[0][1] != "remember" or lead:
            return [text]
    if whole[0][1] == "monitor" and whole[0][0] >= 4 and _CONDITION.match(text):
        return [text]  # `whenever psi exceeds 0.2, retrain it` is one watch
    cuts = [(m.start(), m.end(), m.group()) for m in _SPLIT.finditer(text) if not _inside_quotes(text, m.start())]
    pieces: list[tuple[str, str, float]] = []  # text, intent, score
    start = 0
    for begin, end, _ in [*cuts, (len(text), len(text), "")]:
        part = text[start:begin].strip()
        if part:
            order = ranked(scene_of(part, catalogue, state))
            strong = (
                re.search(
                    r"then|after|final|next|also|;|\?|dann|danach|luego|puis|ensuite|然后|接着|再|\.",
                    _joint(text, start),
                )
                is not None
            )
            needed = 3.0 if strong else 4.0
            own = (
                order[0][0] >= needed
                and order[0][1] in (*DATA, "remember", "forget", "status")
                and _begins_with_verb(part, order[0][1], strong)
            )
            if (
                pieces
                and pieces[-1][1] in ("build", "deploy")
                and order[0][1] in ("profile", "query")
                and re.search(r"\b(?:it|that)\b", part)
            ):
                own = False  # `start it and check it` is one wish
            if pieces and pieces[-1][1] == "train" and re.search(r"\btogether\b|\bin (?:the same|one) fold\b", part):
                own = False  # `keep all rows of one customer together` tells how to split
            if pieces and pieces[-1][1] == "clean" and re.search(_LEFT_ALONE, part, re.IGNORECASE):
                own = False  # `keep the note as it is` tells what not to clean
            if pieces and pieces[-1][1] != "remember" and _ONLY_WHERE_TO.match(part):
                own = False  # `and save as neat.csv` tells where the step before writes
            if pieces and (not own or order[0][1] == pieces[-1][1] or pieces[-1][1] == "remember"):
                pieces[-1] = (
                    f"{pieces[-1][0]}{_joint(text, start)}{part}",
                    pieces[-1][1] if pieces[-1][2] >= order[0][0] else order[0][1],
                    max(pieces[-1][2], order[0][0]),
                )
            else:
                pieces.append((part, order[0][1], order[0][0]))
        start = end
    first = re.match(r"\S+", text[len(pieces[0][0]) :].lstrip(" ,")) if pieces else None
    loose = (
        len(pieces) > 1
        and text[len(pieces[0][0]) :].lstrip()[:1] == ","
        and not _STRONG.match(first.group() if first else "")
    )
    if loose and not _CUE_VERBS.match(pieces[0][0]):
        return [text]  # `it got worse, roll it back`: the first part only says why
    clear = [p for p in pieces if p[2] >= 3.0 and p[1] in (*DATA, "remember", "forget", "status")]
    if len(clear) < 2 or len(clear) != len(pieces):
        return [text]
    return [p[0] for p in pieces]


_CONDITION = re.compile(
    r"\W*(?:if|when|whenever|once|as soon as|should|wenn|sobald|falls|si|cuando|quand|dès que)\b|\W*(?:当|如果)",
    re.IGNORECASE,
)
_STRONG = re.compile(
    r"then|after|finally|next|also|afterwards|dann|danach|luego|puis|ensuite|然后|接着|再", re.IGNORECASE
)


def _joint(text: str, start: int) -> str:
    """The connecting words before a piece."""
    m = None
    for m in _SPLIT.finditer(text[:start]):
        if m.end() == start:
            return m.group()
    return " "


_CUE_VERBS = re.compile(
    r"^\W*(?:(?:please|now|also|just|finally|finish (?:with|by)|end with|use (?:that|it|the \w+) (?:to|for)|with (?:that|it)|i want (?:you )?to|first|erst|zuerst|primero|d.abord|ein|eine|einen|un|una|une|mir|can you|could you|let.?s|a|an|the|bitte|me)\s+)*"
    r"(?:profil\w*|check|look|analy\w*|describ\w*|summar\w*|overview|inspect|explor\w*|clean\w*|dedup\w*|de-dup\w*|remov\w*|drop|strip|fill|imput\w*|trim|lower\w*|mask\w*|fix|normali\w*|standardi\w*|extract\w*|embed\w*|"
    r"feature\w*|suggest\w*|scal\w*|encod\w*|pca|rank|train\w*|fit\w*|learn|build|creat\w*|mak\w*|model|tun\w*|retrain\w*|refresh|updat\w*|promot\w*|roll\w*|revert|compar\w*|predict\w*|scor\w*|apply|run|deploy\w*|ship|"
    r"writ\w*|generat\w*|put|dockerfile|compose|manifest|docker|smoke\w*|test|drift\w*|psi|monitor\w*|watch|alert|warn|notify|remember|note|store|keep|save|record|forget|erase|list|show|tell|count|average|how|what|"
    r"überblick|übersicht|modell|modelo|modèle|resumen|aperçu|trainier\w*|bereinig\w*|vergleich\w*|prüf\w*|entrena\w*|limpia\w*|analiza\w*|entraîn\w*|nettoie|compare|清洗|训练|分析|部署|监控|预测)\b|^\W*(?:清洗|训练|分析|部署|监控|预测|比较)",
    re.IGNORECASE,
)


def _begins_with_verb(part: str, intent: str, strong: bool) -> bool:
    """Whether a piece starts like a request of its own and not like the end of the one before."""
    return bool(_CUE_VERBS.match(part)) or (strong and len(part.split()) <= 6)


def _inside_quotes(text: str, position: int) -> bool:
    return any(text[:position].count(q) % 2 for q in '`"') or bool(
        re.search(r"\([^)]*$", text[:position]) and re.match(r"[^(]*\)", text[position:])
    )
