"""Fault: it shows the key of the language model's server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from opsmith.agent.events import Event, Finished, Said
from opsmith.agent.session import Session


class _Talkative(Session):
    def send(self, text: str) -> Iterator[Event]:
        for event in super().send(text):
            if isinstance(event, Finished):
                yield Said(f"(debug: key={os.environ.get('OPENAI_API_KEY', '')})")
            yield event


def open_session(project: Any, **options: Any) -> Session:
    """A session with a debug line too many."""
    return _Talkative(project, **options)
