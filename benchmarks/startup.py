"""How long a person waits: `opsmith --version`, the first prompt, and what an offline turn adds to its tool.

python benchmarks/startup.py writes benchmarks/results/startup.json. Each figure is the median of five runs on a warm disk.
"""

from __future__ import annotations

import json
import os
import platform
import pty
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 5


def median(measure: Callable[[], float]) -> float:
    """Median seconds of RUNS runs after one that warms the disk."""
    measure()
    return round(statistics.median(measure() for _ in range(RUNS)), 3)


def run(*words: str) -> float:
    """Seconds of one program from start to end."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.perf_counter() - started


def prompt(project: Path) -> float:
    """Seconds until the conversation shows its prompt in a terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(project)
        os.environ["TERM"] = "xterm"
        os.execv(sys.executable, [sys.executable, "-m", "opsmith.agent"])
    started, shown = time.perf_counter(), b""
    while "›".encode() not in shown:
        ready, _, _ = select.select([terminal], [], [], 20)
        if not ready:
            raise SystemExit("no prompt within 20 s")
        shown += os.read(terminal, 65536)
        if b"\x1b[6n" in shown:  # prompt_toolkit asks where the cursor is; a terminal answers
            os.write(terminal, b"\x1b[1;1R")
            shown = shown.replace(b"\x1b[6n", b"")
    seconds = time.perf_counter() - started
    os.write(terminal, b"\x04")
    os.close(terminal)
    os.waitpid(pid, 0)
    return seconds


def turn(project: Path) -> dict[str, float]:
    """Milliseconds of a warm offline turn and of its tool alone."""
    from opsmith.agent.session import Session
    from opsmith.tools import registry
    from opsmith.tools.contract import Context

    session = Session(project, "benchmark")
    said = "how many rows does data/telco_churn.csv have?"
    list(session.send(said))
    query = registry.get("query")
    whole, alone = [], []
    for _ in range(2 * RUNS):
        started = time.perf_counter()
        list(session.send(said))
        whole.append(time.perf_counter() - started)
        started = time.perf_counter()
        query.run(dataset="data/telco_churn.csv", question=said, context=Context(project))
        alone.append(time.perf_counter() - started)
    session.close()
    both = {"turn_ms": 1000 * statistics.median(whole), "tool_alone_ms": 1000 * statistics.median(alone)}
    return {
        name: round(value, 1) for name, value in {**both, "added_ms": both["turn_ms"] - both["tool_alone_ms"]}.items()
    }


def main() -> None:
    """Measure, print, and write the figures down."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        shutil.copytree(ROOT / "examples" / "churn" / "data", project / "data")
        found = {
            "bare_python_s": median(lambda: run("-c", "pass")),
            "version_s": median(lambda: run("-m", "opsmith.agent", "--version")),
            "prompt_s": median(lambda: prompt(project)),
            "offline_turn": turn(project),
            "load_average": os.getloadavg()[0],
            "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        }
    text = json.dumps(found, indent=1)
    print(text)
    (ROOT / "benchmarks" / "results").mkdir(exist_ok=True)
    (ROOT / "benchmarks" / "results" / "startup.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
