"""Drift detection side by side: precision, recall, false alarms, time and memory on generated tables with known drift.

    python benchmarks/drift.py                        # Opsmith, SciPy and the binned-count floor, 10,000 rows
    python benchmarks/drift.py --rows 100000 --peers opsmith nannyml evidently --venvs ~/venvs
    python benchmarks/drift.py --alarms 20            # fresh seeds: alarms on undrifted tables and mean recall

Every peer runs in a process of its own; with --venvs in the environment $VENVS/PEER (which needs pyarrow and the peer).
Tables go to $BENCH_DATA. Results: one JSON line each, and a table at the end; with --store also in benchmarks/results/drift.*,
where a run takes the place of an earlier one of the same peer and size.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import drift_results  # noqa: E402
import drift_tables as tables  # noqa: E402

DEFAULT = ("opsmith", "scipy:bh", "duckdb-hist:test")


def measure(peer: str, mode: str, kind: str, rows: int) -> dict:
    """One run of one peer in this process."""
    import drift_peers

    told: dict = {"peer": peer, "mode": mode, "rows": rows, "kind": kind}
    busy = 0.0
    with tempfile.TemporaryDirectory() as folder:
        moment = time.perf_counter()
        for step in drift_peers.PEERS[peer](kind, rows, mode, Path(folder)):
            now = time.perf_counter()
            if isinstance(step, str):
                told[f"{step}_s"] = round(now - moment, 3)
                if step == "import" or (step == "load" and mode == "kept"):
                    busy = _cpu()
            else:
                told["render_s"] = round(now - moment, 3)
                told["versions"] = {"python": platform.python_version()} | {
                    n: metadata.version(n) for n in step.pop("libs")
                }
                told |= step
            moment = time.perf_counter()
    told["seconds"] = round(told["compute_s"] + told["render_s"] + (told["load_s"] if mode != "kept" else 0), 3)
    told["cpu_s"] = round(_cpu() - busy, 3)
    told["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if kind == "null":
        told["alarms"] = sorted(set(told["found"]) - set(tables.IGNORED))
    else:
        told["score"] = tables.score(told["found"], kind)
    return told


def _cpu() -> float:
    """CPU seconds of this process and the children it waited for."""
    return sum(
        u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def apart(peer: str, mode: str, kind: str, rows: int, venvs: Path | None, limit: int) -> dict:
    """The same in a process of its own, in the peer's environment where there is one."""
    python = sys.executable
    if venvs and (venvs / peer / "bin" / "python").exists():
        python = str(venvs / peer / "bin" / "python")
    words = [python, str(Path(__file__).resolve()), "--one", f"{peer}:{mode}", "--kind", kind, "--rows", str(rows)]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=limit, env=os.environ | {"PYTHONWARNINGS": "ignore"}
        )
    except subprocess.TimeoutExpired:
        return {"peer": peer, "mode": mode, "rows": rows, "kind": kind, "error": f"over {limit} s"}
    line = next((x for x in done.stdout.splitlines() if x.startswith("RESULT ")), None)
    if line is None:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return {"peer": peer, "mode": mode, "rows": rows, "kind": kind, "error": last[:200]}
    return json.loads(line.removeprefix("RESULT "))


def alarms(peer: str, mode: str, rows: int, seeds: int) -> dict:
    """Fresh tables each time: alarms in 100 undrifted columns, and mean recall and precision on both drifted kinds."""
    import drift_peers

    found, checked, clean = Counter(), 0, 0
    recall: dict[str, list] = {"cur": [], "fresh": []}
    wrong, missed = Counter(), Counter()
    unchanged = 0
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            tables.DATA = Path(folder)
            for n, kind in enumerate(("ref", "cur", "null", "fresh")):
                tables.SEEDS[kind] = 1000 + 4 * seed + n
                tables.build(kind, rows)
            for kind in ("null", "cur", "fresh"):
                told = next(x for x in drift_peers.PEERS[peer](kind, rows, mode, Path(folder)) if isinstance(x, dict))
                moved = set(told["found"]) - set(tables.IGNORED)
                if kind == "null":
                    found.update(moved)
                    checked += told["columns"]
                    clean += not moved
                else:
                    score = tables.score(moved, kind)
                    recall[kind].append(score["recall"])
                    wrong.update(score["false_alarms"])
                    missed.update(score["missed"])
                    unchanged += told["columns"] - 13
    return {
        "peer": peer, "mode": mode, "rows": rows, "kind": "seeds", "seeds": seeds,
        "alarms_per_100_undrifted": round(100 * sum(found.values()) / checked, 2), "pairs_without_alarm": clean,
        "recall": round(sum(recall["cur"]) / seeds, 3), "recall_fresh": round(sum(recall["fresh"]) / seeds, 3),
        "alarms_per_100_unchanged_beside_drift": round(100 * sum(wrong.values()) / unchanged, 2),
        "missed": dict(missed.most_common(6)), "wrong": dict(wrong.most_common(4)),
    }  # fmt: skip


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--rows", type=int, nargs="+", default=[10_000])
    given.add_argument("--peers", nargs="+", default=list(DEFAULT), help="PEER or PEER:MODE")
    given.add_argument("--kinds", nargs="+", default=["cur", "fresh", "null"])
    given.add_argument("--venvs", type=Path)
    given.add_argument("--limit", type=int, default=400, help="seconds for one run")
    given.add_argument("--alarms", type=int, help="number of fresh seeds")
    given.add_argument("--store", action="store_true", help="keep the figures in benchmarks/results")
    given.add_argument("--build", help=argparse.SUPPRESS)
    given.add_argument("--one", help=argparse.SUPPRESS)
    given.add_argument("--kind", default="cur", help=argparse.SUPPRESS)
    told = given.parse_args()
    if told.build:
        tables.build(told.build, told.rows[0])
        return
    if told.one:
        peer, _, mode = told.one.partition(":")
        print("RESULT " + json.dumps(measure(peer, mode or "default", told.kind, told.rows[0]), default=str))
        return
    rows = []
    for name in told.peers:
        peer, _, mode = name.partition(":")
        for number in told.rows:
            if told.alarms:
                rows.append(alarms(peer, mode or "default", number, told.alarms))
                print(json.dumps(rows[-1]), flush=True)
                continue
            for kind in ("ref", "null", *told.kinds):  # apart, as a child's peak memory begins at its parent's
                subprocess.run([sys.executable, __file__, "--build", kind, "--rows", str(number)], check=True)
            for kind in told.kinds:
                rows.append(apart(peer, mode or "default", kind, number, told.venvs, told.limit))
                print(json.dumps(rows[-1], default=str), flush=True)
    if told.store:
        drift_results.store(rows)
    for row in rows:
        if row["kind"] == "seeds":
            continue
        score = row.get("score", {})
        figures = (
            f"recall {score['recall']:.2f} precision {score['precision']:.2f}"
            if score
            else f"alarms {row.get('alarms')}"
        )
        shown = row.get("error") or f"{row['seconds']:8.2f} s {row['peak_mb']:6} MB  {figures}"
        print(f"{row['peer']:12} {row['mode']:8} {row['rows']:>9,} {row['kind']:6} {shown}")


if __name__ == "__main__":
    main()
