"""Refuse what is out of scope or dangerous, and say what can be done instead."""

from opsmith.tools.contract import Context, Result, tool


@tool(intent="decline", examples=("book me a flight", "rm -rf /", "read /etc/passwd"), reads=(), conversational=True)
def decline(reason: str = "", *, context: Context) -> Result:
    """Refuse a request that is outside data and model operations, or dangerous, and do nothing.

    reason: why, as a sentence for the person.
    """
    told = (
        reason.strip() or "That is outside of what I do: data, features, models, deployment and drift in this project."
    )
    return Result(told)
