"""An OpenAI-compatible server on this machine whose model is the offline planner: the suites over HTTP, without a key.

It takes the way that a real model's answers take (HTTP, streaming, JSON, function schemas), so what is tested is
everything between the session and a model, with answers that are known.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, convert_to_messages

Answer = Callable[[Sequence[BaseMessage], Sequence[Mapping[str, Any]]], AIMessage]


def offline_answer(messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]]) -> AIMessage:
    """What the offline planner answers."""
    from opsmith.agent.planner import OFFLINE, make_planner

    answer = make_planner(OFFLINE, {}).bind_tools([dict(t) for t in tools]).invoke(list(messages))
    assert isinstance(answer, AIMessage)
    return answer


@contextmanager
def server(answer: Answer = offline_answer) -> Iterator[str]:
    """A running server; its base URL."""
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer)})
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}/v1"
    finally:
        http.shutdown()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    """POST /v1/chat/completions, streamed or whole."""

    answer: Answer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        messages = convert_to_messages([{**m, "content": m.get("content") or ""} for m in asked["messages"]])
        made = type(self).answer(messages, asked.get("tools") or [])
        if asked.get("stream"):
            lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in _chunks(made, asked)]
            self._send("text/event-stream", "".join([*lines, "data: [DONE]\n\n"]))
        else:
            self._send("application/json", json.dumps(_whole(made, asked)))

    def _send(self, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep quiet."""


def _whole(made: AIMessage, asked: Mapping[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": str(made.content) or None, **_tool_calls(made)}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if made.tool_calls else "stop"}
    return {**_head(asked, "chat.completion"), "choices": [choice], "usage": _usage(made, asked)}


def _chunks(made: AIMessage, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    head = _head(asked, "chat.completion.chunk")
    text = str(made.content)
    for start in range(0, len(text), 40):
        yield {**head, "choices": [{"index": 0, "delta": {"role": "assistant", "content": text[start : start + 40]}}]}
    calls = _tool_calls(made)
    if calls:
        numbered = [{**c, "index": i} for i, c in enumerate(calls["tool_calls"])]
        yield {**head, "choices": [{"index": 0, "delta": {"role": "assistant", "tool_calls": numbered}}]}
    end = "tool_calls" if calls else "stop"
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": end}]}
    yield {**head, "choices": [], "usage": _usage(made, asked)}


def _head(asked: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": asked["model"]}


def _tool_calls(made: AIMessage) -> dict[str, Any]:
    calls = [
        {"id": c["id"], "type": "function", "function": {"name": c["name"], "arguments": json.dumps(c["args"])}}
        for c in made.tool_calls
    ]
    return {"tool_calls": calls} if calls else {}


def _usage(made: AIMessage, asked: Mapping[str, Any]) -> dict[str, int]:
    """Four characters a token: good enough for budgets."""
    shown = len(json.dumps(asked["messages"])) // 4
    given = (len(str(made.content)) + len(json.dumps(_tool_calls(made)))) // 4
    return {"prompt_tokens": shown, "completion_tokens": given, "total_tokens": shown + given}
