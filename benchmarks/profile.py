"""Profilers side by side: wall time, CPU, peak memory and size of the report, as ratios to the bare engine.

    python benchmarks/profile.py                                            # Opsmith and the floor, 100,000 rows
    python benchmarks/profile.py --rows 1000000 --format parquet csv --repeat 3
    python benchmarks/profile.py --venvs ~/venvs --peers all --rows 100000 1000000 --cap 600 --resume

Every run is a process of its own; with --venvs in $VENVS/PEER (which needs NumPy, pyarrow and the peer), where a peer has none in
$VENVS/core. Rounds are interleaved, and figures are medians over rounds, so that a busy machine slows all alike. Times leave out
imports, which are told apart. A run is ended after --cap seconds and told as "> cap"; a peer that met the cap is not tried with
more rows of the same format. Tables go to $BENCH_DATA. After every run the figures stand in benchmarks/results/profile.json (one
entry a peer, number of rows and format; a later run replaces it) and on profile.md. With --resume what was measured in the last
--fresh hours is left as it is, so a comparison that was broken off goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import signal
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
ALL = ("duckdb", "polars", "opsmith", "skrub", "skrub:polars", "whylogs", "sweetviz", "ydata:minimal", "ydata")
TITLES = {
    "duckdb": "bare DuckDB aggregates (floor)",
    "polars": "bare Polars aggregates",
    "ydata": "fg-data-profiling",
    "ydata:minimal": "fg-data-profiling, minimal",
    "skrub:polars": "skrub on Polars",
    "sweetviz:nopairs": "sweetviz without pairs",
}


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


def apart(name: str, path: Path, venvs: Path | None, cap: float) -> dict:
    """The same in a process of its own, in the peer's environment where there is one; ended after `cap` seconds."""
    peer = name.partition(":")[0]
    python = sys.executable
    for place in (peer, "core") if venvs and peer != "opsmith" else ():
        if (venvs / place / "bin" / "python").exists():  # type: ignore[operator]
            python = str(venvs / place / "bin" / "python")  # type: ignore[operator]
            break
    words = [python, str(Path(__file__).resolve()), "--one", name, "--path", str(path)]
    around = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONWARNINGS": "ignore"}
    # a session of its own, as some peers start workers that would live on
    child = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=around, start_new_session=True
    )
    try:
        out, err = child.communicate(timeout=cap)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return {"error": f"> {cap:.0f} s", "capped": True}
    line = next((x for x in out.splitlines() if x.startswith("RESULT ")), None)
    if line is None:
        how = f"ended by signal {-child.returncode}" if child.returncode < 0 else "no output"
        return {"error": (err.strip().splitlines() or [how])[-1][:200]}
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


def kept() -> list[dict]:
    """What was measured so far, an entry a peer, number of rows and format."""
    return json.loads(KEPT.read_text()) if KEPT.exists() else []


def keep(entry: dict) -> None:
    """Put one entry in the place of an earlier one of its kind, and tell all on the page."""
    same = ("peer", "rows", "format")
    others = [k for k in kept() if any(k[s] != entry[s] for s in same)]
    order = [*ALL, *sorted({k["peer"] for k in others} - set(ALL)), entry["peer"]]
    all_of_them = sorted([*others, entry], key=lambda k: (k["rows"], k["format"] != "parquet", order.index(k["peer"])))
    KEPT.write_text(json.dumps(all_of_them, indent=1) + "\n")
    PAGE.write_text(page(all_of_them))


def page(entries: list[dict]) -> str:
    """All results as a page of tables, one a size and format, a row a peer."""
    lines = [
        "# Profilers side by side",
        "",
        "Made by `benchmarks/profile.py`: medians over rounds, each a process of its own, imports left out. × floor: to the bare",
        "DuckDB aggregates over the same table, which compute less, approximately, and show nothing. Load: of the machine,",
        "before the first round and after the last. A run is ended at the cap (`> … s`).",
        "",
    ]
    for rows, form in dict.fromkeys((k["rows"], k["format"]) for k in entries):
        here = [k for k in entries if (k["rows"], k["format"]) == (rows, form)]
        floor = next((k for k in here if k["peer"] == FLOOR and "error" not in k), {})
        lines += [
            f"## {rows:,} rows × {len(tables.COLUMNS)} columns, {form}",
            "",
            "| profiler | seconds | × floor | CPU s | × floor | first part s | peak MB | report MB | runs | load |",
            "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        ]
        for k in here:
            title = TITLES.get(k["peer"], k["peer"])
            load = f"{k['load'][0]:.1f} – {k['load'][1]:.1f}"
            if "error" in k:
                lines.append(f"| {title} | {k['error']} | | | | | | | 1 | {load} |")
                continue
            times = [f"{k[t]:.2f} | " + (f"{k[t] / floor[t]:.2f}" if floor else "") for t in ("seconds", "cpu_s")]
            first = f"{k['first_s']:.2f}" if k.get("first_s") is not None else ""
            told = (title, *times, first, f"{k['peak_mb']:.0f}", k["html_mb"] or "", len(k["runs"]), load)
            lines.append("| " + " | ".join(str(t) for t in told) + " |")
        versions = sorted({f"{n} {v}" for k in here for n, v in k.get("versions", {}).items()})
        lines += ["", f"{here[0]['cores']} cores. {', '.join(versions)}.", ""]
    return "\n".join(lines)


def compare(told: argparse.Namespace, rows: int, form: str, capped: set[tuple[str, str]]) -> None:
    """All asked peers over one table, in interleaved rounds; what met the cap is added to `capped`."""
    fresh = time.time() - told.fresh * 3600
    done = {k["peer"] for k in kept() if (k["rows"], k["format"]) == (rows, form) and k.get("at", 0) > fresh}
    wanted = [p for p in (ALL if told.peers == ["all"] else told.peers) if not (told.resume and p in done)]
    if not wanted:
        return
    # apart, as a child's peak memory begins at its parent's
    words = [sys.executable, __file__, "--build", "--rows", str(rows), "--format", form]
    path = Path(subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1])
    runs: dict[str, list[dict]] = {name: [] for name in wanted}
    before = {}
    for n in range(told.repeat):
        for name in wanted:
            last = runs[name][-1] if runs[name] else {}
            if "error" in last or last.get("seconds", 0) > told.patience:
                continue
            before.setdefault(name, os.getloadavg()[0])
            if (name, form) in capped:
                made = {"error": f"> {told.cap:.0f} s with fewer rows", "capped": True}
            else:
                made = apart(name, path, told.venvs, told.cap)
            runs[name].append(made)
            if made.get("capped"):
                capped.add((name, form))
            print(f"{rows:,} {form} round {n + 1} {name}", json.dumps(made, default=str)[:300], flush=True)
            about = {"peer": name, "rows": rows, "format": form, "at": round(time.time()), "cores": os.cpu_count()}
            keep(about | {"load": [before[name], os.getloadavg()[0]]} | middle(runs[name]))


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--rows", type=int, nargs="+", default=[100_000])
    given.add_argument("--format", choices=("parquet", "csv"), nargs="+", default=["parquet"])
    given.add_argument("--peers", nargs="+", default=["opsmith", FLOOR], help="PEER or PEER:MODE, or all")
    given.add_argument("--repeat", type=int, default=3)
    given.add_argument("--venvs", type=Path)
    given.add_argument("--cap", type=float, default=600, help="seconds for one run")
    given.add_argument("--patience", type=float, default=60, help="a peer that took more seconds is run once only")
    given.add_argument("--resume", action="store_true", help="leave what was measured in the last --fresh hours")
    given.add_argument("--fresh", type=float, default=6, help="hours")
    given.add_argument("--build", action="store_true", help=argparse.SUPPRESS)
    given.add_argument("--one", help=argparse.SUPPRESS)
    given.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    told = given.parse_args()
    if told.one:
        peer, _, mode = told.one.partition(":")
        print("RESULT " + json.dumps(measure(peer, mode, told.path), default=str))
        return
    if told.build:
        made = tables.build("ref", told.rows[0])
        print(csv_of(made) if told.format[0] == "csv" else made)
        return
    capped: set[tuple[str, str]] = set()
    for rows in sorted(told.rows):
        for form in told.format:
            compare(told, rows, form, capped)
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
