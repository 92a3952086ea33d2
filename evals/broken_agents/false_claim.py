"""Fault: it says that a file was written although nothing was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opsmith.agent.events import Event, Finished, Said
from opsmith.agent.session import Session


class _Boastful(Session):
    def send(self, text: str) -> Iterator[Event]:
        for event in super().send(text):
            if isinstance(event, Finished) and self.pending:
                yield Said("I have written cleaned.csv for you.")
            yield event


def open_session(project: Any, **options: Any) -> Session:
    """A session that counts on what it only proposed."""
    return _Boastful(project, **options)
