"""One-shot commands: one turn, one tool, or one look at what waits and what was done. Nothing is asked here."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from opsmith.agent import settings as settings_file
from opsmith.agent.arguments import Command, tool_arguments
from opsmith.agent.events import Event, Finished
from opsmith.agent.session import Decision, Session
from opsmith.tools.contract import NeedsAnswer, ToolError

DONE, ERROR, USAGE, WAITS, ANSWER, CHECK = 0, 1, 2, 3, 4, 5


def run(command: Command) -> int:
    """Carry out a one-shot command; its exit code."""
    return _COMMANDS[command.name](command)


def open_session(command: Command) -> Session:
    """A session as the command's flags say."""
    settings = settings_file.load(command.project, command.settings_flags())
    return Session(command.project, command.thread or "main", settings=settings, user=command.user, door="terminal")


def ask(command: Command) -> int:
    """One turn. The text comes from the words, or from standard input."""
    text = " ".join(command.words) or ("" if sys.stdin.isatty() else sys.stdin.read())
    if not text.strip():
        raise ToolError('Say what you want: opsmith ask "profile data/train.csv".')
    session = open_session(command)
    if command.thread is None:
        session.thread = _fresh_thread()
    try:
        return show_turn(session.send(text), command.json)
    finally:
        session.close()


def show_turn(events: Iterable[Event], as_json: bool) -> int:
    """Show a turn and give its exit code: 4 wins over 3, an error is 1 when nothing else came of the turn."""
    summary: dict[str, Any] = {}
    if as_json:
        for event in events:
            if isinstance(event, Finished):
                summary = dict(event.summary)
        print(json.dumps(summary, ensure_ascii=False, default=str))
    else:
        from opsmith.agent.terminal_view import TerminalView

        view = TerminalView()
        for event in events:
            view.show(event)
            if isinstance(event, Finished):
                summary = dict(event.summary)
    return exit_code(summary)


def exit_code(summary: dict[str, Any]) -> int:
    """The exit code of a turn's summary."""
    if summary.get("clarifying"):
        return ANSWER
    if summary.get("proposals"):
        return WAITS
    failed = any(c.get("status") == "error" for c in summary.get("calls", ()))
    undone = any(e["outcome"] in ("failed", "stale", "expired") for e in summary.get("executed", ()))
    return ERROR if summary.get("problems") or failed or undone else DONE


def run_tool(command: Command) -> int:
    """Call one tool without a conversation; its actions are proposed, not done."""
    from opsmith.agent.direct import call_tool
    from opsmith.tools import registry

    if not command.words:
        raise ToolError(f"Name a tool: opsmith run TOOL. There are: {', '.join(registry.names())}.")
    tool = registry.get(command.words[0])
    session = open_session(command)
    try:
        outcome = call_tool(session, tool, tool_arguments(tool, command.words[1:]))
    except NeedsAnswer as question:
        print(json.dumps({"version": 1, "tool": tool.name, "question": str(question), "choices": question.choices})
              if command.json else _with_choices(question))  # fmt: skip
        return ANSWER
    finally:
        session.close()
    if command.json:
        print(json.dumps(outcome, ensure_ascii=False, default=str))
    else:
        from opsmith.agent.terminal_view import TerminalView

        TerminalView().show_result(outcome)
    if tool.name == "drift" and command.flags["fail_on"]:
        verdict = str(outcome["data"].get("verdict", "none"))
        return CHECK if verdict == "act" or verdict == command.flags["fail_on"] else DONE
    if tool.name == "validate" and any(f["severity"] == "critical" for f in outcome["findings"]):
        return CHECK
    return WAITS if outcome["proposals"] else DONE


def pending(command: Command) -> int:
    """What waits for approval in the project."""
    waiting = open_session(command).engine.approvals.pending()
    rows = [
        {
            "id": p.id,
            "kind": p.kind,
            "summary": p.summary,
            "paths": list(p.paths),
            "digest": p.digest,
            "expires": p.expires,
        }
        for p in waiting
    ]
    _rows(
        command,
        rows,
        "Nothing waits for approval.",
        lambda r: f"{r['id']}  {r['summary']}  (until {r['expires'][:16]} UTC)",
    )
    return WAITS if rows else DONE


def approve(command: Command) -> int:
    """Approve by id what was seen in `pending` or on a card."""
    return _decide(command, "yes")


def reject(command: Command) -> int:
    """Reject by id, with a reason if given."""
    return _decide(command, "no")


def undo(command: Command) -> int:
    """Put back the newest N actions."""
    count = command.words[0] if command.words else "1"
    if not count.isdigit() or int(count) < 1:
        raise ToolError(f"opsmith undo takes how many actions, such as 1; it was given {count!r}.")
    for done in open_session(command).undo(int(count)):
        print(done.message)
    return DONE


def audit(command: Command) -> int:
    """Who did what, when, with which outcome."""
    entries = open_session(command).engine.audit.entries(200)
    _rows(command, entries, "Nothing is in the audit log yet.", _audit_line)
    return DONE


def usage(command: Command) -> int:
    """Tokens, money and seconds by day and thread."""
    from opsmith.agent.usage import with_cost

    rows = with_cost(open_session(command).engine.store.usage())
    _rows(command, rows, "No planner was called yet.",
          lambda r: f"{r['day']}  {r['thread']}  {r['model']}  {r['input_tokens']:,} + {r['output_tokens']:,} tokens  "
                    f"{r['cost_text']}  {r['seconds']:.1f} s")  # fmt: skip
    return DONE


def threads(command: Command) -> int:
    """List conversations, rename or delete one."""
    session = open_session(command)
    words = command.words
    if words[:1] == ["--rename"] and len(words) >= 3:
        session.engine.store.rename_thread(words[1], " ".join(words[2:]))
    elif words[:1] == ["--delete"] and len(words) == 2:
        session.delete_thread(words[1])
    rows = session.engine.store.threads()
    _rows(
        command,
        rows,
        "There is no conversation yet.",
        lambda r: f"{r['id']}  {r['title']}  (last used {r['used'][:16]} UTC)",
    )
    return DONE


def memory(command: Command) -> int:
    """What the project remembers; `--forget ID` proposes to delete."""
    if command.words[:1] == ["--forget"] and len(command.words) == 2:
        command.words = ["forget", "--topic", command.words[1]]
        return run_tool(command)
    facts = open_session(command).engine.memory.facts()
    _rows(
        command,
        facts,
        "Nothing is remembered yet.",
        lambda f: f"{f['id']}  {f['text']}  ({f['source']}, {f['author']}, {f['at'][:10]})",
    )
    return DONE


def doctor(command: Command) -> int:
    """What works here and what does not, and every setting with its source."""
    from opsmith.agent.doctor import examine

    lines, healthy = examine(open_session(command))
    print(
        json.dumps(lines, ensure_ascii=False, default=str)
        if command.json
        else "\n".join(f"{a:<28} {b}" for a, b in lines)
    )
    return DONE if healthy else ERROR


def export(command: Command) -> int:
    """Propose nothing: print the conversation as Markdown, for redirection into a file."""
    from opsmith.agent.export import as_markdown

    print(as_markdown(open_session(command)))
    return DONE


def _decide(command: Command, answer: Any) -> int:
    if len(command.words) != 1:
        raise ToolError(f"Name one approval: opsmith {command.name} ID. `opsmith pending` lists them.")
    session = open_session(command)
    row = session.engine.approvals.get(command.words[0])
    session.close()
    command.thread = row["thread"]
    session = open_session(command)
    decision = Decision(row["id"], row["digest"], answer, session.user, "terminal", str(command.flags["reason"]))
    try:
        return show_turn(session.decide([decision]), command.json)
    finally:
        session.close()


def _rows(command: Command, rows: list[dict[str, Any]], empty: str, line: Callable[[dict[str, Any]], str]) -> None:
    if command.json:
        print(json.dumps(rows, ensure_ascii=False, default=str))
        return
    for row in rows:
        print(line(row))
    if not rows:
        print(empty)


def _audit_line(entry: dict[str, Any]) -> str:
    rest = {k: v for k, v in entry.items() if k not in ("at", "what") and v}
    return f"{entry['at'][:19]}  {entry['what']:<10}  " + "  ".join(f"{k}={v}" for k, v in rest.items())


def _with_choices(question: NeedsAnswer) -> str:
    return "\n".join([str(question), *(f"  - {c}" for c in question.choices)])


def _fresh_thread() -> str:
    import secrets
    from datetime import UTC, datetime

    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _later(module: str, function: str) -> Callable[[Command], int]:
    def call(command: Command) -> int:
        import importlib

        return int(getattr(importlib.import_module(module), function)(command))

    return call


_COMMANDS: dict[str, Callable[[Command], int]] = {
    "ask": ask, "run": run_tool, "pending": pending, "approve": approve, "reject": reject, "undo": undo, "audit": audit,
    "usage": usage, "threads": threads, "memory": memory, "doctor": doctor, "export": export,
    "monitor": _later("opsmith.agent.monitoring", "command"),
    "log-outcome": _later("opsmith.agent.monitoring", "command"),
    "slack": _later("opsmith.agent.slack.command", "command"),
    "demo": _later("opsmith.agent.tour", "command"),
}  # fmt: skip
