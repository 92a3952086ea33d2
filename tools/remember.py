"""Keep a fact or a decision in the project's memory."""

from opsmith.tools.contract import Context, Note, Result, ToolError, tool


@tool(
    intent="remember",
    examples=("remember that the label is quality", "note: alerts go to #ml-ops"),
    conversational=True,
)
def remember(topic: str, *, context: Context) -> Result:
    """Keep a fact, in the person's own words; a newer fact about the same subject replaces the older one.

    topic: the sentence to keep.
    """
    text = " ".join(topic.split()).strip(" .:;-")
    if not text:
        raise ToolError("There is nothing to remember: say the fact, for example `remember that the target is churn`.")
    if len(text) > 2000:
        raise ToolError("That is too long for one fact (2,000 letters). Remember the sentence that matters.")
    return Result(f"Kept: {text}", data={"text": text}, notes=(Note(text, "told in conversation"),))
