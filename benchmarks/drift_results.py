"""What benchmarks/drift.py measured, kept in benchmarks/results/drift.json and shown as tables in drift.md."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

PLACE = Path(__file__).resolve().parent / "results" / "drift.json"
FLOOR = ("duckdb-hist", "test")


def store(rows: Iterable[dict], place: Path = PLACE) -> None:
    """Put new rows in the place of older ones of the same peer, mode, size and kind, and write both files anew."""
    kept = {_key(r): r for r in _read(place)}
    stamp = {"on": f"{datetime.now(UTC):%Y-%m-%d %H:%M}Z", "load": round(os.getloadavg()[0], 1), "cpus": os.cpu_count()}
    kept |= {_key(r): {**_slim(r), **stamp} for r in rows}
    ordered = sorted(kept.values(), key=lambda r: (r["rows"], r["kind"], r["peer"], r["mode"]))
    told = {"version": 1, "machine": f"{platform.system()} {platform.machine()}", "runs": ordered}
    place.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    place.with_suffix(".md").write_text(page(ordered), encoding="utf-8")


def recent(hours: float, place: Path = PLACE) -> set[tuple]:
    """What was measured without an error in the last hours: peer, mode, rows, kind."""
    since = f"{datetime.now(UTC) - timedelta(hours=hours):%Y-%m-%d %H:%M}Z"
    return {_key(r) for r in _read(place) if r["on"] >= since and "error" not in r}


def page(rows: list[dict]) -> str:
    """The tables: each size with one line a peer, and the alarms over fresh seeds."""
    lines = [
        "# Drift detection side by side", "",
        "Made by `python benchmarks/drift.py`; each library in a process and an environment of its own, deciding by its own",
        "defaults. Imports are left out. Times are of the machine as it was (`load` is its load average when the run ended; it",
        "has 2 cores), so CPU seconds compare better than seconds. × floor: CPU seconds to those of binned counts alone.", "",
    ]  # fmt: skip
    for size in sorted({r["rows"] for r in rows if r["kind"] != "seeds"}):
        lines += _table(size, [r for r in rows if r["rows"] == size and r["kind"] != "seeds"])
    seeds = [r for r in rows if r["kind"] == "seeds" and "error" not in r]
    if seeds:
        lines += [
            "## Fresh seeds", "",
            "| peer | rows | seeds | alarms per 100 undrifted columns | the same beside drift | recall | recall, fresh kinds | "
            "missed |",
            "| --- | --: | --: | --: | --: | --: | --: | --- |",
        ]  # fmt: skip
        for r in seeds:
            missed = ", ".join(f"{k} {v}" for k, v in r["missed"].items()) or "none"
            lines.append(
                f"| {_name(r)} | {r['rows']:,} | {r['seeds']} | {r['alarms_per_100_undrifted']} | "
                f"{r['alarms_per_100_unchanged_beside_drift']} | {r['recall']:.3f} | {r['recall_fresh']:.3f} | {missed} |"
            )
        lines.append("")
    return "\n".join(lines)


def _table(size: int, rows: list[dict]) -> list[str]:
    lines = [
        f"## {size:,} + {size:,} rows", "",
        "| peer | s | CPU s | × floor | peak MB | recall | precision | recall, fresh kinds | precision, fresh kinds | "
        "alarms, undrifted copy | load |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --- | --: |",
    ]  # fmt: skip
    floor = next((r["cpu_s"] for r in rows if (r["peer"], r["mode"]) == FLOOR and "cpu_s" in r), None)
    for peer, mode in sorted({(r["peer"], r["mode"]) for r in rows}, key=lambda p: (p[0] != "opsmith", p)):
        kinds = {r["kind"]: r for r in rows if (r["peer"], r["mode"]) == (peer, mode)}
        any_row = kinds.get("cur") or next(iter(kinds.values()))
        if "error" in any_row:
            lines.append(f"| {_name(any_row)} | {any_row['error']} | | | | | | | | | {any_row['load']} |")
            continue
        cells = [_score(kinds, "cur", "recall"), _score(kinds, "cur", "precision")]
        cells += [_score(kinds, "fresh", "recall"), _score(kinds, "fresh", "precision")]
        null = kinds.get("null", {})
        cells.append(", ".join(null["alarms"]) or "none" if "alarms" in null else null.get("error", "not run"))
        times = f"{any_row['cpu_s'] / floor:.1f}" if floor else ""
        lines.append(
            f"| {_name(any_row)} | {any_row['seconds']:.2f} | {any_row['cpu_s']:.2f} | "
            f"{times} | {any_row['peak_mb']} | "
            f"{' | '.join(cells)} | {any_row['load']} |"
        )
    return [*lines, ""]


def _score(kinds: dict[str, dict], kind: str, name: str) -> str:
    told = kinds.get(kind, {})
    return f"{told['score'][name]:.2f}" if "score" in told else told.get("error", "not run")


def _name(row: dict) -> str:
    if (row["peer"], row["mode"]) == FLOOR:
        return "binned counts in DuckDB alone"
    return row["peer"] if row["mode"] == "default" else f"{row['peer']} ({row['mode']})"


def _key(row: dict) -> tuple:
    return row["peer"], row["mode"], row["rows"], row["kind"]


def _slim(row: dict) -> dict:
    return {k: v for k, v in row.items() if k not in ("found", "scores", "np")}


def _read(place: Path) -> list[dict]:
    return json.loads(place.read_text(encoding="utf-8"))["runs"] if place.exists() else []
