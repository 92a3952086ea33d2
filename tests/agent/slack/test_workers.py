"""The workers of the Slack door: one turn of a thread at a time, in order, whoever dies and whatever fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opsmith.agent.slack import workers as module
from opsmith.agent.slack.queue import Job, Queue
from opsmith.agent.slack.workers import Workers


class Notes:
    """What the workers did, in order, and how many turns of a thread overlapped."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.failed: list[str] = []
        self.inside: dict[str, int] = {}
        self.overlaps = 0
        self.lock = threading.Lock()
        self.hold: Callable[[Job, Any], None] = lambda job, running: time.sleep(0.005)

    def carry(self, queue: Queue, job: Job, running: Any) -> None:
        with self.lock:
            self.inside[job.thread] = self.inside.get(job.thread, 0) + 1
            self.overlaps += self.inside[job.thread] > 1
        try:
            self.hold(job, running)
            with self.lock:
                self.done.append((job.thread, job.id))
        finally:
            with self.lock:
                self.inside[job.thread] -= 1


Made = Callable[[], Workers]


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def make(tmp_path: Path, notes: Notes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.02)
    made: list[Workers] = []

    def workers() -> Workers:
        one = Workers(lambda: Queue(tmp_path), notes.carry, failed=lambda queue, job: notes.failed.append(job.id),
                      tidy=lambda queue: None, turns=4)  # fmt: skip
        made.append(one)
        return one

    yield workers
    for one in made:
        one.close(5)


def put(folder: Path, thread: str, *numbers: int) -> None:
    queue = Queue(folder)
    for number in numbers:
        queue.put(Job(f"{thread}-{number}", thread, f"{number:06}", "message", {}))
    queue.close()


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_two_processes_of_workers_share_threads_without_ever_being_in_one_together(
    tmp_path: Path, make: Made, notes: Notes
) -> None:
    threads = [f"t{n}" for n in range(6)]
    for thread in threads:
        put(tmp_path, thread, *range(5))
    one, two = make(), make()
    one.start()
    two.start()
    for thread in threads:
        one.nudge(thread)
        two.nudge(thread)
    until(lambda: len(notes.done) >= 30)
    assert notes.overlaps == 0
    for thread in threads:
        assert [job for at, job in notes.done if at == thread] == [f"{thread}-{n}" for n in range(5)]


def test_jobs_of_before_the_start_are_found_without_a_nudge(tmp_path: Path, make: Made, notes: Notes) -> None:
    put(tmp_path, "t", 1)
    make().start()
    until(lambda: notes.done == [("t", "t-1")])


def test_a_job_that_fails_is_told_once_and_the_next_one_is_done(tmp_path: Path, make: Made, notes: Notes) -> None:
    def hold(job: Job, running: Any) -> None:
        if job.id == "t-1":
            raise RuntimeError("Slack is away")

    notes.hold = hold
    put(tmp_path, "t", 1, 2)
    make().start()
    until(lambda: notes.done == [("t", "t-2")])
    assert notes.failed == ["t-1"]
    queue = Queue(tmp_path)
    states = {r["id"]: r["state"] for r in queue.store.database.rows("SELECT id, state FROM slack_jobs")}
    until(lambda: not queue.waits("t"))
    queue.close()
    assert states["t-1"] == "failed"


def test_a_stop_in_the_database_reaches_the_turn_that_runs_in_another_process(
    tmp_path: Path, make: Made, notes: Notes
) -> None:
    cancelled = threading.Event()

    class Turn:
        def cancel(self) -> None:
            cancelled.set()

    def hold(job: Job, running: Any) -> None:
        running(Turn())
        assert cancelled.wait(60)

    notes.hold = hold
    one = make()
    queue = Queue(tmp_path)
    queue.own("t", "T1", "C1", "1", "U1")
    put(tmp_path, "t", 1)
    one.start()
    until(lambda: one.runs("t"))
    queue.stop("t", "000005")
    queue.close()
    until(lambda: notes.done == [("t", "t-1")])
    assert not one.runs("t")


def test_closing_finishes_what_runs_and_leaves_the_rest_for_the_next_start(
    tmp_path: Path, make: Made, notes: Notes
) -> None:
    began, go_on = threading.Event(), threading.Event()

    def hold(job: Job, running: Any) -> None:
        began.set()
        assert go_on.wait(60)

    notes.hold = hold
    put(tmp_path, "t", 1, 2)
    one = make()
    one.start()
    assert began.wait(60)
    closing = threading.Thread(target=one.close)
    closing.start()
    until(lambda: one._closing.is_set())
    go_on.set()
    closing.join(60)
    assert notes.done == [("t", "t-1")]
    make().start()
    until(lambda: notes.done == [("t", "t-1"), ("t", "t-2")])


def test_finished_jobs_of_long_ago_are_deleted_when_workers_start(tmp_path: Path, make: Made) -> None:
    put(tmp_path, "t", 1)
    queue = Queue(tmp_path)
    queue.finish("t-1")
    queue.store.database.execute("UPDATE slack_jobs SET done = '2020-01-01'")
    make().start()
    until(lambda: not queue.store.database.rows("SELECT id FROM slack_jobs"))
    queue.close()
