"""The line that the person types on: history per project, completion, several lines, and a footer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from opsmith.agent.command_names import COMMANDS
from opsmith.tools.data import paths

if TYPE_CHECKING:
    from opsmith.agent.session import Session


class ProjectCompleter(Completer):
    """Commands after a slash; else names of files, columns, models, monitors and tools, whole or in part."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        text = document.text_before_cursor
        if text.startswith("/") and " " not in text:
            for name, meaning in COMMANDS.items():
                if name.startswith(text[1:]):
                    yield Completion(f"/{name}", start_position=-len(text), display_meta=meaning)
            return
        word = document.get_word_before_cursor(WORD=True)
        if len(word) < 2 and not complete_event.completion_requested:
            return
        wanted = word.casefold()
        for name, kind in self.names():
            if wanted in name.casefold():
                shown = f"'{name}'" if " " in name else name
                yield Completion(shown, start_position=-len(word), display=name, display_meta=kind)

    def names(self) -> Iterable[tuple[str, str]]:
        """Every name in the project with what it is."""
        project = self.session.project
        for name in paths.tables(project):
            yield name, "table"
        for folder, kind in (("models", "model"), ("monitors", "monitor")):
            for path in sorted((project / folder).glob("*")):
                yield path.stem if kind == "monitor" else path.name, kind
        for name in self._columns():
            yield name, "column"

    def _columns(self) -> list[str]:
        """Column names from the schema cache; empty until the engine has looked."""
        import json

        cache = self.session.project / ".opsmith" / "cache" / "schemas.json"
        try:
            read = json.loads(cache.read_text())
        except (OSError, ValueError):
            return []
        return sorted({c["name"] for entry in read.values() for c in entry["columns"]})


class LinePrompt:
    """Reads what the person types."""

    def __init__(self, session: Session) -> None:
        home = session.project / ".opsmith"
        home.mkdir(exist_ok=True)
        self._session = session
        self._long: PromptSession[str] = PromptSession(
            history=FileHistory(str(home / "history")),
            completer=ProjectCompleter(session),
            complete_while_typing=False,
            key_bindings=_bindings(),
            bottom_toolbar=self._toolbar,
            prompt_continuation="  ",
        )
        self._short: PromptSession[str] = PromptSession()

    def line(self) -> str:
        """A message; Alt-Enter or a line that ends in a backslash goes on, Enter sends."""
        return self._long.prompt("› ").replace("\\\n", "\n")

    def short(self, question: str) -> str:
        """A short answer, kept out of the history."""
        return self._short.prompt(question)

    def _toolbar(self) -> str:
        return f" {self._session.project.name} · {self._session.model} · every change is confirmed · /help"


def _bindings() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("enter")
    def _(event: KeyPressEvent) -> Any:
        buffer = event.current_buffer
        if buffer.text.endswith("\\"):
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    return keys
