"""Turn a conversation that really happened into a case: what was said, called, answered and changed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opsmith.agent.session import Session
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import paths

MOST_BYTES = 300_000
_ANSWERS = {"done": "approve", "claimed": "approve", "failed": "approve", "rejected": "reject"}


def record(project: Path, thread: str, out: Path, case_id: str = "") -> Path:
    """Write the thread as a suite of one case; the data files it needs are copied beside it. Returns the file.

    The recorded calls and answers become expectations; read them before trusting them.
    """
    session = Session(project, thread)
    try:
        state = session.engine.graph.get_state(session.engine.config).values
        messages = state.get("messages") or []
        approvals = session.engine.store.database.rows(
            "SELECT * FROM approvals WHERE thread = ? ORDER BY proposed_at, number", (thread,)
        )
        made = {p for e in session.engine.store.journal(10_000) for p in e["paths"] or ()}
        facts = [f["text"] for f in session.engine.memory.facts() if f.get("thread") != thread]
    finally:
        session.close()
    turns = turns_of(messages, approvals)
    if not turns:
        raise ToolError(f"Thread {thread!r} of {project} holds nothing that was said. `opsmith threads` lists them.")
    data = out.with_name(f"{out.stem}_data")
    world = _world(project, data, made, facts)
    name = case_id or out.stem.lower().replace(" ", "-").replace("_", "-")
    suite = {"suite": out.stem, "world": world, "cases": [{"id": name, "title": turns[0]["say"][:80], "turns": turns}]}
    import yaml

    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(yaml.safe_dump(suite, sort_keys=False, allow_unicode=True, width=110), encoding="utf-8")
    return out


def turns_of(messages: Sequence[Any], approvals: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turns from a thread's messages: words, calls as a strict expectation, the answer given to what waited."""
    turns: list[dict[str, Any]] = []
    calls: list[list[dict[str, Any]]] = []
    ids: list[set[str]] = []
    for message in messages:
        if message.type == "human" and message.name != "opsmith":
            turns.append({"say": str(message.content)})
            calls.append([])
            ids.append(set())
        for call in getattr(message, "tool_calls", ()) if turns else ():
            seen = {"tool": call["name"], "arguments": dict(call["args"])}
            if seen not in calls[-1]:
                calls[-1].append(seen)
            ids[-1].add(call["id"])
    for turn, made, known in zip(turns, calls, ids, strict=True):
        mine = [a for a in approvals if a["call_id"] in known]
        expect: dict[str, Any] = {"calls": made} if made else {}
        if mine:
            expect["confirm"] = True
            answers = [_ANSWERS[a["state"]] for a in mine if a["state"] in _ANSWERS]
            if answers:
                turn["answer"] = answers[0]
            done = [{"kind": a["kind"], "target": a["target"]} for a in mine if a["state"] == "done"]
            if done:
                expect["journal"] = done
        turn["expect"] = expect
    return turns


def _world(project: Path, data: Path, made: set[str], facts: list[str]) -> dict[str, Any]:
    """The project as it was before: its tables (copied), models, monitors and facts, without what the thread made."""
    from opsmith.evals.observe import model_facts
    from opsmith.tools.data import registry
    from opsmith.tools.data.monitors import list_monitors, side

    files: dict[str, Any] = {}
    for name in paths.tables(project):
        source = project / name
        if name in made or source.stat().st_size > MOST_BYTES:
            continue
        target = data / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        files[name] = {"data": f"{data.name}/{name}"}
    models = {}
    for name, found in model_facts(project).items():
        card = registry.get(project, name)
        trained_on = str(card.data.get("path"))
        if trained_on in files and not any(p.startswith(f"models/{name}/") for p in made):
            models[name] = {"target": found["target"], "trained_on": trained_on, "version": found["version"],
                            "metrics": {k: float(v) for k, v in found["metrics"].items() if v is not None}}  # fmt: skip
    monitors = [
        f"{m.model}: {m.metric} {'<' if side(m.metric) == 'below' else '>'} {m.threshold}, {m.schedule}, {m.channel}"
        for m in list_monitors(project)
        if m.model in models and m.metric and f"monitors/{m.name}.yaml" not in made
    ]
    whole = {"files": files, "models": models, "monitors": monitors, "facts": facts}
    return {k: v for k, v in whole.items() if v}


def thread_names(project: Path) -> list[str]:
    """Threads of a project, last used first."""
    from opsmith.agent.store import Store

    store = Store(Context(project).project)
    try:
        return [t["id"] for t in store.threads()]
    finally:
        store.close()
