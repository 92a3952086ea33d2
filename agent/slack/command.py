"""`opsmith slack`: open the door in Socket Mode or HTTP mode and stay until stopped."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from opsmith.agent import settings as settings_file
from opsmith.agent.slack.people import People
from opsmith.agent.slack.queue import Queue
from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    from opsmith.agent.arguments import Command
    from opsmith.agent.settings import Settings
    from opsmith.agent.slack.door import Door

log = logging.getLogger(__name__)


def command(given: Command) -> int:
    """Run until SIGINT or SIGTERM; the exit code. ToolError when a token is missing or Slack refuses it.

    Words: --mode socket|http, --port N, and `manifest` to print the app manifest (with --mode).
    """
    flags = _flags(given.words)
    settings = settings_file.load(given.project, {**given.settings_flags(), **flags})
    if "manifest" in given.words:
        from opsmith.agent.slack.manifest import manifest_text

        print(manifest_text(str(settings["slack.mode"])), end="")
        return 0
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    sys.setswitchinterval(0.001)  # an acknowledgement must not wait long behind turns that compute
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    running = open_door(settings, os.environ)
    print(f"Opsmith is in Slack ({running.told}), working in {settings.project}. Ctrl-C ends it.", flush=True)
    if not settings["slack.approvers"]:
        print("Nobody may approve in Slack yet: list people under slack.approvers in opsmith.toml.", flush=True)
    stop.wait()
    print("Stopping; what runs is finished first.", flush=True)
    running.close()
    return 0


class Running:
    """An open door. told: where it is open. close: ends it."""

    def __init__(self, door: Door, told: str, ends: Callable[[], None], port: int = 0) -> None:
        self.door, self.told, self.port = door, told, port
        self._ends: Callable[[], None] | None = ends

    def close(self) -> None:
        """Take nothing more in, finish what runs. A second call does nothing."""
        ends, self._ends = self._ends, None
        if ends is not None:
            ends()
            self.door.close()


def open_door(settings: Settings, environ: Mapping[str, str], planner: Any = None) -> Running:
    """Connect to Slack as the settings say; returns at once. environ: SLACK_BOT_TOKEN, SLACK_APP_TOKEN or
    SLACK_SIGNING_SECRET, and SLACK_API_URL for another address of the Web API (tests). planner: as in Session."""
    mode = str(settings["slack.mode"])
    if mode not in ("socket", "http"):
        raise ToolError(f"slack.mode is {mode!r}; it takes socket or http.")
    token = _secret(environ, "SLACK_BOT_TOKEN", "xoxb-…, from OAuth & Permissions")
    if mode == "socket":
        second = _secret(environ, "SLACK_APP_TOKEN", "xapp-…, an app-level token with connections:write")
    else:
        second = _secret(environ, "SLACK_SIGNING_SECRET", "from Basic Information")
    client = make_client(token, environ.get("SLACK_API_URL", ""))
    me = _who_am_i(client)
    from opsmith.agent.slack.door import Door
    from opsmith.agent.slack.stream import Pace
    from opsmith.agent.slack.turn import World

    world = World(
        settings.project, settings, client, People(settings.flat(), me["team_id"], _directory(client)), Pace(),
        bot=me["user_id"], token=token, api=client.base_url, planner=planner,
    )  # fmt: skip
    door = Door(world, lambda: Queue(settings.project, str(settings["store.url"])))
    door.workers.start()
    if mode == "socket":
        return _socket(door, second)
    return _http(door, second, str(settings["slack.host"]), int(settings["slack.port"]))


def make_client(token: str, api: str = "") -> Any:
    """A Web API client that waits when Slack says so, and tries again when the line broke."""
    try:
        from slack_sdk import WebClient
        from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler, ServerErrorRetryHandler
    except ImportError:
        raise ToolError("Slack needs its extra: pip install 'opsmith[slack]'.") from None
    client = WebClient(token, base_url=api or WebClient.BASE_URL, timeout=30)
    client.retry_handlers += [RateLimitErrorRetryHandler(max_retry_count=3), ServerErrorRetryHandler(max_retry_count=1)]
    return client


def _socket(door: Door, app_token: str) -> Running:
    from slack_bolt.adapter.socket_mode import SocketModeHandler

    handler = SocketModeHandler(door.app(), app_token, web_client=door.world.client)
    handler.connect()
    return Running(door, "Socket Mode", handler.close)


def _http(door: Door, signing_secret: str, host: str, port: int) -> Running:
    from opsmith.agent.slack.http import HttpServer

    server = HttpServer(
        door.app(signing_secret), host, port, lambda reason, remote: door.refused(reason, remote=remote)
    )
    try:
        server.start()
    except OSError as error:
        raise ToolError(f"{host}:{port} cannot be listened on: {error.strerror or error}. Set slack.port.") from None
    return Running(door, f"http://{host}:{server.port}/slack/events", server.close, server.port)


def _who_am_i(client: Any) -> dict[str, str]:
    from slack_sdk.errors import SlackApiError

    try:
        me = client.auth_test()
    except SlackApiError as error:
        raise ToolError(
            f"Slack refused SLACK_BOT_TOKEN: {error.response.get('error')}. Install the app anew."
        ) from None
    except OSError as error:
        raise ToolError(f"Slack could not be reached at {client.base_url}: {error}.") from None
    return {"user_id": str(me["user_id"]), "team_id": str(me["team_id"])}


def _directory(client: Any) -> Callable[[str], Mapping[str, Any]]:
    def look_up(user: str) -> Mapping[str, Any]:
        from slack_sdk.errors import SlackApiError

        try:
            found: Mapping[str, Any] = client.users_info(user=user)["user"]
            return found
        except (SlackApiError, OSError) as error:
            log.info("users.info failed: %s", type(error).__name__)
            return {}

    return look_up


def _secret(environ: Mapping[str, str], name: str, where: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise ToolError(f"Set {name} ({where}). docs/SLACK.md shows it step by step.")
    return value


def _flags(words: list[str]) -> dict[str, Any]:
    """--mode and --port of the words, as settings."""
    known = {"--mode": "slack.mode", "--port": "slack.port"}
    flags: dict[str, Any] = {}
    left = list(words)
    while left:
        name, equals, value = left.pop(0).partition("=")
        if name == "manifest":
            continue
        if name not in known or not (equals or left):
            raise ToolError(f"opsmith slack takes --mode socket|http, --port N or manifest, not {name!r}.")
        flags[known[name]] = value if equals else left.pop(0)
    return flags
