"""Look up what the project's memory and the model registry know about something."""

from __future__ import annotations

import re
from typing import Any

from opsmith.tools.contract import Context, NeedsAnswer, Result, Table, tool


@tool(
    intent="recall",
    examples=(
        "which label did we agree on?",
        "what was the AUC of churn_model last time?",
        "which data was v3 trained on?",
        "what changed between v2 and v3 of churn_model?",
        "what do you know about the fraud data?",
    ),
    conversational=True,
)
def recall(
    topic: str = "",
    model: str | None = None,
    metric: str | None = None,
    version: int | str | list[int | str] | None = None,
    *,
    context: Context,
) -> Result:
    """Answer from remembered facts and from the registry of models, naming the sources.

    topic: what is asked about, best in the person's own words. model: a registered model whose history is wanted (the
    only one where there is one). metric: one metric of it. version: a number or alias; two of them to say what changed.
    """
    from opsmith.tools.compute import model_history

    topic = "" if _EVERYTHING.search(topic) else topic
    named = [] if version is None else version if isinstance(version, list) else [version]
    question = model_history.understood(topic, metric, named)
    models = _models(context, f"{topic} {model or ''}", model, question)
    if models and question.specific:
        answers = [model_history.answer(every, question) for every in models]
        known = [m for a in answers for m in a.data.get("models", [])]
        data = {"facts": [], "models": known, **(answers[0].data if len(answers) == 1 else {})}
        tables = tuple(Table(*a.table) for a in answers if a.table)
        return Result("; ".join(a.text for a in answers) + " (registry).", data, tables=tables)
    facts = context.services.recall(topic, 5) if context.services and topic else []
    if context.services and not topic and not model:
        facts = context.services.facts()[-8:]
    told = [model_history.answer(every, question) for every in models]
    data = {"facts": facts, "models": [m for a in told for m in a.data["models"]]}
    lines = [*(f"{a.text} (registry)" for a in told), *(f"{f['text']} ({_source(f)})" for f in facts)]
    if not lines:
        about = "" if not (topic or model) else " that answers this" if "?" in topic else f" about {topic or model}"
        return Result(f"Nothing is remembered{about}.", data, next_steps=("remember that …",))
    return Result("; ".join(lines) + ".", data)


_EVERYTHING = re.compile(
    r"^\W*(?:(?:tell|show) me )?(?:everything |all )?(?:what |that )?(?:do|did|have|has|is|are)?\s*(?:you|we|opsmith)?\s*"
    r"(?:still )?(?:remember(?:ed)?|know|noted?|memori[sz]ed)(?: (?:so far|about (?:me|us|it|this|(?:the|this) project)))?\W*$",
    re.IGNORECASE,
)  # `what do you remember?` asks for all of it


def _models(context: Context, text: str, model: str | None, question: Any) -> list[list[Any]]:
    """The versions of every model that is meant: those named, else the only one, when the question is one for a registry.

    Raises NeedsAnswer where a version or a change is asked for and several models could be meant.
    """
    from opsmith.tools.data import registry

    words = text.casefold()
    names = [c.name for c in registry.list_models(context.project)]
    named = [n for n in names if n.casefold() in words or n == model]
    named = [n for n in named if not any(n != other and n in other for other in named)]
    if not named and model:
        registry.get(context.project, model)  # says which ones there are
    about = question.versions or question.metrics or "change" in question.kinds
    if not named and about and (len(names) == 1 or question.last or question.versions):
        if len(names) > 1 and (question.versions or "change" in question.kinds):
            raise NeedsAnswer(f"Which model: {', '.join(names[:6])}?", tuple(names))
        named = names
    return [registry.versions(context.project, n) for n in named]


def _source(fact: dict[str, Any]) -> str:
    day = str(fact.get("at", ""))[:10]
    parts = [str(fact.get("source") or ""), f"by {fact['author']}" if fact.get("author") else "", day]
    return ", ".join(p for p in parts if p)
