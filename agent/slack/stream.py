"""One answer that grows while the work goes on: tool steps as tasks, words as markdown, never more than a call a second."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsmith.agent.slack.view import MARKDOWN, cut

log = logging.getLogger(__name__)
EVERY_SECONDS = 1.0
_HOPELESS = {
    "account_inactive", "channel_not_found", "invalid_auth", "is_archived", "not_authed", "not_in_channel",
    "team_access_not_granted", "token_expired", "token_revoked",
}  # fmt: skip


@dataclass(frozen=True)
class Where:
    """A thread in Slack, and for whom it is answered. direct: a conversation with the bot alone."""

    team: str
    channel: str
    root: str
    user: str = ""

    @property
    def thread(self) -> str:
        """Opsmith's name of the thread."""
        return f"slack-{self.team}-{self.channel}-{self.root}"


class Pace:
    """At most one new message a second in a channel, as Slack asks; shared by all turns of a worker."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = EVERY_SECONDS if seconds is None else seconds
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, channel: str) -> None:
        """Return when a message may be posted in the channel; who asks first is first."""
        with self._lock:
            present = time.monotonic()
            at = max(present, self._next.get(channel, 0.0))
            self._next[channel] = at + self.seconds
            if len(self._next) > 2000:
                self._next = {c: t for c, t in self._next.items() if t > present}
        if at > present:
            time.sleep(at - present)


class Stream:
    """A streamed reply. Falls back to one ordinary message where streaming is not to be had or was stopped by Slack.

    client: a WebClient. where: the thread it answers. pace: shared by the worker.
    """

    def __init__(self, client: Any, where: Where, pace: Pace) -> None:
        self._client, self._where, self._pace = client, where, pace
        self._slack: Any = None
        self._waiting: list[dict[str, Any]] = []
        self._last = 0.0
        self._broken = False
        self.whole = ""  # all words so far
        self._sent = 0  # letters of them that went into the stream
        self.ts = ""  # the message, once it is there

    def text(self, words: str) -> None:
        """Add words; what does not fit into one message is kept in `whole` for a file."""
        self.whole += words
        room = MARKDOWN - self._sent
        if words and room > 0:
            piece = words[:room]
            self._sent += len(piece)
            if self._waiting and self._waiting[-1]["type"] == "markdown_text":
                self._waiting[-1]["text"] += piece
            else:
                self._waiting.append({"type": "markdown_text", "text": piece})
        self._flush_if_due()

    def task(self, task: str, title: str, status: str, details: str = "", output: str = "") -> None:
        """Show or update a step: status is in_progress, complete or error."""
        chunk = {"type": "task_update", "id": task, "title": cut(title, 250), "status": status}
        if details:
            chunk["details"] = cut(details, 250)
        if output:
            chunk["output"] = cut(output, 250)
        for known in self._waiting:
            if known["type"] == "task_update" and known["id"] == task:
                known.update(chunk)
                break
        else:
            self._waiting.append(chunk)
        self._flush_if_due()

    @property
    def too_long(self) -> bool:
        """Whether some words did not fit into the message."""
        return len(self.whole) > self._sent

    def finish(self, blocks: Sequence[Mapping[str, Any]] = (), status: str = "active") -> None:
        """End the reply with its blocks and the session's status. Raises SlackApiError when the thread is out of reach."""
        from slack_sdk.errors import SlackApiError, SlackRequestError

        if not self._broken:
            try:
                self._start()
                answer = self._slack.stop(
                    chunks=self._take() or None, blocks=list(blocks) or None, session_status=status
                )
                self.ts = str(answer.get("ts") or self.ts)
                return
            except SlackApiError as error:
                self._stumbled(error)
            except SlackRequestError:
                self._broken = True
        self._post_whole(blocks)

    def _flush_if_due(self) -> None:
        if self._broken or time.monotonic() - self._last < EVERY_SECONDS or not self._waiting:
            return
        from slack_sdk.errors import SlackApiError

        try:
            self._start()
            self._slack.append(chunks=self._take())
            self.ts = self._slack.ts or self.ts
        except SlackApiError as error:
            self._stumbled(error)
        self._last = time.monotonic()

    def _start(self) -> None:
        if self._slack is None:
            self._pace.wait(self._where.channel)
            self._slack = self._client.chat_stream(
                channel=self._where.channel,
                thread_ts=self._where.root,
                recipient_team_id=self._where.team,
                recipient_user_id=self._where.user or None,
                task_display_mode="timeline",
            )

    def _take(self) -> list[dict[str, Any]]:
        taken, self._waiting = self._waiting, []
        return taken

    def _stumbled(self, error: Any) -> None:
        reason = str(error.response.get("error", "")) if error.response is not None else ""
        if reason in _HOPELESS:
            raise error
        log.info("streaming ended early (%s); the answer follows as one message", reason)
        self._broken = True

    def _post_whole(self, blocks: Sequence[Mapping[str, Any]]) -> None:
        words = cut(self.whole, MARKDOWN) or "Done."
        self._pace.wait(self._where.channel)
        answer = self._client.chat_postMessage(
            channel=self._where.channel, thread_ts=self._where.root, text=cut(words, 3000), unfurl_links=False,
            blocks=[{"type": "markdown", "text": words}, *blocks],
        )  # fmt: skip
        self.ts = str(answer["ts"])
