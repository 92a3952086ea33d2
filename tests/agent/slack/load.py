"""Many threads at once against two workers on one PostgreSQL: is every reply there, once, in its place, in time?

`python -m tests.agent.slack.load --out benchmarks/results/slack_threads` measures and writes down the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from .. import postgres
from .fake_slack import SECRET, TOKEN, FakeSlack

FILES = 20


def make_project(folder: Path, store: str) -> Path:
    """Twenty tables, each with a number of rows of its own, and settings for the store."""
    folder.mkdir()
    for n in range(FILES):
        rows = "".join(f"{i},{i % 7}\n" for i in range(rows_of(n)))
        (folder / f"table{n:02}.csv").write_text(f"key,group\n{rows}")
    settings = f'[store]\nurl = "{store}"\n[slack]\nmode = "http"\napprovers = ["U0BOSS", "U0CHIEF"]\n'
    (folder / "opsmith.toml").write_text(settings)
    return folder


def rows_of(n: int) -> int:
    return 1001 + 13 * (n % FILES)


@contextmanager
def worker(project: Path, api: str, port: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A process of `opsmith slack`; its address."""
    environ = {**os.environ, "SLACK_BOT_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SECRET, "SLACK_API_URL": api}
    words = [sys.executable, "-m", "opsmith.agent", "slack", "--port", str(port), "--project", str(project)]
    log = (project.parent / f"worker-{port}.log").open("wb")
    process = subprocess.Popen(words, env=environ, stdout=log, stderr=log)
    try:
        ends = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
                break
            except OSError:
                assert process.poll() is None, Path(log.name).read_text()[-2000:]
                assert time.monotonic() < ends
                time.sleep(0.1)
        yield process, f"http://127.0.0.1:{port}/slack/events"
    finally:
        process.terminate()
        process.wait(60)
        log.close()


def memory_mb(process: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def run(slack: FakeSlack, project: Path, ports: tuple[int, int], threads: int, seconds: float) -> dict[str, Any]:
    """Scripted users: each asks in a channel of their own; every fifth asks twice at once, every tenth is delivered again
    to the other worker, every twentieth asks for a file and two people approve at once, each at another worker."""
    with worker(project, slack.api, ports[0]) as (one, first), worker(project, slack.api, ports[1]) as (two, second):
        urls = (first, second)
        acks: list[float] = []
        wrong: list[int] = []

        def deliver(payload: dict[str, Any], to: int, **headers: str) -> None:
            began = time.monotonic()
            status, _ = slack.send(urls[to % 2], payload, **headers)
            acks.append(time.monotonic() - began)
            if status != 200:
                wrong.append(status)

        def user(n: int) -> tuple[str, str, int]:
            channel, asked = f"C{n:04}", 1
            if n % 20 == 19:
                text = f"<@UBOT> remove duplicate rows by group from table{n % FILES:02}.csv into out{n:03}.csv"
            else:
                text = f"<@UBOT> how many rows does table{n % FILES:02}.csv have?"
            root, envelope = slack.message(text, f"U0{n:04}", channel=channel)
            deliver(envelope, n)
            if n % 10 == 3:
                deliver(envelope, n + 1, **{"X-Slack-Retry-Num": "1"})
            if n % 5 == 2:
                _, more = slack.message(f"how many rows does table{(n + 1) % FILES:02}.csv have?", f"U0{n:04}", channel=channel,
                                        root=root, kind="message")  # fmt: skip
                deliver(more, n + 1)
                asked = 2
            return channel, root, asked

        for warm in (0, 1):  # what is loaded once is not what is measured
            deliver(
                slack.message("<@UBOT> how many rows does table00.csv have?", "U0WARM", channel=f"CWARM{warm}")[1], warm
            )
        slack.wait_for("chat.stopStream", 2, 120)
        acks.clear()
        before = (memory_mb(one), memory_mb(two))
        began = time.monotonic()
        with ThreadPoolExecutor(40) as pool:
            talks = list(pool.map(user, range(threads)))
        pressed = threading.Thread(target=_approve, args=(slack, deliver, threads // 20, seconds))
        pressed.start()
        wanted = sum(asked for _, _, asked in talks) + 2 + threads // 20
        slack.wait(lambda: len(slack.called("chat.stopStream")) >= wanted, seconds)
        pressed.join()
        took = time.monotonic() - began
        time.sleep(2.0)  # a doubled reply would come now
        after = (memory_mb(one), memory_mb(two))
        acks.sort()
        return {
            "threads": threads,
            "messages": sum(asked for _, _, asked in talks),
            "approvals": threads // 20,
            "seconds": round(took, 1),
            "ack_p50_ms": round(1000 * acks[len(acks) // 2]),
            "ack_p95_ms": round(1000 * acks[int(len(acks) * 0.95)]),
            "ack_max_ms": round(1000 * acks[-1]),
            "not_acknowledged": len(wrong),
            **_judge(slack, project, talks, threads),
            "memory_mb_after_one_turn": [round(m) for m in before],
            "memory_mb_at_the_end": [round(m) for m in after],
        }


def _approve(slack: FakeSlack, deliver: Any, count: int, seconds: float) -> None:
    """Two people press each card at the same time, at different workers."""
    done: set[str] = set()
    ends = time.monotonic() + seconds
    while len(done) < count and time.monotonic() < ends:
        for card in slack.called("chat.postMessage"):
            if "approval-" in str(card.get("blocks")) and card["_ts"] not in done:
                done.add(card["_ts"])
                presses = [slack.press(card, "approve", user) for user in ("U0BOSS", "U0CHIEF")]
                both = [threading.Thread(target=deliver, args=(p, n)) for n, p in enumerate(presses)]
                for press in both:
                    press.start()
                for press in both:
                    press.join()
        time.sleep(0.2)


def _judge(slack: FakeSlack, project: Path, talks: list[tuple[str, str, int]], threads: int) -> dict[str, int]:
    """Lost, doubled and misplaced replies, replies out of order, and executions that were not exactly one."""
    started = Counter((g["channel"], g["thread_ts"]) for g in slack.called("chat.startStream"))
    lost = doubled = misplaced = disorder = 0
    for n, (channel, root, asked) in enumerate(talks):
        approved = n % 20 == 19
        replies = started.pop((channel, root), 0)
        lost += max(0, asked + approved - replies)
        doubled += max(0, replies - asked - approved)
        words = slack.words(root, channel)
        numbers = re.findall(r"1[,.]?\d{3}", words)
        expected = [f"{rows_of(n)}"] if not approved else []
        if asked == 2:
            expected.append(f"{rows_of(n + 1)}")
        found = [x.replace(",", "").replace(".", "") for x in numbers]
        if not approved and not set(expected) <= set(found):
            misplaced += 1
        if asked == 2 and set(expected) <= set(found) and found.index(expected[0]) > found.index(expected[1]):
            disorder += 1
    misplaced += sum(v for (channel, _), v in started.items() if not channel.startswith("CWARM"))
    made = len(list(project.glob("out*.csv")))
    return {
        "lost": lost, "doubled": doubled, "misplaced": misplaced, "out_of_order": disorder,
        "files_made": made, "files_wanted": threads // 20,
    }  # fmt: skip


def measure(threads: int, seconds: float, folder: Path, server: str) -> dict[str, Any]:
    """One whole run with a fresh database and project."""
    url = postgres.fresh(server)
    slack = FakeSlack()
    try:
        figures = run(slack, make_project(folder / "project", url), postgres.free_ports(), threads, seconds)
        with psycopg.connect(url) as connection:
            rows = connection.execute("SELECT state, count(*) FROM journal GROUP BY 1").fetchall()
            refused = connection.execute("SELECT count(*) FROM slack_jobs WHERE state <> 'done'").fetchone()
        return {
            **figures,
            "journal": dict(rows),
            "jobs_not_done": refused[0] if refused else -1,
            "objections": slack.objections,
        }
    finally:
        slack.close()


def main() -> None:
    """Measure with 200 threads and write the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--threads", type=int, default=200)
    given = parser.parse_args()
    with postgres.server() as server, tempfile.TemporaryDirectory() as folder:
        figures = measure(given.threads, 400, Path(folder), server)
    figures |= {"cores": os.cpu_count(), "load_average": [round(v, 1) for v in os.getloadavg()]}
    print(json.dumps(figures, indent=1))
    if given.out:
        given.out.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")
        lines = [f"| {name.replace('_', ' ')} | {value} |" for name, value in figures.items() if name != "objections"]
        table = "\n".join(["| What | Figure |", "|---|---|", *lines])
        title = "# Threads in Slack at once, two workers on one PostgreSQL\n\nMeasured by `python -m tests.agent.slack.load`."
        given.out.with_suffix(".md").write_text(f"{title}\n\n{table}\n")


if __name__ == "__main__":
    main()
