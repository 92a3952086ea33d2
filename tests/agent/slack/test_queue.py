"""The queue behind Slack: nothing twice, nothing lost, in the order people wrote."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.agent.slack.queue import Job, Queue


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    made = Queue(tmp_path)
    yield made
    made.close()


def message(number: int, thread: str = "T1/C1/1", place: str | None = None) -> Job:
    return Job(f"e{number}", thread, place or f"{number:010}.000000", "message", {"text": f"say {number}"})


def test_a_job_is_kept_once_also_when_many_deliver_it_at_the_same_time(tmp_path: Path) -> None:
    taken: list[bool] = []

    def deliver() -> None:
        own = Queue(tmp_path)
        taken.append(own.put(message(1)))
        own.close()

    Queue(tmp_path).close()  # the tables are there before anybody races
    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


@given(order=st.permutations(range(6)))
def test_jobs_come_out_in_the_order_people_wrote_whatever_the_order_of_delivery(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    queue = Queue(tmp_path_factory.mktemp("queue"))
    for number in order:
        assert queue.put(message(number))
    seen = []
    while job := queue.take("T1/C1/1"):
        seen.append(job.payload["text"])
        queue.finish(job.id)
    queue.close()
    assert seen == [f"say {n}" for n in range(6)]


def test_a_job_whose_worker_died_is_found_again_and_known_as_begun(queue: Queue) -> None:
    queue.put(message(1))
    first = queue.take("T1/C1/1")
    assert first is not None
    assert not first.begun
    again = queue.take("T1/C1/1")
    assert again is not None
    assert (again.id, again.begun) == (first.id, True)


def test_what_was_said_is_not_kept_once_it_is_done(queue: Queue) -> None:
    queue.put(message(1))
    queue.finish("e1")
    assert queue.store.database.row("SELECT payload, state FROM slack_jobs") == {"payload": "{}", "state": "done"}
    assert not queue.put(message(1)), "a retry after the end is still known"


def test_finished_jobs_are_forgotten_after_two_weeks_and_open_ones_never(queue: Queue) -> None:
    for number in range(3):
        queue.put(message(number))
    queue.finish("e0")
    queue.finish("e1")
    queue.store.database.execute("UPDATE slack_jobs SET at = '2020-01-01'")
    queue.store.database.execute("UPDATE slack_jobs SET done = '2020-01-02' WHERE id = 'e0'")
    assert queue.forget_old() == 1
    assert {r["id"] for r in queue.store.database.rows("SELECT id FROM slack_jobs")} == {"e1", "e2"}


def test_stop_drops_what_waits_from_before_and_nothing_written_later(queue: Queue) -> None:
    queue.own("T1/C1/1", "T1", "C1", "1", "U1")
    for number in (1, 2, 9):
        queue.put(message(number))
    running = queue.take("T1/C1/1")
    assert running is not None
    queue.stop("T1/C1/1", f"{5:010}.000000")
    assert queue.stopped(running)
    queue.finish(running.id, "stopped")
    left = queue.take("T1/C1/1")
    assert left is not None
    assert left.id == "e9"
    assert not queue.stopped(left)


def test_a_newer_message_of_the_thread_is_seen_and_one_of_another_thread_is_not(queue: Queue) -> None:
    queue.put(message(1))
    job = queue.take("T1/C1/1")
    assert job is not None
    queue.put(message(2, thread="T1/C2/1"))
    assert not queue.newer(job)
    queue.put(message(3))
    assert queue.newer(job)


def test_threads_with_open_jobs_are_listed_the_longest_waiting_first(queue: Queue) -> None:
    for number, thread in enumerate(("b", "a", "c")):
        queue.put(message(number, thread=thread))
        queue.store.database.execute(
            "UPDATE slack_jobs SET at = ? WHERE id = ?", (f"2026-01-0{number + 1}", f"e{number}")
        )
    queue.finish("e2")
    assert queue.open_threads() == ["b", "a"]
    assert queue.waits("a")
    assert not queue.waits("c")


def test_a_card_is_rewritten_by_one_worker_only(queue: Queue) -> None:
    queue.keep_card("ap1", "T1/C1/1", "C1", "17.1", "1", "abc")
    assert queue.card_shows("ap1", "done", before="pending")
    assert not queue.card_shows("ap1", "done", before="pending")
    assert (queue.card("ap1") or {})["shown"] == "done"


def test_idle_threads_are_those_nobody_wrote_in(queue: Queue) -> None:
    for name in ("old", "fresh", "closed"):
        queue.own(name, "T1", "C1", "1", "U1")
    queue.store.database.execute("UPDATE slack_threads SET used = '2020-01-01' WHERE thread <> 'fresh'")
    queue.set_status("closed", "closed")
    assert [r["thread"] for r in queue.idle(24)] == ["old"]
