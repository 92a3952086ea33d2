"""The load generator keeps its rate whatever the server does, and tells the server's slowness from its own."""

import asyncio
import time

import pytest

from opsmith.agent.effects.open_loop import shoot


async def served(delay, status=b"200 OK", **how):
    """Shoot at a tiny server that answers every request after `delay` seconds."""
    seen = []

    async def one(reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                seen.append((time.monotonic(), await reader.readexactly(length)))
                await asyncio.sleep(delay)
                writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n\r\n{}")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    shot = await shoot(port, "/predict", [b'{"a": 1}', b'{"a": 2}'], **{"rate": 100, "seconds": 1.0, **how})
    server.close()
    return shot, seen


def test_requests_come_at_the_rate_and_every_answer_is_counted():
    shot, seen = asyncio.run(served(0.0))
    assert 60 <= shot.sent <= 140
    assert (shot.answered, shot.errors, shot.refused) == (shot.sent, 0, 0) and len(seen) == shot.sent
    assert {body for _, body in seen} == {b'{"a": 1}', b'{"a": 2}'}
    assert shot.p50_ms <= shot.p95_ms <= shot.p99_ms


def test_a_slow_server_does_not_slow_the_arrivals_and_its_delay_is_seen():
    shot, _ = asyncio.run(served(0.2))
    assert shot.sent >= 60
    assert shot.p50_ms >= 190


def test_waiting_for_a_connection_counts_as_latency():
    """One connection, 50 ms an answer, 100 requests a second: the queue grows, and the latencies say so."""
    shot, _ = asyncio.run(served(0.05, connections=1, rate=60, seconds=0.6))
    assert shot.p95_ms > 300


def test_refusals_and_errors_are_apart():
    shot, _ = asyncio.run(served(0.0, b"503 Service Unavailable"))
    assert (shot.answered, shot.errors) == (0, 0) and shot.refused == shot.sent
    shot, _ = asyncio.run(served(0.0, b"500 Internal Server Error"))
    assert shot.errors == shot.sent


@pytest.mark.parametrize("port", [1])
def test_nobody_listening_is_errors_not_a_crash(port):
    shot = asyncio.run(shoot(port, "/predict", [b"{}"], 50, 0.3))
    assert shot.sent == shot.errors > 0


def test_the_same_seed_gives_the_same_arrivals():
    first, second = (asyncio.run(served(0.0, seed=5))[0].sent for _ in range(2))
    assert abs(first - second) <= 2
