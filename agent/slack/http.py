"""The HTTP mode: one address for events and buttons, refused at the door unless Slack signed it in the last five minutes."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

log = logging.getLogger(__name__)
LARGEST = 2_000_000  # bytes of a request
WINDOW_SECONDS = 300
RECORDED_A_MINUTE = 60  # refusals written down; a flood must not fill the disk


class HttpServer:
    """Serves a Bolt app at /slack/events, and /health.

    app: the Bolt app, which checks the signature over the raw body. refused: told why a request was turned away.
    """

    def __init__(self, app: Any, host: str, port: int, refused: Callable[[str, str], None]) -> None:
        self._app, self.host, self.port, self._refused = app, host, port, refused
        self._pool = ThreadPoolExecutor(16, thread_name_prefix="slack-http")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="slack-http", daemon=True)
        self._runner: Any = None
        self._recorded: list[float] = []

    def start(self) -> None:
        """Listen; `port` is the real one afterwards. OSError when the address is taken."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def close(self) -> None:
        """Answer what is under way and stop listening."""
        if self._runner is not None:
            asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._pool.shutdown(wait=True)

    async def _listen(self) -> None:
        from aiohttp import web

        site = web.Application(client_max_size=LARGEST)
        site.router.add_post("/slack/events", self._request)
        site.router.add_get("/health", self._health)
        self._runner = web.AppRunner(site, access_log=None, shutdown_timeout=3)
        await self._runner.setup()
        where = web.TCPSite(self._runner, self.host, self.port)
        await where.start()
        self.port = self._runner.addresses[0][1]

    async def _health(self, _: Any) -> Any:
        from aiohttp import web

        return web.json_response({"ok": True})

    async def _request(self, request: Any) -> Any:
        from aiohttp import web

        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        reason = stamp_refusal(stamp, time.time())
        if reason:
            self._record(reason, str(request.remote))
            return web.json_response({"error": "invalid request"}, status=401)
        body = (await request.read()).decode("utf-8", "replace")
        headers = {name: [value] for name, value in request.headers.items()}
        answer = await self._loop.run_in_executor(self._pool, self._dispatch, body, dict(request.query), headers)
        if answer.status == 401:
            self._record("the signature is not Slack's", str(request.remote))
        kind = answer.headers.get("content-type", ["text/plain"])[0].partition(";")[0]
        return web.Response(status=answer.status, text=answer.body or "", content_type=kind)

    def _dispatch(self, body: str, query: dict[str, str], headers: dict[str, Any]) -> Any:
        from slack_bolt import BoltRequest

        return self._app.dispatch(BoltRequest(body=body, query=query, headers=headers))

    def _record(self, reason: str, remote: str) -> None:
        present = time.monotonic()
        self._recorded = [t for t in self._recorded if present - t < 60]
        if len(self._recorded) < RECORDED_A_MINUTE:
            self._recorded.append(present)
            self._refused(reason, remote)


def stamp_refusal(stamp: str, present: float) -> str:
    """Why a request's timestamp is not accepted, or ''. present: epoch seconds.

    >>> stamp_refusal("soon", 0.0), stamp_refusal("100", 500.0), stamp_refusal("100", 300.0)
    ('the timestamp is not a number', 'the timestamp is older than five minutes', '')
    """
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return "the timestamp is not a number"
    if abs(present - int(stamp)) > WINDOW_SECONDS:
        return "the timestamp is older than five minutes"
    return ""
