"""Models of Opsmith beside FLAML on ten real tables: the same rows, the same wall-clock time, the same machine, in turn.

    python benchmarks/train.py --data ../shared/data --peer PATH/TO/flaml/bin/python [--tables telco bank] [--seconds 20]

Opsmith runs as a person would use it: `train` looks, the approved action runs, the registered model scores rows that
neither side has seen. Its whole time, from the first look to the registered model, is FLAML's time budget. A quarter of
the rows is held out before either starts (the latest, where rows have an order). The difference between the two is put
beside its noise: a paired bootstrap of the held-out rows. Results are merged into results/train.json and written as
results/train.md. FLAML lives in an environment of its own; it is not a dependency.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

RESULTS = Path(__file__).parent / "results"
# name: (file, target, ordered in time, separator)
TABLES = {
    "telco": ("tabular/telco_churn.csv", "Churn", False, ","),
    "bank": ("tabular/bank_marketing_semicolon.csv", "y", False, ";"),
    "titanic": ("tabular/titanic.csv", "survived", False, ","),
    "adult": ("tabular/adult_income.csv.gz", "income >50K", False, ","),
    "credit": ("tabular/credit_scoring.csv", "Status", False, ","),
    "electricity": ("drift/electricity_nsw.csv.gz", "class", True, ","),
    "charges": ("insurance/insurance_charges.csv", "charges", False, ","),
    "injury": ("insurance/auto_bodily_injury.csv", "LOSS", False, ","),
    "superstore": ("multi/superstore.csv.gz", "Profit", False, ","),
    "bikes": ("drift/bike_sharing_hourly.csv", "cnt", True, ","),
}
REGRESSION = {"charges", "injury", "superstore", "bikes"}


def halves(data: Path, name: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to train on, and a quarter held out."""
    file, target, ordered, separator = TABLES[name]
    frame = pd.read_csv(data / file, sep=separator).dropna(subset=[target])
    if ordered:
        cut = round(len(frame) * 0.75)
        return frame.iloc[:cut], frame.iloc[cut:]
    mixed = np.random.default_rng(seed).permutation(len(frame))
    cut = round(len(frame) * 0.75)
    return frame.iloc[np.sort(mixed[:cut])], frame.iloc[np.sort(mixed[cut:])]


def ours(folder: Path, name: str, search: float, seed: int, ways: str) -> dict:
    """Opsmith on train.csv: the seconds to a default model (`first`) and to a searched one, with predictions for test.csv."""
    from opsmith.agent.effects import Place, effect_of
    from opsmith.tools.compute.scoring import score_rows
    from opsmith.tools.compute.signature import read
    from opsmith.tools.contract import Context
    from opsmith.tools.data import registry
    from opsmith.tools.train import train

    target, test = TABLES[name][1], pd.read_csv(folder / "test.csv")
    told = {}
    split = {"split": "time"} if TABLES[name][2] else {}
    for way, given in (("first", {}), ("searched", {"minutes": search / 60})):
        if way not in ways:
            continue
        started = time.perf_counter()
        context = Context(folder, seed=seed)
        result = train("train.csv", target, model=way, **split, **given, context=context)
        action = result.actions[0]
        heard: list[float] = []  # when a figure was first to be seen

        def progress(_: float | None, note: str, heard: list[float] = heard, started: float = started) -> None:
            if "so far" in note or "best" in note:
                heard.append(time.perf_counter() - started)

        place = Place(folder, way, "bench", {"seed": seed}, progress)
        done = effect_of(action.kind).apply(action.arguments, place)
        card = registry.get(folder, way)
        told[way] = {"seconds": round(time.perf_counter() - started, 2), "first_figure": round(heard[0], 2) if heard else None,
                     "algorithm": card.recipe["algorithm"],
                     "validated": next(iter(card.metrics.values()))["value"], "said": done.message[:300]}  # fmt: skip
        x, _ = read(card, test, "test.csv")
        scored = score_rows(card, registry.load(card), x)
        np.save(folder / f"{way}.npy", np.asarray(scored.said if scored.score is None else scored.score, float))
    return told


def flaml(folder: Path, name: str, budget: float, seed: int, _: str) -> dict:
    """FLAML on the same rows for so many seconds. Runs in its own environment, without Opsmith."""
    from flaml import AutoML

    _, target, ordered, _ = TABLES[name]
    known, test = (pd.read_csv(folder / f) for f in ("train.csv", "test.csv"))
    y = known[target]
    task = "regression" if name in REGRESSION else "classification"
    log, automl, started = folder / "flaml.log", AutoML(), time.perf_counter()
    automl.fit(
        known.drop(columns=target), y, task=task, metric="rmse" if task == "regression" else "roc_auc", seed=seed,
        time_budget=budget, verbose=0, log_file_name=str(log), n_jobs=-1, **({"split_type": "time"} if ordered else {}),
    )  # fmt: skip
    seconds = time.perf_counter() - started
    x = test.drop(columns=target)
    said = automl.predict(x) if task == "regression" else automl.predict_proba(x)[:, 1]
    np.save(folder / "flaml.npy", np.asarray(said, float))
    trials = [json.loads(line) for line in log.read_text().splitlines() if "wall_clock_time" in line]
    return {"seconds": round(seconds, 2), "algorithm": automl.best_estimator, "trials": automl._iter_per_learner,
            "first_trial": round(min((t["wall_clock_time"] for t in trials), default=seconds), 2)}  # fmt: skip


def judged(name: str, truth: np.ndarray, mine: np.ndarray, theirs: np.ndarray, seed: int) -> dict:
    """Both scores, the gain of ours (larger is better) with a 95 % interval of a paired bootstrap, and the verdict."""

    def one(pick: np.ndarray, said: np.ndarray) -> float:
        if name in REGRESSION:
            return -float(np.sqrt(np.mean((said[pick] - truth[pick]) ** 2)))
        t, s = truth[pick], said[pick]
        rank = pd.Series(s).rank().to_numpy()
        positive = t == 1
        many = positive.sum() * (~positive).sum()
        return float((rank[positive].sum() - positive.sum() * (positive.sum() + 1) / 2) / many)

    rng, every = np.random.default_rng(seed), np.arange(len(truth))
    a, b = one(every, mine), one(every, theirs)
    drawn = [(one(p, mine) - one(p, theirs)) for p in (rng.integers(0, len(truth), len(truth)) for _ in range(1000))]
    low, high = np.quantile(drawn, [0.025, 0.975])
    verdict = "better" if low > 0 else "worse" if high < 0 else "within noise"
    return {
        "opsmith": abs(a),
        "flaml": abs(b),
        "gain": a - b,
        "interval": [float(low), float(high)],
        "verdict": verdict,
    }


def positives(name: str, outcomes: pd.Series) -> np.ndarray:
    """1 for the second class in sorted order, as both sides take it; quantities as they are."""
    if name in REGRESSION:
        return outcomes.to_numpy(float)
    return (outcomes.to_numpy() == sorted(outcomes.unique())[1]).astype(int)


def play(name: str, data: Path, peer: str | None, search: float, seed: int, ways: str) -> dict:
    """One table, both sides, each in a process of its own."""
    train_rows, test_rows = halves(data, name, seed)
    target = TABLES[name][1]
    with tempfile.TemporaryDirectory(prefix="bench-train-") as place:
        folder = Path(place)
        train_rows.to_csv(folder / "train.csv", index=False)
        test_rows.to_csv(folder / "test.csv", index=False)
        load = round(os.getloadavg()[0], 2)
        told = side(sys.executable, "opsmith", folder, name, search, seed, ways)
        record = {
            "rows": len(train_rows),
            "metric": "rmse" if name in REGRESSION else "auc",
            "load": load,
            "opsmith": told,
        }
        if peer:
            record["flaml"] = side(peer, "flaml", folder, name, told["searched"]["seconds"], seed, ways)
            truth = positives(name, test_rows[target])
            theirs = np.load(folder / "flaml.npy")
            for way in told:
                record[way] = judged(name, truth, np.load(folder / f"{way}.npy"), theirs, seed)
    return record


def side(python: str, which: str, folder: Path, name: str, seconds: float, seed: int, ways: str) -> dict:
    """Run one side in a fresh process; its record."""
    done = subprocess.run(
        [python, __file__, "--side", which, str(folder), name, str(seconds), str(seed), ways],
        capture_output=True, text=True, timeout=580, check=False,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise SystemExit(f"{which} on {name} failed:\n{done.stderr[-2000:]}")
    return json.loads(lines[-1])


def page(known: dict) -> str:
    """The table of results as Markdown."""
    lines = [
        "# Opsmith and FLAML on ten real tables", "",
        "Same rows, same wall-clock seconds, same machine, one after the other; scores on a quarter of rows that neither saw.",
        "`gain` is Opsmith less FLAML, turned so that more is better, with the 95 % interval of a paired bootstrap.",
        "`first model`: seconds from the question to a registered, validated, explained model without search.", "",
        "| table | rows | metric | Opsmith | FLAML | gain (interval) | verdict | seconds each | first model | its score | load |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, r in known.items():
        if "searched" not in r:
            continue
        s, first = r["searched"], r["opsmith"].get("first")
        lines.append(
            f"| {name} | {r['rows']:,} | {r['metric']} | {s['opsmith']:.4g} | {s['flaml']:.4g} | {s['gain']:+.3g} "
            f"({s['interval'][0]:+.3g} to {s['interval'][1]:+.3g}) | {s['verdict']} | {r['opsmith']['searched']['seconds']:.0f} "
            + (
                f"| {first['seconds']:.1f} s | {r['first']['opsmith']:.4g} ({r['first']['verdict']}) "
                if first
                else "| | "
            )
            + f"| {r['load']} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    if sys.argv[1:2] == ["--side"]:
        which, folder, name, seconds, seed, ways = sys.argv[2:8]
        run = {"opsmith": ours, "flaml": flaml}[which]
        print(json.dumps(run(Path(folder), name, float(seconds), int(seed), ways)))
        return
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("--data", type=Path, default=Path(os.environ.get("OPSMITH_DATA", "../shared/data")))
    a.add_argument("--peer", help="python of an environment that has FLAML")
    a.add_argument("--tables", nargs="+", default=list(TABLES), choices=list(TABLES))
    a.add_argument("--seconds", type=float, default=20, help="search time of Opsmith; its whole time is FLAML's budget")
    a.add_argument("--first", action="store_true", help="also time a default training, without a search")
    a.add_argument("--seed", type=int, default=0)
    a.add_argument("--out", type=Path, default=RESULTS / "train.json")
    o = a.parse_args()
    known = json.loads(o.out.read_text()) if o.out.exists() else {}
    for name in o.tables:
        known[name] = play(name, o.data, o.peer, o.seconds, o.seed, "first,searched" if o.first else "searched")
        print(name, json.dumps({k: known[name].get(k) for k in ("first", "searched", "opsmith", "flaml")}), flush=True)
        o.out.parent.mkdir(parents=True, exist_ok=True)
        o.out.write_text(json.dumps(known, indent=1) + "\n")
        o.out.with_suffix(".md").write_text(page(known))


if __name__ == "__main__":
    main()
