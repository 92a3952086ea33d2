"""The same graph for LangGraph's own server and studio (langgraph.json); it brings its own checkpointer."""

from __future__ import annotations

import os
from pathlib import Path

from opsmith.agent import graph as state_machine
from opsmith.agent.engine import Engine
from opsmith.agent.settings import load

_project = Path(os.environ.get("OPSMITH_PROJECT", Path.cwd()))
_settings = load(_project)
graph = state_machine.build(Engine(_settings, "studio", _settings.user()).runtime)
