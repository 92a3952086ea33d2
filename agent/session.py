"""All that a door knows: send words, decide what waits, read events. The same for terminal, Slack and suites.

>>> session = Session(project)                                       # doctest: +SKIP
>>> for event in session.send("profile data/train.csv"): show(event)  # doctest: +SKIP
>>> [p.summary for p in session.pending]                              # doctest: +SKIP
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsmith.agent import settings as settings_file
from opsmith.agent.approvals import Decision
from opsmith.agent.events import ActionDone, Event, NeedsApproval, Problem, Proposal
from opsmith.agent.replies import read_reply
from opsmith.agent.rights import ALL, Rights
from opsmith.agent.summary import TurnSummary
from opsmith.memory.redaction import plain
from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    from opsmith.agent.engine import Engine

__all__ = ["Decision", "Session"]


class Session:
    """A conversation in one thread of one project.

    project: folder. thread: its name; a new one is made when unknown. settings: from `settings.load`, read here when
    not given. user: who speaks, for journal and approvals. door: terminal, slack or api. planner: a chat model to use
    instead of the chosen one (tests, studies). rights: what this person may do. recover: finish what a crash left
    approved in the project. Opening costs nothing: the engine is made by `warm` or the first use.
    """

    def __init__(
        self,
        project: Path | str,
        thread: str = "main",
        *,
        settings: settings_file.Settings | None = None,
        user: str = "",
        door: str = "api",
        planner: Any = None,
        rights: Rights = ALL,
        recover: bool = True,
    ) -> None:
        self.project = Path(project).resolve()
        if not self.project.is_dir():
            raise ToolError(f"{project} is no folder. Open Opsmith in a project folder that exists.")
        self.settings = settings or settings_file.load(self.project)
        self.thread, self.door = thread, door
        self.user = user or self.settings.user()
        self.rights = rights
        self._planner, self._recover = planner, recover
        self._made: Engine | None = None
        self._making = threading.Lock()

    @property
    def engine(self) -> Engine:
        """The parts below; made on first use, and what was approved before a crash is finished then."""
        with self._making:
            if self._made is None:
                from opsmith.agent.engine import Engine

                self._made = Engine(self.settings, self.thread, self.user, self._planner, self.rights)
                if self._recover:
                    self._made.acting.recover()
            return self._made

    def warm(self) -> threading.Thread:
        """Make the engine in the background while the person types."""
        thread = threading.Thread(target=lambda: self.engine, daemon=True)
        thread.start()
        return thread

    @property
    def model(self) -> str:
        """The planner that drives: `offline` or `openai:NAME`."""
        return self._made.model if self._made else str(self.settings["model"])

    def switch_model(self, name: str) -> None:
        """Use another planner from now on; ToolError when it cannot be used."""
        self.engine.switch_model(name)

    @property
    def pending(self) -> tuple[Proposal, ...]:
        """What waits for an answer in this thread; survives a restart."""
        return tuple(self.engine.approvals.pending(self.thread))

    @property
    def turn_id(self) -> str:
        """The id of the last turn, under which its trace and what people think of it are kept; '' before the first."""
        return str(self.engine.graph.get_state(self.engine.config).values.get("turn", {}).get("id", ""))

    @property
    def unfinished(self) -> bool:
        """Whether an earlier turn was cut off (a crash) before its end."""
        snapshot = self.engine.graph.get_state(self.engine.config)
        return bool(snapshot.next) and not snapshot.interrupts

    def send(self, text: str) -> Iterator[Event]:
        """Say something; yields what happens, ending with Finished. A short yes or no answers what waits."""
        text = plain(text).strip()
        if not text:
            yield Problem("Nothing was said. Type a request, or `help`.")
            return
        with self.engine.store.turn(self.thread):
            if self._settling():
                yield from self._run(None, TurnSummary(self))
            waiting = self.pending
            if not waiting:
                self.engine.store.open_thread(self.thread, text[:80])
                yield from self._run({"messages": [("human", text)]}, TurnSummary(self))
                return
            reply = read_reply(text, waiting)
            if reply.kind in ("approve", "reject"):
                answer = "yes" if reply.kind == "approve" else "no"
                decisions = [
                    Decision(p.id, p.digest, answer, self.user, self.door, reply.reason or text)  # type: ignore[arg-type]
                    for p in waiting
                ]
                yield from self._decide(decisions, said=answer)
            else:
                yield from self._run(self._reviewing({"text": text}), TurnSummary(self))

    def decide(self, decisions: Iterable[Decision]) -> Iterator[Event]:
        """Answer what waits: yes, no (with a reason), edited (with the tool's new arguments), or ask (a question)."""
        with self.engine.store.turn(self.thread):
            yield from self._decide(list(decisions))

    def resume(self) -> Iterator[Event]:
        """Go on with a turn that a crash cut off; nothing that was finished is done again."""
        with self.engine.store.turn(self.thread):
            if self.unfinished:
                yield from self._run(None, TurnSummary(self))

    def allow_folder(self, proposal: Proposal) -> str:
        """A person's `always` for writes below the proposal's folder; the scope in words."""
        if not proposal.always_scope:
            raise ToolError("This kind of action is asked for every time.")
        folder = proposal.always_scope.removeprefix("writing files below ").rstrip("/")
        self.engine.store.allow_folder(folder, self.user)
        self.engine.audit.add("rule", by=self.user, scope=proposal.always_scope)
        return proposal.always_scope

    def cancel(self) -> None:
        """Stop the present turn as soon as it can stop; the session stays."""
        self.engine.runtime.cancel.set()

    def undo(self, count: int = 1) -> list[ActionDone]:
        """Put back the newest actions, newest first; ToolError when one cannot be."""
        return self.engine.acting.undo(count, self.user)

    def delete_thread(self, thread: str) -> None:
        """Delete a conversation: its checkpoints, results and entry. What it did stays in the journal."""
        self.engine.approvals.supersede(thread, reason="the conversation was deleted")
        self.engine.checkpointer.delete_thread(thread)
        self.engine.store.delete_thread(thread)

    def close(self) -> None:
        if self._made is not None:
            self._made.close()
            self._made = None

    def _decide(self, decisions: list[Decision], said: str = "") -> Iterator[Event]:
        summary = TurnSummary(self)
        if said:
            summary.note_reply(said)
        resume: dict[str, Any] = {}
        for decision in decisions:
            if decision.answer == "ask":
                resume["text"] = decision.reason
                continue
            try:
                refusal = self.rights.decide(self.engine.approvals.get(decision.action_id), decision.answer)
                if refusal:
                    raise ToolError(refusal)
                state = self.engine.approvals.decide(decision)
            except ToolError as error:
                self.engine.audit.add("refused", by=decision.by, door=decision.door, approval=decision.action_id,
                                      reason=str(error))  # fmt: skip
                yield summary.take(Problem(str(error)))
                continue
            self.engine.audit.add(
                state, by=decision.by, door=decision.door, approval=decision.action_id, reason=decision.reason
            )
            if decision.answer == "edited":
                proposal = self.engine.approvals.proposal(decision.action_id)
                edited = {**proposal.tool_arguments, **decision.arguments}
                resume.setdefault("edits", []).append({"tool": proposal.tool, "arguments": edited})
        given = self._reviewing(resume)
        if given is None:
            for done in self.engine.acting.recover(holding=self.thread):
                yield summary.take(done)
        yield from self._run(given, summary)

    def _reviewing(self, resume: Mapping[str, Any]) -> Any:
        from langgraph.types import Command

        snapshot = self.engine.graph.get_state(self.engine.config)
        if snapshot.interrupts:
            return Command(resume={"decided": True, **resume})  # an empty value would not resume
        # The thread does not wait in review (its checkpoint is older than its approvals): talk, or act by the store.
        return {"messages": [("human", resume["text"])]} if resume.get("text") else None

    def _settling(self) -> bool:
        """Whether a crash left approved work or its receipts unfinished; then that is settled before new words."""
        snapshot = self.engine.graph.get_state(self.engine.config)
        return bool(snapshot.next) and snapshot.next[0] == "act"

    def _run(self, given: Any, summary: TurnSummary) -> Iterator[Event]:
        from opsmith.agent import telemetry

        engine = self.engine
        engine.runtime.cancel.clear()
        with telemetry.span("turn", thread=self.thread, door=self.door):
            # With nothing to say and nothing begun (an approval of `opsmith run`), there is no turn to go on with.
            if given is not None or engine.graph.get_state(engine.config).next:
                for event in engine.graph.stream(given, engine.config, stream_mode="custom", durability="sync"):  # type: ignore[call-overload]
                    yield summary.take(event)  # type: ignore[arg-type]
        waiting = self.pending
        if waiting:
            yield summary.take(NeedsApproval(waiting))
        yield summary.finished()
