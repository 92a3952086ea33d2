"""Drift detection side by side: precision, recall, false alarms, time and memory on generated tables with known drift.

    python benchmarks/drift.py                        # Opsmith, SciPy and the binned-count floor, 10,000 rows
    python benchmarks/drift.py --rows 100000 --peers opsmith nannyml:full evidently --venvs ~/venvs --cap 120 --store
    python benchmarks/drift.py --peers all --venvs ~/venvs --store --resume 3     # goes on where an earlier run was ended
    python benchmarks/drift.py --alarms 20            # fresh seeds: alarms on undrifted tables and mean recall

Every peer runs in a process of its own; with --venvs in the environment $VENVS/PEER (which needs pyarrow and the peer).
Tables go to $BENCH_DATA. Results: one JSON line each, and a table at the end; with --store also in benchmarks/results/drift.*,
written after every run, where a run takes the place of an earlier one of the same peer and size.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import drift_results  # noqa: E402
import drift_tables as tables  # noqa: E402
import timing  # noqa: E402

DEFAULT = ("opsmith", "scipy:bh", "duckdb-hist:test")
ALL = (
    "duckdb-hist:test", "opsmith", "opsmith:kept", "scipy:bh", "frouros", "whylogs", "nannyml:full", "alibi", "deepchecks",
    "evidently:notext", "evidently",
)  # fmt: skip
PATIENCE = 20  # a run of more seconds is not repeated


def measure(peer: str, mode: str, kind: str, rows: int) -> dict:
    """One run of one peer in this process."""
    import drift_peers

    with tempfile.TemporaryDirectory() as folder:
        steps = drift_peers.PEERS[peer](kind, rows, mode, Path(folder))
        told = timing.timed(steps, free=("import", "load") if mode == "kept" else ("import",))
    if kind == "null":
        told["alarms"] = sorted(set(told["found"]) - set(tables.IGNORED))
    else:
        told["score"] = tables.score(told["found"], kind)
    return told


def apart(name: str, kind: str, rows: int, told: argparse.Namespace) -> dict:
    """The same in processes of its own, in the peer's environment where there is one; medians when it is repeated."""
    peer, _, mode = name.partition(":")
    words = ["--one", name, "--kind", kind, "--rows", str(rows)]
    if told.alarms:
        words += ["--alarms", str(told.alarms)]
    runs: list[dict] = []
    while len(runs) < (1 if told.alarms else told.repeat):
        runs.append(timing.apart(Path(__file__).resolve(), words, (peer,), told.venvs, told.cap))
        if "error" in runs[-1] or runs[-1].get("seconds", 0) > PATIENCE:
            break
    found = runs[-1] if told.alarms else timing.middle(runs)
    return {"peer": peer, "mode": mode or "default", "rows": rows, "kind": kind, **found}


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
        "seeds": seeds,
        "alarms_per_100_undrifted": round(100 * sum(found.values()) / checked, 2), "pairs_without_alarm": clean,
        "recall": round(sum(recall["cur"]) / seeds, 3), "recall_fresh": round(sum(recall["fresh"]) / seeds, 3),
        "alarms_per_100_unchanged_beside_drift": round(100 * sum(wrong.values()) / unchanged, 2),
        "missed": dict(missed.most_common(6)), "wrong": dict(wrong.most_common(4)),
    }  # fmt: skip


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--rows", type=int, nargs="+", default=[10_000])
    given.add_argument("--peers", nargs="+", default=list(DEFAULT), help=f"PEER or PEER:MODE; all: {' '.join(ALL)}")
    given.add_argument("--kinds", nargs="+", default=["cur", "fresh", "null"])
    given.add_argument("--venvs", type=Path)
    given.add_argument("--cap", type=int, default=400, help="seconds for one run")
    given.add_argument(
        "--repeat", type=int, default=1, help=f"runs to take the median of, when one takes < {PATIENCE} s"
    )
    given.add_argument("--alarms", type=int, help="number of fresh seeds")
    given.add_argument("--store", action="store_true", help="keep the figures in benchmarks/results")
    given.add_argument("--resume", type=float, metavar="HOURS", help="leave out what was stored in the last HOURS")
    given.add_argument("--build", help=argparse.SUPPRESS)
    given.add_argument("--one", help=argparse.SUPPRESS)
    given.add_argument("--kind", default="cur", help=argparse.SUPPRESS)
    told = given.parse_args()
    if told.build:
        tables.build(told.build, told.rows[0])
        return
    if told.one:
        peer, _, mode = told.one.partition(":")
        mode, number = mode or "default", told.rows[0]
        timing.show(alarms(peer, mode, number, told.alarms) if told.alarms else measure(peer, mode, told.kind, number))
        return
    kinds = ["seeds"] if told.alarms else told.kinds
    done = drift_results.recent(told.resume) if told.resume else set()
    for number in told.rows:
        if not told.alarms:
            for kind in dict.fromkeys(("ref", "null", *kinds)):  # apart: a child's peak memory begins at its parent's
                subprocess.run([sys.executable, __file__, "--build", kind, "--rows", str(number)], check=True)
        for name in ALL if told.peers == ["all"] else told.peers:
            peer, _, mode = name.partition(":")
            for kind in kinds:
                if (peer, mode or "default", number, kind) in done:
                    continue
                row = apart(name, kind, number, told)
                print(_line(row), flush=True)
                if told.store:
                    drift_results.store([row])
                if "error" in row and row["error"].startswith("over"):
                    break  # the other kinds take as long


def _line(row: dict) -> str:
    start = f"{row['peer']:12} {row['mode']:8} {row['rows']:>9,} {row['kind']:6}"
    if "error" in row or row["kind"] == "seeds":
        return f"{start} {row.get('error') or json.dumps(row)}"
    score = row.get("score")
    figures = f"recall {score['recall']:.2f} precision {score['precision']:.2f}" if score else f"alarms {row['alarms']}"
    return f"{start} {row['seconds']:8.2f} s {row['cpu_s']:8.2f} CPU s {row['peak_mb']:6} MB  {figures}"


if __name__ == "__main__":
    main()
