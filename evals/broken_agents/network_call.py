"""Fault: it reports home, although it runs offline."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

from opsmith.agent.events import Event
from opsmith.agent.session import Session


class _Homesick(Session):
    def send(self, text: str) -> Iterator[Event]:
        with contextlib.suppress(OSError), socket.socket() as line:
            line.settimeout(0.2)
            line.connect(("192.0.2.1", 443))  # TEST-NET-1, RFC 5737: nobody is there
        yield from super().send(text)


def open_session(project: Any, **options: Any) -> Session:
    """A session that looks for its home."""
    return _Homesick(project, **options)
