"""Look up what the project's memory and the model registry know about something."""

from __future__ import annotations

from typing import Any

from opsmith.tools.contract import Context, Result, tool


@tool(
    intent="recall",
    examples=(
        "which label did we agree on?",
        "what was the AUC of churn_model last time?",
        "what do you know about the fraud data?",
    ),
    conversational=True,
)
def recall(topic: str = "", model: str | None = None, metric: str | None = None, *, context: Context) -> Result:
    """Answer from remembered facts and from the registry of models, naming the sources.

    topic: what is asked about. model: a registered model whose history is wanted. metric: one metric of it.
    """
    facts = context.services.recall(topic, 5) if context.services and topic else []
    if context.services and not topic and not model:
        facts = context.services.facts()[-8:]
    cards = _cards(context, f"{topic} {model or ''}", model)
    lines = [f"{f['text']} ({_source(f)})" for f in facts]
    known = [_told(card, metric) for card in cards]
    data = {"facts": facts, "models": known}
    if not lines and not known:
        about = f" about {topic or model}" if topic or model else ""
        return Result(f"Nothing is remembered{about}.", data, next_steps=("remember that …",))
    models = [f"{k['name']} v{k['version']}: {k['metrics_text']} (registry)" for k in known]
    return Result("; ".join([*models, *lines]) + ".", data)


def _cards(context: Context, text: str, model: str | None) -> list[Any]:
    if not (context.project / "models").is_dir():
        return []
    from opsmith.tools.data import registry

    words = text.casefold()
    return [c for c in registry.list_models(context.project) if c.name.casefold() in words or c.name == model]


def _told(card: Any, metric: str | None) -> dict[str, Any]:
    metrics = {n: m["value"] if isinstance(m, dict) else m for n, m in dict(card.metrics).items()}
    if metric and metric in metrics:
        metrics = {metric: metrics[metric]}
    text = ", ".join(f"{n} {v:.4g}" if isinstance(v, float) else f"{n} {v}" for n, v in metrics.items()) or "no metrics"
    return {
        "name": card.name,
        "version": card.version,
        "metrics": metrics,
        "metrics_text": text,
        "trained_on": card.data.get("path"),
        "target": card.target,
    }


def _source(fact: dict[str, Any]) -> str:
    day = str(fact.get("at", ""))[:10]
    parts = [str(fact.get("source") or ""), f"by {fact['author']}" if fact.get("author") else "", day]
    return ", ".join(p for p in parts if p)
