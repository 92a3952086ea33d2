"""Ask the person one question that must be answered first."""

from typing import Any

from opsmith.tools.contract import Context, Result, ToolError, tool


@tool(intent="unclear", examples=(), reads=(), conversational=True)
def ask(
    question: str,
    choices: list[str] = [],  # noqa: B006  read as a type by the schema, never changed
    tool: str | None = None,
    arguments: dict[str, Any] = {},  # noqa: B006
    *,
    context: Context,
) -> Result:
    """Ask one precise question when something required is missing or ambiguous. The turn ends with it.

    question: one sentence. choices: possible answers, best first. tool: the tool that the answer is for.
    arguments: what is known for it so far.
    """
    if not question.strip():
        raise ToolError("ask needs a question.")
    return Result(question.strip(), {"choices": choices, "tool": tool, "arguments": arguments})
