"""Delete remembered facts, after a person's yes."""

from opsmith.tools.contract import Action, Context, NeedsAnswer, Preview, Result, Table, ToolError, tool


@tool(
    intent="forget",
    examples=("forget the note about the wine label", "delete everything you remember"),
    conversational=True,
)
def forget(topic: str = "", *, context: Context) -> Result:
    """Propose to delete facts from memory, its index and the conversations.

    topic: which facts: words of one, its id, or `everything`.
    """
    import hashlib

    facts = context.services.facts() if context.services else []
    if not facts:
        raise ToolError("Nothing is remembered in this project, so there is nothing to forget.")
    wanted = topic.strip().casefold()
    if not wanted:
        raise NeedsAnswer("Which fact should be forgotten?", [f["text"] for f in facts[:6]])
    if wanted in {"everything", "all", "all of it", "alles", "todo", "tout", "全部"}:
        chosen = facts
    else:
        chosen = [f for f in facts if f["id"] == topic.strip()] or _nearest(context, topic)
    if not chosen:
        raise NeedsAnswer(
            f"No remembered fact is about {topic!r}. Which one do you mean?", [f["text"] for f in facts[:6]]
        )
    rows = tuple((f["id"], f["text"], f.get("source", "")) for f in chosen)
    preview = Preview(
        f"forget {len(chosen)} of {len(facts)} facts",
        tables=(Table("To be forgotten", ("id", "fact", "source"), rows),),
        notes=("This cannot be undone: the text is overwritten in memory, its index and the conversations.",),
    )
    hashes = {f["id"]: hashlib.sha256(f["text"].encode()).hexdigest() for f in chosen}
    action = Action("forget", "memory", {"facts": hashes}, preview, reversible=False, risk="high")
    told = "; ".join(f["text"] for f in chosen[:3])
    return Result(f"{len(chosen)} to forget: {told}.", {"facts": [f["id"] for f in chosen]}, actions=(action,))


def _nearest(context: Context, topic: str) -> list[dict[str, object]]:
    """The best fact, and others that are as near."""
    assert context.services is not None
    found = context.services.recall(topic, 5)
    return [f for f in found if f["score"] >= 0.9 * found[0]["score"]] if found else []
