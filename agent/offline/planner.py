"""The offline planner: a chat model that reads plain sentences with no key, no network and no downloads.

It stands behind the same interface as any model: messages and tool schemas in, tool calls or text out. What it knows
of the project is the catalogue in the system message; what it knows of the conversation are the messages.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from opsmith.agent.offline import answers
from opsmith.agent.offline.dialogue import read as read_dialogue
from opsmith.agent.offline.reading import Reading, Step, read
from opsmith.agent.offline.scene import DATA
from opsmith.agent.offline.slots import Filled
from opsmith.agent.replies import read_reply

SMALLTALK = {
    "thanks": "You are welcome.",
    "bye": "Until next time. What waits for approval stays.",
    "hello": "Hello. Name a file or a model and what you want to know; `help` lists what I do.",
}


class OfflinePlanner(BaseChatModel):
    """Deterministic: the same messages give the same answer."""

    @property
    def _llm_type(self) -> str:
        return "opsmith-offline"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[Any, AIMessage]:
        """Remember which tools there are."""
        return self.bind(tools=list(tools), **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._answer(messages, kwargs.get("tools") or []))])

    def _answer(self, messages: list[BaseMessage], tools: list[dict[str, Any]]) -> AIMessage:
        schemas = {t["function"]["name"]: t["function"].get("parameters", {}).get("properties", {}) for t in tools}
        conversation = [m for m in messages if not isinstance(m, SystemMessage)]
        if not conversation:
            return AIMessage("Say what you want to do.")
        last = conversation[-1]
        receipts = answers.receipts_of(last)
        if receipts is not None:
            waiting = _waiting_calls(conversation) if any(r.get("outcome") == "done" for r in receipts) else []
            return _calls(waiting, conversation) if waiting else AIMessage(answers.after_receipts(receipts))
        if isinstance(last, ToolMessage):
            return AIMessage(_short_talk(conversation) or answers.answer(answers.results_since(conversation)))
        if not isinstance(last, HumanMessage):
            return AIMessage("Say what you want to do.")
        known = {**_catalogue(messages), "tools": sorted(schemas)}
        state = read_dialogue(conversation)
        if not known.get("pending") and not state.asked and _approves(str(last.content)):
            return AIMessage("Nothing waits for your approval. Say what you want to do.")
        reading = read(str(last.content), known, state)
        planned = [c for step in reading.steps for c in [_call_of(step, schemas)] if c]
        message = _calls(planned, conversation)
        message.additional_kwargs["reading"] = reading.told
        return message


def _approves(text: str) -> bool:
    """Whether a message is a plain yes."""
    plain = re.match(
        r"\W*(?:yes|yep|yeah|approved?|confirm(?:ed)?|go ahead|proceed|ja|sí|oui|是的?)\b", text.casefold()
    )
    return bool(plain) and read_reply(text).kind == "approve"


def explain(text: str, catalogue: dict[str, Any]) -> Reading:
    """How a sentence would be read in an empty conversation."""
    return read(text, catalogue, read_dialogue([HumanMessage(text)]))


def _catalogue(messages: Sequence[BaseMessage]) -> dict[str, Any]:
    """The project as the newest system message lists it."""
    for message in reversed(messages):
        text = str(message.content)
        start, end = text.rfind("<project>"), text.rfind("</project>")
        if isinstance(message, SystemMessage) and 0 <= start < end:
            try:
                return dict(json.loads(text[start + 9 : end]))
            except json.JSONDecodeError:
                return {}
    return {}


def _call_of(step: Step, schemas: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The tool call of a step; a question becomes a call of `ask` that carries what is known."""
    filled: Filled = step.call
    if step.intent == "unclear":
        return "ask", {"question": filled.question, "choices": filled.choices}
    known = {k: v for k, v in filled.arguments.items() if k != "question"}
    if filled.question:
        return "ask", {
            "question": filled.question,
            "choices": [str(c) for c in filled.choices],
            "tool": filled.tool,
            "arguments": known,
        }
    takes = schemas.get(filled.tool, {})
    if filled.tool in DATA and takes:
        kept = {k: v for k, v in filled.arguments.items() if k in takes}
        return filled.tool, {k: _shaped(v, takes[k]) for k, v in kept.items()}
    return filled.tool, dict(filled.arguments)


def _shaped(value: Any, schema: dict[str, Any]) -> Any:
    kinds = {schema.get("type"), *(s.get("type") for s in schema.get("anyOf", ()))}
    if isinstance(value, list) and "array" not in kinds:
        return value[0] if value else None
    if "array" in kinds and not isinstance(value, list):
        return [value]
    return value


def _calls(planned: Sequence[tuple[str, dict[str, Any]]], conversation: Sequence[BaseMessage]) -> AIMessage:
    """An answer with these calls; ids follow from the conversation, so that the same messages give the same answer."""
    seed = hashlib.sha256("\n".join(f"{m.type}:{m.content}" for m in conversation).encode()).hexdigest()
    made = [
        {"name": name, "args": args, "id": f"call-{seed[:12]}-{len(conversation)}-{n}", "type": "tool_call"}
        for n, (name, args) in enumerate(planned)
    ]
    return AIMessage(content="", tool_calls=made)  # type: ignore[arg-type]


def _waiting_calls(conversation: Sequence[BaseMessage]) -> list[tuple[str, dict[str, Any]]]:
    """Calls of the newest request that were told to wait, in order, each once."""
    told: dict[str, str] = {}
    for message in conversation:
        if isinstance(message, ToolMessage):
            try:
                told[message.tool_call_id] = str(json.loads(str(message.content)).get("status"))
            except json.JSONDecodeError:
                told[message.tool_call_id] = "done"
    for message in reversed(conversation):
        if isinstance(message, AIMessage) and message.tool_calls:
            return [(c["name"], dict(c["args"])) for c in message.tool_calls if told.get(str(c["id"])) == "waits"]
    return []


def _short_talk(conversation: Sequence[BaseMessage]) -> str:
    """The answer to a greeting or thanks, which needs no list of tools."""
    call = next((c for m in reversed(conversation) if isinstance(m, AIMessage) for c in m.tool_calls), None)
    if call is None or call["name"] != "help" or call["args"].get("topic") != "smalltalk":
        return ""
    said = next((str(m.content).casefold() for m in reversed(conversation) if isinstance(m, HumanMessage)), "")
    if any(w in said for w in ("bye", "see you", "tschüss", "adiós", "au revoir", "再见")):
        return SMALLTALK["bye"]
    greeted = any(
        w in said
        for w in ("hi", "hello", "hey", "morning", "hallo", "hola", "bonjour", "salut", "你好", "greet", "howdy")
    )
    return SMALLTALK["hello" if greeted and "thank" not in said else "thanks"]
