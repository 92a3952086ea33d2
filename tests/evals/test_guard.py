"""The network guard sees attempts, refuses them, and leaves what is local alone."""

from __future__ import annotations

import socket
import subprocess
import urllib.request

import pytest

from opsmith.evals.guard import NetworkRefused, no_network


def test_a_connection_is_refused_and_listed() -> None:
    with no_network() as attempts, socket.socket() as line, pytest.raises(NetworkRefused):
        line.connect(("192.0.2.1", 443))
    assert attempts == ["192.0.2.1:443"]


def test_names_and_urls_are_seen_too() -> None:
    with no_network() as attempts:
        with pytest.raises(OSError, match="network is off"):
            urllib.request.urlopen("http://example.com/")
        with pytest.raises(NetworkRefused):
            subprocess.run(["curl", "http://example.com"], check=False)
    assert attempts == ["example.com:80", "program curl"]


def test_local_sockets_and_allowed_hosts_pass() -> None:
    with socket.socket() as server, no_network(frozenset({"127.0.0.1"})) as attempts:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.socket() as line:
            line.connect(server.getsockname())
        one, other = socket.socketpair()
        one.close()
        other.close()
    assert attempts == []


def test_after_it_everything_is_as_before() -> None:
    with no_network():
        pass
    with socket.socket() as server, socket.socket() as line:
        server.bind(("127.0.0.1", 0))
        server.listen()
        line.connect(server.getsockname())
