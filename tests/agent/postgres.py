"""A PostgreSQL server of one's own for a test session: Debian's package, a temporary folder, the loopback address."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def binaries() -> Path | None:
    """Where initdb and pg_ctl lie; None when PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    other = shutil.which("initdb")
    return Path(other).parent if other else None


@contextmanager
def server() -> Iterator[str]:
    """A running server; the address of its database `postgres`. Skips the test where PostgreSQL is missing."""
    where = binaries()
    if where is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    pytest.importorskip("psycopg")
    home = Path(tempfile.mkdtemp(prefix="opsmith-pg-"))
    before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if before:
        shutil.chown(home, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = home / "data"

    def run(*words: str) -> None:
        subprocess.run(
            [*before, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home, timeout=120
        )

    run(str(where / "initdb"), "-D", str(data), "-U", "opsmith", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c fsync=off"
    run(str(where / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(home / "log"), "-w", "start")
    try:
        yield f"postgresql://opsmith@127.0.0.1:{port}/postgres"
    finally:
        run(str(where / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)


def fresh(url: str) -> str:
    """The address of a new empty database on the server."""
    import psycopg

    name = f"t{uuid.uuid4().hex[:10]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return url.rsplit("/", 1)[0] + f"/{name}"


def wait_until(holds: object, seconds: float = 10.0) -> None:
    """Return once `holds()` is true."""
    ends = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < ends
        time.sleep(0.02)


def free_ports() -> tuple[int, int]:
    """Two free ports of the loopback address."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]
