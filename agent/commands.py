"""The slash commands of the conversation."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.text import Text

from opsmith.agent.command_names import COMMANDS
from opsmith.agent.session import Decision
from opsmith.agent.terminal_view import card, safe, table_of
from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    from opsmith.agent.repl import Repl


def run_command(repl: Repl, line: str) -> None:
    """Carry out `/name words`; ToolError with the nearest name for an unknown one."""
    name, *words = line[1:].split()
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, 1)
        raise ToolError(
            f"There is no /{name}." + (f" Did you mean /{near[0]}?" if near else " /help lists what there is.")
        )
    _HANDLERS[name](repl, words)


def _say(repl: Repl, text: str, style: str = "") -> None:
    repl.view.console.print(Text(safe(text), style=style))


def _table(repl: Repl, title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]], empty: str) -> None:
    if rows:
        repl.view.console.print(table_of({"title": title, "columns": columns, "rows": rows}, None))
    else:
        _say(repl, empty)


def _help(repl: Repl, words: list[str]) -> None:
    rows = [(f"/{n}", m) for n, m in COMMANDS.items()]
    _table(repl, "Type a request in plain words, or", ("command", "what it does"), rows, "")


def _tools(repl: Repl, words: list[str]) -> None:
    from opsmith.tools import registry

    rows = [(t.name, t.summary, t.examples[0] if t.examples else "") for t in registry.all_tools()]
    _table(repl, "Tools", ("tool", "what it does", "say, for example"), rows, "")


def _model(repl: Repl, words: list[str]) -> None:
    if words:
        repl.session.switch_model(words[0])
    _say(repl, f"Planner: {repl.session.model}")


def _memory(repl: Repl, words: list[str]) -> None:
    memory = repl.session.engine.memory
    if words[:1] == ["correct"] and len(words) > 2:
        try:
            memory.correct(words[1], " ".join(words[2:]), repl.session.user, repl.session.thread)
        except KeyError:
            raise ToolError(f"There is no fact {words[1]}. /memory lists them.") from None
    elif words[:1] == ["forget"] and len(words) == 2:
        from opsmith.agent.direct import call_tool
        from opsmith.tools import registry

        call_tool(repl.session, registry.get("forget"), {"topic": words[1]})
        repl.decide(list(repl.session.pending))
        return
    rows = [(f["id"], f["text"], f["source"], f["author"], f["at"][:10]) for f in memory.facts()]
    _table(repl, "Memory", ("id", "fact", "source", "by", "day"), rows, "Nothing is remembered yet.")
    _say(repl, memory.state(), "dim")


def _threads(repl: Repl, words: list[str]) -> None:
    store = repl.session.engine.store
    if words[:1] == ["rename"] and len(words) > 2:
        store.rename_thread(words[1], " ".join(words[2:]))
    elif words[:1] == ["delete"] and len(words) == 2:
        repl.session.delete_thread(words[1])
    rows = [(t["id"], t["title"], t["used"][:16]) for t in store.threads()]
    _table(repl, "Conversations", ("id", "began with", "last used (UTC)"), rows, "There is no conversation yet.")


def _resume(repl: Repl, words: list[str]) -> None:
    from opsmith.agent.session import Session

    if not words:
        return _threads(repl, [])
    old = repl.session
    known = {t["id"] for t in old.engine.store.threads()}
    if words[0] not in known:
        raise ToolError(f"There is no conversation {words[0]}. /threads lists them.")
    old.close()
    repl.session = Session(old.project, words[0], settings=old.settings, user=old.user, door=old.door)
    _say(repl, f"Going on with {words[0]}.")
    return _pending(repl, [])


def _pending(repl: Repl, words: list[str]) -> None:
    from datetime import UTC, datetime

    waiting = repl.session.engine.approvals.pending()
    for proposal in waiting:
        age = datetime.now(UTC) - datetime.fromisoformat(proposal.proposed_at)
        _say(repl, f"waiting for {int(age.total_seconds() // 60)} minutes, asked by {proposal.proposed_by}:", "dim")
        repl.view.console.print(card(proposal, repl.view.console.width))
    if not waiting:
        _say(repl, "Nothing waits for approval.")


def _approve(repl: Repl, words: list[str]) -> None:
    _answer(repl, words, "yes")


def _reject(repl: Repl, words: list[str]) -> None:
    _answer(repl, words, "no")


def _answer(repl: Repl, words: list[str], answer: Any) -> None:
    waiting = list(repl.session.pending)
    if not words and len(waiting) == 1:
        words = [waiting[0].id]
    if not words:
        raise ToolError("Name one: /pending lists what waits.")
    proposal = repl.session.engine.approvals.proposal(words[0])
    decision = Decision(proposal.id, proposal.digest, answer, repl.session.user, "terminal", " ".join(words[1:]))
    row = repl.session.engine.approvals.get(proposal.id)
    if row["thread"] == repl.session.thread:
        repl.turn(repl.session.decide([decision]))
        return
    from opsmith.agent.session import Session

    other = Session(
        repl.session.project, row["thread"], settings=repl.session.settings, user=repl.session.user, door="terminal"
    )
    try:
        repl.turn(other.decide([decision]))
    finally:
        other.close()


def _undo(repl: Repl, words: list[str]) -> None:
    count = int(words[0]) if words and words[0].isdigit() else 1
    for done in repl.session.undo(count):
        repl.view.show(done)


def _audit(repl: Repl, words: list[str]) -> None:
    entries = repl.session.engine.audit.entries(30)
    rows = [(e["at"][:19], e["what"], e.get("by") or "", e.get("kind") or "", e.get("target") or "") for e in entries]
    _table(repl, "Audit", ("when (UTC)", "what", "by", "kind", "target"), rows, "Nothing was proposed or done yet.")


def _cost(repl: Repl, words: list[str]) -> None:
    from opsmith.agent.usage import with_cost

    rows = [
        (
            u["day"],
            u["thread"],
            u["model"],
            u["input_tokens"],
            u["output_tokens"],
            u["cost_text"],
            round(u["seconds"], 1),
        )
        for u in with_cost(repl.session.engine.store.usage())
    ]
    _table(
        repl,
        "Usage",
        ("day", "thread", "planner", "tokens in", "out", "cost", "seconds"),
        rows,
        "No planner was called yet.",
    )


def _show(repl: Repl, words: list[str]) -> None:
    if words:
        waiting = [p for p in repl.session.engine.approvals.pending() if p.id.startswith(words[0])]
        if waiting:
            repl.view.console.print(card(waiting[0], repl.view.console.width, whole=True))
            return
        kept = repl.session.engine.store.result(words[0])
        if kept is None:
            raise ToolError(f"There is no result {words[0]}. The line of each tool call ends with its handle.")
        repl.view.show_result(kept["result"], whole=True)
    elif repl.view.shown:
        repl.view.show_result(repl.view.shown[-1][1], whole=True)
    else:
        _say(repl, "Nothing was shown yet.")


def _explain(repl: Repl, words: list[str]) -> None:
    from opsmith.agent.explain import explain_last

    for line in explain_last(repl.session):
        _say(repl, line)


def _settings(repl: Repl, words: list[str]) -> None:
    rows = [(v["name"], v["value"], v["source"], v["meaning"]) for v in repl.session.settings.listed()]
    _table(repl, "Settings", ("name", "value", "from", "meaning"), rows, "")


def _context(repl: Repl, words: list[str]) -> None:
    from opsmith.agent.digest import CHARACTERS_A_TOKEN

    state = repl.session.engine.graph.get_state(repl.session.engine.config)
    length = sum(len(str(m.content)) for m in state.values.get("messages", ())) // CHARACTERS_A_TOKEN
    most = repl.session.settings["context_tokens"]
    _say(repl, f"About {length:,} tokens of conversation; at most {most:,} are sent (context_tokens).")


def _export(repl: Repl, words: list[str]) -> None:
    from opsmith.agent.export import propose_export

    propose_export(repl.session)
    repl.decide(list(repl.session.pending))


def _doctor(repl: Repl, words: list[str]) -> None:
    from opsmith.agent.doctor import examine

    lines, _ = examine(repl.session)
    _table(repl, "Doctor", ("part", "state"), list(lines), "")


def _tour(repl: Repl, words: list[str]) -> None:
    from opsmith.agent.tour import tour

    tour(repl.session, repl.view)


def _quit(repl: Repl, words: list[str]) -> None:
    repl.leaving = True


_HANDLERS: dict[str, Callable[[Repl, list[str]], None]] = {
    "help": _help, "tools": _tools, "model": _model, "memory": _memory, "threads": _threads, "resume": _resume,
    "pending": _pending, "approve": _approve, "reject": _reject, "undo": _undo, "audit": _audit, "cost": _cost,
    "show": _show, "explain": _explain, "settings": _settings, "context": _context, "export": _export,
    "doctor": _doctor, "tour": _tour, "quit": _quit,
}  # fmt: skip
