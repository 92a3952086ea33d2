"""Play many cases: in parallel, within time and cost limits, from where an earlier run stopped."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from opsmith.evals.case import Case
from opsmith.evals.driver import Setup, broken_play, play
from opsmith.evals.fixtures import room
from opsmith.evals.judging import judge
from opsmith.evals.loading import load_suites, world_of
from opsmith.evals.trace import Play, play_from
from opsmith.tools.contract import ToolError


@dataclass(frozen=True)
class Job:
    """One play to do."""

    suite: str
    file: Path
    case: Case
    place: int  # of the variant among the case's plays
    variant: str
    epoch: int = 1

    @property
    def key(self) -> str:
        return Play(self.case.id, self.variant, self.epoch).key


@dataclass(frozen=True)
class Filter:
    """Which cases to play; patterns such as drift-*. Several tags must all be there; a tag after ! must not."""

    ids: Sequence[str] = ()
    tags: Sequence[str] = ()
    only: frozenset[str] | None = None  # keys of plays, such as those that failed
    variants: int | None = None  # at most so many plays a case

    def takes(self, case: Case) -> bool:
        wanted = [t for t in self.tags if not t.startswith("!")]
        unwanted = [t[1:] for t in self.tags if t.startswith("!")]
        named = not self.ids or any(fnmatch(case.id, pattern) for pattern in self.ids)
        return named and set(wanted) <= set(case.tags) and not set(unwanted) & set(case.tags)


@dataclass
class Limits:
    """When to stop: seconds for one play (None: as the case says), dollars for the whole run."""

    timeout: float | None = None
    cost: float | None = None
    epochs: int = 1
    jobs: int = field(default_factory=lambda: min(os.cpu_count() or 1, 8))


def plan(paths: Sequence[Path], chosen: Filter, epochs: int = 1) -> list[Job]:
    """The plays to do, in the order of the files."""
    jobs = []
    for file, suite in load_suites(paths):
        for case in suite.cases:
            if not chosen.takes(case):
                continue
            for place, (variant, _) in enumerate(case.played()[: chosen.variants]):
                for epoch in range(1, epochs + 1):
                    job = Job(suite.suite, file, case, place, variant, epoch)
                    if chosen.only is None or job.key in chosen.only:
                        jobs.append(job)
    return jobs


def play_job(job: Job, setup: Setup, timeout: float | None = None) -> Play:
    """Play and judge one job in this process; time running out or a crash of the agent is a failed play."""
    turns = job.case.played()[job.place][1]
    limit = timeout or job.case.timeout
    try:
        with _alarm(limit):
            world, data = world_of(job.case, job.file)
            played = play(job.case, job.variant, turns, world, data, setup, job.epoch)
    except _TimeUp:
        played = broken_play(job.case, job.variant, job.epoch, f"it took longer than {limit:g} s", setup.model)
    except ToolError as error:
        played = broken_play(job.case, job.variant, job.epoch, str(error), setup.model)
    except Exception as error:  # the agent under test fell over: that is a result, not our end
        import traceback

        where = "".join(traceback.format_exception(error)[-3:])
        played = broken_play(job.case, job.variant, job.epoch, f"the agent fell over: {where}", setup.model)
    else:
        judge(job.case, turns, played)
    played.suite = job.suite
    return played


def run(
    jobs: Sequence[Job],
    setup: Setup,
    limits: Limits,
    *,
    record: Path | None = None,
    told: Callable[[Play, int, int], None] = lambda play, done, of: None,
) -> list[Play]:
    """Play all jobs; each finished play is appended to `record`, and those already in it are not played again."""
    setup = setup if setup.folder else dataclasses.replace(setup, folder=str(room()))  # one for all processes
    earlier = read_plays(record) if record else {}
    plays = {job.key: earlier[job.key] for job in jobs if job.key in earlier}
    left = [job for job in jobs if job.key not in plays]
    spent = sum(p.cost for p in plays.values())
    source = _here(left, setup, limits) if limits.jobs <= 1 or len(left) <= 1 else _parallel(left, setup, limits)
    for finished in source:
        plays[finished.key] = finished
        if record:
            with record.open("a", encoding="utf-8") as file:
                file.write(json.dumps(finished.as_dict(), ensure_ascii=False, default=str) + "\n")
        told(finished, len(plays), len(jobs))
        spent += finished.cost
        if limits.cost is not None and spent >= limits.cost:
            source.close()
            break
    return [plays[job.key] for job in jobs if job.key in plays]


def read_plays(record: Path) -> dict[str, Play]:
    """Finished plays of a record by key; a last line cut off by a crash is left out."""
    plays = {}
    if record.exists():
        for line in record.read_text(encoding="utf-8").splitlines():
            try:
                read = play_from(json.loads(line))
            except (ValueError, TypeError, KeyError):
                continue
            plays[read.key] = read
    return plays


def _here(jobs: Sequence[Job], setup: Setup, limits: Limits) -> Any:
    for job in jobs:
        yield play_job(job, setup, limits.timeout)


def _parallel(jobs: Sequence[Job], setup: Setup, limits: Limits) -> Any:
    """Workers that take one job after another; one that hangs past its time or dies is replaced."""
    import multiprocessing
    from multiprocessing.connection import wait

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["opsmith.evals.warm"])
    waiting = list(reversed(jobs))
    workers = [_Worker(context, setup, limits.timeout) for _ in range(min(limits.jobs, len(jobs)))]
    try:
        for worker in workers:
            worker.give(waiting.pop())
        while any(w.job for w in workers):
            busy = [w for w in workers if w.job]
            ready = wait([w.pipe for w in busy], timeout=0.5)
            for worker in busy:
                if worker.pipe in ready:
                    yield worker.take()
                elif worker.overdue:
                    yield worker.give_up("it hung past its time and was stopped")
                else:
                    continue
                if waiting:
                    worker.give(waiting.pop())
    finally:
        for worker in workers:
            worker.stop()


class _Worker:
    """A process that plays jobs sent through a pipe."""

    def __init__(self, context: Any, setup: Setup, timeout: float | None) -> None:
        self._context, self._setup, self._timeout = context, setup, timeout
        self.job: Job | None = None
        self._start()

    def _start(self) -> None:
        self.pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_work, args=(theirs, self._setup, self._timeout), daemon=True)
        self._process.start()
        theirs.close()

    def give(self, job: Job) -> None:
        self.job = job
        self._until = time.monotonic() + (self._timeout or job.case.timeout) * 1.5 + 60
        self.pipe.send(job)

    @property
    def overdue(self) -> bool:
        return time.monotonic() > self._until or not self._process.is_alive()

    def take(self) -> Play:
        try:
            finished: Play = self.pipe.recv()
        except (EOFError, OSError):
            return self.give_up("its process died")
        self.job = None
        return finished

    def give_up(self, why: str) -> Play:
        assert self.job is not None
        lost = broken_play(self.job.case, self.job.variant, self.job.epoch, why, self._setup.model)
        lost.suite = self.job.suite
        self.stop()
        self._start()
        self.job = None
        return lost

    def stop(self) -> None:
        self.pipe.close()
        self._process.kill()
        self._process.join()


def _work(pipe: Any, setup: Setup, timeout: float | None) -> None:
    """The life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(play_job(job, setup, timeout))


class _TimeUp(BaseException):
    """Raised inside a play when its time is over; no `except Exception` of the agent may swallow it."""


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Stop a play after some seconds, where this thread can be interrupted."""
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise _TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
