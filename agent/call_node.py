"""The node that runs the tools a planner called, keeps their results, and puts their actions before the people."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langgraph.config import get_stream_writer

from opsmith.agent import events, telemetry
from opsmith.agent.approvals import Decision
from opsmith.agent.bugs import record_bug
from opsmith.agent.digest import digest, masked
from opsmith.agent.state import Runtime, State
from opsmith.tools import registry
from opsmith.tools.contract import Cancelled, NeedsAnswer, Result, Tool, ToolError

PARALLEL = 4


@dataclass
class Ran:
    """What became of one call."""

    call: Mapping[str, Any]
    tool: Tool | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    result: Result | None = None
    status: str = "done"
    problem: str = ""
    choices: tuple[str, ...] = ()
    seconds: float = 0.0


def call(runtime: Runtime, state: State) -> dict[str, Any]:
    """Run the calls of the last answer in order; calls of one tool that do not build on each other run side by side."""
    last = state["messages"][-1]
    assert isinstance(last, AIMessage)
    write = get_stream_writer()
    own = [*state["turn"].get("own", ()), *(c["id"] for c in last.tool_calls)]  # calls of this turn, also after a crash
    turn = {**state["turn"], "own": own}
    update: dict[str, Any] = {
        "messages": [],
        "decisions": list(state.get("decisions", ())),
        "notes": list(state.get("notes", ())),
        "turn": turn,
    }
    waiting = ""
    for group in _groups(last.tool_calls):
        blocked = [(c, _waits_for(runtime, c)) for c in group]
        ready = [c for c, reason in blocked if not reason]
        ran = {r.call["id"]: r for r in _run_group(runtime, ready, write)}
        for one, reason in blocked:
            done = ran.get(one["id"])
            if done is not None and done.status in ("error", "question") and waiting:
                reason = waiting  # it may well succeed once the earlier step was done
            if reason:
                waiting = waiting or reason
                update["messages"].append(_told_to_wait(one, reason, write))
            elif done is not None:
                update["messages"].extend(_finish(runtime, done, update, write))
    if turn.get("asked"):
        update["messages"].append(AIMessage(turn["question"]))
    update["proposed"] = [p.id for p in runtime.approvals.pending(runtime.thread)]
    return update


def _groups(calls: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Calls side by side only where neighbours are of one tool and none reads what another writes."""
    group: list[Mapping[str, Any]] = []
    for one in calls:
        made = {c["args"].get("output") for c in group} - {None}
        if group and (one["name"] != group[0]["name"] or made & set(_texts(one["args"])) or len(group) == PARALLEL):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _run_group(runtime: Runtime, group: Sequence[Mapping[str, Any]], write: Any) -> list[Ran]:
    if len(group) <= 1:
        return [_run(runtime, one, write) for one in group]
    with ThreadPoolExecutor(len(group)) as pool:
        started = [pool.submit(copy_context().run, _run, runtime, one, write) for one in group]
        return [one.result() for one in started]


def _run(runtime: Runtime, one: Mapping[str, Any], write: Any) -> Ran:
    """Run one call; every way it can end is a status, never an exception."""
    ran = Ran(one, arguments=one["args"])
    started = time.monotonic()
    with telemetry.span("tool", tool=one["name"], call=one["id"]) as told:
        try:
            ran.tool = registry.get(one["name"])
            checked = ran.tool.validate(one["args"])
            write(events.ToolStarted(one["id"], ran.tool.name, ran.tool.intent, one["args"]))
            context = runtime.context(progress_of(one["id"], write))
            context = dataclasses.replace(context, partial=partial_of(one["id"], write))
            ran.result = ran.tool.run(**checked, context=context)
        except NeedsAnswer as question:
            ran.status, ran.problem, ran.choices = "question", str(question), question.choices
        except ToolError as error:
            ran.status, ran.problem = "error", str(error)
        except Cancelled:
            ran.status, ran.problem = "error", "Stopped before it was finished; nothing was changed."
        except Exception as error:  # a bug of ours: kept in a file, told in one line
            ran.status, ran.problem = (
                "error",
                f"{one['name']} failed inside Opsmith ({record_bug(runtime.store.home, error)}).",
            )
        ran.seconds = time.monotonic() - started
        told(status=ran.status, seconds=ran.seconds)
    return ran


def progress_of(call_id: str, write: Any) -> Callable[[float | None, str], None]:
    """Progress of a call as events."""

    def tell(fraction: float | None, note: str = "") -> None:
        write(events.Progress(call_id, fraction, note))

    return tell


def partial_of(call_id: str, write: Any) -> Callable[[Result], None]:
    """What a call has found so far as events."""
    return lambda result: write(events.ToolPartial(call_id, masked(result.as_dict())))


def _finish(runtime: Runtime, ran: Ran, update: dict[str, Any], write: Any) -> list[BaseMessage]:
    """Keep a call's result, propose its actions, tell everybody; the messages for the conversation."""
    name = ran.tool.name if ran.tool else str(ran.call["name"])
    intent = ran.tool.intent if ran.tool else ""
    _only_look(runtime, ran, write)
    plain = masked(ran.result.as_dict()) if ran.result else {"headline": ran.problem, "choices": list(ran.choices)}
    handle = runtime.store.keep_result(runtime.thread, name, ran.arguments, plain) if ran.result else ""
    proposals = _propose(runtime, ran, update, write) if ran.result else []
    if ran.result:
        update["notes"] += [{**vars(n)} for n in ran.result.notes]
        _control(runtime, ran.result, write)
        ran.status = "proposed" if ran.result.actions else "done"
        if name == "ask":
            ran.status, ran.problem = "question", ran.result.headline
            ran.choices = tuple(str(c) for c in ran.result.data.get("choices", ()))
    write(events.ToolDone(ran.call["id"], name, intent, ran.arguments, handle, plain, ran.seconds, ran.status))  # type: ignore[arg-type]
    content = digest(
        status=ran.status,
        tool=name,
        result=plain,
        handle=handle,
        approvals=[p.id for p in proposals],
        tokens=runtime.settings["result_tokens"],
        sample_rows=runtime.settings["sample_rows"],
    )
    messages: list[BaseMessage] = [
        ToolMessage(
            content, tool_call_id=ran.call["id"], name=name, status="error" if ran.status == "error" else "success"
        )
    ]
    if ran.status == "question":
        write(events.Asked(ran.problem, ran.choices))
        update["turn"]["asked"] = True
        update["turn"]["question"] = ran.problem
    return messages


def _only_look(runtime: Runtime, ran: Ran, write: Any) -> None:
    """Take every change out of the result of a person who may only look, and say so."""
    refusal, result = runtime.rights.change, ran.result
    if not refusal or result is None or not (result.actions or result.control or result.notes):
        return
    if result.actions or result.control:
        write(events.Problem(refusal))
        runtime.audit.add("refused", by=runtime.user, tool=ran.tool.name if ran.tool else "", reason=refusal)
    ran.result = dataclasses.replace(result, actions=(), control={}, notes=())


def _propose(runtime: Runtime, ran: Ran, update: dict[str, Any], write: Any) -> list[events.Proposal]:
    assert ran.result is not None and ran.tool is not None
    if not ran.result.actions:
        return []
    for taken in runtime.approvals.supersede(runtime.thread, keep_calls=update["turn"]["own"]):
        row = runtime.approvals.get(taken)
        runtime.approvals.mark_handled([taken])
        runtime.audit.add("superseded", approval=taken, kind=row["kind"], target=row["target"])
        write(
            events.ActionDone(
                taken, row["kind"], row["target"], "superseded", "Taken back: a newer proposal replaces it."
            )
        )
    proposals = []
    for number, action in enumerate(ran.result.actions):
        proposal = runtime.approvals.propose(
            action,
            thread=runtime.thread,
            call_id=ran.call["id"],
            number=number,
            tool=ran.tool.name,
            arguments=ran.arguments,
            by=runtime.user,
        )
        runtime.audit.add("proposed", by=runtime.user, approval=proposal.id, kind=action.kind, target=action.target,
                          digest=proposal.digest)  # fmt: skip
        proposals.append(proposal)
        why = runtime.approvals.allowed_ahead(action)
        if why and runtime.approvals.get(proposal.id)["state"] == "pending":
            decision = Decision(proposal.id, proposal.digest, "yes", "opsmith.toml", "settings", why)
            runtime.approvals.decide(decision)
            runtime.audit.add("approved", by="opsmith.toml", approval=proposal.id, reason=why)
            update["decisions"].append(proposal.id)
    return proposals


def _control(runtime: Runtime, result: Result, write: Any) -> None:
    control = dict(result.control)
    if control.pop("cancel", False):
        for proposal in runtime.approvals.pending(runtime.thread):
            runtime.approvals.decide(Decision(proposal.id, "", "no", runtime.user, "conversation", "cancelled"))
            runtime.approvals.mark_handled([proposal.id])
            runtime.audit.add("rejected", by=runtime.user, approval=proposal.id, reason="cancelled")
            write(
                events.ActionDone(
                    proposal.id, proposal.kind, proposal.target, "rejected", "Cancelled; nothing was done."
                )
            )
    if control:
        runtime.control(control)


def _waits_for(runtime: Runtime, one: Mapping[str, Any]) -> str:
    """The approval whose action makes something that this call names, or ''."""
    named = set(_texts(one["args"]))
    for proposal in runtime.approvals.pending(runtime.thread):
        made = set(runtime.approvals.action(proposal.id).provides)
        if named & made and one["name"] != proposal.tool:
            return proposal.id
    return ""


def _texts(arguments: Mapping[str, Any]) -> Iterator[str]:
    for value in arguments.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (v for v in value if isinstance(v, str))


def _told_to_wait(one: Mapping[str, Any], approval: str, write: Any) -> ToolMessage:
    intent = registry.get(one["name"]).intent if one["name"] in registry.names() else ""
    write(events.ToolWaits(one["id"], one["name"], intent, one["args"], approval))
    headline = f"Not run yet: it needs what approval {approval} would make. Call it again once that was done."
    content = {"status": "waits", "tool": one["name"], "headline": headline, "waits_for": approval}
    return ToolMessage(json.dumps(content), tool_call_id=one["id"], name=one["name"])
