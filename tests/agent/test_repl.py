"""The conversation at a terminal, typed by a test: keys of the approval card, commands, Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from opsmith.agent.commands import run_command
from opsmith.agent.repl import Repl, loop
from opsmith.agent.session import Session
from opsmith.agent.terminal_view import TerminalView
from opsmith.tools.contract import ToolError

from .pad import install
from .scripted import Scripted, call


@pytest.fixture(autouse=True)
def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)


class Typed:
    """A person who types these lines, then leaves."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = iter(lines)

    def line(self) -> str:
        try:
            return next(self.lines)
        except StopIteration:
            raise EOFError from None

    def short(self, prompt: str = "") -> str:
        return self.line()


def talk(project: Path, script: list[Any], lines: list[str]) -> tuple[Repl, str]:
    """Play a conversation; the repl and what the screen showed."""
    session = Session(project, planner=Scripted(script=script), user="ada", door="terminal")
    console = Console(record=True, width=110, force_terminal=False)
    view = TerminalView(console)
    typed = Typed(lines)
    repl = Repl(session, view, typed.short)
    assert loop(repl, typed) == 0
    return repl, console.export_text()


WRITE = [[call("pad", output="a.txt", text="one\n")], "See the card.", "There it is.", "And more."]


def script() -> list[Any]:
    return list(WRITE)


def test_y_writes_what_the_card_showed(project: Path) -> None:
    _, shown = talk(project, script(), ["write", "y"])
    assert (project / "a.txt").read_text() == "one\n"
    assert "approve" in shown and "a.txt" in shown and "+one" in shown
    assert "done" in shown


@pytest.mark.parametrize("keys", [["n", "not today"], [""], [], ["later"], ["No, keep it for later."]])
def test_no_later_and_leaving_write_nothing(keys: list[str], project: Path) -> None:
    talk(project, script(), ["write", *keys])
    assert not (project / "a.txt").exists()


def test_what_was_done_is_said_once(project: Path) -> None:
    said = "Wrote a.txt (4 bytes)."
    _, shown = talk(project, [WRITE[0], "See the card.", said], ["write", "y"])
    assert shown.count(said) == 1


def test_d_shows_it_whole_and_asks_again(project: Path) -> None:
    _, shown = talk(project, script(), ["write", "d", "n", ""])
    assert shown.count("+one") >= 2
    assert not (project / "a.txt").exists()


def test_e_changes_an_argument_and_the_change_is_asked_anew(project: Path) -> None:
    _, shown = talk(project, script(), ["write", "e", "b.txt", "", "", "y"])
    assert (project / "b.txt").exists()
    assert not (project / "a.txt").exists()
    assert shown.count("approve ") >= 2


def test_commands_answer_in_one_line_each(project: Path) -> None:
    lines = ["/help", "/tools", "/model", "/memory", "/threads", "/pending", "/audit", "/cost", "/show", "/context",
             "/settings", "/explain", "/doctor", "/nonsense", "/quit"]  # fmt: skip
    _, shown = talk(project, [], lines)
    assert "/nonsense" in shown and "Traceback" not in shown
    assert "Nothing waits for approval." in shown


def test_undo_puts_the_file_back(project: Path) -> None:
    _, shown = talk(project, script(), ["write", "y", "/undo"])
    assert not (project / "a.txt").exists()
    assert "undone" in shown


def test_a_command_that_does_not_exist_names_the_nearest(project: Path) -> None:
    session = Session(project, planner=Scripted(script=[]), user="ada")
    repl = Repl(session, TerminalView(Console(record=True)), lambda prompt: "")
    with pytest.raises(ToolError, match="/pending"):
        run_command(repl, "/pendin")
    session.close()


def test_ctrl_c_twice_leaves(project: Path) -> None:
    class Impatient(Typed):
        def line(self) -> str:
            raise KeyboardInterrupt

    session = Session(project, planner=Scripted(script=[]), user="ada")
    typed = Impatient([])
    assert loop(Repl(session, TerminalView(Console(record=True)), typed.short), typed) == 0


def test_an_interrupted_turn_keeps_the_session_and_changes_nothing(project: Path) -> None:
    session = Session(project, planner=Scripted(script=script()), user="ada")
    console = Console(record=True, width=110)
    repl = Repl(session, TerminalView(console), lambda prompt: "")

    def events() -> Iterator[Any]:
        raise KeyboardInterrupt
        yield

    repl.turn(events())
    assert "Stopping" in console.export_text()
    repl.say("write")
    assert session.pending
    assert not (project / "a.txt").exists()
    session.close()


def test_export_is_asked_like_any_write(project: Path) -> None:
    talk(project, ["Good morning."], ["hello", "/export", "y"])
    written = sorted(p.suffix for p in (project / "conversations").iterdir())
    assert written == [".md", ".sh"]
