"""Run monitors: once, or in the foreground until stopped. Missed, overlapping and repeated runs are one run each."""

from __future__ import annotations

import fcntl
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsmith.agent import monitor_check, monitor_metrics, monitor_stream
from opsmith.agent.effects import messages
from opsmith.agent.monitor_state import MonitorState, quiet
from opsmith.agent.outcomes import log_outcome
from opsmith.tools.contract import ToolError
from opsmith.tools.data import monitors, schedules
from opsmith.tools.data.monitors import Monitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsmith.agent.arguments import Command

__all__ = ["Run", "command", "log_outcome", "run_monitors", "run_once"]

LOOK_AGAIN_SECONDS = 15  # how often the folder is read anew while running in the foreground


@dataclass(frozen=True)
class Run:
    """One run of one monitor, as it is told and kept."""

    monitor: str
    time: str
    state: str  # ok, breach, recovered, error, skipped
    verdict: str = ""
    headline: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()
    seconds: float = 0.0
    missed: int = 0

    def line(self) -> str:
        """The run in one line, and what was sent below it."""
        late = f" (makes up for {self.missed} missed runs)" if self.missed else ""
        lines = [f"{self.time[:19]}Z {self.monitor}: {self.state}{late}. {self.headline}"]
        lines += [f"  {t}" for t in self.told]
        lines += [f"  waits for a yes: opsmith approve {a}" for a in self.approvals]
        return "\n".join(lines)


def run_once(
    project: Path, names: Sequence[str] = (), *, due_only: bool = False, settings: Mapping[str, Any] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Run]:  # fmt: skip
    """Run every enabled monitor (or the named ones) once. due_only: only those whose time has come since the last run.

    ToolError for a name that is no monitor; a monitor that fails gives a Run with state `error`, never an exception.
    """
    flat = dict(settings if settings is not None else _settings(project))
    chosen = [monitors.get(project, n) for n in names] if names else monitors.list_monitors(project)
    runs = []
    for monitor in chosen:
        if not monitor.enabled and not names:
            continue
        missed = missed_runs(monitor, project, now())
        if due_only and missed == 0:
            continue
        runs.append(_run(monitor, project, flat, now, max(0, missed - 1)))
    return runs


def run_monitors(
    project: Path, *, once: bool = False, say: Callable[[str], None] = lambda line: None,
    settings: Mapping[str, Any] | None = None, stop: threading.Event | None = None, port: int | None = None,
) -> list[Run]:  # fmt: skip
    """Run what is there. once: every enabled monitor now, then return. Else in the foreground until `stop` is set.

    A run that fell due while nothing ran is made up for by one run at the start. Monitors that are created, changed or
    disabled meanwhile are noticed within 15 seconds. port: serve Prometheus metrics there.
    """
    for told in monitors.problems(project):
        say(told)
    if once:
        runs = run_once(project, settings=settings)
        for one in runs:
            say(one.line())
        return runs
    from apscheduler.schedulers.background import BackgroundScheduler

    stop = stop or threading.Event()
    server = monitor_metrics.serve(project, port) if port else None
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    scheduler.start()
    known: dict[str, Monitor] = {}
    done: list[Run] = []

    def run_one(name: str) -> None:
        for one in run_once(project, [name], settings=settings) if _enabled(project, name) else ():
            done.append(one)
            say(one.line())

    try:
        while not stop.is_set():
            known = _follow(scheduler, project, known, run_one, say)
            stop.wait(LOOK_AGAIN_SECONDS)
    except KeyboardInterrupt:
        say("Stopped; a run that is under way ends first.")
    finally:
        scheduler.shutdown(wait=True)
        if server is not None:
            server.close()
    return done


def missed_runs(monitor: Monitor, project: Path, now: datetime) -> int:
    """How many times it fell due since its last run; 1 when it never ran."""
    last = MonitorState.load(project, monitor.name).last_run
    if not last:
        return 1
    moment = min(datetime.fromisoformat(last), now)  # a clock that was set back must not silence a monitor
    return schedules.parse(monitor.schedule).due_between(moment, now)


def _follow(
    scheduler: Any, project: Path, known: dict[str, Monitor], run: Callable[[str], None], say: Callable[[str], None]
) -> dict[str, Monitor]:
    """Make the scheduler's jobs those of the folder; the monitors as they are now."""
    from apscheduler.triggers.base import BaseTrigger

    class Due(BaseTrigger):  # type: ignore[misc]
        def __init__(self, schedule: schedules.Schedule) -> None:
            self.schedule = schedule

        def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
            return self.schedule.after(max(previous, now) if previous else now)

    there = {m.name: m for m in monitors.list_monitors(project) if m.enabled}
    for name in known.keys() - there.keys():
        if scheduler.get_job(name):
            scheduler.remove_job(name)
        say(f"{name} is off.")
    for name, monitor in there.items():
        if known.get(name) == monitor:
            continue
        schedule = schedules.parse(monitor.schedule)
        scheduler.add_job(run, Due(schedule), args=[name], id=name, replace_existing=True)
        late = missed_runs(monitor, project, datetime.now(UTC))
        say(f"{name} runs {monitor.schedule}; next at {schedule.after(datetime.now(UTC)):%Y-%m-%d %H:%M} UTC.")
        if late:
            scheduler.add_job(run, args=[name], id=f"{name} now", replace_existing=True)
    return there


def _run(monitor: Monitor, project: Path, settings: Mapping[str, Any], now: Callable[[], datetime], missed: int) -> Run:
    with _alone(project, monitor.name) as free:
        if not free:
            return Run(monitor.name, now().isoformat(), "skipped", headline="An earlier run of it is still under way.")
        started, clock = now(), time.monotonic()
        state = MonitorState.load(project, monitor.name)
        context = monitor_check.context_for(project, settings)
        try:
            found = monitor_check.check_monitor(monitor, context)
        except ToolError as error:
            run = Run(monitor.name, started.isoformat(), "error", headline=str(error), missed=missed)
        else:
            run = _judge(monitor, project, settings, state, found, started, missed, context)
        run = Run(**{**_fields(run), "seconds": round(time.monotonic() - clock, 3)})
        state.last_run = started.isoformat()
        seen = monitor_stream.follow(monitor, context)
        run = Run(**{**_fields(run), "told": (*seen, *run.told, *_deliver(monitor, project, settings, state, started))})
        state.runs.append({k: v for k, v in asdict(run).items() if v})
        state.save(project, monitor.name)
        return run


def _judge(
    monitor: Monitor, project: Path, settings: Mapping[str, Any], state: MonitorState, found: monitor_check.Checked,
    started: datetime, missed: int, context: Any,
) -> Run:  # fmt: skip
    """Count the run, and keep an alert when there is something to tell."""
    tell = state.note(monitor, breached=bool(found.breaches), fingerprint=found.fingerprint, now=started)
    told: list[str] = []
    if tell == "breach" and monitor.on_breach == "propose_retraining":
        state.proposed = monitor_check.still_waiting(context, settings, state.proposed)
        told = [] if state.proposed else _remedy(monitor, settings, state, context)
    if tell:
        alert = messages.Alert(
            secrets.token_hex(8), monitor.name, started.isoformat(), found.verdict,
            found.headline if tell == "breach" else f"{monitor.name} is within its bounds again.",
            found.advice if tell == "breach" else "", found.breaches if tell == "breach" else (),
            found.report, tuple(state.proposed) if tell == "breach" else (), tell == "recovered",
            {"moved": {c["name"]: float(c.get("psi") or 0.0) for c in found.data["columns"]}} if tell == "breach" else {},
        )  # fmt: skip
        state.wait(alert)
    word = "breach" if found.breaches else ("recovered" if tell == "recovered" else "ok")
    headline = found.headline
    if found.breaches and "metric" in found.breaches[0]:
        limits = ", ".join(f"{b['metric']} {b['value']:.3g} (threshold {b['threshold']:g})" for b in found.breaches)
        headline = f"{limits}. {headline}"
    values = {
        k: v for k, v in found.values.items() if k in monitor.thresholds or k in ("psi", "accuracy", "auc", "mae")
    }
    return Run(
        monitor.name, started.isoformat(), word, found.verdict, headline, values, tuple(told),
        tuple(state.proposed) if tell == "breach" else (), missed=missed,
    )  # fmt: skip


def _remedy(monitor: Monitor, settings: Mapping[str, Any], state: MonitorState, context: Any) -> list[str]:
    try:
        state.proposed, done = monitor_check.propose_remedy(monitor, context, settings)
    except ToolError as error:
        return [f"retraining could not be proposed: {error}"]
    return [f"retrained, as the settings allow: {message}" for message in done]


def _deliver(
    monitor: Monitor, project: Path, settings: Mapping[str, Any], state: MonitorState, now: datetime
) -> list[str]:
    """Send what waits, unless it is quiet; what could not be sent waits for the next run."""
    if not state.waiting:
        return []
    if quiet(str(settings.get("alerts.quiet_hours", "")), now.astimezone()):
        return [f"{len(state.waiting)} alerts wait for the end of the quiet hours"]
    told, left = [], []
    for alert, kept in zip(state.undelivered(), list(state.waiting), strict=True):
        try:
            told.append(messages.deliver(alert, monitor.channel, project, settings))
        except ToolError as error:
            told.append(f"not sent, will be tried again: {error}")
            left.append(kept)
    state.waiting = left[-20:]
    return told


@contextmanager
def _alone(project: Path, name: str) -> Iterator[bool]:
    """A lock that the system lets go when the process dies; False when somebody else holds it."""
    path = project / ".opsmith" / "locks" / f"monitor-{name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _enabled(project: Path, name: str) -> bool:
    return any(m.name == name and m.enabled for m in monitors.list_monitors(project))


def _fields(run: Run) -> dict[str, Any]:
    return {name: getattr(run, name) for name in Run.__dataclass_fields__}


def _settings(project: Path) -> dict[str, Any]:
    from opsmith.agent.settings import load

    return load(project).flat()


def next_due(project: Path, now: datetime) -> list[tuple[str, datetime]]:
    """Every enabled monitor with the time it is due next, soonest first."""
    there = [m for m in monitors.list_monitors(project) if m.enabled]
    return sorted(((m.name, schedules.parse(m.schedule).after(now)) for m in there), key=lambda pair: pair[1])


def command(given: Command) -> int:
    """`opsmith monitor run|list` and `opsmith log-outcome`; the exit code."""
    from opsmith.agent.monitor_command import command as door

    return door(given)
