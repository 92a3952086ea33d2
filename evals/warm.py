"""Imported once by the server that worker processes are forked from, so that each begins with what cases need."""

import importlib

for _name in ("pandas", "sklearn.pipeline", "sklearn.linear_model", "chromadb", "langgraph.graph", "opsmith.evals.driver",
              "opsmith.agent.graph", "opsmith.agent.engine", "opsmith.agent.offline.planner"):  # fmt: skip
    try:
        importlib.import_module(_name)
    except ImportError:
        continue  # an extra that is not installed; the cases that need it will say so
