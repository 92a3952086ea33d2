"""Drift of kinds that the checks were not made on, over fresh seeds: what is found, what is missed, what is a false alarm.

    python benchmarks/drift_kinds.py [--seeds 20] [--rows 5000] [--store]     # kept in results/drift_kinds.json

Every seed makes a reference, a table in which each kind of KINDS moved a column, and an untouched one. `pair_swap` counts
as found when the pair is named, and `dates` is told apart: a time column is compared with nothing by design.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from opsmith.tools.contract import Context
from opsmith.tools.drift import drift

PLACE = Path(__file__).resolve().parent / "results" / "drift_kinds.json"
KINDS = {
    "season": "the window covers another part of the year",
    "unit": "inches arrive as centimetres",
    "precision": "cut to whole numbers",
    "missing_code": "4 % arrive as -999",
    "group_bias": "a region is drawn twice as often",
    "label_flip": "8 % of the labels are flipped",
    "heavy_tail": "normal becomes Student t with 3 degrees, same variance",
    "topic": "a quarter of the texts are about something else",
    "merge": "two of twelve categories are merged into a third",
}
DATES = "dates"
TOPICS = (
    [
        "delivery",
        "parcel",
        "late",
        "courier",
        "box",
        "driver",
        "street",
        "door",
        "order",
        "arrived",
        "damaged",
        "signed",
    ],
    ["battery", "screen", "charger", "cable", "phone", "camera", "update", "app", "crashed", "slow", "warm", "sound"],
)
PLACES = ("north", "south", "east", "west")


def made(rows: int, rng: np.random.Generator, *, moved: bool) -> pd.DataFrame:
    """One table; moved: with every kind of drift."""
    when = rng.beta(4, 2, rows) if moved else rng.random(rows)
    region = rng.choice(4, rows, p=[0.35, 0.27, 0.18, 0.2] if moved else [0.4, 0.3, 0.2, 0.1])
    label = rng.random(rows) < 0.2
    level = rng.choice(12, rows, p=np.arange(12, 0, -1) / 78)
    first = rng.normal(size=rows)
    second = 0.9 * first + np.sqrt(1 - 0.81) * rng.normal(size=rows)
    normal = rng.normal(10, 2, rows)
    code = rng.normal(50, 12, rows)
    tail = rng.normal(size=rows)
    about = np.zeros(rows, int)
    if moved:
        label ^= rng.random(rows) < 0.08
        level = np.where((level == 7) | (level == 9), 3, level)
        some = np.flatnonzero(rng.random(rows) < 0.4)
        second[some] = second[rng.permutation(some)]
        normal = np.floor(normal)
        code = np.where(rng.random(rows) < 0.04, -999, code)
        tail = rng.standard_t(3, rows) / np.sqrt(3)
        about = (rng.random(rows) < 0.25).astype(int)
    day = np.datetime64("2024-01-01") + rng.integers(0, 700, rows).astype("timedelta64[D]")
    return pd.DataFrame({
        "season": 12 + 9 * np.sin(2 * np.pi * when) + rng.normal(0, 3, rows),
        "unit": rng.normal(68, 4, rows) * (2.54 if moved else 1), "precision": normal, "missing_code": code,
        "group_bias": np.array(PLACES)[region], "label_flip": np.where(label, "yes", "no"), "heavy_tail": tail,
        "topic": [" ".join(rng.choice(TOPICS[t], rng.integers(5, 14))) for t in about],
        "merge": [f"kind {v}" for v in level], "first": first, "second": second,
        DATES: day + np.timedelta64(45 if moved else 0, "D"),
        "same_normal": rng.normal(size=rows), "same_skew": rng.lognormal(size=rows), "same_count": rng.poisson(2, rows),
        "same_tail": rng.standard_t(2, rows), "same_zeros": np.where(rng.random(rows) < 0.6, 0, rng.gamma(2, 30, rows)),
        "same_gaps": np.where(rng.random(rows) < 0.2, np.nan, rng.normal(size=rows)),
        "same_flag": rng.random(rows) < 0.03, "same_long": [f"c{v}" for v in rng.zipf(1.3, rows) % 5000],
        "same_text": [" ".join(rng.choice(TOPICS[0], rng.integers(5, 14))) for _ in range(rows)],
        "same_few": rng.choice(list("abcdef"), rows),
    })  # fmt: skip


def played(seeds: int, rows: int) -> dict:
    """All seeds: recall by kind, false alarms beside drift and on untouched tables, in 100 columns."""
    found, wrong, alarms, pairs, checked, unchanged = Counter(), Counter(), Counter(), 0, 0, 0
    verdicts, dated, pair_alarms = Counter(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        context = Context(project=Path(folder))
        for seed in range(seeds):
            for number, name in enumerate(("before", "moved", "same")):
                rng = np.random.default_rng([seed, number])
                made(rows, rng, moved=name == "moved").to_parquet(
                    context.project / f"{name}{seed}.parquet", index=False
                )
            told = drift(f"before{seed}.parquet", f"moved{seed}.parquet", context=context).data
            moved = {c["name"] for c in told["columns"] if c["drifted"]}
            found.update(moved & set(KINDS))
            wrong.update(moved - set(KINDS) - {DATES})
            dated += DATES in moved
            named = [set(p["columns"]) for p in told["multivariate"]["pairs"]]
            pairs += {"first", "second"} in named
            unchanged += len(told["columns"]) - len(KINDS) - 1
            told = drift(f"before{seed}.parquet", f"same{seed}.parquet", context=context).data
            alarms.update(c["name"] for c in told["columns"] if c["drifted"])
            pair_alarms += bool(told["multivariate"]["pairs"])
            checked += len(told["columns"])
            verdicts[told["verdict"]] += 1
    right, false = sum(found.values()) + pairs, sum(wrong.values())
    return {
        "seeds": seeds, "rows": rows, "recall": round(right / ((len(KINDS) + 1) * seeds), 4),
        "precision": round(right / max(1, right + false), 4),
        "recall_by_kind": {k: round(found[k] / seeds, 3) for k in KINDS} | {"pair_swap": round(pairs / seeds, 3)},
        "dates_found": round(dated / seeds, 3), "false_alarms": dict(wrong), "alarms_on_untouched": dict(alarms),
        "alarms_per_100_beside_drift": round(100 * false / unchanged, 2),
        "alarms_per_100_untouched": round(100 * sum(alarms.values()) / checked, 2),
        "pair_alarms_on_untouched": pair_alarms, "verdicts_on_untouched": dict(verdicts),
    }  # fmt: skip


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--seeds", type=int, default=20)
    given.add_argument("--rows", type=int, nargs="+", default=[5000])
    given.add_argument("--store", action="store_true")
    asked = given.parse_args()
    told = [played(asked.seeds, rows) for rows in asked.rows]
    text = json.dumps({"version": 1, "kinds": KINDS, "runs": told}, indent=1, ensure_ascii=False)
    if asked.store:
        PLACE.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
