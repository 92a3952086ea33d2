"""Carry out one job of a thread: a message or an answer to an approval, from the first sign of life to the last card."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsmith.agent.events import Event
from opsmith.agent.session import Decision, Session
from opsmith.agent.settings import Settings
from opsmith.agent.slack import files
from opsmith.agent.slack.people import People, Person
from opsmith.agent.slack.queue import Job, Queue
from opsmith.agent.slack.show import Showing
from opsmith.agent.slack.stream import Pace, Stream, Where
from opsmith.agent.slack.view import cut, safe
from opsmith.tools.contract import ToolError

log = logging.getLogger(__name__)
RESTARTED = (
    "Opsmith was restarted while it worked on this. What had been approved was finished, once; "
    "say it again if an answer is missing."
)


@dataclass(frozen=True)
class World:
    """What every turn needs. token: the bot token, for files. api: address of the Web API. bot: the bot's user id."""

    project: Path
    settings: Settings
    client: Any
    people: People
    pace: Pace
    bot: str
    token: str
    api: str
    planner: Any = None  # a chat model instead of the chosen one, as in Session


def carry_out(world: World, queue: Queue, job: Job, running: Callable[[Session], None]) -> None:
    """Do the job. running: told of the session, so that it can be stopped. Raises what Slack raises when it is away."""
    where = Where(**job.payload["where"])
    person = world.people.person(where.user, str(job.payload.get("person_team") or where.team))
    session = Session(
        world.project, job.thread, settings=world.settings, user=person.name, door="slack",
        rights=world.people.rights(person), recover=False, planner=world.planner,
    )  # fmt: skip
    running(session)
    try:
        if job.kind == "decision":
            _decision(world, queue, job, where, person, session)
        elif person.role == "none":
            _refuse(world, session, where, person, person.refusal)
        else:
            _message(world, queue, job, where, person, session)
    finally:
        session.close()


def _message(world: World, queue: Queue, job: Job, where: Where, person: Person, session: Session) -> None:
    text = said(str(job.payload.get("text", "")), world.bot)
    set_status(world, queue, where, "processing", title=text or "A file", starter=where.user)
    stream = Stream(world.client, where, world.pace)
    showing = Showing(world, queue, job, where, stream, session)
    if job.begun:
        stream.text(RESTARTED + "\n\n")
        showing.run(session.resume())
        return
    received = _files(world, job, person, session, stream)
    text = with_files(text, received)
    if not text and stream.whole:
        showing.run(())  # nothing but files that could not be taken, which has been said
    else:
        showing.run(session.send(text or "help"))


def _decision(world: World, queue: Queue, job: Job, where: Where, person: Person, session: Session) -> None:
    told = job.payload
    card = queue.card(str(told["approval"]))
    decision = Decision(
        str(told["approval"]), str(card["digest"]) if card else "", told["answer"], person.name, "slack",
        str(told.get("reason", "")), dict(told.get("arguments") or {}),
    )  # fmt: skip
    if not job.begun:
        try:
            if person.role == "none":
                raise ToolError(person.refusal)
            row = session.engine.approvals.check(decision)
            refusal = world.people.decide_refusal(person, row, decision.answer) if decision.answer != "ask" else ""
            if refusal:
                raise ToolError(refusal)
        except ToolError as error:
            _refuse(world, session, where, person, str(error), approval=decision.action_id)
            return
    if queue.owned(job.thread):
        set_status(world, queue, where, "processing")
    stream = Stream(world.client, where, world.pace)
    events: Iterable[Event] = session.decide([] if job.begun and not _waits(session, decision) else [decision])
    Showing(world, queue, job, where, stream, session).run(events)


def _waits(session: Session, decision: Decision) -> bool:
    return session.engine.approvals.get(decision.action_id)["state"] == "pending"


def _refuse(world: World, session: Session, where: Where, person: Person, reason: str, approval: str = "") -> None:
    """A private notice to the person, and a line in the audit log."""
    known = {"approval": approval} if approval else {}
    session.engine.audit.add("refused", by=person.name, door="slack", reason=reason, channel=where.channel, **known)
    notice(world, where, reason)


def notice(world: World, where: Where, text: str) -> None:
    """Tell one person something that nobody else sees."""
    from slack_sdk.errors import SlackApiError

    try:
        world.client.chat_postEphemeral(
            channel=where.channel, user=where.user, text=cut(text, 3000), thread_ts=where.root
        )
    except SlackApiError as error:
        log.info("a private notice could not be shown: %s", error.response.get("error"))


def set_status(world: World, queue: Queue, where: Where, status: str, title: str = "", starter: str = "") -> None:
    """The session's status in Slack: processing, active, suspended (waits for a person) or closed. Never fatal."""
    from slack_sdk.errors import SlackApiError

    queue.set_status(where.thread, status)
    try:
        world.client.agents_sessions_setStatus(
            channel_id=where.channel, thread_ts=where.root, status=status,
            title=cut(safe(title).replace("\n", " "), 200) or None, initiator_user_id=starter or None,
        )  # fmt: skip
    except SlackApiError as error:
        log.info("the status could not be set: %s", error.response.get("error"))


def said(text: str, bot: str) -> str:
    """A message of Slack as the person typed it: no mention of the bot, links and names as words.

    >>> said("<@UBOT> profile <http://a.csv|a.csv> &amp; tell <@U2|ada> in <#C1|data>", "UBOT")
    'profile a.csv & tell @ada in #data'
    """
    text = re.sub(rf"<@{re.escape(bot)}(\|[^>]*)?>", " ", text)
    text = re.sub(r"<@([A-Z0-9]+)(?:\|([^>]*))?>", lambda m: "@" + (m[2] or m[1]), text)
    text = re.sub(r"<#([A-Z0-9]+)(?:\|([^>]*))?>", lambda m: "#" + (m[2] or m[1]), text)
    text = re.sub(r"<!([a-z]+)[^>]*>", r"@\1", text)
    text = re.sub(r"<(https?:[^|>]+|mailto:[^|>]+)(?:\|([^>]*))?>", lambda m: m[2] or m[1], text)
    return re.sub(r"[ \t]+", " ", html.unescape(text)).strip()


def with_files(text: str, received: Iterable[files.Received]) -> str:
    """The words with the files they came with: a name that was said becomes the path, others stand at the end.

    >>> with_files("", [files.Received("a.csv", "inbox/a.csv", 1)])
    'profile inbox/a.csv'
    """
    for one in received:
        if one.name in text:
            text = text.replace(one.name, one.path)
        elif not text:
            text = f"profile {one.path}"
        elif one.path not in text:
            text = f"{text} {one.path}"
    return text


def _files(world: World, job: Job, person: Person, session: Session, stream: Stream) -> list[files.Received]:
    given: list[Mapping[str, Any]] = list(job.payload.get("files", ()))
    if given and person.role != "operator":
        stream.text(f"⚠️ Your files were not taken. {person.refusal}\n\n")
        return []
    received = []
    for file in given[: files.MOST_FILES]:
        try:
            one = files.receive(file, world.project, world.token, world.settings["slack.max_file_mb"], world.api)
        except ToolError as error:
            stream.text(f"⚠️ {safe(error)}\n\n")
            session.engine.audit.add(
                "refused", by=person.name, door="slack", file=str(file.get("name")), reason=str(error)
            )
            continue
        session.engine.audit.add("received", by=person.name, door="slack", path=one.path, bytes=one.size)
        received.append(one)
    return received
