"""Propose to put back what was done last."""

from opsmith.tools.contract import Action, Context, Preview, Result, ToolError, tool


@tool(
    intent="cancel", examples=("undo that", "put it back as it was", "revert the last two changes"), conversational=True
)
def undo(n: int = 1, *, context: Context) -> Result:
    """Propose to put back the newest actions, newest first, from the journal.

    n: how many (1 is the last one).
    """
    done = [
        e
        for e in (context.services.journal(200) if context.services else [])
        if e["state"] == "done" and e["kind"] != "undo"
    ]
    if not done:
        return Result("Nothing was done in this project yet, so there is nothing to undo.")
    chosen = done[: max(1, n)]
    stuck = [e for e in chosen if e["undo"] is None]
    if stuck:
        raise ToolError(f"This cannot be undone: {stuck[0]['message']}")
    told = "; ".join(e["message"] or e["target"] for e in chosen)
    ids = [e["approval_id"] for e in chosen]
    preview = Preview(f"undo: {told}", notes=("Refused for a file that was changed since.",))
    action = Action("undo", chosen[0]["target"], {"approvals": ids}, preview, reversible=False)
    return Result(f"Would put back: {told}", {"approvals": ids}, actions=(action,))
