"""The main loop in two minutes on a copy: profile, train, predict, drift; every change still confirmed by the person."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from opsmith.tools.contract import ToolError
from opsmith.tools.data import paths

if TYPE_CHECKING:
    from opsmith.agent.arguments import Command
    from opsmith.agent.session import Session
    from opsmith.agent.terminal_view import TerminalView


def steps(table: str, target: str) -> list[str]:
    """The sentences of the tour for a table and a target column."""
    return [
        f"profile {table}, the target is {target}",
        f"suggest cleaning for {table}, just show me",
        f"train a model for {target} on {table}",
        "what is PSI?",
        f"has {table} drifted from {table}?",
    ]


def tour(session: Session, view: TerminalView) -> None:
    """Play the tour on a copy of the first small table of the project; proposals are approved in the copy only."""
    from opsmith.agent.first_screen import header, target_of
    from opsmith.agent.session import Decision
    from opsmith.agent.session import Session as NewSession

    tables = [
        t
        for t in paths.tables(session.project)
        if (session.project / t).stat().st_size < 5_000_000 and header(session.project / t)
    ]
    if not tables:
        raise ToolError("The tour needs a CSV file under 5 MB in this folder.")
    columns = header(session.project / tables[0])
    target = target_of(columns) or columns[-1]
    with tempfile.TemporaryDirectory(prefix="opsmith-tour-") as folder:
        name = Path(tables[0]).name
        shutil.copyfile(session.project / tables[0], Path(folder) / name)
        copy = NewSession(folder, "tour", user=session.user, door="terminal")
        for sentence in steps(name, target):
            view.console.print(Text(f"› {sentence}", style="bold cyan"))
            for event in copy.send(sentence):
                view.show(event)
            waiting = copy.pending
            if waiting:
                view.console.print(Text("› yes (in the copy)", style="bold cyan"))
                for event in copy.decide([Decision(p.id, p.digest, "yes", session.user, "terminal") for p in waiting]):
                    view.show(event)
        copy.close()
    view.console.print(Text("That was a copy; your folder is as it was.", style="dim"))


def command(command: Command) -> int:
    """`opsmith demo`: the tour without a conversation."""
    from opsmith.agent.once import open_session
    from opsmith.agent.terminal_view import TerminalView

    tour(open_session(command), TerminalView())
    return 0
