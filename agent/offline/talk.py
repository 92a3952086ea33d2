"""Calls of the conversation's own tools: remember, recall, forget, status, settings, help, decline, undo, cancel."""

from __future__ import annotations

import re
from typing import Any

from opsmith.agent.offline import grammar
from opsmith.agent.offline.slots import Filled, Scene


def talk(intent: str, scene: Scene) -> Filled:
    """Calls of the conversation's own tools."""
    text = scene.raw or scene.text
    if intent == "remember":
        topic = re.sub(
            r"^\W*(?:(?:please|and|also|ok(?:ay)?|hey|can you|could you|so|then|now|,)\s*)*(?:remember|memori[sz]e|note(?: down)?|make a note|take (?:a )?note|keep in (?:mind|your notes|memory)|jot(?: down)?|"
            r"write(?: this| that| it)? down|store(?: this| that| it| the fact)?|save(?: this| that| the fact)?|record|bear in mind|don.?t forget|for the record|for (?:future|later) reference|fyi|log|merk(?:e)? dir|notiere?|"
            r"recuerda|apunta|anota|souviens-toi|rappelle-toi|note[rz]?|记住|记下|请记住?)\b[\s,:;-]*(?:this|that|the following|dass|das|que|:)?[\s,:;-]*",
            "", text, flags=re.IGNORECASE,
        )  # fmt: skip
        return Filled("remember", {"topic": topic.strip() or text})
    if intent == "recall":
        arguments: dict[str, Any] = {"topic": text}
        if scene.found.models:
            arguments["model"] = scene.found.models[0].value
        return Filled("recall", arguments)
    if intent == "forget":
        everything = re.search(
            r"\b(everything|all)\b|\balles\b|\btodo\b|\btout\b|全部|所有", scene.low
        ) and not re.search(r"about|note|regarding", scene.low)
        return Filled("forget", {"topic": "everything" if everything else text})
    if intent == "status":
        kinds = (("models", r"model|version|modell|modèle|模型"), ("monitors", r"monitor|alert|监控"), ("pending", r"pending|waiting|approv|open|queue|等待"),
                 ("datasets", r"table|file|data ?set|data\b|tabelle|datei|daten|archivo|fichier|数据|文件|表"))  # fmt: skip
        named = [k for k, p in kinds if re.search(p, scene.low)]
        arguments = {"part": named[0]} if len(named) == 1 else {}
        return Filled("status", arguments)
    if intent == "meta":
        name = grammar.llm(text)
        return Filled("settings", {"llm": name} if name else {"topic": text})
    if intent == "help":
        return Filled("help", {"topic": text})
    if intent == "smalltalk":
        return Filled("help", {"topic": "smalltalk"})
    if intent == "decline":
        return Filled("decline", {"reason": why_not(scene)})
    if intent == "undo":
        n = re.search(r"\b(?:last|previous)\s+(\d+)\b", scene.low)
        return Filled("undo", {"n": int(n.group(1))} if n else {})
    return Filled("cancel", {})


_VERSION = r"\bv\.?\s?\d+\b|\bversions?\b|\bchampion\b|\bchallenger\b|版本"
_ASKS = r"^\W*(?:and |so |ok,? |but )?(?:what|which|who|when|where|why|how (?:did|does|do|was|well|good|has|many|long)|welche\w*|womit|worauf|wann|wer|wie|was|warum|qué|cuál\w*|cuándo|quién|con qué|quel\w*|quand|qui|comment|什么|哪|谁)\b|^\W*(?:什么|哪|谁)"
_HISTORY = r"\b(?:changed?|differ\w*|approved?|promoted?|trained|algorithm|data|develop\w*|score\w*|auc|f1|mae|rmse|accuracy|metrics?|parameters?|features?|columns?|inputs?|seed|better|worse|made|built|registered|author|day|date|trainiert|geändert|entrenad\w*|cambió|entraîné\w*|changé)\b|训练|变化|批准"


def asks_history(scene: Scene) -> bool:
    """Whether a sentence asks what some registered version is or was: who approved v2, what changed between v2 and v3."""
    if not scene.catalogue.get("models") or scene.found.files or scene.found.unknown_files:
        return False
    low = scene.low
    compares = re.search(
        r"\bchallenger\b.*\b(?:vs|versus|or|against|beat)|\b(?:vs|versus|beat\w*)\b|\bwho wins\b|\b(?:older|earlier|other|previous|which|what|how many|welche|qué|quelles?) versions?\b(?!.{0,40}\b(?:trained|approved|scored))",
        low,
    )
    return bool(re.search(_ASKS, low) and re.search(_VERSION, low) and re.search(_HISTORY, low)) and not compares


def why_not(scene: Scene) -> str:
    if re.search(
        r"sudo|rm -|/etc|passw|secret|credential|\.\./|~/|\.ssh|\.aws|key|shutdown|kill|chmod|/home|/root|/var",
        scene.low,
    ):
        return "I do not do that: I stay inside the project folder, run no system commands and read no secrets."
    return "That is outside of what I do: data, features, models, deployment and drift in this project."
