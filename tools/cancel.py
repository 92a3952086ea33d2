"""Take back what waits for approval."""

from opsmith.tools.contract import Context, Result, tool


@tool(intent="cancel", examples=("never mind", "cancel that", "forget it, don't do it"), conversational=True)
def cancel(*, context: Context) -> Result:
    """Take back every proposal of this conversation that still waits; nothing of it is done."""
    waiting = context.services.pending() if context.services else []
    if not waiting:
        return Result("Nothing is waiting, so there is nothing to cancel.")
    told = "; ".join(p["summary"] for p in waiting)
    return Result(
        f"Cancelled, nothing was done: {told}", {"cancelled": [p["id"] for p in waiting]}, control={"cancel": True}
    )
