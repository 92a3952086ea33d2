"""The conversation in a terminal: a prompt at once, the engine loaded while the person types."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.text import Text

from opsmith.agent import settings as settings_file
from opsmith.agent.arguments import Command
from opsmith.agent.events import Event, Finished, Problem, Proposal
from opsmith.agent.first_screen import first_screen
from opsmith.agent.session import Decision, Session
from opsmith.agent.terminal_view import TerminalView, card, safe
from opsmith.tools.contract import ToolError

KEYS = "y yes · n no · e edit · a always here · d dry run · ? ask · Enter later"

_LATER = re.compile(r"(?:no,?\s+)?(?:maybe )?(?:later|not (?:now|yet)|wait|(?:keep|leave) it for later)\W*$")


class Repl:
    """One person at one terminal. `ask_line` reads a line with a prompt; handed in so that tests can type."""

    def __init__(self, session: Session, view: TerminalView, ask_line: Any) -> None:
        self.session, self.view, self.ask_line = session, view, ask_line
        self.leaving = False

    def turn(self, events: Iterable[Event]) -> None:
        """Show a turn; Ctrl-C stops it and keeps the session."""
        try:
            for event in events:
                self.view.show(event)
                if isinstance(event, Problem) and event.offer_offline:
                    self.view.console.print(Text("The offline planner can take over: /model offline", style="dim"))
                if isinstance(event, Finished):
                    self._close(event)
        except KeyboardInterrupt:
            self.session.cancel()
            self.view.console.print(Text("Stopping … nothing half done stays.", style="yellow"))
            for event in events:  # let the turn end by itself, so that its state is whole
                self.view.show(event)

    def say(self, text: str) -> None:
        """Send words and show what comes of it, then ask for what waits."""
        before = {p.id for p in self.session.pending}
        self.turn(self.session.send(text))
        fresh = [p for p in self.session.pending if p.id not in before]
        if fresh:
            self.decide(list(self.session.pending))

    def decide(self, waiting: list[Proposal]) -> None:
        """Ask for an answer to each proposal; nothing runs until all are decided."""
        decisions: list[Decision] = []
        for proposal in waiting:
            answer = self._answer(proposal)
            if answer is None:
                return None  # later: it stays pending
            if isinstance(answer, str):
                self.turn(
                    self.session.decide(
                        [Decision(proposal.id, proposal.digest, "ask", self.session.user, "terminal", answer)]
                    )
                )
                return self.decide(list(self.session.pending))
            decisions.append(answer)
        if decisions:
            self.turn(self.session.decide(decisions))
            fresh = list(self.session.pending)
            if fresh:
                self.decide(fresh)
        return None

    def _answer(self, proposal: Proposal) -> Decision | str | None:
        """A decision, a question (text), or None for later."""
        while True:
            key = self.ask_line(f"approve {proposal.id[:6]}? [{KEYS}] ").strip()
            low = key.casefold()
            decision = {"y": "yes", "yes": "yes", "n": "no", "no": "no"}.get(low)
            if decision == "yes":
                return self._decision(proposal, "yes")
            if decision == "no":
                return self._decision(proposal, "no", self.ask_line("reason (Enter for none): ").strip())
            if low == "" or _LATER.match(low):
                self.view.console.print(Text(f"It waits: /pending, /approve {proposal.id[:6]}", style="dim"))
                return None
            if low == "d":
                self.view.console.print(card(proposal, self.view.console.width, whole=True))
                continue
            if low == "a":
                return self._always(proposal)
            if low == "e":
                return self._edited(proposal)
            if low == "?":
                question = self.ask_line("ask about it: ").strip()
                if question:
                    return question
                continue
            return key  # words instead of a key: a question, or a change to the request

    def _always(self, proposal: Proposal) -> Decision:
        try:
            scope = self.session.allow_folder(proposal)
            self.view.console.print(Text(f"From now on without asking: {scope}", style="yellow"))
        except ToolError as error:
            self.view.console.print(Text(str(error), style="red"))
        return self._decision(proposal, "yes")

    def _edited(self, proposal: Proposal) -> Decision | None:
        import json

        changed: dict[str, Any] = {}
        for name, value in proposal.tool_arguments.items():
            if name == "question":
                continue
            given = self.ask_line(f"{name} [{value}]: ").strip()
            if given:
                try:
                    changed[name] = json.loads(given)
                except json.JSONDecodeError:
                    changed[name] = given
        extra = self.ask_line("another argument, as name=value (Enter for none): ").strip()
        if "=" in extra:
            name, _, value = extra.partition("=")
            changed[name.strip()] = value.strip()
        if not changed:
            return None
        return Decision(proposal.id, proposal.digest, "edited", self.session.user, "terminal", "edited", changed)

    def _decision(self, proposal: Proposal, answer: Any, reason: str = "") -> Decision:
        return Decision(proposal.id, proposal.digest, answer, self.session.user, "terminal", reason)

    def _close(self, event: Finished) -> None:
        usage = event.summary["usage"]
        if usage["model"] == "offline":
            told = f"offline · 0 tokens · {usage['seconds']:.1f} s"
        else:
            told = f"{usage['model']} · {usage['input_tokens']:,} + {usage['output_tokens']:,} tokens · {usage['seconds']:.1f} s"
        self.view.console.print(Text(told, style="dim"), justify="right")


def chat(command: Command) -> int:
    """Open the conversation; the exit code. Without a terminal there is nobody to confirm, so nothing is opened."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print('No terminal here, so nobody can confirm. Use: opsmith ask "…" [--json].', file=sys.stderr)
        return 2
    settings = settings_file.load(command.project, command.settings_flags())
    session = Session(command.project, _thread(command), settings=settings, user=command.user, door="terminal")
    view = TerminalView()
    first_screen(session, view.console)
    from opsmith.agent.prompt import LinePrompt  # prompt_toolkit, which the first screen does not need

    prompt = LinePrompt(session)
    repl = Repl(session, view, prompt.short)
    session.warm()
    return loop(repl, prompt)


def loop(repl: Repl, prompt: Any) -> int:
    """Read and answer until the person leaves."""
    from opsmith.agent.commands import run_command

    greeted = False
    interrupted = False
    while not repl.leaving:
        try:
            text = prompt.line().strip()
            interrupted = False
            if not greeted:
                greeted = True
                _unfinished(repl)
            if text.startswith("/"):
                run_command(repl, text)
            elif text:
                repl.say(text)
        except KeyboardInterrupt:
            if interrupted:
                break
            interrupted = True
            repl.view.console.print(Text("Ctrl-C again, or /quit, to leave.", style="dim"))
        except EOFError:
            break
        except ToolError as error:
            repl.view.console.print(Text(safe(error), style="red"))
    repl.session.close()
    return 0


def _unfinished(repl: Repl) -> None:
    """Offer to finish a turn that a crash cut off, before anything new."""
    if repl.session.unfinished:
        answer = repl.ask_line("An earlier turn was cut off. Finish it first? [y/n] ").strip().casefold()
        if answer in ("y", "yes"):
            repl.turn(repl.session.resume())


def _thread(command: Command) -> str:
    if command.thread:
        return command.thread
    words = command.words
    database = command.project / ".opsmith" / "opsmith.db"
    if ("-c" in words or "--resume" in words) and database.exists():
        threads = _last_threads(database)
        if threads and "-c" in words:
            return threads[0][0]
        for n, (_, title) in enumerate(threads[:9], 1):
            print(f"{n}. {title}")
        chosen = input("continue which? ").strip() if threads else ""
        if chosen.isdigit() and 1 <= int(chosen) <= len(threads[:9]):
            return threads[int(chosen) - 1][0]
    from datetime import UTC, datetime

    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}"


def _last_threads(database: Path) -> list[tuple[str, str]]:
    import sqlite3

    connection = sqlite3.connect(database)
    try:
        return connection.execute("SELECT id, title FROM threads ORDER BY used DESC").fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()
