"""Put one project's parts together: store, approvals, acting, memory, planner, graph. Heavy, so made late."""

from __future__ import annotations

import dataclasses
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opsmith.agent import telemetry
from opsmith.agent.acting import Acting
from opsmith.agent.approvals import Approvals
from opsmith.agent.audit import Audit
from opsmith.agent.planner import make_planner
from opsmith.agent.rights import ALL, Rights
from opsmith.agent.services import ProjectServices
from opsmith.agent.settings import Settings
from opsmith.agent.store import Store
from opsmith.tools.contract import Context, ToolError

TABLES_LOCK = 0x6F70736D  # the advisory lock under which LangGraph's tables are made


class Engine:
    """Everything a Session needs below it. One for a project and thread; `planner` replaces the chosen model in tests."""

    def __init__(self, settings: Settings, thread: str, user: str, planner: Any = None, rights: Rights = ALL) -> None:
        from opsmith.agent import graph
        from opsmith.agent.state import Runtime
        from opsmith.memory.store import Memory

        self.settings = settings
        self.project = settings.project
        flat = settings.flat()
        self.model = "given" if planner is not None else str(flat["model"])
        self._planner = planner
        self.store = Store(self.project, flat["store.url"])
        self.approvals = Approvals(self.store, self.project, flat)
        self.audit = Audit(self.store.home)
        self.memory = Memory(self.project, flat)
        self.acting = Acting(self.store, self.approvals, self.audit, flat, self.memory)
        if flat["telemetry.exporter"]:
            telemetry.start(flat["telemetry.exporter"])
        services = ProjectServices(self.store, self.approvals, self.memory, settings, thread)
        cancel = threading.Event()
        base = Context(
            self.project,
            tuple(Path(p).expanduser() for p in flat["readable"] if "://" not in p),
            flat,
            cancelled=cancel.is_set,
            services=services,
            seed=flat["seed"],
        )
        self.runtime = Runtime(
            project=self.project,
            settings=flat,
            user=user,
            store=self.store,
            approvals=self.approvals,
            acting=self.acting,
            audit=self.audit,
            memory=self.memory,
            planner=self._current_planner,
            planner_name=lambda: self.model,
            context=lambda progress: dataclasses.replace(base, progress=progress),
            control=self._control,
            cancel=cancel,
            thread=thread,
            rights=rights,
        )
        self.checkpointer, self._close_checkpointer = checkpointer(self.store.home, flat["store.url"])
        self.graph = graph.build(self.runtime, self.checkpointer)
        self.config: Any = {"configurable": {"thread_id": thread}, "recursion_limit": 200}

    def switch_model(self, name: str) -> None:
        """Use another planner from the next call on; ToolError when it cannot be used, and the old one stays."""
        made = make_planner(name, self.runtime.settings)
        self.model, self._planner = name, made

    def close(self) -> None:
        self._close_checkpointer()
        self.memory.close()
        self.store.close()

    def _current_planner(self) -> Any:
        if self._planner is None:
            self._planner = make_planner(self.model, self.runtime.settings)
        return self._planner

    def _control(self, control: dict[str, Any]) -> str:
        """Carry out a tool's wish about the session itself (which planner, which setting, for this session)."""
        told = []
        for name, value in control.items():
            if name == "model":
                self.switch_model(str(value))
                told.append(f"The planner is now {value}.")
            elif name in self.runtime.settings and not name.startswith(("approvals.", "slack.", "store.")):
                self.runtime.settings[name] = value
                told.append(f"{name} is now {value} in this session.")
        return " ".join(told)


_made_tables: set[str] = set()


def _make_tables(url: str, connection: Any, saver: Any) -> None:
    """Let LangGraph make its tables: once a process, one process at a time.

    Waiting inside PostgreSQL would block its `CREATE INDEX CONCURRENTLY`, which waits for every open statement; so the
    others ask again and again.
    """
    if url in _made_tables:
        return
    while not connection.execute("SELECT pg_try_advisory_lock(%s) AS mine", (TABLES_LOCK,)).fetchone()["mine"]:
        time.sleep(0.05)
    try:
        saver.setup()
        _made_tables.add(url)
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (TABLES_LOCK,))


def checkpointer(home: Path, url: str) -> tuple[Any, Callable[[], None]]:
    """Where LangGraph keeps conversations: SQLite in the project, or the PostgreSQL store."""
    if url:
        try:
            import psycopg
            from langgraph.checkpoint.postgres import PostgresSaver
            from psycopg.rows import dict_row
        except ImportError:
            raise ToolError("store.url names PostgreSQL: pip install 'opsmith[postgres]'.") from None
        connection = psycopg.connect(url, autocommit=True, prepare_threshold=0, row_factory=dict_row)
        saver = PostgresSaver(connection)  # type: ignore[arg-type]
        _make_tables(url, connection, saver)
        return saver, connection.close
    from langgraph.checkpoint.sqlite import SqliteSaver

    lite = sqlite3.connect(home / "threads.db", check_same_thread=False, timeout=30)
    lite.execute("PRAGMA secure_delete=ON")
    return SqliteSaver(lite), lite.close
