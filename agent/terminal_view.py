"""How events look in a terminal: one line a tool call, tables and charts that fit, cards for approval, long output folded."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.syntax import Syntax
from rich.text import Text

from opsmith.agent import events
from opsmith.agent.terminal_charts import drawn
from opsmith.agent.terminal_tables import ResultTable
from opsmith.memory.redaction import mask, plain

FOLD = 24  # table rows and diff lines shown before folding
_COLOURS = {"critical": "red", "warning": "yellow", "info": "cyan"}
_MARKS = {"critical": "✖", "warning": "▲", "info": "•"}


class _Working(Progress):
    """The lines of running calls, below what one of them has found so far."""

    early: RenderableType | None = None

    def get_renderables(self) -> Iterable[RenderableType]:
        if self.early is not None:
            yield self.early
        yield from super().get_renderables()


class TerminalView:
    """Shows events on a console; keeps whole results so that /show can unfold them."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.shown: list[tuple[str, Mapping[str, Any]]] = []  # (handle, result), newest last
        self._streaming = False
        self._held = ""  # what streams in and may turn out to repeat a receipt
        self._receipts: set[str] = set()  # what actions of this turn said; an answer that only repeats one adds nothing
        self._above: set[str] = set()  # tables of this turn that stand above the card that asks about them
        self._progress: _Working | None = None
        self._tasks: dict[str, Any] = {}

    def show(self, event: events.Event) -> None:
        """Show one event."""
        match event:
            case events.Said():
                self._said(event)
            case events.Asked(question=question, choices=choices):
                self._settle()
                self.console.print(Text(safe(question), style="bold"))
                for n, choice in enumerate(choices, 1):
                    self.console.print(Text(f"  {n}. {safe(choice)}"))
            case events.ToolStarted():
                self._working(event.call_id, event.tool)
            case events.Progress():
                self._advance(event)
            case events.ToolPartial(result=result):
                self._early(result)
            case events.ToolDone():
                self._done(event)
            case events.ToolWaits():
                self.console.print(Text(f"· {event.tool} waits for approval {event.waits_for}", style="dim"))
            case events.NeedsApproval(proposals=proposals):
                self._settle()
                for proposal in proposals:
                    self.console.print(card(proposal, self.console.width, above=self._above))
                self._above.clear()
            case events.ActionDone():
                self._settle()
                self._receipts.add(event.message)
                mark, colour = {"done": ("✔", "green"), "undone": ("↶", "green")}.get(event.outcome, ("–", "yellow"))
                self.console.print(Text(f"{mark} {event.outcome}: {safe(event.message or event.target)}", style=colour))
            case events.Problem(message=message):
                self._settle()
                self.console.print(Text(f"✖ {safe(message)}", style="red"))
            case events.Finished():
                self._settle()
                self._receipts.clear()
                self._above.clear()

    def show_result(self, result: Mapping[str, Any], whole: bool = False) -> None:
        """Headline, findings, tables, charts, files and next steps of a result."""
        self.console.print(Text(safe(str(result.get("headline", ""))), style="bold"))
        self._findings(result.get("findings", ()), whole)
        for table in result.get("tables", ()):
            self.console.print(table_of(table, None if whole else FOLD))
        self._sql(result)
        for chart in result.get("charts", ())[: None if whole else 4]:
            self.console.print(Text(safe(chart["title"]), style="bold"))
            for line in drawn(chart, self.console.width):
                self.console.print(Text(safe(line)), no_wrap=True, overflow="ellipsis")
        for file in result.get("files", ()):
            self.console.print(Text(f"report: {safe(file)}", style="dim"))
        for proposal in result.get("proposals", ()):
            self.console.print(
                Text(f"waits for approval {proposal['id']}: {safe(proposal['summary'])}", style="yellow")
            )

    def _findings(self, findings: Any, whole: bool) -> None:
        most = None if whole else 8
        for finding in list(findings)[:most]:
            colour = _COLOURS[finding["severity"]]
            line = Text(f"{_MARKS[finding['severity']]} ", style=colour)
            line.append(safe(finding["message"]))
            if finding.get("fix"):
                line.append(f"  → {safe(finding['fix'])}", style="dim")
            self.console.print(line)
        if most and len(findings) > most:
            self.console.print(Text(f"  … {len(findings) - most} more findings (/show)", style="dim"))

    def _said(self, event: events.Said) -> None:
        if event.partial:
            said = event.text
            if not self._streaming:
                said = self._held = self._held + said
                if any(receipt.startswith(said) for receipt in self._receipts):
                    return
                self._settle()
                self._streaming, self._held = True, ""
            self.console.print(Text(safe(said)), end="")
        elif self._streaming:
            self._streaming = False
            self.console.print()
        else:
            self._held = ""
            if event.text not in self._receipts:
                self._settle()
                self.console.print(Text(safe(event.text)))

    def _working(self, call_id: str, tool: str) -> None:
        if not self.console.is_terminal:
            return
        if self._progress is None:
            self._progress = _Working(
                SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn(),
                console=self.console, transient=True,
            )  # fmt: skip
            self._progress.start()
        self._tasks[call_id] = self._progress.add_task(safe(tool), total=None)

    def _advance(self, event: events.Progress) -> None:
        if event.call_id not in self._tasks and self.console.is_terminal:
            self._working(event.call_id, "working")
        if self._progress is None or event.call_id not in self._tasks:
            return
        task = self._tasks[event.call_id]
        total = None if event.fraction is None else 1.0
        self._progress.update(
            task, completed=event.fraction or 0.0, total=total, description=safe(event.note or "working")
        )

    def _early(self, result: Mapping[str, Any]) -> None:
        """What a tool has so far, above its progress; both go when the whole result comes."""
        if self._progress is not None and (tables := list(result.get("tables", ()))[:1]):
            most = max(4, self.console.height - 8)
            self._progress.early = Group(Text(safe(result.get("headline", ""))), *(table_of(t, most) for t in tables))
            self._progress.refresh()

    def _done(self, event: events.ToolDone) -> None:
        if event.call_id in self._tasks and self._progress is not None:
            self._progress.remove_task(self._tasks.pop(event.call_id))
        arguments = " ".join(
            f"{k}={_short(v)}" for k, v in event.arguments.items() if k not in ("question", "arguments")
        )
        if event.tool in ("ask", "decline"):
            return
        self._settle()
        style = "red" if event.status == "error" else "dim"
        self.console.print(
            Text(f"· {event.tool} {safe(arguments)}  {event.seconds:.1f} s  {event.handle}", style=style),
            soft_wrap=False,
        )
        if event.status == "error":
            return
        if event.handle:
            self.shown.append((event.handle, event.result))
        quiet = {**event.result, "headline": ""}
        if event.status != "question":
            self._body(quiet)

    def _body(self, result: Mapping[str, Any]) -> None:
        """A result's tables and pictures; headline and findings stand in the planner's answer."""
        for table in list(result.get("tables", ()))[:3]:
            self.console.print(table_of(table, FOLD))
            self._above.add(_content(table))
        self._sql(result)
        for chart in list(result.get("charts", ()))[:2]:
            self.console.print(Text(safe(chart["title"]), style="bold"))
            for line in drawn(chart, self.console.width):
                self.console.print(Text(safe(line)), no_wrap=True, overflow="ellipsis")
        for file in result.get("files", ()):
            self.console.print(Text(f"report: {safe(file)}", style="dim"))

    def _sql(self, result: Mapping[str, Any]) -> None:
        """The statement behind an answer, so that it can be judged."""
        if statement := (result.get("data") or {}).get("sql"):
            self.console.print(Text(f"sql: {safe(statement)}", style="dim"))

    def _settle(self) -> None:
        """Take the progress display away before anything that stays is printed."""
        if self._progress is not None:
            self._progress.stop()
            self._progress, self._tasks = None, {}


def safe(text: Any) -> str:
    """Text for a screen: no escapes, no deceptive Unicode, no secrets."""
    return mask(plain(str(text)))


def table_of(table: Mapping[str, Any], most: int | None) -> RenderableType:
    """A result's table; folded after `most` rows."""
    return ResultTable(table, most, safe)


def _content(table: Mapping[str, Any]) -> str:
    """A table by what it says: the same in a result, in a preview and in what was kept as JSON."""
    return json.dumps([table["title"], table["columns"], table["rows"]], default=str)


def card(proposal: events.Proposal, width: int, whole: bool = False, above: Collection[str] = ()) -> Panel:
    """What would be done, where, exactly; whether it can be undone; until when it may be approved.

    above: tables that stand right above the card; named there instead of being shown twice.
    """
    parts: list[RenderableType] = [Text(safe(proposal.summary), style="bold")]
    for table in proposal.preview.tables:
        plain_table = {"title": table.title, "columns": table.columns, "rows": table.rows}
        if _content(plain_table) in above:
            parts.append(Text(f"{safe(table.title)}: as shown above", style="dim"))
        else:
            parts.append(table_of(plain_table, None if whole else 12))
    if proposal.preview.diff:
        lines = safe(proposal.preview.diff).splitlines()
        kept = lines if whole or len(lines) <= FOLD else lines[:FOLD]
        parts.append(Syntax("\n".join(kept), "diff", background_color="default", word_wrap=True))
        if len(kept) < len(lines):
            parts.append(Text(f"… {len(lines) - len(kept)} more lines (? or /show {proposal.id})", style="dim"))
    parts += [Text(safe(note), style="dim") for note in proposal.preview.notes]
    undo = "can be undone" if proposal.reversible else "CANNOT be undone"
    facts = f"{proposal.kind} · {undo} · risk {proposal.risk} · until {proposal.expires[:16].replace('T', ' ')} UTC"
    parts.append(Text(facts, style="dim" if proposal.reversible else "red"))
    return Panel(
        Group(*parts), title=f"approve {proposal.id}?", title_align="left", border_style="yellow", width=min(width, 110)
    )


def _short(value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"
