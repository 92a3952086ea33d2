"""One run of a peer in a process of its own: seconds, CPU seconds and memory; what the side-by-side benchmarks share.

A peer is a generator that yields the name of each step as it passes it ("import", "load", "compute"), then a dict of what it
found, in which `libs` names the packages whose versions are told. The script that is started hands its figures over by `show`.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

MARK = "RESULT "


def timed(steps: Iterator[str | dict], free: Sequence[str] = ("import",)) -> dict:
    """What the peer tells, with `seconds`, `cpu_s`, `peak_mb` and one `STEP_s` for each step; steps in `free` are left out."""
    told: dict = {}
    moment, before = time.perf_counter(), cpu_seconds()
    busy = total = 0.0
    for step in steps:
        passed, used = time.perf_counter() - moment, cpu_seconds() - before
        name = step if isinstance(step, str) else "render"
        told[f"{name}_s"] = round(passed, 3)
        if name not in free:
            total, busy = total + passed, busy + used
        if isinstance(step, dict):
            versions = {n: metadata.version(n) for n in step.pop("libs")}
            told |= {**step, "versions": {"python": platform.python_version()} | versions}
        moment, before = time.perf_counter(), cpu_seconds()
    told |= {"seconds": round(total, 3), "cpu_s": round(busy, 3)}
    told["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return told


def cpu_seconds() -> float:
    """CPU seconds of this process, all its threads, and the children it waited for."""
    each = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in each)


def show(told: Mapping) -> None:
    """Hand the figures of this process to the one that started it."""
    print(MARK + json.dumps(told, default=str), flush=True)


def apart(script: Path, words: Sequence[str], places: Sequence[str], venvs: Path | None, cap: float) -> dict:
    """Run the script in a process of its own, in the first environment of `places` there is in `venvs`; its figures or an error.

    cap: seconds after which the run and everything it started is ended.
    """
    there = [venvs / p / "bin" / "python" for p in places] if venvs else []
    python = next((str(p) for p in there if p.exists()), sys.executable)
    around = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONWARNINGS": "ignore"}
    run = subprocess.Popen(
        [python, str(script), *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=around, start_new_session=True,
    )  # fmt: skip
    try:
        out, err = run.communicate(timeout=cap)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)  # also the workers it started
        run.communicate()
        return {"error": f"over {cap:g} s"}
    line = next((x for x in out.splitlines() if x.startswith(MARK)), None)
    if line is None:
        return {"error": (err.strip().splitlines() or ["no output"])[-1][:200]}
    return json.loads(line.removeprefix(MARK))


def middle(runs: Sequence[dict]) -> dict:
    """Medians of the times and of the memory over runs, the rest from the last; an error when none was sound."""
    sound = [r for r in runs if "error" not in r]
    if not sound:
        return dict(runs[-1])
    told = dict(sound[-1])
    for key, value in sound[-1].items():
        values = [r[key] for r in sound if r.get(key) is not None]
        if (key.endswith("_s") or key in ("seconds", "peak_mb")) and isinstance(value, (int, float)):
            told[key] = round(statistics.median(values), 3)
    return told | {"runs": [r["seconds"] for r in sound]}
