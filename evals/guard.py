"""Watch the network while a case is played: every attempt is written down, and refused unless it is allowed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_EVENTS = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}
_NETWORK_PROGRAMS = {"curl", "wget", "nc", "ncat", "ssh", "scp", "sftp", "ftp", "telnet", "git", "pip", "npm"}


class NetworkRefused(OSError):
    """Raised where code under evaluation reaches for the network in offline mode."""


class _Watch:
    installed = False
    attempts: list[str] | None = None
    allowed: frozenset[str] = frozenset()


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if _Watch.attempts is None:
        return
    if event == "subprocess.Popen":
        program = str(arguments[0]).rsplit("/", 1)[-1]
        if program in _NETWORK_PROGRAMS:
            _Watch.attempts.append(f"program {program}")
            raise NetworkRefused(f"{program} reaches for the network, which is off in this evaluation")
        return
    if event not in _EVENTS:
        return
    address = _address(event, arguments)
    if address is None or address.rsplit(":", 1)[0] in _Watch.allowed or address in _Watch.allowed:
        return
    _Watch.attempts.append(address)
    raise NetworkRefused(f"{address} was reached for, but the network is off in this evaluation")


def _address(event: str, arguments: tuple[Any, ...]) -> str | None:
    """host:port of an audit event; None for local sockets and names that are no network."""
    if event.startswith("socket.get"):
        host = arguments[0]
        port = arguments[1] if len(arguments) > 1 else ""
        if not host:
            return None  # the machine's own addresses
        name = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
        return f"{name}:{port if port is not None else ''}"
    where = arguments[1] if len(arguments) > 1 else None
    if isinstance(where, tuple) and where:
        return f"{where[0]}:{where[1]}"
    return None  # a path of a Unix socket


@contextmanager
def no_network(allowed: frozenset[str] = frozenset()) -> Iterator[list[str]]:
    """Inside, reaching for a host fails and is listed; `allowed` names hosts, or host:port, that may be reached.

    The list may be emptied turn by turn. Python's own sockets and started programs are seen; a C++ library that
    opens sockets by itself is not.
    """
    if not _Watch.installed:
        sys.addaudithook(_heard)
        _Watch.installed = True
    before = _Watch.attempts, _Watch.allowed
    _Watch.attempts, _Watch.allowed = [], allowed
    try:
        yield _Watch.attempts
    finally:
        _Watch.attempts, _Watch.allowed = before
