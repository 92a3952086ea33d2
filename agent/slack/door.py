"""What Slack sends, turned into jobs: checked, written down, acknowledged. The same for Socket Mode and HTTP."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from opsmith.agent.arguments import tool_arguments
from opsmith.agent.slack import cards, starters, turn
from opsmith.agent.slack.queue import Job, Queue
from opsmith.agent.slack.show import refresh_cards
from opsmith.agent.slack.stream import Where
from opsmith.agent.slack.view import cut, escaped
from opsmith.agent.slack.workers import Workers
from opsmith.tools import registry
from opsmith.tools.contract import ToolError

log = logging.getLogger(__name__)
SORRY = "Something failed inside Opsmith; it is in .opsmith/errors.log. Nothing half done stays."


class Door:
    """One worker's door to Slack. world: what turns need. queue: this door's own connection to the store."""

    def __init__(self, world: turn.World, make_queue: Any) -> None:
        self.world = world
        self.queue: Queue = make_queue()
        self.workers = Workers(
            make_queue,
            lambda queue, job, running: turn.carry_out(world, queue, job, running),
            failed=self._failed,
            tidy=self._tidy,
            turns=world.settings["slack.turns"],
        )
        self._aside = ThreadPoolExecutor(
            2, thread_name_prefix="slack-aside"
        )  # notices and prompts: nobody waits for them

    def app(self, signing_secret: str = "") -> Any:
        """The Bolt app with all listeners."""
        from slack_bolt import App

        app = App(
            client=self.world.client, signing_secret=signing_secret or "socket-mode",
            token_verification_enabled=False, raise_error_for_unhandled_request=False, logger=log,
        )  # fmt: skip
        app.middleware(self._events)
        for action in ("approve", "reject", "edit", "ask"):
            app.action(action)(self._pressed)
        app.action("feedback")(self._feedback)
        app.action(re.compile(r"^choice-\d+$"))(self._chosen)
        for form in ("reject_form", "edit_form", "ask_form"):
            app.view(form)(self._submitted)
        return app

    def close(self) -> None:
        """Finish what runs; what was taken in stays in the queue for the next start."""
        self.workers.close()
        self._aside.shutdown(wait=True)
        self.queue.close()

    # -- events

    def _events(self, body: Mapping[str, Any], next: Any) -> Any:
        """Take an event in before it is acknowledged; anything else goes on to its listener."""
        from slack_bolt import BoltResponse

        if body.get("type") != "event_callback":
            return next()
        event = body.get("event") or {}
        kind = event.get("type")
        if kind in ("app_mention", "message"):
            self._message(body, event)
        elif kind == "agent_session_stopped":
            self._stop(body, event)
        elif kind == "app_home_opened" and event.get("tab") == "messages":
            self._aside.submit(starters.suggest, self.world, str(event.get("channel", "")))
        return BoltResponse(status=200, body="")

    def _message(self, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        user, text = str(event.get("user") or ""), str(event.get("text") or "")
        ours = {*self.world.settings["slack.bots"]} & {user, str(event.get("bot_id") or "")}
        if not user or user == self.world.bot or (event.get("bot_id") and not ours):
            return
        if event.get("subtype") not in (None, "file_share", "thread_broadcast"):
            return
        team, channel, ts = str(body.get("team_id", "")), str(event.get("channel", "")), str(event.get("ts", ""))
        where = Where(team, channel, str(event.get("thread_ts") or ts), user)
        direct = event.get("channel_type") == "im" or channel.startswith("D")
        if not direct and f"<@{self.world.bot}>" not in text and not self._goes_on(event, where, text):
            return
        refusal = self.world.people.place_refusal(team, channel, direct)
        if refusal:
            if self.queue.store.first_time(f"slack:refused:{team}:{channel}:{ts}"):
                self.refused(refusal, user=user, team=team, channel=channel)
                self._aside.submit(turn.notice, self.world, where, refusal)
            return
        files = [
            {k: f.get(k) for k in ("id", "name", "title", "size", "mode", "url_private", "url_private_download")}
            for f in event.get("files", ())
        ]
        payload = {
            "where": vars(where), "text": text, "files": files,
            "person_team": event.get("user_team") or event.get("team") or team,
        }  # fmt: skip
        job = Job(f"message:{team}:{channel}:{ts}", where.thread, ts, "message", payload)
        self.queue.own(where.thread, team, channel, where.root, user)  # before the next reply can come in
        if self.queue.put(job):
            self.workers.nudge(job.thread)

    def _goes_on(self, event: Mapping[str, Any], where: Where, text: str) -> bool:
        """A plain reply in a thread of ours that is not meant for somebody else."""
        if not event.get("thread_ts") or text.lstrip().startswith("<@"):
            return False
        return self.queue.owned(where.thread) is not None

    def _stop(self, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        team, channel = str(body.get("team_id", "")), str(event.get("channel", ""))
        where = Where(team, channel, str(event.get("thread_ts", "")), str(event.get("user", "")))
        person = self.world.people.person(where.user, team)
        if person.role == "none":
            self.refused(person.refusal, user=where.user, channel=channel, what="stop")
            return
        self.queue.stop(where.thread, str(event.get("event_ts", "")))
        self.workers.stop(where.thread)
        self._aside.submit(self._stopped, where)

    def _stopped(self, where: Where) -> None:
        """Nothing runs any more: Slack leaves it to us to say so."""
        if not self.workers.runs(where.thread):
            turn.set_status(self.world, self.queue, where, "active")

    # -- buttons and forms

    def _pressed(self, ack: Any, body: Mapping[str, Any], client: Any, action: Mapping[str, Any]) -> None:
        answer, approval = str(action["action_id"]), str(action.get("value", ""))
        origin = self._origin(body)
        if answer == "approve":
            self._decide(approval, "yes", origin, f"{approval}:{origin['user']}:{action.get('action_ts')}")
            ack()
            return
        ack()
        try:
            row = self._approvals().get(approval)
            if row["state"] != "pending":
                raise ToolError(f"It is already {row['state']}.")
            person = self.world.people.person(origin["user"], origin["team"])
            need = {"reject": "no", "edit": "edited"}.get(answer)
            refusal = self.world.people.decide_refusal(person, row, need) if need else ""
            if refusal or person.role == "none":
                raise ToolError(refusal or person.refusal)
            client.views_open(trigger_id=body["trigger_id"], view=self._form(answer, row, origin))
        except ToolError as error:
            self.refused(str(error), user=origin["user"], approval=approval)
            turn.notice(self.world, _where(origin), str(error))

    def _form(self, answer: str, row: Mapping[str, Any], origin: Mapping[str, str]) -> dict[str, Any]:
        if answer == "reject":
            return cards.reject_form(row["id"], origin)
        if answer == "ask":
            return cards.ask_form(row["id"], origin)
        return cards.edit_form(row["id"], origin, registry.get(row["tool"]), json.loads(row["tool_arguments"]))

    def _submitted(self, ack: Any, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        origin: dict[str, str] = {**json.loads(view["private_metadata"]), "user": str(body["user"]["id"])}
        approval = origin.pop("approval")
        typed = {name: (fields["value"].get("value") or "").strip() for name, fields in view["state"]["values"].items()}
        answer, more = "no", {"reason": typed.get("reason", "")}
        if view["callback_id"] == "ask_form":
            answer, more = "ask", {"reason": typed.get("question", "")}
        if view["callback_id"] == "edit_form":
            try:
                answer, more = "edited", {"arguments": self._edited(approval, typed)}
            except ToolError as error:
                field = next((n for n in typed if n in str(error)), next(iter(typed)))
                ack(response_action="errors", errors={field: cut(str(error), 150)})
                return
        self._decide(approval, answer, origin, str(view["id"]), **more)
        ack()

    def _edited(self, approval: str, typed: Mapping[str, str]) -> dict[str, Any]:
        """The edited arguments in their types; an emptied one is left out. ToolError when the tool cannot take them."""
        row = self._approvals().get(approval)
        tool, before = registry.get(row["tool"]), json.loads(row["tool_arguments"])
        changed = {n: v for n, v in typed.items() if v != cards.as_text(before.get(n))}
        read = tool_arguments(tool, [f"--{n}={v}" for n, v in changed.items() if v])
        cleared = {n: None for n, v in changed.items() if not v}
        tool.validate({**before, **read, **cleared})
        return {**read, **cleared}

    def _decide(self, approval: str, answer: str, origin: Mapping[str, str], once: str, **more: Any) -> None:
        """Write down an answer to an approval; the turn checks who may give it."""
        try:
            thread = str(self._approvals().get(approval)["thread"])
        except ToolError as error:
            self.refused(str(error), user=origin["user"], approval=approval)
            self._aside.submit(turn.notice, self.world, _where(origin), str(error))
            return
        payload = {"where": vars(_where(origin)), "approval": approval, "answer": answer, **more}
        job = Job(f"decision:{once}", thread, self._place(), "decision", payload)
        if self.queue.put(job):
            self.workers.nudge(thread)

    def _chosen(self, ack: Any, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        """One of a question's choices: the same as writing it."""
        origin = self._origin(body)
        where = _where(origin)
        payload = {"where": vars(where), "text": escaped(action.get("value", "")), "files": []}
        job = Job(f"choice:{origin['message']}:{where.channel}", where.thread, self._place(), "message", payload)
        if self.queue.put(job):
            self.workers.nudge(job.thread)
        ack()

    def _feedback(self, ack: Any, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        origin = self._origin(body)
        value, _, trace = str(action.get("value", "")).partition(" ")
        if value in ("good", "bad"):
            person = self.world.people.person(origin["user"], origin["team"])
            self.queue.store.add_feedback(_where(origin).thread, person.name, f"{value} {cut(trace, 64)}")
        ack()

    # -- the rest

    def refused(self, reason: str, **facts: Any) -> None:
        """A line in the audit log for what was not let in."""
        from opsmith.agent.audit import Audit

        Audit(self.queue.store.home).add("refused", door="slack", reason=reason, **facts)

    def _approvals(self) -> Any:
        from opsmith.agent.approvals import Approvals

        return Approvals(self.queue.store, self.world.project, self.world.settings.flat())

    def _origin(self, body: Mapping[str, Any]) -> dict[str, str]:
        """Where a button was pressed, and by whom; Slack signs all of it."""
        message, container = body.get("message") or {}, body.get("container") or {}
        ts = str(message.get("ts") or container.get("message_ts") or "")
        return {
            "team": str((body.get("team") or {}).get("id") or ""),
            "channel": str((body.get("channel") or {}).get("id") or container.get("channel_id") or ""),
            "root": str(message.get("thread_ts") or container.get("thread_ts") or ts),
            "user": str(body["user"]["id"]),
            "message": ts,
        }

    def _place(self) -> str:
        """A place in a thread's order for what has no timestamp of Slack's own."""
        return f"{time.time():.6f}"

    def _failed(self, queue: Queue, job: Job) -> None:
        from slack_sdk.errors import SlackApiError

        where = Where(**job.payload["where"])
        try:
            self.world.client.chat_postMessage(channel=where.channel, thread_ts=where.root, text=SORRY)
        except (SlackApiError, OSError) as error:
            log.warning("a failure could not be told: %s", type(error).__name__)
        turn.set_status(self.world, queue, where, "active")

    def _tidy(self, queue: Queue) -> None:
        refresh_cards(self.world, queue)
        for row in queue.idle(self.world.settings["slack.close_hours"]):
            turn.set_status(self.world, queue, Where(row["team"], row["channel"], row["root"]), "closed")


def _where(origin: Mapping[str, str]) -> Where:
    return Where(origin["team"], origin["channel"], origin["root"], origin["user"])
