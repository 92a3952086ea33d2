"""Say sentences to the offline planner in a small shop and see its calls."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import HumanMessage, SystemMessage

from opsmith.agent.offline.planner import OfflinePlanner
from opsmith.tools import registry

CUSTOMERS = [
    ("customer_id", "text", {}), ("age", "integer", {}), ("signup_date", "date", {}), ("region", "category", {}),
    ("monthly fee", "number", {}), ("note", "text", {}), ("churned", "boolean", {"two_valued": True}),
]  # fmt: skip
ORDERS = [("order_id", "text", {}), ("customer_id", "text", {}), ("amount", "number", {})]
MODEL = {
    "name": "churn_model", "version": 3, "versions": [2, 3], "target": "churned", "trained_on": "customers.csv",
    "metrics": {"auc": 0.8}, "aliases": ["champion"],
}  # fmt: skip


def _file(path: str, columns: list[tuple[str, str, dict[str, Any]]]) -> dict[str, Any]:
    return {"path": path, "rows": 200, "columns": [{"name": n, "kind": k, **more} for n, k, more in columns]}


def shop(*, files: tuple[str, ...] = ("customers.csv", "june.csv", "orders.csv"), **more: Any) -> dict[str, Any]:
    """The catalogue of a project with these tables and a model."""
    listed = [_file(f, ORDERS if f.startswith("orders") else CUSTOMERS) for f in files]
    there = {"files": listed, "models": [MODEL], "monitors": [], "deployments": [], "facts": [], "pending": []}
    return {**there, **more}


def calls(*said: str, catalogue: dict[str, Any] | None = None) -> list[tuple[str, dict[str, Any]]]:
    """The calls (tool, arguments) that the last of several messages makes; nothing of it is carried out."""
    there = catalogue or shop()
    schemas = [
        {"type": "function", "function": {"name": t.name, "description": t.description, "parameters": t.arguments()}}
        for t in registry.all_tools()
    ]
    messages: list[Any] = [SystemMessage(f"<project>{json.dumps(there)}</project>")]
    made: list[tuple[str, dict[str, Any]]] = []
    for text in said:
        messages.append(HumanMessage(text))
        answer = OfflinePlanner()._answer(messages, schemas)
        messages.append(answer)
        made = [(c["name"], dict(c["args"])) for c in answer.tool_calls]
    return made


def call(*said: str, catalogue: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
    """The one call that the last message makes."""
    (one,) = calls(*said, catalogue=catalogue)
    return one


def words(*said: str, catalogue: dict[str, Any] | None = None) -> str:
    """What the planner answers in plain words, without a call."""
    messages: list[Any] = [SystemMessage(f"<project>{json.dumps(catalogue or shop())}</project>")]
    messages += [HumanMessage(t) for t in said]
    return str(OfflinePlanner()._answer(messages, []).content)
