"""What a request may cost: a size for its body, and a number of requests under way; more are refused at once.

A refusal is cheap and says when to come back, so an overloaded service stays quick for those it lets in.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from . import logs

Call = Callable[..., Awaitable[Any]]

# Of a body that is refused, so many times the allowed size are read and forgotten, for so long.
SWALLOWED = 16
SWALLOW_SECONDS = 5.0


class Limits:
    """ASGI middleware around the application: limits on POST, counts and optional log lines on everything."""

    def __init__(self, app: Call, *, most_bytes: int, most_under_way: int, access_log: bool, metrics: Any) -> None:
        self._app, self._most_bytes, self._most = app, most_bytes, most_under_way
        self._access_log, self._metrics = access_log, metrics
        self._under_way = 0

    async def __call__(self, scope: dict[str, Any], receive: Call, send: Call) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        if self._under_way >= self._most:
            await self._swallow(receive)
            await self._refuse(scope, send, 503, "too many requests are under way; try again in a second", retry=True)
            return
        length = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        if not length.isdigit() or int(length) > self._most_bytes:
            await self._swallow(receive)
            await self._refuse(scope, send, 413, f"the body is larger than {self._most_bytes:,} bytes; send fewer rows")
            return
        self._under_way += 1
        self._metrics.under_way.inc()
        began, status = time.perf_counter(), 500

        async def noted(message: dict[str, Any]) -> None:
            nonlocal status
            if body.too_large:  # the framework makes a 500 of it; the sender gets the refusal below
                return
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        body = Body(receive, self._most_bytes)
        try:
            # One turn of the event loop: requests that arrived together are all counted before the first is worked on.
            await asyncio.sleep(0)
            await self._app(scope, body.next_part, noted)
        except BodyTooLarge:
            if body.goes_on:
                await self._swallow(receive)
            await self._refuse(scope, send, 413, f"the body is larger than {self._most_bytes:,} bytes; send fewer rows")
            return
        finally:
            self._under_way -= 1
            self._metrics.under_way.dec()
        self._metrics.request(_known(scope["path"]), status)
        if self._access_log or status >= 500:
            logs.say("info" if status < 500 else "error", "request", path=scope["path"], status=status,
                     milliseconds=round(1000 * (time.perf_counter() - began), 2))  # fmt: skip

    async def _swallow(self, receive: Call) -> None:
        """Read and forget what a refused sender still sends, within bounds.

        Who is cut off in mid-upload sees a broken connection instead of the answer that says what to change.
        """
        left = SWALLOWED * self._most_bytes
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SWALLOW_SECONDS):
                while left > 0:
                    message: Any = await receive()
                    left -= len(message.get("body", b""))
                    if not message.get("more_body"):
                        return

    async def _refuse(self, scope: dict[str, Any], send: Call, status: int, told: str, retry: bool = False) -> None:
        self._metrics.request(_known(scope["path"]), status)
        body = json.dumps({"error": told}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if retry:
            headers.append((b"retry-after", b"1"))
        if status == 413:
            headers.append((b"connection", b"close"))  # what is left of the body is not read
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Body:
    """The body as it comes in, counted; too large also when nobody said so ahead."""

    def __init__(self, receive: Call, most_bytes: int) -> None:
        self._receive, self._left = receive, most_bytes
        self.goes_on = True

    @property
    def too_large(self) -> bool:
        """More came than is allowed."""
        return self._left < 0

    async def next_part(self) -> Any:
        """The next message of the server; raises BodyTooLarge."""
        message: Any = await self._receive()
        self._left -= len(message.get("body", b""))
        self.goes_on = bool(message.get("more_body"))
        if self.too_large:
            raise BodyTooLarge
        return message


class BodyTooLarge(Exception):
    """More bytes came than are allowed."""


def _known(path: str) -> str:
    """The path as a label; strange ones share one, so that nobody can fill the metrics with names."""
    if path in ("/predict", "/outcomes"):
        return path
    return "/v2/infer" if path.endswith("/infer") else "other"
