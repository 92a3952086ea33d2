"""Does the feature search find what was planted, refuse the leaks, and leave the useless alone? Many seeds, all counted.

    python -m benchmarks.features_planted --seeds 20
    python -m benchmarks.features_planted --algorithm gradient_boosting --kinds regression binary

Each table has 1,500 rows, an interaction that no single column shows, 20 useless columns, a leak (the outcome with a little
noise) and, in the time tables, columns that hold the outcome of the next row and the mean of the next five. `panel` is a
daily series of five shops in one table, rows shuffled; `grouped` has thirty customers whose rows stay together in a fold.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from opsmith.tools.compute.features.expression import columns_of, parse
from opsmith.tools.contract import Context
from opsmith.tools.features import features

ROWS, USELESS = 1500, 20


def table(kind: str, seed: int) -> pd.DataFrame:
    """A table of one kind (regression, binary, time, nothing) with planted truth."""
    rng = np.random.default_rng([seed, len(kind)])
    a, b = rng.normal(size=ROWS), rng.normal(size=ROWS)
    group = rng.choice(["north", "south", "west"], ROWS)
    signal = 1.2 * a * b + 0.5 * a + 0.4 * (group == "north")
    if kind == "nothing":
        signal = 0.5 * a + 0.4 * (group == "north")
    noise = rng.normal(size=ROWS)
    frame = {"a": a, "b": b, "group": group, **{f"useless_{i}": rng.normal(size=ROWS) for i in range(USELESS - 2)}}
    frame["useless_word"] = rng.choice(list("klmnop"), ROWS)
    frame["useless_count"] = rng.poisson(3, ROWS).astype(float)
    if kind == "binary":
        frame["y"] = np.where(rng.random(ROWS) < 1 / (1 + np.exp(-1.5 * signal)), "yes", "no")
        frame["leak"] = (frame["y"] == "yes") * 3.0 + rng.normal(size=ROWS) * 0.3
    else:
        frame["y"] = signal + noise
        frame["leak"] = frame["y"] * 2 + rng.normal(size=ROWS) * 0.05
    made = pd.DataFrame(frame)
    if kind == "time":
        made["day"] = pd.date_range("2020-01-01", periods=ROWS, freq="D").astype(str)
        made["tomorrow"] = made["y"].shift(-1)
        made["next_days"] = made["y"].shift(-1).rolling(5, min_periods=1).mean().shift(-4)
    if kind == "panel":
        made["shop"] = np.repeat([f"s{i}" for i in range(5)], ROWS // 5)
        made["day"] = np.tile(pd.date_range("2020-01-01", periods=ROWS // 5, freq="D").astype(str), 5)
        made["tomorrow"] = made.groupby("shop")["y"].shift(-1)
        made = made.sample(frac=1, random_state=seed).reset_index(drop=True)
    if kind == "grouped":
        made["customer"] = rng.choice([f"c{i}" for i in range(30)], ROWS)
    return made


WANTED = {"time": {"leak", "tomorrow", "next_days"}, "panel": {"leak", "tomorrow"}}
SPLIT = {"time": {"time": "day"}, "panel": {"time": "day"}, "grouped": {"by": ["customer"]}}


def played(kind: str, seed: int, algorithm: str = "linear") -> dict[str, object]:
    """What one search found in one table."""
    with tempfile.TemporaryDirectory() as folder:
        table(kind, seed).to_csv(Path(folder) / "t.csv", index=False)
        start = time.perf_counter()
        context = Context(project=Path(folder), seed=seed)
        result = features("t.csv", target="y", algorithm=algorithm, **SPLIT.get(kind, {}), context=context)
    found = [f["expression"] for f in result.data["features"]]
    refused = {f.columns[0] for f in result.findings if f.severity == "critical"}
    wanted = WANTED.get(kind, {"leak"})
    return {
        "kind": kind, "seed": seed, "seconds": round(time.perf_counter() - start, 2), "found": found,
        "interaction": kind == "nothing" or any(_reads(e, "a", "b") for e in found),
        "refused": wanted <= refused, "useless": [e for e in found if "useless" in e],
        "tried": sum(int(s["candidates"]) for s in result.data["searches"]),
    }  # fmt: skip


def _reads(expression: str, *columns: str) -> bool:
    return set(columns) <= set(columns_of(parse(expression)))


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--kinds", nargs="+", default=["regression", "binary", "time", "panel", "grouped", "nothing"])
    asked.add_argument("--algorithm", default="linear")
    asked.add_argument("--first", type=int, default=100, help="the first seed")
    asked.add_argument("--output", default=str(Path(__file__).parent / "results" / "features_planted.json"))
    o = asked.parse_args()
    runs = []
    for kind in o.kinds:
        for seed in range(o.first, o.first + o.seeds):
            runs.append(played(kind, seed, o.algorithm))
            print(json.dumps(runs[-1]), flush=True)
    told = {}
    for kind in o.kinds:
        mine = [r for r in runs if r["kind"] == kind]
        kept = sum(len(r["found"]) for r in mine)  # type: ignore[arg-type]
        told[kind] = {
            "seeds": len(mine), "interaction_found": np.mean([bool(r["interaction"]) for r in mine]),
            "leaks_refused": np.mean([bool(r["refused"]) for r in mine]), "features_kept": kept,
            "useless_kept": sum(len(r["useless"]) for r in mine),  # type: ignore[arg-type]
            "tables_with_a_useless_feature": np.mean([bool(r["useless"]) for r in mine]),
            "candidates": sum(int(r["tried"]) for r in mine),  # type: ignore[call-overload]
        }  # fmt: skip
    print(json.dumps(told, indent=1, default=float))
    Path(o.output).write_text(
        json.dumps({"summary": told, "runs": runs}, indent=1, default=float) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
