"""Show a turn's events in a thread: tasks while it works, words, one table, pictures and reports, then the cards."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsmith.agent import events
from opsmith.agent.slack import cards, files
from opsmith.agent.slack.view import call_title, cut, feedback_block, note_block, safe, table_block, table_text
from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    from opsmith.agent.session import Session
    from opsmith.agent.slack.people import People
    from opsmith.agent.slack.queue import Job, Queue
    from opsmith.agent.slack.stream import Stream, Where
    from opsmith.agent.slack.turn import World

log = logging.getLogger(__name__)
STOPPED = "Stopped. Nothing half done stays; what was finished before is kept."
_ENDS = {"done": "✅", "undone": "↩️", "failed": "❌", "stale": "⚠️", "expired": "⌛"}


class Showing:
    """One turn in one thread."""

    def __init__(self, world: World, queue: Queue, job: Job, where: Where, stream: Stream, session: Session) -> None:
        self._world, self._queue, self._job, self._where = world, queue, job, where
        self._stream, self._session = stream, session
        self._titles: dict[str, str] = {}
        self._results: list[Mapping[str, Any]] = []
        self._choices: tuple[str, ...] = ()
        self._ends_told: set[str] = set()
        self._spoken = False
        self._stopped = False

    def run(self, told: Iterable[events.Event]) -> None:
        """Show all events, then close the reply, set the status, and put up what belongs below it."""
        for event in told:
            if not self._stopped and self._queue.stopped(self._job):
                self._stopped = True
            if self._stopped:
                self._session.cancel()  # again and again: a turn that just began clears the flag once
            self._show(event)
        self._stopped = self._stopped or self._queue.stopped(self._job)
        self._close()

    def _show(self, event: events.Event) -> None:
        match event:
            case events.ToolStarted(call_id=call, tool=tool, arguments=arguments):
                if tool not in ("ask", "decline"):
                    self._titles[call] = call_title(tool, arguments)
                    self._stream.task(call, self._titles[call], "in_progress")
            case events.Progress(call_id=call, fraction=fraction, note=note):
                share = f" {fraction:.0%}" if fraction is not None else ""
                self._stream.task(call, self._title(call), "in_progress", details=safe(f"{note}{share}").strip())
            case events.ToolWaits(call_id=call, tool=tool, arguments=arguments):
                self._stream.task(call, call_title(tool, arguments), "pending", details="waits for an approval")
            case events.ToolDone():
                self._tool_done(event)
            case events.Said(text=text, partial=partial):
                if partial:
                    self._spoken = True
                    self._stream.text(safe(text))
                elif not self._spoken:
                    if text.strip() not in self._ends_told:  # the planner often ends with the receipt's own words
                        self._stream.text(safe(text) + "\n\n")
                else:
                    self._spoken = False
                    self._stream.text("\n\n")
            case events.Asked(question=question, choices=choices):
                self._choices = choices
                listed = "".join(f"\n{n}. {safe(c)}" for n, c in enumerate(choices, 1))
                self._stream.text(f"{safe(question)}{listed}\n\n")
            case events.ActionDone(approval_id=approval, outcome=outcome, message=message, target=target):
                if approval in self._titles:
                    self._stream.task(approval, self._titles[approval], "complete" if outcome == "done" else "error")
                self._ends_told.add(message.strip())
                self._stream.text(f"{_ENDS.get(outcome, '–')} {outcome}: {safe(message or target)}\n\n")
            case events.Problem(message=message):
                if not self._stopped:
                    self._stream.text(f"⚠️ {safe(message)}\n\n")

    def _title(self, call: str) -> str:
        """A step's title; an effect that reports progress is named after its approval."""
        if call not in self._titles:
            try:
                self._titles[call] = cut(safe(self._session.engine.approvals.proposal(call).summary), 120)
            except ToolError:
                self._titles[call] = "working"
        return self._titles[call]

    def _tool_done(self, event: events.ToolDone) -> None:
        if event.tool in ("ask", "decline"):
            return
        status = "error" if event.status == "error" else "complete"
        title = self._titles.get(event.call_id) or call_title(event.tool, event.arguments)
        self._stream.task(event.call_id, title, status, output=safe(event.result.get("headline", "")))
        if event.handle:
            self._results.append(event.result)

    def _close(self) -> None:
        waiting = self._session.pending
        blocks: list[dict[str, Any]] = []
        if self._stopped:
            self._stream.text(STOPPED)
        else:
            blocks = self._tables()
            if self._choices:
                blocks.append(_choice_buttons(self._choices))
        if self._job.kind == "message" and self._queue.newer(self._job):
            blocks.append(note_block("Answered before your newer message; that one is next."))
        if not self._stopped:
            blocks.append(feedback_block(self._session.turn_id))
        status = "suspended" if waiting or self._choices else "active"
        self._stream.finish(blocks, status)
        self._queue.set_status(self._where.thread, status)
        if not self._stopped:
            self._upload()
        self._put_up(waiting)

    def _tables(self) -> list[dict[str, Any]]:
        """The first table as a native one, further ones as text."""
        found = [t for r in self._results for t in r.get("tables", ())]
        for table in found[1:3]:
            self._stream.text(table_text(table) + "\n\n")
        block = table_block(found[0]) if found else None
        return [block] if block else []

    def _upload(self) -> None:
        """Pictures, reports, and the whole answer when it did not fit; what cannot be sent is told, not fatal."""
        from slack_sdk.errors import SlackClientError

        given: list[dict[str, Any]] = []
        charts = [c for r in self._results for c in r.get("charts", ())]
        if charts:
            from opsmith.agent.pictures import picture

            title = safe(self._results[0].get("headline", "charts"))
            given.append(
                {
                    "content": picture(charts),
                    "filename": "charts.png",
                    "title": cut(title, 100),
                    "alt_txt": cut(title, 500),
                }
            )
        for name in [f for r in self._results for f in r.get("files", ())][:5]:
            path = Path(self._world.project / name)
            if path.is_file() and path.stat().st_size <= files.LARGEST_REPORT:
                given.append({"file": str(path), "filename": path.name, "title": path.name})
        if self._stream.too_long:
            given.append({"content": self._stream.whole, "filename": "answer.md", "title": "The whole answer"})
        if not given:
            return
        self._world.pace.wait(self._where.channel)
        try:
            files.upload(self._world.client, self._where.channel, self._where.root, given)
        except (SlackClientError, OSError) as error:
            log.warning("files could not be uploaded: %s", str(error).splitlines()[0])

    def _put_up(self, waiting: Iterable[events.Proposal]) -> None:
        """A card for everything that waits and has none yet."""
        for proposal in waiting:
            if self._queue.card(proposal.id) is None:
                self._world.pace.wait(self._where.channel)
                world, where = self._world, self._where
                post_card(world.client, self._queue, world.people, world.settings, proposal, where.channel, where.root)


def post_card(
    client: Any,
    queue: Queue,
    people: People,
    settings: Any,
    proposal: events.Proposal,
    channel: str,
    root: str,
    **more: Any,
) -> None:
    """Post the card of an approval below a message and remember where it stands. more: further arguments of the post."""
    row = queue.store.database.row("SELECT thread, class FROM approvals WHERE id = ?", (proposal.id,)) or {}
    kind = str(row.get("class", ""))
    blocks = cards.card(
        proposal, terminal_only=kind in settings["approvals.terminal_only"], helpers=people.may_approve(kind)
    )
    text = cards.fallback(proposal)
    answer = client.chat_postMessage(
        channel=channel, thread_ts=root, text=text, blocks=blocks, unfurl_links=False, **more
    )
    queue.keep_card(proposal.id, str(row.get("thread", "")), channel, str(answer["ts"]), root, proposal.digest)


def refresh_cards(world: World, queue: Queue) -> int:
    """Rewrite every card whose approval has moved on, by whichever door; the number rewritten."""
    from slack_sdk.errors import SlackApiError

    from opsmith.agent.approvals import Approvals

    approvals = Approvals(queue.store, world.project, world.settings.flat())
    rewritten = 0
    for row in queue.outdated_cards():
        if not queue.card_shows(row["id"], row["state"], row["shown"]):
            continue
        entry = queue.store.journal_entry(row["id"]) or {}
        proposal = approvals.proposal(row["id"])
        blocks = cards.decided_card(row, proposal, str(entry.get("message") or ""))
        try:
            world.client.chat_update(channel=row["channel"], ts=row["ts"], text=cards.fallback(proposal), blocks=blocks)
            rewritten += 1
        except SlackApiError as error:
            log.info("a card could not be rewritten: %s", error.response.get("error"))
    return rewritten


def _choice_buttons(choices: Iterable[str]) -> dict[str, Any]:
    """A question's choices as buttons; pressing one says it."""
    buttons = [
        {"type": "button", "action_id": f"choice-{n}", "value": cut(choice, 1900),
         "text": {"type": "plain_text", "text": cut(safe(choice), 70)}}
        for n, choice in enumerate(list(choices)[:10])
    ]  # fmt: skip
    return {"type": "actions", "elements": buttons}
