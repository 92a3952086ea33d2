"""Profilers side by side in one run: wall time, CPU, peak memory and size of the report, as ratios to the bare engine.

    python benchmarks/profile.py                                            # Opsmith and the floor, 100,000 rows
    python benchmarks/profile.py --rows 1000000 --format csv --repeat 3
    python benchmarks/profile.py --venvs ~/venvs --peers opsmith duckdb polars ydata ydata:minimal skrub sweetviz whylogs

Every run is a process of its own; with --venvs in $VENVS/PEER (which needs NumPy, pyarrow and the peer), where a peer has none in
$VENVS/core. Rounds are interleaved, and figures are medians over rounds, so that a busy machine slows all alike. Times leave out
imports, which are told apart. Tables go to $BENCH_DATA; results are added to
benchmarks/results/profile.json and told in profile.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import drift_tables as tables  # noqa: E402

KEPT = HERE / "results" / "profile.json"
PAGE = HERE / "results" / "profile.md"
FLOOR = "duckdb"


def csv_of(path: Path) -> Path:
    """The table as CSV beside it."""
    target = path.with_suffix(".csv")
    if not target.exists():
        import pyarrow.csv
        import pyarrow.parquet as pq

        source = pq.ParquetFile(path)
        with pyarrow.csv.CSVWriter(target, source.schema_arrow) as writer:
            for n in range(source.num_row_groups):
                writer.write_table(source.read_row_group(n))
    return target


def measure(peer: str, mode: str, path: Path) -> dict:
    """One run of one peer in this process; seconds, megabytes."""
    import profile_peers

    sys.path = [p for p in sys.path if Path(p or ".").resolve() != HERE]  # this file is called like a module of Python
    told: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        moment = time.perf_counter()
        cpu = time.process_time()
        for step in profile_peers.PEERS[peer](path, mode, Path(folder)):
            now = time.perf_counter()
            if isinstance(step, str):
                told[f"{step}_s"] = round(now - moment, 3)
                if step == "import":
                    cpu = time.process_time()
            else:
                told["render_s"] = round(now - moment, 3)
                told["versions"] = {"python": platform.python_version()} | {
                    n: metadata.version(n) for n in step.pop("libs")
                }
                told |= step
            moment = time.perf_counter()
        told["cpu_s"] = round(time.process_time() - cpu, 3)
        page = Path(folder) / "r.html"
        told["html_mb"] = round(page.stat().st_size / 1e6, 3) if page.exists() else None
    told["seconds"] = round(told["load_s"] + told["compute_s"] + told["render_s"], 3)
    told["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return told


def apart(peer: str, mode: str, path: Path, venvs: Path | None, limit: int) -> dict:
    """The same in a process of its own, in the peer's environment where there is one."""
    python = sys.executable
    for place in (peer, "core") if venvs and peer != "opsmith" else ():
        if (venvs / place / "bin" / "python").exists():  # type: ignore[operator]
            python = str(venvs / place / "bin" / "python")  # type: ignore[operator]
            break
    words = [python, str(Path(__file__).resolve()), "--one", f"{peer}:{mode}", "--path", str(path)]
    around = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=limit, env=around)
    except subprocess.TimeoutExpired:
        return {"error": f"over {limit} s"}
    line = next((x for x in done.stdout.splitlines() if x.startswith("RESULT ")), None)
    if line is None:
        return {"error": (done.stderr.strip().splitlines() or ["no output"])[-1][:200]}
    return json.loads(line.removeprefix("RESULT "))


def middle(runs: list[dict]) -> dict:
    """Medians over runs; what was named comes from the last."""
    sound = [r for r in runs if "error" not in r]
    if not sound:
        return runs[-1]
    told = dict(sound[-1])
    for key in ("seconds", "cpu_s", "import_s", "load_s", "compute_s", "render_s", "peak_mb", "first_s"):
        values = [r[key] for r in sound if r.get(key) is not None]
        if values:
            told[key] = round(statistics.median(values), 3)
    told["runs"] = [r["seconds"] for r in sound]
    return told


def page(kept: list[dict]) -> str:
    """All results as a page of tables, one a size and format."""
    lines = [
        "# Profilers side by side",
        "",
        "Made by `benchmarks/profile.py`; medians, imports left out. × floor: to the bare",
    ]
    lines += ["DuckDB aggregates of the same run, which compute less, approximately, and show nothing.", ""]
    for run in kept:
        lines += [
            f"## {run['rows']:,} rows × 25 columns, {run['format']}",
            "",
            f"{run['repeat']} rounds, {run['cores']} cores, load {run['load'][0]:.1f} before and {run['load'][1]:.1f} after.",
            "",
            "| peer | seconds | × floor | CPU s | × floor | first part s | peak MB | report MB |",
            "|---|--:|--:|--:|--:|--:|--:|--:|",
        ]
        floor = run["peers"].get(FLOOR, {})
        for name, r in run["peers"].items():
            if "error" in r:
                lines.append(f"| {name} | {r['error']} | | | | | | |")
                continue
            times = [
                f"{r[k]:.2f} | {r[k] / floor[k]:.2f}" if floor.get(k) else f"{r[k]:.2f} | "
                for k in ("seconds", "cpu_s")
            ]
            first = f"{r['first_s']:.2f}" if r.get("first_s") is not None else ""
            lines.append(f"| {name} | {times[0]} | {times[1]} | {first} | {r['peak_mb']:.0f} | {r['html_mb'] or ''} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--rows", type=int, default=100_000)
    given.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    given.add_argument("--peers", nargs="+", default=["opsmith", FLOOR], help="PEER or PEER:MODE")
    given.add_argument("--repeat", type=int, default=3)
    given.add_argument("--venvs", type=Path)
    given.add_argument("--limit", type=int, default=600, help="seconds for one run")
    given.add_argument("--patience", type=float, default=60, help="a peer that took more seconds is run once only")
    given.add_argument("--build", action="store_true", help=argparse.SUPPRESS)
    given.add_argument("--one", help=argparse.SUPPRESS)
    given.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    told = given.parse_args()
    if told.one:
        peer, _, mode = told.one.partition(":")
        print("RESULT " + json.dumps(measure(peer, mode, told.path), default=str))
        return
    if told.build:
        made = tables.build("ref", told.rows)
        print(csv_of(made) if told.format == "csv" else made)
        return
    # apart, as a child's peak memory begins at its parent's
    words = [sys.executable, __file__, "--build", "--rows", str(told.rows), "--format", told.format]
    path = Path(subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1])
    before = os.getloadavg()[0]
    runs: dict[str, list[dict]] = {name: [] for name in told.peers}
    for _ in range(told.repeat):
        for name in told.peers:
            peer, _, mode = name.partition(":")
            if runs[name] and ("error" in runs[name][-1] or runs[name][-1]["seconds"] > told.patience):
                continue
            runs[name].append(apart(peer, mode, path, told.venvs, told.limit))
            print(name, json.dumps(runs[name][-1], default=str)[:400], flush=True)
    run = {
        "rows": told.rows,
        "format": told.format,
        "repeat": told.repeat,
        "cores": os.cpu_count(),
        "load": [before, os.getloadavg()[0]],
        "peers": {name: middle(made) for name, made in runs.items()},
    }
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else []
    same = [
        k for k in kept if (k["rows"], k["format"], set(k["peers"])) != (run["rows"], run["format"], set(run["peers"]))
    ]
    kept = sorted([*same, run], key=lambda k: (k["rows"], k["format"], len(k["peers"])))
    KEPT.write_text(json.dumps(kept, indent=1))
    PAGE.write_text(page(kept))
    print(page([run]))


if __name__ == "__main__":
    main()
