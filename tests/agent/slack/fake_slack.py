"""A small Slack on the loopback address: Web API over HTTP, files, Socket Mode over a websocket, and signed requests."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .payloads import problems

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOT, TEAM, APP = "UBOT", "T1", "A1"
TOKEN = "xoxb-test"


class FakeSlack:
    """Records every call; each must be one that the real Slack takes (`objections` stays empty)."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, str, dict[str, Any]]] = []
        self.objections: list[str] = []
        self.users: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.uploads: list[dict[str, Any]] = []
        self.errors: dict[str, list[dict[str, Any]]] = {}  # answers to give next, by method
        self.acks: dict[str, float] = {}
        self._upload_bytes: dict[str, bytes] = {}
        self._numbers = itertools.count(1)
        self._new = threading.Condition()
        self._socket: Any = None
        self.server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.api = f"{self.base}/api/"
        self._websocket: Any = None

    def close(self) -> None:
        if self._websocket is not None:
            self._websocket.shutdown()
        self.server.shutdown()
        self.server.server_close()

    def forget_socket(self) -> None:
        """The app has gone; wait for its next connection."""
        with self._new:
            self._socket = None

    # -- what the app called

    def called(self, method: str, **some: Any) -> list[dict[str, Any]]:
        """Calls of a method whose arguments hold these values."""
        with self._new:
            return [g for _, m, g in self.calls if m == method and all(g.get(k) == v for k, v in some.items())]

    def wait(self, holds: Callable[[], Any], seconds: float = 20.0) -> Any:
        """What `holds` gives once it is true; AssertionError when it stays false."""
        ends = time.monotonic() + seconds
        with self._new:
            while not (found := holds()):
                left = ends - time.monotonic()
                assert left > 0, f"it did not happen; called were {[m for _, m, _ in self.calls]}"
                self._new.wait(min(left, 0.5))
        return found

    def wait_for(self, method: str, count: int = 1, seconds: float = 20.0, **some: Any) -> list[dict[str, Any]]:
        """The calls of a method, once there are so many."""

        def enough() -> list[dict[str, Any]] | None:
            found = self.called(method, **some)
            return found if len(found) >= count else None

        found: list[dict[str, Any]] = self.wait(enough, seconds)
        return found

    def words(self, root: str, channel: str = "C1") -> str:
        """All that was said in a thread, streamed or posted."""
        said = []
        streams = set()
        with self._new:
            for _, method, given in self.calls:
                if method == "chat.startStream" and given.get("thread_ts") == root and given["channel"] == channel:
                    streams.add(given["_ts"])
                if (method == "chat.startStream" and given["_ts"] in streams) or given.get("ts") in streams:
                    said += [c["text"] for c in _list(given.get("chunks")) if c["type"] == "markdown_text"]
                if method == "chat.postMessage" and given.get("thread_ts") == root:
                    said.append(given["text"])
        return "".join(said)

    def tasks(self) -> dict[str, str]:
        """The last status of every task by its title."""
        with self._new:
            return {
                c["title"]: c["status"]
                for _, _, g in self.calls
                for c in _list(g.get("chunks"))
                if c["type"] == "task_update"
            }

    def answer(self, method: str, given: dict[str, Any], token: str) -> dict[str, Any]:
        """Answer one call of the Web API."""
        if self.errors.get(method):
            return self.errors[method].pop(0)
        if token not in (TOKEN, "xapp-test"):
            return {"ok": False, "error": "invalid_auth"}
        ts = self.stamp()
        with self._new:
            self.objections += problems(method, given)
            self.calls.append((time.monotonic(), method, {**given, "_ts": ts}))
            self._new.notify_all()
        if method == "auth.test":
            return {
                "ok": True,
                "user_id": BOT,
                "bot_id": "B1",
                "team_id": TEAM,
                "team": "t",
                "user": "opsmith",
                "url": "https://t.slack.com/",
            }
        if method == "users.info":
            user = {"id": given["user"], "team_id": TEAM, **self.users.get(given["user"], {})}
            return {"ok": True, "user": user}
        if method == "apps.connections.open":
            return {"ok": True, "url": self._open_socket()}
        if method == "files.getUploadURLExternal":
            name = f"F{next(self._numbers)}"
            return {"ok": True, "file_id": name, "upload_url": f"{self.base}/upload/{name}"}
        if method == "files.completeUploadExternal":
            done = _list(given["files"])
            with self._new:
                self.uploads += [
                    {
                        **f,
                        "content": self._upload_bytes.get(f["id"], b""),
                        "channel": given["channel_id"],
                        "thread_ts": given.get("thread_ts"),
                    }
                    for f in done
                ]
                self._new.notify_all()
            return {"ok": True, "files": done}
        channel = str(given.get("channel", ""))
        return {"ok": True, "ts": given.get("ts") or ts, "channel": "C0OPS" if channel.startswith("#") else channel}

    def stamp(self) -> str:
        """A new timestamp, as Slack names messages."""
        return f"{int(time.time())}.{next(self._numbers):06d}"

    # -- what Slack sends

    def event(self, event: Mapping[str, Any], *, event_id: str = "", team: str = TEAM) -> dict[str, Any]:
        """The envelope of an event."""
        return {
            "token": "t", "team_id": team, "api_app_id": APP, "type": "event_callback", "event": dict(event),
            "event_id": event_id or f"Ev{uuid.uuid4().hex[:10]}", "event_time": int(time.time()),
            "authorizations": [{"team_id": team, "user_id": BOT, "is_bot": True}],
        }  # fmt: skip

    def message(
        self,
        text: str,
        user: str = "U0ADA",
        *,
        channel: str = "C1",
        root: str = "",
        kind: str = "app_mention",
        **more: Any,
    ) -> tuple[str, dict[str, Any]]:
        """A person's message: its timestamp and the envelope."""
        ts = self.stamp()
        event = {
            "type": kind,
            "user": user,
            "text": text,
            "ts": ts,
            "channel": channel,
            "event_ts": ts,
            "team": TEAM,
            **more,
        }
        if kind == "message":
            event.setdefault("channel_type", "im" if channel.startswith("D") else "channel")
        if root:
            event["thread_ts"] = root
        return ts, self.event(event)

    def press(self, card: Mapping[str, Any], action: str, user: str, team: str = TEAM) -> dict[str, Any]:
        """A press on a button of a posted card; `card` is the chat.postMessage call."""
        found = [
            e
            for b in _list(card["blocks"])
            if b["type"] == "actions"
            for e in b["elements"]
            if e["action_id"] == action
        ]
        return self.press_value(card, action, found[0].get("value", ""), user, team)

    def press_value(
        self, card: Mapping[str, Any], action: str, value: str, user: str, team: str = TEAM
    ) -> dict[str, Any]:
        """The same with a value of one's own, as a forger would send it."""
        root = card.get("thread_ts") or card["_ts"]
        return {
            "type": "block_actions", "api_app_id": APP, "token": "t", "trigger_id": f"1.{uuid.uuid4().hex}",
            "team": {"id": team, "domain": "t"}, "user": {"id": user, "team_id": team}, "channel": {"id": card["channel"]},
            "container": {"type": "message", "message_ts": card["_ts"], "channel_id": card["channel"], "thread_ts": root},
            "message": {"ts": card["_ts"], "thread_ts": root, "type": "message", "user": BOT},
            "actions": [{"type": "button", "block_id": "b", "action_id": action, "value": value, "action_ts": self.stamp()}],
            "response_url": f"{self.base}/response",
        }  # fmt: skip

    def submit(self, view: Any, values: Mapping[str, str], user: str) -> dict[str, Any]:
        """A form sent off."""
        view = json.loads(view) if isinstance(view, str) else view
        state = {
            name: {"value": {"type": "plain_text_input", "value": values.get(name)}}
            for name in (b["block_id"] for b in view["blocks"])
        }
        for block in view["blocks"]:
            if block["block_id"] not in values:
                state[block["block_id"]]["value"]["value"] = block["element"].get("initial_value")
        return {
            "type": "view_submission", "api_app_id": APP, "token": "t",
            "team": {"id": TEAM}, "user": {"id": user, "team_id": TEAM},
            "view": {**view, "id": f"V{uuid.uuid4().hex[:8]}", "team_id": TEAM, "state": {"values": state}, "hash": "h"},
        }  # fmt: skip

    def send(
        self, url: str, payload: Mapping[str, Any], *, secret: str = SECRET, stamp: str = "", **headers: str
    ) -> tuple[int, str]:
        """POST one payload to the app's address, signed; status and body."""
        if payload.get("type") in ("block_actions", "view_submission"):
            body = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
            kind = "application/x-www-form-urlencoded"
        else:
            body, kind = json.dumps(payload).encode(), "application/json"
        at = stamp or str(int(time.time()))
        signed = hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        all_headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={signed}",
            **headers,
        }
        request = urllib.request.Request(url, body, all_headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def push(self, payload: Mapping[str, Any], retry: int = 0) -> str:
        """Send one payload down the websocket; waits for its acknowledgement and gives its id."""
        kind = {"block_actions": "interactive", "view_submission": "interactive"}.get(
            str(payload["type"]), "events_api"
        )
        envelope = {
            "type": kind,
            "envelope_id": uuid.uuid4().hex,
            "payload": dict(payload),
            "accepts_response_payload": kind == "interactive",
        }
        if retry:
            envelope |= {"retry_attempt": retry, "retry_reason": "timeout"}
        self.wait(lambda: self._socket is not None)
        self._socket.send(json.dumps(envelope))
        self.wait(lambda: envelope["envelope_id"] in self.acks)
        return str(envelope["envelope_id"])

    def _open_socket(self) -> str:
        from websockets.sync.server import serve

        def talk(socket: Any) -> None:
            socket.send(json.dumps({"type": "hello", "num_connections": 1, "connection_info": {"app_id": APP}}))
            with self._new:
                self._socket = socket
                self._new.notify_all()
            for message in socket:
                with self._new:
                    self.acks[json.loads(message).get("envelope_id", "")] = time.monotonic()
                    self._new.notify_all()

        if self._websocket is None:
            self._websocket = serve(talk, "127.0.0.1", 0)
            threading.Thread(target=self._websocket.serve_forever, daemon=True).start()
        return f"ws://127.0.0.1:{self._websocket.socket.getsockname()[1]}/link"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def _handler(slack: FakeSlack) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            name = self.path.rsplit("/", 1)[-1]
            if self.path == "/files/elsewhere":
                self.send_response(302)
                self.send_header("Location", f"{slack.base}/files/stolen")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if self.headers.get("Authorization") != f"Bearer {TOKEN}" or name not in slack.files:
                self._reply(b"<html>sign in</html>", "text/html")
                return
            self._reply(slack.files[name], "application/octet-stream")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path.startswith("/upload/"):
                slack._upload_bytes[self.path.rsplit("/", 1)[-1]] = body
                self._reply(b"OK", "text/plain")
                return
            kind = self.headers.get("Content-Type", "")
            if kind.startswith("application/json"):
                given = json.loads(body or b"{}")
            else:
                given = {k: v[0] for k, v in urllib.parse.parse_qs(body.decode()).items()}
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            answer = slack.answer(self.path.rsplit("/", 1)[-1], given, token)
            self._reply(
                json.dumps(answer).encode(), "application/json", 429 if answer.get("error") == "ratelimited" else 200
            )

        def _reply(self, body: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if status == 429:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _list(value: Any) -> list[Any]:
    return json.loads(value) if isinstance(value, str) else list(value or [])
