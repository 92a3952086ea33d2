"""Requests at a fixed rate, whatever the server does: an open loop on the loopback address, in a process of its own.

`python -m opsmith.agent.effects.open_loop < job.json` sends and prints one JSON object. Arrivals are drawn ahead (Poisson,
by a seed) and latency counts from the moment a request was due, so a slow server cannot slow the test down and look
quick (coordinated omission). Bounded: at most `connections` sockets, `seconds` of sending and `patience` of waiting.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

PATIENCE = 5.0  # seconds that answers may take after the last request was sent


@dataclass(frozen=True)
class Shot:
    """What came back at one rate. Latencies in milliseconds, of answers with status 200."""

    sent: int
    answered: int
    refused: int
    errors: int
    seconds: float
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    late_ms: float  # 95th percentile of how late requests were sent: the machine's disturbance, not the server's


class _Connection(asyncio.Protocol):
    """One kept-alive connection; `ask` sends ready bytes and resolves with the status."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[int] | None = None
        self._transport: Any = None
        self.open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if self._answer and not self._answer.done():
            self._answer.set_result(0)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, split, body = self._buffer.partition(b"\r\n\r\n")
        if not split or self._answer is None or self._answer.done():
            return
        low = head.lower()
        at = low.find(b"content-length:")
        if at >= 0:
            done = len(body) >= int(low[at + 15 :].split(b"\r\n", 1)[0])
        else:
            done = body.endswith(b"0\r\n\r\n")
        if done:
            self._buffer = b""
            self._answer.set_result(int(head[9:12]))

    def close(self) -> None:
        """Give the socket back."""
        self._transport.close()

    async def ask(self, request: bytes) -> int:
        """The status of the answer; 0 when the connection broke."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer


async def shoot(
    port: int, path: str, bodies: list[bytes], rate: float, seconds: float, *, connections: int = 128, seed: int = 0
) -> Shot:
    """Send `bodies` in turn at `rate` a second for `seconds` to 127.0.0.1:`port`, and wait for the answers."""
    loop, draw = asyncio.get_running_loop(), random.Random(seed)
    requests = [_request(path, body) for body in bodies]
    idle: list[_Connection] = []
    room = asyncio.Semaphore(connections)
    latencies: list[float] = []
    lateness: list[float] = []
    counts = {"refused": 0, "errors": 0}

    async def one(request: bytes, due: float) -> None:
        lateness.append(1000 * (loop.time() - due))
        async with room:
            connection = None
            while idle and connection is None:
                candidate = idle.pop()
                connection = candidate if candidate.open else None
            try:
                if connection is None:
                    _, connection = await loop.create_connection(_Connection, "127.0.0.1", port)
                status = await connection.ask(request)
            except OSError:
                status = 0
        if status == 200:
            latencies.append(1000 * (loop.time() - due))
        else:
            counts["refused" if status == 503 else "errors"] += 1
        if connection is not None and connection.open:
            idle.append(connection)

    tasks: list[asyncio.Task[None]] = []
    began = due = loop.time()
    while due < began + seconds:
        wait = due - loop.time()
        if wait > 0.0005:
            await asyncio.sleep(wait)
        elif len(tasks) % 16 == 0:
            await asyncio.sleep(0)  # behind schedule: still let answers in
        tasks.append(loop.create_task(one(requests[len(tasks) % len(requests)], due)))
        due += draw.expovariate(rate)
    elapsed = loop.time() - began
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=PATIENCE)
        for task in late:
            task.cancel()
        counts["errors"] += len(late)
    for connection in idle:
        connection.close()
    half, most, nearly_all = (_quantile(latencies, q) for q in (0.5, 0.95, 0.99))
    mean = sum(latencies) / len(latencies) if latencies else 0.0
    late_ms = _quantile(lateness, 0.95)
    return Shot(
        len(tasks), len(latencies), counts["refused"], counts["errors"], elapsed, mean, half, most, nearly_all, late_ms
    )


def _quantile(values: list[float], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else 0.0


def _request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def main() -> None:
    """Read the job from standard input, print the outcome."""
    job = json.load(sys.stdin)
    bodies = [b.encode() for b in job.pop("bodies")]
    began = time.process_time()
    shot = asyncio.run(shoot(bodies=bodies, **job))
    sys.stdout.write(json.dumps(asdict(shot) | {"own_cpu_seconds": time.process_time() - began}))


if __name__ == "__main__":
    main()
