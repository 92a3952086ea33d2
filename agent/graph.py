"""The state machine: recall -> plan -> call -> review (waits for a person) -> act (one action a step) -> remember."""

from __future__ import annotations

import os

os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")  # checkpoints may rebuild LangChain messages, nothing else

from collections.abc import Callable
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from opsmith.agent import act_node, call_node, plan_node, review_node
from opsmith.agent.state import Runtime, State

After = Literal["recall", "plan", "call", "review", "act", "remember"]


def build(runtime: Runtime, checkpointer: Any = None) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph of one project."""

    def node(function: Callable[[Runtime, State], dict[str, Any]]) -> Any:
        def run(state: State) -> dict[str, Any]:
            return function(runtime, state)

        run.__name__ = function.__name__
        return run

    graph = StateGraph(State)
    graph.add_node("recall", node(plan_node.recall))
    graph.add_node("plan", node(plan_node.plan))
    graph.add_node("call", node(call_node.call))
    graph.add_node("review", node(review_node.review))
    graph.add_node("act", node(act_node.act))
    graph.add_node("remember", node(act_node.remember))
    graph.add_edge(START, "recall")
    graph.add_edge("recall", "plan")
    graph.add_conditional_edges("plan", _after_plan, ["plan", "call", "review", "act", "remember"])
    graph.add_conditional_edges("call", _after_call, ["plan", "act", "review", "remember"])
    graph.add_conditional_edges("review", _after_review, ["recall", "call", "act", "plan", "review", "remember"])
    graph.add_conditional_edges("act", _after_act, ["act", "plan"])
    graph.add_edge("remember", END)
    return graph.compile(checkpointer=checkpointer, name="opsmith")


def _after_plan(state: State) -> After:
    last = state["messages"][-1]
    if state["turn"].get("stopped"):
        return _settle(state)
    if getattr(last, "invalid_tool_calls", None) or last.type == "tool":
        return "plan"  # the planner is told that its arguments were not JSON
    if getattr(last, "tool_calls", None):
        return "call"
    return _settle(state)


def _after_call(state: State) -> After:
    if state.get("decisions"):
        return "act"
    if state["turn"].get("stopped") or state["turn"].get("asked"):
        return _settle(state)
    return "plan"


def _after_review(state: State) -> After:
    last = state["messages"][-1]
    if last.type == "human" and last.name != "opsmith":
        return "recall"
    if getattr(last, "tool_calls", None):
        return "call"  # the person edited the arguments
    if state.get("decisions"):
        return "act"
    if state["turn"].get("again"):
        return "plan"
    return _settle(state)


def _after_act(state: State) -> After:
    return "act" if state.get("decisions") else "plan"


def _settle(state: State) -> After:
    if state.get("decisions"):
        return "act"
    return "review" if state.get("proposed") else "remember"
