"""Take jobs from the queue and carry them out: a few at a time, those of one thread in order and in one worker only."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from opsmith.agent.bugs import record_bug
from opsmith.agent.slack.queue import Job, Queue

if TYPE_CHECKING:
    from opsmith.agent.session import Session

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0  # how often stops, cards and the jobs of workers that died are looked for
FORGET_SECONDS = 3600.0  # how often finished jobs of long ago are deleted
AGAIN_SECONDS = 0.25  # until a thread that another worker is in is tried again

Carry = Callable[[Queue, Job, Callable[["Session"], None]], None]


class Workers:
    """The turns of one process.

    make_queue: opens the store for one thread of this process. carry_out: does one job. failed: told of a job that could
    not be done. tidy: called now and then with a queue (cards, closed threads). turns: how many at the same time.
    """

    def __init__(
        self, make_queue: Callable[[], Queue], carry_out: Carry, *, failed: Callable[[Queue, Job], None],
        tidy: Callable[[Queue], None], turns: int,
    ) -> None:  # fmt: skip
        self._make_queue, self._carry_out, self._failed, self._tidy = make_queue, carry_out, failed, tidy
        self._pool = ThreadPoolExecutor(turns, thread_name_prefix="slack-turn")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._given: set[str] = set()  # threads that a turn was asked for and has not begun
        self._busy: set[str] = set()
        self._running: dict[str, tuple[Job, Session]] = {}
        self._open: list[Queue] = []
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._look, name="slack-watch", daemon=True)

    def start(self) -> None:
        """Begin to look for what is open, also from before this process."""
        self._watch.start()

    def nudge(self, thread: str) -> None:
        """There is something to do in a thread."""
        with self._lock:
            if self._closing.is_set() or thread in self._given:
                return
            self._given.add(thread)
        self._pool.submit(self._work, thread)

    def stop(self, thread: str) -> None:
        """Stop the turn that runs here in a thread."""
        with self._lock:
            found = self._running.get(thread)
        if found:
            found[1].cancel()

    def runs(self, thread: str) -> bool:
        """Whether a turn of the thread runs in this process."""
        with self._lock:
            return thread in self._running

    def close(self, seconds: float = 30.0) -> None:
        """Finish what runs, begin nothing new; what is left stays in the queue. Stops turns that take too long."""
        self._closing.set()
        timer = threading.Timer(seconds, self._stop_all)
        timer.daemon = True
        timer.start()
        self._pool.shutdown(wait=True, cancel_futures=True)
        timer.cancel()
        if self._watch.is_alive():
            self._watch.join()
        for queue in self._open:
            queue.close()

    def _work(self, thread: str) -> None:
        """Do what is open in a thread, oldest first, as long as nobody else is at it."""
        with self._lock:
            self._given.discard(thread)
            if thread in self._busy:
                return  # who is in it looks again before leaving
            self._busy.add(thread)
        again = False
        try:
            queue = self._queue()
            with queue.store.turn_if_free(f"slack {thread}") as mine:
                while mine and not self._closing.is_set() and (job := queue.take(thread)) is not None:
                    self._do(queue, job)
            again = not mine or queue.waits(thread)
        except Exception as error:  # the outermost door of a worker's thread: it must live on
            log.exception("a turn of %s could not be taken (%s)", thread, type(error).__name__)
        finally:
            with self._lock:
                self._busy.discard(thread)
        if again and not self._closing.is_set():
            later = threading.Timer(AGAIN_SECONDS, self.nudge, [thread])
            later.daemon = True
            later.start()

    def _do(self, queue: Queue, job: Job) -> None:
        def running(session: Session) -> None:
            with self._lock:
                self._running[job.thread] = (job, session)

        state = "done"
        try:
            self._carry_out(queue, job, running)
        except (
            Exception
        ) as error:  # a bug of ours or Slack away: kept in a file, told in one line, never tried for ever
            state = "failed"
            log.error("a turn failed (%s)", record_bug(queue.store.home, error))
            self._failed(queue, job)
        finally:
            with self._lock:
                self._running.pop(job.thread, None)
        queue.finish(job.id, state)

    def _queue(self) -> Queue:
        """This thread's own connection."""
        if not hasattr(self._own, "queue"):
            self._own.queue = self._make_queue()
            with self._lock:
                self._open.append(self._own.queue)
        queue: Queue = self._own.queue
        return queue

    def _look(self) -> None:
        queue, forget_at = self._queue(), time.monotonic()
        while not self._closing.wait(LOOK_SECONDS):
            try:
                if time.monotonic() >= forget_at:
                    forget_at = time.monotonic() + FORGET_SECONDS
                    queue.forget_old()
                with self._lock:
                    running = list(self._running.values())
                for job, session in running:
                    if queue.stopped(job):
                        session.cancel()
                for thread in queue.open_threads():
                    self.nudge(thread)
                self._tidy(queue)
            except Exception as error:  # the database may be away for a while
                log.warning("looking for work failed (%s)", type(error).__name__)

    def _stop_all(self) -> None:
        with self._lock:
            running = list(self._running.values())
        for _, session in running:
            session.cancel()
