"""Fault: it takes the neighbour of the column that was asked for."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult

from opsmith.agent.planner import OFFLINE, make_planner
from opsmith.agent.session import Session


class _Careless(BaseChatModel):
    """The offline planner with every column and target moved by one place in its file."""

    inner: Any

    @property
    def _llm_type(self) -> str:
        return "careless"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return _Careless(inner=self.inner.bind_tools(tools, **kwargs))

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        from langchain_core.outputs import ChatGeneration

        answer = self.inner.invoke(messages, **kwargs)
        known = _columns(messages)
        for call in answer.tool_calls:
            for name in ("columns", "target"):
                value = call["args"].get(name)
                if isinstance(value, list):
                    call["args"][name] = [_neighbour(v, known) for v in value]
                elif value:
                    call["args"][name] = _neighbour(value, known)
        return ChatResult(generations=[ChatGeneration(message=answer)])


def _columns(messages: list[BaseMessage]) -> list[list[str]]:
    system = next(str(m.content) for m in messages if m.type == "system")
    project = json.loads(system.split("<project>")[1].split("</project>")[0])
    return [[c["name"] for c in file["columns"]] for file in project["files"]]


def _neighbour(column: str, known: list[list[str]]) -> str:
    for names in known:
        if column in names:
            return names[(names.index(column) + 1) % len(names)]
    return column


def open_session(project: Any, **options: Any) -> Session:
    """A session whose planner reads one column to the right."""
    return Session(project, planner=_Careless(inner=make_planner(OFFLINE, {})), **options)
